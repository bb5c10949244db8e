"""The one form of a stage as pages with one thing on each: the situation, what several branches ask, what only one asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway.models import Branch, JointCase
from zhengtong.approvals.greenway.operations import opening, sharing
from zhengtong.approvals.greenway.plans import situation_form
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import Form
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError

SITUATION, COMMON, BRANCH = "situation", "common", "branch"


@dataclass(frozen=True)
class Step:
    """One page of the one form. `known`: questions of the page that were answered elsewhere and are not asked again."""

    key: str
    kind: str
    form: Form
    page: matters.Page
    answers: dict[str, Any]
    known: dict[str, Any]
    branch: Branch | None = None

    @property
    def section(self) -> str:
        """Which part of the form the page belongs to."""
        if self.branch is not None:
            return self.branch.label
        return _("您的情形") if self.kind == SITUATION else _("共同信息（只填一次）")

    @property
    def asked(self) -> tuple[str, ...]:
        """The questions that are asked on it."""
        return tuple(field.key for field in self.page.fields if field.key not in self.known)


def steps(joint: JointCase, *, today: date) -> list[Step]:
    """Every page these answers call for, in order."""
    project, found = joint.project, []
    form = situation_form(project.plan, joint.plan)
    for page in matters.pages_for(form, project.situation, today=today):
        found.append(Step(f"s-{page.key}", SITUATION, form, page, dict(project.situation), {}))
    branches = sharing.drafts(joint)
    shared = sharing.common_form(joint, branches)
    answers = {**_brought_along(shared, branches), **project.answers}
    for page in matters.pages_for(shared, answers, today=today):
        found.append(Step(f"c-{page.key}", COMMON, shared, page, answers, {}))
    keys = {field.key for field in shared.fields}
    for branch in branches:
        found += _of_branch(branch, project.answers, keys, today)
    return found


def _brought_along(shared: Form, branches: Iterable[Branch]) -> dict[str, Any]:
    """What the drafts know of the applicant already, offered where it is asked once."""
    found: dict[str, Any] = {}
    for branch in branches:
        assert branch.case is not None
        for field in shared.fields:
            if branch.case.answers.get(field.key) not in (None, "", []):
                found.setdefault(field.key, branch.case.answers[field.key])
    return found


def _of_branch(branch: Branch, answers: dict[str, Any], keys: set[str], today: date) -> Iterable[Step]:
    assert branch.case is not None
    own_answers, form = dict(branch.case.answers), branch.case.elements.form
    project = branch.joint.project
    known = {key: answers.get(key) for key in keys} | {
        key: value for key, value in sharing.known(project, branch).items() if key == sharing.CODE
    }
    for page in matters.pages_for(form, own_answers, today=today):
        inside = {field.key: known[field.key] for field in page.fields if field.key in known}
        step = Step(f"b{branch.pk}-{page.key}", BRANCH, form, page, own_answers, inside, branch)
        if step.asked:
            yield step


def find(joint: JointCase, key: str, *, today: date) -> tuple[Step, list[Step]]:
    """A page and all pages. Raises `NotFound`: after another answer it may not be asked any more."""
    every = steps(joint, today=today)
    for step in every:
        if step.key == key:
            return step, every
    raise NotFound(_("这一页现在不用填，请从项目页面接着填写。"))


def questions(step: Step, answers: dict[str, Any], errors: dict[str, Any], *, today: date) -> list[matters.Question]:
    """The questions as the page draws them, without those answered elsewhere."""
    drawn = matters.questions(step.form, step.page.key, answers=answers, errors=errors, today=today)
    return [one for one in drawn if one.name not in step.known]


def keep(
    joint: JointCase, step: Step, posted: QueryDict, uploads: MultiValueDict[str, Any], *, by: Any, at: datetime
) -> None:
    """Check what was typed on a page and keep it where it belongs. Raises `Invalid` with a sentence per field."""
    today = timezone.localdate(at)
    raw = posted.copy()
    for key, value in step.known.items():
        raw.setlist(key, value if isinstance(value, list) else [] if value is None else [str(value)])
    marks = _files(step, uploads, by=by, at=at)
    answers = {**step.answers, **{k: v for k, v in step.known.items() if v is not None}, **marks}
    cleaned = matters.validate_page(step.form, step.page.key, raw, today=today, answers=answers, files=marks or None)
    given = {key: value for key, value in cleaned.items() if key not in step.known}
    if step.kind == SITUATION:
        opening.answer_situation(joint_id=joint.pk, answers=given, by=by, at=at)
    elif step.branch is not None:
        opening.answer_branch(branch_id=step.branch.pk, answers=given, by=by, at=at)
    else:
        opening.answer_common(joint_id=joint.pk, answers=given, by=by, at=at)


def _files(step: Step, uploads: MultiValueDict[str, Any], *, by: Any, at: datetime) -> dict[str, list[str]]:
    marks: dict[str, list[str]] = {}
    for field in step.page.fields:
        if field.type != "file" or step.branch is None or step.branch.case is None:
            continue
        marks[field.key] = list(step.answers.get(field.key) or [])
        for upload in uploads.getlist(field.key):
            try:
                marks[field.key] = cases.add_answer_file(
                    case_id=step.branch.case.pk, field_key=field.key, upload=upload, by=by, at=at
                )
            except ZhengtongError as refusal:
                raise Invalid(refusal.message, fields={field.key: refusal.message}) from refusal
    return marks


def uploaded(step: Step) -> list[files.Attachment]:
    """The files given already in answer to questions of the page."""
    if step.branch is None or step.branch.case is None:
        return []
    marks = {m for f in step.page.fields if f.type == "file" for m in step.branch.case.answers.get(f.key) or []}
    kept = files.attachments_of(cases.ANSWER, step.branch.case.pk) if marks else []
    return [one for one in kept if str(one.public_id) in marks]


def unanswered(every: list[Step], *, today: date) -> Step | None:
    """The first page whose answers do not hold yet: where a saved form goes on."""
    for step in every:
        answers = {**step.answers, **{k: v for k, v in step.known.items() if v is not None}}
        try:
            matters.validate_page(step.form, step.page.key, answers, today=today, answers=answers)
        except Invalid:
            return step
    return None


def following(every: list[Step], key: str) -> Step | None:
    """The page after this one."""
    keys = [step.key for step in every]
    place = keys.index(key) if key in keys else -1
    return every[place + 1] if place + 1 < len(every) else None


def preceding(every: list[Step], key: str) -> Step | None:
    """The page before this one."""
    keys = [step.key for step in every]
    place = keys.index(key) if key in keys else 0
    return every[place - 1] if place > 0 else None


@dataclass(frozen=True)
class Section:
    """The answers of one part of the form, in words, with the pages on which they are changed."""

    title: str
    rows: tuple[dict[str, Any], ...]


def in_words(joint: JointCase, every: list[Step], urls: dict[str, str], *, today: date) -> list[Section]:
    """All answers, part by part, each with where to change it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for step in every:
        sections = matters.in_words(step.form, step.answers, today=today)
        rows = [row for section in sections if section.key == step.page.key for row in section.rows]
        found.setdefault(step.section, []).extend(
            {"label": row.label, "value": row.value, "url": urls[step.key]} for row in rows if row.key in step.asked
        )
    return [Section(title, tuple(rows)) for title, rows in found.items() if rows]

"""What the branches of a stage have in common: questions asked once, papers given once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway.asked_once import same, shareable
from zhengtong.approvals.greenway.models import Branch, JointCase, Project, own
from zhengtong.approvals.greenway.states import BranchState
from zhengtong.approvals.matters.values import Form, FormField
from zhengtong.foundation.files import public as files

CODE = "project_code"


def drafts(joint: JointCase) -> list[Branch]:
    """The branches that have a case, with it."""
    found = joint.branches.filter(case__isnull=False).exclude(state__in=[BranchState.NOT_NEEDED, BranchState.LEFT])
    return list(found.select_related("case__version", "case__matter", "department").order_by("no"))


def common_fields(joint: JointCase, branches: Iterable[Branch]) -> list[FormField]:
    """The questions that two or more branches ask, in their order; required when one of them requires it."""
    helps = {one.key: one for one in joint.project.plan.field_helps}
    asked: dict[tuple[Any, ...], list[FormField]] = defaultdict(list)
    for branch in branches:
        assert branch.case is not None
        for field in branch.case.elements.form.fields:
            if shareable(field):
                asked[same(field)].append(field)
    counted = Counter(key for (key, _type, _options), found in asked.items() if len(found) > 1)
    merged = []
    for (key, _type, _options), found in asked.items():
        if len(found) < 2 or counted[key] > 1 or key == CODE:
            continue
        hint = helps.get(key)
        more = {"help": own(hint.help, hint.help_en), "help_en": hint.help_en} if hint else {}
        update = {"required": any(one.required for one in found), "page": "", "validation": _rule(found), **more}
        merged.append(found[0].model_copy(update=update))
    return merged


def _rule(found: list[FormField]) -> Any:
    """A check that looks at another question belongs to the branch; the others go with the question."""
    rules = [one.validation for one in found if one.validation and dict(one.validation).get("rule") != "compare"]
    return rules[0] if rules else None


def common_form(joint: JointCase, branches: Iterable[Branch]) -> Form:
    """Those questions as a form of their own."""
    return Form(fields=tuple(common_fields(joint, branches)))


def known(project: Project, branch: Branch) -> dict[str, Any]:
    """The answers of the project that this branch asks for as well, and its national code."""
    assert branch.case is not None
    keys = {field.key for field in branch.case.elements.form.fields}
    found = {key: value for key, value in project.answers.items() if key in keys and value not in (None, "")}
    if project.code and CODE in keys:
        found[CODE] = project.code
    return found


def fill(project: Project, branch: Branch, *, by: Any, at: datetime) -> None:
    """Give a branch what was answered already."""
    answers = known(project, branch)
    if answers and branch.case_id:
        branch.case = cases.save_answers(case_id=branch.case_id, answers=answers, by=by, at=at)


# --- papers ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SharedPaper:
    """A paper of the one set: its name, which branches use it, what was given, and whether anybody has to give it."""

    name: str
    name_en: str
    used_by: tuple[Branch, ...]
    files: tuple[files.Attachment, ...]
    required: bool
    by_sharing: bool
    condition: str
    judgement: str
    problem: str
    remark: str

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return own(self.name, self.name_en)


def papers(joint: JointCase) -> list[SharedPaper]:
    """The one material set of a stage, each paper once. What the county fetches is marked; what no branch needs is left out."""
    found: dict[str, list[tuple[Branch, Any, Any, bool, list[files.Attachment]]]] = {}
    for branch in drafts(joint):
        assert branch.case is not None
        kept = cases.files_of_materials(branch.case)
        items = {item.material_no: item for item in branch.case.checklist.all()}
        for material, demanded in cases.needed_materials(branch.case):
            if material.from_form or not (demanded or material.by_data_sharing):
                continue
            item = items[material.no]
            row = (branch, material, item, demanded, kept.get(item.pk, []))
            found.setdefault(material.name, []).append(row)
    return [_paper(name, rows) for name, rows in found.items()]


def _paper(name: str, rows: list[tuple[Branch, Any, Any, bool, list[files.Attachment]]]) -> SharedPaper:
    first = rows[0][1]
    worst = next((item for _b, _m, item, _d, _f in rows if item.judgement == "defective"), None)
    pending = any(item.judgement == "pending" for _b, _m, item, _d, _f in rows)
    shown = worst or rows[0][2]
    return SharedPaper(
        name=name,
        name_en=first.name_en,
        used_by=tuple(row[0] for row in rows),
        files=tuple(next((row[4] for row in rows if row[4]), [])),
        required=any(material.required and demanded for _b, material, _i, demanded, _f in rows),
        by_sharing=all(material.by_data_sharing for _b, material, _i, _d, _f in rows),
        condition=own(first.condition or "", first.condition_en),
        judgement="pending" if pending and worst is None else shown.judgement,
        problem=shown.problem,
        remark=shown.remark,
    )


def rows_of(joint: JointCase, name: str) -> list[tuple[int, int, int]]:
    """(case, material number, checklist row) of every branch that asks for the paper of this name."""
    found = []
    for branch in drafts(joint):
        assert branch.case is not None
        for material, demanded in cases.needed_materials(branch.case):
            if material.name == name and demanded and not material.from_form:
                item = branch.case.checklist.get(material_no=material.no)
                found.append((branch.case.pk, material.no, item.pk))
    return found


def copy(attachment: files.Attachment, item_id: int, *, by: Any, at: datetime) -> None:
    """The same file for another branch: the bytes are kept once, by their digest."""
    with files.open_(attachment) as stream:
        files.keep_bytes(
            content=iter(lambda: stream.read(65536), b""),
            name=attachment.name,
            mime=attachment.mime,
            owner_kind=cases.MATERIAL,
            owner_id=item_id,
            by=by.pk if by else None,
            at=at,
        )


def bring_papers(project: Project, branch: Branch, *, by: Any, at: datetime) -> None:
    """What was given for another branch of the project, in this stage or an earlier one, counts as given here."""
    assert branch.case is not None
    wanted = {item.name: item for item in branch.case.checklist.all()}
    given: dict[str, list[files.Attachment]] = {}
    others = Branch.objects.filter(joint__project=project, case__isnull=False).exclude(pk=branch.pk)
    for other in others.select_related("case"):
        assert other.case is not None
        kept = cases.files_of_materials(other.case)
        for item in other.case.checklist.filter(name__in=wanted):
            if kept.get(item.pk) and item.judgement != "defective":
                given.setdefault(item.name, kept[item.pk])
    for name, attachments in given.items():
        for attachment in attachments:
            copy(attachment, wanted[name].pk, by=by, at=at)

"""What the window pages need: the person at the counter, the matters this window may take, all questions on one page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import queries, screens
from zhengtong.approvals.cases.models import Case, Licence
from zhengtong.approvals.cases.operations import filing, renewal
from zhengtong.approvals.cases.refusals import CannotSubmit
from zhengtong.approvals.cases.states import State
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.search import public as search
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.kernel.forms import number_of
from zhengtong.kernel.identifiers import resident_id
from zhengtong.kernel.sealed import open_token, seal_token
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.values import Principal
from zhengtong.security.pmi import public as pmi

SESSION_KEY = "window_person"
USUAL = 12
STEPS = (gettext_lazy("找人"), gettext_lazy("选事项"), gettext_lazy("填写和收材料"), gettext_lazy("打印凭证"))
"""The way of a filing at the window, drawn above each of its pages."""


class WalkInForm(forms.Form):
    """A person without an account, as their card says."""

    name = forms.CharField(
        label=gettext_lazy("姓名"), max_length=60, error_messages={"required": gettext_lazy("请填写姓名。")}
    )
    id_number = forms.CharField(
        label=gettext_lazy("公民身份号码"),
        max_length=18,
        error_messages={"required": gettext_lazy("请填写身份证上的公民身份号码。")},
    )
    phone = forms.CharField(
        label=gettext_lazy("手机"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("办理进度会发短信到这个号码。"),
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    address = forms.CharField(label=gettext_lazy("住址"), max_length=200, required=False)

    def clean_id_number(self) -> str:
        """Check digit and date must hold (GB 11643)."""
        finding = resident_id.check(self.cleaned_data["id_number"])
        if not finding.ok:
            raise forms.ValidationError("".join(str(e) for e in finding.errors))
        return finding.value

    def principal(self) -> Principal:
        """The person as somebody a case is filed for."""
        data = self.cleaned_data
        return Principal("person", None, None, data["name"], data["id_number"], data["phone"], data["address"], "self")


def find(number: str, *, by: Any, at: datetime) -> list[Principal]:
    """People with this identity number or phone (a recorded read), or the enterprise with this credit code."""
    enterprise = accounts.find_enterprise(number)
    if enterprise is not None:
        facts = (enterprise.name, enterprise.uscc, enterprise.phone, enterprise.address)
        return [Principal("enterprise", None, enterprise.pk, *facts, "handler")]
    return list(accounts.find_person(number=number, by=by, at=at, purpose="窗口收件：核对办事人身份"))


def chosen(number: str, which: str, *, by: Any, at: datetime) -> Principal:
    """The one chosen among those found by a number: several people may share a phone. Raises `NotFound`."""
    found = find(number, by=by, at=at)
    place = number_of(which, 0)
    if place >= len(found):
        raise NotFound(_("没有找到这个办事人，请重新查找。"))
    return found[place]


def remember(request: HttpRequest, principal: Principal) -> None:
    """Keep who stands at the counter for the next pages."""
    request.session[SESSION_KEY] = seal_token(SESSION_KEY, SESSION_KEY.encode(), asdict(principal))


def remembered(request: HttpRequest) -> Principal | None:
    """Who stands at the counter, or None."""
    kept = request.session.get(SESSION_KEY)
    return Principal(**open_token(SESSION_KEY, SESSION_KEY.encode(), kept)) if kept else None


def forget(request: HttpRequest) -> None:
    """The person has left: the next filing begins with the next person."""
    request.session.pop(SESSION_KEY, None)


def drafts_of(user: Any) -> QuerySet[Case]:
    """What this clerk began and has not filed yet, newest first."""
    mine = Case.objects.filter(assisted_by_id=user.pk, state=State.DRAFT).select_related(*queries.RELATED)
    return mine.defer("version__document").order_by("-id")[:20]


def counter_of(user: Any, *, on: date) -> Organization:
    """The body at whose window `user` serves. Raises `NotFound`."""
    found = next(iter(pmi.organizations_where(user, "window.serve", on=on)), None)
    if found is None:
        raise NotFound(_("您没有窗口岗位。"))
    return found


def matters_for(text: str, user: Any, *, on: date) -> list[matters.MatterVersion]:
    """Matters this window may take that fit the words; without words those this window takes most."""
    point = counter_of(user, on=on)
    versions = matters.MatterVersion.objects.filter(state="published", guidance_only=False).defer("document")
    if point.kind == Organization.TOWNSHIP:
        versions = versions.filter(township_acceptance=True)
    versions = versions.select_related("matter__department")
    if text:
        keys = [hit.object_id for hit in search.find(text, kinds=["matter"], limit=30).hits]
        by_key = {v.matter.key: v for v in versions.filter(matter__key__in=keys)}
        return [by_key[key] for key in keys if key in by_key]
    taken = Count("matter__cases", filter=Q(matter__cases__acceptance_point=point))
    return list(versions.annotate(taken=taken).order_by("-taken", "matter__implementation_code")[:USUAL])


def open_draft(key: str, principal: Principal, *, by: Any, at: datetime) -> Case:
    """Start the draft at this window; a township window is also the township of the case."""
    matter = matters.Matter.objects.select_related("current", "department").filter(key=key).first()
    if matter is None:
        raise NotFound(_("没有找到这个事项。"))
    point = counter_of(by, on=at.date())
    township = point if point.kind == Organization.TOWNSHIP else None
    return filing.start_draft(
        matter=matter,
        principal=principal,
        by=by,
        at=at,
        acceptance_point=point,
        township=township,
        assisted_by=by,
        channel="township" if township else "window",
    )


def licences_of(principal: Principal) -> list[Licence]:
    """What this person or body holds and may have renewed or changed, what ends first coming first."""
    if principal.enterprise_id:
        theirs = Q(case__applicant_enterprise_id=principal.enterprise_id)
    elif principal.user_id:
        theirs = Q(case__applicant_user_id=principal.user_id)
    else:
        theirs = Q(case__applicant_id_number=principal.id_number, case__applicant_kind="person")
    held = Licence.objects.filter(theirs, state="valid").select_related("case__department")
    return list(held.order_by(F("valid_until").asc(nulls_last=True), "pk")[:USUAL])


def amend(licence_id: str, purpose: str, principal: Principal, *, by: Any, at: datetime) -> Case:
    """Start the renewal or change of one of this person's licences. Raises `NotFound` for any other, `CannotSubmit` for one that
    is under way elsewhere."""
    point = counter_of(by, on=at.date())
    mine = {str(licence.pk): licence for licence in licences_of(principal)}
    if licence_id not in mine:
        raise NotFound(_("没有找到这份证照，请重新选择。"))
    case = renewal.amend(
        licence_id=mine[licence_id].pk,
        purpose=purpose,
        principal=principal,
        by=by,
        at=at,
        assisted_by=by,
        acceptance_point=point,
        channel="township" if point.kind == Organization.TOWNSHIP else "window",
    )
    if case.assisted_by_id != by.pk or case.state != State.DRAFT:
        where = case.spoken_number or _("网上草稿")
        raise CannotSubmit(_("这份证照的延续或变更已在办理（{where}），不能再开一份。").format(where=where))
    return case


def draft_of(case_id: int, user: Any) -> Case:
    """A draft this clerk opened. Raises `CannotSubmit` with its number once it is filed, `NotFound` for anybody else's."""
    case = queries.get(case_id)
    if case.assisted_by_id != user.pk:
        raise NotFound(_("没有找到这份正在填写的申请，它可能已经提交。请在办件列表中查看。"))
    if case.state != State.DRAFT:
        raise CannotSubmit(
            _("这份申请已经提交过，编号是{number}，不需要重复提交。").format(number=case.spoken_number or "—")
        )
    return case


@dataclass
class Typed:
    """What came back from the one page: the answers as typed, the sentences of what is wrong, the status they mean."""

    answers: dict[str, Any]
    errors: dict[str, object] = field(default_factory=dict)
    status: int = 200

    def wrong(self, fields: Mapping[str, object], status: int) -> None:
        """Add what is wrong; the highest status is the answer's."""
        self.errors |= fields
        self.status = status if self.status == 200 else max(self.status, status, key=lambda s: s == 413)


def read_all(
    case: Case, posted: Mapping[str, Any], uploads: MultiValueDict[str, Any], *, by: Any, at: datetime
) -> Typed:
    """Keep the papers and what was typed on the one page.

    Papers are kept even when an answer is wrong, so that nothing is scanned twice.
    """
    form, typed = case.elements.form, Typed(dict(case.answers))
    _keep_papers(case, posted, uploads, typed, by=by, at=at)
    for page in matters.pages(form):
        typed.answers |= matters.typed(form, page.key, posted)
    marks = _file_marks(form, case.answers)
    typed.answers |= marks
    if matters.only_rows_changed(posted):
        return typed
    for page in matters.pages(form):
        try:
            typed.answers |= matters.validate_page(
                form, page.key, posted, today=timezone.localdate(at), answers=typed.answers, files=marks
            )
        except Invalid as refusal:
            typed.wrong(refusal.fields, refusal.status)
    if not typed.errors:
        filing.save_answers(case_id=case.pk, answers=typed.answers, by=by, at=at)
    return typed


def _keep_papers(
    case: Case, posted: Mapping[str, Any], uploads: MultiValueDict[str, Any], typed: Typed, *, by: Any, at: datetime
) -> None:
    try:
        if posted.get("township"):
            filing.choose_township(case_id=case.pk, code=posted["township"], at=at)
            case.refresh_from_db(fields=["township"])
    except Invalid as refusal:
        typed.wrong(refusal.fields, refusal.status)
    for name in uploads:
        for upload in uploads.getlist(name):
            try:
                _keep(case, name, upload, by=by, at=at)
            except Invalid as refusal:
                typed.wrong({name: refusal.fields.get("file", refusal.message)}, refusal.status)


def _keep(case: Case, name: str, upload: Any, *, by: Any, at: datetime) -> None:
    number = name.removeprefix("material-")
    if number != name and number.isdigit():
        filing.add_material(case_id=case.pk, material_no=int(number), upload=upload, by=by, at=at)
    else:
        marks = filing.add_answer_file(case_id=case.pk, field_key=name, upload=upload, by=by, at=at)
        case.answers = {**case.answers, name: marks}


def _file_marks(form: Any, answers: Mapping[str, Any]) -> dict[str, list[str]]:
    return {field.key: answers.get(field.key) or [] for field in form.fields if field.type == "file"}


def fill_context(case: Case, answers: Mapping[str, Any], errors: Mapping[str, object], *, on: date) -> dict[str, Any]:
    """The window page: sections of questions, materials, townships where one must be named."""
    form = case.elements.form
    sections = []
    for page in matters.pages(form):
        asked = matters.questions(form, page.key, answers=answers, errors=errors, today=on)
        if asked:
            sections.append((page.label, asked))
    needs_township = any(s.role == "township_officer" for s in case.elements.flat_steps())
    choose = needs_township and case.acceptance_point.kind != Organization.TOWNSHIP
    wanted = {material.no: demanded for material, demanded in matters.materials_for(case.elements, answers, today=on)}
    return {
        "case": case,
        "step_names": STEPS,
        "sections": sections,
        "errors": dict(errors),
        "materials": [
            {
                **row,
                "wanted": wanted.get(row["item"].material_no, True),
                "error": errors.get(f"material-{row['item'].material_no}", ""),
            }
            for row in screens.material_rows(case)
        ],
        "townships": Organization.objects.filter(kind=Organization.TOWNSHIP).order_by("code") if choose else [],
    }

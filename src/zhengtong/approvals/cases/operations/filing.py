"""From the first answer to the submission, and the applicant's own later acts: withdraw, supplement."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import rules, slots
from zhengtong.approvals.cases.events import CaseSubmitted, CaseWithdrawn
from zhengtong.approvals.cases.models import Case, CaseEvent, ChecklistItem, Licence
from zhengtong.approvals.cases.operations import clockwork, desks
from zhengtong.approvals.cases.operations.paperwork import issue
from zhengtong.approvals.cases.operations.recording import lock, next_number, record
from zhengtong.approvals.cases.refusals import CannotSubmit
from zhengtong.approvals.cases.states import ClockKind, Kind, State
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.files import public as files
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.identifiers import case_number
from zhengtong.security.accounts.values import Principal

MATERIAL, ANSWER = "case_material", "case_answer"
EVIDENCE = "case_evidence"
TAKES_FILES = (State.DRAFT, State.SUBMITTED, State.PRE_REVIEW, State.RECEIVED, State.SUPPLEMENT_PENDING)


@transaction.atomic
def start_draft(
    *,
    matter: matters.Matter,
    principal: Principal,
    by: Any,
    at: datetime,
    acceptance_point: Organization | None = None,
    township: Organization | None = None,
    assisted_by: Any = None,
    channel: str = "online",
    amends: Licence | None = None,
    purpose: str = Case.FIRST,
) -> Case:
    """Open a draft of `matter` for `principal`, prefilled with what is known of them; the version in force is pinned.

    `amends`: the licence that `purpose` (renew, change) is about; `renewal.amend` asks whether it may. Refuses a matter that is not
    published or only explained here (公安等系统办理的事项).
    """
    version = matter.current
    if version is None or version.guidance_only:
        raise CannotSubmit(_("这个事项目前不能在本平台申请，请查看办事指南中的办理方式。"))
    elements = version.elements
    case = Case(
        matter=matter,
        version=version,
        department=matter.department,
        acceptance_point=acceptance_point or default_acceptance_point(matter),
        township=township,
        channel=channel,
        purpose=purpose,
        amends=amends,
        applicant_kind=principal.kind,
        applicant_user_id=principal.user_id,
        applicant_enterprise_id=principal.enterprise_id,
        applicant_name=principal.name,
        applicant_id_number=principal.id_number,
        applicant_phone=principal.phone,
        applicant_address=principal.address,
        filed_by=by if not assisted_by else None,
        assisted_by=assisted_by,
        capacity=principal.capacity,
        mandate_id=principal.mandate_id,
        answers=matters.prefill(elements.form, matters.prefill_values(principal)),
        created_at=at,
    )
    case.save(force_insert=True)
    make_checklist(case)
    CaseEvent.objects.create(
        case=case,
        seq=0,
        kind=Kind.START,
        from_state="",
        to_state=State.DRAFT,
        actor_id=by.pk if by else None,
        on_behalf_of=on_behalf(case),
        effective_at=at,
        recorded_at=at,
        data={"version": version.number},
    )
    return case


def default_acceptance_point(matter: matters.Matter) -> Organization:
    """The county's service centre (一窗式: any window receives any matter); the body itself when there is none."""
    centre = Organization.objects.filter(code=settings.SERVICE_CENTRE_CODE).first()
    return centre or matter.department


def on_behalf(case: Case) -> str:
    """For whom the filer acts, in words; empty when for themselves."""
    return "" if case.capacity == "self" and not case.assisted_by_id else case.applicant_name


@transaction.atomic
def save_answers(*, case_id: int, answers: dict[str, Any], by: Any, at: datetime) -> Case:
    """Keep the answers of one page. Only drafts change; answers are validated by the form before they get here."""
    case = lock(case_id)
    if case.state != State.DRAFT:
        raise CannotSubmit(_("申请已经提交，不能再修改。需要更正的，请联系受理窗口或等待补正通知。"))
    case.answers = {**case.answers, **answers}
    case.save(update_fields=["answers"])
    return case


@transaction.atomic
def choose_township(*, case_id: int, code: str, at: datetime) -> Case:
    """Name the applicant's township in a draft: its officers make the pre-review."""
    case = lock(case_id)
    if case.state != State.DRAFT:
        raise CannotSubmit(_("申请已经提交，不能再改所在乡镇。"))
    township = Organization.objects.filter(code=code, kind=Organization.TOWNSHIP).first()
    if township is None:
        raise Invalid(_("请从列表中选择乡镇。"), fields={"township": _("请从列表中选择乡镇。")})
    case.township = township
    case.save(update_fields=["township"])
    return case


@transaction.atomic
def add_answer_file(*, case_id: int, field_key: str, upload: Any, by: Any, at: datetime) -> list[str]:
    """Keep a file that answers a question of the form; returns the marks (public ids) the answer now holds."""
    case = lock(case_id)
    field = next((f for f in case.elements.form.fields if f.key == field_key and f.type == "file"), None)
    if case.state != State.DRAFT or field is None:
        raise CannotSubmit(_("这个问题现在不接收文件，请刷新页面。"))
    kept = files.receive(upload=upload, owner_kind=ANSWER, owner_id=case.pk, by=by.pk if by else None, at=at)
    marks = [*(case.answers.get(field_key) or []), str(kept.public_id)]
    case.answers = {**case.answers, field_key: marks}
    case.save(update_fields=["answers"])
    return marks


@transaction.atomic
def submit(*, case_id: int, by: Any, at: datetime) -> Case:
    """Submit a draft: check every answer and material, give the numbers, start the pre-review clock, hand out the receipt.

    Submitting twice is refused with the number of the first time; nothing is filed twice. 行政许可法 第二十九条、第三十一条.
    """
    case = lock(case_id)
    if case.state != State.DRAFT:
        raise CannotSubmit(
            _("这份申请已经提交过，编号是{number}，不需要重复提交。").format(number=case.spoken_number or "—")
        )
    slots.ask(case, outcome=slots.SUBMIT, by=by, at=at)
    today = timezone.localdate(at)
    _check_mandate(case, today)
    _check_township(case)
    elements = case.elements
    marks = {f.key: list(case.answers.get(f.key) or []) for f in elements.form.fields if f.type == "file"}
    case.answers = matters.validate_all(elements.form, case.answers, today=today, files=marks)
    items = settle_checklist(case)
    if case.channel == "online":
        _check_materials(case, items)
    give_numbers(case, at=at)
    case.submitted_at = at
    fact = CaseSubmitted(case_id=case.pk, actor_id=by.pk if by else None, on_behalf_of=on_behalf(case))
    record(case, Kind.SUBMIT, fact, at=at, by=by, on_behalf_of=on_behalf(case))
    clockwork.start(case, ClockKind.PRE_REVIEW, on=today, workdays=elements.pre_review_workdays)
    desks.for_window(case, "pre_review", at=at)
    return case


def _check_mandate(case: Case, today: date) -> None:
    if case.mandate is not None and not case.mandate.covers(case.elements.key, today):
        raise CannotSubmit(_("委托已到期、被撤销或不包括本事项，不能代为提交。请委托人重新委托。"))


def _check_township(case: Case) -> None:
    needs = any(step.role == "township_officer" for step in case.elements.flat_steps())
    if needs and case.township is None:
        raise Invalid(_("本事项由乡镇初审，请先选择所在乡镇。"), fields={"township": _("请选择所在乡镇。")})


def needed_materials(case: Case) -> list[tuple[Any, bool]]:
    """(material, demanded) of the matter for these answers: shared and inapplicable ones are not demanded (在线政务服务规定 第七条)."""
    today = timezone.localdate(case.submitted_at or case.created_at)
    return matters.materials_for(case.elements, case.answers, today=today)


def make_checklist(case: Case) -> None:
    """One row per material of the matter, all to be judged; files hang on these rows."""
    ChecklistItem.objects.bulk_create(
        ChecklistItem(case=case, material_no=material.no, name=material.name, required=material.required)
        for material in case.elements.materials
    )


def settle_checklist(case: Case) -> list[ChecklistItem]:
    """Judge at once what the county fetches itself and what these answers do not call for; returns the rows."""
    wanted = {material.no: (material, demanded) for material, demanded in needed_materials(case)}
    items = list(case.checklist.all())
    for item in items:
        material, demanded = wanted[item.material_no]
        judgement = "pending" if demanded else "not_needed"
        if material.by_data_sharing:
            judgement = "shared"
        elif material.from_form:
            judgement = "ok"
        if judgement != item.judgement:
            item.judgement = judgement
            item.save(update_fields=["judgement"])
    return items


def _check_materials(case: Case, items: list[ChecklistItem]) -> None:
    kept = files_of_materials(case)
    missing = [item.name for item in items if item.judgement == "pending" and item.required and item.pk not in kept]
    if missing:
        raise CannotSubmit(_("还缺少材料：{names}。请上传后再提交。").format(names="、".join(missing)))


def files_of_materials(case: Case) -> dict[int, list[files.Attachment]]:
    """The files of a case's materials by checklist row; one query."""
    kept: dict[int, list[files.Attachment]] = defaultdict(list)
    rows = case.checklist.values_list("pk", flat=True)
    found = files.Attachment.objects.filter(owner_kind=MATERIAL, owner_id__in=rows, removed_at__isnull=True)
    for attachment in found.select_related("stored").order_by("pk"):
        kept[attachment.owner_id].append(attachment)
    return kept


@transaction.atomic
def add_material(*, case_id: int, material_no: int, upload: Any, by: Any, at: datetime) -> files.Attachment:
    """Keep a file for a material: in a draft, against a notice, or at the window. Refuses a case that takes no more papers."""
    case = lock(case_id)
    if (
        case.state not in TAKES_FILES
        and not case.defect_notices.filter(in_review=True, answered_at__isnull=True).exists()
    ):
        raise CannotSubmit(_("办件现在不接收材料。需要补交的，请等待窗口通知。"))
    item = case.checklist.filter(material_no=material_no).first()
    if item is None:
        raise CannotSubmit(_("本事项没有这份材料，请刷新页面。"))
    return files.receive(upload=upload, owner_kind=MATERIAL, owner_id=item.pk, by=by.pk if by else None, at=at)


def give_numbers(case: Case, *, at: datetime) -> None:
    """The machine number, the number people say, and the query code; never re-used, gaps allowed (GB/T 39046 办件编号)."""
    day = timezone.localdate(at)
    serial = next_number(f"case:{day:%Y%m%d}")
    case.number = case_number.make_machine(implementation_code=case.elements.implementation_code, on=day, serial=serial)
    case.spoken_number = case_number.make_spoken(division_code=settings.COUNTY_DIVISION, on=day, serial=serial)
    case.query_code = case_number.query_code()


@transaction.atomic
def file_at_window(*, case_id: int, by: Any, at: datetime) -> Case:
    """Submit and receive in one act: the person stands at the window and the papers are on the counter."""
    from zhengtong.approvals.cases.operations.acceptance import receive

    submit(case_id=case_id, by=by, at=at)
    return receive(case_id=case_id, by=by, at=at)


@transaction.atomic
def withdraw(*, case_id: int, by: Any, reason: str, at: datetime, seen: int | None = None) -> Case:
    """The applicant takes the application back, any time before the decision; every clock stops, a confirmation is issued."""
    case = lock(case_id, seen=seen)
    rules.is_applicant(case, by, timezone.localdate(at))
    return _withdraw(case, by=by, reason=reason, at=at)


@transaction.atomic
def withdraw_at_window(
    *, case_id: int, by: Any, reason: str, request: Any, at: datetime, seen: int | None = None
) -> Case:
    """The same for a person who stands at the window without an account. `request`: their signed request as an upload; without it
    an official could end a case in somebody's name, so it is refused (`Invalid`).
    """
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.receive", timezone.localdate(at))
    if not request:
        raise Invalid(
            _("请上传申请人签名的撤回申请（扫描件或照片），凭它办理撤回。"),
            fields={"request": _("请上传申请人签名的撤回申请。")},
        )
    files.receive(upload=request, owner_kind=EVIDENCE, owner_id=case.pk, by=by.pk, at=at)
    return _withdraw(case, by=by, reason=reason, at=at)


def _withdraw(case: Case, *, by: Any, reason: str, at: datetime) -> Case:
    was_draft = case.state == State.DRAFT
    fact = CaseWithdrawn(case_id=case.pk, actor_id=by.pk, on_behalf_of=on_behalf(case))
    record(
        case,
        Kind.WITHDRAW,
        None if was_draft else fact,
        at=at,
        by=by,
        on_behalf_of=on_behalf(case),
        data={"reason": reason},
    )
    clockwork.stop_all(case, at=at)
    desks.clear(case, at=at)
    if not was_draft:
        content = {
            "applied_on": timezone.localdate(case.submitted_at),
            "withdrawn_on": timezone.localdate(at),
            "reason": reason or "申请人自愿撤回",
        }
        issue(case, "withdrawal", content, by=by, at=at)
    return case


@transaction.atomic
def drop_draft(*, case_id: int, at: datetime, reason: str = "联合办理中不再需要这个事项") -> Case:
    """A draft is not needed any more: an app above opened it, or nobody submitted it for long. Refuses anything but a draft; nobody is
    written to.
    """
    case = lock(case_id)
    if case.state != State.DRAFT:
        raise CannotSubmit(_("申请已经提交，不能当作草稿删除。"))
    record(case, Kind.WITHDRAW, None, at=at, data={"reason": reason})
    return case

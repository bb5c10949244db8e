"""Decide, certify, deliver, archive; and the exits that end a case without a decision."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import charging, rules, slots
from zhengtong.approvals.cases.events import (
    CaseArchived,
    CaseDecided,
    CaseDelivered,
    CaseRated,
    CaseTerminated,
    CaseTransferredUp,
    CaseVoided,
    DeferredMaterialHandedIn,
    LicenceStateChanged,
    ResultCertified,
)
from zhengtong.approvals.cases.models import Case, CaseEvent, Clock, Delivery, Licence, StepTask
from zhengtong.approvals.cases.operations import clockwork, desks, renewal, steps
from zhengtong.approvals.cases.operations.filing import on_behalf
from zhengtong.approvals.cases.operations.paperwork import issue
from zhengtong.approvals.cases.operations.recording import lock, next_number, record
from zhengtong.approvals.cases.refusals import CannotDecide, CannotRate
from zhengtong.approvals.cases.states import DENIAL_REASONS, ClockKind, Kind, Outcome, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import Invalid, NotAllowed, Refusal
from zhengtong.security.pmi import public as pmi

RESULTS = ("licence", "decision", "refusal")
DECISIONS = {
    Outcome.GRANT: Kind.DECIDE_GRANT,
    Outcome.REFUSE: Kind.DECIDE_REFUSE,
    Outcome.GRANT_DEFERRED: Kind.DECIDE_DEFERRED,
}


@transaction.atomic
def decide(
    *,
    case_id: int,
    outcome: str,
    opinion: str,
    by: Any,
    at: datetime,
    reason: str = "",
    hearing: str = "",
    deferred_until: date | None = None,
    seen: int | None = None,
) -> Case:
    """Make the decision on the deciding step (行政许可法 第三十八条).

    Refuses without the quorum of the steps before, for a person with another duty on the case, a refusal without coded reason and
    facts, or with the hearing duty unanswered (`hearing`: "not_required", "waived" or "held"; 第四十六条至第四十八条), and a
    deferred grant without a date for the paper that follows.
    """
    case = lock(case_id, seen=seen)
    if outcome not in DECISIONS:
        raise Invalid(_("请选择准予或不予。"), fields={"outcome": _("请选择。")})
    kind = DECISIONS[Outcome(outcome)]
    rules.arrow_exists(case, kind)
    renewal.must_be_undecided_by_law(case, at=at)
    task = _deciding_task(case)
    _check_decision(case, outcome, reason, opinion, hearing, deferred_until)
    slots.ask(case, outcome=outcome, by=by, at=at)
    if outcome != Outcome.REFUSE:
        charging.require_paid(case, "decision")
    steps.act(
        case, task, by=by, conclusion="disagree" if outcome == Outcome.REFUSE else "agree", opinion=opinion, at=at
    )
    steps.finish(case, task, at=at)
    steps.close_open(case, at=at)
    case.outcome, case.decided_at, case.hearing_duty = outcome, at, hearing
    fact = CaseDecided(case_id=case.pk, outcome=outcome, actor_id=by.pk)
    record(
        case, kind, fact, at=at, by=by, data={"task": task.pk, "outcome": outcome, "reason": reason, "hearing": hearing}
    )
    clockwork.stop(case, ClockKind.PROMISED, ClockKind.STATUTORY, at=at)
    elements = case.elements
    clockwork.start(case, ClockKind.DELIVERY, on=timezone.localdate(at), workdays=elements.delivery_workdays)
    if deferred_until:
        _start_deferred(case, deferred_until, at)
    _decision_paper(case, reason, opinion, by=by, at=at)
    _after_decision(case, by=by, at=at)
    return case


def _deciding_task(case: Case) -> StepTask:
    task = case.tasks.select_related("organization").filter(kind="decide").first()
    if task is None or task.state != StepTask.OPEN:
        names = "、".join(case.tasks.filter(state=StepTask.OPEN).values_list("name", flat=True))
        raise CannotDecide(_("前面的环节还没有办完（{names}），现在不能作出决定。").format(names=names))
    return task


def _check_decision(
    case: Case, outcome: str, reason: str, opinion: str, hearing: str, deferred_until: date | None
) -> None:
    if outcome == Outcome.REFUSE:
        if reason not in DENIAL_REASONS:
            raise Invalid(_("不予许可必须选择法定理由。"), fields={"reason": _("请选择理由。")})
        if len(opinion.strip()) < 5:
            raise Invalid(_("不予许可必须写明事实和理由。"), fields={"opinion": _("请写明事实和理由。")})
        if hearing not in ("not_required", "waived", "held"):
            raise Invalid(
                _("请确认听证义务：不属于听证范围、当事人放弃或已经举行。"), fields={"hearing": _("请确认听证情况。")}
            )
    if outcome == Outcome.GRANT and case.checklist.filter(judgement="deferred").exists():
        raise CannotDecide(_("还有容缺后补的材料，请选择“容缺准予”并约定补交日期。"))
    if outcome == Outcome.GRANT_DEFERRED:
        if not case.elements.deferral_allowed:
            raise CannotDecide(_("本事项不允许容缺办理。"))
        if deferred_until is None:
            raise Invalid(_("容缺准予须约定补交日期。"), fields={"deferred_until": _("请填写补交日期。")})


def _start_deferred(case: Case, until: date, at: datetime) -> None:
    workdays = calendars.current().count(timezone.localdate(at), until)
    clockwork.start(case, ClockKind.DEFERRED, on=timezone.localdate(at), workdays=max(workdays, 1))


def _decision_paper(case: Case, reason: str, opinion: str, *, by: Any, at: datetime) -> None:
    if case.outcome == Outcome.REFUSE:
        hearings = {
            "not_required": "本决定不属于应当听证的事项。",
            "waived": "申请人放弃听证。",
            "held": "已依法举行听证。",
        }
        content: dict[str, Any] = {
            "accepted_on": timezone.localdate(case.accepted_at),
            "facts": opinion.strip(),
            "reasons": [str(DENIAL_REASONS[reason])],
            "hearing": hearings[case.hearing_duty],
        }
        issue(case, "refusal", content, by=by, at=at)
        return
    content = {
        "accepted_on": timezone.localdate(case.accepted_at),
        "decided_on": timezone.localdate(at),
        "granted": [{"label": label, "value": value} for label, value in _licence_lines(case)],
        "result_name": case.elements.result.name,
        "deferred": [f"{item.name}（容缺后补）" for item in case.checklist.filter(judgement="deferred")],
    }
    issue(case, "decision", content, by=by, at=at)


def _after_decision(case: Case, *, by: Any, at: datetime) -> None:
    certify_step = next((s for s in case.elements.flat_steps() if s.kind == "certify"), None)
    if case.outcome == Outcome.REFUSE:
        desks.for_window(case, "deliver", at=at)
    elif certify_step is not None:
        desks.for_department(case, "certify", certify_step.role, at=at)
    else:
        # No step of its own for the result: it is made with the decision.
        _certify(case, by=by, at=at)


@transaction.atomic
def certify(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Licence:
    """Make the licence or result document with its number, QR code and validity; refuses characters no font can print."""
    case = lock(case_id, seen=seen)
    rules.at_department(case, by, "cases.certify", timezone.localdate(at))
    return _certify(case, by=by, at=at)


def _certify(case: Case, *, by: Any, at: datetime) -> Licence:
    rules.arrow_exists(case, Kind.CERTIFY)
    if case.outcome == Outcome.REFUSE:
        raise CannotDecide(_("不予许可的办件没有证照可制，请直接送达决定书。"))
    renewal.require_amendable(case)
    elements, today = case.elements, timezone.localdate(at)
    begins, until = renewal.validity(case, today, elements.result.validity_years)
    number = _licence_number(case, today)
    content = {
        "title": elements.result.name,
        "number": number,
        "facts": [{"label": label, "value": value} for label, value in _licence_lines(case)],
        "items": case.elements.name,
        # A licence is shown to everybody: the code that opens the case's progress has no place on it.
        "query_code": "",
        "valid_from": begins,
        "valid_until": until or (elements.result.validity or ""),
    }
    paper = issue(case, "licence", content, by=by, at=at)
    licence = Licence.objects.create(
        case=case,
        number=number,
        name=elements.result.name,
        holder=case.applicant_name,
        paper=paper,
        issued_on=today,
        valid_until=until,
    )
    fact = ResultCertified(case_id=case.pk, licence_number=number, actor_id=by.pk if by else None)
    record(case, Kind.CERTIFY, fact, at=at, by=by, data={"licence": number})
    renewal.supersede(case, licence, by=by, at=at)
    desks.done(case, "certify", at=at)
    desks.for_window(case, "deliver", at=at)
    return licence


def _licence_number(case: Case, day: date) -> str:
    code = case.elements.implementation_code[-12:]
    return f"{code}-{day.year}-{next_number(f'licence:{code}:{day.year}'):06d}"


def _licence_lines(case: Case) -> list[list[str]]:
    """What the licence states beside its holder: the answers that describe the thing licensed, no personal data."""
    lines = []
    for field in case.elements.form.fields:
        value = case.answers.get(field.key)
        if field.personal or field.type in ("phone", "resident_id", "file", "group") or value in (None, "", []):
            continue
        labels = {option.value: option.label for option in field.options}
        text = (
            "、".join(labels.get(v, str(v)) for v in value)
            if isinstance(value, list)
            else labels.get(str(value), str(value))
        )
        lines.append([field.label, text])
    return lines[:10]


@transaction.atomic
def deliver(
    *, case_id: int, method: str, recipient: str, proof: str = "", by: Any, at: datetime, seen: int | None = None
) -> Delivery:
    """Hand the result over and keep the proof (送达回证). A granted case is certified first (行政许可法 第四十四条)."""
    case = lock(case_id, seen=seen)
    rules.arrow_exists(case, Kind.DELIVER)
    rules.serves(case, by, "cases.deliver", timezone.localdate(at))
    if case.state == State.DECIDED and case.outcome != Outcome.REFUSE:
        raise CannotDecide(_("结果文书还没有制作，不能送达。"))
    if case.outcome != Outcome.REFUSE:
        charging.require_paid(case, "delivery")
    if method not in dict(Delivery.METHODS):
        raise Invalid(_("请选择送达方式。"), fields={"method": _("请选择。")})
    if method == "post" and not proof.strip():
        raise Invalid(_("邮寄送达请填写邮单号。"), fields={"proof": _("请填写邮单号。")})
    case.delivered_at = at
    methods = {"electronic": "网上送达", "pickup": "窗口领取", "post": "邮寄送达"}
    content = {
        "papers": [{"title": p.title, "number": p.number} for p in case.papers.filter(kind__in=RESULTS)],
        "recipient": recipient,
        "method": methods[method] + (f"（邮单号 {proof}）" if method == "post" else ""),
        "delivered_at": timezone.localtime(at),
        "deliverers": [by.display_name] if by else [],
    }
    paper = issue(case, "delivery_receipt", content, by=by, organization=case.acceptance_point, at=at)
    delivery = Delivery.objects.create(
        case=case, method=method, recipient=recipient, proof=proof, delivered_at=at, delivered_by=by, paper=paper
    )
    record(
        case,
        Kind.DELIVER,
        CaseDelivered(case_id=case.pk, method=method, actor_id=by.pk),
        at=at,
        by=by,
        data={"method": method},
    )
    clockwork.stop(case, ClockKind.DELIVERY, at=at)
    desks.done(case, "deliver", at=at)
    return delivery


@transaction.atomic
def hand_in_deferred(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Case:
    """The paper that was allowed to follow is in; its clock stops."""
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.receive", timezone.localdate(at))
    if not case.checklist.filter(judgement="deferred").exists():
        raise Refusal(_("本办件没有等待补交的容缺材料。"))
    case.checklist.filter(judgement="deferred").update(judgement="ok", judged_by=by, judged_at=at)
    record(case, Kind.DEFERRED_IN, DeferredMaterialHandedIn(case_id=case.pk, actor_id=by.pk), at=at, by=by)
    clockwork.stop(case, ClockKind.DEFERRED, at=at)
    desks.done(case, "deferred", at=at)
    return case


@transaction.atomic
def note_rating(*, case_id: int, code: int, by: Any, at: datetime) -> Case:
    """Write into the case's history that it was rated, once, after completion, by the applicant's side.

    `code` 1 非常满意 … 5 非常不满意 (GB/T 39046). `by` None: somebody who held the query code or a link of this case. The rating
    itself, its words and what follows from it belong to `ratings`.
    """
    case = lock(case_id)
    if by is not None:
        rules.is_applicant(case, by, timezone.localdate(at))
    if code not in range(1, 6):
        raise Invalid(_("请选择一个满意程度。"), fields={"code": _("请选择一个满意程度。")})
    if CaseEvent.objects.filter(case=case, kind=Kind.RATE).exists():
        raise CannotRate(_("您已经评价过这次办理，谢谢。"))
    if (case.state, Kind.RATE) not in rules.states.ARROWS:
        raise CannotRate(_("办结送达之后才能评价，请稍后再来。"))
    fact = CaseRated(case_id=case.pk, code=code, actor_id=by.pk if by else None)
    record(case, Kind.RATE, fact, at=at, by=by, on_behalf_of=on_behalf(case), data={"code": code})
    return case


@transaction.atomic
def archive(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Case:
    """Close the file: delivered, and nothing still has to follow."""
    case = lock(case_id, seen=seen)
    if by is not None:
        rules.serves(case, by, "cases.deliver", timezone.localdate(at))
    if case.checklist.filter(judgement="deferred").exists():
        raise Refusal(_("容缺材料还没有补交，不能归档。"))
    record(case, Kind.ARCHIVE, CaseArchived(case_id=case.pk, actor_id=by.pk if by else None), at=at, by=by)
    clockwork.stop_all(case, at=at)
    return case


@transaction.atomic
def void(*, case_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Case:
    """作废 by the head of the department, with a reason (duplicate filing, wrong person)."""
    case = lock(case_id, seen=seen)
    _head(case, by, at)
    _reason(reason)
    record(case, Kind.VOID, CaseVoided(case_id=case.pk, actor_id=by.pk), at=at, by=by, data={"reason": reason})
    _leave(case, f"作废：{reason}", by=by, at=at)
    return case


@transaction.atomic
def transfer_up(*, case_id: int, authority: str, reason: str, by: Any, at: datetime, seen: int | None = None) -> Case:
    """转报上级: the decision belongs to a superior authority; the pre-review of 行政许可法 第四十三条 ends with the forwarding."""
    case = lock(case_id, seen=seen)
    _head(case, by, at)
    _reason(reason)
    if not authority.strip():
        raise Invalid(_("请填写转报的上级机关。"), fields={"authority": _("请填写上级机关。")})
    fact = CaseTransferredUp(case_id=case.pk, authority=authority, actor_id=by.pk)
    record(case, Kind.TRANSFER_UP, fact, at=at, by=by, data={"authority": authority, "reason": reason})
    _leave(case, f"已转报{authority}：{reason}", by=by, at=at)
    return case


@transaction.atomic
def terminate(*, case_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Case:
    """End without a decision (the applicant died, the body was dissolved, the subject is gone), by the head of the department."""
    case = lock(case_id, seen=seen)
    _head(case, by, at)
    _reason(reason)
    record(case, Kind.TERMINATE, CaseTerminated(case_id=case.pk, actor_id=by.pk), at=at, by=by, data={"reason": reason})
    _leave(case, reason, by=by, at=at)
    return case


def _head(case: Case, by: Any, at: datetime) -> None:
    if not pmi.holds(by, "department_head", organization=case.department, on=timezone.localdate(at)):
        raise NotAllowed(_("只有本部门负责人可以作废、转报、终止办件，撤销或注销证照。"))


def _reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("请写明原因，原因会告知申请人并存档。"), fields={"reason": _("请写明原因。")})


def _leave(case: Case, reason: str, *, by: Any, at: datetime) -> None:
    clockwork.stop_all(case, at=at)
    desks.clear(case, at=at)
    issue(case, "termination", {"reason": reason}, by=by, at=at)


@transaction.atomic
def change_licence(
    *, case_id: int, licence_state: str, reason: str, by: Any, at: datetime, seen: int | None = None
) -> Licence:
    """Revoke (行政许可法 第六十九条) or cancel (第七十条) the licence of a case; the verification page says so from now on."""
    case = lock(case_id, seen=seen)
    _head(case, by, at)
    _reason(reason)
    licence = Licence.objects.filter(case=case).first()
    if licence is None or licence.state != "valid" or licence_state not in ("revoked", "cancelled"):
        raise Refusal(_("证照当前不是有效状态，不能变更。"))
    licence.state, licence.state_reason = licence_state, reason[:200]
    licence.save(update_fields=["state", "state_reason"])
    fact = LicenceStateChanged(case_id=case.pk, licence_number=licence.number, state=licence_state, actor_id=by.pk)
    record(case, Kind.CHANGE_LICENCE, fact, at=at, by=by, data={"licence_state": licence_state, "reason": reason})
    return licence


def running_clock(case: Case, kind: ClockKind) -> Clock | None:
    """The running clock of a kind, or None."""
    return Clock.objects.filter(case=case, kind=kind, stopped_at__isnull=True).first()

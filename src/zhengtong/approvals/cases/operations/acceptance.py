"""From the online filing to acceptance: pre-review, receipt, the one-time notice, acceptance — also by force of law — and refusal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import charging, rules
from zhengtong.approvals.cases.events import (
    AcceptanceRefused,
    CaseAccepted,
    CaseFixedOnSpot,
    CaseHandedOver,
    CasePreReviewBegun,
    CaseReceived,
    CaseSupplemented,
    DefectsNotified,
    MaterialsJudged,
    SupplementLapsed,
)
from zhengtong.approvals.cases.models import Case, ChecklistItem, Clock, DefectNotice, Paper
from zhengtong.approvals.cases.operations import clockwork, desks, steps
from zhengtong.approvals.cases.operations.filing import files_of_materials, on_behalf
from zhengtong.approvals.cases.operations.paperwork import issue, workdays_text
from zhengtong.approvals.cases.operations.recording import lock, record
from zhengtong.approvals.cases.refusals import CannotAccept, CannotNotify, CannotSubmit
from zhengtong.approvals.cases.states import REFUSAL_REASONS, SUPPLEMENT_PROBLEMS, ClockKind, Kind, State
from zhengtong.approvals.matters import public as matters
from zhengtong.kernel.errors import Invalid
from zhengtong.security.pmi import public as pmi

ACCEPT = "cases.accept"


@transaction.atomic
def begin_pre_review(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Case:
    """A window takes up an online application, so that no second window does."""
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.receive", timezone.localdate(at))
    record(case, Kind.BEGIN_PRE_REVIEW, CasePreReviewBegun(case_id=case.pk, actor_id=by.pk), at=at, by=by)
    return case


@transaction.atomic
def receive(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Case:
    """Take the papers in: the numbered receipt is issued and the five days of 行政许可法 第三十二条 begin.

    An online filing counts as received on the day it entered the system (最高人民法院公告〔2004〕20号 第六条的精神), not on the day of the click.
    """
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.receive", timezone.localdate(at))
    return _receive(case, by=by, at=at, automatic=False)


def _receive(case: Case, *, by: Any, at: datetime, automatic: bool) -> Case:
    arrived = case.submitted_at if case.channel == "online" and case.submitted_at else at
    case.received_at = arrived
    fact = CaseReceived(case_id=case.pk, automatic=automatic, actor_id=by.pk if by else None)
    record(case, Kind.RECEIVE, fact, at=at, by=by, data={"received_at": arrived.isoformat(), "automatic": automatic})
    clockwork.stop(case, ClockKind.PRE_REVIEW, at=at)
    limit = case.elements.acceptance_workdays
    acceptance = clockwork.start(case, ClockKind.ACCEPTANCE, on=timezone.localdate(arrived), workdays=limit)
    content = {
        "received_at": timezone.localtime(arrived),
        "channel": case.get_channel_display(),
        "received_by": by.display_name if by else "系统自动收件",
        "materials": material_lines(case),
        "acceptance_due": acceptance.due_on,
    }
    issue(case, "receipt", content, by=by, organization=case.acceptance_point, at=at)
    desks.done(case, "pre_review", at=at)
    desks.for_window(case, "acceptance", at=at)
    return case


def material_lines(case: Case) -> list[dict[str, Any]]:
    """The materials as a receipt lists them."""
    kept = files_of_materials(case)
    lines = []
    for item in case.checklist.exclude(judgement="not_needed"):
        count = len(kept.get(item.pk, ()))
        form = (
            "数据共享"
            if item.judgement == "shared"
            else f"电子 {count}件"
            if count
            else "未收到"
            if item.required
            else "—"
        )
        lines.append({"name": item.name, "form": form})
    return lines


@transaction.atomic
def judge_materials(
    *, case_id: int, judgements: Mapping[int, tuple[str, str, str]], by: Any, at: datetime, seen: int | None = None
) -> Case:
    """Judge materials item by item: {material number: (judgement, problem code, remark)}. A defect needs its problem."""
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.receive", timezone.localdate(at))
    if case.state not in (State.SUBMITTED, State.PRE_REVIEW, State.RECEIVED):
        raise CannotAccept(_("办件已过受理阶段，材料核验结果不能再改。审查中发现的问题请在审查意见中写明。"))
    verdicts: dict[str, str] = {}
    for item in case.checklist.filter(material_no__in=judgements):
        judgement, problem, remark = judgements[item.material_no]
        _check_judgement(case, item, judgement, problem)
        item.judgement, item.problem, item.remark = judgement, problem if judgement == "defective" else "", remark
        item.judged_by, item.judged_at = by, at
        item.save()
        verdicts[str(item.material_no)] = judgement
    if verdicts:
        defective = sum(judgement == "defective" for judgement in verdicts.values())
        fact = MaterialsJudged(case_id=case.pk, defective=defective, actor_id=by.pk)
        record(case, Kind.JUDGE, fact, at=at, by=by, data={"materials": verdicts})
    return case


def _check_judgement(case: Case, item: ChecklistItem, judgement: str, problem: str) -> None:
    if judgement not in dict(ChecklistItem.JUDGEMENTS):
        raise Invalid(_("没有“{value}”这种核验结果。").format(value=judgement))
    if judgement == "defective" and problem not in SUPPLEMENT_PROBLEMS:
        raise Invalid(_("材料“{name}”判为需补正时，请选择存在的问题。").format(name=item.name))
    if judgement == "shared" and item.material_no not in {m.no for m in case.elements.materials if m.by_data_sharing}:
        raise CannotAccept(_("材料“{name}”不能由部门共享获取，请核验办事人提交的材料。").format(name=item.name))
    if judgement == "deferred" and not case.elements.deferral_allowed:
        raise CannotAccept(_("本事项不允许容缺，材料“{name}”必须齐全。").format(name=item.name))


@transaction.atomic
def fix_on_spot(
    *, case_id: int, answers: Mapping[str, Any], what: str, by: Any, at: datetime, seen: int | None = None
) -> Case:
    """Let the applicant put an error right at the window (行政许可法 第三十二条第三项); old and new values stay on
    record, sealed with the answers."""
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.receive", timezone.localdate(at))
    changed = {**case.answers, **answers}
    cleaned = matters.validate_all(case.elements.form, changed, today=timezone.localdate(at))
    old = {key: case.answers.get(key) for key in answers}
    case.answers = cleaned
    case.corrections = {**case.corrections, str(case.row_version + 1): {"old": old, "new": dict(answers)}}
    data = {"what": what, "fields": sorted(answers)}
    record(case, Kind.FIX_ON_SPOT, CaseFixedOnSpot(case_id=case.pk, actor_id=by.pk), at=at, by=by, data=data)
    return case


def require_judged(case: Case) -> None:
    """Every material has been looked at: only then is a notice complete or an acceptance sound."""
    pending = [item.name for item in case.checklist.filter(judgement="pending", required=True)]
    if pending:
        raise CannotAccept(_("请先逐项核验材料，还有未核验的：{names}。").format(names="、".join(pending)))


@transaction.atomic
def notify_defects(
    *,
    case_id: int,
    by: Any,
    at: datetime,
    extra: str = "",
    override_reason: str = "",
    override_by: Any = None,
    seen: int | None = None,
) -> DefectNotice:
    """Issue the one-time notice of everything to be corrected; the list is frozen with it (行政许可法 第三十二条第四项).

    A second notice is locked: it needs a reason and the signature of a department head other than the officer, and is
    published as repeated. Within five working days, or the case is accepted by force of law.
    """
    case = lock(case_id, seen=seen)
    rules.serves(case, by, "cases.notify", timezone.localdate(at))
    _in_time(case, Kind.NOTIFY_DEFECTS, at)
    require_judged(case)
    items = _defects(case, extra)
    repeated = case.defect_notices.filter(in_review=False).exists()
    if repeated:
        _check_override(case, by, override_reason, override_by, at)
    clock = clockwork.start(
        case, ClockKind.SUPPLEMENT, on=timezone.localdate(at), workdays=case.elements.supplement_workdays
    )
    paper = _notice_paper(case, items, clock, by=by, at=at)
    notice = DefectNotice.objects.create(
        case=case,
        items=items,
        paper=paper,
        issued_at=at,
        override_reason=override_reason if repeated else "",
        override_by=override_by if repeated else None,
    )
    clockwork.stop(case, ClockKind.ACCEPTANCE, at=at)
    fact = DefectsNotified(case_id=case.pk, notice_id=notice.pk, repeated=repeated, actor_id=by.pk)
    record(
        case, Kind.NOTIFY_DEFECTS, fact, at=at, by=by, data={"notice": notice.pk, "items": items, "repeated": repeated}
    )
    desks.done(case, "acceptance", at=at)
    return notice


def _in_time(case: Case, kind: Kind, at: datetime) -> None:
    rules.arrow_exists(case, kind)
    clockwork.must_run(case, ClockKind.ACCEPTANCE, at=at)


def _notice_paper(case: Case, items: list[dict[str, str]], clock: Clock, *, by: Any, at: datetime) -> Paper:
    content = {
        "received_on": timezone.localdate(case.received_at),
        "defects": [
            {"material": i["name"], "problem": i["problem"], "requirement": i["how"] or "请按要求补正后重新提交"}
            for i in items
        ],
        "respond_by": clock.due_on,
        "respond_days": workdays_text(clock.limit_workdays),
        "consequence": "逾期未补正的，视为撤回申请。"
        if case.elements.supplement_lapse == "withdrawn"
        else "逾期未补正的，不予受理。",
    }
    return issue(case, "defect_notice", content, by=by, organization=case.acceptance_point, at=at)


def _defects(case: Case, extra: str) -> list[dict[str, str]]:
    items = [
        {
            "no": str(item.material_no),
            "name": item.name,
            "problem": str(SUPPLEMENT_PROBLEMS[item.problem]),
            "problem_code": item.problem,
            "how": item.remark,
        }
        for item in case.checklist.filter(judgement="defective")
    ]
    if extra.strip():
        items.append(
            {"no": "", "name": "申请内容", "problem": "需更正", "problem_code": "content", "how": extra.strip()}
        )
    if not items:
        raise CannotNotify(_("没有判为需补正的材料，也没有写明需更正的内容，不能发补正通知。"))
    return items


def _check_override(case: Case, by: Any, reason: str, superior: Any, at: datetime) -> None:
    if not reason.strip() or superior is None:
        raise CannotNotify(
            _(
                "本办件已经一次性告知过，依法不得再次要求补正。确有必要的，须由部门负责人签字并写明理由，该次告知会被监察系统记录。"
            )
        )
    if superior.pk == by.pk or not pmi.holds(
        superior, "department_head", organization=case.department, on=timezone.localdate(at)
    ):
        raise CannotNotify(_("再次告知须由本部门负责人（经办人以外的人）签字。"))


@transaction.atomic
def supplement(
    *, case_id: int, answers: Mapping[str, Any] | None = None, by: Any, at: datetime, seen: int | None = None
) -> Case:
    """The applicant answers the notice: every item it names must be there. The acceptance clock starts afresh."""
    case = lock(case_id, seen=seen)
    rules.is_applicant(case, by, timezone.localdate(at)) if not _serves(case, by, at) else None
    rules.arrow_exists(case, Kind.SUPPLEMENT_IN)
    clockwork.must_run(case, ClockKind.SUPPLEMENT, at=at)
    notice = case.defect_notices.filter(in_review=False, answered_at__isnull=True).order_by("-id").first()
    if notice is None:
        raise CannotSubmit(_("没有等待补正的通知。请刷新页面查看最新情况。"))
    _check_answered(case, notice)
    if answers:
        case.answers = matters.validate_all(
            case.elements.form, {**case.answers, **answers}, today=timezone.localdate(at)
        )
    notice.answered_at = at
    notice.save(update_fields=["answered_at"])
    case.checklist.filter(judgement="defective").update(judgement="pending", problem="", judged_by=None, judged_at=None)
    fact = CaseSupplemented(case_id=case.pk, notice_id=notice.pk, actor_id=by.pk, on_behalf_of=on_behalf(case))
    record(case, Kind.SUPPLEMENT_IN, fact, at=at, by=by, on_behalf_of=on_behalf(case), data={"notice": notice.pk})
    clockwork.stop(case, ClockKind.SUPPLEMENT, at=at)
    limit = case.elements.acceptance_workdays
    acceptance = clockwork.start(case, ClockKind.ACCEPTANCE, on=timezone.localdate(at), workdays=limit)
    content = {
        "received_at": timezone.localtime(at),
        "channel": case.get_channel_display(),
        "materials": [{"name": item["name"], "form": "电子"} for item in notice.items],
        "notice_number": notice.paper.number,
        "acceptance_due": acceptance.due_on,
    }
    issue(case, "supplement_receipt", content, by=by, organization=case.acceptance_point, at=at)
    desks.for_window(case, "acceptance", at=at)
    return case


def _serves(case: Case, by: Any, at: datetime) -> bool:
    return rules.allowed(rules.serves, case, by, "cases.receive", timezone.localdate(at))[0]


def _check_answered(case: Case, notice: DefectNotice) -> None:
    kept, rows = files_of_materials(case), {item.material_no: item.pk for item in case.checklist.all()}
    missing = [
        item["name"]
        for item in notice.items
        if item["no"] and not any(f.uploaded_at >= notice.issued_at for f in kept.get(rows[int(item["no"])], ()))
    ]
    if missing:
        raise CannotSubmit(
            _("补正通知要求的材料还没有上传：{names}。请上传后再提交。").format(names="、".join(missing))
        )


@transaction.atomic
def lapse_supplement(*, case_id: int, at: datetime) -> Case:
    """The applicant let the notice lapse: the matter's local rule applies; dated when the limit ran out."""
    case = lock(case_id)
    notice = case.defect_notices.filter(in_review=False, answered_at__isnull=True).order_by("-id").first()
    if case.state != State.SUPPLEMENT_PENDING or notice is None:
        return case
    notice.lapsed_at = at
    notice.save(update_fields=["lapsed_at"])
    rule = case.elements.supplement_lapse
    record(
        case,
        Kind.SUPPLEMENT_LAPSE,
        SupplementLapsed(case_id=case.pk, notice_id=notice.pk),
        at=at,
        data={"rule": rule, "notice": notice.pk},
    )
    clockwork.stop_all(case, at=at)
    desks.clear(case, at=at)
    issue(
        case,
        "termination",
        {"reason": "逾期未补正，" + ("视为撤回申请" if rule == "withdrawn" else "不予受理")},
        by=None,
        at=at,
    )
    return case


@transaction.atomic
def accept(*, case_id: int, by: Any, at: datetime, hand_over: bool = False, seen: int | None = None) -> Case:
    """Accept: the dated, sealed proof is issued, the statutory and the promised clock start (行政许可法 第三十二条第五项、第四十二条).

    `hand_over`: pass it to the department in the same act. Refuses while a material is unjudged or defective.
    """
    case = lock(case_id, seen=seen)
    rules.serves(case, by, ACCEPT, timezone.localdate(at))
    _in_time(case, Kind.ACCEPT, at)
    require_judged(case)
    defective = [item.name for item in case.checklist.filter(judgement="defective")]
    if defective:
        raise CannotAccept(
            _("还有需补正的材料：{names}。请先发一次性补正通知，或当场更正。").format(names="、".join(defective))
        )
    case.accepted_at = at
    record(case, Kind.ACCEPT, CaseAccepted(case_id=case.pk, actor_id=by.pk), at=at, by=by)
    _run_clocks(case, by=by, at=at)
    if hand_over:
        _hand_over(case, by=by, at=at)
    return case


def _run_clocks(case: Case, *, by: Any, at: datetime) -> None:
    elements, day = case.elements, timezone.localdate(case.accepted_at)
    clockwork.stop(case, ClockKind.ACCEPTANCE, at=at)
    promised = clockwork.start(case, ClockKind.PROMISED, on=day, workdays=elements.promised_workdays)
    limit = elements.statutory_limit.days
    statutory = clockwork.start(case, ClockKind.STATUTORY, on=day, workdays=limit) if limit is not None else None
    clockwork.start(case, ClockKind.HAND_OVER, on=timezone.localdate(at), workdays=1)
    case.due_on = promised.due_on
    case.save(update_fields=["due_on"])
    content = {
        "received_on": timezone.localdate(case.received_at),
        "accepted_on": day,
        "deemed": case.deemed_accepted,
        "statutory_limit": workdays_text(elements.statutory_limit.days),
        "statutory_due": statutory.due_on if statutory else "",
        "promised_limit": workdays_text(elements.promised_workdays),
        "promised_due": promised.due_on,
        "fee": charging.fee_line(elements),
        "result_name": elements.result.name,
        "special_procedures": [p.name for p in elements.special_procedures],
    }
    issue(case, "acceptance", content, by=by, at=at)
    desks.done(case, "acceptance", at=at)
    desks.for_window(case, "hand_over", at=at)


@transaction.atomic
def deem_accept(*, case_id: int, at: datetime) -> Case:
    """Accepted by force of 行政许可法 第三十二条第四项: five days without acceptance, notice or refusal.

    `at` is the close of the fifth day; the clocks start on the day of receipt: that of the supplement, where one was asked for, since
    the five days were counted from it. Does nothing when somebody acted in time.
    """
    case = lock(case_id)
    if case.state != State.RECEIVED:
        return case
    answered = case.defect_notices.filter(in_review=False, answered_at__isnull=False).order_by("-id").first()
    case.deemed_accepted = True
    case.accepted_at = answered.answered_at if answered else case.received_at
    arrived = case.accepted_at.isoformat() if case.accepted_at else ""
    record(case, Kind.DEEM_ACCEPT, CaseAccepted(case_id=case.pk, deemed=True), at=at, data={"accepted_at": arrived})
    _run_clocks(case, by=None, at=at)
    _hand_over(case, by=None, at=at)
    return case


@transaction.atomic
def auto_receive(*, case_id: int, at: datetime) -> Case:
    """Nobody looked at an online filing in the pre-review time: it is received by itself, as of the day it arrived."""
    case = lock(case_id)
    if case.state not in (State.SUBMITTED, State.PRE_REVIEW):
        return case
    return _receive(case, by=None, at=at, automatic=True)


@transaction.atomic
def hand_over(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Case:
    """快速转办: pass the accepted case to the department; the first steps of its graph open."""
    case = lock(case_id, seen=seen)
    rules.serves(case, by, ACCEPT, timezone.localdate(at))
    _hand_over(case, by=by, at=at)
    return case


def _hand_over(case: Case, *, by: Any, at: datetime) -> None:
    fact = CaseHandedOver(case_id=case.pk, actor_id=by.pk if by else None)
    record(case, Kind.HAND_OVER, fact, at=at, by=by)
    clockwork.stop(case, ClockKind.HAND_OVER, at=at)
    desks.done(case, "hand_over", at=at)
    steps.lay_out(case)
    steps.open_next(case, at=at)


@transaction.atomic
def refuse_acceptance(
    *,
    case_id: int,
    reason: str,
    explanation: str,
    where_to_go: str = "",
    by: Any,
    at: datetime,
    seen: int | None = None,
) -> Case:
    """不予受理, with a coded reason, where to apply instead, and the remedies, on a numbered paper (行政许可法 第三十二条、第三十八条的告知义务)."""
    case = lock(case_id, seen=seen)
    rules.serves(case, by, ACCEPT, timezone.localdate(at))
    clockwork.must_run(case, ClockKind.ACCEPTANCE, at=at)
    if reason not in REFUSAL_REASONS:
        raise Invalid(_("请选择不予受理的法定理由。"), fields={"reason": _("请选择理由。")})
    if not explanation.strip():
        raise Invalid(_("请写明不予受理的具体事实和理由。"), fields={"explanation": _("请写明具体理由。")})
    if reason == "not_competent" and not where_to_go.strip():
        raise Invalid(
            _("不属于本机关职权的，请告诉申请人应向哪个机关申请。"),
            fields={"where_to_go": _("请写明应向哪个机关申请。")},
        )
    fact = AcceptanceRefused(case_id=case.pk, reason=reason, actor_id=by.pk)
    record(case, Kind.REFUSE_ACCEPTANCE, fact, at=at, by=by, data={"reason": reason, "explanation": explanation})
    clockwork.stop_all(case, at=at)
    desks.clear(case, at=at)
    content = {
        "received_on": timezone.localdate(case.received_at or case.submitted_at or at),
        "reason_code": reason,
        "reason": f"{REFUSAL_REASONS[reason]}。{explanation.strip()}",
        "where_to_apply": where_to_go,
    }
    issue(case, "not_accepted", content, by=by, at=at)
    return case

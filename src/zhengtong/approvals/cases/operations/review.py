"""Work between hand-over and decision: opinions, returns, special procedures, extension, papers asked for in review."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import rules, slots
from zhengtong.approvals.cases.events import (
    CaseExtended,
    CaseResumed,
    CaseSuspended,
    ReviewSupplemented,
    ReviewSupplementRequested,
    StepCompleted,
    StepReturned,
)
from zhengtong.approvals.cases.models import (
    Case,
    ChecklistItem,
    Clock,
    DefectNotice,
    Extension,
    Paper,
    StepTask,
    Suspension,
)
from zhengtong.approvals.cases.operations import clockwork, desks, steps
from zhengtong.approvals.cases.operations.filing import on_behalf
from zhengtong.approvals.cases.operations.paperwork import issue, workdays_text
from zhengtong.approvals.cases.operations.recording import lock, record
from zhengtong.approvals.cases.refusals import CannotExtend, CannotNotify, CannotSuspend, CannotWorkOnStep
from zhengtong.approvals.cases.states import ClockKind, Kind
from zhengtong.approvals.matters.values import SpecialProcedure
from zhengtong.foundation.files.models import Attachment
from zhengtong.kernel.errors import Invalid, NotAllowed
from zhengtong.kernel.statements import Param, Statement
from zhengtong.security.pmi import public as pmi

_TASK = Statement(
    lambda: (
        StepTask.objects.select_related("organization")
        .only(
            *(f.name for f in StepTask._meta.concrete_fields),
            *(f"organization__{f}" for f in ("path", "name", "name_en")),
        )
        .filter(case=Param("case"), pk=Param("id"))
    )
)


def _task(case: Case, task_id: int) -> StepTask:
    task: StepTask | None = _TASK.first(case=case.pk, id=task_id)
    if task is None:
        raise CannotWorkOnStep(_("这个环节不属于本办件，请刷新页面。"))
    return task


@transaction.atomic
def complete_step(
    *, case_id: int, task_id: int, conclusion: str, opinion: str, by: Any, at: datetime, seen: int | None = None
) -> Case:
    """Sign an opinion on an open step; when the quorum is there the step is done, when its group is joined the next opens.

    The deciding step is not done here but by `decide`. Refuses persons without the role and a second duty on the case.
    """
    case = lock(case_id, seen=seen)
    task = _task(case, task_id)
    rules.arrow_exists(case, Kind.STEP_DONE)
    if task.kind == "decide":
        raise CannotWorkOnStep(_("这是决定环节，请使用“作出决定”。"))
    steps.lead_is_last(case, task)
    slots.ask(case, outcome="", by=by, at=at)
    done = steps.act(case, task, by=by, conclusion=conclusion, opinion=opinion, at=at)
    fact = StepCompleted(case_id=case.pk, task_id=task.pk, conclusion=conclusion, actor_id=by.pk) if done else None
    data = {"task": task.pk, "key": task.key, "conclusion": conclusion, "done": done}
    record(case, Kind.STEP_DONE, fact, at=at, by=by, data=data)
    if done and steps.finish(case, task, at=at):
        steps.open_next(case, at=at)
    return case


@transaction.atomic
def return_step(
    *, case_id: int, task_id: int, to_task_id: int, reason: str, by: Any, at: datetime, seen: int | None = None
) -> Case:
    """A later step sends the case back to an earlier one, with the reason; the promised clock keeps running."""
    case = lock(case_id, seen=seen)
    task, target = _task(case, task_id), _task(case, to_task_id)
    rules.works_on(task, by, timezone.localdate(at))
    if target.group_no >= task.group_no:
        raise CannotWorkOnStep(_("只能退回到更早的环节。"))
    if not reason.strip():
        raise Invalid(_("请写明退回原因，承办人据此修改。"), fields={"reason": _("请写明退回原因。")})
    steps.take_duty(case, by, pmi.ROLES[task.role].duty)
    fact = StepReturned(case_id=case.pk, task_id=task.pk, actor_id=by.pk)
    record(
        case,
        Kind.STEP_RETURN,
        fact,
        at=at,
        by=by,
        data={"task": task.pk, "to": target.pk, "again": steps.between(case, target, task), "reason": reason},
    )
    steps.send_back(case, task, target, at=at)
    steps.open_next(case, at=at)
    return case


def procedure_of(case: Case, kind: str, effect: str) -> SpecialProcedure | None:
    """The special procedure of this kind in the case's version, or None."""
    return next((p for p in case.elements.special_procedures if p.kind == kind and p.effect == effect), None)


def basis_text(procedure: SpecialProcedure) -> str:
    """《行政许可法》第四十五条, or 县级设定."""
    return f"《{procedure.basis.law}》{procedure.basis.article}" if procedure.basis.article else procedure.basis.law


@transaction.atomic
def suspend(
    *,
    case_id: int,
    kind: str,
    planned_workdays: int,
    reason: str,
    by: Any,
    at: datetime,
    evidence: Attachment | None = None,
    seen: int | None = None,
) -> Suspension:
    """Begin a special procedure of the matter today: the clocks it names pause, its own clock starts, the applicant is told in writing.

    Never back-dated: it begins on the day of `at`. Refuses kinds the matter does not know, more days than its limit, and a missing
    reason (行政许可法 第四十五条: the time needed must be told in writing).
    """
    case = lock(case_id, seen=seen)
    procedure = procedure_of(case, kind, "suspend")
    _check_suspend(case, procedure, planned_workdays, reason, by, at)
    assert procedure is not None
    today = timezone.localdate(at)
    suspension = Suspension(
        case=case,
        kind=kind,
        name=procedure.name,
        basis=basis_text(procedure),
        clocks=list(procedure.clocks),
        planned_workdays=planned_workdays,
        reason=reason.strip(),
        started_on=today,
        approved_by=by,
        evidence=evidence,
    )
    suspension.save(force_insert=True)
    own = clockwork.start(case, ClockKind.SUSPENSION, on=today, workdays=planned_workdays, suspension=suspension)
    suspension.paper = _suspension_paper(case, suspension, own.due_on, by=by, at=at)
    suspension.save(update_fields=["paper"])
    clockwork.reproject(case)
    fact = CaseSuspended(case_id=case.pk, suspension_id=suspension.pk, actor_id=by.pk)
    data = {
        "suspension": suspension.pk,
        "kind": kind,
        "start": str(today),
        "clocks": list(procedure.clocks),
        "days": planned_workdays,
    }
    record(case, Kind.SUSPEND, fact, at=at, by=by, data=data)
    return suspension


def _suspension_paper(case: Case, suspension: Suspension, ends_on: date | None, *, by: Any, at: datetime) -> Paper:
    content = {
        "accepted_on": timezone.localdate(case.accepted_at),
        "procedure": suspension.name,
        "legal_basis": (suspension.basis,),
        "reason": suspension.reason,
        "starts_on": suspension.started_on,
        "planned_limit": workdays_text(suspension.planned_workdays),
        "planned_end": ends_on,
        "clocks": ["法定办结时限" if c == "statutory" else "承诺办结时限" for c in suspension.clocks],
    }
    return issue(case, "special_procedure", content, by=by, at=at)


def _check_suspend(
    case: Case, procedure: SpecialProcedure | None, days: int, reason: str, by: Any, at: datetime
) -> None:
    rules.arrow_exists(case, Kind.SUSPEND)
    may_suspend(case, by, at)
    if procedure is None:
        raise CannotSuspend(_("本事项没有登记这种特别程序，不能据此暂停计时。"))
    if days < 1 or (procedure.max_workdays and days > procedure.max_workdays):
        raise CannotSuspend(
            _("“{name}”最多{n}个工作日，请改为1至{n}个工作日。").format(name=procedure.name, n=procedure.max_workdays)
        )
    if not reason.strip():
        raise Invalid(_("请写明开始特别程序的理由，理由会写入告知书。"), fields={"reason": _("请写明理由。")})


def may_suspend(case: Case, by: Any, at: datetime) -> None:
    """An officer of an open step, or one who may suspend at the body that owns the matter."""
    today = timezone.localdate(at)
    tasks = StepTask.objects.filter(case=case, state=StepTask.OPEN).select_related("organization")
    for task in tasks:
        if pmi.holds(by, task.role, organization=task.organization, on=today) and pmi.can(
            by, "cases.suspend", organization=task.organization, on=today
        ):
            return
    rules.at_department(case, by, "cases.suspend", today)


@transaction.atomic
def resume(
    *, case_id: int, result: str, by: Any, at: datetime, evidence: Attachment | None = None, seen: int | None = None
) -> Case:
    """End the special procedure today with its result; the clocks run again from tomorrow."""
    case = lock(case_id, seen=seen)
    rules.arrow_exists(case, Kind.RESUME)
    may_suspend(case, by, at)
    if not result.strip():
        raise Invalid(_("请写明特别程序的结果（如听证笔录、检测报告的结论）。"), fields={"result": _("请写明结果。")})
    suspension = case.suspensions.get(ended_on__isnull=True)
    suspension.ended_on, suspension.result = timezone.localdate(at), result.strip()
    suspension.evidence = evidence or suspension.evidence
    suspension.save(update_fields=["ended_on", "result", "evidence"])
    clockwork.stop(case, ClockKind.SUSPENSION, at=at)
    clockwork.reproject(case)
    desks.done(case, "suspension", at=at)
    fact = CaseResumed(case_id=case.pk, suspension_id=suspension.pk, actor_id=by.pk)
    record(case, Kind.RESUME, fact, at=at, by=by, data={"suspension": suspension.pk, "end": str(suspension.ended_on)})
    return case


@transaction.atomic
def extend(
    *, case_id: int, kind: str, workdays: int, reason: str, by: Any, at: datetime, seen: int | None = None
) -> Extension:
    """延长审批, once, by the head of the organ, with the reason told to the applicant (行政许可法 第四十二条第一款)."""
    case = lock(case_id, seen=seen)
    rules.arrow_exists(case, Kind.EXTEND)
    rules.at_department(case, by, "cases.extend", timezone.localdate(at))
    procedure = procedure_of(case, kind, "extend")
    if procedure is None:
        raise CannotExtend(_("本事项没有登记延长审批的依据，不能延长。"))
    if Extension.objects.filter(case=case).exists():
        raise CannotExtend(_("本办件已延长过一次，依法不能再次延长。"))
    if workdays < 1 or (procedure.max_workdays and workdays > procedure.max_workdays):
        raise CannotExtend(_("最多延长{n}个工作日，请改正。").format(n=procedure.max_workdays))
    if not reason.strip():
        raise Invalid(_("请写明延长期限的理由，理由会告知申请人。"), fields={"reason": _("请写明理由。")})
    running = Clock.objects.filter(case=case, stopped_at__isnull=True, kind__in=_extended(procedure))
    # An elapsed clock cannot be repaired after the fact.
    if running.filter(elapsed_at__isnull=False).exists():
        raise CannotExtend(_("期限已经届满，不能事后延长。"))
    before = statutory_due(case)
    running.update(extension_workdays=workdays)
    clockwork.reproject(case)
    content = {
        "accepted_on": timezone.localdate(case.accepted_at),
        "original_due": before or "",
        "added_limit": workdays_text(workdays),
        "new_due": statutory_due(case) or "",
        "reason": reason,
        "legal_basis": (basis_text(procedure),),
        "approved_by": by.display_name,
    }
    extension = Extension.objects.create(
        case=case,
        workdays=workdays,
        basis=basis_text(procedure),
        reason=reason.strip(),
        approved_by=by,
        approved_at=at,
        paper=issue(case, "extension", content, by=by, at=at),
    )
    fact = CaseExtended(case_id=case.pk, workdays=workdays, actor_id=by.pk)
    record(case, Kind.EXTEND, fact, at=at, by=by, data={"workdays": workdays, "clocks": _extended(procedure)})
    return extension


def statutory_due(case: Case) -> date | None:
    """The statutory due day of a running case; the promised one when the law sets none."""
    clock = Clock.objects.filter(case=case, kind=ClockKind.STATUTORY, stopped_at__isnull=True).first()
    return clock.due_on if clock else case.due_on


def _extended(procedure: SpecialProcedure) -> list[str]:
    names = {"statutory": ClockKind.STATUTORY.value, "promised": ClockKind.PROMISED.value}
    return [names[name] for name in procedure.clocks]


@transaction.atomic
def request_in_review(
    *, case_id: int, items: list[dict[str, str]], by: Any, at: datetime, seen: int | None = None
) -> DefectNotice:
    """Ask for papers during review. The clocks do not stop: only 行政许可法 第四十五条 stops them. Asked once at a time."""
    case = lock(case_id, seen=seen)
    rules.arrow_exists(case, Kind.REVIEW_SUPPLEMENT)
    officer_of_open_step(case, by, at)
    if not items or not all(item.get("name", "").strip() for item in items):
        raise CannotNotify(_("请逐项写明需要补交的材料名称和原因。"))
    if case.defect_notices.filter(in_review=True, answered_at__isnull=True).exists():
        raise CannotNotify(_("上一次审查补件还没有回复，请等申请人补交后再提。"))
    content = {
        "received_on": timezone.localdate(case.received_at),
        "defects": [
            {"material": i["name"], "problem": i.get("problem", "需补交"), "requirement": i.get("how") or "请补交"}
            for i in items
        ],
        "respond_by": case.due_on or "",
        "consequence": "补交期间办理时限照常计算。",
    }
    paper = issue(case, "review_supplement", content, by=by, at=at)
    items = _with_rows(case, items)
    notice = DefectNotice.objects.create(case=case, in_review=True, items=items, paper=paper, issued_at=at)
    fact = ReviewSupplementRequested(case_id=case.pk, notice_id=notice.pk, actor_id=by.pk)
    record(case, Kind.REVIEW_SUPPLEMENT, fact, at=at, by=by, data={"notice": notice.pk, "items": items})
    return notice


def _with_rows(case: Case, items: list[dict[str, str]]) -> list[dict[str, str]]:
    """The items with the number of the checklist row each is uploaded to; what the matter does not list gets a row of its own."""
    numbers = {row.name: row.material_no for row in case.checklist.all()}
    for name in (item["name"].strip() for item in items):
        if name not in numbers:
            numbers[name] = max(numbers.values(), default=0) + 1
            ChecklistItem.objects.create(case=case, material_no=numbers[name], name=name[:200])
    return [{**item, "no": str(numbers[item["name"].strip()])} for item in items]


def officer_of_open_step(case: Case, by: Any, at: datetime) -> None:
    """`by` holds the role of a step that is open now."""
    for task in StepTask.objects.filter(case=case, state=StepTask.OPEN).select_related("organization"):
        if pmi.holds(by, task.role, organization=task.organization, on=timezone.localdate(at)):
            return
    raise NotAllowed(_("只有正在办理本环节的人员可以要求补交材料。"))


@transaction.atomic
def answer_in_review(*, case_id: int, by: Any, at: datetime, seen: int | None = None) -> Case:
    """The applicant has handed in what was asked for during review."""
    case = lock(case_id, seen=seen)
    rules.arrow_exists(case, Kind.REVIEW_SUPPLEMENT_IN)
    rules.is_applicant(case, by, timezone.localdate(at))
    notice = case.defect_notices.filter(in_review=True, answered_at__isnull=True).order_by("-id").first()
    if notice is None:
        raise CannotNotify(_("没有等待补交的审查补件通知。"))
    notice.answered_at = at
    notice.save(update_fields=["answered_at"])
    fact = ReviewSupplemented(case_id=case.pk, notice_id=notice.pk, actor_id=by.pk, on_behalf_of=on_behalf(case))
    record(case, Kind.REVIEW_SUPPLEMENT_IN, fact, at=at, by=by, data={"notice": notice.pk})
    return case

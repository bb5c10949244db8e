"""The step graph of a case: laid out from its matter's version, opened group by group, joined by the mode of the group."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import rules
from zhengtong.approvals.cases.models import Case, DutyHolder, StepAct, StepTask
from zhengtong.approvals.cases.operations import clockwork, desks
from zhengtong.approvals.cases.refusals import CannotWorkOnStep
from zhengtong.approvals.cases.states import ClockKind
from zhengtong.approvals.matters.values import Step
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import statements
from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.statements import Param, Statement
from zhengtong.security.pmi import public as pmi

WORK = ("handle", "review", "consult", "decide")
"""Kinds of steps that are tasks of the graph; making and handing out the result follow the decision as events of their own."""


def lay_out(case: Case) -> None:
    """Make the tasks of the graph, all waiting."""
    tasks = [
        StepTask(
            case=case,
            group_no=group.no,
            mode=group.mode,
            key=step.key,
            name=step.name,
            name_en=step.name_en,
            kind=step.kind,
            role=step.role,
            lead=step.lead,
            organization=body_of(case, step),
            min_officers=step.min_officers,
            workdays=step.workdays,
        )
        for group in case.elements.steps
        for step in group.steps
        if step.kind in WORK
    ]
    StepTask.objects.bulk_create(tasks)


def body_of(case: Case, step: Step) -> Organization:
    """Who does a step: the body it names, the applicant's township for township steps, else the body that owns the matter."""
    if step.role == "township_officer" and case.township is not None:
        return case.township
    return organizations.get_by_code(step.department) if step.department else case.department


def open_next(case: Case, *, at: datetime) -> list[StepTask]:
    """Open the first group that still waits; its step clocks start, its to-dos appear. Empty when the graph is walked."""
    waiting = list(
        StepTask.objects.filter(case=case, state=StepTask.WAITING)
        .select_related("organization")
        .order_by("group_no", "id")
    )
    opened = [task for task in waiting if task.group_no == waiting[0].group_no] if waiting else []
    for task in opened:
        task.state, task.opened_at = StepTask.OPEN, at
        statements.update(task, "state", "opened_at")
        clock = clockwork.start(case, ClockKind.STEP, on=timezone.localdate(at), workdays=task.workdays, task=task)
        desks.for_task(case, task, due_on=clock.due_on, at=at)
    return opened


def act(case: Case, task: StepTask, *, by: Any, conclusion: str, opinion: str, at: datetime) -> bool:
    """Sign an opinion on a step; True when the step is done with it (quorum reached).

    The database refuses a second duty of the same person on the case; two officers are needed on site (行政许可法 第三十四条).
    """
    rules.works_on(task, by, timezone.localdate(at))
    if conclusion not in dict(StepAct.CONCLUSIONS):
        raise Invalid(_("请选择同意或不同意。"), fields={"conclusion": _("请选择。")})
    if not opinion.strip():
        raise Invalid(_("请填写办理意见。"), fields={"opinion": _("请填写办理意见。")})
    take_duty(case, by, pmi.ROLES[task.role].duty)
    round_no, signed = _signed(task)
    if by.pk in signed:
        raise CannotWorkOnStep(
            _("您已在这个环节签署过意见。本环节须{n}人办理，请由另一人签署。").format(n=task.min_officers)
        )
    act = StepAct(task=task, officer_id=by.pk, conclusion=conclusion, opinion=opinion.strip(), at=at, round=round_no)
    statements.insert(act)
    return len(signed) + 1 >= task.min_officers


_ACTS = Statement(
    lambda: StepAct.objects.filter(task=Param("task")).order_by("round").values_list("round", "officer_id", "at")
)


def _signed(task: StepTask) -> tuple[int, list[int]]:
    """The present round of signatures and who has signed in it; a step opened again collects its signatures anew."""
    acts = _ACTS.rows(task=task.pk)
    if not acts:
        return 1, []
    last = acts[-1][0]
    if task.opened_at and max(at for round_no, _officer, at in acts if round_no == last) < task.opened_at:
        return last + 1, []
    return last, [officer for round_no, officer, _at in acts if round_no == last]


def take_duty(case: Case, by: Any, duty: str) -> None:
    """Record the duty `by` has on the case from now on; refuses a second, different one."""
    if duty and not rules.duty_is_free(case, by, duty):
        statements.insert(DutyHolder(case=case, officer_id=by.pk, duty=duty))


_UNDONE = Statement(
    lambda: (
        StepTask.objects.filter(case=Param("case"), group_no=Param("group_no"))
        .exclude(state__in=(StepTask.DONE, StepTask.SKIPPED))
        .order_by()
        .values_list("pk")[:1]
    )
)


def finish(case: Case, task: StepTask, *, at: datetime) -> bool:
    """Close a step and join its group; True when the group is complete. `any`: the first closes the others unopened work."""
    _close(case, task, StepTask.DONE, at=at)
    if task.mode == "any" or (task.mode == "lead" and task.lead):
        for other in StepTask.objects.filter(case=case, group_no=task.group_no, state=StepTask.OPEN):
            _close(case, other, StepTask.SKIPPED, at=at)
        return True
    return task.mode == "single" or not _UNDONE.rows(case=case.pk, group_no=task.group_no)


def _close(case: Case, task: StepTask, state: str, *, at: datetime) -> None:
    task.state, task.done_at = state, at
    statements.update(task, "state", "done_at")
    clockwork.stop(case, ClockKind.STEP, at=at, task=task)
    desks.task_done(task, at=at)


def close_open(case: Case, *, at: datetime) -> None:
    """Close every open step: the case was decided or left the machine."""
    for task in StepTask.objects.filter(case=case, state=StepTask.OPEN):
        _close(case, task, StepTask.SKIPPED, at=at)


def between(case: Case, target: StepTask, task: StepTask) -> list[int]:
    """The ids of the steps from the target's group to the present one."""
    rows = StepTask.objects.filter(case=case, group_no__gte=target.group_no, group_no__lte=task.group_no)
    return list(rows.order_by("id").values_list("pk", flat=True))


def send_back(case: Case, task: StepTask, target: StepTask, *, at: datetime) -> None:
    """Set every step from the target's group to the present one back to waiting; earlier opinions stay on file."""
    again = StepTask.objects.filter(pk__in=between(case, target, task))
    for one in again:
        if one.state == StepTask.OPEN:
            clockwork.stop(case, ClockKind.STEP, at=at, task=one)
            desks.task_done(one, at=at)
    again.update(state=StepTask.WAITING, opened_at=None, done_at=None, claimed_by=None)


def lead_is_last(case: Case, task: StepTask) -> None:
    """In a `lead` group the lead concludes after the others have advised, or their time has run out."""
    if task.mode != "lead" or not task.lead:
        return
    open_others = StepTask.objects.filter(case=case, group_no=task.group_no, state=StepTask.OPEN).exclude(pk=task.pk)
    still_in_time = open_others.filter(
        clocks__kind=ClockKind.STEP, clocks__stopped_at__isnull=True, clocks__elapsed_at__isnull=True
    )
    if still_in_time.exists():
        names = "、".join(task.organization.name for task in still_in_time.select_related("organization"))
        raise CannotWorkOnStep(_("{names}的意见还在期限内，请等其回复后再由牵头单位作出结论。").format(names=names))

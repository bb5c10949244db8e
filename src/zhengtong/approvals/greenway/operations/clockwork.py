"""The joint clock of a stage: started, paused only where the whole is held up, extended once, projected anew with the calendar."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import critical, events, queries, recording, rules
from zhengtong.approvals.greenway.models import Branch, JointCase, JointClock, JointPause
from zhengtong.approvals.greenway.refusals import CannotExtendJoint
from zhengtong.approvals.greenway.states import BranchState, JointKind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import CalendarYearMissing, Invalid, ZhengtongError
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.kernel.legal_clock import due as due_of

log = logging.getLogger(__name__)
BATCH = 200


def close_of(day: date) -> datetime:
    """The moment a legal day closes."""
    return cases.close_of(day)


def _project(clock: JointClock, days: WorkingDays) -> None:
    clock.due_on = due_of(clock.budget(list(clock.pauses.select_related("branch").all())), days)
    clock.calendar_version = days.version
    if clock.elapsed_at is None and clock.stopped_at is None:
        clock.next_threshold_at = close_of(clock.due_on) if clock.due_on else None
    clock.save(update_fields=["due_on", "calendar_version", "next_threshold_at", "stopped_at", "extension_workdays"])


def start(joint: JointCase, *, on: date, at: datetime) -> JointClock:
    """Start the clock of a stage on the day of joint acceptance, with the limit of its template."""
    days = calendars.current()
    clock = JointClock(
        joint=joint, started_on=on, limit_workdays=joint.plan.limit_workdays, calendar_version=days.version
    )
    clock.due_on = due_of(clock.budget([]), days)
    clock.next_threshold_at = close_of(clock.due_on) if clock.due_on else None
    clock.save()
    publish(events.JointClockStarted, joint, at=at, clock_id=clock.pk)
    return clock


def publish(fact: Any, joint: JointCase, *, at: datetime, **more: Any) -> None:
    """Publish a fact about a stage."""
    from zhengtong.foundation.events import public as outbox

    outbox.publish(fact(project_id=joint.project_id, joint_id=joint.pk, **more), at=at)


def running(joint: JointCase) -> JointClock | None:
    """The running clock of a stage, locked; None before acceptance and after its end."""
    return JointClock.objects.select_for_update().filter(joint=joint, stopped_at__isnull=True).first()


def stop(joint: JointCase, *, at: datetime) -> None:
    """Every branch has ended."""
    clock = running(joint)
    if clock is None:
        return
    clock.pauses.filter(ended_on__isnull=True).update(ended_on=timezone.localdate(at))
    clock.stopped_at, clock.next_threshold_at = at, None
    clock.save(update_fields=["stopped_at", "next_threshold_at"])
    publish(events.JointClockStopped, joint, at=at, clock_id=clock.pk)


# --- special procedures of branches -------------------------------------------------------------------------------------


@transaction.atomic
def branch_suspended(*, branch_id: int, suspension: Any, at: datetime) -> JointPause | None:
    """A branch entered a special procedure: the joint clock stands still only from the day its slack is used up.

    The slack is taken from the critical path as it was the moment before; a branch on the critical set has none. Nothing is done
    twice for one procedure.
    """
    branch = recording.lock_branch(branch_id)
    if recording.can_move(branch, "suspend"):
        recording.move(branch, "suspend")
    clock = running(branch.joint)
    if clock is None or "promised" not in suspension.clocks:
        return None
    if JointPause.objects.filter(suspension_id=suspension.pk).exists():
        return None
    slack, why = _slack(branch, suspension)
    days = calendars.current()
    counts = slack < suspension.planned_workdays
    pause = JointPause.objects.create(
        clock=clock,
        branch=branch,
        suspension_id=suspension.pk,
        name=suspension.name,
        basis=suspension.basis,
        procedure_from=suspension.started_on,
        slack_workdays=slack,
        why=why,
        starts_on=days.nth_after(suspension.started_on, slack) if counts else None,
    )
    _project(clock, days)
    kind = JointKind.PAUSE if counts else JointKind.NO_PAUSE
    data = {"slack": slack, "planned": suspension.planned_workdays, "why": why, "suspension": suspension.pk}
    fact = events.JointClockChanged(
        project_id=branch.joint.project_id,
        joint_id=branch.joint_id,
        branch_id=branch.pk,
        clock_id=clock.pk,
        reason="paused" if counts else "not_critical",
    )
    recording.record(branch.joint.project, kind, fact, at=at, joint=branch.joint, branch=branch, data=data)
    return pause


def _slack(branch: Branch, suspension: Any) -> tuple[int, str]:
    """The working days the branch had to spare without this procedure, and the sentence for the ledger (Chinese, as papers are)."""
    found = queries.whole(branch.joint.project)
    today = suspension.started_on
    nodes = queries.stage_nodes(found, branch.joint, today=today)
    before = [_without(node, suspension) if node.key == branch.matter_key else node for node in nodes]
    placed = critical.path(before, found.days, today=today).placed[branch.matter_key]
    names = {one.matter_key: one.name for one in found.every()}
    with override("zh-hans"):
        if placed.critical:
            held = "、".join(names.get(key, key) for key in placed.holds_up)
            more = _("，后面等它的有：{names}").format(names=held) if held else ""
            return 0, _("在关键路径上，晚一天全部就晚一天{more}").format(more=more)
        sentence = ngettext(
            "不在关键路径上，有{n}个工作日余量，余量用完才暂停",
            "不在关键路径上，有{n}个工作日余量，余量用完才暂停",
            placed.slack,
        )
        return placed.slack, sentence.format(n=placed.slack)


def _without(node: critical.Node, suspension: Any) -> critical.Node:
    """The branch as it stood before the procedure."""
    kept = tuple(p for p in node.pauses if p.start != suspension.started_on)
    return critical.Node(node.key, node.workdays, node.start, node.finished, kept, node.after, node.tail)


@transaction.atomic
def branch_resumed(*, branch_id: int, suspension: Any, at: datetime) -> None:
    """The procedure ended: the joint clock runs again; one that overran the slack takes off exactly the days beyond it."""
    branch = recording.lock_branch(branch_id)
    if recording.can_move(branch, "resume"):
        recording.move(branch, "resume")
    pause = (
        JointPause.objects.select_related("clock").filter(suspension_id=suspension.pk, ended_on__isnull=True).first()
    )
    if pause is None or suspension.ended_on is None or pause.clock.stopped_at is not None:
        return
    days = calendars.current()
    pause.starts_on = days.nth_after(pause.procedure_from, pause.slack_workdays)
    pause.ended_on = suspension.ended_on
    pause.save(update_fields=["starts_on", "ended_on"])
    clock = JointClock.objects.select_for_update().get(pk=pause.clock_id)
    _project(clock, days)
    fact = events.JointClockChanged(
        project_id=branch.joint.project_id,
        joint_id=branch.joint_id,
        branch_id=branch.pk,
        clock_id=clock.pk,
        reason="resumed",
    )
    data = {"suspension": suspension.pk, "due_on": str(clock.due_on)}
    recording.record(branch.joint.project, JointKind.RESUME, fact, at=at, joint=branch.joint, branch=branch, data=data)


# --- extension ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def extend(*, joint_id: int, workdays: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> JointClock:
    """Once, by the head of the county government, before the period is over, with the reason told (行政许可法 第四十二条第二款)."""
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.extends(joint, by, timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.EXTEND)
    clock, most = running(joint), joint.plan.extension_workdays
    if clock is None:
        raise CannotExtendJoint(_("联合时限没有在计时，不能延长。"))
    if clock.extension_workdays:
        raise CannotExtendJoint(_("联合办理期限已延长过一次，依法不能再次延长。"))
    if clock.elapsed_at is not None or (clock.next_threshold_at and clock.next_threshold_at <= at):
        raise CannotExtendJoint(_("联合办理期限已经届满，不能事后延长。"))
    if not 1 <= workdays <= most:
        problem = _("最多延长{n}个工作日，请改正。").format(n=most)
        raise Invalid(problem, fields={"workdays": problem})
    if not reason.strip():
        raise Invalid(_("请写明延长的理由，理由会告知申请人。"), fields={"reason": _("请写明理由。")})
    before = clock.due_on
    clock.extension_workdays, clock.extension_reason = workdays, reason.strip()
    clock.extended_by, clock.extended_at = by, at
    _project(clock, calendars.current())
    clock.extension_paper = _extension_paper(joint, clock, before, by=by, at=at)
    clock.save(update_fields=["extension_reason", "extended_by", "extended_at", "extension_paper"])
    fact = events.JointClockChanged(
        project_id=joint.project_id, joint_id=joint.pk, clock_id=clock.pk, reason="extended", actor_id=by.pk
    )
    data = {"workdays": workdays, "reason": reason.strip(), "due_on": str(clock.due_on)}
    recording.record(joint.project, JointKind.EXTEND, fact, at=at, by=by, joint=joint, data=data)
    return clock


def _extension_paper(joint: JointCase, clock: JointClock, before: date | None, *, by: Any, at: datetime) -> Any:
    from zhengtong.approvals.greenway.operations.finishing import case_of_lead

    case = case_of_lead(joint)
    if case is None:
        return None
    content = {
        "title": "延长联合办理期限告知书",
        "matter_name": f"{joint.project.name}（{joint.plan.name}）",
        "accepted_on": clock.started_on,
        "original_due": before or "暂停计时",
        "added_limit": f"{clock.extension_workdays}个工作日",
        "new_due": clock.due_on or "恢复计时后确定",
        "reason": clock.extension_reason,
        "legal_basis": (joint.plan.extension_basis,),
        "approved_by": by.display_name,
    }
    return cases.issue_paper(case_id=case, kind="extension", content=content, by=by, organization=joint.lead, at=at)


# --- time ---------------------------------------------------------------------------------------------------------------


def fire(*, now: datetime) -> int:
    """Record joint clocks that ran out and departments that did not sign, each at its true threshold; how many."""
    done = 0
    due = JointClock.objects.filter(stopped_at__isnull=True, next_threshold_at__lte=now).order_by("next_threshold_at")
    for joint_id in list(due.values_list("joint_id", flat=True)[:BATCH]):
        done += _safely(_elapse, joint_id, now)
    unsigned = Branch.objects.filter(signed_at__isnull=True, sign_threshold_at__lte=now).order_by("sign_threshold_at")
    for branch_id in list(unsigned.values_list("pk", flat=True)[:BATCH]):
        done += _safely(_unsigned, branch_id, now)
    return done


def _safely(act: Any, key: int, now: datetime) -> int:
    try:
        return int(act(key, now=now))
    except ZhengtongError as refusal:  # one project must not hold up the others
        log.error("joint clock could not fire", extra={"key": key, "code": refusal.code})
        return 0


@transaction.atomic
def _elapse(joint_id: int, *, now: datetime) -> int:
    joint = recording.lock_joint(joint_id)
    clock = running(joint)
    if clock is None or clock.next_threshold_at is None or clock.next_threshold_at > now:
        return 0
    at, clock.next_threshold_at = clock.next_threshold_at, None
    clock.elapsed_at = at
    clock.save(update_fields=["elapsed_at", "next_threshold_at"])
    fact = events.JointClockElapsed(project_id=joint.project_id, joint_id=joint.pk, clock_id=clock.pk)
    recording.record(joint.project, JointKind.ELAPSED, fact, at=at, joint=joint, data={"due_on": str(clock.due_on)})
    return 1


@transaction.atomic
def _unsigned(branch_id: int, *, now: datetime) -> int:
    """Silence is escalated, never taken for consent: the head of the department and the lead get a to-do."""
    from zhengtong.approvals.greenway.operations import desks

    branch = recording.lock_branch(branch_id)
    at = branch.sign_threshold_at
    if branch.signed_at is not None or at is None or at > now:
        return 0
    branch.sign_threshold_at = None
    branch.save(update_fields=["sign_threshold_at"])
    if branch.state != BranchState.DISPATCHED:
        return 0
    desks.escalate(branch, "unsigned", at=at)
    fact = events.BranchUnsigned(
        project_id=branch.joint.project_id,
        joint_id=branch.joint_id,
        branch_id=branch.pk,
        department_id=branch.department_id,
    )
    data = {"sign_due_on": str(branch.sign_due_on)}
    recording.record(
        branch.joint.project, JointKind.UNSIGNED, fact, at=at, joint=branch.joint, branch=branch, data=data
    )
    return 1


def reproject_all(*, at: datetime, by: int | None = None) -> int:
    """Derive every running joint clock and every signing day from the calendar in force; how many due days moved.

    What the change pushes into a year without a calendar keeps its day and holds up nothing else.
    """
    days, moved = calendars.current(), 0
    waiting = JointClock.objects.filter(stopped_at__isnull=True, calendar_version__lt=days.version)
    for joint_id in list(waiting.values_list("joint_id", flat=True)):
        with _keeps_its_day(joint=joint_id):
            moved += _reproject(joint_id, days, at=at, by=by)
    for branch_id in list(Branch.objects.filter(sign_threshold_at__isnull=False).values_list("pk", flat=True)):
        with _keeps_its_day(branch=branch_id), transaction.atomic():
            branch = recording.lock_branch(branch_id)
            if branch.sign_threshold_at and branch.dispatched_at:
                sign_by(branch, timezone.localdate(branch.dispatched_at), days)
                branch.save(update_fields=["sign_due_on", "sign_threshold_at"])
    return moved


@contextmanager
def _keeps_its_day(**what: int) -> Iterator[None]:
    try:
        yield
    except CalendarYearMissing as error:
        log.warning("a day could not be counted anew", extra={**what, "year": error.year})


@transaction.atomic
def _reproject(joint_id: int, days: WorkingDays, *, at: datetime, by: int | None) -> int:
    joint = recording.lock_joint(joint_id)
    clock = running(joint)
    if clock is None:
        return 0
    before = clock.due_on
    for pause in clock.pauses.filter(starts_on__isnull=False):
        pause.starts_on = days.nth_after(pause.procedure_from, pause.slack_workdays)
        pause.save(update_fields=["starts_on"])
    _project(clock, days)
    if clock.due_on == before:
        return 0
    fact = events.JointClockChanged(
        project_id=joint.project_id, joint_id=joint.pk, clock_id=clock.pk, reason="calendar", actor_id=by
    )
    data = {"calendar_version": days.version, "due_on": str(clock.due_on)}
    recording.record(joint.project, JointKind.REPROJECT, fact, at=at, joint=joint, data=data)
    return 1


def sign_by(branch: Branch, dispatched_on: date, days: WorkingDays) -> None:
    """The day by which a department signs for what was handed to it."""
    branch.sign_due_on = days.nth_after(dispatched_on, settings.BRANCH_SIGN_WORKDAYS)
    branch.sign_threshold_at = close_of(branch.sign_due_on)

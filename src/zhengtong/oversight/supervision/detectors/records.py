"""What the record says of itself: order, completeness, when it was written."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone

from zhengtong.approvals.cases.states import Kind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.oversight.supervision.detectors.facts import CaseFacts
from zhengtong.oversight.supervision.detectors.process import DECISIONS
from zhengtong.oversight.supervision.values import Finding

WORK = ("handle", "review", "consult", "decide")
INSTANT = "1"
"""办件类型 即办件: such a case is meant to be over in minutes."""


def accepted_after_decision(facts: CaseFacts) -> Iterator[Finding]:
    """I-07: 受理晚于办结."""
    case = facts.case
    if case.accepted_at and case.decided_at and case.accepted_at > case.decided_at:
        times = {"accepted_at": case.accepted_at.isoformat(), "decided_at": case.decided_at.isoformat()}
        yield Finding("I-07", case.decided_at, times)


def ended_before_begun(facts: CaseFacts) -> Iterator[Finding]:
    """I-08: 特别程序结果早于申请, to the minute."""
    begun = {event.data.get("suspension"): event for event in facts.events(Kind.SUSPEND)}
    for end in facts.events(Kind.RESUME):
        start = begun.get(end.data.get("suspension"))
        if start is not None and end.effective_at < start.effective_at:
            times = {"start": start.effective_at.isoformat(), "end": end.effective_at.isoformat()}
            yield Finding("I-08", end.recorded_at, times, mark=str(end.seq))


def steps_differ(facts: CaseFacts) -> Iterator[Finding]:
    """I-09: 环节数与定义不符: the steps of the case against those of the version it was begun with."""
    event = facts.last(*DECISIONS)
    if event is None:
        return
    defined = sorted(step.key for step in facts.elements.flat_steps() if step.kind in WORK)
    walked = sorted(task.key for task in facts.tasks)
    if defined != walked:
        yield Finding("I-09", event.effective_at, {"defined": defined, "walked": walked})


def steps_out_of_order(facts: CaseFacts) -> Iterator[Finding]:
    """I-10: 后环节早于前环节: a group that was done before the one it follows."""
    done: dict[int, list[Any]] = {}
    for task in facts.tasks:
        if task.done_at:
            done.setdefault(task.group_no, []).append(task)
    for before, after in pairwise(sorted(done)):
        last = max(done[before], key=lambda task: task.done_at)
        first = min(done[after], key=lambda task: task.done_at)
        if first.done_at < last.done_at:
            told = {"before": [last.name, last.done_at.isoformat()], "after": [first.name, first.done_at.isoformat()]}
            yield Finding("I-10", first.done_at, told, mark=first.key)


def recorded_afterwards(facts: CaseFacts) -> Iterator[Finding]:
    """S-07: 体外循环. Filed after it was decided, or several steps from acceptance to decision typed in within `value` minutes."""
    decided, filed = facts.last(*DECISIONS), facts.last(Kind.SUBMIT)
    accepted = facts.last(Kind.ACCEPT, Kind.DEEM_ACCEPT)
    if decided is None:
        return
    if filed is not None and filed.recorded_at > decided.effective_at:
        told = {"decided_at": decided.effective_at.isoformat(), "filed_recorded_at": filed.recorded_at.isoformat()}
        yield Finding("S-07", filed.recorded_at, told, mark="filed")
        return
    minutes = facts.values.get("S-07", 10)
    groups = {task.group_no for task in facts.tasks}
    if accepted is None or facts.elements.handling_type == INSTANT or len(groups) < 2:
        return
    took = decided.recorded_at - accepted.recorded_at
    if took <= timedelta(minutes=minutes):
        took_words: dict[str, Any] = {"minutes": round(took.total_seconds() / 60, 1), "steps": len(facts.tasks)}
        yield Finding("S-07", decided.effective_at, took_words, mark="at once")


def late_or_backwards(facts: CaseFacts) -> Iterator[Finding]:
    """S-16: 数据补录, 时间倒挂. A person's act written down `value` working days later or more, or dated before the act it follows.

    What the system records by itself is dated at its own threshold and is no entry of anybody.
    """
    days, value = calendars.current(), max(facts.values.get("S-16", 1), 1)
    latest = None
    for event in facts.log:
        if event.actor_id is None:
            continue
        happened, written = timezone.localdate(event.effective_at), timezone.localdate(event.recorded_at)
        if days.count(happened, written) >= value:
            told = {"event": event.kind, "happened": str(happened), "written": str(written)}
            yield Finding("S-16", event.recorded_at, told, mark=f"late{event.seq}")
        if latest is not None and event.effective_at < latest.effective_at:
            told = {"event": event.kind, "at": event.effective_at.isoformat(), "after": latest.effective_at.isoformat()}
            yield Finding("S-16", event.recorded_at, told, mark=f"back{event.seq}")
        latest = event if latest is None or event.effective_at > latest.effective_at else latest

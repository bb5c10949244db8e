"""The critical path over working days: when each branch can end, how many days it has to spare, what the whole waits for.

Pure: branches, working days and "today" are passed in. A branch ends when its own promise is over; a branch that waits for others is
reviewed meanwhile and ends at the earliest `tail` working days after the last of them. Critical is who has no day to spare: one day
more for it is one day more for the whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.legal_clock import Budget, Pause, WorkingDays, due


@dataclass(frozen=True)
class Node:
    """A branch as the path sees it. `start` None: it begins today at the earliest; `finished`: it has ended on that day.

    `after`: what it waits for; unknown keys and branches that do not apply are met already and left out by the caller.
    """

    key: str
    workdays: int
    start: date | None = None
    finished: date | None = None
    pauses: tuple[Pause, ...] = ()
    after: tuple[str, ...] = ()
    tail: int = 1


@dataclass(frozen=True)
class Placed:
    """A branch with its place in time. `ends_on` is projected unless it has ended; `slack` in working days."""

    key: str
    starts_on: date
    ends_on: date
    slack: int
    critical: bool
    waits_for: tuple[str, ...]
    holds_up: tuple[str, ...]


@dataclass(frozen=True)
class Path:
    """Every branch with its place, the day on which the whole can end, and the keys without a day to spare, in order of time."""

    placed: Mapping[str, Placed]
    ends_on: date
    critical: tuple[str, ...]


def path(nodes: Sequence[Node], days: WorkingDays, *, today: date) -> Path:
    """Place every branch. Raises `Invalid` for a circle, `CalendarYearMissing` rather than guess."""
    by_key = {node.key: node for node in nodes}
    after = {node.key: tuple(key for key in node.after if key in by_key) for node in nodes}
    order = _in_order(after)
    starts, ends = _forward([by_key[key] for key in order], after, days, today)
    whole = max(ends.values(), default=today)
    followers: dict[str, list[str]] = {key: [] for key in by_key}
    for key in order:
        for before in after[key]:
            followers[before].append(key)
    latest = _backward(order, by_key, followers, ends, whole, days)
    placed = {}
    for key in order:
        node = by_key[key]
        slack = 0 if node.finished else max(days.count(ends[key], latest[key]), 0)
        open_ones = tuple(k for k in after[key] if by_key[k].finished is None)
        placed[key] = Placed(
            key=key,
            starts_on=starts[key],
            ends_on=ends[key],
            slack=slack,
            critical=node.finished is None and slack == 0,
            waits_for=() if node.finished else open_ones,
            holds_up=tuple(k for k in followers[key] if by_key[k].finished is None) if node.finished is None else (),
        )
    critical = tuple(sorted((k for k in order if placed[k].critical), key=lambda k: (ends[k], order.index(k))))
    return Path(placed, whole, critical)


def _in_order(after: Mapping[str, Iterable[str]]) -> list[str]:
    found: list[str] = []
    done: set[str] = set()
    left = dict(after)
    while left:
        ready = [key for key, before in left.items() if all(k in done for k in before)]
        if not ready:
            raise Invalid(_("事项的前置关系成环，无法计算关键路径：{keys}。").format(keys="、".join(left)))
        for key in ready:
            found.append(key)
            done.add(key)
            del left[key]
    return found


def _forward(
    nodes: Sequence[Node], after: Mapping[str, Sequence[str]], days: WorkingDays, today: date
) -> tuple[dict[str, date], dict[str, date]]:
    starts: dict[str, date] = {}
    ends: dict[str, date] = {}
    for node in nodes:
        starts[node.key] = node.start or (node.finished and min(node.finished, today)) or today
        if node.finished:
            ends[node.key] = node.finished
            continue
        end = max(_own_end(node, starts[node.key], days, today), today)
        met = max((ends[key] for key in after[node.key]), default=None)
        if met is not None:
            end = max(end, days.nth_after(met, node.tail))
        ends[node.key] = end
    return starts, ends


def _own_end(node: Node, start: date, days: WorkingDays, today: date) -> date:
    """The end of the branch's own promise; a special procedure still running is taken to end today."""
    pauses = tuple(
        Pause(p.start, p.end if p.end is not None else max(today, p.start)) for p in node.pauses if p.start >= start
    )
    found = due(Budget(start, node.workdays, pauses), days)
    assert found is not None  # no pause is open
    return found


def _backward(
    order: Sequence[str],
    by_key: Mapping[str, Node],
    followers: Mapping[str, Sequence[str]],
    ends: Mapping[str, date],
    whole: date,
    days: WorkingDays,
) -> dict[str, date]:
    latest: dict[str, date] = {}
    for key in reversed(order):
        limits = [
            days.back_from(_workday_at_or_before(latest[k], days), by_key[k].tail)
            for k in followers[key]
            if by_key[k].finished is None
        ]
        latest[key] = max(min([whole, *limits]), ends[key])
    return latest


def _workday_at_or_before(day: date, days: WorkingDays) -> date:
    while not days.is_workday(day):
        day = date.fromordinal(day.toordinal() - 1)
    return day


def with_pause(nodes: Sequence[Node], key: str, pause: Pause) -> list[Node]:
    """The same branches, one with a further pause (to ask what it would do to the whole)."""
    return [
        Node(n.key, n.workdays, n.start, n.finished, (*n.pauses, pause), n.after, n.tail) if n.key == key else n
        for n in nodes
    ]

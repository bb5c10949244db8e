"""Where a rule's threshold lies on a limit: pure arithmetic on the legal clock, no database, no time of day.

Every threshold is the close of a whole working day. The product whose rules the profile `hunan-kc-2018` follows measures working
seconds and rounds them, so that its warning of two days comes with almost three left and its card for one day over one second past
the limit. Here the words mean what they say:

    left 2      at the close of the day after which two whole working days are left
    overdue 0   at the close of the last day: the limit is exceeded
    overdue 1   at the close of the first working day after it: one whole working day over
    percent 90  at the close of the last day by which no more than 90 % of the days are used (rounded down: early, never late)

Days of a special procedure count by their **actual** length, never by the length applied for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from zhengtong.approvals.cases.public import close_of
from zhengtong.kernel.legal_clock import Budget, WorkingDays, due
from zhengtong.oversight.supervision.states import Mode
from zhengtong.oversight.supervision.values import Watched


@dataclass(frozen=True)
class Threshold:
    """When a rule is broken by a clock. `total` is the length of the limit it belongs to: a longer limit is looked at anew."""

    at: datetime
    total: int


def used_days(mode: str, value: int, total: int) -> int | None:
    """How many counted working days a threshold lies after the start; None when the limit is shorter than that."""
    if mode == Mode.LEFT:
        return total - value if total >= value else None
    if mode == Mode.PERCENT:
        return total * value // 100
    return total + value if mode == Mode.OVERDUE else None


def at_of(budget: Budget, mode: str, value: int, days: WorkingDays) -> datetime | None:
    """The moment of a threshold; None while the clock stands still before it, or when there is none."""
    needed = used_days(mode, value, budget.total)
    if needed is None:
        return None
    day = due(Budget(budget.start, needed, budget.pauses), days)
    return close_of(day) if day else None


def thresholds(watched: Watched, mode: str, value: int, days: WorkingDays) -> list[Threshold]:
    """The moments at which a rule is broken, in order.

    Two when the limit was extended after the shorter one had already come to its threshold: an extension granted later takes nothing
    back that was true before it.
    """
    budget = watched.budget
    found = []
    if budget.extension and watched.extended_at:
        before = at_of(Budget(budget.start, budget.limit, budget.pauses), mode, value, days)
        if before is not None and before <= watched.extended_at:
            found.append(Threshold(before, budget.limit))
    whole = at_of(budget, mode, value, days)
    if whole is not None:
        found.append(Threshold(whole, budget.total))
    return found


def first_after(moments: Iterable[datetime], now: datetime | None) -> datetime | None:
    """The earliest moment after `now` (None: of all)."""
    return min((at for at in moments if now is None or at > now), default=None)

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
from zhengtong.kernel.errors import CalendarYearMissing
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


Missing = list[CalendarYearMissing]
"""Collects why moments are not known yet: they lie in a year to come that has no calendar."""


def is_ahead(error: CalendarYearMissing, days: WorkingDays) -> bool:
    """The year without data comes after all that have some: a moment in it is not known yet. One before them is a fault."""
    return error.year > max(days.years, default=0)


def _known(budget: Budget, mode: str, value: int, days: WorkingDays, missing: Missing | None) -> datetime | None:
    try:
        return at_of(budget, mode, value, days)
    except CalendarYearMissing as error:
        if missing is None or not is_ahead(error, days):
            raise
        missing.append(error)
        return None


def thresholds(
    watched: Watched, mode: str, value: int, days: WorkingDays, missing: Missing | None = None
) -> list[Threshold]:
    """The moments at which a rule is broken, in order.

    Two when the limit was extended after the shorter one had already come to its threshold: an extension granted later takes nothing
    back that was true before it. With `missing`, a moment in a year to come without a calendar is left out and the reason put there;
    without it, `CalendarYearMissing` is raised.
    """
    if watched.unknown is not None:
        if missing is None:
            raise watched.unknown
        missing.append(watched.unknown)
        return []
    budget = watched.budget
    found = []
    if budget.extension and watched.extended_at:
        before = _known(Budget(budget.start, budget.limit, budget.pauses), mode, value, days, missing)
        if before is not None and before <= watched.extended_at:
            found.append(Threshold(before, budget.limit))
    whole = _known(budget, mode, value, days, missing)
    if whole is not None:
        found.append(Threshold(whole, budget.total))
    return found


def first_after(moments: Iterable[datetime], now: datetime | None) -> datetime | None:
    """The earliest moment after `now` (None: of all)."""
    return min((at for at in moments if now is None or at > now), default=None)

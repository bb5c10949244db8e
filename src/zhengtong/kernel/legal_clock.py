"""The legal clock: a budget and a ledger, never a stored counter.

Rule (domain reading of 行政许可法 第四十二条、第八十二条 and by analogy 民法典 第二百零一条): the first day is not
counted; a working day D counts when D > start and D lies in no suspension (s, e]; the clock is due at the close of the
n-th counted day.
Nothing here reads a database or the time of day: the working days, the facts and "today" are passed in.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import CalendarYearMissing, Invalid


def _weekday(day: date) -> str:
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[day.weekday()]


@dataclass(frozen=True)
class DayException:
    """A day unlike its week: `workday` true for a make-up day, false for a holiday; `name` as in the notice."""

    workday: bool
    name: str
    kind: str = ""


class WorkingDays:
    """Working days of whole years, built once per calendar version and then only read.

    `exceptions` maps years to {date: DayException}; a year that is not a key has no data, and any question that needs
    it raises `CalendarYearMissing`.
    """

    def __init__(self, exceptions: Mapping[int, Mapping[date, DayException]], *, version: int = 0) -> None:
        self.version = version
        self.years = frozenset(exceptions)
        self._exceptions = {day: info for days in exceptions.values() for day, info in days.items()}
        ordinals: list[int] = []
        for year in sorted(exceptions):
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            for ordinal in range(first, last + 1):
                info = self._exceptions.get(date.fromordinal(ordinal))
                if info.workday if info else (ordinal - 1) % 7 < 5:
                    ordinals.append(ordinal)
        self._ordinals = ordinals

    def _demand(self, day: date) -> None:
        if day.year not in self.years:
            raise CalendarYearMissing(
                _(
                    "{year}年的工作日历还没有数据，期限无法计算。"
                    "请由县政务服务管理部门在“工作日历”中录入{year}年放假安排后再办理。"
                ).format(year=day.year),
                year=day.year,
            )

    def is_workday(self, day: date) -> bool:
        """True when `day` is a working day. Raises `CalendarYearMissing`."""
        self._demand(day)
        at = bisect_left(self._ordinals, day.toordinal())
        return at < len(self._ordinals) and self._ordinals[at] == day.toordinal()

    def exception(self, day: date) -> DayException | None:
        """Why `day` differs from an ordinary week, or None."""
        return self._exceptions.get(day)

    def count(self, after: date, until: date) -> int:
        """Working days D with after < D <= until. Raises `CalendarYearMissing` for a year between them without data."""
        if until <= after:
            return 0
        self._demand_years(after + timedelta(days=1), until)
        return bisect_right(self._ordinals, until.toordinal()) - bisect_right(self._ordinals, after.toordinal())

    def _demand_years(self, first: date, last: date) -> None:
        for year in range(first.year, last.year + 1):
            self._demand(date(year, 1, 1))

    def nth_after(self, start: date, n: int) -> date:
        """The n-th working day after `start` (n ≥ 0; 0 gives `start` itself). Raises `CalendarYearMissing`."""
        if n == 0:
            return start
        following = date.fromordinal(min(start.toordinal() + 1, date.max.toordinal()))
        self._demand(following)
        at = bisect_right(self._ordinals, start.toordinal()) + n - 1
        if at >= len(self._ordinals):
            self._demand(date(max(self.years) + 1, 1, 1))
        found = date.fromordinal(self._ordinals[at])
        self._demand_years(following, found)
        return found

    def back_from(self, due: date, n: int) -> date:
        """The working day that lies n working days before `due` (for thresholds such as 剩余2个工作日).

        0 gives `due` itself. Raises `CalendarYearMissing`.
        """
        if n == 0:
            return due
        self._demand(due)
        at = bisect_left(self._ordinals, due.toordinal()) - n
        if at < 0:
            self._demand(date(min(self.years) - 1, 12, 31))
        found = date.fromordinal(self._ordinals[at])
        self._demand_years(found, due)
        return found


@dataclass(frozen=True)
class Pause:
    """A suspension (s, e]: the day it begins still counts, the days after it up to and including `end` do not.

    `end` None: still running. `reason` and `basis` are for the ledger.
    """

    start: date
    end: date | None = None
    reason: str = ""
    basis: str = ""


@dataclass(frozen=True)
class Budget:
    """Facts a due day is derived from: start day, limit in working days, pauses, days added by extension."""

    start: date
    limit: int
    pauses: tuple[Pause, ...] = ()
    extension: int = 0

    def __post_init__(self) -> None:
        if self.limit < 0 or self.extension < 0:
            raise Invalid(_("办理时限和延长天数不能为负数。"))
        for pause in self.pauses:
            if pause.end is not None and pause.end < pause.start:
                raise Invalid(_("暂停的结束日期早于开始日期，请改正。"))
            if pause.start < self.start:
                raise Invalid(_("暂停不能早于时限开始的日期，请改正。"))

    @property
    def total(self) -> int:
        """Limit and extension together, in working days."""
        return self.limit + self.extension

    @property
    def paused(self) -> bool:
        """True while a pause has no end."""
        return any(pause.end is None for pause in self.pauses)


@dataclass(frozen=True)
class LedgerDay:
    """One day of the ledger. `number`: the count reached; `why` says in words why the day counts or does not."""

    day: date
    counts: bool
    number: int
    why: str
    kind: str
    basis: str = ""


@dataclass(frozen=True)
class Ledger:
    """The explanation of a due day, day by day. `due` None while a pause is open."""

    budget: Budget
    due: date | None
    days: tuple[LedgerDay, ...]
    calendar_version: int
    used: int = 0
    remaining: int = field(default=0)


def merged(pauses: Iterable[Pause]) -> list[tuple[date, date | None]]:
    """Pauses as disjoint (s, e] intervals in order, so that overlapping ones never count twice."""
    result: list[tuple[date, date | None]] = []
    for start, end in sorted(((p.start, p.end) for p in pauses), key=lambda pair: (pair[0], pair[1] or date.max)):
        if result and (result[-1][1] is None or start <= result[-1][1]):
            last_start, last_end = result[-1]
            result[-1] = (last_start, None if last_end is None or end is None else max(last_end, end))
        else:
            result.append((start, end))
    return result


def due(budget: Budget, days: WorkingDays) -> date | None:
    """The due day: the close of the n-th counted working day; None when an open pause stops the clock before it.

    Raises `CalendarYearMissing`; while paused only the days up to the pause need data.
    """
    counting_from, left = budget.start, budget.total
    for start, end in merged(budget.pauses):
        counted = days.count(counting_from, start)
        if counted >= left:
            break
        if end is None:
            return None
        counting_from, left = end, left - counted
    return days.nth_after(counting_from, left)


def end_moved(old: date, new: date, *, today: date) -> date:
    """The last day of a period that ended with `old`, when a changed calendar counts it to `new`.

    What has ended already is never made shorter, and nothing ends by a change before the day on which it was made: nobody lost a right,
    or was late, by a day that was entered afterwards.
    """
    return max(old, new) if old < today else max(new, today)


def used(budget: Budget, days: WorkingDays, today: date) -> int:
    """Counted working days up to and including `today`."""
    if today <= budget.start:
        return 0
    paused = sum(
        days.count(max(s, budget.start), min(e or today, today)) for s, e in merged(budget.pauses) if s < today
    )
    return days.count(budget.start, today) - paused


def remaining(budget: Budget, days: WorkingDays, today: date) -> int:
    """Working days left after `today`; negative when overdue."""
    return budget.total - used(budget, days, today)


def threshold(budget: Budget, days: WorkingDays, left: int) -> date | None:
    """The day on which `left` working days remain (for warnings); None while paused or when the budget is shorter."""
    if budget.total < left:
        return None
    return due(Budget(budget.start, budget.total - left, budget.pauses), days)


def ledger(budget: Budget, days: WorkingDays, *, today: date | None = None) -> Ledger:
    """Every day from the start to the due day (or to `today` while paused) with the reason it counts or not."""
    due_day = due(budget, days)
    last = due_day or max(today or budget.start, max(p.start for p in budget.pauses))
    rows = [LedgerDay(budget.start, False, 0, _("起算当日不计入"), "start")]
    number = 0
    for ordinal in range(budget.start.toordinal() + 1, last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        row = _ledger_day(day, number, budget.pauses, days)
        number = row.number
        rows.append(row)
    used_days = used(budget, days, min(today, last) if today else last)
    left = remaining(budget, days, today) if today else budget.total - used_days
    return Ledger(budget, due_day, tuple(rows), days.version, used_days, left)


def _ledger_day(day: date, number: int, pauses: Sequence[Pause], days: WorkingDays) -> LedgerDay:
    info = days.exception(day)
    if not days.is_workday(day):
        name = info.name if info else _weekday(day)
        return LedgerDay(day, False, number, name, "holiday" if info else "weekend")
    for pause in pauses:
        if pause.start < day and (pause.end is None or day <= pause.end):
            return LedgerDay(day, False, number, pause.reason or _("暂停计时"), "pause", pause.basis)
    why = _("{name}调休上班").format(name=_(info.name)) if info else _("工作日")
    return LedgerDay(day, True, number + 1, why, "makeup" if info else "workday")

"""The legal clock against its own definition, walked day by day, and against a foreign calendar."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.foundation.calendars.values import builtin
from zhengtong.kernel.errors import CalendarYearMissing, Invalid
from zhengtong.kernel.legal_clock import (
    Budget,
    Pause,
    WorkingDays,
    due,
    ledger,
    merged,
    remaining,
    threshold,
    used,
)

DAYS = builtin()
starts = st.dates(date(2010, 1, 1), date(2023, 12, 31))
limits = st.integers(0, 60)


@st.composite
def pauses(draw: st.DrawFn, start: date, *, most: int = 4, open_allowed: bool = False) -> tuple[Pause, ...]:
    """Pauses that begin on or after `start`; they may overlap, touch, be empty or start on the start day."""
    found = []
    for _n in range(draw(st.integers(0, most))):
        begins = start + timedelta(days=draw(st.integers(0, 90)))
        is_open = open_allowed and draw(st.booleans())
        found.append(Pause(begins, None if is_open else begins + timedelta(days=draw(st.integers(0, 40)))))
    return tuple(found)


@st.composite
def budgets(draw: st.DrawFn, *, open_allowed: bool = False) -> Budget:
    """A start, a limit, an extension and pauses."""
    start = draw(starts)
    return Budget(start, draw(limits), draw(pauses(start, open_allowed=open_allowed)), draw(st.integers(0, 15)))


def walked(budget: Budget) -> date | None:
    """The definition, word for word: count working days after the start that lie in no (s, e]."""
    day, left = budget.start, budget.total
    while left:
        day += timedelta(days=1)
        if day > budget.start + timedelta(days=700):
            return None
        held = any(p.start < day and (p.end is None or day <= p.end) for p in budget.pauses)
        if DAYS.is_workday(day) and not held:
            left -= 1
    return day


@given(budgets())
def test_due_is_what_walking_the_days_gives(budget: Budget) -> None:
    assert due(budget, DAYS) == walked(budget)


@given(budgets())
def test_the_ledger_ends_on_the_due_day_with_the_last_number(budget: Budget) -> None:
    found = ledger(budget, DAYS)
    assert found.due == due(budget, DAYS) == found.days[-1].day
    assert found.days[-1].number == budget.total
    assert sum(row.counts for row in found.days) == budget.total
    assert [row.number for row in found.days if row.counts] == list(range(1, budget.total + 1))
    assert all(row.why for row in found.days)


@given(budgets())
def test_the_ledger_has_every_day_once(budget: Budget) -> None:
    found = ledger(budget, DAYS)
    assert [row.day for row in found.days] == [budget.start + timedelta(days=n) for n in range(len(found.days))]


@given(budgets(), st.data())
def test_one_more_suspension_never_makes_it_due_earlier(budget: Budget, data: st.DataObject) -> None:
    more = data.draw(pauses(budget.start, most=2))
    later = Budget(budget.start, budget.limit, budget.pauses + more, budget.extension)
    assert due(later, DAYS) >= due(budget, DAYS)


@given(budgets(), st.integers(1, 15))
def test_a_longer_limit_or_an_extension_is_due_later(budget: Budget, n: int) -> None:
    assert due(Budget(budget.start, budget.limit + n, budget.pauses, budget.extension), DAYS) > due(budget, DAYS)
    assert due(Budget(budget.start, budget.limit, budget.pauses, budget.extension + n), DAYS) > due(budget, DAYS)


@given(budgets())
def test_the_order_of_suspensions_does_not_matter(budget: Budget) -> None:
    turned = Budget(budget.start, budget.limit, budget.pauses[::-1], budget.extension)
    assert due(turned, DAYS) == due(budget, DAYS)


@given(budgets(open_allowed=True), st.integers(-5, 200))
def test_used_and_remaining_are_the_whole_budget_on_every_day(budget: Budget, n: int) -> None:
    today = budget.start + timedelta(days=n)
    assert used(budget, DAYS, today) + remaining(budget, DAYS, today) == budget.total


@given(budgets())
def test_nothing_remains_on_the_due_day_and_not_before(budget: Budget) -> None:
    due_day = due(budget, DAYS)
    assert remaining(budget, DAYS, due_day) == 0
    if budget.total:
        assert remaining(budget, DAYS, due_day - timedelta(days=1)) > 0


@given(budgets(), st.integers(0, 75))
def test_the_threshold_is_the_first_day_with_so_many_left(budget: Budget, left: int) -> None:
    day = threshold(budget, DAYS, left)
    if left > budget.total:
        assert day is None
        return
    assert remaining(budget, DAYS, day) == left
    if left < budget.total:
        assert remaining(budget, DAYS, day - timedelta(days=1)) > left


@given(budgets(open_allowed=True))
def test_merged_pauses_are_disjoint_and_cover_the_same_days(budget: Budget) -> None:
    intervals = merged(budget.pauses)
    for (_first, end), (start, _last) in zip(intervals, intervals[1:], strict=False):
        assert end is not None
        assert end < start
    for n in range(150):
        day = budget.start + timedelta(days=n)
        by_pauses = any(p.start < day and (p.end is None or day <= p.end) for p in budget.pauses)
        assert by_pauses == any(s < day and (e is None or day <= e) for s, e in intervals)


@given(budgets(open_allowed=True))
def test_an_open_pause_leaves_the_due_day_open_unless_it_begins_after_it(budget: Budget) -> None:
    assert due(budget, DAYS) == walked(budget)


@given(st.dates(date(2011, 1, 1), date(2025, 12, 31)), st.integers(0, 100))
def test_back_from_undoes_nth_after(day: date, n: int) -> None:
    if DAYS.is_workday(day):
        assert DAYS.nth_after(DAYS.back_from(day, n), n) == day


@given(st.dates(date(2010, 1, 1), date(2026, 12, 31)), st.dates(date(2010, 1, 1), date(2026, 12, 31)))
def test_count_is_the_number_of_working_days_between(a: date, b: date) -> None:
    after, until = min(a, b), min(max(a, b), min(a, b) + timedelta(days=400))
    days = [after + timedelta(days=n) for n in range(1, (until - after).days + 1)]
    assert DAYS.count(after, until) == sum(map(DAYS.is_workday, days))
    assert DAYS.count(until, after) == 0


def test_agrees_with_a_foreign_calendar_on_every_day_from_2010_to_2026() -> None:
    day, last, wrong = date(2010, 1, 1), date(2026, 12, 31), []
    while day <= last:
        if DAYS.is_workday(day) != chinese_calendar.is_workday(day):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


@pytest.mark.parametrize(
    ("workdays", "expected"), [(7, date(2018, 10, 24)), (10, date(2018, 10, 29)), (20, date(2018, 11, 12))]
)
def test_vectors_of_the_domain(workdays: int, expected: date) -> None:
    assert due(Budget(date(2018, 10, 15), workdays), DAYS) == expected


def test_received_on_a_thursday_five_working_days_end_on_the_next_thursday() -> None:
    received = date(2026, 3, 5)
    assert received.weekday() == 3
    assert due(Budget(received, 5), DAYS) == date(2026, 3, 12)


def test_a_make_up_saturday_counts_and_a_holiday_does_not() -> None:
    found = ledger(Budget(date(2026, 9, 30), 3), DAYS)
    by_day = {row.day: row for row in found.days}
    assert [by_day[date(2026, 10, n)].counts for n in range(1, 8)] == [False] * 7
    saturday = by_day[date(2026, 10, 10)]
    assert saturday.counts
    assert saturday.kind == "makeup"
    assert "调休上班" in saturday.why
    assert by_day[date(2026, 10, 1)].why.startswith("国庆节")


def test_a_pause_that_begins_on_the_start_day_holds_from_the_next_day() -> None:
    budget = Budget(date(2018, 10, 15), 2, (Pause(date(2018, 10, 15), date(2018, 10, 17)),))
    assert due(budget, DAYS) == date(2018, 10, 19)


def test_the_day_a_pause_begins_still_counts() -> None:
    budget = Budget(date(2018, 10, 15), 2, (Pause(date(2018, 10, 16), date(2018, 10, 17)),))
    assert [(r.day.day, r.counts) for r in ledger(budget, DAYS).days] == [
        (15, False),
        (16, True),
        (17, False),
        (18, True),
    ]


def test_a_pause_after_the_due_day_changes_nothing() -> None:
    late = Pause(date(2018, 10, 24), date(2018, 11, 30))
    assert due(Budget(date(2018, 10, 15), 7, (late,)), DAYS) == date(2018, 10, 24)


def test_a_pause_over_the_due_day_moves_it_by_what_was_left() -> None:
    over = Pause(date(2018, 10, 23), date(2018, 11, 30))
    assert due(Budget(date(2018, 10, 15), 7, (over,)), DAYS) == date(2018, 12, 3)


def test_overlapping_pauses_never_hold_a_day_twice() -> None:
    once = Budget(date(2018, 10, 15), 7, (Pause(date(2018, 10, 16), date(2018, 10, 25)),))
    twice = Budget(
        date(2018, 10, 15),
        7,
        (Pause(date(2018, 10, 16), date(2018, 10, 22)), Pause(date(2018, 10, 18), date(2018, 10, 25))),
    )
    assert due(once, DAYS) == due(twice, DAYS)


def test_while_paused_there_is_no_due_day_and_the_ledger_runs_to_today() -> None:
    budget = Budget(date(2018, 10, 15), 7, (Pause(date(2018, 10, 17), None, "听证", "行政许可法第四十五条"),))
    found = ledger(budget, DAYS, today=date(2018, 10, 26))
    assert budget.paused
    assert found.due is None
    assert found.days[-1].day == date(2018, 10, 26)
    assert (found.days[-1].why, found.days[-1].basis) == ("听证", "行政许可法第四十五条")
    assert (found.used, found.remaining) == (2, 5)


def test_while_paused_a_year_without_data_ahead_does_not_matter() -> None:
    assert due(Budget(date(2026, 12, 20), 20, (Pause(date(2026, 12, 25)),)), DAYS) is None


def test_overdue_is_a_negative_remainder() -> None:
    assert remaining(Budget(date(2018, 10, 15), 7), DAYS, date(2018, 10, 26)) == -2


def test_a_year_without_data_is_refused_with_its_number() -> None:
    with pytest.raises(CalendarYearMissing) as refusal:
        due(Budget(date(2026, 12, 30), 20), DAYS)
    assert refusal.value.year == 2027
    assert "2027年" in str(refusal.value)


def test_a_hole_between_two_known_years_is_refused() -> None:
    days = WorkingDays({2024: {}, 2026: {}})
    for ask in (
        lambda: days.nth_after(date(2024, 12, 31), 1),
        lambda: days.nth_after(date(2024, 12, 1), 60),
        lambda: days.count(date(2024, 12, 1), date(2026, 1, 5)),
        lambda: days.back_from(date(2026, 1, 5), 10),
        lambda: days.is_workday(date(2025, 5, 5)),
    ):
        with pytest.raises(CalendarYearMissing) as refusal:
            ask()
        assert refusal.value.year == 2025


def test_the_last_day_of_the_world_is_refused_too() -> None:
    with pytest.raises(CalendarYearMissing):
        due(Budget(date.max, 1), DAYS)


def test_a_calendar_without_any_year_refuses() -> None:
    with pytest.raises(CalendarYearMissing):
        WorkingDays({}).nth_after(date(2026, 1, 1), 3)


@pytest.mark.parametrize(
    ("limit", "extension", "pause"),
    [
        (-1, 0, ()),
        (1, -1, ()),
        (1, 0, (Pause(date(2018, 10, 20), date(2018, 10, 19)),)),
        (1, 0, (Pause(date(2018, 10, 14), date(2018, 10, 19)),)),
    ],
)
def test_impossible_budgets_are_refused(limit: int, extension: int, pause: tuple[Pause, ...]) -> None:
    with pytest.raises(Invalid):
        Budget(date(2018, 10, 15), limit, pause, extension)

"""Where thresholds lie: whole working days, the close of a day, and no rounding of seconds."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import at
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.legal_clock import Budget, Pause
from zhengtong.oversight.supervision.states import Mode
from zhengtong.oversight.supervision.thresholds import at_of, thresholds
from zhengtong.oversight.supervision.values import Watched

DAYS = calendars.builtin()
START = date(2018, 10, 15)


def moment(mode, value, limit=7, pauses=(), start=START):
    return at_of(Budget(start, limit, pauses), mode, value, DAYS)


class TestTheRoundingDefect:
    """Seven working days from Monday 2018-10-15: due at the end of Wednesday 10-24."""

    def test_two_days_left_means_two_whole_days(self):
        """The product measured seconds and warned on the 19th, with almost three days left."""
        assert moment(Mode.LEFT, 2) == at("2018-10-23 00:00")

    def test_exceeded_is_the_close_of_the_last_day(self):
        assert moment(Mode.OVERDUE, 0) == at("2018-10-25 00:00")

    def test_one_day_over_is_a_whole_day_over(self):
        """The product gave the card one second past the limit."""
        assert moment(Mode.OVERDUE, 1) == at("2018-10-26 00:00")

    def test_a_weekend_is_no_working_day_over(self):
        assert moment(Mode.OVERDUE, 3) == at("2018-10-30 00:00")


@pytest.mark.parametrize(
    ("limit", "left", "expected"),
    [(3, 2, "2018-10-17 00:00"), (2, 2, "2018-10-16 00:00"), (1, 2, None), (7, 0, "2018-10-25 00:00")],
)
def test_a_short_limit_has_no_long_warning(limit, left, expected):
    assert moment(Mode.LEFT, left, limit=limit) == (at(expected) if expected else None)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(20, "2018-11-09 00:00"), (10, "2018-10-27 00:00"), (5, "2018-10-20 00:00"), (1, "2018-10-16 00:00")],
)
def test_ninety_per_cent_is_rounded_down(limit, expected):
    """Of one day nothing is used yet: the reminder comes at the end of the day it began."""
    assert moment(Mode.PERCENT, 90, limit=limit) == at(expected)


def test_a_special_procedure_counts_by_its_actual_days():
    pause = Pause(date(2018, 10, 17), date(2018, 10, 19))
    assert moment(Mode.OVERDUE, 0, pauses=(pause,)) == at("2018-10-27 00:00")


def test_a_clock_that_stands_still_has_no_threshold_ahead():
    pause = Pause(date(2018, 10, 17))
    assert moment(Mode.LEFT, 2, pauses=(pause,)) is None
    assert moment(Mode.LEFT, 5, pauses=(pause,)) == at("2018-10-18 00:00"), "that one was passed before it stopped"


def watched(**more):
    fields = {"source": "cases", "key": "clock:1", "subject": "case:1", "kind": "promised", "organization_id": 1}
    return Watched(**{**fields, "title": {"zh": "事项"}, "url": "/", **more})


def test_an_extension_takes_nothing_back_that_was_true_before_it():
    budget = Budget(START, 7, extension=3)
    late = watched(budget=budget, extended_at=at("2018-10-24 10:00"))
    assert [one.at for one in thresholds(late, Mode.LEFT, 2, DAYS)] == [at("2018-10-23 00:00"), at("2018-10-26 00:00")]
    early = watched(budget=budget, extended_at=at("2018-10-16 10:00"))
    assert [one.at for one in thresholds(early, Mode.LEFT, 2, DAYS)] == [at("2018-10-26 00:00")]


limits, values = st.integers(1, 60), st.integers(0, 10)
days_of_year = st.dates(date(2026, 1, 5), date(2026, 6, 1))


@given(days_of_year, limits, values)
def test_warnings_come_before_the_end_and_cards_after_it(start, limit, value):
    end = moment(Mode.OVERDUE, 0, limit=limit, start=start)
    warning = moment(Mode.LEFT, value, limit=limit, start=start)
    assert warning is None or warning <= end
    assert moment(Mode.OVERDUE, value, limit=limit, start=start) >= end
    assert moment(Mode.PERCENT, 90, limit=limit, start=start) <= end


@given(days_of_year, limits, values, st.integers(0, 20), st.integers(0, 20))
def test_a_pause_never_brings_a_threshold_forward(start, limit, value, offset, length):
    first = date.fromordinal(start.toordinal() + offset)
    pause = Pause(first, date.fromordinal(first.toordinal() + length))
    for mode in (Mode.OVERDUE, Mode.PERCENT):
        free = moment(mode, value, limit=limit, start=start)
        assert moment(mode, value, limit=limit, pauses=(pause,), start=start) >= free

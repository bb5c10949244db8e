"""Days to answer, to appeal and to put right follow a changed calendar; what has ended is never made shorter."""

from datetime import date

import pytest

from tests.factories import at
from tests.oversight.supervision.conftest import cards, fire_until
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists.models import Todo
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.operations import windows

pytestmark = pytest.mark.django_db
NOW = at("2026-09-18 09:00")


@pytest.fixture
def yellow(play, in_force, supervisor, deliver):
    """A yellow card of Friday 18 September: three working days to answer and to appeal end with Tuesday 22 (the 20th is a make-up day)."""
    play.go("2026-09-07 09:00").accepted()
    deliver()
    fire_until("2026-09-18 09:00")
    return Card.objects.get(kind="promised", level=2)


@pytest.fixture
def change(deliver):
    def run(when, **days):
        named = {
            f"2026-{name[1:3]}-{name[3:]}": {"workday": works, "name": "补录", "kind": "county"}
            for name, works in days.items()
        }
        amended = calendars.Change(days=named, sources={})
        calendars.amend(base=calendars.current_version(), change=amended, reason="补录", by=None, at=at(when))
        deliver(now=at(when))

    return run


def days_of(card):
    card.refresh_from_db()
    return (card.feedback_due_on, card.appeal_until)


def due_on_lists(subject):
    return set(Todo.objects.filter(subject=subject, done_at__isnull=True).values_list("due_on", flat=True))


def test_the_windows_of_a_card(yellow, play, change):
    assert days_of(yellow) == (date(2026, 9, 22), date(2026, 9, 22))
    change("2026-09-18 10:00", d0921=False)
    assert days_of(yellow) == (date(2026, 9, 23), date(2026, 9, 23))
    assert due_on_lists(f"card:{yellow.pk}") == {date(2026, 9, 23)}
    entry = yellow.log.get(act="reproject")
    assert "2026-09-22" in entry.text
    assert "2026-09-23" in entry.text
    assert windows.reproject_all(at=at("2026-09-18 10:00")) == 0, "the same again moves nothing"
    # The card about the silence waits for the new day, the appeal is heard on it.
    fire_until("2026-09-23 23:59")
    assert cards(code="I-11") == []
    supervision.appeal(
        card_id=yellow.pk, text="当天停电，系统停用。", by=play.county.case_officer, at=at("2026-09-23 17:00")
    )
    fire_until("2026-09-24 00:00")
    assert f"card:{yellow.pk}" in [card.subject for card in cards(code="I-11")]
    # A make-up day entered afterwards takes back no day that has ended; an appeal that was filed needs none.
    change("2026-09-24 10:00", d0919=True)
    assert days_of(yellow) == (date(2026, 9, 23), date(2026, 9, 23))


def test_nothing_ends_before_the_day_of_the_change(yellow, change):
    change("2026-09-22 10:00", d0919=True)
    assert days_of(yellow) == (date(2026, 9, 22), date(2026, 9, 22))


def test_an_answer_that_was_sent_back_runs_from_then(yellow, play, supervisor, change):
    supervision.explain(card_id=yellow.pk, text="人手不够。", by=play.county.case_officer, at=NOW)
    later = at("2026-09-21 09:00")
    supervision.send_back(card_id=yellow.pk, reason="没有说明怎样整改。", by=supervisor, at=later)
    assert days_of(yellow) == (date(2026, 9, 24), date(2026, 9, 22))
    change("2026-09-21 10:00", d0919=False, d0920=False)
    assert days_of(yellow) == (date(2026, 9, 24), date(2026, 9, 23)), "a day before it was sent back is not its"
    # Drawn before lengths were kept with the card: those of the rules it was drawn by.
    Card.objects.update(feedback_workdays=None, appeal_workdays=None)
    change("2026-09-21 11:00", d0922=False)
    assert days_of(yellow) == (date(2026, 9, 28), date(2026, 9, 24))


def test_the_last_day_of_an_order(small_county, supervisor, in_force, change, signed_in):
    """Five working days from Friday 18 September end with Thursday 24; the 25th is a holiday."""
    order = supervision.issue_order(
        organization=small_county.market, title="清理超期办件", demand="全部办结。", workdays=5, by=supervisor, at=NOW
    )
    change("2026-09-18 10:00", d0921=False)
    order.refresh_from_db()
    assert (order.due_on, due_on_lists(f"order:{order.pk}")) == (date(2026, 9, 28), {date(2026, 9, 28)})
    fire_until("2026-09-28 08:00")
    assert cards(code="T-08") == []
    page = signed_in(supervisor).get(f"/supervision/orders/{order.pk}/").content.decode()
    assert "督办期限由2026-09-24改为2026-09-28" in page
    # Answered on the last day: a make-up day that is entered while the supervisor looks makes nobody late.
    head = small_county.department_head
    supervision.answer_order(order_id=order.pk, text="全部办结。", by=head, at=at("2026-09-28 09:00"))
    change("2026-09-28 10:00", d0926=True, d0919=True)
    order.refresh_from_db()
    assert order.due_on == date(2026, 9, 28)
    fire_until("2026-09-30 00:00")
    assert cards(code="T-08") == []


def test_a_year_without_a_calendar_holds_up_no_other(yellow, supervisor, small_county, change):
    """The first of two orders ends in December; when a day of it goes, its end is in 2027 and stays as it was until that is published."""
    for workdays, when in ((5, "2026-12-24 09:00"), (1, "2026-12-24 09:00")):
        supervision.issue_order(
            organization=small_county.market,
            title="清理超期办件",
            demand="全部办结。",
            workdays=workdays,
            by=supervisor,
            at=at(when),
        )
    change("2026-12-24 10:00", d1225=False)
    long, short = supervision.CorrectionOrder.objects.order_by("-workdays")
    assert (long.due_on, short.due_on) == (date(2026, 12, 31), date(2026, 12, 28))

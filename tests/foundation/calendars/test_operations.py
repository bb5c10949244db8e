"""Versions are published, never changed; the demo clock runs forwards only."""

from datetime import date, timedelta

import pytest

from tests.factories import MONDAY
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import CalendarVersion
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel import official_time
from zhengtong.kernel.errors import CalendarYearMissing, Invalid, StaleVersion

pytestmark = pytest.mark.django_db
GIVEN = {"by": None, "at": MONDAY}
CLOSED = {"workday": False, "name": "防汛停止办公", "kind": "county_closure"}


def test_without_any_version_nothing_is_computed() -> None:
    with pytest.raises(CalendarYearMissing):
        calendars.current()
    assert calendars.document_in_force() == (0, {})
    assert calendars.years_missing(date(2026, 9, 21)) == [2026, 2027]


def test_an_amendment_is_a_new_version_and_the_old_one_stays(calendar) -> None:
    version = calendars.amend(base=1, change=calendars.Change({"2026-09-22": CLOSED}, {}), reason="县政府通知", **GIVEN)
    assert version.number == 2
    assert calendars.of_version(1).is_workday(date(2026, 9, 22))
    assert not calendars.current().is_workday(date(2026, 9, 22))
    names = OutboxEvent.objects.filter(name="calendars.CalendarPublished").values_list("payload__version", flat=True)
    assert list(names.order_by("id")) == [1, 2]


@pytest.mark.parametrize(
    ("change", "reason", "refusal"),
    [
        (calendars.Change({"2026-09-22": CLOSED}, {}), " ", Invalid),
        (calendars.Change({}, {}), "无", Invalid),
        (calendars.Change({"2026-09-22": None}, {}), "无", Invalid),
        (calendars.Change({"2027-09-22": CLOSED}, {}), "无", Invalid),
        (calendars.Change({"2026-09-22": {"workday": False, "name": ""}}, {}), "无", Invalid),
    ],
)
def test_refused_amendments_publish_nothing(calendar, change, reason: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        calendars.amend(base=1, change=change, reason=reason, **GIVEN)
    assert CalendarVersion.objects.count() == 1
    assert OutboxEvent.objects.filter(name="calendars.CalendarPublished").count() == 1


def test_two_people_editing_at_once_the_second_is_told(calendar) -> None:
    calendars.amend(base=1, change=calendars.Change({"2026-09-22": CLOSED}, {}), reason="甲", **GIVEN)
    with pytest.raises(StaleVersion) as refusal:
        calendars.amend(base=1, change=calendars.Change({"2026-09-23": CLOSED}, {}), reason="乙", **GIVEN)
    assert "第2版" in str(refusal.value)
    assert CalendarVersion.objects.count() == 2


def test_a_year_is_begun_with_its_source(calendar) -> None:
    assert calendars.years_missing(date(2026, 9, 21)) == [2027]
    days = {"2027-01-01": {"workday": False, "name": "元旦", "kind": "holiday"}}
    calendars.amend(
        base=1, change=calendars.Change(days, {"2027": "国办发明电〔2026〕9号"}), reason="录入2027年", **GIVEN
    )
    assert calendars.years_missing(date(2026, 9, 21)) == []
    assert calendars.document_in_force()[1]["2027"]["source"] == "国办发明电〔2026〕9号"


def test_the_history_says_what_each_version_changed(calendar) -> None:
    calendars.amend(base=1, change=calendars.Change({"2026-09-22": CLOSED}, {}), reason="县政府通知", **GIVEN)
    newest, first = calendars.versions()
    assert [d.day for d in newest.changes] == [date(2026, 9, 22)]
    assert first.changes[0].effect == "begins"


class TestDemoClock:
    def test_outside_a_demo_it_cannot_be_moved(self, db) -> None:
        with pytest.raises(calendars.CannotMoveClock):
            calendars.move_demo_clock(to=calendars.official_now() + timedelta(hours=1))

    def test_it_moves_forwards_and_everybody_sees_it(self, db, settings) -> None:
        settings.DEMO = True
        wanted = calendars.official_now() + timedelta(days=3)
        calendars.move_demo_clock(to=wanted)
        assert wanted <= calendars.official_now() < wanted + timedelta(minutes=1)
        assert official_time.today() == calendars.official_today()
        assert official_time.now() >= wanted

    def test_never_backwards(self, db, settings) -> None:
        settings.DEMO = True
        calendars.move_demo_clock(to=calendars.official_now() + timedelta(days=3))
        with pytest.raises(calendars.CannotMoveClock):
            calendars.move_demo_clock(to=calendars.official_now() - timedelta(days=1))

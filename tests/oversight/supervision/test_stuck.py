"""Clocks that cannot be counted: stepped over, shown to the supervisor and the county office, looked at again. They hold up no other."""

import pytest
from django.urls import reverse

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from tests.oversight.supervision.conftest import cards, fire_until, publish
from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.calendars import public as calendars
from zhengtong.oversight.supervision import board, forecast, sources
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.models import Card, Gathering, Watch
from zhengtong.oversight.supervision.operations import watching

pytestmark = pytest.mark.django_db


def gather(when):
    while supervision.gather_on(now=at(when)):
        pass


def publish_2027():
    known = calendars.builtin_document()
    new_year = {"2027-01-01": {"workday": False, "name": "元旦", "kind": "holiday"}}
    document = {**known, "2027": {**known["2026"], "days": new_year}}
    calendars.publish_version(document=document, reason="录入2027年放假安排", by=None, at=at("2026-12-31 09:00"))


@pytest.fixture
def two(small_county, applicant, deliver):
    """The promise of the first, seven days from 28 December, runs into 2027, which has no calendar; the second ends with 16 September."""
    first, second = Play(small_county, applicant), Play(small_county, make_resident(2, "李小华"))
    for play in (first, second):
        play.go("2026-09-07 09:00").accepted()
    deliver()
    first.case.clocks.filter(kind="promised").update(started_on="2026-12-28")
    return first.case.clocks.get(kind="promised"), second.case.clocks.get(kind="promised")


def test_gathering_steps_over_a_clock_that_runs_into_a_year_without_a_calendar(
    two, small_county, supervisor, signed_in
):
    publish("hunan-kc-2018")
    gather("2026-09-08 09:00")
    into_2027, sound = (Watch.objects.get(key=f"clock:{clock.pk}") for clock in two)
    assert (into_2027.problem, into_2027.due_on, sound.problem) == ("calendar:2027", None, None)
    assert sound.next_threshold_at == at("2026-09-15 00:00")
    rest = Watch.objects.filter(subject=into_2027.subject).exclude(pk=into_2027.pk)
    assert rest.exists()
    assert set(rest.values_list("problem", flat=True)) == {None}, "its other clocks are watched"
    assert Gathering.objects.get().finished
    fire_until("2026-09-18 09:00")
    assert [card.subject for card in cards(kind="promised", level=2)] == [sound.subject]
    # Where the supervisor and the county office see it; nobody at a department.
    for user in (supervisor, small_county.county_office):
        browser = signed_in(user)
        assert "期限算不出的时钟" in browser.get(reverse("supervision:board")).content.decode()
        page = browser.get(reverse("supervision:stuck")).content.decode()
        assert "2027年的工作日历还没有发布" in page
        assert f"clocks/{two[0].pk}/" in page
        assert ("打开工作日历" in page) == (user == small_county.county_office)
    assert signed_in(small_county.department_head).get(reverse("supervision:stuck")).status_code == 403
    # When the calendar is there, it is looked at again by itself.
    publish_2027()
    while watching.rederive(now=at("2026-12-31 09:01")):
        pass
    into_2027.refresh_from_db()
    assert (into_2027.problem, str(into_2027.due_on)) == (None, "2027-01-07")
    assert into_2027.next_threshold_at == at("2027-01-06 00:00")
    assert not board.board(now=at("2026-12-31 09:01"), today=at("2026-12-31").date())["stuck"]


def test_at_the_end_of_a_year_the_board_and_the_forecast_open(two, in_force):
    gather("2026-12-30 09:00")
    today = at("2026-12-30").date()
    assert [str(day) for day in board.horizon(today)] == ["2026-12-30", "2026-12-31"]
    assert board.board(now=at("2026-12-30 09:00"), today=today)["stuck"] == 1
    assert forecast.coming(now=at("2026-12-30 09:00")) == []


def test_a_period_of_calendar_days_that_ends_in_such_a_year(small_county, applicant, in_force, deliver):
    """Fifteen days from 24 December; the one working day to reach the person is watched all the same."""
    play = Play(small_county, applicant).delivered()
    rating = ratings.rate_case(case_id=play.case.pk, code=5, comment="", by=applicant, at=at("2026-12-24 10:00"))
    deliver(now=at("2026-12-24 10:00"))
    contact, correct = (Watch.objects.get(key=f"{kind}:{rating.pk}") for kind in ("contact", "correct"))
    assert (contact.problem, correct.problem) == (None, "calendar:2027")
    publish_2027()
    while watching.rederive(now=at("2026-12-31 09:01")):
        pass
    correct.refresh_from_db()
    assert (correct.problem, str(correct.due_on)) == (None, "2027-01-08")


def test_a_subject_that_cannot_be_read_at_all_is_noted_and_tried_again(two, supervisor, signed_in):
    """A system that is at fault for one department's subject: all others of it, and every other system, are gone through."""
    of_cases, broken = sources.SOURCES["cases"], {"case": f"case:{two[0].case_id}"}

    def of(subjects, since):
        wanted = list(subjects)
        if broken["case"] in wanted:
            raise LookupError("a department is gone")
        return of_cases.of(wanted, since)

    name, label, kinds = of_cases.name, of_cases.label, of_cases.kinds
    sources.register_source(sources.Source(name, label, kinds, of, of_cases.find, of_cases.running))
    try:
        Gathering.objects.all().delete()
        publish("hunan-kc-2018")
        gather("2026-09-08 09:00")
        assert Watch.objects.filter(subject=f"case:{two[1].case_id}").exists()
        assert not Watch.objects.filter(subject=f"case:{two[0].case_id}").exists()
        row = Gathering.objects.get()
        assert (row.finished, row.left_out) == (True, {f"cases|case:{two[0].case_id}": "LookupError"})
        page = signed_in(supervisor).get(reverse("supervision:stuck")).content.decode()
        assert f"case:{two[0].case_id}" in page
        broken["case"] = ""
        gather("2026-09-08 09:10")
        assert not Watch.objects.filter(subject=f"case:{two[0].case_id}").exists(), "not before half an hour"
        gather("2026-09-08 09:30")
        assert Watch.objects.filter(subject=f"case:{two[0].case_id}").exists()
        assert Gathering.objects.get().left_out == {}
    finally:
        sources.register_source(of_cases)


def test_cards_that_cannot_be_looked_at_again_hold_up_none_behind_them(two, in_force):
    gather("2026-09-08 09:00")
    fire_until("2026-09-18 09:00")
    two[0].case.clocks.filter(kind="promised").update(started_on="2026-09-07")
    watching.rederive(now=at("2026-09-18 09:00"))
    Watch.objects.update(next_threshold_at=at("2026-09-18 09:00"))
    fire_until("2026-09-18 09:01")
    first, second = Card.objects.filter(kind="promised", level=2).order_by("id")
    broken = two[0] if first.key == f"clock:{two[0].pk}" else two[1]
    type(broken).objects.filter(pk=broken.pk).update(started_on="2001-01-02")
    publish_2027()
    version = calendars.current_version()
    while watching.review_cards(now=at("2026-09-19 09:00"), limit=1):
        pass
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.calendar_version < version
    assert second.calendar_version == version

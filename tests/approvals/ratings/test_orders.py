"""The work order of a bad rating: its clocks over a holiday, every arrow and every refusal, what the person is told, lateness, the end."""

import json
from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.approvals.ratings.conftest import Told
from tests.factories import at, make_official, make_resident
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings import queries
from zhengtong.approvals.ratings.models import Dispute, Invitation, RatingEvent, WorkOrder
from zhengtong.approvals.ratings.operations import ruling, timers
from zhengtong.approvals.ratings.refusals import CannotUseLink, CannotWorkOnOrder
from zhengtong.approvals.ratings.states import ARROWS, OPEN, Act, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, StaleVersion
from zhengtong.security.vault import public as vault

pytestmark = pytest.mark.django_db


def row(told):
    """The order and its record, as the database has them."""
    fresh = WorkOrder.objects.filter(rating=told.rating).values().get()
    return fresh, RatingEvent.objects.filter(rating=told.rating).count(), list(Todo.objects.values("kind", "done_at"))


def unchanged(told, refusal, act, by=None, **given):
    before = row(told)
    with pytest.raises(refusal) as caught:
        told.do(act, by, **given)
    assert row(told) == before
    return str(caught.value)


def token_in(template):
    return Notice.objects.filter(template=template).latest("pk").url.split("/")[-2]


def todos():
    return [(t.kind, t.role, t.due_on) for t in Todo.objects.filter(done_at__isnull=True).order_by("pk")]


def test_clocks_count_over_the_holiday(told):
    """Thursday the 24th; Friday the 25th is 中秋节, the weekend follows: one working day ends on Monday the 28th."""
    assert told.order.contact_due_on == date(2026, 9, 28)
    assert told.order.correct_due_on == date(2026, 10, 9)
    assert todos() == [("bad_rating", "department_head", date(2026, 9, 28))]


def test_fifteen_working_days_when_the_rule_says_so(play):
    periods = {**ruling.BUILT_IN, "correct_unit": "workdays"}
    ratings.publish_rule(by=play.county.county_office, at=at("2026-09-22"), **periods)
    days = calendars.current()
    assert Told(play).order.correct_due_on == days.nth_after(date(2026, 9, 24), 15) > date(2026, 10, 9)


def test_from_bad_rating_to_satisfied(told, deliver):
    deliver()
    told.go("2026-09-28 09:00").contacted()
    assert told.order.state == State.CONTACTED
    assert todos() == [("bad_rating", "department_head", date(2026, 10, 9))]
    told.do(ratings.reply, told.county.case_officer, cause="新人", measure="培训", reply="抱歉")
    assert todos() == []
    assert told.order.follow_up_due_on == calendars.current().nth_after(date(2026, 9, 28), 10)
    token = token_in("rating.replied")
    ratings.follow_up_by_link(token=token, code=2, comment="可以了", at=told.now)
    order = told.order
    assert (order.state, order.ending, order.follow_up_code) == (State.CLOSED, "satisfied", 2)
    assert [e.kind for e in told.rating.log.all()] == [
        "given", "opened", "assigned", "contacted", "replied", "followed_up", "closed",
    ]  # fmt: skip
    with pytest.raises(CannotUseLink):
        ratings.follow_up_by_link(token=token, code=5, comment="", at=told.now)
    deliver(now=told.now)


def test_bad_again_goes_to_the_county_office(told, other_office):
    told.replied()
    told.do(ratings.follow_up, told.play.applicant, code=4, comment="还是慢")
    assert told.order.state == State.REPLIED
    assert todos() == [("rating_escalated", "county_office", None)]
    unchanged(told, CannotWorkOnOrder, ratings.follow_up, told.play.applicant, code=1, comment="")
    unchanged(told, NotAllowed, ratings.close, note="好")
    unchanged(told, Invalid, ratings.close, other_office, note=" ")
    told.do(ratings.close, other_office, note="已到现场核实，整改属实")
    assert (told.order.state, told.order.ending) == (State.CLOSED, "reviewed")
    assert todos() == []


def test_silence_ends_the_order(told):
    told.replied()
    last = told.order.follow_up_due_on
    unchanged(told, CannotWorkOnOrder, ratings.close, told.county.county_office, note="好")
    assert ratings.fire(now=at(f"{last} 23:00")) == 0
    assert ratings.fire(now=at(f"{last + timedelta(days=1)} 00:01")) == 1
    assert told.order.ending == "silent"
    assert ratings.fire(now=at(f"{last + timedelta(days=2)}")) == 0
    told.go(f"{last + timedelta(days=2)} 09:00")
    unchanged(told, CannotWorkOnOrder, ratings.follow_up, told.play.applicant, code=1, comment="")


def test_who_may_work_on_it(told):
    county = told.county
    stranger = make_official("nobody")
    contact = {"how": "phone", "reached": True, "note": "说了"}
    for by in (stranger, county.case_officer, county.health_officer):
        unchanged(told, NotAllowed, ratings.contact, by, **contact)
        unchanged(told, NotAllowed, ratings.assign, by, assignee_id=county.case_officer.pk)
    for somebody in (county.health_officer, told.play.applicant, stranger):
        unchanged(told, Invalid, ratings.assign, assignee_id=somebody.pk)
    told.assigned()
    assert Todo.objects.get(kind="bad_rating").user == county.case_officer
    unchanged(told, NotAllowed, ratings.contact, county.section_head, **contact)
    told.do(ratings.contact, county.case_officer, **contact)
    with pytest.raises(NotFound):
        queries_view(told, county.health_officer)


def queries_view(told, user):
    from zhengtong.approvals.ratings import rules

    rules.may_view(queries.get(told.rating.pk), user, told.now.date())


def test_what_is_missing_is_named(told):
    told.assigned()
    officer = told.county.case_officer
    reply = {"cause": "新人", "measure": "培训", "reply": "抱歉"}
    unchanged(told, CannotWorkOnOrder, ratings.reply, officer, **reply)
    unchanged(told, Invalid, ratings.contact, officer, how="pigeon", reached=True, note="说了")
    unchanged(told, Invalid, ratings.contact, officer, how="phone", reached=True, note=" ")
    told.do(ratings.contact, officer, how="phone", reached=True, note="说了")
    for name in reply:
        unchanged(told, Invalid, ratings.reply, officer, **{**reply, name: ""})
    seen = queries.get(told.rating.pk).row_version
    told.do(ratings.contact, officer, how="phone", reached=True, note="又说了一次", seen=seen)
    unchanged(told, StaleVersion, ratings.reply, officer, **reply, seen=seen)


def test_a_try_stops_no_clock(told):
    told.assigned()
    told.do(ratings.contact, told.county.case_officer, how="phone", reached=False, note="无人接听")
    assert (told.order.state, told.order.contacted_at) == (State.ASSIGNED, None)
    told.go("2026-09-29 00:01")
    assert ratings.fire(now=told.now) == 1
    assert told.order.contact_escalated_at == at("2026-09-29 00:00")


def test_no_contact_only_where_there_is_no_way(told, small_county):
    told.assigned()
    none = {"how": "none", "reached": False, "note": "没有联系方式"}
    assert "须先联系" in unchanged(told, CannotWorkOnOrder, ratings.contact, told.county.case_officer, **none)
    _visit, token = ratings.open_visit(
        organization=small_county.centre, counter=1, by=small_county.window_officer, at=told.now
    )
    rating = ratings.rate_by_link(token=token, code=5, at=told.now)
    # The centre has no head: the county office gives it out.
    todo = Todo.objects.get(subject=rating.order.subject)
    assert (todo.organization, todo.role) == (small_county.government, "county_office")
    office = {"rating_id": rating.pk, "by": small_county.county_office, "at": told.now}
    order = ratings.contact(**office, **none)
    assert order.state == State.CONTACTED
    ratings.reply(**office, cause="人少", measure="加人", reply="已加开窗口")
    assert not Notice.objects.filter(template="rating.replied").exists()


def test_lateness_is_told_once_for_each_clock(told):
    assert ratings.fire(now=at("2026-09-28 23:59")) == 0
    assert ratings.fire(now=at("2026-09-29 00:00")) == 1
    assert ratings.fire(now=at("2026-09-30")) == 0
    assert ratings.fire(now=at("2026-10-10 00:00")) == 1
    assert ratings.fire(now=at("2026-10-20")) == 0
    kinds = [e.data["clock"] for e in told.rating.log.filter(kind="escalated")]
    assert kinds == ["contact", "correct"]
    late = [e.at for e in told.rating.log.filter(kind="escalated")]
    assert late == [at("2026-09-29 00:00"), at("2026-10-10 00:00")]
    assert todos().count(("rating_escalated", "county_office", None)) == 1


def test_one_that_was_in_time_is_never_told(told):
    told.go("2026-09-28 23:59").replied()
    assert ratings.fire(now=at("2026-10-09")) == 0
    figures = ratings.satisfaction(today=date(2026, 10, 12))[0]
    assert (figures.contact_in_time, figures.contact_due) == (1, 1)
    assert (figures.correct_percent, figures.answered_percent) == (100.0, 100.0)


def test_open_clocks_for_whoever_watches(told):
    found = {c.kind: c for c in ratings.open_clocks()}
    assert {kind: c.due_on for kind, c in found.items()} == {
        "contact": date(2026, 9, 28),
        "correct": date(2026, 10, 9),
    }
    clock = found["contact"]
    assert (clock.subject, clock.body) == (f"work_order:{told.order.pk}:contact", told.county.market)
    assert clock.started_on == date(2026, 9, 24)
    assert clock.url == f"/ratings/orders/{told.rating.pk}/"
    told.contacted()
    assert [c.kind for c in ratings.open_clocks()] == ["correct"]
    told.do(ratings.reply, told.county.case_officer, cause="甲", measure="乙", reply="丙")
    assert ratings.open_clocks() == []


def test_days_follow_a_new_calendar(told, deliver):
    assert timers.reproject_all(at=told.now) == 0
    change = calendars.Change(days={"2026-09-28": {"workday": False, "name": "停电"}}, sources={})
    calendars.amend(base=calendars.current_version(), change=change, reason="停电", by=None, at=told.now)
    deliver(now=told.now)
    assert told.order.contact_due_on == date(2026, 9, 29)
    assert told.rating.log.filter(kind="reprojected").count() == 1
    assert todos() == [("bad_rating", "department_head", date(2026, 9, 29))]


def test_the_days_of_the_person_follow_too_and_are_never_cut(told, deliver):
    """Thursday 24 September, the 25th is a holiday: three working days to object end with Wednesday 30. With the links; what was done keeps
    its day.
    """

    def change(when, **days):
        named = {f"2026-{d[1:3]}-{d[3:]}": {"workday": works, "name": "补录"} for d, works in days.items()}
        amended = calendars.Change(days=named, sources={})
        calendars.amend(base=calendars.current_version(), change=amended, reason="补录", by=None, at=at(when))
        deliver(now=at(when))

    def days():
        dispute = Dispute.objects.get()
        ends = Invitation.objects.filter(used_at__isnull=True).order_by("purpose").values_list("expires_at", flat=True)
        return told.order.follow_up_due_on, dispute.object_due_on, [timezone.localdate(end) for end in ends]

    told.replied().disputed()
    contact, correct = told.order.contact_due_on, told.order.correct_due_on
    follow_up, objection, _links = days()
    assert objection == date(2026, 9, 30)
    change("2026-09-24 11:00", d0928=False)
    later = days()
    assert (later[0] > follow_up, later[1]) == (True, date(2026, 10, 8))
    assert later[2] == [later[0] + timedelta(days=1), later[1] + timedelta(days=1)], "the links end with the days"
    assert (told.order.contact_due_on, told.order.correct_due_on) == (contact, correct), "what was done keeps its day"
    assert told.rating.log.filter(kind="reprojected").count() == 1
    # Entered when it had ended: nothing is cut.
    change("2026-10-30 09:00", d0926=True, d0927=True, d0928=True)
    assert days() == later


def test_every_arrow_and_no_other():
    """Every state that is open leads out; nothing leads out of the two ends; an answer needs a contact."""
    assert {state for state, _act in ARROWS} == set(OPEN)
    assert {s for s, act in ARROWS if act == Act.REPLY} == {State.CONTACTED}
    reached, todo = {State.OPENED}, [State.OPENED]
    while todo:
        here = todo.pop()
        for (state, _act), then in ARROWS.items():
            if state == here and then not in reached:
                reached.add(then)
                todo.append(then)
    assert reached == set(State)


@pytest.mark.parametrize("stranger", [True, False])
def test_only_the_rater_rates_again(told, stranger):
    told.replied()
    by = make_resident(7, "旁人") if stranger else told.county.case_officer
    unchanged(told, NotFound, ratings.follow_up, by, code=1, comment="")
    unchanged(told, Invalid, ratings.follow_up, told.play.applicant, code=0, comment="")


def test_the_phone_of_a_closed_order_goes_a_year_and_a_day_later(play):
    from zhengtong.approvals.ratings.models import Invitation
    from zhengtong.security.vault.retention import operations as retention

    given = Told(play, phone="13812345678")
    end = at("2026-12-01")
    delete = lambda when: retention.carry_out(at=at(when), machine=end)  # noqa: E731
    delete("2040-01-01")
    assert given.order.phone == "13812345678"  # open: however long it takes
    WorkOrder.objects.filter(pk=given.order.pk).update(closed_at=end)
    delete("2027-12-01")
    assert given.order.phone == "13812345678"
    assert delete("2027-12-02") >= 1
    assert str(given.order.phone) == "已按规定删除"
    assert not Invitation.objects.filter(expires_at__lt=end).exists()


def test_who_rated_takes_it_along_and_the_phone_goes_with_an_erasure(play, signed_in):
    told = Told(play, phone="13800000001").replied()
    person = told.play.applicant
    said = json.loads(signed_in(person).get("/my/data/export/").content)["ratings"]
    assert [(one["rating"], one["comment"], one["reply"]) for one in said] == [
        ("非常不满意", told.rating.comment, "抱歉，已改正")
    ]
    assert vault.HOLDINGS["ratings"].erase(person.pk, told.now) == 0
    assert (said[0]["phone"], str(told.order.phone)) == ("13800000001", "13800000001")
    WorkOrder.objects.update(closed_at=told.now)
    assert vault.HOLDINGS["ratings"].erase(make_resident(2).pk, told.now) == 0
    assert vault.HOLDINGS["ratings"].erase(person.pk, told.now) == 1
    assert str(told.order.phone) != "13800000001"

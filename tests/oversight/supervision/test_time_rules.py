"""Every rule about time: a case that fires it, and the nearest one that must not."""

import pytest

from tests.factories import at
from tests.oversight.supervision.conftest import cards, fire_until, publish, said
from zhengtong.approvals.cases import public as cases
from zhengtong.oversight.supervision import public as supervision

pytestmark = pytest.mark.django_db

ACCEPTED = "2026-09-07 09:00"
"""A Monday: seven working days end with Wednesday 16 September, twenty with Saturday 10 October (a make-up day)."""


@pytest.fixture
def accepted(play, in_force, deliver):
    play.go(ACCEPTED).accepted()
    deliver()
    return play


def of_kind(kind):
    return [(card.code, card.level, card.threshold_at) for card in cards(kind=kind)]


class TestT01:
    def test_warning_with_two_whole_days_left(self, accepted):
        fire_until("2026-09-14 23:59")
        assert of_kind("promised") == []
        fire_until("2026-09-15 00:00")
        assert of_kind("promised") == [("T-01", 1, at("2026-09-15 00:00"))]

    def test_not_when_it_was_decided_before(self, accepted, deliver):
        accepted.go("2026-09-14 16:00")
        finish(accepted)
        deliver()
        fire_until("2026-09-30 09:00")
        assert of_kind("promised") == of_kind("statutory") == []

    def test_yellow_one_whole_day_over_the_promise(self, accepted):
        fire_until("2026-09-17 23:59")
        assert [level for _code, level, _at in of_kind("promised")] == [1]
        fire_until("2026-09-18 00:00")
        assert of_kind("promised")[1:] == [("T-01", 2, at("2026-09-18 00:00"))]

    def test_red_one_whole_day_over_the_law(self, accepted):
        fire_until("2026-10-12 23:59")
        assert of_kind("statutory") == []
        fire_until("2026-10-13 00:00")
        assert of_kind("statutory") == [("T-01", 3, at("2026-10-13 00:00"))]

    def test_the_warning_ends_when_the_case_is_finished_in_time(self, accepted, deliver):
        fire_until("2026-09-15 09:00")
        accepted.go("2026-09-16 16:00")
        finish(accepted)
        deliver()
        fire_until("2026-09-16 23:00")
        assert [card.state for card in cards(kind="promised")] == ["settled"]

    def test_the_warning_stands_when_it_was_finished_late(self, accepted, deliver):
        fire_until("2026-09-15 09:00")
        accepted.go("2026-09-17 16:00")
        finish(accepted)
        deliver()
        fire_until("2026-09-17 23:00")
        assert [card.state for card in cards(kind="promised")] == ["issued"]


def finish(play):
    """From the first step to the decision, at once."""
    play.done("review", play.county.case_officer).done("health", play.county.health_officer)
    play.done("check", play.county.section_head)
    play.case = cases.decide(
        case_id=play.case.pk, outcome="grant", opinion="符合法定条件，准予", by=play.county.approver, at=play.now
    )


class TestT02:
    @pytest.fixture
    def suspended(self, accepted, deliver):
        """A hearing of three working days from Tuesday 8 September: to Friday 11 September."""
        accepted.go("2026-09-08 10:00")
        suspend(accepted, 3)
        deliver()
        return accepted

    def test_warning_yellow_and_red(self, suspended):
        fire_until("2026-09-20 09:00")
        assert of_kind("suspension") == [
            ("T-02", 1, at("2026-09-10 00:00")),
            ("T-02", 2, at("2026-09-12 00:00")),
            ("T-02", 3, at("2026-09-15 00:00")),
        ]

    def test_the_promise_stands_still_meanwhile(self, suspended):
        fire_until("2026-09-30 09:00")
        assert of_kind("promised") == []

    def test_not_when_it_ended_on_its_last_day(self, suspended, deliver):
        suspended.go("2026-09-11 17:00")
        cases.resume(
            case_id=suspended.case.pk, result="听证笔录已归档。", by=suspended.county.case_officer, at=suspended.now
        )
        deliver()
        fire_until("2026-09-20 09:00")
        assert [level for _code, level, _at in of_kind("suspension")] == [1]


def suspend(play, days, kind="hearing"):
    return cases.suspend(
        case_id=play.case.pk,
        kind=kind,
        planned_workdays=days,
        reason="当事人要求听证。",
        by=play.county.case_officer,
        at=play.now,
    )


def test_t03_online_pre_review_is_late(play, in_force, deliver):
    """The system receives by itself when the two days are over; that the window let them pass stays on record."""
    play.go("2026-09-07 09:00").submitted()
    deliver()
    fire_until("2026-09-09 23:59")
    assert of_kind("pre_review") == []
    cases.fire(now=at("2026-09-10 00:10"))
    deliver()
    fire_until("2026-09-10 00:10")
    assert of_kind("pre_review") == [("T-03", 1, at("2026-09-10 00:00"))]


def test_t03_not_when_the_window_received_in_time(play, in_force, deliver):
    play.go("2026-09-07 09:00").received()
    deliver()
    fire_until("2026-09-30 09:00")
    assert of_kind("pre_review") == []


def test_t04_the_licence_three_days_after_the_decision(play, in_force, deliver):
    play.go("2026-09-07 09:00").decided()
    deliver()
    fire_until("2026-09-10 23:59")
    assert of_kind("licence") == []
    fire_until("2026-09-11 00:00")
    assert of_kind("licence") == [("T-04", 2, at("2026-09-11 00:00"))]


def test_t04_not_when_it_was_made_on_the_third_day(play, in_force, deliver):
    play.go("2026-09-07 09:00").decided()
    play.go("2026-09-10 17:00")
    cases.certify(case_id=play.case.pk, by=play.county.certificate_clerk, at=play.now)
    deliver()
    fire_until("2026-09-30 00:00")
    assert of_kind("licence") == []


def test_t04_not_after_a_refusal(play, in_force, deliver):
    play.go("2026-09-07 09:00").decided("refuse", reason="site_failed", hearing="not_required")
    deliver()
    fire_until("2026-09-30 00:00")
    assert of_kind("licence") == []


class TestT07:
    def test_a_step_at_the_bodys_own_desk(self, accepted):
        fire_until("2026-09-09 23:59")
        assert of_kind("step") == []
        fire_until("2026-09-15 00:00")
        assert of_kind("step") == [("T-07", 2, at("2026-09-10 00:00")), ("T-07", 3, at("2026-09-15 00:00"))]

    def test_not_when_it_was_done_on_its_last_day(self, accepted, deliver):
        accepted.go("2026-09-09 15:00").done("review", accepted.county.case_officer)
        deliver()
        fire_until("2026-09-30 00:00")
        assert of_kind("step") == []


class TestS14AnotherDepartment:
    def test_late(self, accepted):
        fire_until("2026-09-10 00:00")
        found = cards(kind="joint_step")
        assert [(card.code, card.level, card.organization) for card in found] == [("S-14", 2, accepted.county.health)]

    def test_in_time(self, accepted, deliver):
        accepted.go("2026-09-09 15:00").done("health", accepted.county.health_officer)
        deliver()
        fire_until("2026-09-30 00:00")
        assert of_kind("joint_step") == []


class TestS13Delivery:
    def test_ten_days_are_over(self, play, in_force, deliver):
        play.go("2026-09-07 09:00").certified()
        deliver()
        fire_until("2026-09-20 23:59")
        assert of_kind("delivery") == []
        fire_until("2026-09-21 00:00")
        assert of_kind("delivery") == [("S-13", 2, at("2026-09-21 00:00"))]

    def test_delivered(self, play, in_force, deliver):
        play.go("2026-09-07 09:00").delivered()
        deliver()
        fire_until("2026-10-20 00:00")
        assert of_kind("delivery") == []


class TestOtherProfiles:
    def test_ninety_per_cent(self, play, small_county, deliver):
        publish("percent-90")
        play.go(ACCEPTED).accepted()
        deliver()
        fire_until("2026-09-17 00:00")
        assert of_kind("promised") == [("T-01", 2, at("2026-09-16 00:00")), ("T-01", 3, at("2026-09-17 00:00"))]

    def test_strictly_by_the_law(self, play, small_county, deliver):
        publish("strict-legal")
        play.go(ACCEPTED).received()
        deliver()
        fire_until("2026-09-12 00:00")
        assert of_kind("acceptance") == [("T-10", 1, at("2026-09-12 00:00"))]
        cases.fire(now=at("2026-09-15 00:00"))
        deliver()
        fire_until("2026-10-11 00:00")
        assert of_kind("statutory") == [("T-01", 1, at("2026-09-29 00:00")), ("T-01", 3, at("2026-10-11 00:00"))]


def test_rules_are_never_retroactive(play, small_county, deliver):
    """A limit that was over before any rule was in force is dated when the rules came into force, if it still runs then."""
    play.go("2026-07-20 09:00").accepted()
    deliver()
    publish("hunan-kc-2018")
    while supervision.gather_on(now=at("2026-09-01 10:00")):
        pass
    fire_until("2026-09-01 10:00")
    dated = {card.threshold_at for card in cards()}
    assert dated == {at("2026-09-01 09:00")}
    assert ("T-01", 3) in said(kind="statutory")

"""Mistaken and malicious ratings: applied for with evidence, the rater heard, decided by others, kept on record and counted apart."""

import pytest

from tests.approvals.ratings.conftest import Told
from tests.approvals.ratings.test_orders import row, todos, token_in, unchanged
from tests.factories import at, make_officer, make_resident
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings.models import Dispute, Rating
from zhengtong.approvals.ratings.refusals import CannotDispute, CannotRule, CannotUseLink
from zhengtong.approvals.ratings.states import State
from zhengtong.foundation.notices.models import Notice
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
WORDS = {"kind": "malicious", "reason": "从未来办事", "evidence": "叫号记录"}
RULING = {"upheld": True, "reason": "录音与申请一致"}


def test_upheld_after_the_rater_was_heard(told):
    told.contacted().disputed()
    assert ("rating_dispute", "county_office", None) in todos()
    unchanged(told, CannotRule, ratings.rule, told.county.county_office, **RULING)
    ratings.object_by_link(token=token_in("rating.disputed"), objection="我没有点错", at=told.now)
    with pytest.raises(CannotUseLink):
        ratings.object_by_link(token=token_in("rating.disputed"), objection="再说", at=told.now)
    told.do(ratings.rule, told.county.county_office, **RULING)
    rating = Rating.objects.get(pk=told.rating.pk)
    assert (rating.standing, rating.code, rating.comment) == ("mistaken", 5, told.rating.comment)
    assert told.order.state == State.SET_ASIDE
    assert todos() == []
    assert Notice.objects.filter(template="rating.ruled", to_user=told.play.applicant).exists()
    figures = ratings.satisfaction(today=told.now.date())[0]
    assert (figures.rated, figures.set_aside, figures.orders, figures.satisfied_percent) == (0, 1, 0, None)
    unchanged(told, CannotRule, ratings.rule, told.county.county_office, **RULING)
    assert ratings.open_clocks() == []


def test_rejected_the_work_goes_on(told):
    told.disputed()
    due = told.order.contact_due_on
    told.go("2026-09-30 09:00")
    assert Dispute.objects.get().object_due_on == at("2026-09-30").date()
    unchanged(told, CannotRule, ratings.rule, told.county.county_office, **RULING)
    told.go("2026-10-01 09:00")
    unchanged(told, Invalid, ratings.rule, told.county.county_office, upheld=False, reason=" ")
    told.do(ratings.rule, told.county.county_office, upheld=False, reason="证据不足")
    assert Rating.objects.get().standing == "counted"
    assert (told.order.state, told.order.contact_due_on) == (State.OPENED, due)
    assert len(ratings.open_clocks()) == 2
    unchanged(told, CannotDispute, ratings.dispute, **WORDS)


def test_who_asks_does_not_decide(told, other_office):
    unchanged(told, NotAllowed, ratings.dispute, told.county.case_officer, **WORDS)
    told.do(ratings.dispute, other_office, **WORDS)
    told.go("2026-10-08 09:00")
    unchanged(told, NotAllowed, ratings.rule, told.county.department_head, **RULING)
    unchanged(told, CannotRule, ratings.rule, other_office, **RULING)
    inside = make_officer("inside", "秦在内", "county_office", told.county.market)
    unchanged(told, CannotRule, ratings.rule, inside, **RULING)
    told.do(ratings.rule, told.county.county_office, **RULING)
    assert Rating.objects.get().standing == "malicious"


@pytest.mark.parametrize("missing", ["kind", "reason", "evidence"])
def test_an_application_is_complete(told, missing):
    unchanged(told, Invalid, ratings.dispute, **{**WORDS, missing: ""})


def test_no_application_about_what_is_over(told):
    told.replied()
    told.do(ratings.follow_up, told.play.applicant, code=1, comment="")
    unchanged(told, CannotDispute, ratings.dispute, **WORDS)


def test_a_satisfied_follow_up_leaves_the_application_to_be_decided(told):
    told.replied().disputed()
    told.do(ratings.follow_up, told.play.applicant, code=1, comment="")
    assert todos() == [("rating_dispute", "county_office", None)]
    told.go("2026-10-10 09:00").do(ratings.rule, told.county.county_office, **RULING)
    assert (told.order.state, Rating.objects.get().standing) == (State.CLOSED, "mistaken")
    assert todos() == []


def test_only_the_rater_objects_and_once(told):
    with pytest.raises(NotFound):
        told.do(ratings.object_to, told.play.applicant, objection="没有申请")
    told.disputed()
    unchanged(told, NotFound, ratings.object_to, make_resident(7, "旁人"), objection="我来说")
    unchanged(told, NotFound, ratings.object_to, told.county.case_officer, objection="我来说")
    unchanged(told, Invalid, ratings.object_to, told.play.applicant, objection=" ")
    told.do(ratings.object_to, told.play.applicant, objection="没有点错")
    unchanged(told, CannotDispute, ratings.object_to, told.play.applicant, objection="再说一次")
    assert row(told)[0]["state"] == State.OPENED


def test_good_ratings_cannot_be_disputed(play):
    good = Told(play, code=1)
    with pytest.raises(NotFound):
        good.do(ratings.dispute, **WORDS)

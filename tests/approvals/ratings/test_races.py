"""Two at once, on real connections: one rating, one use of a token, one code too many refused, one decision."""

import pytest

from tests.approvals.cases.test_races import at_once, refusals
from tests.approvals.ratings.conftest import Told
from tests.factories import at
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings.models import Rating, Visit, WorkOrder
from zhengtong.approvals.ratings.operations import ruling
from zhengtong.approvals.ratings.refusals import CannotOpenVisit, CannotUseLink, CannotWorkOnOrder

pytestmark = pytest.mark.django_db(transaction=True)
NOW = at("2026-09-24 10:00")


def test_a_double_click_is_one_rating(play):
    def click():
        return ratings.rate_case(case_id=play.case.pk, code=5, by=play.applicant, at=NOW)

    assert refusals(at_once(click, click)) == [cases.CannotRate]
    assert (Rating.objects.count(), WorkOrder.objects.count()) == (1, 1)
    assert play.case.log.filter(kind="rate").count() == 1


def test_one_token_twice_and_two_tokens_for_one_case(play, small_county):
    def rate(token):
        return lambda: ratings.rate_by_link(token=token, code=4, at=NOW)

    _visit, token = ratings.open_visit(
        organization=small_county.centre, counter=1, by=small_county.window_officer, at=NOW
    )
    assert refusals(at_once(rate(token), rate(token))) == [CannotUseLink]
    assert Rating.objects.filter(visit__isnull=False).count() == 1
    from zhengtong.approvals.ratings.operations.invitations import make

    end = at("2026-10-24")
    first, second = (make("rate", at=NOW, expires_at=end, case=play.case) for _n in range(2))
    assert len(refusals(at_once(rate(first), rate(second)))) == 1
    assert Rating.objects.filter(case=play.case).count() == 1


def test_the_last_code_of_the_day_is_given_once(small_county):
    ratings.publish_rule(by=small_county.county_office, at=NOW, **{**ruling.BUILT_IN, "visits_a_day": 1})

    def make():
        return ratings.open_visit(organization=small_county.centre, counter=1, by=small_county.window_officer, at=NOW)

    assert refusals(at_once(make, make)) == [CannotOpenVisit]
    assert Visit.objects.count() == 1


def test_two_follow_ups_are_one(play):
    told = Told(play).replied()

    def again():
        return ratings.follow_up(rating_id=told.rating.pk, code=4, comment="", by=play.applicant, at=NOW)

    assert refusals(at_once(again, again)) == [CannotWorkOnOrder]
    assert told.rating.log.filter(kind="followed_up").count() == 1


def test_two_workers_tell_of_lateness_once(play):
    told = Told(play)

    def fire():
        return ratings.fire(now=at("2026-09-30"))

    assert sum(at_once(fire, fire)) == 1
    assert told.rating.log.filter(kind="escalated").count() == 1

"""Giving a rating: once per case and once per visit, by whom it concerns and nobody else; links and codes that work once."""

import re
from datetime import timedelta

import pytest

from tests.approvals.ratings.conftest import Told
from tests.factories import at, make_official, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings import queries
from zhengtong.approvals.ratings.models import Invitation, Publication, Rating, RatingEvent, Visit, WorkOrder
from zhengtong.approvals.ratings.operations import ruling
from zhengtong.approvals.ratings.refusals import CannotOpenVisit, CannotUseLink
from zhengtong.foundation.notices.models import Notice
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
NOW = at("2026-09-24 10:00")


def rows():
    """Everything a rating could have changed."""
    models = (Rating, WorkOrder, Publication, RatingEvent, Visit)
    used = Invitation.objects.filter(used_at__isnull=False).count()
    return [model.objects.count() for model in models], used, cases.CaseEvent.objects.count()


def refused(refusal, act, **given):
    """`act` is refused and nothing is different afterwards."""
    before = rows()
    with pytest.raises(refusal) as caught:
        act(**given)
    assert rows() == before
    return str(caught.value)


def token_in(notice):
    return re.search(r"/rate/([^/]+)/", notice.url).group(1)


def test_code_one_is_best_and_stars_are_derived(play):
    rating = ratings.rate_case(
        case_id=play.case.pk, code=1, by=play.applicant, at=NOW, tags=["quick", "unheard-of"], comment=" 很快 "
    )
    assert (rating.code, rating.stars, rating.is_bad) == (1, 5, False)
    assert (rating.tags, rating.comment) == (["quick"], "很快")
    assert rating.department == play.county.market
    assert play.case.log.get(kind="rate").data == {"code": 1}
    assert not WorkOrder.objects.exists()
    assert ratings.of_case(play.case.pk) == rating


@pytest.mark.parametrize(("code", "opens"), [(3, False), (4, True), (5, True)])
def test_the_two_lowest_levels_open_a_work_order(play, code, opens):
    ratings.rate_case(case_id=play.case.pk, code=code, by=play.applicant, at=NOW)
    assert WorkOrder.objects.exists() is opens


def test_who_may_not_and_what_is_wrong(play):
    case = {"case_id": play.case.pk, "at": NOW}
    refused(NotFound, ratings.rate_case, **case, code=1, by=make_resident(9, "旁人"))
    assert "工作人员" in refused(NotAllowed, ratings.rate_case, **case, code=1, by=play.county.window_officer)
    for code in (0, 6):
        refused(Invalid, ratings.rate_case, **case, code=code, by=play.applicant)
    refused(Invalid, ratings.rate_case, **case, code=5, by=play.applicant, comment="长" * 501)
    refused(Invalid, ratings.rate_case, **case, code=5, by=play.applicant, phone="12")
    ratings.rate_case(**case, code=2, by=play.applicant)
    assert "已经评价过" in refused(cases.CannotRate, ratings.rate_case, **case, code=5, by=play.applicant)
    refused(cases.CannotRate, ratings.rate_case, **case, code=5, by=None, channel="code")


def test_a_link_comes_after_delivery_and_works_once(play, deliver):
    deliver()
    notice = Notice.objects.get(template="rating.invite")
    assert notice.to_user == play.applicant
    token = token_in(notice)
    assert not Invitation.objects.filter(digest=token).exists()
    assert ratings.invite(case_id=play.case.pk, at=NOW) is False
    refused(Invalid, ratings.rate_by_link, token=token, code=9, at=NOW)
    refused(CannotUseLink, ratings.rate_by_link, token=f"{token}x", code=1, at=NOW)
    rating = ratings.rate_by_link(token=token, code=4, at=NOW, comment="慢")
    assert (rating.case, rating.channel, rating.rated_by) == (play.case, "link", None)
    assert "用过" in refused(CannotUseLink, ratings.rate_by_link, token=token, code=1, at=NOW)


def test_a_link_ends_when_the_case_is_rated_by_account(play, deliver):
    deliver()
    token = token_in(Notice.objects.get(template="rating.invite"))
    ratings.rate_case(case_id=play.case.pk, code=1, by=play.applicant, at=NOW)
    refused(CannotUseLink, ratings.rate_by_link, token=token, code=5, at=NOW)


def test_a_link_expires(play, deliver):
    deliver()
    token = token_in(Notice.objects.get(template="rating.invite"))
    invitation = Invitation.objects.get()
    last = invitation.expires_at
    assert "过期" in refused(CannotUseLink, ratings.rate_by_link, token=token, code=5, at=last)
    ratings.rate_by_link(token=token, code=5, at=last - timedelta(seconds=1))


def test_a_visit_is_rated_once_without_account(small_county):
    visit, token = ratings.open_visit(
        organization=small_county.centre, counter=3, by=small_county.window_officer, at=NOW
    )
    rating = ratings.rate_by_link(token=token, code=5, at=NOW + timedelta(hours=1), phone="0738-6820001")
    assert (rating.visit, rating.case, rating.channel) == (visit, None, "qr")
    assert rating.order.department == small_county.centre
    assert rating.order.phone == "0738-6820001"
    refused(CannotUseLink, ratings.rate_by_link, token=token, code=1, at=NOW)


def test_officials_do_not_use_the_code(small_county):
    _visit, token = ratings.open_visit(
        organization=small_county.centre, counter=3, by=small_county.window_officer, at=NOW
    )
    refused(NotAllowed, ratings.rate_by_link, token=token, code=1, at=NOW, by=small_county.window_officer)
    ratings.rate_by_link(token=token, code=1, at=NOW, by=make_resident(8))


def test_codes_of_a_window_are_limited_by_the_day(small_county):
    visit = {"organization": small_county.centre, "by": small_county.window_officer}
    periods = {**ruling.BUILT_IN, "visits_a_day": 2}
    ratings.publish_rule(by=small_county.county_office, at=NOW, **periods)
    for _n in range(2):
        ratings.open_visit(**visit, counter=1, at=NOW)
    assert "上限" in refused(CannotOpenVisit, ratings.open_visit, **visit, counter=1, at=NOW)
    ratings.open_visit(**visit, counter=2, at=NOW)
    ratings.open_visit(**visit, counter=1, at=NOW + timedelta(days=1))
    for counter in (0, 100):
        refused(Invalid, ratings.open_visit, **visit, counter=counter, at=NOW)
    refused(NotAllowed, ratings.open_visit, **{**visit, "by": make_official("nobody")}, counter=1, at=NOW)


def test_the_rule_is_versioned_with_its_source(small_county):
    assert ratings.in_force().version == 0
    office = {"by": small_county.county_office, "at": NOW}
    wrong = {**ruling.BUILT_IN, "contact_days": 0, "correct_unit": "weeks", "source": " "}
    with pytest.raises(Invalid) as caught:
        ratings.publish_rule(**office, **wrong)
    assert set(caught.value.fields) == {"contact_days", "correct_unit", "source"}
    with pytest.raises(NotAllowed):
        ratings.publish_rule(by=small_county.department_head, at=NOW, **ruling.BUILT_IN)
    assert ratings.in_force().version == 0
    ratings.publish_rule(**office, **ruling.BUILT_IN)
    assert ratings.publish_rule(**office, **{**ruling.BUILT_IN, "correct_days": 10}).version == 2
    assert ratings.in_force().correct_days == 10


def test_a_running_order_keeps_the_rule_it_began_under(play):
    told = Told(play)
    before = told.order.correct_due_on
    ratings.publish_rule(by=play.county.county_office, at=NOW, **{**ruling.BUILT_IN, "correct_days": 3})
    assert told.order.correct_due_on == before


def test_what_concerns_a_person(play):
    rating = Told(play).rating
    assert queries.subjects_of(play.applicant.pk) == [rating.subject]

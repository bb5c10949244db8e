"""What looks like an intrusion is told to the security administrators, once, and the nearest ordinary thing is not."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.factories import MONDAY, SmallCounty, grant, make_official
from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.notices.models import Notice
from zhengtong.security.accounts.events import SignInLocked
from zhengtong.security.pmi.events import AccessRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def guard(small_county: SmallCounty):
    """The security administrator."""
    person = make_official("security", "孔安全")
    grant(person, "security_admin", small_county.government)
    return person


def alarms(guard) -> list[str]:
    return list(
        Notice.objects.filter(to_user=guard, template__startswith="pmi.alarm").values_list("template", flat=True)
    )


def lock(people, *, apart: timedelta = timedelta(seconds=10)) -> None:
    for number, user_id in enumerate(people):
        events.publish(SignInLocked(user_id=user_id), at=MONDAY + number * apart)


@pytest.mark.parametrize(
    ("people", "apart", "expected"),
    [
        (range(1, 7), timedelta(seconds=10), ["pmi.alarm_locked"]),
        (range(1, 6), timedelta(seconds=10), []),
        ([1] * 12, timedelta(seconds=10), []),
        (range(1, 13), timedelta(minutes=3), []),
        (range(1, 40), timedelta(seconds=10), ["pmi.alarm_locked"]),
    ],
)
def test_many_locked_accounts(people, apart, expected, guard, deliver):
    """Six accounts in ten minutes; not five, not one again and again, not six in half an hour; told once an hour."""
    lock(people, apart=apart)
    deliver()
    assert alarms(guard) == expected
    assert OutboxEvent.objects.filter(name="pmi.AlarmRaised").count() == len(expected)


@pytest.mark.parametrize(("times", "expected"), [(21, ["pmi.alarm_refused"]), (20, [])])
def test_an_official_who_tries_doors(times, expected, guard, small_county, deliver):
    for number in range(times):
        fact = AccessRefused(
            user_id=small_county.window_officer.pk, action="audit.view", rule="role", route="/audit/", method="GET"
        )
        events.publish(fact, at=MONDAY + timedelta(seconds=number))
    deliver()
    assert alarms(guard) == expected
    page = Client()
    page.force_login(guard)
    for notice in Notice.objects.filter(to_user=guard):
        told = page.get(f"/my/inbox/{notice.pk}/", follow=True).content.decode()
        assert small_county.window_officer.username in told


def test_refusals_of_several_people_are_ordinary(guard, small_county, deliver):
    for person in (small_county.window_officer, small_county.case_officer, small_county.approver):
        for number in range(9):
            fact = AccessRefused(user_id=person.pk, action="audit.view", rule="role", route="/audit/", method="GET")
            events.publish(fact, at=MONDAY + timedelta(seconds=number))
    deliver()
    assert alarms(guard) == []

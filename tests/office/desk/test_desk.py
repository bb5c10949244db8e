"""The desk: what is due first stands first, everybody sees the pools of their posts, the reads do not grow with the rows."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import SmallCounty, at, grant, make_official, make_resident
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.worklists import public as worklists
from zhengtong.office.desk import queries

pytestmark = pytest.mark.django_db
TODAY = date(2026, 9, 21)


def put(county: SmallCounty, number: int, due: date | None, *, role: str = "case_officer", body: Any = None) -> None:
    worklists.open(
        system="approvals",
        kind="step",
        subject=f"step:{number}",
        title="{step}：{matter}",
        url=f"/cases/{number}/",
        organization_id=(body or county.market).pk,
        role=role,
        due_on=due,
        at=at("2026-09-01"),
        number=f"431321-260901-{number:05d}-0",
        person="王*明",
        params={
            "step": {"zh": "审查", "en": "Review"},
            "matter": {"zh": "小餐饮经营许可", "en": "Small catering licence"},
        },
    )


@pytest.fixture(autouse=True)
def county_time(settings: Any, db: None) -> Iterator[None]:
    """The pages are opened on Monday 21 September 2026, whatever the machine's clock says."""
    settings.DEMO = True
    offset = round((at("2026-09-21 10:00") - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
    calendars.forget_demo_clock()
    yield
    calendars.forget_demo_clock()


def desk(user: Any, bucket: str = "", page: str = "1") -> dict[str, Any]:
    return queries.desk_of(user, bucket=bucket, page=page, today=TODAY)


def numbers(found: dict[str, Any]) -> list[int]:
    return [int(row["item"].subject.partition(":")[2]) for row in found["rows"]]


def test_due_first_undated_last(small_county):
    put(small_county, 1, None)
    put(small_county, 2, TODAY + timedelta(days=9))
    put(small_county, 3, TODAY - timedelta(days=4))
    put(small_county, 4, TODAY)
    put(small_county, 5, TODAY + timedelta(days=2))
    assert numbers(desk(small_county.case_officer)) == [3, 4, 5, 2, 1]


def test_counts_and_parts_agree(small_county):
    for number, days in enumerate((-3, 0, 1, 3, 8, 9), 1):
        put(small_county, number, TODAY + timedelta(days=days))
    put(small_county, 7, None)
    found = desk(small_county.case_officer)
    assert {tab["url"]: tab["count"] for tab in found["tabs"]} == {
        "?": 7,
        "?due=overdue": 1,
        "?due=today": 1,
        "?due=soon": 2,
        "?due=later": 2,
        "?due=undated": 1,
    }
    for tab in found["tabs"][1:]:
        key = tab["url"].removeprefix("?due=")
        assert len(desk(small_county.case_officer, key)["rows"]) == tab["count"], key


def test_each_sees_the_pools_of_their_posts_only(small_county):
    put(small_county, 1, TODAY)
    put(small_county, 2, TODAY, role="section_head")
    put(small_county, 3, TODAY, body=small_county.health)
    assert numbers(desk(small_county.case_officer)) == [1]
    assert numbers(desk(small_county.section_head)) == [2]
    assert numbers(desk(small_county.health_officer)) == [3]
    assert numbers(desk(small_county.window_officer)) == []


def test_two_posts_one_list_with_the_post_named(small_county, signed_in):
    both = make_official("both", "兼职")
    grant(both, "case_officer", small_county.market)
    grant(both, "section_head", small_county.health)
    put(small_county, 1, TODAY)
    put(small_county, 2, TODAY, role="section_head", body=small_county.health)
    page = signed_in(both).get("/desk/").content.decode()
    assert "承办人" in page
    assert "股室负责人" in page


def test_a_to_do_given_to_one_leaves_the_others_lists(small_county):
    other = make_official("second", "第二承办")
    grant(other, "case_officer", small_county.market)
    put(small_county, 1, TODAY)
    worklists.assign(subject="step:1", user_id=other.pk)
    assert numbers(desk(other)) == [1]
    assert numbers(desk(small_county.case_officer)) == []


def test_working_days_left_are_counted_not_days(small_county):
    # Ahead: Friday 25 is Mid-Autumn, then a weekend. Behind: Sunday 20 was worked for the National Day.
    put(small_county, 1, date(2026, 9, 28))
    put(small_county, 2, date(2026, 9, 18))
    put(small_county, 3, date(2099, 1, 5))
    left = {row["item"].subject: row["remaining"] for row in desk(small_county.case_officer)["rows"]}
    assert left == {"step:1": 4, "step:2": -2, "step:3": None}


def test_the_first_is_one_key_away(small_county, signed_in):
    put(small_county, 12, TODAY)
    put(small_county, 13, TODAY + timedelta(days=1))
    page = signed_in(small_county.case_officer).get("/desk/").content.decode()
    assert '<a class="button" href="/cases/12/" data-key="d">' in page
    assert 'href="/cases/13/" data-key="2"' in page
    assert "审查：小餐饮经营许可" in page


def test_in_english(small_county, signed_in):
    put(small_county, 1, TODAY - timedelta(days=7))
    page = signed_in(small_county.case_officer).get("/desk/?lang=en").content.decode()
    assert "Review: Small catering licence" in page
    assert "Open the first" in page
    assert "Overdue" in page


def test_an_empty_desk_says_what_will_happen(small_county, signed_in):
    client = signed_in(small_county.case_officer)
    assert "会自动出现在这里" in client.get("/desk/").content.decode()
    put(small_county, 1, TODAY)
    assert "查看全部待办" in client.get("/desk/?due=overdue").content.decode()


@pytest.mark.parametrize("query", ["due=nonsense", "page=0", "page=x", "page=99999999999", "page=-3"])
def test_forged_addresses_show_the_desk(small_county, signed_in, query):
    assert signed_in(small_county.case_officer).get(f"/desk/?{query}").status_code == 200


def test_pages_of_fifty(small_county):
    for number in range(1, 53):
        put(small_county, number, TODAY)
    first, second = desk(small_county.case_officer), desk(small_county.case_officer, page="2")
    assert (len(first["rows"]), first["more"]) == (50, True)
    assert (len(second["rows"]), second["more"]) == (2, False)


def test_as_many_queries_for_forty_as_for_one(small_county, signed_in):
    client = signed_in(small_county.case_officer)
    put(small_county, 1, TODAY)
    client.get("/desk/")
    calendars.forget_demo_clock()
    with CaptureQueriesContext(connection) as one:
        client.get("/desk/")
    for number in range(2, 41):
        put(small_county, number, TODAY)
    calendars.forget_demo_clock()
    with CaptureQueriesContext(connection) as forty:
        client.get("/desk/")
    assert len(forty) == len(one)


def test_residents_and_visitors_have_no_desk(small_county, signed_in, client):
    assert client.get("/desk/").status_code in (302, 403)
    assert signed_in(make_resident()).get("/desk/").status_code == 403

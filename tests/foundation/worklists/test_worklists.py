"""One to-do list per person: their own and their pools', most urgent first, in their language."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_body, make_official, make_resident
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists
from zhengtong.foundation.worklists.models import Todo
from zhengtong.security.accounts.models import User

pytestmark = pytest.mark.django_db
TODAY = date(2026, 9, 21)
Put = Callable[..., None]


@pytest.fixture
def body() -> Organization:
    return make_body("market-regulation", "双峰县市场监督管理局")


@pytest.fixture
def officer() -> User:
    return make_official("officer")


@pytest.fixture
def put(body: Organization, now: datetime) -> Put:
    """Open a to-do in the pool of case officers unless told otherwise."""

    def run(subject: str, **more: Any) -> None:
        fields: dict[str, Any] = {
            "system": "cases",
            "kind": "step",
            "title": "承办{number}",
            "url": "/office/cases/1/",
            "organization_id": body.pk,
            "role": "case_officer",
            "at": now,
        }
        worklists.open(subject=subject, **{**fields, **more})

    return run


def listed(user: User, *pools: tuple[int, str], **more: Any) -> list[str]:
    return [i.subject for i in worklists.for_person(user_id=user.pk, pools=pools, today=TODAY, **more)]


def test_the_most_urgent_comes_first_and_the_undated_last(put: Put, officer: User, body: Organization) -> None:
    days = {"step:1": None, "step:2": 9, "step:3": -2, "step:4": 0, "step:5": 2}
    for subject, offset in days.items():
        put(subject, due_on=None if offset is None else TODAY + timedelta(days=offset))
    items = worklists.for_person(user_id=officer.pk, pools=[(body.pk, "case_officer")], today=TODAY)
    assert [i.subject for i in items] == ["step:3", "step:4", "step:5", "step:2", "step:1"]
    assert [i.bucket for i in items] == ["overdue", "today", "soon", "later", "undated"]
    counts = worklists.counts(user_id=officer.pk, pools=[(body.pk, "case_officer")], today=TODAY)
    assert (counts.overdue, counts.today, counts.soon, counts.later, counts.undated) == (1, 1, 1, 1, 1)
    assert counts.total == 5


def test_a_person_sees_their_pools_and_their_own_and_nothing_else(put: Put, officer: User, body: Organization) -> None:
    other_body, colleague = make_body("health", "双峰县卫生健康局"), make_official("colleague")
    put("step:1")
    put("step:2", role="approver")
    put("step:3", organization_id=other_body.pk)
    put("step:4", user_id=officer.pk, role="approver")
    put("step:5", user_id=colleague.pk)
    assert listed(officer, (body.pk, "case_officer")) == ["step:1", "step:4"]
    assert listed(officer) == ["step:4"]


def test_taking_a_todo_removes_it_from_the_pool_and_giving_it_back_returns_it(
    put: Put, officer: User, body: Organization
) -> None:
    colleague, pool = make_official("colleague"), (body.pk, "case_officer")
    put("step:1")
    assert worklists.assign(subject="step:1", user_id=officer.pk) == 1
    assert listed(colleague, pool) == []
    (item,) = worklists.for_person(user_id=officer.pk, pools=[pool], today=TODAY)
    assert item.mine
    worklists.assign(subject="step:1", user_id=None)
    assert listed(colleague, pool) == ["step:1"]


def test_closing_takes_everything_about_the_subject_or_one_kind_of_it(
    put: Put, officer: User, body: Organization, now: datetime
) -> None:
    pool = (body.pk, "case_officer")
    put("case:1", kind="accept")
    put("case:1", kind="notify")
    put("case:2", kind="accept")
    assert worklists.close(subject="case:1", kind="accept", at=now) == 1
    assert worklists.close(subject="case:1", at=now) == 1
    assert worklists.close(subject="case:1", at=now) == 0
    assert listed(officer, pool) == ["case:2"]


def test_the_same_todo_opened_twice_is_one_and_can_come_again_after_it_was_done(
    put: Put, officer: User, body: Organization, now: datetime
) -> None:
    put("step:1")
    put("step:1")
    assert listed(officer, (body.pk, "case_officer")) == ["step:1"]
    worklists.close(subject="step:1", at=now)
    put("step:1")
    assert listed(officer, (body.pk, "case_officer")) == ["step:1"]
    assert Todo.objects.count() == 2


def test_an_applicant_has_todos_without_a_body(put: Put, now: datetime) -> None:
    resident = make_resident()
    for _ in range(2):
        put("case:1", organization_id=None, role="", user_id=resident.pk, kind="supplement")
    assert listed(resident) == ["case:1"]


def test_a_todo_of_nobody_is_refused(put: Put) -> None:
    with pytest.raises(ValueError, match="person"):
        put("step:1", organization_id=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Todo.objects.create(
            system="cases", kind="step", subject="case:1", title="x", url="/", created_at="2026-09-21T09:00Z"
        )
    assert not Todo.objects.exists()


def test_a_changed_clock_moves_the_day(put: Put, officer: User, body: Organization) -> None:
    put("step:1", due_on=TODAY)
    put("step:2", due_on=TODAY)
    worklists.set_due(subject="step:1", due_on=None)
    worklists.set_due_many({"step:2": TODAY + timedelta(days=30)})
    items = worklists.for_person(user_id=officer.pk, pools=[(body.pk, "case_officer")], today=TODAY)
    assert [(i.subject, i.bucket) for i in items] == [("step:2", "later"), ("step:1", "undated")]


def test_words_are_those_of_the_reader(put: Put, officer: User, body: Organization) -> None:
    put(
        "step:1",
        title="{matter}：请于{day}前处理{forgotten}",
        params={"matter": {"zh": "食品经营许可", "en": "Food business licence"}, "day": {"date": "2026-09-25"}},
    )
    (item,) = worklists.for_person(user_id=officer.pk, pools=[(body.pk, "case_officer")], today=TODAY)
    assert item.title == "食品经营许可：请于2026年9月25日前处理…"
    with translation.override("en"):
        assert "Food business licence" in item.title
        assert "2026" in item.title


def test_narrowing_and_paging(put: Put, officer: User, body: Organization) -> None:
    pool = (body.pk, "case_officer")
    for number in range(5):
        put(f"step:{number}", due_on=TODAY + timedelta(days=number))
    put("doc:1", system="documents", due_on=TODAY)
    assert listed(officer, pool, bucket="today") == ["step:0", "doc:1"]
    assert listed(officer, pool, system="documents") == ["doc:1"]
    assert listed(officer, pool, system="cases", limit=2, offset=2) == ["step:2", "step:3"]


@pytest.mark.parametrize("rows", [1, 50])
def test_a_list_costs_one_query_whatever_its_length(
    put: Put, officer: User, body: Organization, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        put(f"step:{number}", due_on=TODAY)
    pools = [(body.pk, "case_officer"), (body.pk, "section_head"), (body.pk, "approver")]
    with django_assert_num_queries(1):
        items = worklists.for_person(user_id=officer.pk, pools=pools, today=TODAY)
        assert len([i.title for i in items]) == rows
    with django_assert_num_queries(1):
        assert worklists.counts(user_id=officer.pk, pools=pools, today=TODAY).today == rows


def test_opening_and_closing_cost_one_statement_each(put: Put, now: datetime, django_assert_num_queries: Any) -> None:
    with transaction.atomic():
        put("step:0")
        with django_assert_num_queries(1):
            put("step:1")
        with django_assert_num_queries(1):
            worklists.close(subject="step:1", at=now)


def test_a_long_history_is_never_walked_through(put: Put, officer: User, body: Organization, now: datetime) -> None:
    """With many thousand done rows the database reads the open ones by the partial indexes."""
    row = {
        "system": "cases",
        "kind": "step",
        "title": "t",
        "url": "/",
        "organization_id": body.pk,
        "role": "case_officer",
    }
    done = [Todo(subject=f"step:{n}", created_at=now, done_at=now, **row) for n in range(4000)]
    Todo.objects.bulk_create(done, batch_size=500)
    put("step:x", due_on=TODAY)
    pools = [(body.pk, "case_officer"), (body.pk, "approver")]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        worklists.for_person(user_id=officer.pk, pools=pools, today=TODAY)
    with connection.cursor() as cursor:
        explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        cursor.execute(explain + queries[0]["sql"])
        plan = "\n".join(str(line) for line in cursor.fetchall())
    assert not re.search(r"SCAN worklists_todo|Seq Scan", plan), plan
    assert re.search("todo_pool" if connection.vendor == "sqlite" else "todo_(pool|mine)", plan), plan


@given(st.dates(min_value=date(2024, 1, 1), max_value=date(2028, 1, 1)))
def test_every_day_falls_into_one_part_of_the_list(day: date) -> None:
    bucket = worklists.bucket_of(day, today=TODAY)
    assert bucket in worklists.BUCKETS
    assert (bucket == "overdue") == (day < TODAY)
    assert (bucket == "today") == (day == TODAY)

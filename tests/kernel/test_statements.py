"""Compiled statements write and read what Django would, on either database."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q

from tests.factories import MONDAY, SmallCounty
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.statements import (
    Param,
    Statement,
    insert,
    insert_all,
    insert_all_once,
    insert_once,
    update,
    upsert_all,
)
from zhengtong.oversight.supervision.models import Watch
from zhengtong.security.audit.models import AuditEntry
from zhengtong.security.pmi.models import RoleGrant

pytestmark = pytest.mark.django_db


def todo(county: SmallCounty, **more: Any) -> Todo:
    body = Organization.objects.order_by("pk").first()
    assert body is not None
    facts: dict[str, Any] = {
        "system": "cases",
        "kind": "step",
        "subject": "step:1",
        "title": "审查",
        "url": "/cases/1/",
    }
    facts |= {
        "organization": body,
        "role": "case_officer",
        "created_at": MONDAY,
        "params": {"事项": ["饭店", None, 1.5]},
    }
    return Todo(**facts | more)


def stored(row: Any) -> dict[str, Any]:
    """The columns as the database has them, without the key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {row._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608
        return {c[0]: v for c, v in zip(cursor.description, cursor.fetchone(), strict=True) if c[0] != "id"}


def outbox(**more: Any) -> OutboxEvent:
    facts: dict[str, Any] = {"name": "a.B", "subject": "", "payload": {}, "effective_at": MONDAY, "recorded_at": MONDAY}
    return OutboxEvent(**facts | more)


@pytest.mark.parametrize(
    "more",
    [{}, {"actor_id": 7}, {"payload": {"字": "政\u2028通"}}, {"delivered_at": MONDAY + timedelta(microseconds=5)}],
)
def test_insert_writes_what_save_writes(more: dict[str, Any]) -> None:
    ours, theirs = outbox(**more), outbox(**more)
    insert(ours)
    theirs.save(force_insert=True)
    assert ours.pk != theirs.pk
    assert stored(ours) == stored(theirs)


def test_insert_knows_dates_truths_and_other_rows(small_county: SmallCounty) -> None:
    kept = RoleGrant.objects.order_by("pk").first()
    assert kept is not None
    facts = {f.attname: getattr(kept, f.attname) for f in kept._meta.concrete_fields if not f.primary_key}
    facts |= {"valid_from": date(2020, 1, 1), "valid_until": date(2020, 2, 29), "include_subtree": True}
    ours, theirs = RoleGrant(**facts), RoleGrant(**facts)
    insert(ours)
    theirs.save(force_insert=True)
    assert stored(ours) == stored(theirs)
    assert not ours._state.adding


def test_insert_leaves_refusing_to_the_database(small_county: SmallCounty) -> None:
    insert(todo(small_county))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(todo(small_county))
    assert Todo.objects.filter(subject="step:1").count() == 1


def test_insert_once_leaves_what_is_there(small_county: SmallCounty) -> None:
    insert_once(todo(small_county))
    insert_once(todo(small_county, title="再次"))
    assert [row.title for row in Todo.objects.filter(subject="step:1")] == ["审查"]


def test_insert_all_once_leaves_what_is_there(small_county: SmallCounty) -> None:
    insert_all_once([])
    insert_once(todo(small_county))
    insert_all_once([todo(small_county, title="再次"), *[todo(small_county, subject=f"step:{n}") for n in (2, 2, 3)]])
    assert sorted(Todo.objects.values_list("subject", "title")) == [(f"step:{n}", "审查") for n in (1, 2, 3)]


def test_upsert_all_writes_new_rows_and_changes_the_named_columns_of_others(small_county: SmallCounty) -> None:
    def watch(number: int, **more: Any) -> Watch:
        facts = {"source": "cases", "key": f"clock:{number}", "subject": "case:1", "kind": "step", "attempts": number}
        return Watch(organization=Organization.objects.order_by("pk").first(), **facts | more)

    def write(*rows: Watch) -> None:
        upsert_all(rows, unique=("source", "key"), names=("subject", "next_threshold_at"))

    write()
    write(watch(1), watch(2))
    known = Watch.objects.get(key="clock:1")
    write(watch(1, subject="case:9", next_threshold_at=MONDAY, attempts=7), watch(3))
    assert Watch.objects.count() == 3
    again = Watch.objects.get(key="clock:1")
    assert (again.pk, again.subject, again.next_threshold_at) == (known.pk, "case:9", MONDAY)
    assert again.attempts == 1, "a column that was not named"


def test_insert_all_writes_every_row() -> None:
    insert_all([])
    insert_all([outbox(actor_id=number) for number in range(50)])
    assert list(OutboxEvent.objects.order_by("id").values_list("actor_id", flat=True)) == list(range(50))
    last = AuditEntry.objects.order_by("seq").last()
    entry = AuditEntry(seq=(last.seq if last else 0) + 100, effective_at=MONDAY, action="x", mac=b"\x00\xff")
    insert_all([entry])
    assert bytes(AuditEntry.objects.get(action="x").mac) == b"\x00\xff"


def test_update_writes_only_what_is_named(small_county: SmallCounty) -> None:
    row = todo(small_county)
    insert(row)
    row.title, row.due_on, row.params = "不写", date(2026, 9, 30), {"新": True}
    update(row, "due_on", "params")
    fresh = Todo.objects.get(pk=row.pk)
    assert (fresh.title, fresh.due_on, fresh.params) == ("审查", date(2026, 9, 30), {"新": True})
    row.due_on = None
    update(row, "due_on")
    assert Todo.objects.get(pk=row.pk).due_on is None


def test_update_of_a_row_that_is_gone_is_an_error(small_county: SmallCounty) -> None:
    row = todo(small_county)
    insert(row)
    Todo.objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError):
        update(row, "due_on")


def test_a_statement_compiles_once_and_takes_new_values_each_time(small_county: SmallCounty) -> None:
    made = []

    def make() -> Any:
        made.append(1)
        return Todo.objects.filter(subject=Param("subject"), done_at__isnull=True)

    close = Statement(make, done_at=Param("at"), user=None)
    for number in (1, 2):
        insert(todo(small_county, subject=f"step:{number}"))
        assert close.execute(subject=f"step:{number}", at=MONDAY) == 1
        assert close.execute(subject=f"step:{number}", at=MONDAY) == 0
    assert len(made) == 1
    assert {row.done_at for row in Todo.objects.filter(subject__startswith="step:")} == {MONDAY}


def test_rows_are_the_instances_of_the_queryset(small_county: SmallCounty) -> None:
    insert(todo(small_county, done_at=MONDAY))

    def queryset(subject: Any) -> Any:
        return Todo.objects.select_related("organization").filter(subject=subject)

    ours, theirs = Statement(lambda: queryset(Param("subject"))).first(subject="step:1"), queryset("step:1").get()
    assert ours == theirs
    names = [f.attname for f in Todo._meta.concrete_fields]
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]
    assert ours.organization.label == theirs.organization.label


def test_only_the_columns_asked_for_are_read(small_county: SmallCounty, django_assert_num_queries: Any) -> None:
    insert(todo(small_county))
    short = Statement(
        lambda: (
            Todo.objects.select_related("organization")
            .only("id", "subject", "organization__name")
            .filter(kind=Param("kind"))
        )
    )
    row = short.first(kind="step")
    with django_assert_num_queries(0):
        assert row.subject, row.organization.name
    with django_assert_num_queries(1):
        assert row.title == "审查"


def test_values_are_converted(small_county: SmallCounty) -> None:
    insert(todo(small_county, due_on=date(2026, 10, 1)))
    dates = Statement(
        lambda: Todo.objects.filter(Q(due_on__isnull=True) | Q(due_on__gte=Param("on"))).values_list(
            "due_on", "created_at", "params"
        )
    )
    assert dates.rows(on=date(2026, 10, 1)) == [(date(2026, 10, 1), MONDAY, {"事项": ["饭店", None, 1.5]})]
    assert dates.rows(on=date(2026, 10, 2)) == []
    assert dates.first(on=date(2026, 10, 2)) is None


def test_what_a_person_wrote_is_a_value_and_never_sql(small_county: SmallCounty) -> None:
    insert(todo(small_county))
    found = Statement(lambda: Todo.objects.filter(subject=Param("subject")).values_list("pk"))
    assert found.rows(subject="' OR 1=1 --") == []
    assert found.rows(subject="%s") == []

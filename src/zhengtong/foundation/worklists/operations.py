"""Open, move and close to-dos. Called inside the transaction of the change that causes them; one statement each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Unpack

from django.db import connection

from zhengtong.foundation.worklists.models import Todo
from zhengtong.foundation.worklists.values import NewTodo
from zhengtong.kernel.statements import Param, Statement, insert_all_once, insert_once

KEPT = timedelta(days=30)
BATCH = 1000
_CLOSE = Statement(
    lambda: Todo.objects.filter(subject=Param("subject"), kind=Param("kind"), done_at__isnull=True), done_at=Param("at")
)


def prepared(
    *,
    system: str,
    kind: str,
    subject: str,
    title: str,
    url: str,
    at: datetime,
    organization_id: int | None = None,
    role: str = "",
    user_id: int | None = None,
    due_on: date | None = None,
    detail: str = "",
    params: Mapping[str, Any] | None = None,
    number: str = "",
    person: str = "",
) -> Todo:
    """A to-do of a pool or a person, for `open_all`; it is on no list yet.

    `title` and `detail` are message ids (`gettext_noop("受理{number}")`) filled from `params` when they are read; a
    param may be {"zh": …, "en": …}. `number` and `person` (masked by the caller) are what a list is scanned by.
    """
    if organization_id is None and user_id is None:
        raise ValueError("a to-do belongs to a body or to a person")
    return Todo(
        system=system,
        kind=kind,
        subject=subject,
        title=title,
        detail=detail,
        params=dict(params or {}),
        url=url,
        organization_id=organization_id,
        role=role,
        user_id=user_id,
        number=number,
        person=person,
        due_on=due_on,
        created_at=at,
    )


def open(**todo: Unpack[NewTodo]) -> None:
    """Put a to-do, described as for `prepared`, on its list. The same thing opened twice stays one to-do."""
    insert_once(prepared(**todo))


def open_all(*, todos: Sequence[Todo]) -> None:
    """`open` for many at once; one statement."""
    insert_all_once(todos)


def close(*, subject: str, at: datetime, kind: str | None = None) -> int:
    """Take what is open about `subject` (only `kind`, when given) off every list; the number that was open."""
    if kind is None:
        return _open_about(subject, kind).update(done_at=at)
    return _CLOSE.execute(subject=subject, kind=kind, at=at)


def set_due(*, subject: str, due_on: date | None, kind: str | None = None) -> int:
    """The clock of `subject` changed: its open to-dos are now due on `due_on` (None while the clock is paused)."""
    return _open_about(subject, kind).update(due_on=due_on)


def set_due_many(due: Mapping[str, date | None]) -> None:
    """`set_due` for many subjects at once (a calendar changed under thousands of clocks)."""
    table = connection.ops.quote_name(Todo._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET due_on = %s WHERE subject = %s AND done_at IS NULL",  # noqa: S608
            [(day, subject) for subject, day in due.items()],
        )


def assign(*, subject: str, user_id: int | None, kind: str | None = None) -> int:
    """Give what is open about `subject` to one person, or (None) back to the pool; the number that moved."""
    return _open_about(subject, kind).update(user_id=user_id)


def clear_done(*, now: datetime) -> int:
    """Remove the to-dos done more than `KEPT` ago, a batch at a time; how many. What was done stands in its system's own log."""
    old = Todo.objects.filter(done_at__lt=now - KEPT).order_by("id").values_list("pk", flat=True)[:BATCH]
    return Todo.objects.filter(pk__in=list(old)).delete()[0]


def _open_about(subject: str, kind: str | None) -> Any:
    rows = Todo.objects.filter(subject=subject, done_at__isnull=True)
    return rows.filter(kind=kind) if kind else rows

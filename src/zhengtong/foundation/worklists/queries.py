"""The to-do list of a person: their own and those of the pools they belong to."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Count, F, Q, QuerySet

from zhengtong.foundation.worklists.models import Todo
from zhengtong.foundation.worklists.values import SOON_DAYS, Counts, Item, Pool, bucket_of


def for_person(
    *,
    user_id: int,
    pools: Iterable[Pool] = (),
    today: date,
    bucket: str = "",
    system: str = "",
    limit: int = 50,
    offset: int = 0,
) -> list[Item]:
    """What the person has to do, most urgent first, undated last; one query whatever the number of rows."""
    rows = _of_person(user_id, pools)
    if system:
        rows = rows.filter(system=system)
    if bucket:
        rows = rows.filter(_in_bucket(bucket, today))
    ordered = rows.order_by(F("due_on").asc(nulls_last=True), "id")[offset : offset + limit]
    return [_item(row, user_id, today) for row in ordered]


def counts(*, user_id: int, pools: Iterable[Pool] = (), today: date) -> Counts:
    """How many stand in each part of the list; one query."""
    parts = {name: Count("id", filter=_in_bucket(name, today)) for name in Counts.__dataclass_fields__}
    return Counts(**_of_person(user_id, pools).aggregate(**parts))


def _of_person(user_id: int, pools: Iterable[Pool]) -> QuerySet[Todo]:
    """Every alternative says again that it is open: only so does SQLite use the partial indexes of an OR."""
    mine = Q(user_id=user_id, done_at__isnull=True)
    for organization_id, role in dict.fromkeys(pools):
        mine |= Q(user__isnull=True, organization_id=organization_id, role=role, done_at__isnull=True)
    return Todo.objects.filter(mine)


def _in_bucket(name: str, today: date) -> Q:
    soon = today + timedelta(days=SOON_DAYS)
    return {
        "overdue": Q(due_on__lt=today),
        "today": Q(due_on=today),
        "soon": Q(due_on__gt=today, due_on__lte=soon),
        "later": Q(due_on__gt=soon),
        "undated": Q(due_on__isnull=True),
    }[name]


def _item(row: Todo, user_id: int, today: date) -> Item:
    return Item(
        id=row.pk,
        system=row.system,
        kind=row.kind,
        subject=row.subject,
        url=row.url,
        number=row.number,
        person=row.person,
        due_on=row.due_on,
        created_at=row.created_at,
        bucket=bucket_of(row.due_on, today=today),
        mine=row.user_id == user_id,
        role=row.role,
        organization_id=row.organization_id,
        message=row.title,
        detail_message=row.detail,
        params=row.params,
    )

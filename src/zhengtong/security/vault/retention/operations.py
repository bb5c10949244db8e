"""Change a period, by two people; delete what was kept long enough, batch by batch."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, Refusal
from zhengtong.security.vault.events import RetainedDeleted, RetentionChangeAsked, RetentionChanged
from zhengtong.security.vault.models import Deletion, RetentionChange
from zhengtong.security.vault.retention import periods
from zhengtong.security.vault.values import RETAINED, RETENTIONS, Retention

BATCH, BATCHES_AT_ONCE = 200, 50
MOST = {"days": 36500, "months": 1200, "years": 100}


class CannotChange(Refusal):
    """The period cannot be changed: another change waits, or it is decided already."""


@transaction.atomic
def ask_change(
    *, key: str, amount: int, unit: str, source: str, dated: date, reason: str, by: int, at: datetime
) -> RetentionChange:
    """The first person: keep this so long from now on, by this source of that day. Nothing changes before another confirms it.

    Refuses (`Invalid`, per field) unknown or fixed kinds, a time of nought or of more than a hundred years, a missing source or
    reason, a source of the future; (`CannotChange`) while another change of the same kind waits.
    """
    _raise(_errors(key, amount, unit, source, dated, reason, timezone.localdate(at)))
    if RetentionChange.objects.filter(key=key, decided_at__isnull=True).exists():
        raise CannotChange(_("这一项已经有一份修改等人确认，请先确认或者不同意。"))
    row = RetentionChange.objects.create(
        key=key,
        amount=0 if unit == periods.FOREVER else amount,
        unit=unit,
        source=source.strip(),
        dated=dated,
        reason=reason.strip(),
        asked_by_id=by,
        asked_at=at,
    )
    events.publish(RetentionChangeAsked(change_id=row.pk, key=key, amount=row.amount, unit=unit, actor_id=by), at=at)
    return row


def _errors(
    key: str, amount: int, unit: str, source: str, dated: date, reason: str, today: date
) -> Iterator[tuple[str, str]]:
    if key not in RETENTIONS:
        yield "key", _("这一项的保存期限不能修改。")
    if unit not in dict(RetentionChange.UNITS):
        yield "unit", _("请选择天、个月、年或者永久。")
    elif unit != periods.FOREVER and not 1 <= amount <= MOST[unit]:
        yield "amount", _("请填写1以上的整数，最长一百年。")
    if not source.strip():
        yield "source", _("请写明依据，例如法律名称和条款。")
    if dated > today:
        yield "dated", _("依据的日期还没有到，请核对。")
    if not reason.strip():
        yield "reason", _("请写明为什么修改。")


def _raise(errors: Iterator[tuple[str, str]]) -> None:
    found = dict(errors)
    if found:
        raise Invalid(next(iter(found.values())), fields=found)


@transaction.atomic
def decide_change(*, change_id: int, confirm: bool, by: int, at: datetime) -> RetentionChange:
    """The second person confirms, and the period counts from now on; or it is turned down (whoever asked may take it back so).

    Refuses (`NotFound`) an unknown change, (`CannotChange`) a decided one, (`NotAllowed`) whoever asked as the one who confirms.
    """
    row = RetentionChange.objects.select_for_update().filter(pk=change_id).first()
    if row is None:
        raise NotFound(_("没有这份修改。"))
    if row.decided_at is not None:
        raise CannotChange(_("这份修改已经决定过了。"))
    if confirm and by == row.asked_by_id:
        raise NotAllowed(_("保存期限的修改须由另一位工作人员确认。"))
    row.decided_by_id, row.decided_at, row.confirmed_at = by, at, at if confirm else None
    row.save(update_fields=["decided_by", "decided_at", "confirmed_at"])
    fact = RetentionChanged(
        change_id=row.pk, key=row.key, amount=row.amount, unit=row.unit, confirmed=confirm, actor_id=by
    )
    events.publish(fact, at=at)
    return row


def carry_out(*, at: datetime, machine: datetime, done: dict[str, datetime] | None = None) -> int:
    """Delete what was kept long enough at `at` (`machine`: the machine's own time, by which sessions run); the number of rows.

    Batch by batch, each in a transaction of its own with its record and its fact; killed in between it goes on at the next call.
    After so many batches other work has its turn. `done`: up to when a kind was finished, so that it is asked once a day, and at once when its period
    was changed.
    """
    left, rows = BATCHES_AT_ONCE, 0
    for period in periods.in_force().values():
        kind = RETENTIONS.get(period.key)
        moment = periods.before(period, machine if kind and kind.by_machine else at)
        if kind is None or moment is None or (done is not None and done.get(period.key) == moment):
            continue
        last = None
        while left > 0:
            last, count = _delete_batch(key=period.key, before=moment, after=last, at=at)
            if last is None:
                if done is not None and not kind.by_machine:
                    done[period.key] = moment
                break
            left, rows = left - 1, rows + count
    return rows


@transaction.atomic
def _delete_batch(*, key: str, before: datetime, after: object, at: datetime) -> tuple[object, int]:
    """The next rows behind `after`: the last one's key (None at the end) and how many were deleted."""
    kind = RETENTIONS[key]
    rows = due(kind, before, at).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    if not ids:
        return None, 0
    gone = kind.delete(ids, at)
    if gone.rows:
        row = Deletion.objects.create(key=key, before=before, rows=gone.rows, files=gone.files, at=at)
        events.publish(RetainedDeleted(deletion_id=row.pk, key=key, rows=gone.rows, files=gone.files), at=at)
    return ids[-1], gone.rows


def due(kind: Retention, before: datetime, at: datetime) -> QuerySet:  # type: ignore[type-arg]
    """What of this kind was kept long enough, without what the law keeps."""
    rows = kind.due(before)
    kept = RETAINED.get(rows.model._meta.label)
    return rows if kept is None else rows.exclude(pk__in=rows.model._base_manager.filter(kept(at)).values("pk"))

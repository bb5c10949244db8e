"""Publish a fact; deliver what waits; retry what failed."""

import logging
import re
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events.events import DeliveryRetried
from zhengtong.foundation.events.models import Delivery, OutboxEvent
from zhengtong.foundation.events.queries import has_waiting
from zhengtong.foundation.events.values import GATES, KINDS, RECEIVERS, Envelope, Event, Receiver
from zhengtong.kernel import statements
from zhengtong.kernel.errors import NotFound

log = logging.getLogger(__name__)
STUCK_AFTER = 8
BATCH, LARGEST_BATCH, LONG_SECONDS = 20, 160, 0.2
KEPT, CLEARED_AT_ONCE = timedelta(days=30), 1000


def publish(event: Event, *, at: datetime) -> int:
    """Write `event` to the outbox of the surrounding transaction; `at` is when it took effect. Returns the outbox id.

    Refuses (RuntimeError) outside a transaction: neither a fact without its change nor a change without its fact may
    exist. Refuses what a gate refuses (`Unavailable` while the audit log cannot be written).
    """
    _may_publish()
    row = _row(event, at)
    statements.insert(row)
    return row.pk


def publish_all(*, facts: Sequence[tuple[Event, datetime]]) -> None:
    """`publish` for many facts at once, each with when it took effect; one statement."""
    _may_publish()
    statements.insert_all([_row(event, at) for event, at in facts])


def _may_publish() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("publish() belongs inside the transaction of the change it reports")
    for gate in GATES:
        gate()


def _row(event: Event, at: datetime) -> OutboxEvent:
    return OutboxEvent(
        name=event.name,
        subject=event.subject,
        payload=event.payload(),
        actor_id=event.actor_id,
        effective_at=at,
        recorded_at=timezone.now(),
    )


class Pace:
    """How many events are taken at once: twice as many after a full batch that was quick, so that a backlog does not cost a commit for
    every twenty; the fewest again after one that took long, because on SQLite nobody else writes meanwhile.
    """

    def __init__(self) -> None:
        self.limit = BATCH

    def deliver(self, *, now: datetime) -> int:
        """Deliver one batch; how many were taken."""
        started = time.monotonic()
        taken = deliver_pending(now=now, limit=self.limit)
        self.adapt(taken=taken, seconds=time.monotonic() - started)
        return taken

    def adapt(self, *, taken: int, seconds: float) -> None:
        """Choose the next limit by what the last batch took."""
        if seconds > LONG_SECONDS or taken < BATCH:
            self.limit = BATCH
        elif taken == self.limit:
            self.limit = min(2 * self.limit, LARGEST_BATCH)


def deliver_pending(*, now: datetime, limit: int = BATCH) -> int:
    """Deliver up to `limit` waiting events, oldest first, and return how many were taken.

    Each receiver works in a savepoint: one that fails leaves a `Delivery` to retry and does not hold up the others.
    """
    if not has_waiting():  # SQLite would otherwise take the write lock at every idle look
        return 0
    with transaction.atomic():
        waiting = OutboxEvent.objects.filter(delivered_at__isnull=True).order_by("id")
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True)
        rows = list(waiting[:limit])
        if not rows:
            return 0
        together = _deliver_together(rows)
        failures = [failure for row in rows for failure in _deliver(row, done=together, now=now)]
        Delivery.objects.bulk_create(failures)
        OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).update(delivered_at=now)
    return len(rows)


def deliver_all(*, now: datetime) -> int:
    """Deliver until nothing waits (events published by receivers included); the number delivered."""
    total, pace = 0, Pace()
    while taken := pace.deliver(now=now):
        total += taken
    return total


def _envelope(row: OutboxEvent, kind: type[Event]) -> Envelope:
    return Envelope(row.pk, kind.from_payload(row.payload), row.effective_at, row.recorded_at)


def _receivers_of(kind: type[Event]) -> list[Receiver]:
    return [r for r in RECEIVERS.values() if issubclass(kind, r.event_class)]


def _deliver_together(rows: list[OutboxEvent]) -> frozenset[str]:
    """Give the batch to the receivers that take one; the names of those that managed. The others get it one by one."""
    known = [(row, KINDS[row.name]) for row in rows if row.name in KINDS]
    managed = set()
    for receiver in RECEIVERS.values():
        mine = [(row, kind) for row, kind in known if issubclass(kind, receiver.event_class)]
        if receiver.receive_all is not None and mine and _attempt_all(receiver, mine):
            managed.add(receiver.name)
    return frozenset(managed)


def _attempt_all(receiver: Receiver, mine: list[tuple[OutboxEvent, type[Event]]]) -> bool:
    try:
        with transaction.atomic():
            assert receiver.receive_all is not None
            receiver.receive_all([_envelope(row, kind) for row, kind in mine])
    except Exception as error:  # one of them is at fault (even one that cannot be read): going one by one finds it
        log.warning("batch delivery failed", extra={"receiver": receiver.name, "error": type(error).__name__})
        return False
    return True


def _deliver(row: OutboxEvent, *, done: frozenset[str], now: datetime) -> list[Delivery]:
    kind = KINDS.get(row.name)
    if kind is None:
        log.error("event of unknown kind", extra={"event": row.name, "outbox_id": row.pk})
        return []
    result = []
    for receiver in _receivers_of(kind):
        if receiver.name not in done and (error := _attempt(receiver, row, kind)):
            failure = Delivery(event=row, receiver=receiver.name)
            _mark_failed(failure, error, now=now)
            result.append(failure)
    return result


def _attempt(receiver: Receiver, row: OutboxEvent, kind: type[Event]) -> str:
    """Let one receiver work in a savepoint; the error in words, "" when there was none."""
    try:
        with transaction.atomic():
            receiver.receive(_envelope(row, kind))
    except Exception as error:  # a receiver may fail in any way; none may break the others
        log.warning(
            "delivery failed", extra={"receiver": receiver.name, "outbox_id": row.pk, "error": type(error).__name__}
        )
        return _without_numbers(f"{type(error).__name__}: {error}")[:500]
    return ""


def _without_numbers(text: str) -> str:
    """Database errors repeat values; identity and phone numbers must not stay in a list of failures."""
    return re.sub(r"\d{6,}[\dXx]*", "…", text)


def _mark_failed(delivery: Delivery, error: str, *, now: datetime) -> None:
    stuck = delivery.attempts >= STUCK_AFTER
    delivery.state = Delivery.STUCK if stuck else Delivery.FAILED
    delivery.error = error
    delivery.next_attempt_at = None if stuck else now + timedelta(seconds=min(2**delivery.attempts, 3600))


def clear_delivered(*, now: datetime) -> int:
    """Remove the facts that reached everybody more than `KEPT` ago, a batch at a time; how many.

    The audit chain keeps every one of them for good. One with a delivery that is still to be made stays.
    """
    arrived = OutboxEvent.objects.filter(delivered_at__lt=now - KEPT)
    arrived = arrived.exclude(deliveries__state__in=(Delivery.FAILED, Delivery.STUCK)).order_by("id")
    taken = list(arrived.values_list("pk", flat=True)[:CLEARED_AT_ONCE])
    OutboxEvent.objects.filter(pk__in=taken).delete()
    return len(taken)


def retry_failed(*, now: datetime, limit: int = BATCH) -> int:
    """Try again the deliveries whose time has come; after eight attempts one is stuck and waits for a person."""
    due = Delivery.objects.filter(state=Delivery.FAILED, next_attempt_at__lte=now).order_by("next_attempt_at")
    taken = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        taken += retry(delivery_id=pk, now=now)
    return taken


def retry(*, delivery_id: int, now: datetime) -> int:
    """Try one failed or stuck delivery again, at once; 1 when it was tried, 0 when another worker had it."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
            .select_related("event")
            .exclude(state=Delivery.DONE)
            .filter(pk=delivery_id)
            .first()
        )
        if delivery is None:
            return 0
        receiver, kind = RECEIVERS.get(delivery.receiver), KINDS.get(delivery.event.name)
        error = "receiver is gone" if receiver is None or kind is None else _attempt(receiver, delivery.event, kind)
        delivery.attempts += 1
        delivery.state, delivery.error, delivery.next_attempt_at = Delivery.DONE, "", None
        if error:
            _mark_failed(delivery, error, now=now)
        delivery.save()
    return 1


@transaction.atomic
def retry_by_hand(*, delivery_id: int, by: int, at: datetime) -> bool:
    """Try a failed or stuck delivery again because an official asked; True when it has now arrived.

    Raises `NotFound` when there is nothing left to try.
    """
    delivery = Delivery.objects.exclude(state=Delivery.DONE).filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(_("这条投递已经送达或不存在，不用再试。请刷新页面。"))
    publish(DeliveryRetried(delivery_id=delivery_id, receiver=delivery.receiver, actor_id=by), at=at)
    retry(delivery_id=delivery_id, now=at)
    return Delivery.objects.filter(pk=delivery_id, state=Delivery.DONE).exists()

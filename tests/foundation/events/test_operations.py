"""Facts are published with their change, and arrive: each receiver exactly once, whatever fails."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from django.db import IntegrityError, transaction

from tests.factories import make_official
from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import Delivery, OutboxEvent
from zhengtong.foundation.events.operations import BATCH, LARGEST_BATCH, LONG_SECONDS, STUCK_AFTER
from zhengtong.foundation.search.models import Synonym
from zhengtong.kernel.errors import NotFound

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class BridgeOpened(events.Event):
    """A bridge was opened to traffic (known to these tests only)."""

    subject_kind: ClassVar[str] = "bridge"
    subject_field: ClassVar[str] = "bridge_id"

    bridge_id: int
    note: str = ""


class Receivers:
    """Receivers that live as long as one test; `fails` names those that refuse."""

    def __init__(self) -> None:
        self.got: list[tuple[str, int]] = []
        self.fails: dict[str, Exception] = {}

    def add(self, name: str) -> None:
        def receive(envelope: events.Envelope) -> None:
            event = envelope.event
            assert isinstance(event, BridgeOpened)
            Synonym.objects.create(plain=name, official=str(event.bridge_id))
            if name in self.fails:
                raise self.fails[name]
            self.got.append((name, event.bridge_id))

        events.receives(BridgeOpened, name=name)(receive)


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    kept = dict(events.RECEIVERS)
    yield Receivers()
    events.RECEIVERS.clear()
    events.RECEIVERS.update(kept)


def open_bridge(bridge_id: int, at: datetime, note: str = "") -> int:
    with transaction.atomic():
        return events.publish(BridgeOpened(bridge_id=bridge_id, note=note), at=at)


def failed() -> Delivery:
    return Delivery.objects.exclude(state=Delivery.DONE).get(receiver="test.map")


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused(now: datetime) -> None:
    with pytest.raises(RuntimeError):
        events.publish(BridgeOpened(bridge_id=1), at=now)
    assert not OutboxEvent.objects.exists()


def test_a_change_that_is_undone_leaves_no_fact(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    Synonym.objects.create(plain="a", official="b")

    @transaction.atomic
    def change() -> None:
        events.publish(BridgeOpened(bridge_id=1), at=now)
        Synonym.objects.create(plain="a", official="b")

    with pytest.raises(IntegrityError):
        change()
    assert events.deliver_all(now=now) == 0
    assert receivers.got == []


def test_every_receiver_gets_every_fact_once_and_in_order(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    receivers.add("test.traffic")
    for number in range(45):
        open_bridge(number, now)
    assert events.deliver_all(now=now) == 45
    assert events.deliver_all(now=now) == 0
    for name in ("test.map", "test.traffic"):
        assert [n for who, n in receivers.got if who == name] == list(range(45))


def test_the_envelope_tells_when_it_took_effect_and_what_it_is_about(now: datetime, receivers: Receivers) -> None:
    seen: list[events.Envelope] = []
    events.receives(BridgeOpened, name="test.seen")(seen.append)
    earlier = now - timedelta(days=2)
    pk = open_bridge(7, earlier)
    events.deliver_all(now=now)
    assert (seen[0].id, seen[0].effective_at, seen[0].event.subject) == (pk, earlier, "bridge:7")
    assert seen[0].recorded_at > earlier


def test_a_receiver_that_fails_holds_up_nobody_and_leaves_no_trace_of_its_work(
    now: datetime, receivers: Receivers
) -> None:
    receivers.add("test.broken")
    receivers.add("test.map")
    receivers.fails["test.broken"] = ValueError("no map")
    open_bridge(1, now)
    open_bridge(2, now)
    events.deliver_all(now=now)
    assert receivers.got == [("test.map", 1), ("test.map", 2)]
    assert not Synonym.objects.filter(plain="test.broken").exists()
    assert Delivery.objects.filter(state=Delivery.FAILED, receiver="test.broken").count() == 2


def test_what_failed_is_tried_again_after_a_while_and_then_is_done(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    receivers.fails["test.map"] = ValueError("no map")
    open_bridge(1, now)
    events.deliver_all(now=now)
    receivers.fails.clear()
    assert events.retry_failed(now=now) == 0
    assert events.retry_failed(now=now + timedelta(minutes=1)) == 1
    assert receivers.got == [("test.map", 1)]
    assert events.retry_failed(now=now + timedelta(days=1)) == 0


def test_pauses_grow_and_after_eight_attempts_a_person_is_needed(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    receivers.fails["test.map"] = ValueError("no map")
    open_bridge(1, now)
    events.deliver_all(now=now)
    pauses = []
    while failed().state == Delivery.FAILED:
        due = failed().next_attempt_at
        assert due is not None
        pauses.append(due - now)
        now = due
        assert events.retry_failed(now=now) == 1
    assert pauses == sorted(pauses)
    assert failed().attempts == STUCK_AFTER
    assert events.retry_failed(now=now + timedelta(days=9)) == 0
    (trouble,) = events.troubles()
    assert trouble.stuck
    assert trouble.subject == "bridge:1"


def test_an_official_sets_a_stuck_delivery_going_and_that_is_itself_a_fact(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    receivers.fails["test.map"] = ValueError("no map")
    open_bridge(1, now)
    events.deliver_all(now=now)
    Delivery.objects.filter(receiver="test.map").update(
        state=Delivery.STUCK, attempts=STUCK_AFTER, next_attempt_at=None
    )
    official, pk = make_official("it.officer"), failed().pk
    assert not events.retry_by_hand(delivery_id=pk, by=official.pk, at=now)
    assert failed().state == Delivery.STUCK
    receivers.fails.clear()
    assert events.retry_by_hand(delivery_id=pk, by=official.pk, at=now)
    assert receivers.got == [("test.map", 1)]
    assert OutboxEvent.objects.filter(name="events.DeliveryRetried", actor_id=official.pk).count() == 2
    with pytest.raises(NotFound):
        events.retry_by_hand(delivery_id=pk, by=official.pk, at=now)


def test_a_fact_that_can_no_longer_be_read_fails_for_its_receivers_only(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    broken = open_bridge(1, now)
    OutboxEvent.objects.filter(pk=broken).update(payload={"a field of an older version": 1})
    open_bridge(2, now)
    assert events.deliver_all(now=now) == 2
    assert receivers.got == [("test.map", 2)]
    assert failed().event_id == broken


def test_a_receiver_that_takes_batches_gets_them_and_falls_back_to_one_by_one(
    now: datetime, receivers: Receivers
) -> None:
    batches: list[list[int]] = []
    singly: list[int] = []

    def numbers(envelope: events.Envelope) -> int:
        assert isinstance(envelope.event, BridgeOpened)
        return envelope.event.bridge_id

    def one(envelope: events.Envelope) -> None:
        if numbers(envelope) == 13:
            raise ValueError("unlucky")
        singly.append(numbers(envelope))

    def several(envelopes: Sequence[events.Envelope]) -> None:
        if any(numbers(e) == 13 for e in envelopes):
            raise ValueError("unlucky")
        batches.append([numbers(e) for e in envelopes])

    events.receives(BridgeOpened, name="test.map", receive_all=several)(one)
    for number in (1, 2, 3):
        open_bridge(number, now)
    events.deliver_all(now=now)
    assert (batches, singly) == ([[1, 2, 3]], [])
    for number in (12, 13, 14):
        open_bridge(number, now)
    events.deliver_all(now=now)
    assert (batches, singly) == ([[1, 2, 3]], [12, 14])
    assert failed().event.subject == "bridge:13"


def test_fields_of_older_versions_are_dropped(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    OutboxEvent.objects.filter(pk=open_bridge(1, now)).update(payload={"bridge_id": 1, "lanes": 4})
    events.deliver_all(now=now)
    assert receivers.got == [("test.map", 1)]


def test_numbers_of_people_do_not_stay_in_the_list_of_failures(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    receivers.fails["test.map"] = ValueError("Key (resident_id)=(43132119900517123X) phone 13800001234 exists")
    open_bridge(1, now)
    events.deliver_all(now=now)
    assert "4313" not in failed().error
    assert "1380" not in failed().error
    assert "resident_id" in failed().error


def test_facts_published_by_receivers_are_delivered_too(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")

    def follow(envelope: events.Envelope) -> None:
        event = envelope.event
        assert isinstance(event, BridgeOpened)
        if event.bridge_id < 3:
            events.publish(BridgeOpened(bridge_id=event.bridge_id + 1), at=envelope.effective_at)

    events.receives(BridgeOpened, name="test.follow")(follow)
    open_bridge(1, now)
    events.deliver_all(now=now)
    assert [n for _, n in receivers.got] == [1, 2, 3]


def test_two_receivers_may_not_share_a_name(receivers: Receivers) -> None:
    receivers.add("test.map")
    with pytest.raises(ValueError, match=r"test\.map"):
        events.receives(BridgeOpened, name="test.map")(print)


def test_backlog_counts_what_waits(now: datetime) -> None:
    assert events.backlog() == (0, None)
    open_bridge(1, now)
    count, oldest = events.backlog()
    assert count == 1
    assert oldest is not None


def test_batches_grow_while_they_are_quick_and_a_long_one_makes_them_small_again() -> None:
    pace = events.Pace()
    limits = []
    for _ in range(5):
        pace.adapt(taken=pace.limit, seconds=0)
        limits.append(pace.limit)
    assert limits == [2 * BATCH, 4 * BATCH, LARGEST_BATCH, LARGEST_BATCH, LARGEST_BATCH]
    pace.adapt(taken=pace.limit - 1, seconds=0)
    assert pace.limit == LARGEST_BATCH
    pace.adapt(taken=pace.limit, seconds=2 * LONG_SECONDS)
    assert pace.limit == BATCH
    pace.adapt(taken=BATCH, seconds=0)
    pace.adapt(taken=3, seconds=0)
    assert pace.limit == BATCH


def test_a_backlog_is_delivered_whole_and_in_order(now: datetime, receivers: Receivers) -> None:
    receivers.add("test.map")
    with transaction.atomic():
        for number in range(7 * BATCH + 3):
            events.publish(BridgeOpened(bridge_id=number), at=now)
    assert events.deliver_all(now=now) == 7 * BATCH + 3
    assert receivers.got == [("test.map", number) for number in range(7 * BATCH + 3)]

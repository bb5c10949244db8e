"""Gather what was published, stamp what waits, trust the clock."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events.public import Envelope, publish
from zhengtong.kernel import statements
from zhengtong.security.crypto import sm3
from zhengtong.security.timestamps import clock, verification
from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.clock import ClockRefused, Condition
from zhengtong.security.timestamps.events import ClockTrusted, StampingResumed, StampingStopped
from zhengtong.security.timestamps.models import Gathered, Outage, Stamp, batch_content
from zhengtong.security.timestamps.refusals import CannotTrustClock, StampUnavailable, sentence

KEY_GONE = "key_gone"
AT_ONCE = 200
"""Rows of gathered events in one batch; a row holds at most the events of one delivery (20)."""

Work = Callable[[datetime], int]


@dataclass(frozen=True)
class Stamper:
    """Who has something to stamp. `covers_events`: every event is in it, so that the batches made here are not needed."""

    name: str
    work: Work
    covers_events: bool = False


STAMPERS: dict[str, Stamper] = {}


def stamper(*, name: str, covers_events: bool = False) -> Callable[[Work], Work]:
    """Register a function that stamps what waits in its app and says how much it was. It is called every minute.

    It may let `StampUnavailable` pass, and is called again until it succeeds. Call it where `AppConfig.ready` imports it.
    """

    def register(work: Work) -> Work:
        STAMPERS[name] = Stamper(name, work, covers_events)
        return work

    return register


def events_are_covered() -> bool:
    """True when an app stamps every event with what is its own, as the audit log does with its checkpoints."""
    return any(stamper.covers_events for stamper in STAMPERS.values())


def stamp(digest: bytes, algorithm: str = "p256", digest_name: str = "sha256") -> bytes:
    """A time-stamp token (RFC 3161, DER) over `digest`, with the certificate in it.

    `algorithm` is the signer's, "p256" or "sm2"; `digest_name` says what the digest is: "sha256", "sha384", "sha512" or "sm3".
    Refuses (`StampUnavailable`, 503) when the clock cannot be trusted or the key is gone: keep what needs the stamp and try again.
    """
    return authority().stamp(digest, algorithm, digest_name)


def leaf(envelope: Envelope) -> bytes:
    """The bytes of an event that are hashed: a JSON array, keys sorted, ASCII only, the time in UTC. An audit entry holds the same."""
    at = envelope.effective_at.astimezone(UTC).isoformat(timespec="microseconds")
    event = envelope.event
    fields: list[Any] = [1, envelope.id, event.name, event.subject, event.payload(), at]
    return dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def gather(*, envelopes: Sequence[Envelope]) -> None:
    """Keep the digests of these events until they are stamped; in the transaction of their delivery, so that none is missed."""
    if events_are_covered():
        return
    records = []
    for envelope in envelopes:
        said = leaf(envelope)
        records.append(envelope.id.to_bytes(8, "big") + hashlib.sha256(said).digest() + sm3(said))
    numbers = [envelope.id for envelope in envelopes]
    row = Gathered(
        leaves=b"".join(records), count=len(numbers), first_event=min(numbers), last_event=max(numbers), stamp=None
    )
    statements.insert(row)


def stamp_pending(*, at: datetime) -> int:
    """Let everybody stamp what waits; the number of things stamped. `at` dates the facts about outages.

    Refuses nothing: what could not be stamped waits, and the page says so.
    """
    done, trouble = 0, None
    for registered in list(STAMPERS.values()):
        try:
            done += registered.work(at)
        except StampUnavailable as refused:
            trouble = refused
    if trouble is not None:
        _note_stop(reason=trouble.condition.state if trouble.condition else KEY_GONE, at=at)
    elif done:
        _note_end(waited=done, at=at)
    return done


@stamper(name="events")
def stamp_events(at: datetime) -> int:
    """Stamp the gathered events, batch by batch; the number of events. Raises `StampUnavailable`; what was gathered stays."""
    total = 0
    while count := _stamp_batch():
        total += count
    return total


@transaction.atomic
def _stamp_batch() -> int:
    waiting = Gathered.objects.filter(stamp__isnull=True).order_by("id")
    rows = list(waiting.select_for_update()[:AT_ONCE])
    if not rows:
        return 0
    _remember_last()
    content = batch_content(bytes(row.leaves) for row in rows)
    a, b = hashlib.sha256(content).digest(), sm3(content)
    p256, sm2 = stamp(a), stamp(b, "sm2", "sm3")
    count, stamped_at = sum(row.count for row in rows), verification.said(p256).at
    kept = Stamp.objects.create(count=count, sha256=a, sm3=b, p256=p256, sm2=sm2, stamped_at=stamped_at)
    Gathered.objects.filter(pk__in=[row.pk for row in rows]).update(stamp=kept)
    return count


def _remember_last() -> None:
    """A clock record that was lost or is older than the database (a restored folder) may not give an earlier time out."""
    last = Stamp.objects.order_by("-id").values_list("stamped_at", flat=True).first()
    if last is None:
        return
    try:
        authority().guard.not_before(int(last.timestamp() * clock.SECOND))
    except ClockRefused as refused:
        raise StampUnavailable(sentence(refused.condition), condition=refused.condition) from None


@transaction.atomic
def _note_stop(*, reason: str, at: datetime) -> None:
    if Outage.objects.filter(ended_at__isnull=True).exists():
        return
    Outage.objects.create(reason=reason)
    publish(StampingStopped(reason=reason), at=at)


@transaction.atomic
def _note_end(*, waited: int, at: datetime) -> None:
    for outage in Outage.objects.select_for_update().filter(ended_at__isnull=True):
        outage.ended_at = timezone.now()
        outage.save(update_fields=["ended_at"])
        publish(StampingResumed(reason=outage.reason, waited=waited), at=at)


@transaction.atomic
def trust_clock(*, by: Any, at: datetime) -> Condition:
    """Take the machine's clock for right as it stands, after `by` has compared it with the standard time.

    Refuses (`CannotTrustClock`) when nothing is wrong with it, or when only the time source can mend it.
    """
    guard = authority().guard
    before = guard.condition()
    if before.state not in (clock.STEPPED, clock.UNREADABLE, clock.BEHIND):
        raise CannotTrustClock(_("时钟现在不需要人工确认：{state}").format(state=sentence(before)))
    publish(ClockTrusted(reason=before.state, seconds=f"{before.seconds:.3f}", actor_id=by.pk), at=at)
    try:
        guard.trust()
        _remember_last()  # a record begun anew knows of no stamp
        return guard.condition()
    except ClockRefused as refused:
        raise StampUnavailable(sentence(refused.condition), condition=refused.condition) from None

"""Give stamps, let everybody stamp what waits, trust the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.events.public import publish
from zhengtong.security.timestamps import clock
from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.clock import ClockRefused, Condition
from zhengtong.security.timestamps.events import ClockTrusted, StampingResumed, StampingStopped
from zhengtong.security.timestamps.models import Outage
from zhengtong.security.timestamps.refusals import CannotTrustClock, StampUnavailable, sentence

KEY_GONE = "key_gone"


@dataclass(frozen=True)
class Stamper:
    """Who has something to stamp.

    `work` stamps what waits and says how much it was; `waiting` says how much waits and since when, by the machine's clock; `latest`
    is the time in the last stamp it keeps.
    """

    name: str
    work: Callable[[datetime], int]
    waiting: Callable[[], tuple[int, datetime | None]]
    latest: Callable[[], datetime | None]


STAMPERS: dict[str, Stamper] = {}


def register(stamper: Stamper) -> None:
    """Have `stamper` called every minute while something waits there. It may let `StampUnavailable` pass, and is called again until
    it succeeds. Call this in `AppConfig.ready`.
    """
    STAMPERS[stamper.name] = stamper


def stamp(digest: bytes, algorithm: str = "p256", digest_name: str = "sha256") -> bytes:
    """A time-stamp token (RFC 3161, DER) over `digest`, with the certificate in it.

    `algorithm` is the signer's, "p256" or "sm2"; `digest_name` says what the digest is: "sha256", "sha384", "sha512" or "sm3".
    Refuses (`StampUnavailable`, 503) when the clock cannot be trusted or the key is gone: keep what needs the stamp and try again.
    """
    return authority().stamp(digest, algorithm, digest_name)


def stamp_pending(*, at: datetime) -> int:
    """Let everybody stamp what waits; the number of things stamped. `at` dates the facts about outages.

    Refuses nothing: what could not be stamped waits, and the page says so.
    """
    done, trouble = 0, None
    for stamper in list(STAMPERS.values()):
        try:
            if stamper.waiting()[0]:
                _remember_last()
                done += stamper.work(at)
        except StampUnavailable as refused:
            trouble = refused
    if trouble is not None:
        _note_stop(reason=trouble.condition.state if trouble.condition else KEY_GONE, at=at)
    elif done:
        _note_end(waited=done, at=at)
    return done


def _remember_last() -> None:
    """A clock record that was lost or is older than the database (a restored folder) may not give an earlier time out."""
    known = [last for stamper in STAMPERS.values() if (last := stamper.latest()) is not None]
    if not known:
        return
    try:
        authority().guard.not_before(int(max(known).timestamp() * clock.SECOND))
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

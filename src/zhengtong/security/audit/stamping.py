"""Time stamps on checkpoints: RFC 3161, one by P-256 over SHA-256 of the note and one by SM2 over SM3 of it.

A checkpoint covers every event before it, so two stamps each minute date them all. While no stamp can be given checkpoints go on
without one and get theirs afterwards.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from zhengtong.security.audit.models import UNSTAMPED, Checkpoint
from zhengtong.security.crypto import sm3
from zhengtong.security.timestamps import public as timestamps

AT_ONCE = 1000


@dataclass(frozen=True)
class Kind:
    """One of the two stamps: its column, who signs, and what of the note is stamped."""

    column: str
    algorithm: str
    digest_name: str
    digest: Callable[[bytes], bytes]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


KINDS = (Kind("token", "p256", "sha256", _sha256), Kind("sm2_token", "sm2", "sm3", sm3))


def unstamped() -> "QuerySet[Checkpoint]":
    """Checkpoints that lack a stamp."""
    return Checkpoint.objects.filter(UNSTAMPED)


def stamp_waiting(at: datetime) -> int:
    """Stamp checkpoints that lack a stamp, newest first (it covers the others); how many. Lets the service's refusal pass."""
    done = 0
    for checkpoint in unstamped().order_by("-size")[:AT_ONCE]:
        for kind in KINDS:
            if getattr(checkpoint, kind.column) is None:
                token = timestamps.stamp(kind.digest(checkpoint.note.encode()), kind.algorithm, kind.digest_name)
                missing = Checkpoint.objects.filter(pk=checkpoint.pk, **{f"{kind.column}__isnull": True})
                missing.update(**{kind.column: token})
        done += 1
    return done


def waiting() -> tuple[int, datetime | None]:
    """How many checkpoints wait, and since when the oldest."""
    found = unstamped()
    return found.count(), found.order_by("size").values_list("made_at", flat=True).first()


def stamped() -> "QuerySet[Checkpoint]":
    """Checkpoints with both stamps."""
    return Checkpoint.objects.exclude(UNSTAMPED)


def latest() -> datetime | None:
    """The time in the stamp of the newest checkpoint that has both."""
    found = stamped().order_by("-size").first()
    return None if found is None else timestamps.said(bytes(found.sm2_token or b"")).at


def covering(seq: int) -> Checkpoint | None:
    """The first stamped checkpoint over entry `seq`: its stamps say that the entry was there by then."""
    return stamped().filter(size__gte=seq).order_by("size").first()


def checked(checkpoint: Checkpoint) -> tuple[datetime | None, str]:
    """(when it was there by, "") when both stamps hold; else (None, the reason)."""
    try:
        times = [
            timestamps.verify(bytes(getattr(checkpoint, kind.column)), kind.digest(checkpoint.note.encode())).at
            for kind in KINDS
        ]
    except timestamps.StampNotGenuine as refused:
        return None, refused.message
    return max(times), ""


def register() -> None:
    """Have the stamp service call this every minute; called once the apps are ready."""
    timestamps.register(timestamps.Stamper("audit", stamp_waiting, waiting, latest))

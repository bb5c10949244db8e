"""Periodic work of the vault."""

from datetime import datetime

from django.utils import timezone

from zhengtong.foundation.events.public import every
from zhengtong.security.vault import operations
from zhengtong.security.vault.retention import operations as retention

_done: dict[str, datetime] = {}


@every(seconds=5, name="vault.rotation")
def rotate(now: datetime) -> int:
    """Go on with a rotation that somebody has started."""
    return operations.continue_rotation(at=now)


@every(seconds=30, name="vault.erasures")
def erase(now: datetime) -> int:
    """Carry out the erasures that two people stand behind."""
    return operations.carry_out_erasures(at=now)


@every(seconds=3600, name="vault.retention")
def delete_on_time(now: datetime) -> int:
    """Delete what was kept long enough: sessions and the like every hour, what is counted in whole days once a day."""
    return retention.carry_out(at=now, machine=timezone.now(), done=_done)

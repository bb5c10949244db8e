"""Periodic work of the vault."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.security.vault import operations


@every(seconds=5, name="vault.rotation")
def rotate(now: datetime) -> int:
    """Go on with a rotation that somebody has started."""
    return operations.continue_rotation(at=now)


@every(seconds=30, name="vault.erasures")
def erase(now: datetime) -> int:
    """Carry out the erasures that two people stand behind."""
    return operations.carry_out_erasures(at=now)

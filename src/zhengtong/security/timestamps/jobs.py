"""Periodic work of timestamps."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.security.timestamps.operations import stamp_pending


@every(seconds=60, name="timestamps.stamp")
def stamp_what_waits(now: datetime) -> int:
    """Stamp what waits; after an outage, all of it."""
    return stamp_pending(at=now)

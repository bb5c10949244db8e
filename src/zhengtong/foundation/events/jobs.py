"""Periodic work of events."""

from datetime import datetime

from zhengtong.foundation.events.operations import clear_delivered
from zhengtong.foundation.events.schedule import every


@every(seconds=3600, name="events.clear")
def clear(now: datetime) -> int:
    """Empty the outbox of what arrived long ago."""
    return clear_delivered(now=now)

"""Periodic work of worklists."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.foundation.worklists.operations import clear_done


@every(seconds=3600, name="worklists.clear")
def clear(now: datetime) -> int:
    """Remove the to-dos that were done long ago."""
    return clear_done(now=now)

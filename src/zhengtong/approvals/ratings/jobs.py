"""Periodic work of ratings."""

from datetime import datetime

from django.utils import timezone

from zhengtong.approvals.ratings.operations import invitations, timers
from zhengtong.foundation.events.public import every


@every(seconds=30, name="ratings.clocks")
def fire_clocks(now: datetime) -> int:
    """Let what is late be known, and what has lapsed end."""
    return timers.fire(now=timezone.localtime(now))


@every(seconds=3600, name="ratings.clear")
def clear_links(now: datetime) -> int:
    """Remove the links that ended long ago."""
    return invitations.clear_ended(now=now)

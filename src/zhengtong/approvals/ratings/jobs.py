"""Periodic work of ratings."""

from datetime import datetime

from django.utils import timezone

from zhengtong.approvals.ratings.operations import timers
from zhengtong.foundation.events.public import every


@every(seconds=30, name="ratings.clocks")
def fire_clocks(now: datetime) -> int:
    """Let what is late be known, and what has lapsed end."""
    return timers.fire(now=timezone.localtime(now))

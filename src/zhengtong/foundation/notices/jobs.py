"""Periodic work of notices."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.foundation.notices import operations


@every(seconds=2, name="notices.deliver")
def deliver(now: datetime) -> int:
    """Send what waits for e-mail and SMS."""
    return operations.deliver_waiting(now=now)

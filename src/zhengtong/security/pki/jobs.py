"""Periodic work of certificates."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.security.pki import operations


@every(seconds=20, name="pki.lists")
def publish(now: datetime) -> int:
    """Publish lists that are stale or half used up; issue what waited for a key."""
    return operations.publish_lists(at=now) + operations.issue_waiting(at=now)

"""Periodic work of certificates."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.security.pki import operations


@every(seconds=20, name="pki.lists")
def publish(now: datetime) -> int:
    """Publish lists that are stale or half used up; issue and renew what waited for a key."""
    waited = operations.issue_waiting(at=now) + operations.carry_out_renewals(at=now)
    return operations.publish_lists(at=now) + waited


@every(seconds=3600, name="pki.ends")
def warn(now: datetime) -> int:
    """Tell the security administrators which keys end soon."""
    return operations.warn_of_ends(at=now)

"""Periodic work of signatures."""

from datetime import datetime

from django.utils import timezone

from zhengtong.foundation.events.public import every
from zhengtong.security.signatures import operations


@every(seconds=3600, name="signatures.archive")
def renew_archives(now: datetime) -> int:
    """Renew archive stamps before they end. Stamps follow the machine's clock, not the demo's."""
    return operations.renew_archives(now=timezone.now())

"""Periodic work of audit: sign the log every 60 seconds or 1,000 entries."""

from datetime import datetime

from django.utils import timezone

from zhengtong.foundation.events.public import every
from zhengtong.security.audit.operations import checkpoint_if_due


@every(seconds=5, name="audit.checkpoint")
def sign_log(now: datetime) -> int:
    """Sign when it is time. A checkpoint says when it was really made: the machine's clock, not the demo's."""
    return checkpoint_if_due(now=timezone.now())

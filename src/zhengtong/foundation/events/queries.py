"""What has not been delivered yet, for the page of the county office."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from zhengtong.foundation.events.models import Delivery, OutboxEvent


@dataclass(frozen=True)
class Trouble:
    """A delivery that failed: `stuck` when only a person can set it going again."""

    delivery_id: int
    event: str
    subject: str
    receiver: str
    attempts: int
    next_attempt_at: datetime | None
    error: str
    stuck: bool
    happened_at: datetime


def has_waiting() -> bool:
    """True when a published fact has not been delivered; costs one look at a partial index and takes no lock."""
    return OutboxEvent.objects.filter(delivered_at__isnull=True).exists()


def backlog() -> tuple[int, datetime | None]:
    """How many facts wait for their first delivery, and since when the oldest."""
    found = OutboxEvent.objects.filter(delivered_at__isnull=True).aggregate(n=Count("id"), oldest=Min("recorded_at"))
    return found["n"], found["oldest"]


def troubles(*, limit: int = 100) -> list[Trouble]:
    """Failed deliveries, stuck ones first, oldest first; one query."""
    rows = Delivery.objects.exclude(state=Delivery.DONE).select_related("event").order_by("-state", "id")[:limit]
    return [
        Trouble(
            delivery_id=row.pk,
            event=row.event.name,
            subject=row.event.subject,
            receiver=row.receiver,
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
            error=row.error,
            stuck=row.state == Delivery.STUCK,
            happened_at=row.event.effective_at,
        )
        for row in rows
    ]


def backlog_since() -> datetime | None:
    """Since when, by the machine's clock, the oldest waiting event has been waiting; None when none waits."""
    waiting = OutboxEvent.objects.filter(delivered_at__isnull=True).order_by("id")
    return waiting.values_list("recorded_at", flat=True).first()


def in_trouble(receiver: str) -> bool:
    """Whether `receiver` has not taken something it was given, and it waits to be tried again."""
    return Delivery.objects.exclude(state=Delivery.DONE).filter(receiver=receiver).exists()

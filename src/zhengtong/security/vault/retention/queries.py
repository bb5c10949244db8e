"""Reads of retention: what is kept how long, what is due next, what was deleted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import NotFound
from zhengtong.security.vault.models import Deletion, RetentionChange
from zhengtong.security.vault.retention import periods
from zhengtong.security.vault.retention.operations import due
from zhengtong.security.vault.values import RETENTIONS

AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Line:
    """One kind of data: its period, how many rows will be deleted within thirty days, and the change that waits."""

    period: periods.Period
    coming: int | None
    waiting: RetentionChange | None

    @property
    def changeable(self) -> bool:
        """May two people change it?"""
        return self.coming is not None


def lines(at: datetime) -> list[Line]:
    """Every kind, in the order of the page; one count each."""
    waiting = {
        one.key: one for one in RetentionChange.objects.filter(decided_at__isnull=True).select_related("asked_by")
    }
    return [Line(period, _coming(period, at), waiting.get(period.key)) for period in periods.in_force().values()]


def _coming(period: periods.Period, at: datetime) -> int | None:
    kind = RETENTIONS.get(period.key)
    if kind is None:
        return None
    ahead = (timezone.now() if kind.by_machine else at) + AHEAD
    moment = periods.before(period, ahead)
    return due(kind, moment, at).count() if moment else 0


def line(key: str) -> periods.Period:
    """The period of one kind that may be changed. Raises `NotFound`."""
    if key not in RETENTIONS:
        raise NotFound(_("没有这一项，或者它的保存期限不能修改。"))
    return periods.in_force()[key]


def changes(key: str) -> QuerySet[RetentionChange]:
    """What was asked and decided about one kind, newest first."""
    return RetentionChange.objects.filter(key=key).select_related("asked_by", "decided_by").order_by("-pk")


def deleted() -> Any:
    """What was deleted, by day and kind, newest first."""
    days = Deletion.objects.annotate(on=TruncDate("at")).values("on", "key")
    return days.annotate(n=Sum("rows"), f=Sum("files")).order_by("-on", "key")

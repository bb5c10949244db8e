"""The inbox of a person; what is stuck, for the county office."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices.models import Notice, NoticeDelivery
from zhengtong.kernel.errors import NotFound

PER_PAGE = 20
SHOWN = 100


def unread_count(user: Any) -> int:
    """How many notices a person has not read."""
    if not getattr(user, "is_authenticated", False):
        return 0
    return Notice.objects.filter(to_user=user, read_at__isnull=True).count()


def inbox(user: Any, *, page: str | int = 1, unread_only: bool = False) -> Page[Notice]:
    """A page of a person's notices, newest first."""
    rows = Notice.objects.filter(to_user=user).order_by("-id")
    if unread_only:
        rows = rows.filter(read_at__isnull=True)
    return Paginator(rows, PER_PAGE).get_page(page)


def get_notice(user: Any, notice_id: int) -> Notice:
    """A person's own notice. Raises `NotFound` for anybody else's."""
    notice = Notice.objects.filter(to_user=user, pk=notice_id).first()
    if notice is None:
        raise NotFound(_("没有找到这条消息，它可能不是发给您的。请从“消息”列表打开。"))
    return notice


@dataclass(frozen=True)
class Troubles:
    """What has not arrived: waiting facts, failed deliveries to other systems, failed notices."""

    waiting: int
    oldest: datetime | None
    deliveries: list[events.Trouble]
    notices: list[NoticeDelivery]


def troubles() -> Troubles:
    """Everything that a person may have to look at; five queries."""
    waiting, oldest = events.backlog()
    failed = NoticeDelivery.objects.filter(state__in=[NoticeDelivery.WAITING, NoticeDelivery.STUCK]).exclude(error="")
    return Troubles(
        waiting=waiting,
        oldest=oldest,
        deliveries=events.troubles(limit=SHOWN),
        notices=list(failed.select_related("notice").order_by("state", "id")[:SHOWN]),
    )

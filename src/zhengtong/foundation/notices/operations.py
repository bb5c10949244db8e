"""Send a notice; carry out what waits; mark as read; try again by hand."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices.channels import CHANNELS, EMAIL, INBOX, SMS, Message
from zhengtong.foundation.notices.events import NoticeRetried
from zhengtong.foundation.notices.kinds import TEMPLATES
from zhengtong.foundation.notices.models import Notice, NoticeDelivery
from zhengtong.foundation.notices.values import NewNotice
from zhengtong.kernel import statements
from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.stored_words import in_words

log = logging.getLogger(__name__)
STUCK_AFTER = 6
BATCH, ROUND_SECONDS = 500, 1.0
LEASE = timedelta(minutes=5)


def prepared(
    *,
    template: str,
    at: datetime,
    to_user_id: int | None = None,
    phone: str = "",
    email: str = "",
    params: Mapping[str, Any] | None = None,
    subject: str = "",
    url: str = "",
    language: str = "zh-hans",
) -> Notice:
    """A notice to a person, for `send_all`; it is not sent yet.

    `phone` and `email` are for people without an account; for an account its own are used when the message goes out.
    Raises `KeyError` for a template that nobody registered.
    """
    return Notice(
        template=TEMPLATES[template].key,
        params=dict(params or {}),
        subject=subject,
        url=url,
        to_user_id=to_user_id,
        phone=phone,
        email=email,
        language=language,
        created_at=at,
    )


def send(**notice: Unpack[NewNotice]) -> Notice:
    """Send one notice, described as for `prepared`."""
    made = prepared(**notice)
    send_all(made=[made])
    return made


@transaction.atomic
def send_all(*, made: Sequence[Notice]) -> None:
    """Put notices into the inboxes of people at once, and hand them to e-mail and SMS, which the worker serves. Two statements."""
    Notice.objects.bulk_create(made)
    statements.insert_all([row for notice in made for row in _channels(notice)])


def _channels(notice: Notice) -> Iterator[NoticeDelivery]:
    account, at = notice.to_user_id is not None, notice.created_at
    if notice.email or account:
        yield NoticeDelivery(notice=notice, channel=EMAIL, next_attempt_at=at)
    if TEMPLATES[notice.template].sms and (notice.phone or account):
        yield NoticeDelivery(notice=notice, channel=SMS, next_attempt_at=at)
    if account:
        yield NoticeDelivery(notice=notice, channel=INBOX, state=NoticeDelivery.DONE, attempts=1, sent_at=at)


def deliver_waiting(*, now: datetime, limit: int = BATCH) -> int:
    """Send what waits and is due, outside any transaction; the number tried.

    A round ends after a second, so that other work has its turn however slow a gateway is. A channel that failed is left alone until
    the next round: one that hangs must not hold up the worker again and again.
    """
    started = time.monotonic()
    due = NoticeDelivery.objects.filter(state=NoticeDelivery.WAITING, next_attempt_at__lte=now)
    tried, failed = 0, set()
    for pk, channel in list(due.order_by("next_attempt_at").values_list("pk", "channel")[:limit]):
        if time.monotonic() - started > ROUND_SECONDS:
            break
        if channel not in failed and (error := _deliver(pk, now=now)) is not None:
            tried += 1
            failed |= {channel} if error else set()
    return tried


def retry_by_hand(*, delivery_id: int, by: int, at: datetime) -> bool:
    """Try a failed notice again because an official asked; True when it has now gone out.

    Raises `NotFound` when there is nothing left to try.
    """
    tries = NoticeDelivery.objects.filter(pk=delivery_id, state__in=[NoticeDelivery.WAITING, NoticeDelivery.STUCK])
    with transaction.atomic():
        if not tries.update(state=NoticeDelivery.WAITING, next_attempt_at=at):
            raise NotFound(_("这条通知已经发出或不存在，不用再试。请刷新页面。"))
        events.publish(NoticeRetried(delivery_id=delivery_id, actor_id=by), at=at)
    _deliver(delivery_id, now=at)
    return NoticeDelivery.objects.filter(pk=delivery_id, state=NoticeDelivery.DONE).exists()


def _deliver(pk: int, *, now: datetime) -> str | None:
    """Lease the row, send, note the result: "" done, else what failed; None when it was not ours to send.

    A gateway is slow: no lock is held while it answers. A worker killed while sending leaves the lease to run out; the
    message then goes out again with the same key.
    """
    rows = NoticeDelivery.objects.filter(pk=pk)
    leased = rows.filter(state=NoticeDelivery.WAITING, next_attempt_at__lte=now)
    if not leased.update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1):
        return None
    delivery = rows.select_related("notice__to_user").get()
    address = _address(delivery)
    if not address:
        rows.update(state=NoticeDelivery.SKIPPED, next_attempt_at=None)
        return ""
    error = _send(delivery, address)
    rows.update(**_result(delivery.attempts, error, now))
    return error


def _result(attempts: int, error: str, now: datetime) -> dict[str, Any]:
    if not error:
        return {"state": NoticeDelivery.DONE, "sent_at": now, "next_attempt_at": None, "error": ""}
    if attempts >= STUCK_AFTER:
        return {"state": NoticeDelivery.STUCK, "next_attempt_at": None, "error": error}
    pause = timedelta(seconds=min(30 * 4**attempts, 6 * 3600))
    return {"next_attempt_at": now + pause, "error": error}


def _address(delivery: NoticeDelivery) -> str:
    field = {EMAIL: "email", SMS: "phone"}.get(delivery.channel, "")
    notice: Any = delivery.notice
    return getattr(notice, field, "") or getattr(notice.to_user, field, "")


def _send(delivery: NoticeDelivery, address: str) -> str:
    notice = delivery.notice
    try:
        with translation.override(notice.language):
            CHANNELS[delivery.channel](
                Message(
                    key=f"notice-{notice.pk}-{delivery.channel}",
                    address=address,
                    subject=notice.title,
                    text=_text(notice, delivery.channel),
                    at=notice.created_at,
                )
            )
    except (
        Exception
    ) as error:  # a gateway may fail in any way; its words may repeat the address, so only the kind is kept
        log.warning("notice not sent", extra={"delivery": delivery.pk, "error": type(error).__name__})
        return type(error).__name__
    return ""


def _text(notice: Notice, channel: str) -> str:
    if channel == SMS:
        return in_words(TEMPLATES[notice.template].sms, notice.params)
    return notice.text


@transaction.atomic
def mark_read(*, user_id: int, at: datetime, notice_id: int | None = None) -> int:
    """Mark one notice of a person (or all of them) as read; the number that was unread."""
    unread = Notice.objects.filter(to_user_id=user_id, read_at__isnull=True)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    return unread.update(read_at=at)


@transaction.atomic
def forget(*, ids: Sequence[int]) -> int:
    """Delete notices for good, with what became of them on each channel; how many. For what was kept long enough."""
    NoticeDelivery.objects.filter(notice_id__in=ids).delete()
    return Notice.objects.filter(pk__in=ids).delete()[0]

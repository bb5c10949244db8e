"""Publish a calendar version; move the demo clock."""

import math
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars import queries
from zhengtong.foundation.calendars.events import CalendarPublished
from zhengtong.foundation.calendars.models import CalendarVersion, DemoClock
from zhengtong.foundation.calendars.values import Change, amended, parse
from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid, Refusal, StaleVersion


class CannotMoveClock(Refusal):
    """Time runs forwards, and only a demo may be moved."""


@transaction.atomic
def publish_version(*, document: dict[str, Any], reason: str, by: int | None, at: datetime) -> CalendarVersion:
    """Make `document` the working days from now on; publishes `CalendarPublished`, on which open clocks are rebuilt.

    Refuses a document that cannot be read (`Invalid`) and a change without a reason.
    """
    if not reason.strip():
        problem = _("请写明变更说明，例如“录入国办关于2027年放假安排的通知”。")
        raise Invalid(problem, fields={"reason": problem})
    parse(document, version=0)
    latest = CalendarVersion.objects.aggregate(n=Max("number"))["n"] or 0
    version = CalendarVersion.objects.create(
        number=latest + 1, document=document, reason=reason.strip()[:200], published_by_id=by, published_at=at
    )
    events.publish(CalendarPublished(version=version.number, actor_id=by), at=at)
    return version


@transaction.atomic
def amend(*, base: int, change: Change, reason: str, by: int | None, at: datetime) -> CalendarVersion:
    """Publish a new version: the one in force with the days of `change` set or made ordinary again, whole years begun.

    `base` is the version the change was made on. Raises `StaleVersion` when another was published meanwhile, `Invalid`
    for a change that changes nothing, for days that cannot be read and for single days of a year without data.
    """
    number, document = queries.document_in_force()
    if number != base:
        raise StaleVersion(_("您编辑期间，工作日历已经发布了第{number}版。请重新打开再改。").format(number=number))
    new = amended(document, change.days, change.sources)
    if new == document:
        raise Invalid(_("没有任何改动，所以没有发布新版本。"))
    return publish_version(document=new, reason=reason, by=by, at=at)


def move_demo_clock(*, to: datetime) -> None:
    """Set the demo county's time to `to`, only forwards. Refused outside a demo."""
    if not settings.DEMO:
        raise CannotMoveClock(_("只有演示县可以拨动时钟。"))
    if to < queries.official_now():
        raise CannotMoveClock(_("演示时钟只能向前拨，已经发生的事不能倒回去。"))
    # Up to the next whole second, so that 09:00 never shows as 08:59:59.
    offset = math.ceil((to - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
    queries.forget_demo_clock()

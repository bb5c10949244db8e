"""The working days in force, their history, and what time it officially is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars.models import CalendarVersion, DemoClock
from zhengtong.foundation.calendars.values import Difference, Document, builtin, builtin_document, differences, parse
from zhengtong.kernel.errors import CalendarYearMissing, NotFound
from zhengtong.kernel.legal_clock import WorkingDays

__all__ = [
    "builtin",
    "builtin_document",
    "current",
    "current_version",
    "document_in_force",
    "forget_demo_clock",
    "get_version",
    "of_version",
    "official_now",
    "official_today",
    "parse",
    "versions",
    "years_missing",
]


@lru_cache(maxsize=8)
def of_version(number: int) -> WorkingDays:
    """The working days of a published version (versions never change, so they are kept in memory)."""
    return parse(CalendarVersion.objects.get(number=number).document, version=number)


def current_version() -> int:
    """Number of the version in force. Raises `CalendarYearMissing` when nothing was ever published."""
    number = CalendarVersion.objects.order_by("-number").values_list("number", flat=True).first()
    if number is None:
        raise CalendarYearMissing(
            _("还没有发布任何工作日历，期限无法计算。请先在“工作日历”中发布。"), year=timezone.localdate().year
        )
    return number


def current() -> WorkingDays:
    """The working days in force."""
    return of_version(current_version())


def document_in_force() -> tuple[int, Document]:
    """Number and document of the version in force; 0 and an empty document when nothing was ever published."""
    row = CalendarVersion.objects.order_by("-number").values_list("number", "document").first()
    return row if row else (0, {})


def get_version(number: int) -> CalendarVersion:
    """One version. Raises `NotFound`."""
    row = CalendarVersion.objects.filter(number=number).select_related("published_by").first()
    if row is None:
        raise NotFound(_("没有第{number}版工作日历，请从版本列表中选择。").format(number=number))
    return row


@dataclass(frozen=True)
class Published:
    """A version in the list, with what it changed against the one before."""

    version: CalendarVersion
    changes: Sequence[Difference]


def versions(*, limit: int = 50) -> list[Published]:
    """Versions, newest first, each with its differences from the one before."""
    rows = list(CalendarVersion.objects.select_related("published_by").order_by("-number")[: limit + 1])
    older: list[Document] = [row.document for row in rows[1:]] + [{}]
    pairs = list(zip(rows, older, strict=False))[:limit]
    return [Published(row, differences(before, row.document)) for row, before in pairs]


def years_missing(today: date) -> list[int]:
    """This year and the next, as far as they have no data: limits that reach into them cannot be computed."""
    _number, document = document_in_force()
    return [year for year in (today.year, today.year + 1) if str(year) not in document]


_demo_offset: tuple[float, int] = (0.0, 0)


def forget_demo_clock() -> None:
    """Read the demo clock afresh at the next question."""
    global _demo_offset
    _demo_offset = (0.0, 0)


def official_now() -> datetime:
    """The time by which the county acts: the machine's clock, in a demo moved by the demo clock (read once a second)."""
    global _demo_offset
    now = timezone.now()
    if not settings.DEMO:
        return now
    read_at, offset = _demo_offset
    if time.monotonic() - read_at > 1 or read_at == 0:
        row = DemoClock.objects.filter(pk=1).values_list("offset_seconds", flat=True).first()
        offset = row or 0
        _demo_offset = (time.monotonic(), offset)
    return now + timedelta(seconds=offset)


def official_today() -> date:
    """The county's date by `official_now`."""
    return timezone.localdate(official_now())

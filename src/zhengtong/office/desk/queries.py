"""Reads of the desk: a constant number of queries for one row or fifty."""

from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.forms import number_of
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.security.pmi import public as pmi

PAGE = 50
LABELS: dict[str, str | Promise] = {
    "overdue": _("已超期"),
    "today": _("今天到期"),
    "soon": _("三天内到期"),
    "later": _("以后到期"),
    "undated": _("没有期限或计时暂停"),
}


def workdays_left(due_on: date, days: WorkingDays, today: date) -> int | None:
    """Working days until `due_on`; negative when it has passed; None for a year without data."""
    try:
        return days.count(today, due_on) if due_on >= today else -days.count(due_on, today) or -1
    except CalendarYearMissing:
        return None


def waiting(user: Any) -> int:
    """How many to-dos wait for `user`, for the number beside the link; one query."""
    today = calendars.official_today()
    return worklists.counts(user_id=user.pk, pools=pmi.pools_of(user, on=today), today=today).total


def desk_of(user: Any, *, bucket: str, page: str, today: date) -> dict[str, Any]:
    """Counts by bucket, and one page of to-dos."""
    pools = pmi.pools_of(user, on=today)
    counts = worklists.counts(user_id=user.pk, pools=pools, today=today)
    chosen = bucket if bucket in worklists.BUCKETS else ""
    number = number_of(page, 1) if 0 < number_of(page, 1) < 100_000 else 1
    items = worklists.for_person(
        user_id=user.pk, pools=pools, today=today, bucket=chosen, limit=PAGE + 1, offset=(number - 1) * PAGE
    )
    return {
        "rows": _rows(items[:PAGE], today),
        "tabs": _tabs(counts, chosen),
        "bucket": chosen,
        "bucket_label": LABELS.get(chosen, ""),
        "counts": counts,
        "several": len(pools) > 1,
        "today": today,
        "number": number,
        "more": len(items) > PAGE,
    }


def _rows(items: list[worklists.Item], today: date) -> list[dict[str, Any]]:
    days = calendars.current()
    bodies = Organization.objects.in_bulk({item.organization_id for item in items if item.organization_id})
    return [
        {
            "item": item,
            "body": bodies.get(item.organization_id or 0),
            "role": pmi.ROLES[item.role].label if item.role in pmi.ROLES else "",
            "remaining": workdays_left(item.due_on, days, today) if item.due_on else None,
        }
        for item in items
    ]


def _tabs(counts: worklists.Counts, chosen: str) -> list[dict[str, Any]]:
    everything = {"label": _("全部"), "url": "?", "count": counts.total, "current": not chosen}
    parts = [
        {"label": LABELS[key], "url": f"?due={key}", "count": getattr(counts, key), "current": key == chosen}
        for key in worklists.BUCKETS
    ]
    return [everything, *parts]

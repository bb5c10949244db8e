"""The supervisor's board: who is late now, what is about to be, how old it is, whose it is. Live, in a fixed number of queries."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.public import close_of
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.oversight.supervision import stuck
from zhengtong.oversight.supervision.listing import drawn
from zhengtong.oversight.supervision.models import Card, CorrectionOrder, RuleSet, Watch
from zhengtong.oversight.supervision.states import LIVE, CardState, Level, RuleState, Watching

DECIDING = (Watching.PROMISED, Watching.STATUTORY)
AGES = ((1, "1"), (3, "2–3"), (7, "4–7"), (30, "8–30"), (100_000, "30+"))
AHEAD_WORKDAYS = 5
SHOWN = 8
MOST_BODIES = 15


def _cards(bodies: Iterable[int] | None) -> QuerySet[Card]:
    return _open_cards(bodies).filter(state__in=LIVE)


def _open_cards(bodies: Iterable[int] | None) -> QuerySet[Card]:
    """Cards that are not at an end: found by their index, so that those of past years cost nothing."""
    rows = Card.objects.filter(ended_at__isnull=True)
    return rows if bodies is None else rows.filter(organization_id__in=list(bodies))


def _watches(bodies: Iterable[int] | None) -> QuerySet[Watch]:
    rows = Watch.objects.all()
    return rows if bodies is None else rows.filter(organization_id__in=list(bodies))


def board(*, now: datetime, today: date, bodies: list[int] | None = None) -> dict[str, Any]:
    """Everything the board draws; `bodies` narrows to these (None: the whole county)."""
    counts, held = _counts(bodies), _held(bodies, today)
    by_body = departments(bodies, today, held)
    return {
        "today": today,
        "now": now,
        "rules": RuleSet.objects.filter(state=RuleState.PUBLISHED).first(),
        "levels": [
            {"level": level, "label": Level(level).label, "n": counts[level], "url": _link(level=level.value)}
            for level in (Level.RED, Level.YELLOW, Level.WARNING)
        ],
        "pending": sum(row["pending"] for row in held),
        "late_answers": sum(row["late_answers"] for row in held),
        "doubts": sum(row["doubts"] for row in held),
        "orders": _orders(bodies),
        "stuck": stuck.count(bodies),
        "late": worst(bodies),
        "late_cases": sum(row["late"] for row in by_body),
        "departments": by_body[:MOST_BODIES],
        "matters": matters(bodies),
        "ages": ages(bodies, now),
        "ahead": ahead(bodies, now, today),
    }


def _unanswered() -> Q:
    return Q(state__in=(CardState.ISSUED, CardState.ACKNOWLEDGED))


def _link(**query: Any) -> str:
    return f"{reverse('supervision:cards')}?{urlencode({'scope': 'open', **query})}"


def _orders(bodies: list[int] | None) -> int:
    rows = CorrectionOrder.objects.filter(ended_at__isnull=True)
    return (rows if bodies is None else rows.filter(organization_id__in=bodies)).count()


def _held(bodies: list[int] | None, today: date) -> list[dict[str, Any]]:
    """By body, in one query: live cards of each level, those that wait to be sent, late answers, cards to look at again."""
    live = Q(state__in=LIVE)
    rows = _open_cards(bodies).order_by().values("organization_id")
    found: Any = rows.annotate(
        **{f"level{level}": Count("pk", filter=live & Q(level=level)) for level in Level.values},
        pending=Count("pk", filter=Q(state=CardState.PENDING)),
        late_answers=Count("pk", filter=_unanswered() & Q(feedback_due_on__lt=today)),
        doubts=Count("pk", filter=live & ~Q(doubt="")),
    )
    return list(found)


def _counts(bodies: list[int] | None) -> dict[int, int]:
    """Cases by their highest card: one that has a red and a yellow one counts as red, once."""
    highest = _cards(bodies).order_by().values("subject").annotate(top=Max("level")).values_list("top", flat=True)
    found = dict.fromkeys(Level.values, 0)
    for level in highest:
        found[level] += 1
    return found


def worst(bodies: list[int] | None) -> list[Card]:
    """The gravest cards that are not yet put right, oldest first: who is late, in one look."""
    unsettled = (CardState.ISSUED, CardState.ACKNOWLEDGED, CardState.EXPLAINED, CardState.ACTED)
    rows = _cards(bodies).filter(level__gte=Level.YELLOW, state__in=unsettled).select_related("organization")
    return [drawn(card) for card in rows.order_by("-level", "threshold_at")[:SHOWN]]


def departments(
    bodies: list[int] | None, today: date, held: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """By body: in hand, late, and cards of each level; those with the gravest first. `held`: what `_held` found, when it was asked."""
    clocks = _watches(bodies).filter(kind=Watching.PROMISED).order_by().values_list("organization_id")
    in_hand = dict(clocks.annotate(n=Count("*")))
    # With the bodies named, the index finds the late ones of each by themselves, however many are in time.
    late = dict(clocks.filter(organization_id__in=list(in_hand), due_on__lt=today).annotate(n=Count("*")))
    by_level = {row["organization_id"]: row for row in (_held(bodies, today) if held is None else held)}
    names = Organization.objects.in_bulk({*in_hand, *by_level})
    most = max(in_hand.values(), default=0) or 1
    rows = []
    for pk, body in names.items():
        levels: Any = by_level.get(pk, {})
        red, yellow, warning = (levels.get(f"level{level}", 0) for level in (3, 2, 1))
        rows.append(
            {
                "body": body,
                "in_hand": in_hand.get(pk, 0),
                "late": late.get(pk, 0),
                "red": red,
                "yellow": yellow,
                "warning": warning,
                "width": round(100 * in_hand.get(pk, 0) / most),
                "late_width": round(100 * late.get(pk, 0) / most),
                "url": _link(department=body.code),
            }
        )
    rows.sort(key=lambda row: (-row["red"], -row["yellow"], -row["late"], -row["warning"], row["body"].code))
    return rows


def matters(bodies: list[int] | None) -> list[dict[str, Any]]:
    """The matters with the most cards."""
    rows = (
        _cards(bodies)
        .exclude(topic="")
        .order_by()
        .values("topic")
        .annotate(n=Count("pk"), red=Count("pk", filter=Q(level=3)))
    )
    return [
        {
            "label": row["topic"],
            "value": row["n"],
            "tone": "overdue" if row["red"] else "soon",
            "url": _link(topic=row["topic"]),
        }
        for row in rows.order_by("-red", "-n", "topic")[:SHOWN]
    ]


def ages(bodies: list[int] | None, now: datetime) -> list[dict[str, Any]]:
    """How long yellow and red cards have been open, in days."""
    edges = [(label, now - timedelta(days=limit)) for limit, label in AGES]
    rows = _cards(bodies).filter(level__gte=Level.YELLOW).order_by()
    filters, newer = {}, None
    for place, (_label, since) in enumerate(edges):
        q = Q(threshold_at__gte=since)
        filters[f"age{place}"] = Count("pk", filter=q & Q(threshold_at__lt=newer) if newer else q)
        newer = since
    found = rows.aggregate(**filters, oldest=Min("threshold_at"))
    return [
        {
            "label": _("{days}天").format(days=label),
            "value": found[f"age{place}"],
            "tone": "soon" if place < 2 else "overdue",
        }
        for place, (label, _since) in enumerate(edges)
    ]


def horizon(today: date, workdays: int = AHEAD_WORKDAYS) -> list[date]:
    """Today and the next working days, as far as there is a calendar."""
    days, found = calendars.current(), [today]
    try:
        for n in range(1, workdays + 1):
            found.append(days.nth_after(today, n))
    except CalendarYearMissing:  # the board says so by the clocks that are stuck
        pass
    return found


def ahead(bodies: list[int] | None, now: datetime, today: date) -> list[dict[str, Any]]:
    """How many clocks come to their next threshold on each of the next working days, by the level that waits there."""
    days = horizon(today)
    found = _by_day(bodies, now, days)
    counted = []
    for day in days:
        levels = found.get(day, {})
        warning, yellow, red = (levels.get(level, 0) for level in (Level.WARNING, Level.YELLOW, Level.RED))
        counted.append({"day": day, "warning": warning, "yellow": yellow, "red": red, "total": sum(levels.values())})
    return counted


def _by_day(bodies: list[int] | None, now: datetime, days: list[date]) -> dict[date, dict[int, int]]:
    """{day: {level: clocks}} until the close of the last day. One query, in the order of its index: thresholds are closes of days, so
    that there are few moments however many clocks wait for them.
    """
    edges = [(close_of(day), day) for day in days]
    rows = _watches(bodies).filter(next_threshold_at__gt=now, next_threshold_at__lte=edges[-1][0]).order_by()
    found: dict[date, dict[int, int]] = {}
    for moment, level, n in rows.values_list("next_threshold_at", "next_level").annotate(n=Count("*")):
        day = next(day for edge, day in edges if moment <= edge)
        levels = found.setdefault(day, {})
        levels[level] = levels.get(level, 0) + n
    return found

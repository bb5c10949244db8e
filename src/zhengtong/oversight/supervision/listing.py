"""The list of cards: newest threshold first, narrowed by level, state, body, rule or words; as a page, CSV or workbook."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import cells
from zhengtong.oversight.supervision import rules
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.states import FINAL, LIVE, TONES, CardState, Level

SCOPES: dict[str, str | Promise] = {
    "open": gettext_lazy("未办结"),
    "answer": gettext_lazy("等单位答复"),
    "verify": gettext_lazy("等核实"),
    "pending": gettext_lazy("待发"),
    "appeal": gettext_lazy("申诉中"),
    "doubt": gettext_lazy("提请复核"),
    "ended": gettext_lazy("已结束"),
    "all": gettext_lazy("全部"),
}
A_PAGE, MOST = 25, 10_000
STATE_TONES = {
    CardState.PENDING: "paused",
    CardState.ISSUED: "overdue",
    CardState.ACKNOWLEDGED: "soon",
    CardState.EXPLAINED: "info",
    CardState.ACTED: "info",
    CardState.VERIFIED: "ok",
    CardState.CLOSED: "ok",
    CardState.SETTLED: "ok",
}


def _scopes() -> dict[str, Q]:
    live = Q(state__in=LIVE)
    return {
        "open": Q(state__in=(CardState.PENDING, *LIVE)),
        "answer": Q(state__in=(CardState.ISSUED, CardState.ACKNOWLEDGED)),
        "verify": Q(state__in=(CardState.EXPLAINED, CardState.ACTED, CardState.VERIFIED)),
        "pending": Q(state=CardState.PENDING),
        "appeal": live & Q(appeals__state__in=("filed", "reported_up")),
        "doubt": ~Q(doubt=""),
        "ended": Q(state__in=list(FINAL)),
        "all": Q(),
    }


def scope_of(query: Mapping[str, str]) -> str:
    """Which part is asked for: words or a rule are looked for everywhere."""
    asked = query.get("scope", "")
    if asked in SCOPES:
        return asked
    return "all" if any(query.get(name, "").strip() for name in ("q", "code")) else "open"


def day_of(text: str) -> date | None:
    """A day that somebody typed; None when it is none, or of no century of ours."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def worded(cards: QuerySet[Card], query: Mapping[str, str]) -> QuerySet[Card]:
    """Those that fit everything but the scope."""
    text, level, body, code = (query.get(name, "").strip() for name in ("q", "level", "department", "code"))
    if text:
        number = text.rpartition("-")[2]
        named = Q(number__startswith=text.upper()) | Q(topic__contains=text)
        cards = cards.filter(
            named | Q(pk=int(number)) if number.isascii() and number.isdigit() and len(number) < 12 else named
        )
    if level in {str(value) for value in Level.values}:
        cards = cards.filter(level=int(level))
    if body:
        cards = cards.filter(organization__code=body)
    if code:
        cards = cards.filter(code=code)
    if topic := query.get("topic", "").strip():
        cards = cards.filter(topic=topic)
    for name, lookup in (("from", "threshold_at__gte"), ("to", "threshold_at__lt")):
        day = day_of(query.get(name, ""))
        if day is not None:
            day = date.fromordinal(day.toordinal() + (name == "to"))
            cards = cards.filter(**{lookup: datetime.combine(day, time(), timezone.get_current_timezone())})
    return cards


def narrowed(cards: QuerySet[Card], query: Mapping[str, str]) -> QuerySet[Card]:
    """Those that fit, newest threshold first."""
    found = worded(cards, query).filter(_scopes()[scope_of(query)])
    return found.select_related("organization", "officer").order_by("-threshold_at", "-id")


def tabs(cards: QuerySet[Card], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parts of the list with their counts; one query."""
    asked, chosen = worded(cards, query), scope_of(query)
    numbers = asked.aggregate(**{key: Count("pk", filter=q, distinct=key == "appeal") for key, q in _scopes().items()})
    kept = "".join(
        f"&{key}={query[key]}" for key in ("q", "level", "department", "code", "topic", "from", "to") if query.get(key)
    )
    return [
        {"label": label, "url": f"?scope={key}{kept}", "count": numbers[key], "current": key == chosen}
        for key, label in SCOPES.items()
    ]


def page(cards: QuerySet[Card], query: Mapping[str, str]) -> Page[Card]:
    """The asked page; its cards carry the tones that a list draws."""
    found = Paginator(narrowed(cards, query), A_PAGE).get_page(query.get("page"))
    for card in found.object_list:
        drawn(card)
    return found


def drawn(card: Card) -> Card:
    """With what a template shows of it."""
    card.tone = TONES[Level(card.level)]  # type: ignore[attr-defined]
    card.state_tone = STATE_TONES.get(CardState(card.state), "")  # type: ignore[attr-defined]
    return card


def departments(cards: QuerySet[Card]) -> QuerySet[Organization]:
    """The bodies that have a card, to filter by."""
    return Organization.objects.filter(pk__in=cards.order_by().values("organization_id").distinct()).order_by("code")


def lines(cards: QuerySet[Card]) -> Iterator[list[str]]:
    """The list as rows of a file."""
    yield [
        _("卡号"),
        _("级别"),
        _("规则"),
        _("规则名称"),
        _("单位"),
        _("事项"),
        _("办件编号"),
        _("触发时间"),
        _("发出时间"),
        _("状态"),
        _("反馈期限"),
    ]
    for card in cards.select_related("organization")[:MOST]:
        yield [
            card.name,
            str(card.get_level_display()),
            card.code,
            card.rule_name,
            card.organization.label,
            card.heading,
            card.number,
            _moment(card.threshold_at),
            _moment(card.issued_at),
            str(card.get_state_display()),
            card.feedback_due_on.isoformat() if card.feedback_due_on else "",
        ]


def _moment(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


def write_csv(target: Any, rows: Iterator[list[str]]) -> None:
    """So that spreadsheet programs read its Chinese."""
    target.write("\ufeff")
    writer = csv.writer(target)
    for line in rows:
        writer.writerow([cells.safe(cell) for cell in line])


def workbook(rows: Iterator[list[str]], title: str) -> bytes:
    """The same as a workbook with one sheet."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:30])
    for line in rows:
        sheet.append([cells.safe(cell) for cell in line])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def visible(user: Any, *, on: date) -> QuerySet[Card]:
    """The cards this official may see."""
    return rules.visible(user, on=on)

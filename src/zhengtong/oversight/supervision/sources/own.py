"""Supervision's own clocks: the answer to a card, and the time a correction order gives."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import Budget, WorkingDays
from zhengtong.oversight.supervision.models import Card, CardEvent, CorrectionOrder, OrderEntry
from zhengtong.oversight.supervision.sources import Source, register_source
from zhengtong.oversight.supervision.states import Act, CardState, OrderState, Watching
from zhengtong.oversight.supervision.values import Watched

NAME = "own"
ANSWERS = (Act.EXPLAIN, Act.CORRECT)
WAITS = (CardState.ISSUED, CardState.ACKNOWLEDGED)
NOT_ANSWERED_FOR = (Watching.CARD, Watching.ORDER)
"""A card about a card that was not answered asks for no answer of its own: else one silence would give cards for ever."""


def _cards(ids: Iterable[int], since: datetime | None) -> list[Watched]:
    rows = Card.objects.filter(pk__in=list(ids), issued_at__isnull=False).exclude(kind__in=NOT_ANSWERED_FOR)
    rows, days = rows.defer("evidence"), calendars.current()
    answered = _answered([card.pk for card in rows])
    found = []
    for card in rows:
        stopped = card.ended_at if card.state not in WAITS else None
        if card.state not in WAITS:
            stopped = min(filter(None, (answered.get(card.pk), card.ended_at)), default=card.drawn_at)
        if stopped is None or since is None or stopped >= since:
            found.append(_card(card, stopped, days))
    return found


def _answered(ids: list[int]) -> dict[int, datetime]:
    """When each card was answered last; a card that was sent back waits again."""
    events = CardEvent.objects.filter(card_id__in=ids, act__in=ANSWERS).order_by("seq")
    return dict(events.values_list("card_id", "at"))


def _card(card: Card, stopped: datetime | None, days: WorkingDays) -> Watched:
    assert card.issued_at is not None
    assert card.feedback_due_on is not None
    start = timezone.localdate(card.issued_at)
    workdays, unknown = _workdays(start, card.feedback_due_on, days)
    return Watched(
        source=NAME,
        key=f"card:{card.pk}",
        subject=f"card:{card.pk}",
        kind=Watching.CARD,
        organization_id=card.organization_id,
        role="department_head",
        title=card.title,
        topic={"zh": card.topic, "en": card.topic},
        number=card.number,
        url=f"/supervision/cards/{card.pk}/",
        budget=Budget(start, workdays),
        stopped_at=stopped,
        unknown=unknown,
    )


def _orders(ids: Iterable[int], since: datetime | None) -> list[Watched]:
    found, days = [], calendars.current()
    for order in CorrectionOrder.objects.filter(pk__in=list(ids)):
        stopped = order.ended_at
        if order.state == OrderState.ANSWERED:
            # What the body answered in time stays in time while somebody looks at it.
            stopped = OrderEntry.objects.filter(order=order, act="answer").latest("id").at
        if stopped is None or since is None or stopped >= since:
            found.append(_order(order, stopped, days))
    return found


def _workdays(start: date, last: date, days: WorkingDays) -> tuple[int, CalendarYearMissing | None]:
    """How many to the stored last day, or why that is not known: the year was taken out of the calendar again."""
    try:
        return days.count(start, last), None
    except CalendarYearMissing as error:
        return 0, error


def _order(order: CorrectionOrder, stopped: datetime | None, days: WorkingDays) -> Watched:
    start = timezone.localdate(order.issued_at)
    workdays, unknown = _workdays(start, order.due_on, days)
    return Watched(
        source=NAME,
        key=f"order:{order.pk}",
        subject=f"order:{order.pk}",
        kind=Watching.ORDER,
        organization_id=order.organization_id,
        role="department_head",
        title={"zh": order.title, "en": order.title},
        number=order.name,
        url=f"/supervision/orders/{order.pk}/",
        budget=Budget(start, workdays),
        stopped_at=stopped,
        unknown=unknown,
    )


def of(subjects: Iterable[str], since: datetime | None) -> list[Watched]:
    """The clocks of these cards and orders (`card:5`, `order:2`); their keys are their subjects."""
    cards: list[int] = []
    orders: list[int] = []
    for subject in subjects:
        name, _colon, number = subject.partition(":")
        (cards if name == "card" else orders).append(int(number))
    return [*(_cards(cards, since) if cards else []), *(_orders(orders, since) if orders else [])]


def find(keys: Iterable[str]) -> list[Watched]:
    """The clocks with these keys."""
    return of(keys, None)


def running(after: str, limit: int) -> list[str]:
    """The next cards, then orders, that wait for an answer."""
    name, _colon, number = after.partition(":")
    found: list[str] = []
    if name != "order":
        cards = Card.objects.filter(state__in=WAITS, pk__gt=int(number or 0)).exclude(kind__in=NOT_ANSWERED_FOR)
        found = [f"card:{pk}" for pk in cards.order_by("pk").values_list("pk", flat=True)[:limit]]
    if len(found) < limit:
        last = int(number) if name == "order" else 0
        orders = CorrectionOrder.objects.filter(Q(ended_at__isnull=True), pk__gt=last).order_by("pk")
        found += [f"order:{pk}" for pk in orders.values_list("pk", flat=True)[: limit - len(found)]]
    return found


def register() -> None:
    """Watch our own clocks."""
    kinds = frozenset({Watching.CARD, Watching.ORDER})
    register_source(Source(NAME, _("电子监察"), kinds, of, find, running))

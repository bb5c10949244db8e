"""Issue cards: many at once, each at most once, with log, fact, to-dos and notices in the same transaction."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events
from zhengtong.kernel import statements
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.oversight.supervision import recipients
from zhengtong.oversight.supervision.drawing import Drawn
from zhengtong.oversight.supervision.events import CardIssued
from zhengtong.oversight.supervision.models import Card, CardEvent
from zhengtong.oversight.supervision.operations.moving import put
from zhengtong.oversight.supervision.recipients import Directory, Outgoing
from zhengtong.oversight.supervision.rulebook import DEFAULTS, InForce
from zhengtong.oversight.supervision.states import LIVE, STANDS, Act, CardState, Level

Earlier = dict[tuple[str, int, int, str], list[tuple[datetime, int]]]
"""(rule, its own level, body, matter) → when cards of it were verified, and which."""
ASIDE = "已由更高级别的监察卡取代"


@transaction.atomic
def issue(*, drawn: Sequence[Drawn], rules: InForce | None, now: datetime) -> list[Card]:
    """Issue the cards that are not there yet; returns them.

    A card whose rule asks for confirmation waits as 待发. The same rule broken again by the same body over the same matter within
    thirty days after it said it was put right weighs one level more. A higher card about the same subject by the same rule takes
    the place of the lower one.
    """
    fresh = _not_there_yet(drawn)
    if not fresh:
        return []
    days = calendars.current()
    before = _repeated(fresh, rules)
    cards = [_card(one, rules, days, before, now=now) for one in fresh]
    Card.objects.bulk_create(cards)
    statements.insert_all([_first_entry(card) for card in cards])
    _announce(list(zip(cards, fresh, strict=True)), Directory.of(timezone.localdate(now)))
    _set_aside([card for card in cards if card.level > Level.WARNING])
    return cards


def _not_there_yet(drawn: Sequence[Drawn]) -> list[Drawn]:
    by_key = {one.fire_key: one for one in drawn}
    there = Card.objects.filter(fire_key__in=list(by_key)).exclude(state=CardState.AUTO_REVOKED)
    known = set(there.values_list("fire_key", flat=True))
    return sorted((one for key, one in by_key.items() if key not in known), key=lambda one: (one.at, one.fire_key))


def recorded_at(at: datetime, now: datetime) -> datetime:
    """When a card is written down. In a demo the county's clock is moved: there it is written by that clock, as cases are."""
    return at if settings.DEMO else max(at, now)


def _repeated(drawn: Iterable[Drawn], rules: InForce | None) -> Earlier:
    """Cards that were verified and stand, by rule, body and matter: who breaks the rule again repeats it."""
    wanted = list(drawn)
    rows = Card.objects.filter(
        code__in={one.code for one in wanted},
        organization_id__in={one.organization_id for one in wanted},
        verified_at__gte=min(one.at for one in wanted) - timedelta(days=_days(rules, "repeat_days")),
        state__in=STANDS,
    )
    found: Earlier = {}
    columns = ("code", "rule__level", "organization_id", "topic", "verified_at", "pk")
    for code, level, body, topic, verified, pk in rows.values_list(*columns):
        found.setdefault((code, level, body, topic), []).append((verified, pk))
    return found


def _days(rules: InForce | None, name: str) -> int:
    return rules.days(name) if rules else DEFAULTS[name]


def _card(
    one: Drawn,
    rules: InForce | None,
    days: WorkingDays,
    before: Earlier,
    *,
    now: datetime,
) -> Card:
    window = timedelta(days=_days(rules, "repeat_days"))
    earlier = [
        pk
        for at, pk in before.get((one.code, one.level, one.organization_id, one.topic), [])
        if at <= one.at <= at + window
    ]
    level = min(one.level + 1, Level.RED) if earlier else one.level
    drawn_at = recorded_at(one.at, now)
    card = Card(
        source=one.source,
        key=one.key,
        fire_key=one.fire_key,
        subject=one.subject,
        kind=one.kind,
        organization_id=one.organization_id,
        role=one.role,
        officer_id=one.officer_id,
        number=one.number,
        title=dict(one.title),
        topic=one.topic[:120],
        url=one.url,
        rule=one.rule,
        code=one.code,
        level=level,
        raised_by_id=max(earlier) if earlier and level > one.level else None,
        evidence=dict(one.evidence),
        threshold_at=one.at,
        drawn_at=drawn_at,
        calendar_version=days.version,
        state=CardState.ISSUED if one.automatic else CardState.PENDING,
    )
    if one.automatic:
        set_windows(card, rules, days, at=drawn_at)
    return card


def set_windows(card: Card, rules: InForce | None, days: WorkingDays, *, at: datetime) -> None:
    """From the day a card goes out run the days to answer it and to appeal."""
    today: date = timezone.localdate(at)
    card.issued_at = at
    card.feedback_workdays = _days(rules, "feedback_workdays")
    card.appeal_workdays = _days(rules, "appeal_workdays")
    card.feedback_due_on = days.nth_after(today, card.feedback_workdays)
    card.appeal_until = days.nth_after(today, card.appeal_workdays)


def _first_entry(card: Card) -> CardEvent:
    act = Act.ISSUE if card.state == CardState.ISSUED else Act.DRAW
    data = {"raised_by": card.raised_by_id} if card.raised_by_id else {}
    return CardEvent(card=card, seq=1, act=act, from_state="", to_state=card.state, at=card.drawn_at, data=data)


def _announce(cards: Sequence[tuple[Card, Drawn]], directory: Directory) -> None:
    """Tell people of these cards and publish the facts, all at once."""
    told, facts = Outgoing(), []
    for card, one in cards:
        if card.state == CardState.PENDING:
            told.ask_supervisor(card, recipients.CONFIRM, directory, at=card.drawn_at)
            continue
        told.tell_issued(card, directory, also=one.rule.recipients if one.rule else (), at=card.drawn_at)
        fact = CardIssued(card_id=card.pk, code=card.code, level=card.level, about=card.subject)
        facts.append((fact, card.threshold_at))
    told.send()
    events.publish_all(facts=facts)


def _set_aside(higher: list[Card]) -> None:
    """The highest card counts: lower ones of the same rule about the same subject need no answer of their own any more."""
    if not higher:
        return
    best: dict[tuple[str, str], Card] = {}
    for card in sorted(higher, key=lambda card: card.level):
        best[card.subject, card.code] = card
    lower = Card.objects.select_for_update(of=("self",)).filter(
        subject__in={card.subject for card in higher},
        code__in={card.code for card in higher},
        state__in=(CardState.PENDING, *LIVE),
        appeals__isnull=True,
    )
    for card in lower.order_by("id"):
        above = best.get((card.subject, card.code))
        if above is not None and card.level < above.level:
            put(card, Act.SETTLE, at=max(above.drawn_at, card.drawn_at), text=ASIDE, data={"by": above.pk})
            recipients.done(card, at=above.drawn_at)

"""How every move of a card begins and ends: lock the row, look the arrow up, write the log, publish the fact."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import NotFound, StaleVersion
from zhengtong.oversight.supervision.events import CardFact, CardMoved
from zhengtong.oversight.supervision.models import Card, CardEvent
from zhengtong.oversight.supervision.operations.lapsing import lapse_appeal
from zhengtong.oversight.supervision.refusals import CannotActOnCard
from zhengtong.oversight.supervision.states import CARD_ARROWS, FINAL, Act, CardState

WINDOWS = ("feedback_due_on", "feedback_workdays", "appeal_until", "appeal_workdays")
MOVING = ("state", "row_version", "ended_at", "issued_at", *WINDOWS, "verified_at", "doubt")
"""What a move may change on a card; what it says about its issue is fixed."""


def lock(card_id: int, *, seen: int | None = None) -> Card:
    """The card, locked until the transaction ends; `seen` is the row version the page was made from. Raises `NotFound`, `StaleVersion`."""
    card = Card.objects.select_for_update().filter(pk=card_id).first()
    if card is None:
        raise NotFound(_("没有找到这张监察卡。"))
    if seen is not None and seen != card.row_version:
        raise StaleVersion(_("这张监察卡刚才已有新的处理记录，本次操作没有生效。请刷新页面，看过最新情况后再处理。"))
    return card


def arrow_exists(card: Card, act: Act) -> None:
    """The table allows `act` now. Raises `CannotActOnCard`."""
    if (card.state, act) not in CARD_ARROWS:
        raise CannotActOnCard(
            _("监察卡现在是“{state}”，不能进行“{act}”。页面可能已过时，请刷新后查看。").format(
                state=CardState(card.state).label, act=Act(act).label
            )
        )


def put(
    card: Card,
    act: Act,
    *,
    at: datetime,
    by: Any = None,
    text: str = "",
    data: dict[str, Any] | None = None,
    fact: CardFact | None = None,
) -> CardEvent:
    """Move the card along its arrow, append the entry, save the row and publish the fact. The caller holds the lock.

    A card that ends by itself takes its open appeal with it; a person decides the appeal first.
    """
    arrow_exists(card, act)
    before, card.state = card.state, CARD_ARROWS[(card.state, act)]
    card.row_version += 1
    if card.state in FINAL and before not in FINAL:
        card.ended_at = at
    card.save(update_fields=MOVING)
    entry = CardEvent.objects.create(
        card=card,
        seq=card.row_version,
        act=act,
        from_state=before,
        to_state=card.state,
        actor_id=by.pk if by else None,
        at=at,
        text=text[:1000],
        data=data or {},
    )
    moved = CardMoved(card_id=card.pk, act=str(act), state=card.state, actor_id=by.pk if by else None)
    events.publish(fact or moved, at=at)
    if by is None and card.state in FINAL and before not in FINAL:
        lapse_appeal(card, at=at)
    return entry

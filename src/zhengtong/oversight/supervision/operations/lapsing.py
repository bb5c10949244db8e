"""An appeal ends with its card: when the card falls by itself, nothing is left to decide, and whoever appealed is told so."""

from datetime import datetime

from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices import public as notices
from zhengtong.oversight.supervision import recipients
from zhengtong.oversight.supervision.events import AppealLapsed
from zhengtong.oversight.supervision.models import Appeal, Card
from zhengtong.oversight.supervision.states import APPEAL_ARROWS, APPEAL_OPEN, CardState

HOW = {
    CardState.AUTO_REVOKED: {"zh": "按最新的事实自动撤销", "en": "was taken back by itself, by what is known now"},
    CardState.SETTLED: {"zh": "因按期完成自动解除", "en": "was lifted by itself, because the work was done in time"},
}


def lapse_appeal(card: Card, *, at: datetime) -> None:
    """End the open appeal of a locked card that has just ended, with no decision on the merits: it counts as neither right nor wrong."""
    found = Appeal.objects.select_for_update(of=("self",)).filter(card=card, state__in=APPEAL_OPEN).first()
    if found is None:
        return
    found.state = APPEAL_ARROWS[(found.state, "lapse")]
    found.save(update_fields=["state"])
    events.publish(AppealLapsed(card_id=card.pk, appeal_id=found.pk), at=at)
    recipients.done(card, recipients.APPEAL, recipients.SUPERIOR, at=at)
    notices.send(
        template="supervision.appeal_lapsed",
        at=at,
        to_user_id=found.filed_by_id,
        params={**recipients.params_of(card), "how": HOW[CardState(card.state)]},
        subject=f"card:{card.pk}",
        url=f"/supervision/cards/{card.pk}/",
    )

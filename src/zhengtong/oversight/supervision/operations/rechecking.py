"""Look again at cards when the ledger they rest on changed: a holiday that was entered late, a result, an acceptance put right.

A warning or a yellow card whose threshold was never reached, by what is known now, is taken back by itself, with the reason. A red
card is never taken back without a person: it is put before the supervisor with what has changed.
"""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.oversight.supervision import recipients
from zhengtong.oversight.supervision.drawing import ledger_of
from zhengtong.oversight.supervision.events import CardRevoked
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.operations.moving import put
from zhengtong.oversight.supervision.recipients import Directory
from zhengtong.oversight.supervision.rulebook import InForce
from zhengtong.oversight.supervision.states import LIVE, Act, CardState, Level, Mode, Watching
from zhengtong.oversight.supervision.thresholds import at_of, thresholds
from zhengtong.oversight.supervision.values import Watched

IN_TIME = "已按期完成，预警解除"


def recheck(*, watched: Sequence[Watched], rules: InForce, now: datetime) -> int:
    """Take back, put before the supervisor, or settle the live cards of these clocks; how many moved. The caller is in a transaction."""
    by_key = {(one.source, one.key): one for one in watched}
    keys = {key for _source, key in by_key}
    rows = Card.objects.filter(key__in=keys, state__in=(CardState.PENDING, *LIVE)).exclude(kind=Watching.FACT)
    cards = [card for card in rows.select_for_update().order_by("id") if (card.source, card.key) in by_key]
    if not cards:
        return 0
    days = calendars.current()
    directory = Directory.of(timezone.localdate(now))
    return sum(_recheck(card, by_key[card.source, card.key], days, directory, now=now) for card in cards)


def _recheck(card: Card, one: Watched, days: WorkingDays, directory: Directory, *, now: datetime) -> bool:
    if not still_broken(card, one, days):
        reason = _why(card, one, days)
        if card.level < Level.RED:
            _take_back(card, reason, at=max(now, card.drawn_at))
            return True
        return _put_forward(card, reason, directory, at=max(now, card.drawn_at))
    if card.level == Level.WARNING and _in_time(card, one, days):
        assert one.stopped_at is not None
        put(card, Act.SETTLE, at=max(one.stopped_at, card.drawn_at), text=IN_TIME)
        recipients.done(card, at=now)
        return True
    return False


def still_broken(card: Card, one: Watched, days: WorkingDays) -> bool:
    """By what is known now, the clock had come to the threshold of the card's own rule before the card was drawn and before it stopped."""
    rule = card.evidence.get("rule", {})
    moments = [found.at for found in thresholds(one, rule["mode"], rule["value"], days)]
    last = min(card.drawn_at, one.stopped_at) if one.stopped_at else card.drawn_at
    return any(at <= last for at in moments)


def _why(card: Card, one: Watched, days: WorkingDays) -> str:
    """What moved, in words: the due day of the card and that of today."""
    before = card.evidence.get("ledger", {}).get("due_on") or "—"
    after = ledger_of(one, days)["due_on"] or _("暂停中")
    if one.stopped_at:
        stopped = timezone.localdate(one.stopped_at)
        return _("台账已变：到期日由{before}变为{after}，时钟在{stopped}停止，按现在的事实没有触发本规则。").format(
            before=before, after=after, stopped=stopped
        )
    return _("台账已变：到期日由{before}变为{after}，按现在的事实没有触发本规则。").format(before=before, after=after)


def _take_back(card: Card, reason: str, *, at: datetime) -> None:
    fact = CardRevoked(card_id=card.pk, level=card.level, automatic=True)
    put(card, Act.AUTO_REVOKE, at=at, text=reason, fact=fact)
    recipients.done(card, at=at)


def _put_forward(card: Card, reason: str, directory: Directory, *, at: datetime) -> bool:
    if card.state == CardState.PENDING:
        # Nobody was accused yet: a red card that still waits to be confirmed may fall by itself.
        _take_back(card, reason, at=at)
        return True
    if card.doubt == reason[:300]:
        return False
    card.doubt = reason[:300]
    put(card, Act.PUT_FORWARD, at=at, text=reason)
    recipients.ask_supervisor(card, recipients.DOUBT, directory, at=at)
    return True


def _in_time(card: Card, one: Watched, days: WorkingDays) -> bool:
    if one.stopped_at is None:
        return False
    end = at_of(one.budget, Mode.OVERDUE, 0, days)
    return end is None or one.stopped_at <= end

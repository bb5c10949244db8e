"""The last days of cards and orders follow a changed calendar: to answer, to appeal, to put right.

They are counted anew from the day they began, as the clocks of cases are; what has ended is never made shorter (`end_moved`). One that
cannot be counted (a year without a calendar) keeps its days, is counted when the next calendar is published, and holds up no other.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import WorkingDays, end_moved
from zhengtong.oversight.supervision import recipients
from zhengtong.oversight.supervision.models import Card, CorrectionOrder
from zhengtong.oversight.supervision.operations import orders, watching
from zhengtong.oversight.supervision.operations.moving import WINDOWS, put
from zhengtong.oversight.supervision.rulebook import DEFAULTS
from zhengtong.oversight.supervision.states import LIVE, Act, CardState, OrderState

log = logging.getLogger(__name__)
ANSWERS = (CardState.ISSUED, CardState.ACKNOWLEDGED)


def reproject_all(*, at: datetime) -> int:
    """Every card and order whose days still run, each in a transaction of its own; how many had a day moved."""
    cards = Card.objects.filter(state__in=LIVE).order_by("id").values_list("pk", flat=True)
    open_orders = CorrectionOrder.objects.filter(ended_at__isnull=True).order_by("id").values_list("pk", flat=True)
    return _each(list(cards), reproject_card, at=at) + _each(list(open_orders), reproject_order, at=at)


def _each(ids: Iterable[int], one: Callable[..., bool], *, at: datetime) -> int:
    moved = 0
    for pk in ids:
        try:
            moved += one(number=pk, at=at)
        except CalendarYearMissing as error:
            log.warning("a day could not be counted anew", extra={"what": one.__name__, "id": pk, "year": error.year})
    return moved


@transaction.atomic
def reproject_card(*, number: int, at: datetime) -> bool:
    """Count the windows of one live card anew, with an entry in its log; False when no day moved."""
    card = Card.objects.select_for_update().get(pk=number)
    if card.state not in LIVE or card.issued_at is None:
        return False
    before = [getattr(card, name) for name in WINDOWS]
    feedback, appeal = card.feedback_due_on, card.appeal_until
    days, today = calendars.current(), timezone.localdate(at)
    if card.state in ANSWERS and feedback is not None:
        card.feedback_workdays = _length(card, "feedback_workdays")
        new = days.nth_after(_asked_on(card), card.feedback_workdays)
        card.feedback_due_on = end_moved(feedback, new, today=today)
    if appeal is not None and not card.appeals.exists():
        card.appeal_workdays = _length(card, "appeal_workdays")
        card.appeal_until = end_moved(
            appeal, days.nth_after(timezone.localdate(card.issued_at), card.appeal_workdays), today=today
        )
    if (card.feedback_due_on, card.appeal_until) == (feedback, appeal):
        return False
    put(card, Act.REPROJECT, at=at, text=_words(card, feedback, appeal), data={"before": [str(one) for one in before]})
    worklists.set_due(subject=f"card:{card.pk}", kind=recipients.ANSWER, due_on=card.feedback_due_on)
    watching.refresh(subjects=[f"card:{card.pk}"], source="own", since=None, at=at)
    return True


def _length(card: Card, name: str) -> int:
    """Kept with the card; one from before lengths were kept has those of the rules it was drawn by."""
    kept = getattr(card, name)
    if kept is not None:
        return int(kept)
    return int(card.rule.rule_set.settings.get(name, DEFAULTS[name]) if card.rule else DEFAULTS[name])


def _asked_on(card: Card) -> date:
    """The day from which the answer runs: that of the issue, or on which the last one was sent back."""
    assert card.issued_at is not None
    back = card.log.filter(act=Act.SEND_BACK).order_by("-seq").first()
    return timezone.localdate(back.at if back else card.issued_at)


def _words(card: Card, feedback: date | None, appeal: date | None) -> str:
    said = []
    if card.feedback_due_on != feedback:
        said.append(_("反馈期限由{before}改为{after}").format(before=feedback, after=card.feedback_due_on))
    if card.appeal_until != appeal:
        said.append(_("申诉期限由{before}改为{after}").format(before=appeal, after=card.appeal_until))
    return _("工作日历变更，{what}。").format(what=_("，").join(said))


@transaction.atomic
def reproject_order(*, number: int, at: datetime) -> bool:
    """Count the last day of one open order anew; one that was answered is not made late by it. False when the day stays."""
    order = CorrectionOrder.objects.select_for_update().get(pk=number)
    if order.ended_at is not None:
        return False
    days: WorkingDays = calendars.current()
    before, new = order.due_on, days.nth_after(timezone.localdate(order.issued_at), order.workdays)
    moved = end_moved(before, new, today=timezone.localdate(at))
    order.due_on = max(before, moved) if order.state == OrderState.ANSWERED else moved
    if order.due_on == before:
        return False
    orders.note_new_day(order, before, at=at)
    return True

"""What time does: late steps go to the county office once each, a follow-up that never came ends the order; days follow a new calendar."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from zhengtong.approvals.ratings.events import WorkOrderEscalated
from zhengtong.approvals.ratings.models import Rule, WorkOrder
from zhengtong.approvals.ratings.operations import orders
from zhengtong.approvals.ratings.operations.recording import lock, order_of, record
from zhengtong.approvals.ratings.operations.ruling import BUILT_IN, due_day
from zhengtong.approvals.ratings.states import Entry, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists import public as worklists

CONTACT, CORRECT = "contact", "correct"
BATCH = 200
NOT_CONTACTED = (State.OPENED, State.ASSIGNED)
NOT_CORRECTED = (*NOT_CONTACTED, State.CONTACTED)


def fire(*, now: datetime) -> int:
    """Everything whose day has passed, each in a transaction of its own; how many. Safe to run at any time and again."""
    today = timezone.localdate(now)
    late = Q(state__in=NOT_CONTACTED, contact_due_on__lt=today, contact_escalated_at__isnull=True)
    late |= Q(state__in=NOT_CORRECTED, correct_due_on__lt=today, correct_escalated_at__isnull=True)
    done = 0
    for rating_id in list(WorkOrder.objects.filter(late).order_by("pk").values_list("rating_id", flat=True)[:BATCH]):
        done += escalate(rating_id=rating_id, at=now)
    silent = WorkOrder.objects.filter(
        state=State.REPLIED, follow_up_code__isnull=True, follow_up_due_on__lt=today
    ).order_by("pk")
    for rating_id in list(silent.values_list("rating_id", flat=True)[:BATCH]):
        done += orders.lapse(rating_id=rating_id, at=now)
    return done


@transaction.atomic
def escalate(*, rating_id: int, at: datetime) -> int:
    """Tell the county office of each late step of one order, once; the number told."""
    rating = lock(rating_id)
    order, today = order_of(rating), timezone.localdate(at)
    late = []
    if order.state in NOT_CONTACTED and order.contact_due_on < today and order.contact_escalated_at is None:
        late.append((CONTACT, "contact_escalated_at", order.contact_due_on))
    if order.state in NOT_CORRECTED and order.correct_due_on < today and order.correct_escalated_at is None:
        late.append((CORRECT, "correct_escalated_at", order.correct_due_on))
    for clock, column, due_on in late:
        since = min(orders.end_of(due_on), at)  # dated when it became late, also after a downtime
        setattr(order, column, since)
        order.save(update_fields=[column])
        fact = WorkOrderEscalated(rating_id=rating.pk, order_id=order.pk, clock=clock)
        record(rating, Entry.ESCALATED, fact, at=since, data={"clock": clock})
        orders.to_office(rating, order, gettext_noop("差评整改超期，请督促"), at=since)
    return len(late)


@transaction.atomic
def reproject(*, rating_id: int, at: datetime) -> bool:
    """Derive the days of one open order anew from the calendar in force; False when none moved."""
    rating = lock(rating_id)
    order, days = order_of(rating), calendars.current()
    rule = order.rule or Rule(version=0, **BUILT_IN)
    new = (
        due_day(order.opened_on, rule.contact_days, rule.contact_unit, days),
        due_day(order.opened_on, rule.correct_days, rule.correct_unit, days),
    )
    if order.state not in NOT_CORRECTED or new == (order.contact_due_on, order.correct_due_on):
        return False
    order.contact_due_on, order.correct_due_on = new
    order.save(update_fields=["contact_due_on", "correct_due_on"])
    record(rating, Entry.REPROJECTED, None, at=at, data={"contact": new[0].isoformat(), "correct": new[1].isoformat()})
    due = order.contact_due_on if order.contacted_at is None else order.correct_due_on
    worklists.set_due(subject=order.subject, kind=orders.TODO, due_on=due)
    return True


def reproject_all(*, at: datetime) -> int:
    """Every open order after a change of the calendar."""
    ids = list(WorkOrder.objects.filter(state__in=NOT_CORRECTED).values_list("rating_id", flat=True))
    return sum(reproject(rating_id=pk, at=at) for pk in ids)

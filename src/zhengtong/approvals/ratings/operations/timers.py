"""What time does: late steps go to the county office once each, a follow-up that never came ends the order; days follow a new calendar."""

import logging
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from zhengtong.approvals.ratings.events import WorkOrderEscalated
from zhengtong.approvals.ratings.models import Dispute, Invitation, WorkOrder
from zhengtong.approvals.ratings.operations import orders
from zhengtong.approvals.ratings.operations.recording import lock, order_of, record
from zhengtong.approvals.ratings.operations.ruling import due_day, rule_of
from zhengtong.approvals.ratings.states import Entry, Ruling, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import end_moved

log = logging.getLogger(__name__)
CONTACT, CORRECT, FOLLOW_UP = "contact", "correct", "follow_up"
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
    """Count the days of one order and of the application about it anew, as far as they still run; False when none moved.

    Each from the day it began, by the calendar in force; what has ended is never made shorter (`end_moved`).
    """
    rating = lock(rating_id)
    order, dispute = order_of(rating), Dispute.objects.filter(rating=rating, ruling=Ruling.WAITING).first()
    moved = {**_move_order(order, at=at), **(_move_objection(dispute, order, at=at) if dispute else {})}
    if not moved:
        return False
    record(rating, Entry.REPROJECTED, None, at=at, data={name: day.isoformat() for name, day in moved.items()})
    if order.state in NOT_CORRECTED:
        due = order.contact_due_on if order.contacted_at is None else order.correct_due_on
        worklists.set_due(subject=order.subject, kind=orders.TODO, due_on=due)
    return True


def _move_order(order: WorkOrder, *, at: datetime) -> dict[str, date]:
    rule, days, today = rule_of(order), calendars.current(), timezone.localdate(at)
    new: dict[str, date] = {}
    if order.state in NOT_CONTACTED and order.contacted_at is None:
        new[CONTACT] = due_day(order.opened_on, rule.contact_days, rule.contact_unit, days)
    if order.state in NOT_CORRECTED:
        new[CORRECT] = due_day(order.opened_on, rule.correct_days, rule.correct_unit, days)
    if order.state == State.REPLIED and order.follow_up_code is None and order.replied_at is not None:
        new[FOLLOW_UP] = days.nth_after(timezone.localdate(order.replied_at), rule.follow_up_workdays)
    moved = {}
    for name, day in new.items():
        before = getattr(order, f"{name}_due_on")
        after = end_moved(before, day, today=today) if before is not None else day
        if after != before:
            moved[name] = after
            setattr(order, f"{name}_due_on", after)
    order.save(update_fields=[f"{name}_due_on" for name in moved])
    if FOLLOW_UP in moved:
        _lengthen(order.rating_id, Invitation.AGAIN, moved[FOLLOW_UP], at=at)
    return moved


def _move_objection(dispute: Dispute, order: WorkOrder, *, at: datetime) -> dict[str, date]:
    if dispute.objected_at is not None:
        return {}
    new = calendars.current().nth_after(timezone.localdate(dispute.applied_at), rule_of(order).object_workdays)
    after = end_moved(dispute.object_due_on, new, today=timezone.localdate(at))
    if after == dispute.object_due_on:
        return {}
    dispute.object_due_on = after
    dispute.save(update_fields=["object_due_on"])
    _lengthen(dispute.rating_id, Invitation.OBJECT, after, at=at)
    return {"object": after}


def _lengthen(rating_id: int, purpose: str, last: date, *, at: datetime) -> None:
    """The newest link for it is good to the new last day; older ones had ended when it was made."""
    links = Invitation.objects.filter(rating_id=rating_id, purpose=purpose, used_at__isnull=True)
    newest = links.order_by("-pk").first()
    if newest is not None:
        newest.expires_at = orders.end_of(last)
        newest.save(update_fields=["expires_at"])


def reproject_all(*, at: datetime) -> int:
    """Every order with a day that still runs, after a change of the calendar; one that cannot be counted holds up no other."""
    runs = Q(state__in=NOT_CORRECTED) | Q(state=State.REPLIED, follow_up_code__isnull=True)
    runs |= Q(rating__dispute__ruling=Ruling.WAITING, rating__dispute__objected_at__isnull=True)
    moved = 0
    for pk in list(WorkOrder.objects.filter(runs).order_by("pk").values_list("rating_id", flat=True)):
        try:
            moved += reproject(rating_id=pk, at=at)
        except CalendarYearMissing as error:  # its days stay, and are counted when that year is published
            log.warning("the days of an order could not be counted", extra={"rating": pk, "year": error.year})
    return moved

"""The work order of a bad rating: given out, the person contacted, the cause mended and answered, one follow-up rating, the end.

国办发〔2019〕51号: 差评须核实、整改、反馈; the periods are those of the rule in force when the rating was given.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.approvals.ratings import notifications, rules
from zhengtong.approvals.ratings.events import (
    FollowUpRated,
    RaterContacted,
    WorkOrderAssigned,
    WorkOrderClosed,
    WorkOrderOpened,
    WorkOrderReplied,
)
from zhengtong.approvals.ratings.models import BAD, CODES, Invitation, Publication, Rating, WorkOrder
from zhengtong.approvals.ratings.operations import invitations, publishing
from zhengtong.approvals.ratings.operations.recording import lock, order_of, record
from zhengtong.approvals.ratings.operations.ruling import due_day, in_force, rule_of
from zhengtong.approvals.ratings.refusals import CannotWorkOnOrder
from zhengtong.approvals.ratings.states import Act, Entry, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid
from zhengtong.security.pmi import public as pmi

TODO, REVIEW_TODO = "bad_rating", "rating_escalated"


def open_order(rating: Rating, *, phone: str, at: datetime) -> WorkOrder:
    """Open the order of a bad rating: both clocks begin the day it was given; the head's list, or the office's, shows it."""
    today, rule, days = timezone.localdate(at), in_force(), calendars.current()
    order = WorkOrder.objects.create(
        rating=rating,
        department_id=rating.department_id,
        rule=rule if rule.pk else None,
        phone=phone,
        opened_at=at,
        opened_on=today,
        contact_due_on=due_day(today, rule.contact_days, rule.contact_unit, days),
        correct_due_on=due_day(today, rule.correct_days, rule.correct_unit, days),
    )
    fact = WorkOrderOpened(rating_id=rating.pk, order_id=order.pk, department_id=rating.department_id)
    record(rating, Entry.OPENED, fact, at=at, states=("", order.state))
    organization_id, role = rules.pool_of(order.department, on=today)
    worklists.open(
        system="ratings",
        kind=TODO,
        subject=order.subject,
        title=gettext_noop("差评整改：先联系评价人"),
        detail="{about}",
        params={"about": what_it_is_about(rating)},
        url=f"/ratings/orders/{rating.pk}/",
        organization_id=organization_id,
        role=role,
        due_on=order.contact_due_on,
        number=rating.case.spoken_number or "" if rating.case else "",
        at=at,
    )
    return order


def what_it_is_about(rating: Rating) -> dict[str, str]:
    """The matter of a case, or the window of a visit, in both languages."""
    if rating.case is not None:
        version = rating.case.version
        return {"zh": version.name, "en": version.name_en or version.name}
    assert rating.visit is not None
    n, body = rating.visit.counter, rating.visit.organization
    return {"zh": f"{body.name}{n}号窗口", "en": f"Counter {n}, {body.name_en or body.name}"}


def move(order: WorkOrder, act: Act, **changes: Any) -> tuple[str, str]:
    """Take the arrow, keep what changed; (state before, state after)."""
    before, order.state = order.state, rules.arrow(order, act)
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=["state", *changes])
    return before, order.state


def _required(**texts: str) -> None:
    wrong: dict[str, object] = {name: _("请填写，不能为空。") for name, text in texts.items() if not text.strip()}
    if wrong:
        raise Invalid(_("请把标出的内容填写完整。"), fields=wrong)


@transaction.atomic
def assign(*, rating_id: int, assignee_id: int, by: Any, at: datetime, seen: int | None = None) -> WorkOrder:
    """The head names who answers for it: an official of the department who may handle ratings."""
    rating = lock(rating_id, seen=seen)
    order, today = order_of(rating), timezone.localdate(at)
    rules.may_assign(order, by, today)
    assignee = get_user_model().objects.filter(pk=assignee_id, kind="official", is_active=True).first()
    if assignee is None or not pmi.can(assignee, "ratings.handle", organization=order.department, on=today):
        wrong = _("请从本部门有整改权限的工作人员中选择。")
        raise Invalid(wrong, fields={"assignee_id": wrong})
    states = move(order, Act.ASSIGN, assignee=assignee)
    fact = WorkOrderAssigned(rating_id=rating.pk, order_id=order.pk, assignee_id=assignee.pk, actor_id=by.pk)
    record(rating, Entry.ASSIGNED, fact, at=at, by=by, states=states, data={"assignee": assignee.pk})
    worklists.assign(subject=order.subject, kind=TODO, user_id=assignee.pk)
    return order


@transaction.atomic
def contact(
    *, rating_id: int, how: str, reached: bool, note: str, by: Any, at: datetime, seen: int | None = None
) -> WorkOrder:
    """Write down that the person was spoken to (when, how, what was said), or that it was tried in vain: a try stops no clock.

    Without any way to reach the person `how` is "none"; with one it may not be.
    """
    rating = lock(rating_id, seen=seen)
    order = order_of(rating)
    rules.may_work(order, by, timezone.localdate(at))
    if how not in dict(WorkOrder.HOW):
        raise Invalid(_("请选择联系方式。"), fields={"how": _("请选择联系方式。")})
    _required(note=note)
    can_reach = rules.can_be_reached(rating, order)
    if how == "none" and can_reach:
        raise CannotWorkOnOrder(_("评价人有联系方式，须先联系，不能按“没有留联系方式”处理。"))
    act = Act.CONTACT if reached or how == "none" else Act.TRY_CONTACT
    first = {"contacted_at": at, "contacted_how": how} if act == Act.CONTACT and order.contacted_at is None else {}
    states = move(order, act, **first)
    fact = RaterContacted(rating_id=rating.pk, order_id=order.pk, reached=act == Act.CONTACT, actor_id=by.pk)
    entry = Entry.CONTACTED if act == Act.CONTACT else Entry.TRIED
    record(rating, entry, fact, at=at, by=by, states=states, data={"how": how, "note": note.strip()[:500]})
    if act == Act.CONTACT:
        worklists.set_due(subject=order.subject, kind=TODO, due_on=order.correct_due_on)
    return order


@transaction.atomic
def reply(
    *, rating_id: int, cause: str, measure: str, reply: str, by: Any, at: datetime, seen: int | None = None
) -> WorkOrder:
    """Cause, measure and answer: the correction is done. The person gets the answer and a link for one follow-up rating."""
    rating = lock(rating_id, seen=seen)
    order, today = order_of(rating), timezone.localdate(at)
    rules.may_work(order, by, today)
    rules.arrow(order, Act.REPLY)
    _required(cause=cause, measure=measure, reply=reply)
    rule = rule_of(order)
    until = calendars.current().nth_after(today, rule.follow_up_workdays)
    states = move(
        order,
        Act.REPLY,
        cause=cause.strip()[:500],
        measure=measure.strip()[:500],
        reply=reply.strip()[:500],
        replied_at=at,
        follow_up_due_on=until,
    )
    fact = WorkOrderReplied(rating_id=rating.pk, order_id=order.pk, actor_id=by.pk)
    record(rating, Entry.REPLIED, fact, at=at, by=by, states=states)
    worklists.close(subject=order.subject, kind=TODO, at=at)
    publishing.propose(rating, Publication.REPLY, order.reply, at=at)
    if rules.can_be_reached(rating, order):
        token = invitations.renew(Invitation.AGAIN, rating, at=at, expires_at=end_of(until))
        notifications.tell_rater("rating.replied", rating, order, at=at, token=token)
    return order


def end_of(day: date) -> datetime:
    """The last moment of a day, when a period that runs to it ends."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


@transaction.atomic
def follow_up(*, rating_id: int, code: int, comment: str, by: Any, at: datetime) -> WorkOrder:
    """The one follow-up rating, by the account that rated or may follow the case."""
    rating = lock(rating_id)
    rules.is_rater(rating, by, timezone.localdate(at))
    Invitation.objects.filter(rating=rating, purpose=Invitation.AGAIN, used_at__isnull=True).update(used_at=at)
    return _followed_up(rating, code=code, comment=comment, by=by, at=at)


@transaction.atomic
def follow_up_by_link(*, token: str, code: int, comment: str, at: datetime, by: Any = None) -> WorkOrder:
    """The one follow-up rating, by the single-use link in the message that said the department had answered."""
    rules.is_no_official(by)
    invitation = invitations.take(token, purpose=Invitation.AGAIN, at=at)
    assert invitation.rating_id is not None
    return _followed_up(lock(invitation.rating_id), code=code, comment=comment, by=None, at=at)


def _followed_up(rating: Rating, *, code: int, comment: str, by: Any, at: datetime) -> WorkOrder:
    if code not in dict(CODES):
        raise Invalid(_("请选择一个满意程度。"), fields={"code": _("请选择一个满意程度。")})
    order = order_of(rating)
    if order.follow_up_code is not None:
        raise CannotWorkOnOrder(_("您已经作过回访评价，谢谢。"))
    states = move(order, Act.FOLLOW_UP, follow_up_code=code, follow_up_comment=comment.strip()[:500], follow_up_at=at)
    fact = FollowUpRated(rating_id=rating.pk, order_id=order.pk, code=code, actor_id=by.pk if by else None)
    record(rating, Entry.FOLLOWED_UP, fact, at=at, by=by, states=states, data={"code": code})
    if code < BAD:
        _close(rating, order, Act.CLOSE, "satisfied", at=at)
    else:
        to_office(rating, order, gettext_noop("回访仍不满意，请复核"), at=at)
    return order


def to_office(rating: Rating, order: WorkOrder, title: str, *, at: datetime) -> None:
    """Put it on the list of the county office."""
    organization_id, role = rules.office_pool(on=timezone.localdate(at))
    worklists.open(
        system="ratings",
        kind=REVIEW_TODO,
        subject=order.subject,
        title=title,
        detail="{about}",
        params={"about": what_it_is_about(rating)},
        url=f"/ratings/orders/{rating.pk}/",
        organization_id=organization_id,
        role=role,
        number=rating.case.spoken_number or "" if rating.case else "",
        at=at,
    )


@transaction.atomic
def close(*, rating_id: int, note: str, by: Any, at: datetime, seen: int | None = None) -> WorkOrder:
    """The county office ends an order whose follow-up was bad again: it looked at what was done, and says so."""
    rating = lock(rating_id, seen=seen)
    order = order_of(rating)
    pmi.require(by, "ratings.review", organization=order.department, on=timezone.localdate(at))
    rules.arrow(order, Act.CLOSE)
    if order.follow_up_code is None:
        raise CannotWorkOnOrder(_("评价人还可以作回访评价，期满前不能办结。期满未评价的，系统自动办结。"))
    if order.assignee_id == by.pk:
        raise CannotWorkOnOrder(_("办理人不能复核自己的整改，请由其他人员复核。"))
    _required(note=note)
    order.ending_note = note.strip()[:500]
    order.save(update_fields=["ending_note"])
    _close(rating, order, Act.CLOSE, "reviewed", at=at, by=by)
    return order


@transaction.atomic
def lapse(*, rating_id: int, at: datetime) -> bool:
    """The time for a follow-up rating has passed without one: the order ends. False when there is nothing to end."""
    rating = lock(rating_id)
    order = order_of(rating)
    today = timezone.localdate(at)
    waiting = order.state == State.REPLIED and order.follow_up_code is None and order.follow_up_due_on
    if not waiting or not order.follow_up_due_on or today <= order.follow_up_due_on:
        return False
    _close(rating, order, Act.LAPSE, "silent", at=min(end_of(order.follow_up_due_on), at))
    return True


def _close(rating: Rating, order: WorkOrder, act: Act, ending: str, *, at: datetime, by: Any = None) -> None:
    states = move(order, act, ending=ending, closed_at=at)
    fact = WorkOrderClosed(rating_id=rating.pk, order_id=order.pk, ending=ending, actor_id=by.pk if by else None)
    record(rating, Entry.CLOSED, fact, at=at, by=by, states=states, data={"ending": ending})
    for kind in (TODO, REVIEW_TODO):
        worklists.close(subject=order.subject, kind=kind, at=at)

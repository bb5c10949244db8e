"""Mistaken and malicious ratings by one route: the department applies with evidence, the person is heard, another body decides.

国办发〔2019〕51号: 恶意差评、误评的申诉复核. A rating that is set aside stays on record, marked, and is counted apart.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.approvals.ratings import notifications, rules
from zhengtong.approvals.ratings.events import DisputeObjected, DisputeRuled, RatingDisputed
from zhengtong.approvals.ratings.models import Dispute, Invitation, Rating
from zhengtong.approvals.ratings.operations import invitations, orders
from zhengtong.approvals.ratings.operations.recording import lock, order_of, record
from zhengtong.approvals.ratings.operations.ruling import rule_of
from zhengtong.approvals.ratings.refusals import CannotDispute, CannotRule
from zhengtong.approvals.ratings.states import OPEN, Act, Entry, Ruling
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid, NotFound

TODO = "rating_dispute"


def _complete(**texts: str) -> None:
    wrong: dict[str, object] = {name: _("请填写，不能为空。") for name, text in texts.items() if not text.strip()}
    if wrong:
        raise Invalid(_("请把标出的内容填写完整。"), fields=wrong)


@transaction.atomic
def apply(
    *, rating_id: int, kind: str, reason: str, evidence: str, by: Any, at: datetime, seen: int | None = None
) -> Dispute:
    """The head of the department applies, with reason and evidence, once. The person is told and may object; the order's clocks run on."""
    rating = lock(rating_id, seen=seen)
    order, today = order_of(rating), timezone.localdate(at)
    rules.may_assign(order, by, today)
    if kind not in dict(Dispute.KINDS):
        raise Invalid(_("请选择误评还是恶意评价。"), fields={"kind": _("请选择误评还是恶意评价。")})
    _complete(reason=reason, evidence=evidence)
    if order.state not in OPEN:
        raise CannotDispute(_("整改单已经结束，不能再申请认定评价不成立。"))
    if Dispute.objects.filter(rating=rating).exists():
        raise CannotDispute(_("这条评价已经申请过一次，不能重复申请。"))
    rule = rule_of(order)
    until = calendars.current().nth_after(today, rule.object_workdays)
    told = rules.can_be_reached(rating, order)
    dispute = Dispute.objects.create(
        rating=rating,
        kind=kind,
        reason=reason.strip()[:500],
        evidence=evidence.strip()[:1000],
        applied_by=by,
        applied_at=at,
        told=told,
        object_due_on=until,
    )
    record(rating, Entry.DISPUTED, RatingDisputed(rating_id=rating.pk, kind=kind, actor_id=by.pk), at=at, by=by)
    if told:
        token = invitations.renew(Invitation.OBJECT, rating, at=at, expires_at=orders.end_of(until))
        notifications.tell_rater("rating.disputed", rating, order, at=at, token=token, due={"date": until.isoformat()})
    organization_id, role = rules.office_pool(on=today)
    worklists.open(
        system="ratings",
        kind=TODO,
        subject=order.subject,
        title=gettext_noop("认定评价是否成立"),
        detail="{about}",
        params={"about": orders.what_it_is_about(rating)},
        url=f"/ratings/orders/{rating.pk}/",
        organization_id=organization_id,
        role=role,
        at=at,
    )
    return dispute


def get(rating: Rating) -> Dispute:
    """The application about a rating. Raises `NotFound`."""
    found = Dispute.objects.filter(rating=rating).first()
    if found is None:
        raise NotFound(_("这条评价没有认定申请。"))
    return found


@transaction.atomic
def object_to(*, rating_id: int, objection: str, by: Any, at: datetime) -> Dispute:
    """The person who rated says why the rating stands, by account."""
    rating = lock(rating_id)
    rules.is_rater(rating, by, timezone.localdate(at))
    return _objected(rating, objection, by=by, at=at)


@transaction.atomic
def object_by_link(*, token: str, objection: str, at: datetime, by: Any = None) -> Dispute:
    """The same by the single-use link of the message."""
    rules.is_no_official(by)
    _complete(objection=objection)
    invitation = invitations.take(token, purpose=Invitation.OBJECT, at=at)
    assert invitation.rating_id is not None
    return _objected(lock(invitation.rating_id), objection, by=None, at=at)


def _objected(rating: Rating, objection: str, *, by: Any, at: datetime) -> Dispute:
    dispute = get(rating)
    _complete(objection=objection)
    if dispute.ruling != Ruling.WAITING:
        raise CannotDispute(_("已经作出认定，不能再提异议。不服的，可以拨打12345。"))
    if dispute.objected_at is not None:
        raise CannotDispute(_("您已经提过异议，县政务办会一并考虑。"))
    dispute.objection, dispute.objected_at = objection.strip()[:500], at
    dispute.save(update_fields=["objection", "objected_at"])
    Invitation.objects.filter(rating=rating, purpose=Invitation.OBJECT, used_at__isnull=True).update(used_at=at)
    fact = DisputeObjected(rating_id=rating.pk, actor_id=by.pk if by else None)
    record(rating, Entry.OBJECTED, fact, at=at, by=by)
    return dispute


@transaction.atomic
def rule(*, rating_id: int, upheld: bool, reason: str, by: Any, at: datetime, seen: int | None = None) -> Dispute:
    """Another body decides, after the person was heard or the time for it has passed; upheld, the rating is marked and its order ends."""
    rating = lock(rating_id, seen=seen)
    order, dispute, today = order_of(rating), get(rating), timezone.localdate(at)
    rules.may_rule(dispute, order, by, today)
    if dispute.ruling != Ruling.WAITING:
        raise CannotRule(_("已经作出认定，不能再改。"))
    if dispute.objected_at is None and today <= dispute.object_due_on:
        raise CannotRule(_("评价人提出异议的期限还没有过，最早次日才能认定。请先听取评价人的意见。"))
    _complete(reason=reason)
    dispute.ruling = Ruling.UPHELD if upheld else Ruling.REJECTED
    dispute.ruled_by, dispute.ruled_at, dispute.ruling_reason = by, at, reason.strip()[:500]
    dispute.save(update_fields=["ruling", "ruled_by", "ruled_at", "ruling_reason"])
    states = ("", "")
    if upheld:
        rating.standing = dispute.kind
        rating.save(update_fields=["standing"])
        if order.state in OPEN:
            states = orders.move(order, Act.SET_ASIDE, closed_at=at)
            worklists.close(subject=order.subject, at=at)
    fact = DisputeRuled(rating_id=rating.pk, upheld=upheld, actor_id=by.pk)
    record(rating, Entry.RULED, fact, at=at, by=by, states=states, data={"upheld": upheld})
    worklists.close(subject=order.subject, kind=TODO, at=at)
    notifications.tell_rater("rating.ruled", rating, order, at=at)
    return dispute

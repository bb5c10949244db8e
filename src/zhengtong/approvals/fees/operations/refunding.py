"""Give money back: asked for with a reason, approved by a second person, sent the way it came, once."""

import logging
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import desks, providers, rules
from zhengtong.approvals.fees.events import BillRefunded, RefundApproved, RefundRefused, RefundRequested
from zhengtong.approvals.fees.models import Bill, Payment, Refund, Share
from zhengtong.approvals.fees.recording import dated_number, lock, record
from zhengtong.approvals.fees.refusals import CannotRefund
from zhengtong.approvals.fees.states import Kind, RefundCause, RefundState
from zhengtong.foundation.events import public as events
from zhengtong.kernel import money
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError

log = logging.getLogger(__name__)
MOST_COUNTED = 30_000

EXCESS_REASONS = {
    RefundCause.TWICE: "同一款项重复到账，系统自动提出退款。",
    RefundCause.LATE: "缴款单失效以后到账，系统自动提出退款。",
}


def ask_for_excess(payment: Payment, cause: RefundCause, *, at: datetime) -> Refund:
    """The system asks that what could be put to no line goes back. The caller holds the bill's lock."""
    return _ask(payment, None, payment.excess, cause, EXCESS_REASONS[cause], by=None, at=at)


@transaction.atomic
def request_refund(
    *, share_id: int, amount: Decimal, cause: str, reason: str, by: Any, at: datetime, seen: int | None = None
) -> Refund:
    """Ask for all or part of what was paid for a line to go back, with the reason.

    Raises `CannotRefund` when it is more than is left of what was paid.
    """
    found = Share.objects.filter(pk=share_id).values_list("payment__bill_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这笔缴款。"))
    bill = lock(found, seen=seen)
    rules.asks_back(bill, by, timezone.localdate(at))
    share = Share.objects.select_for_update(of=("self",)).select_related("payment").get(pk=share_id)
    wanted = money.yuan(amount)
    if cause not in RefundCause.values or cause in (RefundCause.TWICE, RefundCause.LATE):
        raise Invalid(_("请选择退款原因。"), fields={"cause": _("请选择退款原因。")})
    if not reason.strip():
        raise Invalid(_("请写明退款理由。"), fields={"reason": _("请写明退款理由。")})
    left = share.amount - share.going_back
    if not money.ZERO < wanted <= left:
        raise CannotRefund(_("退款金额应大于0，且不超过这一项还可以退的{left}元。").format(left=money.shown(left)))
    return _ask(share.payment, share, wanted, RefundCause(cause), reason.strip(), by=by, at=at)


def _ask(
    payment: Payment, share: Share | None, amount: Decimal, cause: RefundCause, reason: str, *, by: Any, at: datetime
) -> Refund:
    refund = Refund.objects.create(
        number=dated_number("R", at),
        payment=payment,
        share=share,
        amount=amount,
        cause=cause,
        reason=reason[:300],
        requested_at=at,
        requested_by=by,
    )
    payment.going_back += amount
    payment.save(update_fields=["going_back"])
    if share is not None:
        share.going_back += amount
        share.save(update_fields=["going_back"])
    desks.ask_approval(refund, at=at)
    bill = payment.bill
    fact = RefundRequested(
        bill_id=bill.pk,
        about=bill.subject,
        refund_id=refund.pk,
        amount=str(amount),
        cause=cause,
        actor_id=by.pk if by else None,
    )
    events.publish(fact, at=at)
    return refund


def locked_refund(refund_id: int) -> tuple[Bill, Refund]:
    found = Refund.objects.filter(pk=refund_id).values_list("payment__bill_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这笔退款。"))
    bill = lock(found)
    related = ("payment__bill__organization", "payment__order", "share")
    refund = Refund.objects.select_for_update(of=("self",)).select_related(*related).get(pk=refund_id)
    return bill, refund


@transaction.atomic
def approve_refund(*, refund_id: int, by: Any, at: datetime, reason: str = "") -> Refund:
    """A second person approves; online payments are then sent back by the worker, those at a window by hand."""
    bill, refund = locked_refund(refund_id)
    _still_asked(refund)
    rules.approves(refund, by, timezone.localdate(at))
    _decide(refund, RefundState.APPROVED, by, at, reason)
    fact = RefundApproved(bill_id=bill.pk, about=bill.subject, refund_id=refund.pk, actor_id=by.pk)
    events.publish(fact, at=at)
    return refund


@transaction.atomic
def refuse_refund(*, refund_id: int, reason: str, by: Any, at: datetime) -> Refund:
    """The refund is refused, with the reason; what was held for it may be asked for again.

    Money that came twice or late is not the county's: to keep it is refused.
    """
    bill, refund = locked_refund(refund_id)
    _still_asked(refund)
    rules.approves(refund, by, timezone.localdate(at))
    if refund.share is None:
        raise CannotRefund(_("重复缴纳、失效后到账的款项不属于应缴款，必须退回。"))
    if not reason.strip():
        raise Invalid(_("请写明不予退款的理由。"), fields={"reason": _("请写明不予退款的理由。")})
    _decide(refund, RefundState.REFUSED, by, at, reason)
    payment, share = refund.payment, refund.share
    payment.going_back -= refund.amount
    payment.save(update_fields=["going_back"])
    share.going_back -= refund.amount
    share.save(update_fields=["going_back"])
    fact = RefundRefused(bill_id=bill.pk, about=bill.subject, refund_id=refund.pk, actor_id=by.pk)
    events.publish(fact, at=at)
    return refund


def _still_asked(refund: Refund) -> None:
    if refund.state != RefundState.REQUESTED:
        raise CannotRefund(_("这笔退款已经是“{state}”，不用再批。").format(state=refund.get_state_display()))


def _decide(refund: Refund, state: RefundState, by: Any, at: datetime, reason: str) -> None:
    refund.state, refund.decided_by, refund.decided_at = state, by, at
    refund.decision_reason = reason.strip()[:300]
    refund.save()
    desks.refund_done(refund, at=at)


def send_approved(*, now: datetime) -> int:
    """Send approved refunds of online payments the way the money came; how many arrived. One that fails is tried again."""
    online = list(providers.refund_paths())
    ready = Refund.objects.filter(state=RefundState.APPROVED, payment__channel__in=online).order_by("attempts", "pk")
    return sum(_try_to_send(pk, now=now) for pk in list(ready.values_list("pk", flat=True)[:20]))


def _try_to_send(refund_id: int, *, now: datetime) -> int:
    refund = _held(refund_id, at=now)
    if refund is None:
        return 0
    payment = refund.payment
    try:
        # The provider knows our number: asked again after a crash it answers as before and gives nothing twice.
        proof = providers.for_refunds(payment.channel).refund(
            refund=refund.number,
            order=payment.order.number if payment.order else "",
            transaction=payment.transaction,
            amount=refund.amount,
            at=now,
        )
    except ZhengtongError as problem:
        log.warning("refund not sent", extra={"refund": refund.number, "code": problem.code})
        Refund.objects.filter(pk=refund_id).update(
            attempts=min(refund.attempts + 1, MOST_COUNTED), problem=problem.message[:200], sending_at=None
        )
        return 0
    return finish_refund(refund_id=refund_id, proof=proof, at=now)


@transaction.atomic
def _held(refund_id: int, *, at: datetime) -> Refund | None:
    """The refund, marked as on its way, when it still waits for that: nobody records another path until the provider has answered."""
    _bill, refund = locked_refund(refund_id)
    if refund.state != RefundState.APPROVED:
        return None
    refund.sending_at = at
    refund.save(update_fields=["sending_at"])
    return refund


@transaction.atomic
def finish_refund(*, refund_id: int, proof: str, at: datetime, by: Any = None) -> int:
    """The money went back the way it came, or at a window: the bill says so. 1, or 0 when that was known."""
    bill, refund = locked_refund(refund_id)
    if refund.state == RefundState.ELSEWHERE and by is None:
        # The provider answered after another path had been recorded: nobody may agree to that any more.
        log.error("refund sent while another path was recorded", extra={"refund": refund.number})
        refund.proof, refund.problem = proof[:80], _("原支付渠道回报已经退出，不能再核准另行退回，请退回登记。")
        refund.save(update_fields=["proof", "problem"])
        return 0
    if refund.state != RefundState.APPROVED:
        return 0
    refund.proof, refund.sent_at = proof[:80], at
    went_back(bill, refund, at=at, by=by)
    return 1


def went_back(bill: Bill, refund: Refund, *, at: datetime, by: Any) -> None:
    """Close a locked refund whose money is back with who paid, and tell the bill."""
    refund.state, refund.problem, refund.sending_at, refund.done_at = RefundState.DONE, "", None, at
    refund.save()
    desks.refund_done(refund, at=at)
    actor = by.pk if by else None
    whole = False
    if refund.share is not None:
        bill.refunded += refund.amount
        whole = bill.refunded == bill.paid
    fact = BillRefunded(
        bill_id=bill.pk, about=bill.subject, refund_id=refund.pk, amount=str(refund.amount), whole=whole, actor_id=actor
    )
    if refund.share is None:
        events.publish(fact, at=at)
    else:
        kind = Kind.REFUND if whole else Kind.REFUND_PART
        record(bill, kind, fact, at=at, by=by, reason=refund.reason)


@transaction.atomic
def confirm_by_hand(*, refund_id: int, proof: str, by: Any, at: datetime) -> Refund:
    """Cash or card went back at the window, or the treasury sent a transfer: with the number of the proof."""
    refund = Refund.objects.select_related("payment").filter(pk=refund_id).first()
    if refund is None:
        raise NotFound(_("没有找到这笔退款。"))
    rules.collects_or_approves(refund, by, timezone.localdate(at))
    if refund.payment.channel not in dict(Payment.BY_HAND):
        raise CannotRefund(_("网上缴的款由系统原路退回，不用人工登记。"))
    if not proof.strip():
        raise Invalid(_("请填写退款凭证号。"), fields={"proof": _("请填写退款凭证号。")})
    if not finish_refund(refund_id=refund_id, proof=proof.strip(), at=at, by=by):
        raise CannotRefund(_("这笔退款还没有批准，或者已经退回。请刷新页面查看。"))
    refund.refresh_from_db()
    return refund

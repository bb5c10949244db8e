"""Begin to pay, book what arrived, once; whatever comes twice, late or too much goes to the refunds."""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import providers, rules
from zhengtong.approvals.fees.events import BillPaid, PaymentReceived, ProviderContradicted
from zhengtong.approvals.fees.models import Bill, BillLine, Message, Order, Payment, Share
from zhengtong.approvals.fees.operations import papers, refunding
from zhengtong.approvals.fees.recording import dated_number, lock, record
from zhengtong.approvals.fees.refusals import CannotPay, NotOurs
from zhengtong.approvals.fees.states import Kind, OrderState, RefundCause
from zhengtong.approvals.fees.values import Paid
from zhengtong.foundation.events import public as events
from zhengtong.kernel import money
from zhengtong.kernel.errors import Invalid, Unavailable, ZhengtongError

log = logging.getLogger(__name__)

OPEN_FOR = timedelta(minutes=30)
ASKED_AFTER = timedelta(seconds=20)
MOST_ASKED = 30


@transaction.atomic
def begin_order(
    *, bill_id: int, provider: str, by: Any, at: datetime, line_ids: Collection[int] | None = None
) -> Order:
    """An order for what is still owed (or for some of its lines), its amount computed here.

    A double click finds the order of the first. Raises `CannotPay` when nothing is owed or the time has passed.
    """
    providers.get(provider)
    bill = lock(bill_id)
    lines = _owed(bill, at, line_ids)
    amount = money.total(line.payable for line in lines)
    open_one = Order.objects.filter(bill=bill, provider=provider, state=OrderState.OPEN).first()
    if open_one is not None:
        same = set(open_one.lines.values_list("pk", flat=True)) == {line.pk for line in lines}
        if same and open_one.expires_at > at and open_one.amount == amount:
            return open_one
        open_one.state = OrderState.CLOSED
        open_one.save(update_fields=["state"])
    order = Order.objects.create(
        bill=bill,
        number=dated_number("P", at),
        provider=provider,
        amount=amount,
        begun_at=at,
        expires_at=at + OPEN_FOR,
        begun_by_id=by.pk if by is not None and by.is_authenticated else None,
    )
    order.lines.set(lines)
    return order


def _owed(bill: Bill, at: datetime, line_ids: Collection[int] | None = None) -> list[BillLine]:
    if not bill.is_payable:
        raise CannotPay(
            _("这张缴款单现在是“{state}”，不用缴款。请查看最新的缴款通知书。").format(state=bill.get_state_display())
        )
    if bill.due_on is not None and bill.due_on < timezone.localdate(at):
        raise CannotPay(_("已过缴款期限，请联系开单单位重新发出缴款通知书。"))
    lines = list(bill.lines.filter(share__isnull=True, amount__gt=F("reduction")).select_related("department"))
    if line_ids is not None:
        lines = [line for line in lines if line.pk in line_ids]
    if not lines:
        raise CannotPay(_("没有要缴的款项。请刷新页面查看。"))
    return lines


@transaction.atomic
def take_message(*, provider: str, body: bytes, headers: Mapping[str, str], at: datetime) -> str:
    """A provider's message that something was paid: `booked`, `repeated`, `amount` (refused) or `unknown` (refused).

    The same message in any order, any number of times, books once. Raises `NotGenuine` when it is not signed.
    """
    said = providers.get(provider).read(body, headers)
    order = Order.objects.filter(number=said.order, provider=provider).first()
    bill = lock(order.bill_id) if order else None
    digest = sha256(body).hexdigest()
    known = Message.objects.select_for_update().filter(provider=provider, digest=digest).first()
    if known is not None:
        known.times += 1
        known.save(update_fields=["times"])
        return "repeated" if known.verdict in ("booked", "repeated") else known.verdict
    verdict = _verdict(order, bill, provider, said, at)
    try:
        with transaction.atomic():
            Message.objects.create(
                provider=provider,
                digest=digest,
                order=said.order[:40],
                transaction=said.transaction[:80],
                amount=said.amount,
                verdict=verdict,
                bill=bill,
                first_at=at,
            )
    except IntegrityError:  # about an order we do not know there is no lock: the twin was faster
        Message.objects.filter(provider=provider, digest=digest).update(times=F("times") + 1)
    return verdict


def _verdict(order: Order | None, bill: Bill | None, provider: str, said: Paid, at: datetime) -> str:
    if order is None or bill is None:
        return "unknown"
    if said.amount != order.amount:
        fact = ProviderContradicted(bill_id=bill.pk, about=bill.subject, provider=provider, problem="amount")
        events.publish(fact, at=at)
        return "amount"
    if Payment.objects.filter(channel=provider, transaction=said.transaction).exists():
        return "repeated"
    _book(bill, order, said, at=at)
    return "booked"


@transaction.atomic
def book(*, provider: str, said: Paid, at: datetime) -> Payment:
    """Book what a provider answered to a question or wrote into its statement; what is booked already stays as it is.

    Raises `NotOurs` for an order or an amount that is not ours.
    """
    order = Order.objects.filter(number=said.order, provider=provider).first()
    if order is None:
        raise NotOurs(_("没有订单{number}，没有入账。").format(number=said.order))
    bill = lock(order.bill_id)
    known = Payment.objects.filter(channel=provider, transaction=said.transaction).first()
    if known is not None:
        return known
    if said.amount != order.amount:
        raise NotOurs(
            _("订单{number}应为{ours}元，对方说是{theirs}元，没有入账。").format(
                number=order.number, ours=money.shown(order.amount), theirs=money.shown(said.amount)
            )
        )
    return _book(bill, order, said, at=at)


def _book(bill: Bill, order: Order, said: Paid, *, at: datetime) -> Payment:
    """Put the money to the lines of the order that are still owed; the rest is excess. The caller holds the bill's lock."""
    lines = [] if not bill.is_payable else list(order.lines.filter(share__isnull=True).select_related("department"))
    payment = _enter(
        bill,
        lines,
        channel=order.provider,
        transaction=said.transaction,
        amount=said.amount,
        paid_at=said.at,
        at=at,
        order=order,
    )
    Order.objects.filter(pk=order.pk).update(state=OrderState.SETTLED)
    return payment


def _enter(
    bill: Bill,
    lines: list[BillLine],
    *,
    channel: str,
    transaction: str,
    amount: Decimal,
    paid_at: datetime,
    at: datetime,
    order: Order | None = None,
    by: Any = None,
) -> Payment:
    settled = money.total(line.payable for line in lines)
    payment = Payment.objects.create(
        bill=bill,
        order=order,
        channel=channel,
        transaction=transaction,
        amount=amount,
        excess=amount - settled,
        paid_at=paid_at,
        recorded_at=at,
        recorded_by=by,
    )
    Share.objects.bulk_create(Share(payment=payment, line=line, amount=line.payable) for line in lines)
    fact = PaymentReceived(
        bill_id=bill.pk,
        about=bill.subject,
        payment_id=payment.pk,
        channel=channel,
        amount=str(amount),
        excess=str(payment.excess),
        actor_id=by.pk if by else None,
    )
    events.publish(fact, at=at)
    if lines:
        _move_on(bill, settled, at=at, by=by)
        papers.issue_receipt(bill, payment, lines, at=at)
    if payment.excess:
        cause = RefundCause.TWICE if bill.paid else RefundCause.LATE
        refunding.ask_for_excess(payment, cause, at=at)
    return payment


def _move_on(bill: Bill, settled: Decimal, *, at: datetime, by: Any) -> None:
    bill.paid += settled
    if bill.paid < bill.total:
        record(bill, Kind.PAY_PART, None, at=at, by=by)
        return
    actor = by.pk if by else None
    fact = BillPaid(bill_id=bill.pk, about=bill.subject, total=str(bill.total), actor_id=actor)
    record(bill, Kind.PAY, fact, at=at, by=by)


@transaction.atomic
def record_at_window(
    *, bill_id: int, channel: str, receipt: str, by: Any, at: datetime, seen: int | None = None
) -> Payment:
    """A clerk took the money in cash or by card: what is owed, computed here, with the number of the receipt or slip.

    Orders begun online are closed; what arrives for one all the same goes to the refunds.
    """
    rules.collects(by, timezone.localdate(at))
    if channel not in dict(Payment.BY_HAND):
        raise Invalid(_("请选择现金或者刷卡。"), fields={"channel": _("请选择现金或者刷卡。")})
    number = receipt.strip()
    if not number:
        raise Invalid(_("请填写票据号或者POS凭证号。"), fields={"receipt": _("请填写票据号或者POS凭证号。")})
    bill = lock(bill_id, seen=seen)
    if Payment.objects.filter(channel=channel, transaction=number[:80]).exists():
        message = _("这个票据号已经登记过一笔缴款，请核对。")
        raise Invalid(message, fields={"receipt": message})
    lines = _owed(bill, at)
    Order.objects.filter(bill=bill, state=OrderState.OPEN).update(state=OrderState.CLOSED)
    return _enter(
        bill,
        lines,
        channel=channel,
        transaction=number[:80],
        amount=money.total(line.payable for line in lines),
        paid_at=at,
        at=at,
        by=by,
    )


def ask(order: Order, *, at: datetime) -> bool:
    """Ask the provider about an order and book what it says; True when the money is there. Raises what the provider raises."""
    if order.state == OrderState.SETTLED:
        return True
    said = providers.get(order.provider).query(order.number, at=at)
    if said is None:
        return False
    book(provider=order.provider, said=said, at=at)
    return True


def ask_about_waiting(*, now: datetime) -> int:
    """Ask about orders whose message has not come, less and less often; close those whose time is over. How many were paid."""
    waiting = Order.objects.filter(state=OrderState.OPEN, begun_at__lte=now - ASKED_AFTER)
    found = 0
    for order in waiting.order_by(F("asked_at").asc(nulls_first=True), "pk")[:50]:
        if order.asked_at is not None and order.asked_at + _pause(order.asked) > now and order.expires_at > now:
            continue
        Order.objects.filter(pk=order.pk).update(asked=min(order.asked + 1, MOST_ASKED), asked_at=now)
        try:
            arrived = ask(order, at=now)
        except Unavailable as problem:  # asked again later; the others do not wait for it
            log.warning("order not asked about", extra={"order": order.number, "code": problem.code})
            continue
        except ZhengtongError as problem:  # what the provider says is not ours: asking again changes nothing
            log.warning("order not booked", extra={"order": order.number, "code": problem.code})
            arrived = False
        if arrived:
            found += 1
        elif order.expires_at <= now:
            # What arrives later is booked all the same: the order is only no longer offered.
            Order.objects.filter(pk=order.pk, state=OrderState.OPEN).update(state=OrderState.CLOSED)
    return found


def _pause(asked: int) -> timedelta:
    return min(timedelta(seconds=20 * 2 ** min(asked, 8)), timedelta(minutes=30))

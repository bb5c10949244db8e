"""Money arrives once: by message in any order, by question, at the window; what comes twice, late or too much goes back."""

import itertools
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.approvals.fees.conftest import line
from tests.factories import MONDAY
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.models import Charge, Message, Order, Payment, Refund, Share
from zhengtong.approvals.fees.providers import local
from zhengtong.approvals.fees.refusals import NotGenuine, NotOurs
from zhengtong.approvals.fees.states import State
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid, NotAllowed


def begin(bill, at=MONDAY, **more):
    order = fees.begin_order(bill_id=bill.pk, provider="local", by=None, at=at, **more)
    local.LocalProvider().begin(order, title=bill.title, return_path="/", at=at)
    return order


def pay_there(order, at=MONDAY):
    """The payer confirms on the provider's page; the message that goes out."""
    charge = local.pay(token=Charge.objects.get(order=order.number).token, at=at)
    return local.message_of(charge)


def take(message, at=MONDAY):
    body, headers = message
    return fees.take_message(provider="local", body=body, headers=headers, at=at)


def signed(**said):
    body = json.dumps(said).encode()
    return body, {local.SIGNATURE: local.signature_of(body)}


def test_a_message_books_once_however_often_it_comes(issue):
    bill = issue("80", "550.50")
    message = pay_there(begin(bill))
    assert [take(message), take(message), take(message)] == ["booked", "repeated", "repeated"]
    bill.refresh_from_db()
    assert (bill.state, bill.paid, bill.outstanding) == (State.PAID, Decimal("630.50"), Decimal(0))
    assert Payment.objects.count() == 1
    assert Message.objects.get().times == 3
    receipt = bill.papers.get(kind="fee_receipt")
    assert (receipt.data["total"], receipt.data["total_capital"]) == ("630.50", "陆佰叁拾元伍角整")
    assert OutboxEvent.objects.filter(name="fees.BillPaid").count() == 1
    assert not Refund.objects.exists()


def test_what_is_not_genuine_or_not_ours_is_not_booked(issue):
    bill = issue("80")
    order = begin(bill)
    body, headers = pay_there(order)
    for wrong in ({}, {local.SIGNATURE: "0" * 64}):
        with pytest.raises(NotGenuine):
            take((body, wrong))
    with pytest.raises(NotGenuine):
        take((body.replace(b"80.00", b"80.01"), headers))
    with pytest.raises(NotGenuine, match="读不懂"):
        take(signed(order=order.number))
    known = {"order": order.number, "transaction": "T1", "at": MONDAY.isoformat()}
    assert take(signed(**known, amount="79.99")) == "amount"
    assert take(signed(**{**known, "order": "P1"}, amount="80.00")) == "unknown"
    assert take(signed(**{**known, "order": "P1"}, amount="80.00")) == "unknown"
    with pytest.raises(NotOurs):
        fees.book(provider="local", said=local.Paid(order.number, "T1", Decimal("79.99"), MONDAY), at=MONDAY)
    assert not Payment.objects.exists()
    assert OutboxEvent.objects.filter(name="fees.ProviderContradicted").count() == 1
    bill.refresh_from_db()
    assert bill.state == State.ISSUED


def test_a_lost_message_is_found_by_asking(issue):
    bill = issue("80")
    order = begin(bill)
    assert fees.ask_about_waiting(now=MONDAY + timedelta(minutes=1)) == 0
    message = pay_there(order, at=MONDAY + timedelta(minutes=1))
    assert fees.ask_about_waiting(now=MONDAY + timedelta(minutes=2)) == 1
    assert take(message, at=MONDAY + timedelta(minutes=3)) == "repeated"
    bill.refresh_from_db()
    assert bill.state == State.PAID


def test_paid_twice_by_two_orders_and_at_the_window_goes_to_the_refunds(issue, small_county):
    """The order begun online is closed by cash at the window; its money arrives all the same and is given back."""
    bill = issue("80", "20")
    order = begin(bill)
    with pytest.raises(NotAllowed):
        fees.record_at_window(bill_id=bill.pk, channel="cash", receipt="001", by=small_county.case_officer, at=MONDAY)
    window = {"bill_id": bill.pk, "by": small_county.window_officer, "at": MONDAY}
    for channel, receipt in (("cash", " "), ("shells", "001")):
        with pytest.raises(Invalid):
            fees.record_at_window(channel=channel, receipt=receipt, **window)
    cash = fees.record_at_window(channel="cash", receipt="001", **window)
    assert (cash.amount, cash.excess) == (Decimal("100.00"), Decimal(0))
    with pytest.raises(fees.CannotPay):
        fees.record_at_window(channel="cash", receipt="002", **window)
    assert take(pay_there(order)) == "booked"
    twice = Payment.objects.get(channel="local")
    assert (twice.amount, twice.excess) == (Decimal("100.00"), Decimal("100.00"))
    refund = Refund.objects.get()
    assert (refund.cause, refund.amount, refund.share, refund.requested_by) == ("twice", Decimal("100.00"), None, None)
    bill.refresh_from_db()
    assert (bill.paid, bill.state) == (Decimal("100.00"), State.PAID)
    other = issue("5", subject="case:13")
    with pytest.raises(Invalid, match="已经登记过"):
        fees.record_at_window(**{**window, "bill_id": other.pk}, channel="cash", receipt="001")


def test_money_for_a_bill_that_is_void_goes_back_and_a_late_one_for_a_live_bill_is_booked(issue, small_county):
    bill = issue("80")
    message = pay_there(begin(bill))
    fees.supersede(bill_id=bill.pk, lines=[line("70")], reason="改", by=small_county.section_head, at=MONDAY)
    assert take(message) == "booked"
    assert Refund.objects.get().cause == "late"
    bill.refresh_from_db()
    assert (bill.state, bill.paid) == (State.SUPERSEDED, Decimal(0))

    second = issue("30", subject="case:13")
    order = begin(second)
    late = pay_there(order, at=MONDAY + timedelta(minutes=29))
    Order.objects.filter(pk=order.pk).update(state="closed")
    assert take(late, at=MONDAY + timedelta(hours=2)) == "booked"
    second.refresh_from_db()
    assert second.state == State.PAID


def test_some_lines_first_then_the_rest(issue):
    """Each payment settles whole lines and has its own receipt."""
    bill = issue("80", "20", "7.70")
    first, second, third = bill.lines.all()
    take(pay_there(begin(bill, line_ids=[second.pk])))
    bill.refresh_from_db()
    assert (bill.state, bill.outstanding) == (State.PART_PAID, Decimal("87.70"))
    again = begin(bill)
    assert again.amount == Decimal("87.70")
    take(pay_there(again))
    bill.refresh_from_db()
    assert bill.state == State.PAID
    receipts = [paper.data["total"] for paper in bill.papers.filter(kind="fee_receipt")]
    assert receipts == ["20.00", "87.70"]
    assert (
        sum(Share.objects.values_list("amount", flat=True)) == bill.total == first.amount + second.amount + third.amount
    )


def test_a_double_click_on_pay_is_one_order_and_one_charge(issue):
    bill = issue("80")
    orders = {begin(bill).number for _n in range(3)}
    assert len(orders) == 1
    charge = Charge.objects.get()
    assert len({local.pay(token=charge.token, at=MONDAY).transaction for _n in range(2)}) == 1
    later = begin(issue("9", subject="case:13"), at=MONDAY)
    fresh = begin(later.bill, at=MONDAY + timedelta(minutes=31))
    assert fresh.number != later.number
    with pytest.raises(fees.CannotPay, match="超时"):
        pay_there(later, at=MONDAY + timedelta(minutes=31))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cents=st.lists(st.integers(1, 10**8), min_size=1, max_size=4),
    split=st.integers(0, 3),
    order=st.permutations(range(4)),
    times=st.lists(st.integers(1, 3), min_size=4, max_size=4),
)
def test_sums_hold_whatever_arrives_in_whatever_order(issue, cents, split, order, times):
    """Lines sum to the total; two orders over overlapping lines, each message repeated, the question asked in between: what was
    settled plus what goes back is what arrived, and no line is settled twice."""
    with transaction.atomic():
        amounts = [Decimal(n) / 100 for n in cents]
        bill = issue(*map(str, amounts))
        assert bill.total == sum(amounts)
        lines = list(bill.lines.all())
        part = begin(bill, line_ids=[row.pk for row in lines[: split + 1]])
        messages = [pay_there(part)]
        if len(lines) > split + 1:
            messages.append(pay_there(begin(bill)))  # all of them: what the first settles comes twice
        acts = [lambda m=m: take(m) for m in messages]
        acts += [lambda: fees.ask_about_waiting(now=MONDAY + timedelta(minutes=1)), lambda: None]
        for index, count in zip(order, times, strict=True):
            for act in itertools.repeat(acts[index % len(acts)], count):
                act()
        for act in acts[:-2]:
            act()
        bill.refresh_from_db()
        payments = list(Payment.objects.filter(bill=bill))
        assert len(payments) == len(messages)
        arrived, excess = sum(p.amount for p in payments), sum(p.excess for p in payments)
        assert bill.paid == arrived - excess == bill.total
        assert bill.state == State.PAID
        assert sum(r.amount for r in Refund.objects.all()) == excess
        transaction.set_rollback(True)

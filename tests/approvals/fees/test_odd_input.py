"""What nobody should send, and what fails by itself: a sentence for it, and nobody else waits."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests.approvals.fees.conftest import line
from tests.approvals.fees.test_paying import begin, pay_there
from tests.factories import MONDAY
from zhengtong.approvals.fees import listing
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.models import Bill, Charge, Order, Reconciliation
from zhengtong.approvals.fees.operations import bills, paying, reconciling
from zhengtong.approvals.fees.providers import local
from zhengtong.approvals.fees.refusals import CannotBill, CannotReconcile
from zhengtong.approvals.fees.states import OrderState, State
from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel.errors import Unavailable


def test_a_message_with_a_strange_signature_is_not_genuine(db):
    answer = Client().post(
        "/pay/notify/local/", b"{}", content_type="application/json", headers={local.SIGNATURE: "é" * 64}
    )
    assert (answer.status_code, answer.json()["received"]) == (403, False)


def test_strange_line_numbers_are_passed_over(issue, payer, signed_in):
    bill = issue("80", at=official_now())
    for odd in ("²", "9" * 5000):
        answer = signed_in(payer).post(f"/pay/{bill.pay_code}/begin/", {"provider": "local", "line": odd})
        assert answer.status_code == 302, odd


def test_the_last_month_of_the_calendar_is_a_month(issue, finance, signed_in):
    for odd in ("9999-12", "0001-01", "2026-13", "x"):
        assert signed_in(finance).get("/bills/lines/", {"month": odd}).status_code == 200, odd


def test_a_cell_is_neither_run_nor_does_it_spoil_the_file(issue, finance, small_county):
    issue("80", title="=1+1\x0b")
    rows = list(listing.bill_cells(Bill.objects.all()))
    assert listing.workbook("缴款单", rows)
    text = io.StringIO()
    listing.write_csv(text, [["\r=1", "＝1+1", "＋1", "普通", Decimal("-1.50")]])
    (row,) = csv.reader(io.StringIO(text.getvalue().removeprefix("\ufeff"), newline=""))
    assert row == ["'\r=1", "'＝1+1", "'＋1", "普通", "-1.50"]


def test_one_order_that_cannot_be_asked_about_holds_up_no_other(issue):
    lost = begin(issue("80", subject="case:1"))
    lost_charge = Charge.objects.get(order=lost.number)
    pay_there(lost)
    Charge.objects.filter(pk=lost_charge.pk).update(amount=Decimal("7.00"))  # the provider says something else
    paid = begin(issue("90", subject="case:2"))
    pay_there(paid)
    assert paying.ask_about_waiting(now=MONDAY + timedelta(minutes=1)) == 1
    assert Bill.objects.get(subject="case:2").state == State.PAID
    paying.ask_about_waiting(now=MONDAY + timedelta(hours=1))
    assert Order.objects.get(pk=lost.pk).state == OrderState.CLOSED


class AwayProvider(local.LocalProvider):
    """The provider whose machine does not answer."""

    def statement(self, day):
        raise Unavailable("没有应答。")


def test_a_provider_that_is_away_holds_up_no_other_statement(db, settings):
    settings.PAYMENT_PROVIDERS = {"away": f"{__name__}.AwayProvider", **settings.PAYMENT_PROVIDERS}
    assert reconciling.reconcile_yesterday(now=MONDAY) == 1
    assert list(Reconciliation.objects.values_list("provider", flat=True)) == ["local"]


@pytest.mark.parametrize("row", ["pay,P1,T1,5.00,2026-09-20T10:00:00", "pay,P1,T1,5.00,2026-09-20"])
def test_a_time_without_zone_is_the_countys(row):
    (read,) = reconciling.read_statement(f"kind,order,transaction,amount,at\n{row}\n".encode())
    assert read.at.utcoffset() == timedelta(hours=8)


def test_a_statement_that_lacks_a_column_is_refused():
    with pytest.raises(CannotReconcile):
        reconciling.read_statement(b"amount,at,kind,order,transaction\n5.00,2026-09-20T10:00:00+08:00,pay,P1\n")


def test_an_expired_bill_is_not_revived_beside_a_new_one(issue, small_county):
    old = issue("80")
    assert bills.expire_overdue(now=MONDAY + timedelta(days=60)) == 1
    issue("80", at=MONDAY + timedelta(days=60))
    with pytest.raises(CannotBill):
        fees.supersede(
            bill_id=old.pk,
            lines=[line("70")],
            reason="更正。",
            by=small_county.section_head,
            at=MONDAY + timedelta(days=61),
        )
    old.refresh_from_db()
    assert old.state == State.EXPIRED


def test_who_turned_back_may_pay_after_all(issue):
    bill = issue("80")
    order = begin(bill)
    local.give_up(token=Charge.objects.get(order=order.number).token, at=MONDAY)
    assert begin(bill).pk == order.pk
    pay_there(order)
    assert paying.ask(order, at=MONDAY)

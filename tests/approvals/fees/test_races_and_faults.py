"""Two clicks and two messages at once; the process killed between message and commit: everything happens once, nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from tests.approvals.cases.test_races import at_once
from tests.approvals.fees.test_paying import begin, pay_there, take
from tests.factories import MONDAY
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.models import BillPaper, Charge, Message, Order, Payment, Refund
from zhengtong.approvals.fees.states import State
from zhengtong.foundation.events.models import OutboxEvent

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 90


def test_two_clicks_on_pay_make_one_order(issue):
    bill = issue("80")
    orders = at_once(*[lambda: begin(bill)] * 3)
    assert len({order.number for order in orders}) == 1
    assert Order.objects.count() == Charge.objects.count() == 1


def test_two_messages_and_a_question_at_once_book_one_payment(issue):
    bill = issue("80", "20")
    order = begin(bill)
    message = pay_there(order)
    results = at_once(lambda: take(message), lambda: take(message), lambda: fees.ask(order, at=MONDAY))
    assert not [r for r in results if isinstance(r, Exception)]
    assert Payment.objects.count() == BillPaper.objects.filter(kind="fee_receipt").count() == 1
    assert not Refund.objects.exists()
    bill.refresh_from_db()
    assert (bill.state, bill.paid) == (State.PAID, Decimal("100.00"))


def test_online_and_at_the_window_at_once_the_second_goes_back(issue, small_county):
    bill = issue("80")
    message = pay_there(begin(bill))
    window = {"bill_id": bill.pk, "channel": "cash", "receipt": "1", "by": small_county.window_officer, "at": MONDAY}
    at_once(lambda: take(message), lambda: fees.record_at_window(**window))
    bill.refresh_from_db()
    assert (bill.state, bill.paid) == (State.PAID, Decimal("80.00"))
    arrived = sum(Payment.objects.values_list("amount", flat=True))
    assert arrived - sum(Refund.objects.values_list("amount", flat=True)) == bill.paid


def test_two_bills_for_one_subject_at_once_are_one(issue):
    results = at_once(lambda: issue("80"), lambda: issue("80"))
    assert [type(r) for r in results if isinstance(r, Exception)] == [fees.CannotBill]
    assert fees.Bill.objects.count() == 1


@pytest.mark.process
@pytest.mark.parametrize("table", ["fees_payment", "fees_bill", "fees_billpaper", "fees_message"])
def test_killed_between_message_and_commit_nothing_is_lost(issue, tmp_path, table):
    """The provider got no answer and says it again; or its message never comes again and the question finds the money."""
    bill = issue("80")
    body, headers = pay_there(begin(bill))
    before = OutboxEvent.objects.count()
    words = [
        connection.settings_dict["NAME"],
        tmp_path,
        table,
        body.decode(),
        *list(headers.values())[1:],
        MONDAY.isoformat(),
    ]
    command = [sys.executable, "-m", "tests.approvals.fees.fault_process", *map(str, words)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (tmp_path / "inside").exists():
            assert process.poll() is None, "the process ended before it came to the place"
            assert time.monotonic() < deadline, "the process did not get there"
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
    bill.refresh_from_db()
    assert (bill.state, Payment.objects.count(), Message.objects.count()) == (State.ISSUED, 0, 0)
    assert OutboxEvent.objects.count() == before
    if table == "fees_message":
        assert fees.ask_about_waiting(now=MONDAY + timedelta(minutes=1)) == 1
        assert take((body, headers)) == "repeated"
    else:
        assert take((body, headers)) == "booked"
    bill.refresh_from_db()
    assert (bill.state, Payment.objects.count()) == (State.PAID, 1)

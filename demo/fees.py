"""Bills of the demo county: paid online and at windows, open, overdue, refunded; by the real operations. No money, no real rate."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from demo import stories
from demo.cast import Cast
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.operations import reconciling
from zhengtong.approvals.fees.providers import local
from zhengtong.foundation.organizations import public as organizations

NOTE = "演示数据：不是真实的收费标准。"
OF_THE_RESIDENT = (
    (stories.in_process, "real-estate-transfer-registration", 4),
    (stories.in_process, "real-estate-mortgage-registration", 12),
    (stories.in_process, "notarial-certificate", 5),
)
OF_ENTERPRISES = (
    (stories.in_process, "road-excavation-permit", 6),
    (stories.in_process, "road-excavation-permit", 9),
    (stories.in_process, "temporary-forest-land-use", 8),
)


def file_cases(people: Cast, named: dict[str, Any], *, present: datetime) -> None:
    """Cases that cost something: three of the resident whose account is shown, three of enterprises."""
    rng = random.Random(20260921)  # noqa: S311 - fiction, and the same each time
    for tell, key, before in OF_THE_RESIDENT:
        start = (present - timedelta(days=before)).date()
        stories.play(tell, people, named[key], start=start, until=present, rng=rng, applicant=people.residents[0])
    for tell, key, before in OF_ENTERPRISES:
        start = (present - timedelta(days=before)).date()
        stories.play(tell, people, named[key], start=start, until=present, rng=rng)


def play(people: Cast, *, present: datetime) -> None:
    """What became of the bills that acceptance drew up."""
    county = organizations.get_by_code("county")
    asks, approves = people.officials[("finance_officer", county.pk)]
    clerk = people.who("window_officer", organizations.get_by_code("government-service-centre"))
    _assess_drafts(people, present)
    shown = set(fees.Bill.objects.filter(payer_user=people.residents[0]).values_list("pk", flat=True))
    ways: list[Callable[..., None]] = [_leave, _online, _at_window, _refunded, _twice]
    payable = fees.Bill.objects.filter(state="issued").exclude(pk__in=shown).order_by("pk")
    for number, bill in enumerate(payable):
        ways[number % len(ways)](bill, clerk=clerk, asks=asks, approves=approves, present=present)
    for bill, way in zip(
        fees.Bill.objects.filter(pk__in=shown, state="issued").order_by("pk"),
        [ways[0], ways[3], ways[1]],
        strict=False,
    ):
        way(bill, clerk=clerk, asks=asks, approves=approves, present=present)
    fees.expire_overdue(now=present)
    _reconcile(present)


def _assess_drafts(people: Cast, present: datetime) -> None:
    """Section heads assess what the answers cannot say; the newest draft is left for whoever looks at the page."""
    drafts = list(fees.Bill.objects.filter(state="draft").order_by("pk"))
    for bill in drafts[:-1]:
        for line in bill.lines.select_related("department"):
            if not line.assessed:
                by = people.officials[("section_head", line.department_id)][0]
                quantity, rate = line.quantity or Decimal(1), line.rate or Decimal(60)
                at = min(bill.drawn_up_at + timedelta(hours=3), present)
                fees.assess_line(line_id=line.pk, quantity=quantity, rate=rate, note=NOTE, by=by, at=at)


def _moment(bill: Any, present: datetime) -> datetime:
    at: datetime = min(bill.issued_at + timedelta(hours=26), present - timedelta(hours=1))
    return at


def _leave(bill: Any, **_people: Any) -> None:
    """Nobody has paid it yet."""


def _pay_there(bill: Any, at: datetime) -> Any:
    order = fees.begin_order(bill_id=bill.pk, provider=local.KEY, by=bill.payer_user, at=at)
    local.LocalProvider().begin(order, title=bill.title, return_path=f"/pay/{bill.pay_code}/", at=at)
    return order


def _tell(order: Any, at: datetime) -> None:
    charge = local.pay(token=fees.Charge.objects.get(order=order.number).token, at=at)
    body, headers = local.message_of(charge)
    fees.take_message(provider=local.KEY, body=body, headers=headers, at=at)
    fees.Charge.objects.filter(pk=charge.pk).update(told_at=at, tell_at=None)


def _online(bill: Any, *, present: datetime, **_people: Any) -> None:
    at = _moment(bill, present)
    _tell(_pay_there(bill, at), at)


def _at_window(bill: Any, *, clerk: Any, present: datetime, **_people: Any) -> None:
    fees.record_at_window(
        bill_id=bill.pk, channel="cash", receipt=f"演示{bill.pk:06d}", by=clerk, at=_moment(bill, present)
    )


def _refunded(bill: Any, *, asks: Any, approves: Any, present: datetime, **_people: Any) -> None:
    """Paid, half of a line asked back and approved; the worker sends it."""
    _online(bill, present=present)
    at = _moment(bill, present)
    share = fees.Share.objects.filter(line__bill=bill).order_by("line__no").first()
    assert share is not None
    half = (share.amount / 2).quantize(Decimal("0.01"))
    reason = "面积重新丈量后减少，多收部分退回。"
    refund = fees.request_refund(share_id=share.pk, amount=half, cause="overcharged", reason=reason, by=asks, at=at)
    fees.approve_refund(refund_id=refund.pk, by=approves, at=at)
    fees.send_approved(now=at)


def _twice(bill: Any, *, clerk: Any, present: datetime, **_people: Any) -> None:
    """Begun on the phone, paid at the window, then confirmed on the phone as well: waits in the refunds."""
    at = _moment(bill, present)
    order = _pay_there(bill, at)
    fees.record_at_window(bill_id=bill.pk, channel="pos", receipt=f"POS{bill.pk:06d}", by=clerk, at=at)
    _tell(order, at)


def _reconcile(present: datetime) -> None:
    """The last days on which something was paid."""
    days = fees.Payment.objects.filter(channel=local.KEY).dates("paid_at", "day", order="DESC")
    for day in [day for day in days if day < present.date()][:3]:
        reconciling.reconcile(provider=local.KEY, day=day, by=None, at=present)

"""What the pages of fees show: reads put together for templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import providers, queries, rules, subjects
from zhengtong.approvals.fees.computing import law_of
from zhengtong.approvals.fees.models import Bill, BillLine, Payment, Refund, Share
from zhengtong.approvals.fees.operations.papers import plain, unit_of
from zhengtong.approvals.fees.operations.stranded import is_stranded
from zhengtong.approvals.fees.states import PAYABLE, RefundState, State
from zhengtong.approvals.matters.values import FeeItem, LegalBasis
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel import money
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.pmi import public as pmi

TONES = {
    State.DRAFT: "soon",
    State.ISSUED: "info",
    State.PART_PAID: "soon",
    State.PAID: "ok",
    State.WAIVED: "ok",
    State.REFUNDED: "",
    State.EXPIRED: "overdue",
    State.CANCELLED: "",
    State.SUPERSEDED: "",
}
REFUND_TONES = {
    RefundState.REQUESTED: "soon",
    RefundState.APPROVED: "info",
    RefundState.ELSEWHERE: "soon",
    RefundState.DONE: "ok",
    RefundState.REFUSED: "overdue",
}


def in_language(chinese: str, english: str) -> str:
    """The words in the reader's language, where there are English ones."""
    return english if english and (get_language() or "").startswith("en") else chinese


@dataclass(frozen=True)
class Charge:
    """An item of the catalogue as the page of a bill by hand shows it."""

    name: str
    label: str
    amount: Decimal | None
    unit: str
    basis: str


def charge(item: FeeItem, basis: LegalBasis | None) -> Charge:
    """An item with its law, in the reader's language."""
    rate = money.yuan(item.amount) if item.amount is not None else None
    return Charge(item.name, in_language(item.name, item.name_en), rate, item.unit, law_of(item.basis or basis))


def tone(bill: Bill) -> str:
    """The tone of a bill's state."""
    return TONES[State(bill.state)]


def title_of(bill: Bill) -> str:
    """What a bill is for."""
    return in_language(bill.title, bill.title_en)


def line_rows(bill: Bill) -> list[dict[str, Any]]:
    """The lines with how they were computed, whether they are settled and what of them went back."""
    shares = {share.line_id: share for share in Share.objects.filter(line__bill=bill).select_related("payment")}
    refunds: dict[int, list[Refund]] = {}
    for refund in Refund.objects.filter(share__line__bill=bill).order_by("pk"):
        refunds.setdefault(refund.share_id or 0, []).append(refund)
    lines = bill.lines.select_related("department", "reduction_by", "reduction_proof__stored", "assessed_by")
    return [_line_row(line, shares.get(line.pk), refunds) for line in lines]


def _line_row(line: BillLine, share: Share | None, refunds: Mapping[int, list[Refund]]) -> dict[str, Any]:
    given_back = refunds.get(share.pk, []) if share else []
    done = money.total(r.amount for r in given_back if r.state == RefundState.DONE)
    return {
        "line": line,
        "name": in_language(line.name, line.name_en),
        "how": computed(line),
        "amount": money.shown(line.amount),
        "reduction": money.shown(line.reduction) if line.reduction else "",
        "payable": money.shown(line.payable) if line.assessed else "",
        "share": share,
        "refunded": money.shown(done) if done else "",
        "can_go_back": bool(share and share.going_back < share.amount),
        "note": _(line.note) if line.note else "",
    }


def computed(line: BillLine) -> str:
    """120.5 平方米 × 12 元; the sum itself where nothing is multiplied."""
    if not line.assessed:
        return _("待核定")
    return f"{plain(line.quantity)} {unit_of(line)} × {plain(line.rate)}".replace("  ", " ")


def payer_page(bill: Bill, *, own: bool, today: date) -> dict[str, Any]:
    """The page on which a bill is paid."""
    overdue = bill.due_on is not None and bill.due_on < today
    successor = Bill.objects.filter(supersedes=bill).first()
    return {
        "bill": bill,
        "own": own,
        "title": title_of(bill),
        "tone": tone(bill),
        "total": money.shown(bill.total),
        "outstanding": money.shown(bill.outstanding),
        "refunded": money.shown(bill.refunded) if bill.refunded else "",
        "payable": bill.state in PAYABLE and not overdue,
        "overdue": overdue and bill.state in PAYABLE,
        "days_left": _days_left(bill, today),
        "lines": line_rows(bill) if own else [],
        "papers": queries.receipts_of(bill) if own else [],
        "refunds": refund_rows(bill) if own else [],
        "successor": successor,
        "providers": [{"key": key, "label": one.label} for key, one in providers.active().items()],
        "several": own and bill.lines.filter(share__isnull=True).count() > 1,
    }


def _days_left(bill: Bill, today: date) -> int | None:
    if bill.due_on is None or bill.due_on < today:
        return None
    days = calendars.current()
    count, day = 0, today
    while day < bill.due_on:
        day = days.nth_after(day, 1)
        count += 1
    return count


def refund_rows(bill: Bill) -> list[dict[str, Any]]:
    """The refunds of a bill, newest first."""
    found = Refund.objects.filter(payment__bill=bill).select_related(
        "payment", "share__line", "requested_by", "decided_by"
    )
    return [refund_row(refund) for refund in found]


def refund_row(refund: Refund) -> dict[str, Any]:
    """One refund as pages show it."""
    line = refund.share.line if refund.share else None
    return {
        "refund": refund,
        "amount": money.shown(refund.amount),
        "tone": REFUND_TONES[RefundState(refund.state)],
        "line": in_language(line.name, line.name_en) if line else "",
        "channel": providers.channel_label(refund.payment.channel),
        "by_hand": refund.payment.channel in dict(Payment.BY_HAND),
        "stranded": is_stranded(refund),
    }


def bill_page(bill: Bill, user: Any, *, today: date) -> dict[str, Any]:
    """Everything an official sees of a bill, and what this one may do."""
    lines = line_rows(bill)
    assesses = any(_allowed(rules.assesses, row["line"], user, today) for row in lines)
    for row in lines:
        row["may"] = _allowed(rules.assesses, row["line"], user, today)
    payments = [_payment_row(p) for p in bill.payments.select_related("order", "recorded_by").order_by("-pk")]
    return {
        "bill": bill,
        "title": title_of(bill),
        "tone": tone(bill),
        "total": money.shown(bill.total),
        "paid": money.shown(bill.paid),
        "outstanding": money.shown(bill.outstanding),
        "refunded": money.shown(bill.refunded) if bill.refunded else "",
        "lines": lines,
        "payments": payments,
        "refunds": refund_rows(bill),
        "papers": queries.receipts_of(bill),
        "log": bill.log.select_related("actor").order_by("-seq"),
        "successor": Bill.objects.filter(supersedes=bill).first(),
        "today": today,
        "days_left": _days_left(bill, today),
        "may_collect": bill.state in PAYABLE and pmi.can(user, "fees.collect", on=today),
        "may_cancel": bill.state in (State.DRAFT, State.ISSUED, State.EXPIRED)
        and _allowed(rules.rules_over, bill, user, today),
        "may_correct": bill.state in (State.ISSUED, State.EXPIRED) and _allowed(rules.rules_over, bill, user, today),
        "may_refund": _allowed(rules.asks_back, bill, user, today),
        "assesses": assesses and bill.state in (State.DRAFT, State.ISSUED),
        "pay_url": queries.pay_url(bill),
        # Who only handles the money has no business in the file: no link that would refuse them.
        "subject_url": subjects.url_of(bill.subject) if pmi.can(user, "cases.view", on=today) else "",
    }


def _allowed(rule: Any, *args: Any) -> bool:
    try:
        rule(*args)
    except ZhengtongError:
        return False
    return True


def _payment_row(payment: Payment) -> dict[str, Any]:
    return {
        "payment": payment,
        "channel": providers.channel_label(payment.channel),
        "amount": money.shown(payment.amount),
        "excess": money.shown(payment.excess) if payment.excess else "",
    }


def masked_payer(bill: Bill) -> str:
    """A person's name as far as needed to recognise it; an enterprise's is public."""
    name = bill.payer_name
    return name if bill.payer_enterprise_id else name[:1] + "*" * max(len(name) - 1, 1)

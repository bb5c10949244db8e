"""Reads of bills."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import rules
from zhengtong.approvals.fees.models import Bill, BillLine, BillPaper, Payment, Refund
from zhengtong.approvals.fees.operations.papers import pay_url
from zhengtong.approvals.fees.papers.printing import TITLES
from zhengtong.approvals.fees.states import SETTLED, RefundState, State
from zhengtong.approvals.fees.values import Gate, Public, Verification
from zhengtong.kernel import money
from zhengtong.kernel.errors import NotFound
from zhengtong.security.pmi import public as pmi


def bill_of(subject: str) -> Bill | None:
    """The newest bill of a subject; None when there never was one."""
    return Bill.objects.filter(subject=subject).select_related("organization").order_by("-id").first()


def bills_of(subjects: Iterable[str]) -> dict[str, Bill]:
    """The newest bill of each subject that has one; one query."""
    rows = Bill.objects.filter(subject__in=list(subjects)).select_related("organization").order_by("id")
    return {bill.subject: bill for bill in rows}


def charged_for(parts: Iterable[str]) -> list[BillLine]:
    """The lines that stand for these parts (`case:12`), each with its bill, whoever's bill they are on; two queries.

    A bill that was cancelled or replaced asks for nothing; one whose money went back did ask.
    """
    wanted = list(parts)
    stands = BillLine.objects.exclude(bill__state__in=(State.CANCELLED, State.SUPERSEDED)).select_related("bill")
    named, bare = stands.filter(source__in=wanted), stands.filter(source="", bill__subject__in=wanted)
    return sorted([*named, *bare], key=lambda line: line.pk)


def public_view(bill: Bill) -> Public:
    """What anybody who holds number and code may know: amount and state, no line, no name."""
    return Public(
        number=bill.number,
        state=bill.state,
        state_label=str(State(bill.state).label),
        total=bill.total,
        outstanding=bill.outstanding,
        refunded=bill.refunded,
        pay_url=pay_url(bill),
        due_on=bill.due_on,
    )


def settled(subject: str) -> bool:
    """True when nothing is owed: no bill, or one that is paid, waived or was cancelled."""
    bill = bill_of(subject)
    return bill is None or bill.state in (*SETTLED, State.CANCELLED, State.REFUNDED)


def gate(subject: str, *, when: str, gate_of_matter: str, basis: str, expected: bool = False) -> Gate:
    """May the decision (`when` "decision") or the delivery go on? Always, unless the matter names a law that lets it wait.

    No decision is delayed or hurried by money unless the law says so: without `basis` nothing waits whatever the matter says.
    `expected`: a bill is about to be drawn up.
    """
    nothing_owed = settled(subject) and not (expected and bill_of(subject) is None)
    if gate_of_matter != when or not basis or nothing_owed:
        return Gate(open=True)
    return Gate(
        open=False,
        sentence=_("依照{law}，缴清费用后才能继续办理。请先请申请人缴款，或者核对缴款单。").format(law=basis),
    )


def by_pay_code(code: str) -> Bill:
    """The bill of a payment address. Raises `NotFound`."""
    found = Bill.objects.filter(pay_code=code.strip().upper()).select_related("organization").first()
    if found is None:
        raise NotFound(_("没有找到这张缴款单。请核对缴款码，或者重新扫描通知书上的二维码。"))
    return found


def get_for_official(bill_id: int, user: Any, *, on: date) -> Bill:
    """A bill for an official who may see it. Raises `NotFound`."""
    found = Bill.objects.filter(pk=bill_id).select_related("organization", "supersedes").first()
    if found is None:
        raise NotFound(_("没有找到这张缴款单。"))
    rules.may_view(found, user, on)
    return found


def is_payer(bill: Bill, user: Any, *, on: date) -> bool:
    """True when `user` is asked to pay it, or acts for who is."""
    try:
        rules.is_payer(bill, user, on)
    except NotFound:
        return False
    return True


def visible(user: Any, *, on: date) -> QuerySet[Bill]:
    """The bills an official sees in lists: those of the bodies at which they may view fees."""
    bodies = pmi.organizations_where(user, "fees.view", on=on)
    lines = Q(lines__department__in=bodies)
    return Bill.objects.filter(Q(organization__in=bodies) | lines).distinct()


def receipts_of(bill: Bill) -> list[BillPaper]:
    """Notice and receipts, in order."""
    return list(bill.papers.select_related("payment", "attachment").order_by("id"))


def papers_about(subject: str) -> list[BillPaper]:
    """Notices and receipts of every bill a subject ever had, in the order they were issued."""
    found = BillPaper.objects.filter(bill__subject=subject).select_related("bill", "payment", "attachment")
    return list(found.order_by("id"))


def verify(code: str) -> Verification:
    """What the public may learn of a notice or receipt by its code. Raises `NotFound`: then it is not genuine."""
    related = ("bill__organization", "organization", "payment")
    paper = BillPaper.objects.select_related(*related).filter(verify_code=code.strip().upper()).first()
    if paper is None:
        raise NotFound(
            _("没有查到这个验证码对应的缴款文书。请核对验证码；如果来自纸质文书，请警惕伪造，可拨打12345核实。")
        )
    bill = paper.bill
    state, label, reason = _state_of(paper)
    name = bill.payer_name
    return Verification(
        number=paper.number,
        title=TITLES[paper.kind][0],
        organ=paper.organization.label,
        holder=name if bill.payer_enterprise_id else name[:1] + "*" * (len(name) - 1),
        issued_on=timezone.localdate(paper.issued_at),
        state=state,
        state_label=label,
        state_reason=reason,
        matter=bill.title,
    )


def _state_of(paper: BillPaper) -> tuple[str, str, str]:
    bill = paper.bill
    if paper.kind == BillPaper.NOTICE:
        if bill.state in (State.SUPERSEDED, State.CANCELLED, State.EXPIRED):
            return "revoked", str(State(bill.state).label), ""
        return "issued", str(State(bill.state).label), ""
    assert paper.payment is not None
    back = refunded_of(paper.payment)
    settled_amount = paper.payment.amount - paper.payment.excess
    if back and back >= settled_amount:
        return "revoked", _("已全部退款"), ""
    return "issued", _("部分退款") if back else _("已缴款"), ""


def refunded_of(payment: Payment) -> Decimal:
    """What of a payment's settled lines went back."""
    done = Refund.objects.filter(payment=payment, share__isnull=False, state=RefundState.DONE)
    return money.total(done.values_list("amount", flat=True))

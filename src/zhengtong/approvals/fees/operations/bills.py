"""Draw a bill up, have it assessed, decide reductions, issue it, replace or cancel it, let it lapse."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import desks, rules
from zhengtong.approvals.fees.events import (
    BillCancelled,
    BillDrawnUp,
    BillExpired,
    BillIssued,
    BillSuperseded,
    BillWaived,
    LineAssessed,
    ReductionDecided,
)
from zhengtong.approvals.fees.models import Bill, BillLine, Order
from zhengtong.approvals.fees.operations import papers
from zhengtong.approvals.fees.recording import append, bill_number, lock, new_code, record
from zhengtong.approvals.fees.refusals import CannotBill
from zhengtong.approvals.fees.states import OPEN, Kind, OrderState, State
from zhengtong.approvals.fees.values import Line, Payer
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events
from zhengtong.foundation.files import public as files
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import money
from zhengtong.kernel.errors import Invalid, NotFound

LARGEST_QUANTITY = Decimal("9999999999")


@transaction.atomic
def issue_bill(
    *,
    subject: str,
    title: str,
    payer: Payer,
    lines: Sequence[Line],
    by: Any,
    at: datetime,
    title_en: str = "",
    organization: Organization | None = None,
    pay_workdays: int = 15,
    gate_note: str = "",
) -> Bill:
    """The one bill of a subject (一单式). It goes out at once when every line is assessed and no reduction waits for a
    decision; else it stays a draft with to-dos for the departments, and goes out with the last of them.

    `organization`: who issues it; default the department when there is one only, else the service centre. Who may bill is
    for the caller to decide. Raises `CannotBill`: nothing to charge, a line without a law, an open bill already there.
    """
    if Bill.objects.filter(subject=subject, state__in=OPEN).exists():
        raise _has_one(subject)
    bill = _draw_up(
        Bill(
            subject=subject,
            title=title[:200],
            title_en=title_en[:300],
            payer_name=payer.name,
            payer_user_id=payer.user_id,
            payer_enterprise_id=payer.enterprise_id,
            pay_workdays=pay_workdays,
            gate_note=gate_note,
        ),
        lines,
        organization,
        by=by,
        at=at,
    )
    return _settle_draft(bill, by=by, at=at)


def _has_one(subject: str) -> CannotBill:
    return CannotBill(
        _("“{subject}”已经有一张没有办完的缴款单。一件事只开一张单：请在原单上更正，或者用新通知书代替它。").format(
            subject=subject
        )
    )


def _draw_up(bill: Bill, lines: Sequence[Line], organization: Organization | None, *, by: Any, at: datetime) -> Bill:
    if not lines:
        raise CannotBill(_("没有要收的费用，不用开缴款单。"))
    bodies = {line.department: organizations.get_by_code(line.department) for line in lines}
    for line in lines:
        if not line.basis.strip():
            raise CannotBill(
                _("“{name}”没有收费依据，不得收取（行政许可法第五十八条）。请先在事项里写明依据。").format(
                    name=line.name
                )
            )
    bill.organization = organization or _issuer(list(bodies.values()))
    bill.number, bill.pay_code, bill.drawn_up_at = bill_number(at), new_code(16), at
    try:
        with transaction.atomic():
            bill.save()
    except IntegrityError as error:
        raise _has_one(bill.subject) from error
    BillLine.objects.bulk_create(_row(bill, no, line, bodies[line.department]) for no, line in enumerate(lines, 1))
    append(bill, Kind.DRAW_UP, "", at=at, by=by)
    bill.save()
    return bill


def _issuer(bodies: list[Organization]) -> Organization:
    if len(bodies) == 1:
        return bodies[0]
    return organizations.get_by_code(settings.SERVICE_CENTRE_CODE)


def _row(bill: Bill, no: int, line: Line, department: Organization) -> BillLine:
    claim = line.claims[0] if line.claims else None
    return BillLine(
        bill=bill,
        no=no,
        code=line.code,
        name=line.name,
        name_en=line.name_en,
        department=department,
        basis=line.basis,
        quantity=line.quantity,
        unit=line.unit,
        rate=line.rate,
        amount=line.amount or money.ZERO,
        account=line.account,
        source=line.source,
        note=line.note[:300],
        claim=BillLine.CLAIMED if claim else BillLine.NONE,
        claim_name=claim.name if claim else "",
        claim_basis=claim.basis if claim else "",
        claim_percent=claim.percent if claim else 100,
        claim_proof=claim.proof if claim else "",
    )


def _settle_draft(bill: Bill, *, by: Any, at: datetime) -> Bill:
    """Send the draft out when nothing on it is open; else put it on the lists of those it waits for."""
    lines = list(bill.lines.select_related("department"))
    waiting = [line for line in lines if not line.assessed or line.claim == BillLine.CLAIMED]
    if waiting:
        desks.ask(bill, waiting, at=at)
        if bill.row_version == 1:
            events.publish(BillDrawnUp(bill_id=bill.pk, about=bill.subject, actor_id=by.pk if by else None), at=at)
        return bill
    desks.done(bill, at=at)
    return _send_out(bill, lines, by=by, at=at)


def _send_out(bill: Bill, lines: list[BillLine], *, by: Any, at: datetime) -> Bill:
    actor = by.pk if by else None
    bill.total, bill.issued_at = money.total(line.payable for line in lines), at
    if not bill.total:
        record(bill, Kind.WAIVE, BillWaived(bill_id=bill.pk, about=bill.subject, actor_id=actor), at=at, by=by)
        return bill
    bill.due_on = calendars.current().nth_after(timezone.localdate(at), bill.pay_workdays)
    fact = BillIssued(bill_id=bill.pk, about=bill.subject, actor_id=actor, total=str(bill.total))
    record(bill, Kind.ISSUE, fact, at=at, by=by)
    papers.issue_notice(bill, by=by, at=at)
    return bill


@transaction.atomic
def assess_line(
    *,
    line_id: int,
    quantity: Decimal,
    rate: Decimal,
    note: str = "",
    by: Any,
    at: datetime,
    seen: int | None = None,
) -> Bill:
    """Say how much of a line is charged, by an official of its department; quantity 0 when it is not due, with the reason.

    The amount is computed here. The bill goes out with the last open line.
    """
    bill, line = _draft_line(line_id, seen)
    rules.assesses(line, by, timezone.localdate(at))
    if quantity < 0 or rate < 0 or quantity > LARGEST_QUANTITY or not (quantity.is_finite() and rate.is_finite()):
        raise Invalid(_("数量和标准不能小于0，也不能过大。"), fields={"quantity": _("请核对数量。")})
    if (not quantity or not rate) and not note.strip():
        raise Invalid(_("这一项不收的，请写明原因。"), fields={"note": _("请写明不收的原因。")})
    line.quantity, line.rate, line.note = quantity, rate, note.strip()[:300]
    line.amount, line.assessed_by = money.rounded(quantity * rate), by
    if not line.amount and line.claim == BillLine.CLAIMED:
        line.claim = BillLine.NONE
    line.save()
    fact = LineAssessed(bill_id=bill.pk, about=bill.subject, line_id=line.pk, actor_id=by.pk)
    record(bill, Kind.ASSESS, fact, at=at, by=by, reason=note)
    return _settle_draft(bill, by=by, at=at)


def _draft_line(line_id: int, seen: int | None) -> tuple[Bill, BillLine]:
    found = BillLine.objects.filter(pk=line_id).values_list("bill_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这一项收费。"))
    bill = lock(found, seen=seen)
    return bill, BillLine.objects.select_related("department").get(pk=line_id)


@transaction.atomic
def decide_reduction(
    *,
    line_id: int,
    grant: bool,
    reason: str,
    by: Any,
    at: datetime,
    amount: Decimal | None = None,
    basis: str = "",
    proof: files.Attachment | None = None,
    seen: int | None = None,
) -> Bill:
    """Grant or decline a reduction of a line, with reason; a grant needs a law and the proof.

    On a draft the line itself changes. A bill that is out and unpaid is replaced by a new version that carries the
    reduction. `amount` defaults to the share the claimed reduction names.
    """
    bill, line = _draft_line(line_id, seen)
    rules.assesses(line, by, timezone.localdate(at))
    if not reason.strip():
        raise Invalid(_("请写明理由。"), fields={"reason": _("请写明理由。")})
    if bill.state != State.DRAFT:
        if not grant:
            raise CannotBill(_("缴款通知书已经发出，没有待决定的减免申请。"))
        bill, line = _new_version(bill, line, reason=reason, by=by, at=at)
    if not line.assessed:
        raise CannotBill(_("请先核定数量和标准，再决定减免。"))
    if grant:
        _grant(line, amount, basis, proof)
    else:
        line.claim, line.reduction = BillLine.DECLINED, money.ZERO
    line.reduction_reason, line.reduction_by, line.reduction_at = reason.strip()[:300], by, at
    line.save()
    fact = ReductionDecided(
        bill_id=bill.pk,
        about=bill.subject,
        line_id=line.pk,
        granted=grant,
        amount=str(line.reduction),
        actor_id=by.pk,
    )
    record(bill, Kind.REDUCE, fact, at=at, by=by, reason=reason)
    return _settle_draft(bill, by=by, at=at)


def _grant(line: BillLine, amount: Decimal | None, basis: str, proof: files.Attachment | None) -> None:
    law = basis.strip() or line.claim_basis
    if not law:
        raise Invalid(_("减免也要有依据，请写明。"), fields={"basis": _("请写明减免依据。")})
    if proof is None:
        raise Invalid(_("请上传减免的证明材料。"), fields={"proof": _("请上传减免的证明材料。")})
    wanted = money.rounded(line.amount * line.claim_percent / 100) if amount is None else money.yuan(amount)
    if not money.ZERO < wanted <= line.amount:
        message = _("减免金额应大于0，且不超过{amount}元。").format(amount=money.shown(line.amount))
        raise Invalid(message, fields={"amount": message})
    line.claim, line.claim_basis, line.reduction, line.reduction_proof = BillLine.GRANTED, law[:200], wanted, proof
    line.claim_name = line.claim_name or _("减免")


def _new_version(bill: Bill, line: BillLine, *, reason: str, by: Any, at: datetime) -> tuple[Bill, BillLine]:
    """A draft with the same lines in place of an unpaid bill; the twin of `line` on it."""
    old_lines = list(bill.lines.all())
    fresh = _successor(bill, reason=reason, by=by, at=at)
    twins = []
    for old in old_lines:
        twin = BillLine.objects.get(pk=old.pk)
        twin.pk, twin.bill = None, fresh
        twin._state.adding = True
        twins.append(twin)
    BillLine.objects.bulk_create(twins)
    return fresh, fresh.lines.select_related("department").get(no=line.no)


def _successor(bill: Bill, *, reason: str, by: Any, at: datetime) -> Bill:
    if Bill.objects.filter(subject=bill.subject, state__in=OPEN).exclude(pk=bill.pk).exists():
        raise _has_one(bill.subject)  # this one lapsed, and another was drawn up since
    _close_orders(bill)
    record(bill, Kind.SUPERSEDE, None, at=at, by=by, reason=reason)
    fresh = Bill(
        subject=bill.subject,
        title=bill.title,
        title_en=bill.title_en,
        version=bill.version + 1,
        supersedes=bill,
        organization=bill.organization,
        payer_name=bill.payer_name,
        payer_user_id=bill.payer_user_id,
        payer_enterprise_id=bill.payer_enterprise_id,
        pay_workdays=bill.pay_workdays,
        gate_note=bill.gate_note,
        number=bill_number(at),
        pay_code=new_code(16),
        drawn_up_at=at,
    )
    fresh.save()
    append(fresh, Kind.DRAW_UP, "", at=at, by=by, reason=reason)
    fresh.save()
    actor = by.pk if by else None
    fact = BillSuperseded(bill_id=bill.pk, about=bill.subject, by_bill_id=fresh.pk, actor_id=actor)
    events.publish(fact, at=at)
    return fresh


@transaction.atomic
def supersede(
    *, bill_id: int, lines: Sequence[Line], reason: str, by: Any, at: datetime, seen: int | None = None
) -> Bill:
    """A new notice with other lines in place of one that is unpaid; the old number is void, and says which took its place.

    A bill on which something was paid is not replaced: the rest is paid, or the paid part refunded first. `by` None: the
    system, because what it is for has changed.
    """
    bill = lock(bill_id, seen=seen)
    if by is not None:
        rules.rules_over(bill, by, timezone.localdate(at))
    if not lines:
        raise CannotBill(_("没有要收的费用。不再收费的，请取消缴款单。"))
    bodies = {line.department: organizations.get_by_code(line.department) for line in lines}
    if any(not line.basis.strip() for line in lines):
        raise CannotBill(_("每一项收费都要有依据（行政许可法第五十八条）。"))
    fresh = _successor(bill, reason=reason, by=by, at=at)
    BillLine.objects.bulk_create(_row(fresh, no, line, bodies[line.department]) for no, line in enumerate(lines, 1))
    return _settle_draft(fresh, by=by, at=at)


@transaction.atomic
def cancel(*, bill_id: int, reason: str, by: Any, at: datetime, seen: int | None = None) -> Bill:
    """Cancel a bill on which nothing was paid, with a reason. `by` None: the system, because what it was for is over."""
    bill = lock(bill_id, seen=seen)
    if by is not None:
        rules.rules_over(bill, by, timezone.localdate(at))
    actor = by.pk if by else None
    fact = BillCancelled(bill_id=bill.pk, about=bill.subject, actor_id=actor)
    record(bill, Kind.CANCEL, fact, at=at, by=by, reason=reason)
    _close_orders(bill)
    desks.done(bill, at=at)
    return bill


def _close_orders(bill: Bill) -> None:
    """No order on the bill is offered any more; what arrives for one all the same goes to the refunds."""
    Order.objects.filter(bill=bill, state=OrderState.OPEN).update(state=OrderState.CLOSED)


def expire_overdue(*, now: datetime) -> int:
    """Let the bills lapse whose time to pay has passed with nothing paid and no payment under way; how many."""
    today = timezone.localdate(now)
    due = Bill.objects.filter(state=State.ISSUED, due_on__lt=today).exclude(orders__state=OrderState.OPEN)
    return sum(_expire(pk, now=now) for pk in list(due.values_list("pk", flat=True)[:100]))


@transaction.atomic
def _expire(bill_id: int, *, now: datetime) -> int:
    bill = lock(bill_id)
    under_way = Order.objects.filter(bill=bill, state=OrderState.OPEN).exists()
    if bill.state != State.ISSUED or under_way or bill.due_on is None or bill.due_on >= timezone.localdate(now):
        return 0
    record(bill, Kind.EXPIRE, BillExpired(bill_id=bill.pk, about=bill.subject), at=now)
    return 1

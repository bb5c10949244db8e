"""A person's bills and payments as plain data, and what an erasure says of them. The slots of the vault, filled.

Bills and receipts are accounting vouchers: they stay (会计档案管理办法). They name the payer and hold no number, phone or address.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.fees.models import Bill
from zhengtong.approvals.fees.states import State
from zhengtong.security.vault import public as vault


def says(person_id: int, at: datetime) -> list[vault.Part]:
    """All of them stay."""
    why = _("缴款单和票据是会计凭证，按会计档案保存；里面只有缴款人姓名，没有证件号码和电话（会计档案管理办法）")
    return [vault.Part(_("缴款单和缴款记录"), Bill.objects.filter(payer_user_id=person_id).count(), False, why)]


def erase(person_id: int, at: datetime) -> int:
    """Nothing may go."""
    return 0


def export(person_id: int) -> dict[str, Any]:
    """Every bill with its lines, payments, refunds and papers."""
    rows = Bill.objects.filter(payer_user_id=person_id).order_by("pk")
    return {"bills": [_exported(row) for row in rows.prefetch_related("lines", "payments__refunds", "papers")]}


def _exported(bill: Bill) -> dict[str, Any]:
    return {
        "number": bill.number,
        "title": bill.title,
        "state": str(State(bill.state).label),
        "payer_name": bill.payer_name,
        **{name: getattr(bill, name) for name in ("total", "paid", "refunded", "issued_at", "due_on", "closed_at")},
        "lines": [{"name": line.name, "basis": line.basis, "amount": line.amount} for line in bill.lines.all()],
        "payments": [
            {
                "channel": one.channel,
                "transaction": one.transaction,
                "amount": one.amount,
                "paid_at": one.paid_at,
                "refunds": [{"number": back.number, "amount": back.amount} for back in one.refunds.all()],
            }
            for one in bill.payments.all()
        ],
        "papers": [{"kind": paper.kind, "number": paper.number} for paper in bill.papers.all()],
    }


def register() -> None:
    """Fill the slot."""
    vault.HOLDINGS["fees"] = vault.Holding(says, erase, export)

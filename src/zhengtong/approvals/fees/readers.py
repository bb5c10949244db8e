"""Who may read the files of a bill: the slots that `files` offers and the rules that `pmi` decides by, filled."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from zhengtong.approvals.fees import rules
from zhengtong.approvals.fees.models import Bill, BillLine, BillPaper, Refund
from zhengtong.approvals.fees.operations.papers import OWNER
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.pmi import public as pmi

PROOF, STATEMENT, REFUND_PROOF = "fee_proof", "fee_statement", "fee_refund_proof"


def reads_bill(user: Any, bill: Bill | None) -> bool:
    """The payer, or an official of a body on the bill."""
    if bill is None or not user.is_authenticated:
        return False
    on = timezone.localdate(calendars.official_now())
    return pmi.decide(user, "fees.view" if user.is_official else "fees.follow", bill, at=on).allowed


def _of_paper(user: Any, owner_id: int) -> bool:
    paper = BillPaper.objects.select_related("bill").filter(pk=owner_id).first()
    return paper is not None and reads_bill(user, paper.bill)


def _of_proof(user: Any, owner_id: int) -> bool:
    line = BillLine.objects.select_related("bill").filter(pk=owner_id).first()
    return line is not None and user.is_authenticated and user.is_official and reads_bill(user, line.bill)


def _of_refund(user: Any, owner_id: int) -> bool:
    refund = Refund.objects.select_related("payment__bill").filter(pk=owner_id).first()
    if refund is None or not user.is_authenticated or not user.is_official:
        return False
    try:
        # A bank slip names an account: not everybody who sees the bill.
        rules.handles_stranded(refund, user, timezone.localdate(calendars.official_now()))
    except ZhengtongError:
        return False
    return True


def _of_statement(user: Any, owner_id: int) -> bool:
    on = timezone.localdate(calendars.official_now())
    return user.is_authenticated and pmi.can(user, "fees.reconcile", on=on)


def _views(user: Any, bill: Bill, on: date) -> None:
    rules.may_view(bill, user, on)


def _follows(user: Any, bill: Bill, on: date) -> None:
    rules.is_payer(bill, user, on)


def register() -> None:
    """Say the rules about a bill and open the slots."""
    pmi.register_rule(Bill, "fees.view", _views, label=gettext_lazy("查看缴款单"))
    pmi.register_rule(Bill, "fees.follow", _follows, label=gettext_lazy("查看自己的缴款单"))
    files.register_reader(OWNER, _of_paper)
    files.register_reader(PROOF, _of_proof)
    files.register_reader(STATEMENT, _of_statement)
    files.register_reader(REFUND_PROOF, _of_refund)

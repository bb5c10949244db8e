"""Who may do what to a bill. Each rule raises a refusal with a sentence or passes silently."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.fees.models import Bill, BillLine, Refund
from zhengtong.approvals.fees.refusals import CannotRefund
from zhengtong.kernel.errors import NotFound
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import public as pmi


def assesses(line: BillLine, user: Any, on: date) -> None:
    """`user` assesses fees at the body that charges the line."""
    pmi.require(user, "fees.assess", organization=line.department, on=on)


def rules_over(bill: Bill, user: Any, on: date) -> None:
    """`user` assesses fees at the body that issued the bill, or at every department on it."""
    if pmi.can(user, "fees.assess", organization=bill.organization, on=on):
        return
    lines = list(bill.lines.select_related("department"))
    if not lines or not all(pmi.can(user, "fees.assess", organization=line.department, on=on) for line in lines):
        pmi.require(user, "fees.assess", organization=bill.organization, on=on)


def collects(user: Any, on: date) -> None:
    """`user` takes money at a window; any window serves any bill (一窗式)."""
    pmi.require(user, "fees.collect", on=on)


def asks_back(bill: Bill, user: Any, on: date) -> None:
    """`user` may ask for a refund at the issuing body or a department of the bill."""
    _somewhere(bill, user, "fees.refund", on)


def approves(refund: Refund, user: Any, on: date) -> None:
    """`user` approves refunds there, and is not who asked for it."""
    if refund.requested_by_id == user.pk:
        raise CannotRefund(_("申请退款和批准退款不能是同一个人，请由另一位有权限的人员批准。"))
    _somewhere(refund.payment.bill, user, "fees.approve_refund", on)


def handles_stranded(refund: Refund, user: Any, on: date) -> None:
    """`user` may record or judge that a refund went back by another path: whoever approves refunds there."""
    _somewhere(refund.payment.bill, user, "fees.approve_refund", on)


def agrees(refund: Refund, user: Any, on: date) -> None:
    """The same, and is not who recorded it."""
    if refund.elsewhere_by_id == user.pk:
        raise CannotRefund(_("登记和核准不能是同一个人，请由另一位有权限的人员核准。"))
    handles_stranded(refund, user, on)


def _somewhere(bill: Bill, user: Any, permission: str, on: date) -> None:
    bodies = [bill.organization, *(line.department for line in bill.lines.select_related("department"))]
    if not any(pmi.can(user, permission, organization=body, on=on) for body in bodies):
        pmi.require(user, permission, organization=bill.organization, on=on)


def may_view(bill: Bill, user: Any, on: date) -> None:
    """An official of the issuing body or of a department on the bill, or one who takes money at a window. Others learn nothing."""
    if pmi.can(user, "fees.collect", on=on):
        return
    bodies = [bill.organization, *(line.department for line in bill.lines.select_related("department"))]
    if not any(pmi.can(user, "fees.view", organization=body, on=on) for body in bodies):
        raise NotFound(_("没有找到这张缴款单，或者它不归您的岗位管理。"))


def is_payer(bill: Bill, user: Any, on: date) -> None:
    """`user` is asked to pay, or acts for who is. Strangers learn nothing: 404."""
    if user.is_authenticated:
        if bill.payer_user_id == user.pk:
            return
        for principal in accounts.principals_of(user, on=on):
            same_person = principal.user_id and principal.user_id == bill.payer_user_id
            if same_person or (principal.enterprise_id and principal.enterprise_id == bill.payer_enterprise_id):
                return
    raise NotFound(_("没有找到这张缴款单。请核对缴款码，或者登录缴款人的账号。"))


def collects_or_approves(refund: Refund, user: Any, on: date) -> None:
    """`user` hands money back: whoever takes it at a window, or whoever approves refunds."""
    if not pmi.can(user, "fees.collect", on=on):
        _somewhere(refund.payment.bill, user, "fees.approve_refund", on)

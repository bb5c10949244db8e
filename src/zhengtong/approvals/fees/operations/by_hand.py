"""A bill that no case draws up: somebody pays for what the county does outside a filing (a copy, an inspection on request).

What may be charged is in the catalogue alone: an item of a published matter with its law, rate and unit. An official says how many
units, never an amount; an item whose rate the catalogue does not hold waits to be assessed, as on every bill.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees.computing import law_of
from zhengtong.approvals.fees.models import Bill
from zhengtong.approvals.fees.operations.bills import LARGEST_QUANTITY, issue_bill
from zhengtong.approvals.fees.refusals import CannotBill
from zhengtong.approvals.fees.values import Line, Payer
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.kernel import money
from zhengtong.kernel.errors import Invalid
from zhengtong.security.pmi import public as pmi


def chargeable(user: Any, *, on: Any) -> list[matters.Matter]:
    """The published matters that charge, of the bodies at which `user` assesses fees."""
    bodies = pmi.organizations_where(user, "fees.assess", on=on)
    rows = matters.Matter.objects.filter(department__in=bodies, current__isnull=False)
    rows = rows.select_related("current", "department").order_by("department__path", "key")
    return [one for one in rows if one.current is not None and one.current.elements.fees.charged]


@transaction.atomic
def open_by_hand(
    *,
    matter: matters.Matter,
    quantities: Mapping[str, Decimal],
    payer: Payer,
    reason: str,
    once: str,
    by: Any,
    at: datetime,
) -> Bill:
    """Draw up a bill over items of a matter: {name of the item: units}. `once` names this act: sent twice, the second is refused.

    Raises `Invalid` without units, payer or reason, `CannotBill` for an item that is not in the catalogue.
    """
    pmi.require(by, "fees.assess", organization=matter.department, on=timezone.localdate(at))
    if matter.current is None or not matter.current.elements.fees.charged:
        raise CannotBill(_("这个事项不收费，或者没有发布，不能开单。"))
    if not reason.strip():
        raise Invalid(_("请写明开单的原因。"), fields={"reason": _("请写明开单的原因，会写在缴款通知书上。")})
    if not payer.name.strip():
        raise Invalid(_("请写明缴款人。"), fields={"number": _("请填写缴款人的号码或者姓名。")})
    if Bill.objects.filter(subject=f"hand:{once}").exists():
        raise CannotBill(_("这张缴款单已经开过，不用再开一次。请在缴款单列表里查看。"))
    elements = matter.current.elements
    lines = _lines(elements, quantities, reason)
    return issue_bill(
        subject=f"hand:{once}",
        title=elements.name,
        title_en=elements.name_en,
        payer=payer,
        lines=lines,
        by=by,
        at=at,
        organization=matter.department,
        pay_workdays=elements.fees.pay_workdays,
    )


def _lines(elements: MatterDocument, quantities: Mapping[str, Decimal], reason: str) -> list[Line]:
    """The items of the catalogue with these units; law, rate and account are the catalogue's."""
    items = {item.name: item for item in elements.fees.items}
    lines = []
    for name, quantity in quantities.items():
        if name not in items:
            raise CannotBill(_("事项里没有“{name}”这一项收费，不得收取（行政许可法第五十九条）。").format(name=name))
        if not quantity:
            continue
        if quantity < 0 or quantity > LARGEST_QUANTITY or not quantity.is_finite():
            raise Invalid(_("数量不能小于0，也不能过大。"))
        item = items[name]
        lines.append(
            Line(
                name=item.name,
                name_en=item.name_en,
                department=elements.department,
                basis=law_of(item.basis or elements.fees.basis),
                rate=money.yuan(item.amount) if item.amount is not None else None,
                quantity=quantity,
                unit=item.unit,
                code=item.code,
                account=item.account,
                note=reason.strip()[:300],
            )
        )
    if not lines:
        raise Invalid(_("请至少填写一项的数量。"), fields={"": _("请至少填写一项的数量。")})
    return lines

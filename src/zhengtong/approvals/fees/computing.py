"""What a matter costs for given answers: lines computed from the version's rules, in the closed language of its conditions."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop

from zhengtong.approvals.fees.values import Claim, Free, Line
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import FeeItem, Fees, LegalBasis
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel import expressions, money

UNKNOWN_WHETHER = gettext_noop("是否应收要由部门核定：申请内容不能确定。")
UNKNOWN_RATE = gettext_noop("收费标准要由部门核定：事项里没有录入标准。")
UNKNOWN_QUANTITY = gettext_noop("数量要由部门核定：申请内容不能确定。")


def lines_for_matter(
    version: matters.MatterVersion, answers: Mapping[str, Any], *, today: date | None = None, source: str = ""
) -> tuple[Line, ...]:
    """The lines a case of this version with these answers is charged; empty when it is free (行政许可法 第五十八条).

    `source`: what the lines belong to on a bill of several parts, such as `case:12`. What the answers cannot say is left open
    for an official: the line then has no quantity or no rate.
    """
    elements = version.elements
    if not elements.fees.charged:
        return ()
    day = today or calendars.official_today()
    computed = (_line(item, elements, answers, day, source) for item in elements.fees.items)
    return tuple(line for line in computed if line is not None)


def _line(
    item: FeeItem, elements: matters.MatterDocument, answers: Mapping[str, Any], today: date, source: str
) -> Line | None:
    applies = _value(item.applies_if, elements, answers, today, expressions.BOOLEAN) if item.applies_if else True
    if applies is False:
        return None
    rate = money.yuan(item.amount) if item.amount is not None else None
    quantity = _quantity(item, elements, answers, today) if applies else None
    if quantity is not None and quantity < 0:
        quantity = None
    return Line(
        name=item.name,
        name_en=item.name_en,
        department=elements.department,
        basis=law_of(item.basis or elements.fees.basis),
        rate=rate,
        quantity=quantity,
        unit=item.unit,
        code=item.code,
        account=item.account,
        source=source,
        note=_note(applies, rate, quantity),
        claims=tuple(_claims(item, elements, answers, today)),
    )


def _quantity(
    item: FeeItem, elements: matters.MatterDocument, answers: Mapping[str, Any], today: date
) -> Decimal | None:
    if item.quantity:
        found = _value(item.quantity, elements, answers, today, expressions.NUMBER)
        return found.quantize(Decimal("0.0001")) if isinstance(found, Decimal) else None
    return Decimal(1) if item.rule == "fixed" else None


def _note(applies: Any, rate: Decimal | None, quantity: Decimal | None) -> str:
    if applies is None:
        return UNKNOWN_WHETHER
    if rate is None:
        return UNKNOWN_RATE
    return UNKNOWN_QUANTITY if quantity is None else ""


def _claims(item: FeeItem, elements: matters.MatterDocument, answers: Mapping[str, Any], today: date) -> list[Claim]:
    """The reductions these answers claim, the largest first."""
    found = [
        Claim(name=r.name, basis=law_of(r.basis), percent=r.percent, proof=r.proof)
        for r in elements.fees.reductions
        if r.item in ("", item.name)
        and r.when
        and _value(r.when, elements, answers, today, expressions.BOOLEAN) is True
    ]
    return sorted(found, key=lambda claim: -claim.percent)


def _value(text: str, elements: matters.MatterDocument, answers: Mapping[str, Any], today: date, expects: str) -> Any:
    expression = matters.condition(text, elements.form.fields, expects=expects)
    return expressions.evaluate(expression, answers, today=today)


def law_of(basis: LegalBasis | None) -> str:
    """《城市道路管理条例》第三十七条; empty when there is none."""
    if basis is None or not basis.law:
        return ""
    law = basis.law if basis.law.startswith("《") else f"《{basis.law}》"
    return f"{law}{basis.article or ''}"[:200]


def free_by(fees: Fees) -> Free | None:
    """The proof that nothing is charged, and by which law; None when the matter charges."""
    if fees.charged:
        return None
    return Free(law_of(fees.basis), bool(fees.basis and fees.basis.checked))


def gate_note(fees: Fees) -> str:
    """The sentence a notice carries when a law lets decision or delivery wait for the payment; empty: nothing waits."""
    law = law_of(fees.gate_basis)
    if fees.gate == "decision":
        return f"依照{law}，缴清后本机关方可作出决定。"
    if fees.gate == "delivery":
        return f"依照{law}，缴清后本机关方可送达结果。"
    return ""

"""Checks of law, limits, fees and codes."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from zhengtong.approvals.matters.lint.findings import Finding, error, warning
from zhengtong.approvals.matters.values import Fees, LegalBasis, MatterDocument, SpecialProcedure
from zhengtong.kernel import money
from zhengtong.kernel.identifiers import matter_code

LICENCE, SERVICE = "01", "20"
LICENSING_LAW = "行政许可法"
STOPS_BY_ARTICLE_45 = {
    "hearing",
    "waterhearing",
    "public_hearing",
    "tender",
    "auction",
    "test",
    "inspection",
    "quarantine",
    "appraisal",
    "expert",
}
"""听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审 (行政许可法 第四十五条)."""
COUNTY_SETTINGS = ("县级设定", "")


def legal_basis(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """A power needs a law; a public service may do without one."""
    if not document.legal_basis:
        make = warning if document.type_code == SERVICE else error
        yield make("no_legal_basis", _("没有设定依据。请写明法律、法规的名称和条款。"), "legal_basis")
    elif not any(basis.checked for basis in document.legal_basis):
        yield warning("basis_unchecked", _("设定依据都没有与法律文本核对过，发布前请核对。"), "legal_basis")


def limits(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """The promise may be shorter than the statute, never longer (行政许可法 第四十二条; 优化营商环境条例 第三十六条)."""
    statutory, promised = document.statutory_limit, document.promised_workdays
    if statutory.days is None and not statutory.reason:
        yield error("limit_without_reason", _("没有填法定时限，也没有说明法律为什么没有规定。"), "statutory_limit")
    if statutory.days is not None and promised > statutory.days:
        message = _("承诺时限{promised}个工作日超过了法定时限{statutory}个工作日。").format(
            promised=promised, statutory=statutory.days
        )
        yield error("promise_exceeds_statute", message, "promised_workdays")
    if statutory.days is not None and not statutory.law:
        yield error("limit_without_law", _("法定时限没有写明出自哪部法律。"), "statutory_limit")
    if promised < 0 or promised > 365:
        yield error("promise_out_of_range", _("承诺时限应在0到365个工作日之间。"), "promised_workdays")
    if document.handling_type == "1" and promised > 1:
        yield warning(
            "immediate_takes_days",
            _("即办件应当场办结，承诺时限却是{n}个工作日。").format(n=promised),
            "promised_workdays",
        )
    if document.acceptance_workdays > 5 and document.type_code == LICENCE:
        yield error(
            "acceptance_too_long",
            _("许可事项的受理期限不能超过5个工作日（行政许可法第三十二条）。"),
            "acceptance_workdays",
        )
    if document.delivery_workdays > 10 and document.type_code == LICENCE:
        yield error(
            "delivery_too_long", _("许可证件应在决定后10个工作日内送达（行政许可法第四十四条）。"), "delivery_workdays"
        )


def special_procedures(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """What stops a statutory clock needs a law; extension needs one too."""
    for procedure in document.special_procedures:
        where = f"special_procedures.{procedure.kind}"
        if "statutory" in procedure.clocks and not _is_law(procedure.basis):
            message = _("“{name}”停止法定时限，却没有法律依据。没有法律依据的只能停止承诺时限。").format(
                name=procedure.name
            )
            yield error("stops_statute_without_law", message, where)
        elif _outside_article_45(procedure):
            message = _("“{name}”不在行政许可法第四十五条所列之内，停止法定时限的依据请再核对。").format(
                name=procedure.name
            )
            yield warning("not_in_article_45", message, where)
        if procedure.max_workdays is None:
            yield warning(
                "special_without_limit", _("“{name}”没有最长时限，容易被用来拖延。").format(name=procedure.name), where
            )
        if not procedure.clocks:
            yield error("special_without_clock", _("“{name}”没有说明影响哪个时限。").format(name=procedure.name), where)
    kinds = [procedure.kind for procedure in document.special_procedures]
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        yield error("special_twice", _("特别程序“{kind}”写了两次。").format(kind=kind), f"special_procedures.{kind}")


def _is_law(basis: LegalBasis) -> bool:
    return basis.law not in COUNTY_SETTINGS and bool(basis.article or basis.checked)


def _outside_article_45(procedure: SpecialProcedure) -> bool:
    stops = procedure.effect == "suspend" and "statutory" in procedure.clocks
    return stops and procedure.basis.law == LICENSING_LAW and procedure.kind not in STOPS_BY_ARTICLE_45


def fees(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Charging needs a basis and a published rate (行政许可法 第五十八条、第五十九条)."""
    charge = document.fees
    if charge.gate != "none" and (charge.gate_basis is None or not _is_law(charge.gate_basis)):
        message = _("写明先缴费再办理，却没有法律依据。没有依据的，办理不能等缴费。")
        yield error("fee_gate_without_basis", message, "fees")
    if charge.gate != "none" and not charge.charged:
        yield error("fee_gate_but_free", _("写明不收费，却要求先缴费。"), "fees")
    if not charge.charged:
        if charge.items:
            yield error("free_with_items", _("写明不收费，却列了收费项目。"), "fees")
        return
    if charge.basis is None or not charge.basis.law:
        yield error(
            "fee_without_basis", _("收费没有依据。没有法律、行政法规依据的不得收费（行政许可法第五十八条）。"), "fees"
        )
    if not charge.items:
        yield error("fee_without_items", _("写明收费，却没有收费项目和标准。"), "fees")
    if charge.pay_workdays < 1:
        yield error("fee_no_time_to_pay", _("缴款期限至少1个工作日。"), "fees")
    yield from _items(charge)
    yield from _reductions(charge)


def _items(charge: Fees) -> Iterator[Finding]:
    names = [item.name for item in charge.items]
    for item in charge.items:
        where = f"fees.{item.name}"
        if names.count(item.name) > 1:
            yield error("fee_twice", _("收费项目“{name}”写了两次。").format(name=item.name), where)
        if not (item.basis or charge.basis):
            yield error("fee_line_without_basis", _("“{name}”没有收费依据。").format(name=item.name), where)
        if item.amount is None:
            yield warning(
                "fee_rate_missing", _("“{name}”没有收费标准，群众看不到要交多少钱。").format(name=item.name), "fees"
            )
        elif not _is_rate(item.amount):
            message = _("“{name}”的标准“{amount}”不是金额，请填写元，例如 80。").format(
                name=item.name, amount=item.amount
            )
            yield error("fee_rate_not_money", message, where)
        if not item.account:
            yield warning("fee_without_account", _("“{name}”没有收入科目编码。").format(name=item.name), where)


def _is_rate(text: str) -> bool:
    try:
        return money.yuan(text) >= 0
    except money.NotMoney:
        return False


def _reductions(charge: Fees) -> Iterator[Finding]:
    names = {item.name for item in charge.items}
    for reduction in charge.reductions:
        where = f"fees.{reduction.name}"
        if reduction.item and reduction.item not in names:
            message = _("减免“{name}”针对的收费项目“{item}”不存在。").format(name=reduction.name, item=reduction.item)
            yield error("reduction_of_nothing", message, where)
        if not 1 <= reduction.percent <= 100:
            message = _("减免“{name}”的比例应在1到100之间。").format(name=reduction.name)
            yield error("reduction_out_of_range", message, where)
        if not reduction.basis.law:
            yield error("reduction_without_basis", _("减免“{name}”没有依据。").format(name=reduction.name), where)


def codes(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Codes are well formed and agree with each other (GB/T 39554.1-2020 as seen in use)."""
    for name, value in (("basic_code", document.basic_code), ("implementation_code", document.implementation_code)):
        for sentence in matter_code.check(value).errors:
            yield error("bad_code", sentence, name)
    if not document.implementation_code[:31].endswith(document.basic_code):
        yield error("codes_disagree", _("实施编码的后12位应与基本编码相同。"), "implementation_code")
    if document.basic_code[2:4] != document.type_code:
        yield warning("type_disagrees", _("基本编码第3、4位与事项类型不一致，请核对。"), "basic_code")
    if document.implementation_code[18:19] != document.level:
        yield warning("level_disagrees", _("实施编码第19位与行使层级不一致，请核对。"), "implementation_code")
    if document.department not in bodies:
        yield error(
            "unknown_department", _("实施主体“{code}”不在机构目录里。").format(code=document.department), "department"
        )


RULES = (legal_basis, limits, special_procedures, fees, codes)

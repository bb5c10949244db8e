"""Checks of what people read: remedies, where to go, how it is done online."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from zhengtong.approvals.matters.lint.findings import Finding, error, warning
from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.kernel.identifiers import matter_code

AUDIENCES = ("1", "2", "3", "4", "5", "6")
HANDLING = ("1", "2", "9")


def remedies(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Where to seek review and sue, and within what time (行政许可法 第三十八条; 行政复议法 第二十条; 行政诉讼法 第四十六条)."""
    text = document.remedies
    if not text.strip():
        yield error("no_remedies", _("没有写救济途径。不予许可时必须告知复议和诉讼的权利与期限。"), "remedies")
    elif "复议" not in text or "诉讼" not in text:
        yield warning("remedies_incomplete", _("救济途径应同时写明行政复议和行政诉讼。"), "remedies")


def kinds(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Codes of GB/T 39046-2020 annex A."""
    if document.type_code not in matter_code.TYPES:
        yield warning(
            "type_extension", _("事项类型{code}是地方扩展，请核对。").format(code=document.type_code), "type_code"
        )
    if document.level not in matter_code.LEVELS:
        yield error("unknown_level", _("行使层级“{code}”不是标准代码。").format(code=document.level), "level")
    if not document.audiences or any(code not in AUDIENCES for code in document.audiences):
        yield error("unknown_audience", _("服务对象没有填，或不是标准代码。"), "audiences")
    if document.handling_type not in HANDLING:
        yield error(
            "unknown_handling", _("办件类型“{code}”不是标准代码。").format(code=document.handling_type), "handling_type"
        )


def online(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """End to end means depth 4 and no visit; a visit has a reason."""
    if not 1 <= document.online.depth <= 4:
        yield error("unknown_depth", _("网办深度应为1到4级。"), "online")
    if document.online.end_to_end and (document.online.depth < 4 or document.visits > 0):
        yield error("not_end_to_end", _("写明全程网办，网办深度应为4级且不用到现场。"), "online")
    if document.visits > 0 and not document.visit_reason:
        yield warning("visit_without_reason", _("要到现场{n}次，请写明为什么。").format(n=document.visits), "visits")
    if document.visits < 0:
        yield error("negative_visits", _("到现场次数不能小于0。"), "visits")


def readable(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """What a guide without them would leave open."""
    checks = (
        ("no_conditions", not document.conditions, _("没有写受理条件，群众无法判断自己能不能办。"), "conditions"),
        ("no_place", not document.places, _("没有写办理地点。"), "places"),
        ("no_phone", not document.enquiry_phone, _("没有写咨询电话。"), "enquiry_phone"),
        ("no_complaint_phone", not document.complaint_phone, _("没有写监督投诉电话。"), "complaint_phone"),
        ("no_english", not document.name_en, _("没有英文名称，英文页面将显示中文。"), "name_en"),
        ("no_synonyms", not document.synonyms, _("没有写群众的说法，用口语可能搜不到这个事项。"), "synonyms"),
    )
    for code, missing, sentence, where in checks:
        if missing:
            yield warning(code, sentence, where)
    if not document.name.strip() or not document.result.name.strip():
        yield error("no_name", _("事项名称和结果名称不能为空。"), "name")


RULES = (remedies, kinds, online, readable)

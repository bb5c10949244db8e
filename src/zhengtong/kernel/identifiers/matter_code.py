"""事项编码 in the layout of GB/T 39554.1-2020 as seen in use.

    基本编码 12: province 2, type 2, department 2, main item 3, sub-item 3      431004129W00
    实施编码 31: 统一社会信用代码 18 of the body, level 1, 基本编码 12           11430902006728916M4431004129W00
    办理项编码 33: 实施编码 and 2 more characters (the rule for them was not read: accepted with a warning)

Codes of the older GB/T 39048-2020 (licences only) are another layout and are not mixed in.
"""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.identifiers import division, uscc
from zhengtong.kernel.identifiers.values import Finding, normalise

TYPES = {
    "00": gettext_lazy("行政权力"),
    "01": gettext_lazy("行政许可"),
    "02": gettext_lazy("行政处罚"),
    "03": gettext_lazy("行政强制"),
    "04": gettext_lazy("行政征收"),
    "05": gettext_lazy("行政给付"),
    "06": gettext_lazy("行政检查"),
    "07": gettext_lazy("行政确认"),
    "08": gettext_lazy("行政奖励"),
    "09": gettext_lazy("行政裁决"),
    "10": gettext_lazy("其他行政权力"),
    "20": gettext_lazy("公共服务"),
}
"""事项类型 (GB/T 39046-2020 annex A); 11–19 and 21 onwards are extensions."""

LEVELS = {
    "1": gettext_lazy("国家级"),
    "2": gettext_lazy("省级"),
    "3": gettext_lazy("市级"),
    "4": gettext_lazy("县级"),
    "5": gettext_lazy("镇（乡、街道）级"),
    "6": gettext_lazy("村（社区）级"),
    "7": gettext_lazy("分级管理"),
}
"""行使层级 (GB/T 39046-2020 annex A)."""

_BASIC = re.compile(
    r"(?P<province>[0-9]{2})(?P<type>[0-9]{2})(?P<department>[0-9A-Z]{2})(?P<main>[0-9]{3})(?P<sub>[0-9A-Z][0-9]{2})"
)


def check(value: str) -> Finding:
    """Is `value` a matter code of 12, 31 or 33 characters? Facts: layout, basic, its parts, and for 31: uscc, level."""
    code = normalise(value)
    if len(code) == 12:
        return _check_basic(code)
    if len(code) in (31, 33):
        return _check_implementation(code)
    if not code:
        return Finding(code, (_("请填写事项编码。"),))
    text = _("事项编码应为12位基本编码或31位实施编码，现为{n}位，请核对。")
    return Finding(code, (text.format(n=len(code)),))


def _check_basic(code: str) -> Finding:
    match = _BASIC.fullmatch(code)
    if match is None:
        text = _("基本编码“{code}”的写法不对：应为省2位、类型2位、部门2位、主项3位、子项3位，请核对。")
        return Finding(code, (text.format(code=code),))
    if match["province"] not in division.PROVINCES:
        return Finding(code, (_("基本编码前2位“{code}”不是省级区划代码，请核对。").format(code=match["province"]),))
    warnings: tuple[str, ...] = ()
    if match["type"] not in TYPES:
        warnings = (_("事项类型{code}是地方扩展类型，请核对。").format(code=match["type"]),)
    facts = {**match.groupdict(), "layout": "basic", "basic": code, "type_label": str(TYPES.get(match["type"], ""))}
    return Finding(code, (), warnings, facts)


def _check_implementation(code: str) -> Finding:
    body, basic = uscc.check(code[:18]), _check_basic(code[19:31])
    errors = [_("前18位（实施主体）：{problem}").format(problem=problem) for problem in body.errors]
    if code[18] not in LEVELS:
        errors.append(_("第19位“{level}”不是行使层级代码（1至7），请核对。").format(level=code[18]))
    errors += [_("第20至31位：{problem}").format(problem=problem) for problem in basic.errors]
    warnings = [*body.warnings, *basic.warnings]
    if len(code) == 33:
        warnings.append(_("33位办理项编码的后2位没有核对规则，仅核对了前31位。"))
    if errors:
        return Finding(code, tuple(errors), tuple(warnings))
    facts = {
        **basic.facts,
        "layout": "implementation" if len(code) == 31 else "handling",
        "uscc": body.value,
        "level": code[18],
        "level_label": str(LEVELS[code[18]]),
    }
    return Finding(code, (), tuple(warnings), facts)


def make_basic(*, province: str = "43", type_code: str, department: str, main: int, sub: str = "000") -> str:
    """A 12-character 基本编码 from its parts."""
    return f"{province}{type_code}{department}{main:03d}{sub}"


def make_implementation(*, body_uscc: str, level: str | int, basic: str) -> str:
    """A 31-character 实施编码: whose code, at which level, for which 基本编码."""
    return f"{body_uscc}{level}{basic}"


def mask(value: str) -> str:
    """Matter codes are public: the value itself."""
    return value

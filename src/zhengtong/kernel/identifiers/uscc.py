"""统一社会信用代码 (GB 32100-2015 and amendment 1): registrar 1, kind 1, division 6, subject 9, check character 1.

Codes of collective economic organisations (N…) are valid. A handful of codes given out in the pilot years carry a wrong
check character and are lawful all the same: they pass with a warning when listed with a reason.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.identifiers import division
from zhengtong.kernel.identifiers.values import Finding, normalise

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_SUBJECT_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_LOOKALIKES = {"I": "1", "O": "0", "Z": "2", "S": "5", "V": "U"}

REGISTRARS = {
    "1": gettext_lazy("机构编制部门"),
    "2": gettext_lazy("外交部门"),
    "3": gettext_lazy("司法行政部门"),
    "4": gettext_lazy("文化部门"),
    "5": gettext_lazy("民政部门"),
    "6": gettext_lazy("旅游部门"),
    "7": gettext_lazy("宗教部门"),
    "8": gettext_lazy("工会"),
    "9": gettext_lazy("市场监督管理部门"),
    "A": gettext_lazy("中央军委改革和编制办公室"),
    "N": gettext_lazy("农业农村部门"),
    "Y": gettext_lazy("其他登记管理部门"),
}
"""First character: who registers the body."""

KINDS = {
    "11": gettext_lazy("机关"),
    "12": gettext_lazy("事业单位"),
    "13": gettext_lazy("群众团体"),
    "31": gettext_lazy("律师执业机构"),
    "32": gettext_lazy("公证处"),
    "33": gettext_lazy("基层法律服务所"),
    "34": gettext_lazy("司法鉴定机构"),
    "51": gettext_lazy("社会团体"),
    "52": gettext_lazy("民办非企业单位"),
    "53": gettext_lazy("基金会"),
    "71": gettext_lazy("宗教活动场所"),
    "72": gettext_lazy("宗教院校"),
    "81": gettext_lazy("基层工会"),
    "91": gettext_lazy("企业"),
    "92": gettext_lazy("个体工商户"),
    "93": gettext_lazy("农民专业合作社"),
    "N1": gettext_lazy("组级集体经济组织"),
    "N2": gettext_lazy("村级集体经济组织"),
    "N3": gettext_lazy("乡镇级集体经济组织"),
}
"""First two characters: what kind of body, as far as a county meets it."""

LAWFUL_EXCEPTIONS: Mapping[str, str] = {"91350100M0001TGQXM": gettext_lazy("试点初期赋码，校验码有误但依法有效")}  # type: ignore[dict-item]
"""Codes known to be lawful despite a wrong check character; a county adds its own by passing them to `check`."""


def check_character(first17: str) -> str:
    """The 18th character: (31 − Σ value·3^i mod 31) mod 31."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def subject_check_character(first8: str) -> str:
    """The last character of the subject part (GB 11714): 11 − Σ value·weight mod 11, 10 as X, 11 as 0."""
    total = sum(int(character, 36) * weight for character, weight in zip(first8, _SUBJECT_WEIGHTS, strict=True))
    return "0X987654321"[total % 11]


def check(value: str, *, lawful_exceptions: Mapping[str, str] | None = None) -> Finding:
    """Is `value` a unified social credit code? `lawful_exceptions`: code → reason, for lawful codes that fail the sum.

    Facts: registrar, kind, division, subject; `exception` with the reason when one was used.
    """
    code = re.sub(r"[-—–]", "", normalise(value))
    shape = _shape_error(code)
    if shape:
        return Finding(code, (shape,))
    facts: dict[str, object] = {
        "registrar": str(REGISTRARS[code[0]]),
        "kind": str(KINDS.get(code[:2], "")),
        "division": code[2:8],
        "subject": code[8:17],
    }
    right = check_character(code[:17])
    if right == code[17]:
        return Finding(code, (), _warnings(code), facts)
    reason = (lawful_exceptions or {}).get(code) or LAWFUL_EXCEPTIONS.get(code)
    if not reason:
        text = _("统一社会信用代码校验不通过：按前17位计算，第18位校验码应为{right}，请逐位核对。")
        return Finding(code, (text.format(right=right),))
    warning = _("第18位校验码不符（应为{right}），但已登记为合法例外：{reason}。").format(right=right, reason=reason)
    return Finding(code, (), (warning, *_warnings(code)), {**facts, "exception": str(reason)})


def _shape_error(code: str) -> str:
    if not code:
        return _("请填写统一社会信用代码。")
    if len(code) != 18:
        return _("统一社会信用代码应为18位，现为{n}位，请核对。").format(n=len(code))
    for place, character in enumerate(code, 1):
        if character in _LOOKALIKES:
            text = _("第{place}位是字母{letter}，统一社会信用代码不使用I、O、Z、S、V，可能应为{likely}，请核对。")
            return text.format(place=place, letter=character, likely=_LOOKALIKES[character])
        if character not in ALPHABET:
            return _("第{place}位“{character}”不是统一社会信用代码的字符，请核对。").format(
                place=place, character=character
            )
    if code[0] not in REGISTRARS:
        return _("第1位“{character}”不是登记管理部门代码，请核对。").format(character=code[0])
    if not code[2:8].isdigit():
        return _("第3至8位应为6位数字的登记机关区划代码，请核对。")
    return ""


def _warnings(code: str) -> tuple[str, ...]:
    warnings = []
    if code[2:4] not in division.PROVINCES and code[2:8] != "100000":
        warnings.append(_("第3至8位“{code}”不是常见的区划代码，请核对。").format(code=code[2:8]))
    if code[16] != subject_check_character(code[8:16]):
        warnings.append(_("第9至17位主体标识码自身的校验码不符，少数登记机关赋码如此，请核对。"))
    return tuple(warnings)


def make_synthetic(*, kind: str = "91", division_code: str = "431321", serial: int) -> str:
    """A code of a body that does not exist (subject part begins with DEM), for demos and tests."""
    subject = f"DEM{serial % 100000:05d}"
    first17 = f"{kind}{division_code[:6]}{subject}{subject_check_character(subject)}"
    return first17 + check_character(first17)


def mask(value: str) -> str:
    """A body's code is public: the value itself."""
    return value

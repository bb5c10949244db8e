"""投资项目代码: the code that every department uses for one investment project (GB/T 40058-2021; 核准条例 第四条).

    2606-431321-04-01-12345C    YYMM, division 6, central guiding department 2, kind 2, random 5 and a check character

24 characters, hyphens counted. The layout was read on two pages that agree; the text of the standard, and with it the
algorithm of the check character, was not. So the layout is always checked, the check character only when the county
names an algorithm (`algorithm`), and whether the code exists is for the platform that gave it out to say.
"""

import re
import secrets
from datetime import date

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.identifiers import division
from zhengtong.kernel.identifiers.case_number import check_digit
from zhengtong.kernel.identifiers.values import Finding, normalise

LENGTH = 24
_DASHES = re.compile(r"[-—–－_]")
_PARTS = re.compile(r"([0-9]{4})([0-9]{6})([0-9]{2})([0-9]{2})([0-9]{5})([0-9X])")


def _mod_11_10(digits: str) -> str:
    return check_digit(digits)


def _mod_11_2(digits: str) -> str:
    product = 0
    for digit in digits:
        product = (product + int(digit)) * 2 % 11
    rest = (12 - product) % 11
    return "X" if rest == 10 else str(rest)


ALGORITHMS = {"": None, "mod-11-10": _mod_11_10, "mod-11-2": _mod_11_2}
"""ISO 7064 pure and hybrid systems, by the name a county may configure; empty: the check character is not computed."""


def check(value: str, *, algorithm: str = "") -> Finding:
    """Is `value` a project code? Facts: issued (YYMM), division, department, kind, verified (False: by its form only)."""
    text = normalise(value)
    if not text:
        return Finding(text, (_("请填写投资项目代码。"),))
    match = _PARTS.fullmatch(_DASHES.sub("", text))
    if match is None:
        return Finding(
            text,
            (_("投资项目代码共24个字符，写法是“2606-431321-04-01-123456”，请按投资项目在线平台给出的代码填写。"),),
        )
    month, place, department, kind, random, character = match.groups()
    shown = f"{month}-{place}-{department}-{kind}-{random}{character}"
    if not 1 <= int(month[2:]) <= 12:
        return Finding(shown, (_("投资项目代码开头是赋码年月，“{month}”不是年月，请核对。").format(month=month),))
    if place[:2] not in division.PROVINCES:
        return Finding(shown, (_("投资项目代码的第二段“{code}”不是区划代码，请核对。").format(code=place),))
    compute = ALGORITHMS[algorithm]
    if compute is not None and compute(month + place + department + kind + random) != character:
        return Finding(shown, (_("投资项目代码校验不通过，请逐位核对。"),))
    warnings = () if compute else (_("校验位的算法没有核实，只核对了代码的写法；代码是否存在以投资项目在线平台为准。"),)
    facts = {
        "issued": month,
        "division": place,
        "department": department,
        "kind": kind,
        "verified": compute is not None,
    }
    return Finding(shown, (), warnings, facts)


def make_synthetic(
    *,
    division_code: str,
    on: date,
    serial: int | None = None,
    department: str = "04",
    kind: str = "01",
    algorithm: str = "mod-11-10",
) -> str:
    """A well-formed code for demos and tests; real ones are given by the national platform alone. Raises `Invalid`."""
    number = secrets.randbelow(100_000) if serial is None else serial
    if not 0 <= number <= 99_999:
        raise Invalid(_("投资项目代码的随机段只有5位。"))
    body = f"{on:%y%m}{division_code[:6]}{department}{kind}{number:05d}"
    compute = ALGORITHMS[algorithm]
    character = compute(body) if compute else "0"
    return f"{body[:4]}-{body[4:10]}-{body[10:12]}-{body[12:14]}-{body[14:]}{character}"


def mask(value: str) -> str:
    """A project code is public: the value itself."""
    return value

"""办件编号: one number for machines, one to be said aloud, and a random query code.

    machine 44   实施编码 31 + YYYYMMDD + 5-digit daily serial
    spoken       431321-YYMMDD-NNNNN-C    division, day, serial of that day in the county, check digit
    query code   8 characters none of which looks like another

The check digit is ISO 7064 MOD 11,10: digits only, so the number can be read out, dialled and typed on a telephone; it
catches every single wrong digit and nearly every swap of neighbours. Numbers are never used twice; gaps are allowed.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.identifiers import division, matter_code
from zhengtong.kernel.identifiers.values import Finding, normalise

# Without 0 O, 1 I L, 2 Z, 5 S, U V, 8 B.
QUERY_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
QUERY_LENGTH = 8
_DASHES = re.compile(r"[-—–－_.·]")
_SPOKEN = re.compile(r"([0-9]{6})([0-9]{6})([0-9]{5})([0-9])")


@dataclass(frozen=True)
class CaseNumber:
    """A spoken case number taken apart; `str()` writes it with its check digit."""

    division: str
    on: date
    serial: int

    def __str__(self) -> str:
        day = f"{self.on:%y%m%d}"
        digits = f"{self.division}{day}{self.serial:05d}"
        return f"{self.division}-{day}-{self.serial:05d}-{check_digit(digits)}"


def check_digit(digits: str) -> str:
    """ISO 7064 MOD 11,10."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def check(value: str) -> Finding:
    """Is `value` a case number, spoken or machine? Facts: form, division, on, serial (and implementation_code).

    Dashes may be missing or of another kind.
    """
    text = normalise(value)
    digits = _DASHES.sub("", text)
    if not text:
        return Finding(text, (_("请填写办件编号。"),))
    if len(digits) == 44:
        return _check_machine(digits)
    match = _SPOKEN.fullmatch(digits)
    if match is None:
        return Finding(text, (_("办件编号的写法是“431321-261012-00042-6”（18位数字），请按回执上的编号填写。"),))
    return _check_spoken(match)


def _check_spoken(match: re.Match[str]) -> Finding:
    place, day_text, serial, digit = match.groups()
    shown = "-".join(match.groups())
    right = check_digit(place + day_text + serial)
    if right != digit:
        return Finding(shown, (_("办件编号校验不通过：最后一位应为{right}，请逐位核对。").format(right=right),))
    day = _day("20" + day_text)
    problem = _problem(place, day, int(serial), day_text)
    if problem or day is None:
        return Finding(shown, (problem,))
    return Finding(shown, facts={"form": "spoken", "division": place, "on": day, "serial": int(serial)})


def _check_machine(text: str) -> Finding:
    code, day_text, serial = matter_code.check(text[:31]), text[31:39], text[39:]
    day = _day(day_text)
    errors = [_("前31位（实施编码）：{problem}").format(problem=problem) for problem in code.errors]
    if day is None:
        errors.append(_("办件编号中的日期“{text}”不存在，请核对。").format(text=day_text))
    if not (serial.isascii() and serial.isdigit() and int(serial)):
        errors.append(_("办件编号的顺序号应为00001至99999，请核对。"))
    if errors:
        return Finding(text, tuple(errors), code.warnings)
    facts = {"form": "machine", "implementation_code": text[:31], "on": day, "serial": int(serial)}
    return Finding(text, (), code.warnings, facts)


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _problem(place: str, day: date | None, serial: int, day_text: str) -> str:
    if place[:2] not in division.PROVINCES:
        return _("办件编号前6位“{code}”不是区划代码，请核对。").format(code=place)
    if day is None:
        return _("办件编号中的日期“{text}”不存在，请核对。").format(text=day_text)
    return "" if serial else _("办件编号的顺序号应为00001至99999，请核对。")


def parse(value: str) -> CaseNumber:
    """The parts of a spoken number. Raises `Invalid` with the sentence of `check`."""
    found = check(value)
    if not found.ok or found.facts["form"] != "spoken":
        raise Invalid(found.errors[0] if found.errors else _("请填写回执上的办件编号。"))
    text = found.value
    return CaseNumber(text[:6], date(2000 + int(text[7:9]), int(text[9:11]), int(text[11:13])), int(text[14:19]))


def make_spoken(*, division_code: str, on: date, serial: int) -> str:
    """The spoken number. Raises `Invalid` when the day's 99,999 numbers are used up or the year cannot be written."""
    _demand(on, serial)
    return str(CaseNumber(division_code[:6], on, serial))


def make_machine(*, implementation_code: str, on: date, serial: int) -> str:
    """The 44-character machine number. Raises `Invalid` as `make_spoken`."""
    _demand(on, serial)
    return f"{implementation_code}{on:%Y%m%d}{serial:05d}"


def _demand(on: date, serial: int) -> None:
    if not 1 <= serial <= 99999:
        raise Invalid(_("当天的办件编号已经用完（每天最多99999件），请联系系统管理员。"))
    if not 2000 <= on.year <= 2099:
        raise Invalid(_("办件编号只能编2000年至2099年的日期。"))


def query_code() -> str:
    """A fresh random query code; whoever knows it and the number may see the progress of the case."""
    return "".join(secrets.choice(QUERY_ALPHABET) for _place in range(QUERY_LENGTH))


def check_query_code(value: str) -> Finding:
    """Has `value` the shape of a query code? (Whether it belongs to a case is the case's to say.)"""
    code = _DASHES.sub("", normalise(value))
    if len(code) != QUERY_LENGTH or any(character not in QUERY_ALPHABET for character in code):
        return Finding(code, (_("查询码是回执上的{n}位字母和数字，请核对。").format(n=QUERY_LENGTH),))
    return Finding(code)


def mask(value: str) -> str:
    """A case number alone opens nothing: the value itself."""
    return value


def mask_query_code(value: str) -> str:
    """Only the first two characters."""
    return value[:2] + "*" * max(0, len(value) - 2)

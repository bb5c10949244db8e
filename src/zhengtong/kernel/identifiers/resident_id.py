"""公民身份号码 (GB 11643-1999): place 6, birth date 8, serial 3 (odd: male), check character 1 (ISO 7064 MOD 11-2).

A wrong check character or an impossible date is an error. A place code that did not exist in the year of birth is only
a warning: people registered late carry such numbers lawfully (双峰县 is 431321 since 1999 and was 432522 before).
"""

import re
from datetime import date

from django.utils.translation import gettext as _

from zhengtong.kernel.identifiers import division
from zhengtong.kernel.identifiers.values import Finding, normalise

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
# 港澳台居民居住证 begin with 81, 82, 83; the five-star 外国人永久居留身份证 (since 2023) begins with 9.
RESIDENCE_PERMITS = {"81": "hong_kong", "82": "macao", "83": "taiwan"}
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_OLDEST = 130


def check_character(first17: str) -> str:
    """The 18th character for the first 17 digits."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11]


def check(value: str, *, on: date | None = None) -> Finding:
    """Is `value` a citizen number? `on`: the day of the check, so that a birth date in the future is seen.

    Facts: kind, division, birth_on, sex, serial. Full-width digits, spaces and a small x are put right first.
    """
    number = normalise(value).replace("×", "X")
    shape = _shape_error(number)
    if shape:
        return Finding(number, (shape,))
    birth = _birth(number)
    errors = tuple(filter(None, (_place_error(number), _birth_error(number, birth, on), _checksum_error(number))))
    if errors or birth is None:
        return Finding(number, errors)
    facts = {
        "kind": _kind(number),
        "division": number[:6],
        "birth_on": birth,
        "sex": "male" if int(number[16]) % 2 else "female",
        "serial": number[14:17],
    }
    return Finding(number, (), _warnings(number, birth, on), facts)


def _shape_error(number: str) -> str:
    if not number:
        return _("请填写公民身份号码。")
    if len(number) == 15 and number.isascii() and number.isdigit():
        return _("15位旧身份证号码已停止使用，请按现行身份证填写18位号码。")
    if len(number) != 18:
        return _("公民身份号码应为18位，现为{n}位，请核对。").format(n=len(number))
    if not _SHAPE.fullmatch(number):
        return _("公民身份号码前17位应为数字，第18位为数字或X，请核对。")
    return ""


def _kind(number: str) -> str:
    if number[0] == "9":
        return "foreign_permanent_resident"
    return "residence_permit" if number[:2] in RESIDENCE_PERMITS else "citizen"


def _place_error(number: str) -> str:
    place = number[1:3] if _kind(number) == "foreign_permanent_resident" else number[:2]
    if place in division.PROVINCES or place in RESIDENCE_PERMITS:
        return ""
    return _("前6位“{code}”不是有效的区划代码，请核对。").format(code=number[:6])


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _birth_error(number: str, birth: date | None, on: date | None) -> str:
    if birth is None or birth.year < 1800:
        return _("第7至14位“{text}”不是有效的出生日期，请核对。").format(text=number[6:14])
    if on is not None and birth > on:
        return _("第7至14位表示的出生日期{day}还没有到，请核对。").format(day=birth.isoformat())
    return ""


def _checksum_error(number: str) -> str:
    right = check_character(number[:17])
    if right == number[17]:
        return ""
    return _("号码校验不通过：按前17位计算，第18位校验码应为{right}，请逐位核对。").format(right=right)


def _warnings(number: str, birth: date, on: date | None) -> tuple[str, ...]:
    place = _place_warning(number[:6], birth)
    age = ""
    if on is not None and on.year - birth.year > _OLDEST:
        age = _("按出生日期推算已超过{years}岁，请核对出生日期。").format(years=_OLDEST)
    return tuple(filter(None, (place, age)))


def _place_warning(place: str, birth: date) -> str:
    new, old = division.BY_NEW.get(place), division.BY_OLD.get(place)
    if new and birth.year < new.year:
        text = _("{name}{year}年起才使用代码{new}，此前为{old}；该号码出生年份为{birth}，属补登户口的可以使用。")
        return text.format(name=new.name, year=new.year, new=new.new, old=new.old, birth=birth.year)
    if old and birth.year > old.year:
        text = _("{name}的代码{old}自{year}年改为{new}；该号码出生年份为{birth}，请核对。")
        return text.format(name=old.name, year=old.year, new=old.new, old=old.old, birth=birth.year)
    return ""


def make_synthetic(*, division_code: str = "431321", birth_on: date, serial: int) -> str:
    """A number of a person who does not exist, for demos and tests; the place is the code of the year of birth."""
    change = division.BY_NEW.get(division_code)
    place = change.old if change and birth_on.year < change.year else division_code
    first17 = f"{place[:6]}{birth_on:%Y%m%d}{serial % 1000:03d}"
    return first17 + check_character(first17)


def mask(value: str) -> str:
    """First six and last two characters: 431321**********3X."""
    return f"{value[:6]}{'*' * (len(value) - 8)}{value[-2:]}" if len(value) > 8 else "*" * len(value)

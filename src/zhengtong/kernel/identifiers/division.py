"""行政区划代码: 6 digits (GB/T 2260), 9 with the township, 12 with the village (统计用区划代码).

Codes change: townships merge, villages are renumbered every year, prefectures become cities. The table below holds the
changes this county's numbers carry; registers keep the rest with validity dates.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from zhengtong.kernel.identifiers.values import Finding, normalise

_RANGES = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
PROVINCES = frozenset(str(code) for first, last in _RANGES for code in range(first, last + 1))
"""First two digits in use (GB/T 2260), Taiwan, Hong Kong and Macao included."""


@dataclass(frozen=True)
class Replaced:
    """That `old` was replaced by `new` in the course of `year`."""

    old: str
    new: str
    name: str
    year: int


# 娄底地区 (4325xx) became 娄底市 (4313xx) in 1999, and with it every code of its counties.
REPLACED = (
    Replaced("432501", "431302", "娄星区", 1999),
    Replaced("432502", "431381", "冷水江市", 1999),
    Replaced("432503", "431382", "涟源市", 1999),
    Replaced("432522", "431321", "双峰县", 1999),
    Replaced("432524", "431322", "新化县", 1999),
)
BY_OLD = {change.old: change for change in REPLACED}
BY_NEW = {change.new: change for change in REPLACED}


def check(value: str) -> Finding:
    """Is `value` a division code of 6, 9 or 12 digits? Facts: level, province, county, township, village."""
    code = normalise(value)
    if not (code.isascii() and code.isdigit()):
        return Finding(code, (_("区划代码只由数字组成，请核对。"),))
    if len(code) not in (6, 9, 12):
        return Finding(code, (_("区划代码应为6位、9位或12位数字，现为{n}位，请核对。").format(n=len(code)),))
    if code[:2] not in PROVINCES:
        return Finding(code, (_("前2位“{code}”不是省级区划代码，请核对。").format(code=code[:2]),))
    full = code.ljust(12, "0")
    if full[6:9] == "000" and full[9:] != "000":
        return Finding(code, (_("乡镇段（第7至9位）为000时，村段（第10至12位）也应为000，请核对。"),))
    if full[4:6] == "00" and full[6:] != "000000":
        return Finding(code, (_("县级段（第5、6位）为00时，后面各位都应为0，请核对。"),))
    return Finding(code, (), _warnings(code), _facts(full))


def _warnings(code: str) -> tuple[str, ...]:
    change = BY_OLD.get(code[:6])
    if change is None:
        return ()
    text = _("{old}是{name}{year}年以前的代码，现为{new}。")
    return (text.format(old=change.old, name=change.name, year=change.year, new=change.new),)


def _facts(full: str) -> dict[str, object]:
    levels = ((full[9:], "village"), (full[6:9], "township"), (full[4:6], "county"), (full[2:4], "city"))
    level = next((name for part, name in levels if part.strip("0")), "province")
    return {
        "level": level,
        "province": full[:2],
        "county": full[:6],
        "township": full[:9] if full[6:9] != "000" else "",
        "village": full if full[9:] != "000" else "",
    }


def parent(code: str) -> str:
    """The 12-digit code one level up; empty above a province."""
    full = code.ljust(12, "0")
    for end, size in ((12, 3), (9, 3), (6, 2), (4, 2)):
        if full[end - size : end].strip("0"):
            return full[: end - size].ljust(12, "0")
    return ""


def mask(value: str) -> str:
    """A division is no secret: the value itself."""
    return value

"""Can it be printed? A name with a character the fonts do not have is an error before issuing, never a box on paper."""

import unicodedata
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Refusal

FONTS = Path(__file__).parent / "fonts"
"""The fonts the project carries; see tools/make_fonts.py."""

FALLBACK = (
    Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinA.ttf"),
    Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf"),
)
"""Debian's fonts-noto-cjk and fonts-hanazono, where installed: opened only for a character our own font lacks."""

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Harmless leftovers of copying from web pages: dropped when a paper is made, so no reason to refuse it."""

_LAYOUT = frozenset("\n\t\r" + INVISIBLE)


class CannotPrint(Refusal):
    """A paper cannot be issued because the fonts lack a character of it."""

    code = "cannot_print"

    def __init__(self, characters: str) -> None:
        self.characters = characters
        super().__init__(
            _(
                "文书没有生成：“{characters}”无法印刷（字库中没有这个字，或者它不是可以印在文书上的字符）。"
                "请改正填写内容；确属人名、地名用字的，请信息技术人员安装补充字库后再试。"
            ).format(characters="、".join(describe(c) for c in characters))
        )


def describe(character: str) -> str:
    """`𠮷（U+20BB7）`, or the code alone where showing the character would be invisible or harmful."""
    code = f"U+{ord(character):04X}"
    return f"{character}（{code}）" if unicodedata.category(character)[0] in "LNPS" else code


def missing_glyphs(text: str, *, fallback: bool = True) -> str:
    """The characters of `text` that cannot be printed, each once, in order. Empty: everything can.

    Control and invisible format characters (such as those that turn the direction of writing) count as missing.
    With `fallback`, Debian's fonts count too where this machine has them.
    """
    unknown = [c for c in dict.fromkeys(text) if c not in _LAYOUT and not _known(ord(c))]
    if unknown and fallback:
        unknown = [c for c in unknown if not _printable(c) or ord(c) not in _fallback_points()]
    return "".join(unknown)


def _printable(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def bold_has(text: str) -> bool:
    """True when a text can be set in the bold font, which keeps GB 2312 only, without changing weight within a name."""
    return all(_in_ranges(ord(c), "Bold") for c in text)


def _known(point: int) -> bool:
    """True when the font that we carry has the character."""
    return _in_ranges(point, "Regular") and _printable(chr(point))


def _in_ranges(point: int, weight: str) -> bool:
    firsts, lasts = _ranges(weight)
    at = bisect_right(firsts, point) - 1
    return at >= 0 and point <= lasts[at]


@lru_cache(maxsize=2)
def _ranges(weight: str) -> tuple[list[int], list[int]]:
    pairs = [line.split("-") for line in (FONTS / f"NotoSerifSC-{weight}.txt").read_text().split()]
    return [int(first, 16) for first, _last in pairs], [int(last, 16) for _first, last in pairs]


@lru_cache(maxsize=1)
def _fallback_points() -> frozenset[int]:
    """Characters of Debian's fonts; fontTools is imported only here, when a rare character is met."""
    from fontTools.ttLib import TTFont

    points: set[int] = set()
    for path in FALLBACK:
        if path.exists():
            points.update(TTFont(path, fontNumber=0, lazy=True).getBestCmap())
    return frozenset(points)

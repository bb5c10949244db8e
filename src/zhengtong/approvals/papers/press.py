"""Papers as PDF/A-2b, made by typst without the network, without packages and without the system's fonts.

What people wrote reaches a template only as a string in JSON, never as typst source, so nothing in it is ever executed.
The same data give the same bytes: the date inside the file is the paper's own date.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from zhengtong.approvals.papers.glyphs import FALLBACK, FONTS, INVISIBLE, CannotPrint, missing_glyphs
from zhengtong.approvals.papers.qr import qr_file
from zhengtong.kernel.errors import Unavailable

if TYPE_CHECKING:
    import typst

ROOT = Path(__file__).resolve().parents[1]
"""Templates of all apps lie below it, so that each may import the common layout as `/papers/templates/base.typ`."""
STANDARD: Final = "a-2b"
FAMILY = "Noto Serif CJK SC"


def printable(content: object, *, record: bool = False) -> dict[str, object]:
    """The data as the template gets them: invisible leftovers dropped, line ends unified, records spelt out."""

    def clean(value: object) -> object:
        if isinstance(value, str):
            text = value.translate(_DROP).strip()
            return _spelt_out(text) if record else text
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        return [clean(item) for item in value] if isinstance(value, list) else value

    cleaned = clean(content)
    assert isinstance(cleaned, dict)
    return cleaned


_DROP = {ord(c): None for c in INVISIBLE} | {ord("\t"): " ", ord("\r"): None}


def _spelt_out(text: str) -> str:
    for character in missing_glyphs(text):
        text = text.replace(character, f"〔U+{ord(character):04X}〕")
    return text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def refuse_unprintable(content: object, *, record: bool = False) -> None:
    """Raises `CannotPrint` naming every character that the fonts lack."""
    if record:
        return
    missing = missing_glyphs("".join(_texts(content)))
    if missing:
        raise CannotPrint(missing)


def compile_pdf(template: Path, content: Mapping[str, object], **inputs: str) -> bytes:
    """The PDF of a template with these data. `content` must carry `issued_on` and `verify_url`; `inputs`: short texts beside it.

    Raises `Unavailable` when the fonts are not there.
    """
    given = {
        "data": json.dumps(content, ensure_ascii=False),
        "qr": qr_file(str(content["verify_url"])) if content["verify_url"] else "",
        **inputs,
    }
    rare = bool(missing_glyphs("".join(_texts(content)), fallback=False))
    with _LOCK:
        made = _compiler(rare).compile(
            input=str(template),
            format="pdf",
            sys_inputs=given,
            pdf_standards=STANDARD,
            timestamp=_stamp(str(content["issued_on"])),
        )
    assert isinstance(made, bytes)
    return made


_LOCK = threading.Lock()
"""A typst compiler serves one thread at a time; a paper takes some ten milliseconds."""


@lru_cache(maxsize=2)
def _compiler(rare: bool) -> "typst.Compiler":
    """Fonts and templates are read once per process. `rare`: Debian's fonts too, for a character ours lack."""
    import typst

    folders = [str(FONTS)]
    if rare:
        folders += sorted({str(path.parent) for path in FALLBACK if path.exists()})
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    if FAMILY not in fonts.families():  # typst would print a paper without a single word, and say nothing
        raise Unavailable(_("文书暂时无法生成：程序自带的字库文件缺失，请信息技术人员重新安装程序。"))
    return typst.Compiler(root=str(ROOT), font_paths=fonts, ignore_system_fonts=True)


def _stamp(issued_on: str) -> datetime:
    """The paper's own date as the date inside the file, at noon so that no time zone moves it."""
    found = re.match(r"(\d{4})年(\d{1,2})月(\d{1,2})日", issued_on) or re.match(r"(\d{4})-(\d\d)-(\d\d)", issued_on)
    year, month, day = (int(part) for part in found.groups()) if found else (2000, 1, 1)
    return datetime(year, month, day, 4, tzinfo=UTC)

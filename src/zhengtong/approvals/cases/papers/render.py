"""Papers as PDF/A-2b, made by typst without the network, without packages and without the system's fonts.

What people wrote reaches a template only as a string in JSON, never as typst source, so nothing in it is ever executed.
The same data give the same bytes: the date inside the file is the paper's own date.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from pydantic import ValidationError

from zhengtong.approvals.cases.papers import values
from zhengtong.approvals.cases.papers.glyphs import FALLBACK, FONTS, INVISIBLE, CannotPrint, bold_has, missing_glyphs
from zhengtong.approvals.cases.papers.qr import qr_file
from zhengtong.kernel.errors import Unavailable

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).parent / "templates"
STANDARD: Final = "a-2b"
FAMILY = "Noto Serif CJK SC"


_SHARED = {
    values.Receipt: "receipt",
    values.SupplementReceipt: "supplement_receipt",
    values.DefectNotice: "defect_notice",
}
"""Templates that several kinds share."""


@dataclass(frozen=True)
class Kind:
    """One kind of paper. `code`: its place in the 文书 set, empty outside it.

    `record`: made for the file and therefore never refused for a character; what cannot be printed is spelt out as
    〔U+1F600〕 instead.
    """

    key: str
    title: str
    english: str
    model: type[values.Paper]
    code: str = ""
    record: bool = False

    @property
    def template(self) -> str:
        """The template's file name."""
        return f"{_SHARED.get(self.model, self.key)}.typ"


_KINDS = (
    Kind("receipt", "材料接收凭证", "Receipt for application materials", values.Receipt, "01"),
    Kind("defect_notice", "补正通知书", "Notice to supplement the application", values.DefectNotice, "02"),
    Kind("not_accepted", "不予受理决定书", "Decision not to accept the application", values.NotAccepted, "03"),
    Kind("acceptance", "受理通知书", "Notice of acceptance", values.Acceptance, "04"),
    Kind("supplement_receipt", "补正材料接收凭证", "Receipt for supplements", values.SupplementReceipt, "05"),
    Kind("review_supplement", "审查阶段补正通知书", "Notice to supplement during review", values.DefectNotice, "06"),
    Kind("refusal", "不予行政许可决定书", "Decision to refuse", values.Refusal, "07"),
    Kind("special_procedure", "特别程序告知书", "Notice of a special procedure", values.SpecialProcedureNotice, "08"),
    Kind("delivery_receipt", "送达回证", "Proof of delivery", values.DeliveryReceipt, "09"),
    Kind("process_acceptance", "过程受理决定书", "Acceptance during review", values.ProcessAcceptance, "10"),
    Kind("online_receipt", "网上材料接收凭证", "Receipt for an online application", values.Receipt, "11"),
    Kind("online_supplement_receipt", "网上补正材料接收凭证", "Online supplements", values.SupplementReceipt, "12"),
    Kind("process_receipt", "过程材料接收凭证", "Receipt during review", values.Receipt, "13"),
    Kind("process_supplement_receipt", "过程补正材料接收凭证", "Supplements in review", values.SupplementReceipt, "14"),
    Kind("site_visit", "现场核查安排告知书", "Notice of an on-site inspection", values.SiteVisit, "21"),
    Kind("extension", "延长审批期限告知书", "Notice of an extended period", values.Extension),
    Kind("hearing_notice", "听证权利告知书", "Notice of the right to a hearing", values.HearingNotice),
    Kind("opinion_form", "审批意见表", "Record of opinions", values.OpinionForm),
    Kind("withdrawal", "撤回申请确认书", "Confirmation of withdrawal", values.Withdrawal),
    Kind("joint_completion", "联合办理办结告知书", "Notice of joint completion", values.JointCompletion),
    Kind("termination", "终止办理告知书", "Notice of termination", values.Termination),
    Kind("decision", "准予行政许可决定书", "Decision to grant", values.Decision),
    Kind("licence", "许可证", "Licence", values.Licence),
    Kind("clock_ledger", "办理期限台账", "Ledger of the time limit", values.ClockLedger, record=True),
    Kind("event_log", "办件过程日志", "Log of events", values.EventLog, record=True),
    Kind("evidence_index", "卷宗目录", "Index of the evidence pack", values.EvidenceIndex, record=True),
)
KINDS: Mapping[str, Kind] = {kind.key: kind for kind in _KINDS}
"""Every kind of paper by its key."""


def paper_title(kind: str, act: str = "行政许可") -> str:
    """The usual Chinese title of a kind, for lists of papers; `act` as in `values.Paper`: 准予行政确认决定书."""
    return KINDS[kind].title.replace("行政许可", act)


def render(kind: str, data: Mapping[str, object] | values.Paper) -> bytes:
    """The paper as PDF/A-2b.

    `data`: the kind's model of `values`, or a mapping with its keys. Raises `CannotPrint` when a character cannot be
    printed, `Unavailable` when the fonts are not there, `ValueError` for an unknown kind or field.
    """
    known = KINDS.get(kind)
    if known is None:
        raise ValueError(f"unknown kind of paper: {kind}")
    content = printable(known, _model(known, data).model_dump(mode="json"))
    refuse_unprintable(content, record=known.record)
    return _compile(known, content)


def check_printable(kind: str, data: Mapping[str, object] | values.Paper) -> None:
    """Refuses like `render`, without making the paper: to be asked before a decision is taken. Raises `CannotPrint`."""
    known = KINDS[kind]
    refuse_unprintable(printable(known, _model(known, data).model_dump(mode="json")), record=known.record)


def _model(kind: Kind, data: Mapping[str, object] | values.Paper) -> values.Paper:
    if isinstance(data, kind.model):
        return data
    try:
        return kind.model.model_validate(dict(data))
    except ValidationError as error:
        raise ValueError(f"{kind.key}: {error}") from error


def printable(kind: Kind, content: object) -> dict[str, object]:
    """The data as the template gets them: invisible leftovers dropped, line ends unified, records spelt out."""

    def clean(value: object) -> object:
        if isinstance(value, str):
            text = value.translate(_DROP).strip()
            return _spelt_out(text) if kind.record else text
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


def _compile(kind: Kind, content: dict[str, object]) -> bytes:
    text = "".join(_texts(content))
    inputs = {
        "data": json.dumps(content, ensure_ascii=False),
        "title": str(content["title"]) or paper_title(kind.key, str(content["act"])),
        "english": kind.english if not content["title"] else "",
        "code": kind.code,
        "name-weight": "bold" if bold_has(str(content["applicant_name"])) else "regular",
        "qr": qr_file(str(content["verify_url"])) if content["verify_url"] else "",
    }
    rare = bool(missing_glyphs(text, fallback=False))
    with _LOCK:
        made = _compiler(rare).compile(
            input=str(TEMPLATES / kind.template),
            format="pdf",
            sys_inputs=inputs,
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
    return typst.Compiler(root=str(TEMPLATES), font_paths=fonts, ignore_system_fonts=True)


def _stamp(issued_on: str) -> datetime:
    """The paper's own date as the date inside the file, at noon so that no time zone moves it."""
    found = re.match(r"(\d{4})年(\d{1,2})月(\d{1,2})日", issued_on) or re.match(r"(\d{4})-(\d\d)-(\d\d)", issued_on)
    year, month, day = (int(part) for part in found.groups()) if found else (2000, 1, 1)
    return datetime(year, month, day, 4, tzinfo=UTC)

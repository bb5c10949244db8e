"""The papers of a case: which kinds there are, checked against their models and printed by the press."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from zhengtong.approvals.cases.papers import values
from zhengtong.approvals.papers import press
from zhengtong.approvals.papers.glyphs import bold_has
from zhengtong.approvals.papers.press import refuse_unprintable

TEMPLATES = Path(__file__).parent / "templates"


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
    return press.printable(content, record=kind.record)


def _compile(kind: Kind, content: dict[str, object]) -> bytes:
    return press.compile_pdf(
        TEMPLATES / kind.template,
        content,
        title=str(content["title"]) or paper_title(kind.key, str(content["act"])),
        english=kind.english if not content["title"] else "",
        code=kind.code,
        **{"name-weight": "bold" if bold_has(str(content["applicant_name"])) else "regular"},
    )

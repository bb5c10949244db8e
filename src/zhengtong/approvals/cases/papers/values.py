"""What each paper says: one frozen model per kind. `render` accepts the model or a mapping with the same keys.

Dates may be given as `date`/`datetime` or as text; they are printed as 2026年9月21日. Chinese is the language of
papers, so nothing here is translated. An unknown key is an error: a misspelt field must not vanish from a paper with
legal effect. Issued papers are kept as the dump of their model and printed again from it years later: a field may be
added with a default, never removed or renamed.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from zhengtong.approvals.papers.values import (
    PaperDate,
    PaperMoment,
    Part,
)


class Fact(Part):
    """One labelled line, such as 经营场所 / 永丰街道复兴路12号."""

    label: str
    value: str


class MaterialLine(Part):
    """One paper handed in. `form`: 纸质, 电子 or 数据共享."""

    name: str
    originals: int = 0
    copies: int = 0
    form: str = ""
    note: str = ""


class DefectLine(Part):
    """One thing to correct: which material, what is wrong, what is asked for, on which basis."""

    material: str
    problem: str
    requirement: str
    basis: str = ""


class OpinionLine(Part):
    """One step of the 审批意见表."""

    step: str
    department: str
    officer: str
    opinion: str
    result: str = ""
    signed_at: PaperMoment = ""


class DeliveredLine(Part):
    """One paper handed over with a 送达回证."""

    title: str
    number: str
    copies: int = 1


class LedgerLine(Part):
    """One day of the ledger, as `kernel.legal_clock.LedgerDay`."""

    day: date
    counts: bool
    number: int
    why: str
    kind: Literal["start", "workday", "makeup", "weekend", "holiday", "pause"]
    basis: str = ""


class EventLine(Part):
    """One event of a case: when it took effect and was recorded, who did it for whom, what and why."""

    sequence: int
    effective_at: PaperMoment
    recorded_at: PaperMoment
    actor: str
    on_behalf_of: str = ""
    action: str
    detail: str = ""
    digest: str = ""


class PackedLine(Part):
    """One member of the evidence pack."""

    name: str
    title: str
    size: int
    sha256: str


class Paper(Part):
    """What every paper carries.

    `number`: the paper's own number, such as 双市监受〔2026〕12号. `case_number`: the spoken number; `machine_number`:
    the long one. `applicant_id` must come masked. `legal_basis`: one line per article. `verify_url` becomes the QR
    code; `contact`, `complaint`: one line each. `title` replaces the usual title, `act` the words 行政许可 where the
    matter is something else (行政确认, 行政给付, 公共服务 …). `demo` prints 演示数据 in the foot.
    """

    organ: str
    number: str
    case_number: str
    machine_number: str = ""
    matter_name: str
    matter_code: str = ""
    applicant_name: str
    applicant_id: str = ""
    applicant_kind: str = "申请人"
    agent_name: str = ""
    issued_on: PaperDate
    legal_basis: tuple[str, ...] = ()
    remedies: str = ""
    contact: str = ""
    complaint: str = ""
    verify_url: str = ""
    query_code: str = ""
    title: str = ""
    act: str = "行政许可"
    demo: bool = False


class Receipt(Paper):
    """01 材料接收凭证, 11 网上接收凭证, 13 过程接收凭证."""

    received_at: PaperMoment
    channel: str = "政务服务窗口"
    received_by: str = ""
    materials: tuple[MaterialLine, ...] = ()
    acceptance_due: PaperDate = ""
    next_steps: tuple[str, ...] = ()


class SupplementReceipt(Receipt):
    """05 补正接收凭证, 12 网上补正接收凭证, 14 过程补正接收凭证: which notice the materials answer."""

    notice_number: str
    notice_complete: bool = True


class DefectNotice(Paper):
    """02 补正通知书 (行政许可法 第三十二条第一款第四项) and 06 审查阶段补正通知书. All defects at once."""

    received_on: PaperDate
    defects: tuple[DefectLine, ...] = Field(min_length=1)
    respond_by: PaperDate
    respond_days: str = ""
    consequence: str = ""
    how_to: str = ""


class NotAccepted(Paper):
    """03 不予受理决定书 (行政许可法 第三十二条第一款第一、二项 and 末款)."""

    received_on: PaperDate
    reason_code: str = ""
    reason: str
    where_to_apply: str = ""


class Acceptance(Paper):
    """04 受理通知书. `deemed`: accepted as of the day of receipt, five working days having gone by without an answer."""

    received_on: PaperDate
    accepted_on: PaperDate
    deemed: bool = False
    statutory_limit: str = ""
    statutory_due: PaperDate = ""
    promised_limit: str = ""
    promised_due: PaperDate = ""
    fee: str = ""
    result_name: str = ""
    delivery: str = ""
    special_procedures: tuple[str, ...] = ()


class Refusal(Paper):
    """07 不予行政许可决定书 (行政许可法 第三十八条第二款): facts, reasons, law, remedies."""

    accepted_on: PaperDate
    facts: str
    reasons: tuple[str, ...] = Field(min_length=1)
    hearing: str = ""
    remedies: str = Field(min_length=1)


class SpecialProcedureNotice(Paper):
    """08 特别程序告知书 (行政许可法 第四十五条 第二款): the length must be told in writing."""

    accepted_on: PaperDate
    procedure: str
    reason: str
    starts_on: PaperDate
    planned_limit: str
    planned_end: PaperDate
    clocks: tuple[str, ...] = Field(min_length=1)
    organiser: str = ""


class Extension(Paper):
    """延长审批期限告知书 (行政许可法 第四十二条): once, by the head of the organ, with the reason told."""

    accepted_on: PaperDate
    original_due: PaperDate
    added_limit: str
    new_due: PaperDate
    reason: str
    approved_by: str


class DeliveryReceipt(Paper):
    """09 送达回证."""

    papers: tuple[DeliveredLine, ...] = Field(min_length=1)
    recipient: str
    method: str
    place: str = ""
    delivered_at: PaperMoment = ""
    signed_by: str = ""
    relation: str = ""
    deliverers: tuple[str, ...] = ()
    note: str = ""


class ProcessAcceptance(Paper):
    """10 过程受理决定书: materials that came in during the review are taken up; what it means for the limit."""

    notice_number: str
    received_on: PaperDate
    materials: tuple[MaterialLine, ...] = ()
    current_due: PaperDate
    effect: str = ""


class SiteVisit(Paper):
    """21 现场验收（核查）安排 (行政许可法 第三十四条第三款: at least two officers)."""

    purpose: str
    visit_at: PaperMoment
    address: str
    inspectors: tuple[str, ...] = Field(min_length=2)
    items: tuple[str, ...] = ()
    preparations: tuple[str, ...] = ()
    time_counts: str = ""


class HearingNotice(Paper):
    """听证权利告知书 (行政许可法 第四十六条、第四十七条)."""

    accepted_on: PaperDate
    intended: str
    reasons: tuple[str, ...] = Field(min_length=1)
    respond_days: str = "五日"


class OpinionForm(Paper):
    """审批意见表: every step with its opinion, for the file."""

    accepted_on: PaperDate = ""
    due: PaperDate = ""
    summary: tuple[Fact, ...] = ()
    opinions: tuple[OpinionLine, ...] = ()
    conclusion: str = ""


class Withdrawal(Paper):
    """撤回申请确认书."""

    applied_on: PaperDate
    withdrawn_on: PaperDate
    reason: str = ""
    returned: tuple[MaterialLine, ...] = ()


class Termination(Paper):
    """终止办理告知书: the case ends without a decision, such as an applicant who did not supplement in time."""

    reason: str
    accepted_on: PaperDate = ""
    terminated_on: PaperDate = ""
    """Empty: the day of the paper."""


class Decision(Paper):
    """准予行政许可决定书 (行政许可法 第三十八条第一款)."""

    accepted_on: PaperDate
    decided_on: PaperDate
    granted: tuple[Fact, ...] = ()
    conditions: tuple[str, ...] = ()
    result_name: str = ""
    result_number: str = ""
    valid_from: PaperDate = ""
    valid_until: PaperDate = ""
    deliver_by: PaperDate = ""
    deferred: tuple[str, ...] = ()
    """容缺: what was promised and by when."""
    renewed_until: PaperDate = ""
    """The day the licence ended on which a renewal, not decided by then, was granted by law (第五十条第二款); empty: decided."""


class Licence(Paper):
    """The licence or certificate itself. `title` is its name, `number` its number, `applicant_name` the holder."""

    title: str
    facts: tuple[Fact, ...] = ()
    items: str = ""
    items_label: str = "许可事项"
    valid_from: PaperDate
    valid_until: PaperDate = ""
    """Empty: 长期."""
    statement: str = ""
    annual: str = ""


class ClockLedger(Paper):
    """期限台账: one clock, every day of it. `pauses`, `extensions`: lines of text with their basis."""

    clock_name: str
    starts_on: PaperDate
    limit: str
    due: PaperDate = ""
    """Empty: the clock stands still."""
    used: int
    remaining: int
    pauses: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    calendar_version: str
    days: tuple[LedgerLine, ...] = Field(min_length=1)
    today: PaperDate = ""


class EventLog(Paper):
    """办件日志: every event with both times."""

    events: tuple[EventLine, ...] = ()
    state: str = ""


class EvidenceIndex(Paper):
    """卷内目录 of the evidence pack."""

    members: tuple[PackedLine, ...] = ()
    packed_at: PaperMoment
    state: str = ""


class JointLine(Part):
    """One matter of a joint case: who decided it, when, how, and what still has to be done."""

    matter: str
    department: str
    decided_on: PaperDate = ""
    result: str
    number: str = ""


class JointCompletion(Paper):
    """联合办理办结告知书: every matter of a stage or bundle with its result, and the steps that remain."""

    project_code: str = ""
    stage: str = ""
    accepted_on: PaperDate
    finished_on: PaperDate
    limit: str = ""
    used: str = ""
    lines: tuple[JointLine, ...] = Field(min_length=1)
    remaining: tuple[str, ...] = ()

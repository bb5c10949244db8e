"""The elements of a matter as one typed document (实施清单要素), frozen once published.

Codes are those of GB/T 39046-2020 annex A. Everything a county may set differently is a field here, never a constant in code.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """Base of all parts: frozen, and a field nobody knows is an error (a misspelt column in an import must not vanish)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LegalBasis(Part):
    """One article. `checked`: the text was read in the stated version and `anchor` stands in it."""

    law: str
    article: str | None = None
    article_no: int | None = None
    version: str | None = None
    checked: bool = False
    anchor: str | None = None


class StatutoryLimit(Part):
    """法定时限 in working days; `days` None with a `reason` when the law sets none."""

    days: int | None = None
    unit_in_law: str | None = None
    day_kind: Literal["workday_by_law", "treated_as_workday"] | None = None
    law: str | None = None
    article: str | None = None
    article_no: int | None = None
    checked: bool = False
    anchor: str | None = None
    reason: str | None = None
    note: str | None = None


class SpecialProcedure(Part):
    """特别程序: what may pause or extend which clocks, on which basis, for how long (行政许可法 第四十二条、第四十五条)."""

    kind: str
    name: str
    name_en: str = ""
    basis: LegalBasis
    max_workdays: int | None = None
    max_from: Literal["law", "county_setting"] = "county_setting"
    effect: Literal["suspend", "extend"] = "suspend"
    clocks: tuple[Literal["statutory", "promised"], ...]


class Material(Part):
    """One paper to hand in. `by_data_sharing`: the county fetches it itself and may not ask for it (在线政务服务规定 第七条)."""

    no: int
    name: str
    name_en: str = ""
    issuer: str = ""
    issuer_en: str = ""
    originals: int = 0
    copies: int = 0
    required: bool = True
    condition: str | None = None
    """In words, when it is needed."""
    condition_en: str = ""
    needed_if: str | None = None
    """The same as an expression over form fields; empty: the person decides by the words."""
    by_data_sharing: bool = False
    shared_by: str | None = None
    from_form: bool = False
    """The application form itself: what is filled in online is this paper, nothing is uploaded."""
    deferrable: bool = False
    """容缺: may follow after the decision, on a commitment."""


class Step(Part):
    """One piece of work by one role. `department` empty: the body that owns the matter."""

    key: str
    name: str
    name_en: str = ""
    role: str
    department: str = ""
    kind: Literal["handle", "review", "consult", "decide", "certify", "pay"] = "handle"
    min_officers: int = 1
    workdays: int
    lead: bool = False
    """In a `lead` group: the one whose opinion decides."""


class StepGroup(Part):
    """Steps that run together. `single`: one step; `all`: every one; `any`: the first; `lead`: the lead decides, the others advise."""

    no: int
    mode: Literal["single", "all", "any", "lead"] = "single"
    steps: tuple[Step, ...]

    @property
    def workdays(self) -> int:
        """The longest of the group: what it takes from the promise."""
        return max((step.workdays for step in self.steps), default=0)


class FeeItem(Part):
    """One fee line; `amount` in 元 as decimal text is the rate of one unit, None when the rate was not looked up.

    `applies_if` and `quantity` are expressions over form fields: when the line is charged, and how many units. What they cannot
    say (nothing answered, no expression for a fee by area) is assessed by an official before the bill goes out.
    """

    name: str
    name_en: str = ""
    rule: str
    amount: str | None = None
    unit: str = ""
    rate_checked: bool = False
    code: str = ""
    """The item in the county's catalogue of charges (收费项目目录清单)."""
    account: str = ""
    """The treasury account (政府收支分类科目) the line is settled to: all of it (行政许可法 第五十九条)."""
    applies_if: str | None = None
    quantity: str | None = None
    basis: LegalBasis | None = None
    """The law of this line; empty: that of the matter's fees."""


class FeeReduction(Part):
    """What reduces a line or lets it off. `when`: an expression over form fields that claims it; an official decides on the proof.

    `item`: the name of the line, empty for every line; `percent`: how much of the line is let off.
    """

    name: str
    name_en: str = ""
    item: str = ""
    percent: int = 100
    when: str | None = None
    proof: str = ""
    """The paper that proves it."""
    basis: LegalBasis


class Fees(Part):
    """Free with its basis, or lines with a rule (行政许可法 第五十八条、第五十九条).

    `gate`: whether the decision or the delivery waits until the bill is settled. Nothing waits unless a law says so.
    """

    charged: bool
    basis: LegalBasis | None = None
    items: tuple[FeeItem, ...] = ()
    reductions: tuple[FeeReduction, ...] = ()
    gate: Literal["none", "decision", "delivery"] = "none"
    gate_basis: LegalBasis | None = None
    pay_workdays: int = 15
    """How long a bill may be paid; a county setting."""


class Result(Part):
    """What the applicant receives."""

    name: str
    name_en: str = ""
    kind: Literal["licence", "certificate", "approval", "decision", "record", "filing_receipt", "payment"]
    validity: str | None = None
    validity_en: str = ""
    validity_years: int | None = None


class Online(Part):
    """网办深度 1–4; `end_to_end`: depth 4 and no visit."""

    depth: int
    depth_name: str = ""
    end_to_end: bool = False


class Option(Part):
    """One choice of a field."""

    value: str
    label: str
    label_en: str = ""


class FormField(Part):
    """One question. `shown_if`: an expression over earlier fields; `prefill`: a path such as `applicant.name`, `enterprise.uscc`.

    `validation` is one rule: {"rule": "range"|"length"|"pattern"|"one_of"|"compare"|"not_future"|"not_past"|
    "gb11643_check_digit"|"gb32100_check_character"|"file", …its arguments}; `message` (and `message_en`) replaces the sentence of a
    `pattern`. A `group` field repeats `fields` up to `max_items` times.
    """

    key: str
    label: str
    label_en: str = ""
    help: str = ""
    help_en: str = ""
    type: Literal[
        "text",
        "textarea",
        "number",
        "date",
        "choice",
        "choices",
        "boolean",
        "phone",
        "address",
        "resident_id",
        "uscc",
        "file",
        "group",
    ]
    required: bool = True
    page: str = ""
    validation: dict[str, object] | None = None
    options: tuple[Option, ...] = ()
    shown_if: str | None = None
    prefill: str | None = None
    fields: tuple["FormField", ...] = ()
    max_items: int = 10
    personal: bool = False
    """Holds personal data: masked wherever it is not needed."""


class FormPage(Part):
    """One page of questions ("one thing a page")."""

    key: str
    title: str
    title_en: str = ""


class Form(Part):
    """The questions of a matter, in order; `checks` are expressions that must hold over the whole, with the sentence to show."""

    rich: bool = False
    pages: tuple[FormPage, ...] = ()
    fields: tuple[FormField, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()


class EligibilityQuestion(Part):
    """A plain yes/no question that tells a person early whether to apply; `blocking`: with the wrong answer it makes no sense to."""

    question: str
    question_en: str = ""
    wanted: bool = True
    otherwise: str = ""
    otherwise_en: str = ""


class Place(Part):
    """Where and when it is handled in person."""

    name: str
    address: str = ""
    hours: str = ""
    phone: str = ""


class MatterDocument(Part):
    """All elements of one matter."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9-]{2,80}$")]
    name: str
    name_en: str = ""
    type_code: str
    department: str
    basic_code: str
    implementation_code: str
    level: str = "4"
    implementing_body_kind: str = "1"
    audiences: tuple[str, ...]
    handling_type: str
    guidance_only: bool = False
    legal_basis: tuple[LegalBasis, ...]
    statutory_limit: StatutoryLimit
    promised_workdays: int
    acceptance_workdays: int = 5
    """行政许可法 第三十二条: five working days to accept, refuse or notify all defects."""
    pre_review_workdays: int = 2
    supplement_workdays: int = 30
    """How long an applicant may take to supplement; a county setting (open legal question)."""
    supplement_lapse: Literal["withdrawn", "refused"] = "withdrawn"
    delivery_workdays: int = 10
    """行政许可法 第四十四条."""
    special_procedures: tuple[SpecialProcedure, ...] = ()
    conditions: tuple[str, ...] = ()
    conditions_en: tuple[str, ...] = ()
    """The same in English, one for one; fewer lines: readers of English see the Chinese."""
    eligibility: tuple[EligibilityQuestion, ...] = ()
    materials: tuple[Material, ...] = ()
    accept_role: str = "window_officer"
    steps: tuple[StepGroup, ...]
    fees: Fees
    result: Result
    online: Online
    visits: int = 0
    visit_reason: str = ""
    visit_reason_en: str = ""
    township_acceptance: bool = False
    themes_natural: tuple[str, ...] = ()
    themes_legal: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    """Plain words by which people look for it (开饭店 → 食品经营许可)."""
    places: tuple[Place, ...] = ()
    enquiry_phone: str = ""
    complaint_phone: str = ""
    remedies: str = ""
    """Where and within what time to seek review or sue (行政复议法 第二十条; 行政诉讼法 第四十六条)."""
    deferral_allowed: bool = False
    form: Form = Form()
    note: str | None = None
    codes_synthetic: bool = False

    def flat_steps(self) -> tuple[Step, ...]:
        """All steps in order of their groups."""
        return tuple(step for group in self.steps for step in group.steps)

"""What fees hand to other apps and take from them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from zhengtong.kernel import money


@dataclass(frozen=True)
class Payer:
    """Who is asked to pay. `user_id` or `enterprise_id`: whose account sees the bill; none: whoever has the payment code."""

    name: str
    user_id: int | None = None
    enterprise_id: int | None = None
    phone: str = ""


@dataclass(frozen=True)
class Claim:
    """A reduction that the answers claim; an official decides on it, with the proof."""

    name: str
    basis: str
    percent: int = 100
    proof: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a bill.

    `department`: code of the body it belongs to. `rate` is 元 a unit; without `rate` or `quantity` the line waits for an
    official (`note` says why). `basis`: the law by which it is charged, never empty. `source`: the part of the subject it
    comes from, such as `case:12` on the bill of a project.
    """

    name: str
    department: str
    basis: str
    rate: Decimal | None
    quantity: Decimal | None = Decimal(1)
    unit: str = ""
    code: str = ""
    account: str = ""
    name_en: str = ""
    source: str = ""
    note: str = ""
    claims: tuple[Claim, ...] = ()

    @property
    def amount(self) -> Decimal | None:
        """Quantity times rate to the 分; None while one of them is missing."""
        if self.rate is None or self.quantity is None:
            return None
        return money.rounded(self.rate * self.quantity)


@dataclass(frozen=True)
class Free:
    """不收费: the law by which nothing is charged (行政许可法 第五十八条); `basis` empty when the matter names none."""

    basis: str
    checked: bool = False


@dataclass(frozen=True)
class Public:
    """What anybody who holds number and payment code may know of a bill."""

    number: str
    state: str
    state_label: str
    total: Decimal
    outstanding: Decimal
    refunded: Decimal
    pay_url: str
    due_on: date | None


@dataclass(frozen=True)
class Verification:
    """What the public may learn of a notice or a receipt."""

    number: str
    title: str
    organ: str
    holder: str
    issued_on: date
    state: str
    state_label: str
    state_reason: str
    matter: str
    valid_until: date | None = None


@dataclass(frozen=True)
class Gate:
    """Whether something may go on: `open`, or the sentence why not, with the law that says so."""

    open: bool
    sentence: str = ""


@dataclass(frozen=True)
class Paid:
    """What a provider says of an order. `transaction`: its own number for the money."""

    order: str
    transaction: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class StatementRow:
    """One line of a provider's daily statement. `kind`: pay or refund; `order`: our number."""

    kind: str
    order: str
    transaction: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class Comparison:
    """A statement against our books."""

    matched: int = 0
    differences: tuple["Difference", ...] = field(default=())


@dataclass(frozen=True)
class Difference:
    """One thing on which statement and books disagree. `kind`: missing_here, missing_there, amount."""

    kind: str
    entry: str
    order: str
    transaction: str
    ours: Decimal | None
    theirs: Decimal | None

"""What the papers of a bill say. Issued papers are kept as the dump of their model: a field may be added with a default, never
removed or renamed. Amounts are text as printed.
"""

from zhengtong.approvals.papers.values import PaperDate, PaperMoment, Part


class LineOfBill(Part):
    """One line: item, department, law, quantity × rate, amount, what was let off, treasury account."""

    name: str
    department: str
    basis: str
    quantity: str
    rate: str
    amount: str
    reduction: str = ""
    reduction_basis: str = ""
    payable: str
    account: str = ""


class BillPaper(Part):
    """What notice and receipt share. `demo` prints 演示数据 in the foot; `case_number` stands in the file's keywords."""

    organ: str
    number: str
    case_number: str
    bill_number: str
    subject: str
    payer: str
    issued_on: PaperDate
    verify_url: str = ""
    query_code: str = ""
    contact: str = ""
    complaint: str = ""
    lines: tuple[LineOfBill, ...]
    total: str
    total_capital: str
    demo: bool = False


class PaymentNotice(BillPaper):
    """缴款通知书: one for all departments (一单式). `supersedes`: the number of the notice whose place it takes."""

    due_on: PaperDate
    pay_url: str
    gate: str = ""
    supersedes: str = ""
    supersedes_reason: str = ""


class FeeReceipt(BillPaper):
    """电子缴款凭证: what was paid, when, how, for which lines. `excess`: what came too much and goes back."""

    notice_number: str
    paid_at: PaperMoment
    channel: str
    transaction: str
    excess: str = ""

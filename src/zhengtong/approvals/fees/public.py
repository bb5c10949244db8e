"""The door of fees.

    lines = fees.lines_for_matter(version, answers, source="case:12")
    bill = fees.issue_bill(subject="project:7", title="…", payer=fees.Payer("…", user_id=3), lines=lines, by=officer, at=now)
    fees.bill_of("project:7")        the newest bill of a subject, or None
    fees.settled("project:7")        nothing is owed

A subject is any `kind:id`; fees knows neither cases nor projects.
"""

from zhengtong.approvals.fees.computing import free_by, gate_note, law_of, lines_for_matter
from zhengtong.approvals.fees.models import Bill, BillLine, BillPaper, Charge, Order, Payment, Refund, Share
from zhengtong.approvals.fees.operations.bills import (
    assess_line,
    cancel,
    decide_reduction,
    expire_overdue,
    issue_bill,
    supersede,
)
from zhengtong.approvals.fees.operations.papers import pay_url, printed
from zhengtong.approvals.fees.operations.paying import (
    ask,
    ask_about_waiting,
    begin_order,
    book,
    record_at_window,
    take_message,
)
from zhengtong.approvals.fees.operations.refunding import (
    approve_refund,
    confirm_by_hand,
    refuse_refund,
    request_refund,
    send_approved,
)
from zhengtong.approvals.fees.operations.stranded import (
    agree_elsewhere,
    note_stranded,
    record_elsewhere,
    return_elsewhere,
)
from zhengtong.approvals.fees.panels import FeePanel, panel
from zhengtong.approvals.fees.queries import (
    bill_of,
    bills_of,
    by_pay_code,
    charged_for,
    gate,
    get_for_official,
    is_payer,
    papers_about,
    public_view,
    receipts_of,
    settled,
    verify,
    visible,
)
from zhengtong.approvals.fees.refusals import CannotBill, CannotPay, CannotRefund
from zhengtong.approvals.fees.states import RefundCause, RefundState, State
from zhengtong.approvals.fees.subjects import register_subject
from zhengtong.approvals.fees.values import Claim, Free, Gate, Line, Payer, Public, Verification

__all__ = [
    "Bill",
    "BillLine",
    "BillPaper",
    "CannotBill",
    "CannotPay",
    "CannotRefund",
    "Charge",
    "Claim",
    "FeePanel",
    "Free",
    "Gate",
    "Line",
    "Order",
    "Payer",
    "Payment",
    "Public",
    "Refund",
    "RefundCause",
    "RefundState",
    "Share",
    "State",
    "Verification",
    "agree_elsewhere",
    "approve_refund",
    "ask",
    "ask_about_waiting",
    "assess_line",
    "begin_order",
    "bill_of",
    "bills_of",
    "book",
    "by_pay_code",
    "cancel",
    "charged_for",
    "confirm_by_hand",
    "decide_reduction",
    "expire_overdue",
    "free_by",
    "gate",
    "gate_note",
    "get_for_official",
    "is_payer",
    "issue_bill",
    "law_of",
    "lines_for_matter",
    "note_stranded",
    "panel",
    "papers_about",
    "pay_url",
    "printed",
    "public_view",
    "receipts_of",
    "record_at_window",
    "record_elsewhere",
    "refuse_refund",
    "register_subject",
    "request_refund",
    "return_elsewhere",
    "send_approved",
    "settled",
    "supersede",
    "take_message",
    "verify",
    "visible",
]

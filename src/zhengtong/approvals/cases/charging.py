"""What a case costs. The bill is drawn up after acceptance, by event: no step waits for it, none is hurried by it.

Whoever collects for several cases together (a bundle, a project) says so in the slot `collected_by`: these cases get no bill of
their own. Whether a decision or a delivery waits for the payment is an element of the matter, with the law that says so.
"""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.cases.refusals import CannotDecide
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.matters.values import MatterDocument

Collector = Callable[[Case], str]
_COLLECTORS: list[Collector] = []

ENDED = "办件已结束（撤回、终止、作废或者转报），不再收费。"


def collected_by(collector: Collector) -> Collector:
    """Register who bills a case together with others: returns the subject of that bill (`project:7`), empty when it does not."""
    _COLLECTORS.append(collector)
    return collector


def subject_of(case: Case) -> str:
    """What the bill for this case is about: the case itself, or what it is collected with."""
    found = (collector(case) for collector in _COLLECTORS)
    return next((subject for subject in found if subject), f"case:{case.pk}")


def lines_of(case: Case, *, at: datetime) -> tuple[fees.Line, ...]:
    """The lines this case is charged by its version and its answers."""
    today = timezone.localdate(at)
    return fees.lines_for_matter(case.version, case.answers, today=today, source=f"case:{case.pk}")


def payer_of(case: Case) -> fees.Payer:
    """Who is asked to pay: the applicant."""
    return fees.Payer(case.applicant_name, user_id=case.applicant_user_id, enterprise_id=case.applicant_enterprise_id)


def bill(case_id: int, *, at: datetime) -> fees.Bill | None:
    """Draw up the bill of an accepted case; None when it is free, billed already, or billed with others."""
    case = Case.objects.select_related("version", "department").get(pk=case_id)
    subject = subject_of(case)
    if subject != f"case:{case.pk}" or fees.bill_of(subject) is not None:
        return None
    lines = lines_of(case, at=at)
    if not lines:
        return None
    elements = case.elements
    return fees.issue_bill(
        subject=subject,
        title=elements.name,
        title_en=elements.name_en,
        payer=payer_of(case),
        lines=lines,
        by=None,
        at=at,
        organization=case.department,
        pay_workdays=elements.fees.pay_workdays,
        gate_note=fees.gate_note(elements.fees),
    )


def case_ended(case_id: int, *, at: datetime) -> None:
    """The case is over without a decision: what nobody paid yet is not asked for any more."""
    found = fees.bill_of(f"case:{case_id}")
    if found is not None and found.state in (fees.State.DRAFT, fees.State.ISSUED):
        fees.cancel(bill_id=found.pk, reason=ENDED, by=None, at=at)


def require_paid(case: Case, when: str) -> None:
    """Raises `CannotDecide` when a law lets `when` (decision, delivery) wait for the payment and it has not come.

    Without such a law nothing waits for money.
    """
    wanted = case.elements.fees
    if wanted.gate != when:
        return
    subject, law = subject_of(case), fees.law_of(wanted.gate_basis)
    # The bill follows acceptance by event: until it is there, what it will say counts.
    expected = subject == f"case:{case.pk}" and bool(lines_of(case, at=case.accepted_at or case.created_at))
    gate = fees.gate(subject, when=when, gate_of_matter=wanted.gate, basis=law, expected=expected)
    if not gate.open:
        raise CannotDecide(gate.sentence)


def panel(case: Case) -> fees.FeePanel:
    """The card “收费” of the case's pages."""
    return fees.panel(subject_of(case), case.elements.fees)


def fee_line(elements: MatterDocument) -> str:
    """What the acceptance notice says of money: the proof that it is free, or that a notice will follow."""
    free = fees.free_by(elements.fees)
    if free is None:
        law = fees.law_of(elements.fees.basis)
        return f"收费事项（依据：{law}），另发缴款通知书" if law else "收费事项，另发缴款通知书"
    return f"不收费（依据：{free.basis}）" if free.basis else "不收费"

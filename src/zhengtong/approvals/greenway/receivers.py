"""What projects do when cases and calendars report, and again and again. Every one of them may be told twice."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from zhengtong.approvals.cases import events as told
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import billing, notifications, queries
from zhengtong.approvals.greenway.events import JointCaseAccepted, ProjectFact
from zhengtong.approvals.greenway.models import Branch, Project
from zhengtong.approvals.greenway.operations import branches, clockwork, filing
from zhengtong.foundation.calendars.events import CalendarPublished
from zhengtong.foundation.events.public import Envelope, every, receives
from zhengtong.security.accounts import public as accounts
from zhengtong.security.audit import public as audit

LEFT = {
    "CaseWithdrawn": "申请人撤回",
    "CaseVoided": "作废",
    "CaseTerminated": "终止办理",
    "AcceptanceRefused": "不予受理",
    "SupplementLapsed": "逾期未补正",
}


def _branch_id(envelope: Envelope) -> int | None:
    event = envelope.event
    assert isinstance(event, told.CaseFact)
    branch = queries.branch_of_case(event.case_id)
    return branch.pk if branch else None


@receives((told.CaseAccepted, told.CaseHandedOver), name="greenway.accepted")
def case_accepted(envelope: Envelope) -> None:
    """A branch was accepted or handed over at its own window, or by force of law."""
    branch_id = _branch_id(envelope)
    if branch_id is None:
        return
    if isinstance(envelope.event, told.CaseHandedOver):
        branches.handed_over(branch_id=branch_id, at=envelope.effective_at)
    filing.settle_acceptance(joint_id=_stage_of(branch_id), at=envelope.effective_at)


def _stage_of(branch_id: int) -> int:
    return int(Branch.objects.values_list("joint_id", flat=True).get(pk=branch_id))


@receives((told.StepCompleted, told.StepReturned), name="greenway.worked")
def case_worked_on(envelope: Envelope) -> None:
    """A step of a branch is done: the department has signed for it; perhaps it must wait now."""
    branch_id = _branch_id(envelope)
    if branch_id is not None:
        by = accounts.get_user(envelope.event.actor_id) if envelope.event.actor_id else None
        branches.worked_on(branch_id=branch_id, by=by, at=envelope.effective_at)


@receives((told.CaseSuspended, told.CaseResumed), name="greenway.suspension")
def case_suspended(envelope: Envelope) -> None:
    """A special procedure of a branch began or ended."""
    branch_id, event = _branch_id(envelope), envelope.event
    if branch_id is None:
        return
    assert isinstance(event, (told.CaseSuspended, told.CaseResumed))
    found = cases.suspensions_of([event.case_id])[event.case_id]
    suspension = next(one for one in found if one.pk == event.suspension_id)
    if isinstance(event, told.CaseSuspended):
        clockwork.branch_suspended(branch_id=branch_id, suspension=suspension, at=envelope.effective_at)
    else:
        clockwork.branch_resumed(branch_id=branch_id, suspension=suspension, at=envelope.effective_at)


@receives(told.CaseDecided, name="greenway.decided")
def case_decided(envelope: Envelope) -> None:
    """A branch was decided."""
    branch_id, event = _branch_id(envelope), envelope.event
    if branch_id is None:
        return
    assert isinstance(event, told.CaseDecided)
    outcome = "refused" if event.outcome == cases.Outcome.REFUSE else "granted"
    branches.ended(branch_id=branch_id, outcome=outcome, result="", at=envelope.effective_at)


@receives(
    (
        told.CaseWithdrawn,
        told.CaseVoided,
        told.CaseTerminated,
        told.AcceptanceRefused,
        told.SupplementLapsed,
    ),
    name="greenway.left",
)
def case_left(envelope: Envelope) -> None:
    """A branch ended without a decision."""
    branch_id = _branch_id(envelope)
    if branch_id is None:
        return
    why = LEFT[type(envelope.event).__name__]
    branch = branches.ended(branch_id=branch_id, outcome="left", result=why, at=envelope.effective_at)
    billing.branch_left(branch, at=envelope.effective_at)
    filing.settle_acceptance(joint_id=_stage_of(branch_id), at=envelope.effective_at)


@receives(JointCaseAccepted, name="greenway.bill")
def draw_up_bill(envelope: Envelope) -> None:
    """One bill for all branches, once they are accepted."""
    assert isinstance(envelope.event, JointCaseAccepted)
    billing.bill(envelope.event.joint_id, at=envelope.effective_at)


@receives(told.CaseTransferredUp, name="greenway.transferred")
def case_transferred(envelope: Envelope) -> None:
    """The head of a department passed a branch to the superior authority: it goes on there."""
    branch_id, event = _branch_id(envelope), envelope.event
    if branch_id is not None:
        assert isinstance(event, told.CaseTransferredUp)
        branches.transferred(branch_id=branch_id, authority=event.authority, at=envelope.effective_at)


@receives(told.ClockElapsed, name="greenway.elapsed")
def case_clock_elapsed(envelope: Envelope) -> None:
    """The promise of a branch is over without a decision."""
    branch_id, event = _branch_id(envelope), envelope.event
    assert isinstance(event, told.ClockElapsed)
    if branch_id is not None and event.clock_kind == cases.ClockKind.PROMISED:
        day = timezone.localdate(envelope.effective_at)
        clock = cases.Clock.objects.filter(pk=event.clock_id).first()
        branches.silent(branch_id=branch_id, due_on=clock.due_on or day if clock else day, at=envelope.effective_at)


audit.receipted("greenway.JointCaseSubmitted", "greenway.JointCaseAccepted", "greenway.JointCaseCompleted")


@audit.concerns(name="greenway")
def projects_of_person(user_id: int) -> list[str]:
    """What of this system concerns a person: their projects and bundles (谁看过我的信息)."""
    mine = Project.objects.filter(Q(applicant_user_id=user_id) | Q(filed_by_id=user_id))
    return [f"project:{pk}" for pk in mine.values_list("pk", flat=True)]


@receives(CalendarPublished, name="greenway.reproject")
def reproject_after_calendar(envelope: Envelope) -> None:
    """Derive every running joint clock from the new calendar."""
    clockwork.reproject_all(at=envelope.effective_at, by=envelope.event.actor_id)


@receives(notifications.WRITTEN_TO, name="greenway.notices")
def tell_applicant(envelope: Envelope) -> None:
    """Write to the applicant and, when somebody else filed, to that person as well."""
    assert isinstance(envelope.event, ProjectFact)
    notifications.tell(envelope.event, at=envelope.effective_at)


@every(seconds=5, name="greenway.clocks")
def fire_clocks(now: datetime) -> int:
    """Record joint clocks that ran out and departments that did not sign."""
    return clockwork.fire(now=timezone.localtime(now))


@every(seconds=60, name="greenway.superiors")
def ask_superiors(now: datetime) -> int:
    """Ask the city, the province and other systems for their answers."""
    return branches.poll(now=timezone.localtime(now))

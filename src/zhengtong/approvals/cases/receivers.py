"""What cases do when others report: re-project clocks after a calendar change, tell applicants what happened, fire clocks."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from zhengtong.approvals.cases import charging, notifications
from zhengtong.approvals.cases.events import (
    CaseAccepted,
    CaseFact,
    CaseTerminated,
    CaseTransferredUp,
    CaseVoided,
    CaseWithdrawn,
)
from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.cases.operations import clockwork, timers
from zhengtong.foundation.calendars.events import CalendarPublished
from zhengtong.foundation.events.public import Envelope, every, receives
from zhengtong.foundation.files.models import Attachment
from zhengtong.security.audit import public as audit


@receives(CalendarPublished, name="cases.reproject")
def reproject_after_calendar(envelope: Envelope) -> None:
    """Rebuild the due days of all running clocks from the new calendar."""
    clockwork.reproject_all(at=envelope.effective_at, by=envelope.event.actor_id)


@receives(notifications.WRITTEN_TO, name="cases.notices")
def tell_applicant(envelope: Envelope) -> None:
    """Send the applicant the notice that belongs to the fact, if one does."""
    assert isinstance(envelope.event, CaseFact)
    notifications.tell(envelope.event, at=envelope.effective_at)


@receives(CaseAccepted, name="cases.bill")
def draw_up_bill(envelope: Envelope) -> None:
    """An accepted case of a matter that charges gets its bill; nothing waits for it."""
    assert isinstance(envelope.event, CaseFact)
    charging.bill(envelope.event.case_id, at=envelope.effective_at)


@receives((CaseWithdrawn, CaseTerminated, CaseVoided, CaseTransferredUp), name="cases.unbill")
def cancel_bill(envelope: Envelope) -> None:
    """A case that ended without a decision is not charged any more."""
    assert isinstance(envelope.event, CaseFact)
    charging.case_ended(envelope.event.case_id, at=envelope.effective_at)


audit.receipted(
    "cases.CaseSubmitted", "cases.CaseReceived", "cases.CaseAccepted", "cases.AcceptanceRefused", "cases.CaseDecided"
)


@audit.concerns(name="cases")
def cases_of_person(user_id: int) -> list[str]:
    """What of this system concerns a person: their cases and the files they handed in (谁看过我的信息)."""
    mine = Case.objects.filter(Q(applicant_user_id=user_id) | Q(filed_by_id=user_id)).values_list("pk", flat=True)
    files = Attachment.objects.filter(uploaded_by_id=user_id).values_list("pk", flat=True)
    return [*(f"case:{pk}" for pk in mine), *(f"attachment:{pk}" for pk in files)]


@every(seconds=5, name="cases.clocks")
def fire_clocks(now: datetime) -> int:
    """Let the clocks that have run out take their effect."""
    return timers.fire(now=timezone.localtime(now))

"""What ratings do when others report: send the link after completion, follow a changed calendar."""

from zhengtong.approvals.cases.events import AcceptanceRefused, CaseDelivered
from zhengtong.approvals.ratings import queries
from zhengtong.approvals.ratings.operations import invitations, timers
from zhengtong.foundation.calendars.events import CalendarPublished
from zhengtong.foundation.events.public import Envelope, receives
from zhengtong.security.audit import public as audit


@receives((CaseDelivered, AcceptanceRefused), name="ratings.invite")
def invite(envelope: Envelope) -> None:
    """Send the applicant the link by which the case can be rated."""
    assert isinstance(envelope.event, (CaseDelivered, AcceptanceRefused))
    invitations.invite(case_id=envelope.event.case_id, at=envelope.effective_at)


@receives(CalendarPublished, name="ratings.reproject")
def reproject(envelope: Envelope) -> None:
    """Derive the days of all open work orders from the new calendar."""
    timers.reproject_all(at=envelope.effective_at)


@audit.concerns(name="ratings")
def ratings_of_person(user_id: int) -> list[str]:
    """What of this system concerns a person: the ratings they gave."""
    return queries.subjects_of(user_id)

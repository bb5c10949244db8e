"""What supervision does when others report: index clocks, let detectors look, look again when the calendar or the rules change."""

from collections.abc import Sequence
from datetime import datetime

from zhengtong.approvals.cases.events import CaseFact, CasesReprojected
from zhengtong.approvals.greenway.events import ProjectFact
from zhengtong.approvals.ratings.events import RatingFact
from zhengtong.foundation.calendars.events import CalendarPublished
from zhengtong.foundation.events.public import Envelope, receives
from zhengtong.oversight.supervision import detectors
from zhengtong.oversight.supervision.operations import watching, windows

CHUNK = 500


def case_facts(envelopes: Sequence[Envelope]) -> None:
    """A batch of facts about cases: the clocks of every case get their new places, the detectors that are called for are asked."""
    since: dict[int, datetime] = {}
    kinds: dict[int, set[type[CaseFact]]] = {}
    for one in envelopes:
        assert isinstance(one.event, CaseFact)
        case_id = one.event.case_id
        since[case_id] = min(since.get(case_id, one.effective_at), one.effective_at)
        kinds.setdefault(case_id, set()).add(type(one.event))
    if not since:
        return
    at = max(one.effective_at for one in envelopes)
    subjects = [f"case:{case_id}" for case_id in since]
    watching.refresh(subjects=subjects, source="cases", since=min(since.values()), at=at)
    codes = {case_id: found for case_id, happened in kinds.items() if (found := detectors.codes_for(happened))}
    if codes:
        watching.ask_detectors(codes=codes, at=min(since.values()))


@receives(CaseFact, name="supervision.cases", receive_all=case_facts)
def case_fact(envelope: Envelope) -> None:
    """One fact about a case."""
    case_facts([envelope])


@receives(CasesReprojected, name="supervision.reproject")
def due_days_moved(envelope: Envelope) -> None:
    """The calendar moved due days: the clocks of these cases have new thresholds, and a card may rest on a day that no longer counts."""
    assert isinstance(envelope.event, CasesReprojected)
    at, ids = envelope.effective_at, envelope.event.case_ids
    for first in range(0, len(ids), CHUNK):
        subjects = [f"case:{pk}" for pk in ids[first : first + CHUNK]]
        watching.refresh(subjects=subjects, source="cases", since=at, at=at)


@receives(CalendarPublished, name="supervision.windows")
def windows_moved(envelope: Envelope) -> None:
    """A calendar was published: the days to answer a card, to appeal, to fulfil an order are counted anew."""
    windows.reproject_all(at=envelope.effective_at)


def project_facts(envelopes: Sequence[Envelope]) -> None:
    """A batch of facts about projects: joint clocks and signatures get their new places. All of them: a project has few clocks."""
    subjects = {f"project:{one.event.project_id}" for one in envelopes if isinstance(one.event, ProjectFact)}
    _refresh(subjects, "greenway", envelopes)


@receives(ProjectFact, name="supervision.projects", receive_all=project_facts)
def project_fact(envelope: Envelope) -> None:
    """One fact about a project: its joint clock, a branch that was signed for, is unsigned, is silent, has ended."""
    project_facts([envelope])


def rating_facts(envelopes: Sequence[Envelope]) -> None:
    """A batch of facts about ratings: the clocks of their work orders get their new places."""
    subjects = {f"rating:{one.event.rating_id}" for one in envelopes if isinstance(one.event, RatingFact)}
    _refresh(subjects, "ratings", envelopes)


@receives(RatingFact, name="supervision.ratings", receive_all=rating_facts)
def rating_fact(envelope: Envelope) -> None:
    """One fact about a rating."""
    rating_facts([envelope])


def _refresh(subjects: set[str], source: str, envelopes: Sequence[Envelope]) -> None:
    if subjects:
        at = max(one.effective_at for one in envelopes)
        watching.refresh(subjects=subjects, source=source, since=None, at=at)

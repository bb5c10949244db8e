"""The event log read back: the facts of a case as its events alone tell them. Equal to the rows, or somebody changed a row by hand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from zhengtong.approvals.cases.models import Case, CaseEvent, Extension, StepTask
from zhengtong.approvals.cases.states import ARROWS, Kind


@dataclass
class Facts:
    """What the events say. `suspensions`: (start, end or None); `done`: ids of completed steps; `judged`: by material number."""

    state: str = ""
    row_version: int = 0
    outcome: str = ""
    deemed: bool = False
    submitted_at: datetime | None = None
    received_at: datetime | None = None
    accepted_at: datetime | None = None
    decided_at: datetime | None = None
    delivered_at: datetime | None = None
    suspensions: list[tuple[date, date | None]] = field(default_factory=list)
    extension: int = 0
    done: set[int] = field(default_factory=set)
    judged: dict[int, str] = field(default_factory=dict)
    licence: str = ""
    licence_state: str = ""


def replay(events: Iterable[CaseEvent]) -> Facts:
    """Fold the events, in order. Raises ValueError where the log itself is impossible: a gap, or an arrow that does not exist."""
    facts = Facts()
    for expected, event in enumerate(events):
        if event.seq != expected or event.from_state != facts.state:
            raise ValueError(f"event {event.seq} does not follow on event {expected - 1}")
        if expected and ARROWS.get((event.from_state, event.kind)) != event.to_state:
            raise ValueError(f"event {event.seq}: no arrow {event.kind} from {event.from_state}")
        facts.state, facts.row_version = event.to_state, event.seq
        _apply(facts, event)
    return facts


def _apply(facts: Facts, event: CaseEvent) -> None:
    data: dict[str, Any] = event.data
    match event.kind:
        case Kind.SUBMIT:
            facts.submitted_at = event.effective_at
        case Kind.RECEIVE:
            facts.received_at = datetime.fromisoformat(data["received_at"])
        case Kind.ACCEPT:
            facts.accepted_at = event.effective_at
        case Kind.DEEM_ACCEPT:
            facts.accepted_at, facts.deemed = datetime.fromisoformat(data["accepted_at"]), True
        case Kind.JUDGE:
            facts.judged |= {int(no): judgement for no, judgement in data["materials"].items()}
        case Kind.SUPPLEMENT_IN:
            facts.judged = {no: judgement for no, judgement in facts.judged.items() if judgement != "defective"}
        case Kind.DEFERRED_IN:
            facts.judged = {
                no: "ok" if judgement == "deferred" else judgement for no, judgement in facts.judged.items()
            }
        case Kind.SUSPEND:
            facts.suspensions.append((date.fromisoformat(data["start"]), None))
        case Kind.RESUME:
            facts.suspensions[-1] = (facts.suspensions[-1][0], date.fromisoformat(data["end"]))
        case Kind.EXTEND:
            facts.extension = data["workdays"]
        case Kind.STEP_DONE:
            if data["done"]:
                facts.done.add(data["task"])
        case Kind.STEP_RETURN:
            facts.done -= set(data["again"])
        case Kind.DECIDE_GRANT | Kind.DECIDE_REFUSE | Kind.DECIDE_DEFERRED:
            facts.outcome, facts.decided_at = data["outcome"], event.effective_at
            facts.done.add(data["task"])
        case Kind.DEEM_RENEW:
            facts.outcome, facts.decided_at = "grant", event.effective_at
            if facts.suspensions and facts.suspensions[-1][1] is None:
                facts.suspensions[-1] = (facts.suspensions[-1][0], timezone.localdate(event.effective_at))
        case Kind.CERTIFY:
            facts.licence = data["licence"]
            facts.licence_state = "valid"
        case Kind.CHANGE_LICENCE:
            facts.licence_state = data["licence_state"]
        case Kind.DELIVER:
            facts.delivered_at = event.effective_at


def of_rows(case: Case) -> Facts:
    """The same facts as the rows tell them."""
    extension = Extension.objects.filter(case=case).first()
    licence = getattr(case, "licence", None)
    return Facts(
        state=case.state,
        row_version=case.row_version,
        outcome=case.outcome,
        deemed=case.deemed_accepted,
        submitted_at=case.submitted_at,
        received_at=case.received_at,
        accepted_at=case.accepted_at,
        decided_at=case.decided_at,
        delivered_at=case.delivered_at,
        suspensions=[(s.started_on, s.ended_on) for s in case.suspensions.all()],
        extension=extension.workdays if extension else 0,
        done=set(case.tasks.filter(state=StepTask.DONE).values_list("pk", flat=True)),
        judged=dict(case.checklist.filter(judged_by__isnull=False).values_list("material_no", "judgement")),
        licence=licence.number if licence else "",
        licence_state=licence.state if licence else "",
    )


def differences(case: Case) -> dict[str, tuple[Any, Any]]:
    """{fact: (by the log, by the rows)} for every fact on which they disagree; empty when all is well."""
    told, found = replay(case.log.order_by("seq")), of_rows(case)
    names = Facts.__dataclass_fields__
    return {
        n: (getattr(told, n), getattr(found, n)) for n in names if _plain(getattr(told, n)) != _plain(getattr(found, n))
    }


def _plain(value: Any) -> Any:
    return value.astimezone(timezone.get_current_timezone()) if isinstance(value, datetime) else value

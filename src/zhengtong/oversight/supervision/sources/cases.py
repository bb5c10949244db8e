"""The clocks of cases: those of law and promise, of steps, special procedures and delivery, and that of the licence after the decision.

Five queries for any number of cases. A step is of three kinds: at the body that decides, at another department (联办), or at a
township that looks the papers over first (初审).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.states import ClockKind
from zhengtong.kernel.legal_clock import Budget
from zhengtong.oversight.supervision.sources import Source, register_source
from zhengtong.oversight.supervision.states import Watching
from zhengtong.oversight.supervision.values import Watched

NAME = "cases"
LICENCE = "licence"
LICENCE_WORKDAYS = 3
"""电子证照 three working days after the decision: the limit of the Hunan product; the delivery of 行政许可法 44 is a clock of its own."""
KINDS = {
    ClockKind.PROMISED: Watching.PROMISED,
    ClockKind.STATUTORY: Watching.STATUTORY,
    ClockKind.SUSPENSION: Watching.SUSPENSION,
    ClockKind.PRE_REVIEW: Watching.PRE_REVIEW,
    ClockKind.ACCEPTANCE: Watching.ACCEPTANCE,
    ClockKind.HAND_OVER: Watching.HAND_OVER,
    ClockKind.STEP: Watching.STEP,
    ClockKind.DELIVERY: Watching.DELIVERY,
}
"""Clocks of cases that are watched. That of the applicant's supplement is not: the county does not supervise its residents."""
AT_WINDOW = {Watching.PRE_REVIEW, Watching.ACCEPTANCE, Watching.HAND_OVER, Watching.DELIVERY}
LOCAL = ("township", "village")
_COLUMNS = (
    "state",
    "outcome",
    "spoken_number",
    "department_id",
    "decided_at",
    "closed_at",
    "acceptance_point_id",
    "acceptance_point__kind",
    "version__name",
    "version__name_en",
    "extension__approved_at",
)
_CLOCK = ("id", "case_id", "kind", "started_on", "limit_workdays", "extension_workdays", "stopped_at")
_TASK = ("task__role", "task__organization_id", "task__organization__kind", "task__claimed_by_id")


@dataclass
class _Case:
    """What the clocks of a case need to know of it."""

    row: dict[str, Any]
    suspensions: list[Any] = field(default_factory=list)
    open_step: tuple[str, int] | None = None
    due: dict[str, Any] = field(default_factory=dict)


def number_of(subject: str) -> int:
    """12 of `case:12`."""
    return int(subject.partition(":")[2])


def clocks_of(ids: Iterable[int], *, since: datetime | None, keys: Iterable[int] | None = None) -> list[Watched]:
    """The watched clocks of these cases: running, or stopped at `since` or later; `keys` narrows to these clocks."""
    wanted = list(ids)
    found = _facts(wanted)
    rows = cases.Clock.objects.filter(case_id__in=wanted, kind__in=list(KINDS)).order_by("id")
    clocks = list(rows.values(*_CLOCK, *_TASK))
    for clock in clocks:
        found[clock["case_id"]].due[clock["kind"]] = clock
    only = None if keys is None else set(keys)
    return [
        _watched(clock, found[clock["case_id"]])
        for clock in clocks
        if (clock["id"] in only if only is not None else _unseen(clock, since))
    ]


def _unseen(clock: dict[str, Any], since: datetime | None) -> bool:
    return clock["stopped_at"] is None or since is None or clock["stopped_at"] >= since


def _facts(ids: list[int]) -> dict[int, _Case]:
    rows = cases.Case.objects.filter(pk__in=ids).values("pk", *_COLUMNS)
    found = {row["pk"]: _Case(row) for row in rows}
    for suspension in cases.Suspension.objects.filter(case_id__in=ids).order_by("id"):
        found[suspension.case_id].suspensions.append(suspension)
    tasks = cases.StepTask.objects.filter(case_id__in=ids, state=cases.StepTask.OPEN).order_by("-id")
    for case_id, role, body in tasks.values_list("case_id", "role", "organization_id"):
        found[case_id].open_step = (role, body)
    return found


def _watched(clock: dict[str, Any], case: _Case) -> Watched:
    row = case.row
    kind, body, role = _place(clock, case)
    budget = _budget(clock, case)
    return Watched(
        source=NAME,
        key=f"clock:{clock['id']}",
        subject=f"case:{row['pk']}",
        kind=kind,
        organization_id=body,
        role=role,
        officer_id=clock["task__claimed_by_id"],
        title=_title(row),
        topic=_title(row),
        number=row["spoken_number"] or "",
        url=f"/cases/{row['pk']}/clocks/{clock['id']}/",
        budget=budget,
        extended_at=row["extension__approved_at"] if clock["extension_workdays"] else None,
        stopped_at=clock["stopped_at"],
        context=_context(case),
    )


def _title(row: dict[str, Any]) -> dict[str, str]:
    return {"zh": row["version__name"], "en": row["version__name_en"] or row["version__name"]}


def _place(clock: dict[str, Any], case: _Case) -> tuple[str, int, str]:
    """What is watched, which body answers, and which post works on it now."""
    row = case.row
    kind = KINDS[ClockKind(clock["kind"])]
    if kind == Watching.STEP:
        body = clock["task__organization_id"]
        if body != row["department_id"]:
            local = clock["task__organization__kind"] in LOCAL
            kind = Watching.PRELIMINARY if local else Watching.JOINT_STEP
        return kind, body, clock["task__role"]
    if kind in AT_WINDOW:
        local = row["acceptance_point__kind"] == "township"
        return kind, row["acceptance_point_id"], "township_officer" if local else "window_officer"
    # The promise is the department's; the post that works now answers first, when it is one of its own.
    role, body = case.open_step or ("department_head", row["department_id"])
    return kind, row["department_id"], role if body == row["department_id"] else "department_head"


def _budget(clock: dict[str, Any], case: _Case) -> Budget:
    names = {ClockKind.STATUTORY: "statutory", ClockKind.PROMISED: "promised", ClockKind.STEP: "promised"}
    name = names.get(ClockKind(clock["kind"]))
    last = timezone.localdate(clock["stopped_at"]) if clock["stopped_at"] else None
    pauses = tuple(
        one.as_pause()
        for one in case.suspensions
        if name in one.clocks and one.started_on >= clock["started_on"] and (last is None or one.started_on <= last)
    )
    return Budget(clock["started_on"], clock["limit_workdays"], pauses, clock["extension_workdays"])


def _context(case: _Case) -> dict[str, Any]:
    """Both limits and the special time, for the evidence of a card."""
    limits = {
        kind: clock["limit_workdays"] + clock["extension_workdays"]
        for kind, clock in case.due.items()
        if kind in (ClockKind.PROMISED, ClockKind.STATUTORY)
    }
    special = [
        {"name": one.name, "start": str(one.started_on), "end": str(one.ended_on) if one.ended_on else ""}
        for one in case.suspensions
    ]
    return {"limits": limits, "special": special}


# --- The licence after the decision ------------------------------------------------------------------------------------


def licences_of(ids: Iterable[int], *, since: datetime | None) -> list[Watched]:
    """For every granted case the time its licence may take: from the decision to 制证."""
    rows = cases.Case.objects.filter(pk__in=list(ids), decided_at__isnull=False, outcome__startswith="grant")
    found = rows.values("pk", *_COLUMNS, "licence__paper__issued_at")
    return list(_licences(found, since))


def _licences(rows: Iterable[dict[str, Any]], since: datetime | None) -> Iterator[Watched]:
    for row in rows:
        made = row["licence__paper__issued_at"]
        if made and since and made < since:
            continue
        yield Watched(
            source=NAME,
            key=f"{LICENCE}:{row['pk']}",
            subject=f"case:{row['pk']}",
            kind=Watching.LICENCE,
            organization_id=row["department_id"],
            role="certificate_clerk",
            title=_title(row),
            topic=_title(row),
            number=row["spoken_number"] or "",
            url=f"/cases/{row['pk']}/",
            budget=Budget(timezone.localdate(row["decided_at"]), LICENCE_WORKDAYS),
            stopped_at=made,
        )


# --- The source --------------------------------------------------------------------------------------------------------


def of(subjects: Iterable[str], since: datetime | None) -> list[Watched]:
    """The clocks of these cases."""
    ids = [number_of(subject) for subject in subjects]
    return [*clocks_of(ids, since=since), *licences_of(ids, since=since)]


def find(keys: Iterable[str]) -> list[Watched]:
    """The clocks with these keys."""
    clocks: list[int] = []
    licences: list[int] = []
    for key in keys:
        name, _colon, number = key.partition(":")
        (licences if name == LICENCE else clocks).append(int(number))
    found: list[Watched] = []
    if clocks:
        ids = set(cases.Clock.objects.filter(pk__in=clocks).values_list("case_id", flat=True))
        found += clocks_of(ids, since=None, keys=clocks)
    return found + (licences_of(licences, since=None) if licences else [])


def running(after: str, limit: int) -> list[str]:
    """The next cases with a running clock, by number."""
    last = number_of(after) if after else 0
    ids = cases.Clock.objects.filter(case_id__gt=last, stopped_at__isnull=True).order_by("case_id")
    return [f"case:{pk}" for pk in ids.values_list("case_id", flat=True).distinct()[:limit]]


def register() -> None:
    """Watch the clocks of cases."""
    kinds = frozenset({*KINDS.values(), Watching.JOINT_STEP, Watching.PRELIMINARY, Watching.LICENCE})
    register_source(Source(NAME, _("网上审批"), kinds, of, find, running))

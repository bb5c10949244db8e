"""Start, stop and re-project the clocks of a case. Due days are always derived by `kernel.legal_clock`, never added up here."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases.events import CasesReprojected
from zhengtong.approvals.cases.models import Case, CaseEvent, Clock, StepTask, Suspension
from zhengtong.approvals.cases.refusals import CannotActNow
from zhengtong.approvals.cases.states import ClockKind, Kind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel import statements
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.kernel.legal_clock import due as due_of
from zhengtong.kernel.statements import Param, Statement

log = logging.getLogger(__name__)

SENTENCES_WHEN_OVER = {
    ClockKind.ACCEPTANCE: gettext_lazy(
        "受理期限已于{day}届满，依法自收到材料之日起视为受理，系统正在补记。请稍后刷新页面，按已受理继续办理。"
    ),
    ClockKind.SUPPLEMENT: gettext_lazy("补正期限已于{day}届满，不能再提交补正。仍需办理的，请重新申请。"),
}


def close_of(day: date) -> datetime:
    """The moment a legal day closes (configured; 24:00 unless the county decides otherwise)."""
    hour, minute = (int(part) for part in settings.LEGAL_DAY_CLOSES_AT.split(":"))
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_current_timezone())
    return midnight + timedelta(hours=hour, minutes=minute)


def start(
    case: Case,
    kind: ClockKind,
    *,
    on: date,
    workdays: int,
    task: StepTask | None = None,
    suspension: Suspension | None = None,
    extension: int = 0,
    days: WorkingDays | None = None,
) -> Clock:
    """Start a clock on the day `on` with a budget of `workdays`. Raises `CalendarYearMissing` rather than guess."""
    days = days or calendars.current()
    clock = Clock(
        case=case,
        kind=kind,
        task=task,
        suspension=suspension,
        started_on=on,
        limit_workdays=workdays,
        extension_workdays=extension,
        calendar_version=days.version,
    )
    _project(
        clock, suspensions_of(case) if kind in (ClockKind.STATUTORY, ClockKind.PROMISED, ClockKind.STEP) else [], days
    )
    statements.insert(clock)
    return clock


_STOP = Statement(
    lambda: Clock.objects.filter(case=Param("case"), kind=Param("kind"), stopped_at__isnull=True),
    stopped_at=Param("at"),
    next_threshold_at=None,
)
_STOP_OF_TASK = Statement(
    lambda: Clock.objects.filter(case=Param("case"), task=Param("task"), kind=Param("kind"), stopped_at__isnull=True),
    stopped_at=Param("at"),
    next_threshold_at=None,
)


def stop(case: Case, *kinds: ClockKind, at: datetime, task: StepTask | None = None) -> int:
    """Stop the running clocks of these kinds (of `task`, when given); the number stopped."""
    if task is not None:
        return sum(_STOP_OF_TASK.execute(case=case.pk, task=task.pk, kind=str(kind), at=at) for kind in kinds)
    return sum(_STOP.execute(case=case.pk, kind=str(kind), at=at) for kind in kinds)


def must_run(case: Case, kind: ClockKind, *, at: datetime) -> None:
    """The time of a clock is not over yet. After it the law has already answered, even while the worker has still to write it down.

    Raises `CannotActNow`: otherwise it would depend on a worker's luck whether a case was accepted by force of law.
    """
    clock = Clock.objects.filter(case=case, kind=kind, stopped_at__isnull=True, next_threshold_at__lte=at).first()
    if clock is not None:
        raise CannotActNow(SENTENCES_WHEN_OVER[kind].format(day=date_format(clock.due_on or at, "Y-m-d")))


def stop_all(case: Case, *, at: datetime) -> None:
    """Stop whatever still runs: the case has left the machine."""
    Clock.objects.filter(case=case, stopped_at__isnull=True).update(stopped_at=at, next_threshold_at=None)


def suspensions_of(case: Case) -> list[Suspension]:
    """The suspensions of a case, oldest first."""
    return list(Suspension.objects.filter(case=case).order_by("id"))


def _project(clock: Clock, suspensions: list[Suspension], days: WorkingDays) -> None:
    clock.due_on = due_of(clock.budget(suspensions), days)
    clock.calendar_version = days.version
    if clock.elapsed_at is None and clock.stopped_at is None:
        clock.next_threshold_at = close_of(clock.due_on) if clock.due_on else None


def reproject(case: Case) -> date | None:
    """Derive every running due day of the case afresh and tell the to-do lists; returns the promised due day."""
    days = calendars.current()
    suspensions = suspensions_of(case)
    promised = case.due_on
    for clock in Clock.objects.filter(case=case, stopped_at__isnull=True).select_related("task"):
        _project(clock, suspensions, days)
        statements.update(clock, "due_on", "calendar_version", "next_threshold_at")
        if clock.kind == ClockKind.PROMISED:
            promised = clock.due_on
        if clock.task_id:
            worklists.set_due(subject=f"step:{clock.task_id}", due_on=clock.due_on)
    case.due_on = promised
    return promised


Progress = Callable[[int, int], None]
CHUNK = 5000


def reproject_all(*, at: datetime, progress: Progress | None = None, by: int | None = None) -> int:
    """Rebuild the due day of every running clock made with an older calendar version; returns how many due days moved.

    Works in chunks of 5,000 clocks, each its own transaction, so that it can be interrupted and taken up again: what is done carries
    the new version. Each case of which a day moved gets an event that says so. A clock that the change pushes into a year without a
    calendar keeps its day, holds up no other, and is counted again when that year is published.
    """
    days = calendars.current()
    waiting = Clock.objects.filter(stopped_at__isnull=True, calendar_version__lt=days.version)
    total, done, moved = waiting.count(), 0, 0
    while True:
        with transaction.atomic():
            chunk = _locked(waiting)
            if not chunk:
                return moved
            moved += _reproject_chunk(chunk, days, at=at, by=by)
        done += len(chunk)
        if progress:
            progress(done, total)


def _locked(waiting: QuerySet[Clock]) -> list[Clock]:
    """The next clocks, read under the locks of their cases, which every operation takes first: else a special procedure begun in the
    same moment would be overwritten, or two would wait for each other.
    """
    while found := dict(waiting.order_by("id").values_list("pk", "case_id")[:CHUNK]):
        if connection.features.has_select_for_update:
            list(Case.objects.select_for_update().filter(pk__in=set(found.values())).order_by("id").values_list("pk"))
        if chunk := list(waiting.filter(pk__in=found).order_by("id")):
            return chunk
    return []


def _reproject_chunk(chunk: list[Clock], days: WorkingDays, *, at: datetime, by: int | None) -> int:
    by_case: dict[int, list[Suspension]] = defaultdict(list)
    for suspension in Suspension.objects.filter(case_id__in={clock.case_id for clock in chunk}):
        by_case[suspension.case_id].append(suspension)
    changed = []
    for clock in chunk:
        before = clock.due_on
        try:
            _project(clock, by_case.get(clock.case_id, []), days)
        except CalendarYearMissing as error:
            log.warning("a due day could not be counted anew", extra={"clock": clock.pk, "year": error.year})
        if clock.due_on != before:
            changed.append(clock)
    _write(changed)
    Clock.objects.filter(pk__in=[clock.pk for clock in chunk]).update(calendar_version=days.version)
    _tell(changed, days.version, at=at, by=by)
    return len(changed)


def _write(clocks: Iterable[Clock]) -> None:
    # executemany: Django's bulk_update builds one CASE of thousands of branches, forty times slower here.
    adapt = connection.ops.adapt_datetimefield_value
    rows = [
        (clock.due_on, adapt(clock.next_threshold_at) if clock.next_threshold_at else None, clock.pk)
        for clock in clocks
    ]
    if rows:
        table = connection.ops.quote_name(Clock._meta.db_table)
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET due_on = %s, next_threshold_at = %s WHERE id = %s", rows)  # noqa: S608


ON_LISTS = {
    ClockKind.PRE_REVIEW: "pre_review",
    ClockKind.ACCEPTANCE: "acceptance",
    ClockKind.HAND_OVER: "hand_over",
    ClockKind.DELIVERY: "deliver",
}
"""The to-dos of a case that are due with one of its clocks; those of steps go by the step."""


def _tell(clocks: list[Clock], version: int, *, at: datetime, by: int | None) -> None:
    if not clocks:
        return
    worklists.set_due_many({f"step:{clock.task_id}": clock.due_on for clock in clocks if clock.task_id})
    moved: dict[int, dict[str, str | None]] = defaultdict(dict)
    promised = {}
    for clock in clocks:
        moved[clock.case_id][clock.kind] = str(clock.due_on) if clock.due_on else None
        if clock.kind == ClockKind.PROMISED:
            promised[clock.case_id] = clock.due_on
        if clock.kind in ON_LISTS:
            kind = ON_LISTS[ClockKind(clock.kind)]
            worklists.set_due(subject=f"case:{clock.case_id}", kind=kind, due_on=clock.due_on)
    cases = list(Case.objects.select_for_update(of=("self",)).filter(pk__in=moved).order_by("id"))
    for case in cases:
        case.due_on, case.row_version = promised.get(case.pk, case.due_on), case.row_version + 1
    _write_cases(cases)
    CaseEvent.objects.bulk_create(
        CaseEvent(
            case=case,
            seq=case.row_version,
            kind=Kind.REPROJECT,
            from_state=case.state,
            to_state=case.state,
            actor_id=by,
            effective_at=at,
            recorded_at=at,
            data={
                "calendar_version": version,
                "due_on": str(case.due_on) if case.due_on else None,
                "moved": moved[case.pk],
            },
        )
        for case in cases
    )
    ids = tuple(case.pk for case in cases)
    events.publish(CasesReprojected(calendar_version=version, case_ids=ids, actor_id=by), at=at)


def _write_cases(cases: Iterable[Case]) -> None:
    table = connection.ops.quote_name(Case._meta.db_table)
    rows = [(case.due_on, case.row_version, case.pk) for case in cases]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET due_on = %s, row_version = %s WHERE id = %s", rows)  # noqa: S608

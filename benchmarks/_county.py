"""A county to measure in: migrated database, calendar, bodies, the catalogue; and open cases with clocks in any number."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

Progress = Callable[..., None]
SHANGHAI = ZoneInfo("Asia/Shanghai")
FOUNDED = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
MATTER = "food-business-licence"


def prepare(progress: Progress, *, matters: frozenset[str] | None = frozenset({MATTER})) -> None:
    """An empty county: everything but people and cases. Django is set up here. Commits reach the disk as in use."""
    import django

    django.setup()
    from demo import load_matters, load_organizations
    from django.core.management import call_command
    from django.db import transaction

    from zhengtong.foundation.calendars import public as calendars

    progress("migrating")
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        calendars.publish_version(document=calendars.builtin_document(), reason="Benchmark", by=None, at=FOUNDED)
    load_organizations.load(FOUNDED, progress)
    load_matters.load(FOUNDED, progress, only=matters)


def open_cases(count: int, progress: Progress, *, spread: bool = False, ended: float = 0.0) -> None:
    """`count` cases in work, each with its clocks of law, of promise and of the step in hand; one in ten was suspended.

    Written as rows, not through the operations: what is measured with them is what happens to them later. `spread`: over every
    matter of a department, accepted in the last week; `ended`: the share that was granted and filed away in the months before, one in
    ten of them with its decision on paper.
    """
    from django.db import transaction

    from zhengtong.approvals.cases.models import Case, Clock, Paper, StepTask, Suspension

    rng = Random(431321)  # noqa: S311 - the same county every time
    matters = _every_matter() if spread else [_kept("matter", _the_matter)]
    for first in range(0, count, 5000):
        numbers = range(first, min(first + 5000, count))
        some = [_case(number, rng, rng.choice(matters), spread=spread) for number in numbers]
        for case in some:
            if rng.random() < ended:
                _end(case, rng)
        with transaction.atomic():
            Case.objects.bulk_create(some)
            tasks = StepTask.objects.bulk_create([_task(case) for case in some])
            paused = Suspension.objects.bulk_create([_suspension(case) for case in some[::10]])
            by_case = {suspension.case_id: [suspension] for suspension in paused}
            Clock.objects.bulk_create(
                [c for case, task in zip(some, tasks, strict=True) for c in _clocks(case, task, by_case)]
            )
            Paper.objects.bulk_create([_paper(case) for case in some[::10] if case.closed_at])
            for case, task in zip(some, tasks, strict=True):
                if not case.closed_at:
                    _todo(case, task)
        progress("cases" if ended else "open cases", first + len(some), count)


def _the_matter():
    from zhengtong.approvals.matters.models import Matter

    return Matter.objects.select_related("current").get(key=MATTER)


def _every_matter():
    from zhengtong.approvals.matters.models import Matter

    return list(Matter.objects.select_related("current").filter(department__kind="department", current__isnull=False))


def _end(case, rng) -> None:
    """Move a case some months back and let it be granted, handed over and filed away."""
    back = timedelta(days=rng.randrange(40, 240))
    case.created_at = case.submitted_at = case.accepted_at = case.accepted_at - back
    case.state, case.outcome = "archived", "grant"
    case.decided_at = case.delivered_at = case.closed_at = case.accepted_at + timedelta(days=4)


def _paper(case):
    from zhengtong.approvals.cases.models import Paper

    return Paper(
        case=case,
        kind="decision",
        number=f"双许〔2026〕{case.number}号",
        title="准予行政许可决定书",
        organization_id=case.department_id,
        data={"remedies": "对本决定不服的，可以依法申请行政复议或者提起行政诉讼。" * 4},
        verify_code=case.number,
        issued_at=case.decided_at,
    )


def _case(number: int, rng: Random, matter, *, spread: bool):
    from zhengtong.approvals.cases.models import Case

    first = date(2026, 9, 14) if spread else date(2026, 9, 1)
    accepted = datetime.combine(first + timedelta(days=rng.randrange(6 if spread else 20)), FOUNDED.timetz())
    return Case(
        number=f"bench-{number}",
        spoken_number=f"431321-260901-{number}",
        query_code=f"{number:08d}",
        matter=matter,
        version=matter.current,
        department_id=matter.department_id,
        acceptance_point_id=matter.department_id,
        state="in_process",
        applicant_kind="person",
        applicant_name="王小明",
        applicant_id_number="431321199005170011",
        created_at=accepted,
        submitted_at=accepted,
        accepted_at=accepted,
        due_on=accepted.date() + timedelta(days=9),
        row_version=4,
    )


_keep: dict[str, object] = {}


def _kept(key: str, make: Callable[[], object]):
    if key not in _keep:
        _keep[key] = make()
    return _keep[key]


def _task(case):
    from zhengtong.approvals.cases.models import StepTask

    return StepTask(
        case=case,
        group_no=1,
        key="review",
        name="审查",
        kind="review",
        role="case_officer",
        organization_id=case.department_id,
        workdays=5,
        state="done" if case.closed_at else "open",
        done_at=case.decided_at,
    )


def _suspension(case):
    from zhengtong.approvals.cases.models import Suspension
    from zhengtong.security.accounts import public as accounts

    start = case.accepted_at.date() + timedelta(days=2)
    return Suspension(
        case=case,
        kind="inspection",
        name="检验",
        basis="《中华人民共和国行政许可法》第四十五条",
        clocks=["statutory", "promised"],
        planned_workdays=5,
        reason="送检",
        started_on=start,
        ended_on=start + timedelta(days=5),
        approved_by=_kept("head", lambda: accounts.create_official(username="head", name="吴局长", at=FOUNDED)),
    )


def _todo(case, task) -> None:
    from zhengtong.foundation.worklists import public as worklists

    worklists.open(
        system="cases",
        kind="step",
        subject=f"step:{task.pk}",
        title="审查",
        url=f"/cases/{case.pk}/",
        at=case.accepted_at,
        organization_id=case.department_id,
        role=task.role,
        number=case.spoken_number,
        person=case.applicant_name,
    )


def _clocks(case, task, suspensions):
    from zhengtong.approvals.cases.models import Clock
    from zhengtong.approvals.cases.operations.clockwork import close_of
    from zhengtong.foundation.calendars import public as calendars
    from zhengtong.kernel.legal_clock import due

    days = _kept("days", calendars.current)
    for kind, limit in (("statutory", 20), ("promised", 7), ("step", 5)):
        clock = Clock(
            case=case,
            kind=kind,
            task=task if kind == "step" else None,
            started_on=case.accepted_at.date(),
            limit_workdays=limit,
            calendar_version=days.version,
        )
        clock.due_on = due(clock.budget(suspensions.get(case.pk, [])), days)
        clock.stopped_at = case.decided_at
        clock.next_threshold_at = close_of(clock.due_on) if clock.due_on and not case.closed_at else None
        yield clock

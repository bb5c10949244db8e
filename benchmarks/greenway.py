"""The page of a project with forty branches in four stages, and its critical path, over a county with two thousand other cases.

The page is asked for by a department through the whole stack of the web process (middleware, decision service, templates), in this
process; the critical path is computed over all forty branches at once, a third of them ended, some paused.
"""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from benchmarks import _county

BRANCHES, STAGES = 40, 4
REPEAT, PATHS = 120, 200
NOW = datetime(2026, 9, 21, 9, 0, tzinfo=_county.SHANGHAI)


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`project_page_p95_ms`, `queries_project_page`, `critical_path_ms` (p95 of two hundred)."""
    os.environ["ZHENGTONG_DEMO"] = "1"
    os.environ["ZHENGTONG_STAFF_SECOND_FACTOR"] = "offered"
    _county.prepare(progress, matters=None)
    _set_clock()
    _county.open_cases(2000, progress, spread=True)
    project = _project()
    client = _official()
    address = f"/projects/{project.pk}/"
    queries = _queries(client, address)
    times = []
    for number in range(REPEAT):
        begun = time.perf_counter()
        answer = client.get(address)
        times.append(time.perf_counter() - begun)
        assert answer.status_code == 200, answer.status_code
        if number % 40 == 0:
            progress("pages", number, REPEAT)
    times.sort()
    return {
        "project_page_p95_ms": round(1000 * times[int(0.95 * len(times))], 1),
        "queries_project_page": queries,
        "critical_path_ms": round(1000 * sorted(_paths(project))[int(0.95 * PATHS)], 2),
    }


def _set_clock() -> None:
    from django.utils import timezone

    from zhengtong.foundation.calendars.models import DemoClock

    DemoClock.objects.create(pk=1, offset_seconds=round((NOW - timezone.now()).total_seconds()))


def _project() -> Any:
    """Forty branches, each with its case: in order of stages, every third ended, each waiting for one or two before it."""
    from zhengtong.approvals.cases.models import Case, Suspension
    from zhengtong.approvals.greenway.models import Project
    from zhengtong.approvals.greenway.operations.templates import publish_template
    from zhengtong.approvals.greenway.plans import TemplateDocument
    from zhengtong.approvals.matters.models import Matter
    from zhengtong.foundation.organizations import public as organizations
    from zhengtong.kernel.identifiers import project_code

    matters = list(Matter.objects.filter(current__guidance_only=False, department__kind="department")[:BRANCHES])
    keys = [matter.key for matter in matters]
    stages = [_stage(number, keys) for number in range(STAGES)]
    document = TemplateDocument.model_validate(
        {
            "key": "bench",
            "kind": "project",
            "name": "基准项目",
            "audiences": ["2"],
            "lead_department": "housing",
            "stages": stages,
        }
    )
    version = publish_template(document=document, reason="Benchmark", by=None, at=NOW)
    cases = list(Case.objects.select_related("version").order_by("pk")[:BRANCHES])
    housing = organizations.get_by_code("housing")
    project = Project.objects.create(
        number="bench",
        template=version,
        kind="project",
        code=project_code.make_synthetic(division_code="431321", on=NOW.date(), serial=1),
        name="基准项目",
        acceptance_point=housing,
        applicant_kind="enterprise",
        applicant_name="基准公司",
        created_at=NOW,
    )
    for number in range(STAGES):
        _fill(project, number, stages[number], matters[number * 10 : number * 10 + 10], cases)
    assert Suspension.objects.exists()
    return project


def _fill(project: Any, number: int, stage: dict[str, Any], matters: list[Any], cases: list[Any]) -> None:
    from zhengtong.approvals.greenway.models import Branch, JointCase, JointClock

    begun, lead = NOW - timedelta(days=14), project.acceptance_point
    joint = JointCase.objects.create(
        project=project, no=number + 1, key=f"stage-{number}", lead=lead, state="in_process", accepted_at=begun
    )
    clock = JointClock(joint=joint, started_on=begun.date(), limit_workdays=45, calendar_version=1)
    clock.due_on = begun.date() + timedelta(days=70)
    clock.save()
    for place, matter in enumerate(matters):
        ended = place % 3 == 0
        Branch.objects.create(
            joint=joint,
            no=place + 1,
            matter_key=matter.key,
            matter=matter,
            department=matter.department,
            name=matter.current.name,
            name_en=matter.current.name_en,
            role="parallel",
            prerequisites=list(stage["branches"][place]["prerequisites"]),
            workdays=matter.current.elements.promised_workdays,
            state="granted" if ended else "reviewing",
            case=cases.pop(),
            dispatched_at=begun,
            signed_at=begun,
            ended_at=NOW - timedelta(days=3) if ended else None,
        )


def _stage(number: int, keys: list[str]) -> dict[str, Any]:
    mine = keys[number * 10 : number * 10 + 10]
    rows = [
        {
            "matter": key,
            "department": "housing",
            "prerequisites": [*([mine[place - 2]] if place > 1 else []), *([mine[place - 1]] if place % 2 else [])],
        }
        for place, key in enumerate(mine)
    ]
    return {
        "no": number + 1,
        "key": f"stage-{number}",
        "name": f"第{number + 1}阶段",
        "lead_department": "housing",
        "limit_workdays": 45,
        "branches": rows,
    }


def _official() -> Any:
    from django.conf import settings
    from django.test import Client

    from zhengtong.foundation.organizations import public as organizations
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    settings.ALLOWED_HOSTS = ["*"]
    body = organizations.get_by_code("housing")
    user = accounts.create_official(username="bench", name="冯基准", at=_county.FOUNDED, organization=body)
    pmi.grant_role(
        user=user, role="case_officer", organization=body, by=None, at=NOW, valid_from=_county.FOUNDED.date()
    )
    client = Client()
    client.force_login(user)
    return client


def _queries(client: Any, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        client.get(address)
    return len(seen)


def _paths(project: Any) -> list[float]:
    from zhengtong.approvals.greenway import critical, queries

    found = queries.whole(project)
    nodes = queries.nodes(found, today=NOW.date())
    assert len(nodes) == BRANCHES
    times = []
    for _number in range(PATHS):
        begun = time.perf_counter()
        critical.path(nodes, found.days, today=NOW.date())
        times.append(time.perf_counter() - begun)
    return times

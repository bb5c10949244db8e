"""A case through ten departments in parallel: CPU per step, with rules, clock, event, outbox and audit — against a workflow engine.

The peer is SpiffWorkflow 3.2 as a system built on it would run it: at each step the workflow's JSON is read, the task
completed and the whole JSON written back, beside the same rows that ours writes: case, step, signature and event by plain
ORM saves, outbox and to-do by our own operations, then our own delivery to the audit chain. Supervision has to query them, so
the engine's JSON replaces none. The peer checks no rules and keeps no clocks; ours reads role, duty, signatures, limits, stops
the step's clock and looks whether its group is done. `engine_cpu_ms_per_step` is the engine and its JSON alone.

The size of a case is that of an ordinary one, the county's food licence from filing to archive with its own form and steps;
`bytes_per_finished_parallel_case` is one of ten departments and a long form (`EQUIPMENT`). Both after the worker has cleared what it
clears sixty days later (delivered outbox rows, done to-dos, ended rating links); case, log, papers, signatures, clocks, notices and audit stay.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from benchmarks import _county

DEPARTMENTS = 10
CASES = 40
SIZED = 400
"""So many that what a row adds to an index shows: with fewer it disappears in pages that are half empty."""
AT = datetime(2026, 9, 21, 9, 0, tzinfo=_county.SHANGHAI)
KEY = "bench-parallel"
ROWS = 60
EQUIPMENT = {
    "key": "equipment",
    "label": "设备设施清单",
    "type": "group",
    "max_items": ROWS,
    "fields": [
        {"key": key, "label": label, "type": "text"}
        for key, label in (("name", "名称"), ("model", "型号"), ("use", "用途"))
    ],
}
"""A list of equipment, as a restaurant hands one in: with it the form holds some 6 KB of JSON."""


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`cpu_ratio_vs_spiffworkflow`: ours divided by the peer's, CPU seconds per step, rounds of both in turn;
    `transitions_per_second`: of the operations alone; `bytes_per_finished_case`: growth of the database over finished cases.
    """
    _county.prepare(progress)
    people = _people()
    _publish(people)
    ordinary = _ordinary_size(people, progress)
    peer = Peer()
    ours, theirs, transitions, busy = [], [], 0, 0.0
    before = _size()
    for number in range(CASES):
        case = _filed(people)
        cpu, events = _ours(case, people)
        _finish(case, people)
        ours.append(cpu)
        transitions, busy = transitions + events, busy + cpu
        progress("our cases", number + 1, CASES)
    _clear()
    size = (_size() - before) / CASES
    for number in range(CASES):
        # In turn, so that both meet the same machine.
        theirs.append(peer.round(_filed(people), people))
        ours.append(_ours(_filed(people), people)[0])
        progress("in turn with the peer", number + 1, CASES)
    mine, other = median(ours[CASES + 3 :]), median(theirs[3:])
    return {
        "transitions_per_second": round(transitions / busy, 1),
        "cpu_ratio_vs_spiffworkflow": round(mine / other, 3),
        "cpu_ms_per_step": round(1000 * mine / DEPARTMENTS, 2),
        "peer_cpu_ms_per_step": round(1000 * other / DEPARTMENTS, 2),
        "engine_cpu_ms_per_step": round(1000 * median(peer.engine) / DEPARTMENTS, 2),
        "peer_state_bytes": peer.state_bytes,
        "bytes_per_finished_case": round(ordinary),
        "bytes_per_finished_parallel_case": round(size),
    }


# --- our side -------------------------------------------------------------


def _people() -> dict[str, Any]:
    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.kernel.identifiers import resident_id
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    bodies = list(Organization.objects.filter(kind="department").order_by("code")[:DEPARTMENTS])
    owner = Organization.objects.get(code="market-regulation")
    centre = Organization.objects.get(code="government-service-centre")

    def official(name: str, role: str, body: Organization) -> Any:
        user = accounts.create_official(username=name, name="李华", at=AT, organization=body)
        pmi.grant_role(user=user, role=role, organization=body, by=None, at=AT, valid_from=AT.date())
        return user

    number = resident_id.make_synthetic(birth_on=AT.date().replace(year=1990), serial=1)
    return {
        "bodies": bodies,
        "officers": [official(f"officer{n}", "case_officer", body) for n, body in enumerate(bodies)],
        "clerk": official("clerk", "window_officer", centre),
        "approver": official("approver", "approver", owner),
        "applicant": accounts.register_resident(name="王小明", resident_id=number, phone="13800000001", at=AT),
    }


def _publish(people: dict[str, Any]) -> None:
    from demo import load_matters

    from zhengtong.approvals.matters import public as matters

    raw = load_matters.document(_county.MATTER).model_dump(mode="json")
    steps = [
        {
            "key": f"d{n}",
            "name": f"征求{body.short_name}意见",
            "role": "case_officer",
            "kind": "consult",
            "workdays": 2,
            "department": body.code,
        }
        for n, body in enumerate(people["bodies"])
    ]
    raw |= {
        "key": KEY,
        "implementation_code": raw["implementation_code"][:-4] + "9W00",
        "basic_code": raw["basic_code"][:-4] + "9W00",
        "materials": [],
        "form": {"fields": [*raw["form"]["fields"], EQUIPMENT]},
        "steps": [
            {"no": 1, "mode": "all", "steps": steps},
            {
                "no": 2,
                "steps": [{"key": "decision", "name": "决定", "role": "approver", "kind": "decide", "workdays": 1}],
            },
        ],
    }
    matters.publish_as_system(document=matters.MatterDocument.model_validate(raw), at=AT, reason="Benchmark")


def _fresh(user: Any) -> Any:
    """The account as a new request has it: nothing remembered from the last."""
    from zhengtong.security.accounts.models import User

    return User.objects.get(pk=user.pk)


def _filed(people: dict[str, Any], key: str = KEY) -> Any:
    from random import Random

    from demo import answers

    from zhengtong.approvals.cases import public as cases
    from zhengtong.approvals.matters import public as matters
    from zhengtong.foundation.events import public as events
    from zhengtong.security.accounts import public as accounts

    matter, applicant, clerk = matters.get_matter(key), people["applicant"], people["clerk"]
    principal = accounts.principals_of(applicant, on=AT.date())[0]
    case = cases.start_draft(matter=matter, principal=principal, by=applicant, at=AT)
    filled = answers.fill(case.elements.form, case.answers, Random(1), today=AT.date())  # noqa: S311
    if key == KEY:
        filled["equipment"] = [
            {"name": f"不锈钢操作台{n}号", "model": f"BX-{n:04d}", "use": "后厨切配、备餐和成品存放"}
            for n in range(ROWS)
        ]
    cases.save_answers(case_id=case.pk, answers=filled, by=applicant, at=AT)
    _hand_in(case, applicant)
    cases.submit(case_id=case.pk, by=applicant, at=AT)
    cases.receive(case_id=case.pk, by=clerk, at=AT)
    if verdicts := {item.material_no: ("ok", "", "") for item in case.checklist.filter(judgement="pending")}:
        cases.judge_materials(case_id=case.pk, judgements=verdicts, by=clerk, at=AT)
    case = cases.accept(case_id=case.pk, by=clerk, at=AT, hand_over=True)
    events.deliver_all(now=AT)
    return case


def _hand_in(case: Any, by: Any) -> None:
    from demo.stories import PDF

    from zhengtong.approvals.cases import public as cases
    from zhengtong.foundation.files import public as files

    kept = {"mime": "application/pdf", "owner_kind": cases.MATERIAL, "by": by.pk, "at": AT}
    for item in case.checklist.all():
        files.keep_bytes(content=PDF, name=f"{item.name[:40]}.pdf", owner_id=item.pk, **kept)


def _ours(case: Any, people: dict[str, Any]) -> tuple[float, int]:
    """CPU seconds of the ten steps, each signed by its own officer, and of everything they publish being delivered."""
    from zhengtong.approvals.cases import public as cases
    from zhengtong.foundation.events import public as events

    tasks = {task.organization_id: task.pk for task in case.tasks.filter(state="open")}
    work = [(_fresh(user), tasks[body.pk]) for user, body in zip(people["officers"], people["bodies"], strict=True)]
    started = time.process_time()
    for number, (officer, task_id) in enumerate(work):
        cases.complete_step(
            case_id=case.pk,
            task_id=task_id,
            conclusion="agree",
            opinion="经核对，符合规定，同意。",
            by=officer,
            at=AT + timedelta(minutes=number),
        )
    delivered = events.deliver_all(now=AT)
    return time.process_time() - started, min(delivered, DEPARTMENTS)


def _finish(case: Any, people: dict[str, Any], approver: Any = None) -> None:
    from zhengtong.approvals.cases import public as cases
    from zhengtong.approvals.cases.models import Case
    from zhengtong.foundation.events import public as events

    by = _fresh(approver or people["approver"])
    cases.decide(case_id=case.pk, outcome="grant", opinion="符合法定条件，准予。", by=by, at=AT)
    if Case.objects.get(pk=case.pk).state == "decided":
        cases.certify(case_id=case.pk, by=_certifier(case, people), at=AT)
    cases.deliver(case_id=case.pk, method="pickup", recipient="王小明", by=_fresh(people["clerk"]), at=AT)
    cases.archive(case_id=case.pk, by=_fresh(people["clerk"]), at=AT)
    events.deliver_all(now=AT)


def _certifier(case: Any, people: dict[str, Any]) -> Any:
    from types import SimpleNamespace

    role = next(step.role for step in case.elements.flat_steps() if step.kind == "certify")
    step = SimpleNamespace(role=role, organization_id=case.department_id, organization=case.department)
    return _fresh(_official_for(step, 9, people))


def _ordinary_size(people: dict[str, Any], progress: Callable[..., None]) -> float:
    """Bytes of a food licence from filing to archive, every step signed by as many officers as it needs."""
    _walked(people)
    before = _size()
    for number in range(SIZED):
        _walked(people)
        progress("ordinary cases", number + 1, SIZED)
    _clear(SIZED)
    return (_size() - before) / SIZED


def _walked(people: dict[str, Any]) -> None:
    from zhengtong.approvals.cases import public as cases

    case = _filed(people, _county.MATTER)
    while tasks := [task for task in case.tasks.filter(state="open") if task.kind != "decide"]:
        for task in tasks:
            for turn in range(task.min_officers):
                by = _fresh(_official_for(task, turn, people))
                facts = {"conclusion": "agree", "opinion": "经核对，符合规定，同意。"}
                cases.complete_step(case_id=case.pk, task_id=task.pk, by=by, at=AT, **facts)
    decider = _official_for(case.tasks.get(state="open"), 0, people)
    _finish(case, people, approver=decider)


def _official_for(task: Any, turn: int, people: dict[str, Any]) -> Any:
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    name = f"{task.role}-{task.organization_id}-{turn}"
    if name not in people:
        body = task.organization
        people[name] = accounts.create_official(username=f"signer{len(people)}", name="李华", at=AT, organization=body)
        pmi.grant_role(user=people[name], role=task.role, organization=body, by=None, at=AT, valid_from=AT.date())
    return people[name]


def _clear(cases: int = CASES) -> None:
    """What the worker does sixty days later."""
    from zhengtong.foundation.events import public as events

    for _turn in range(1 + cases // 10):
        for name in ("events.clear", "worklists.clear", "vault.retention"):
            events.run_job(events.JOBS[name], now=AT + timedelta(days=60))


def _size() -> int:
    """Bytes of the database in use, without free pages."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        values = []
        for name in ("page_count", "freelist_count", "page_size"):
            cursor.execute(f"PRAGMA {name}")
            values.append(cursor.fetchone()[0])
    return (values[0] - values[1]) * values[2]


# --- the peer ---------------------------------------------------------------

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def _diagram() -> bytes:
    tasks = "".join(f'<manualTask id="t{n}" name="d{n}"/>' for n in range(DEPARTMENTS))
    flows = "".join(
        f'<sequenceFlow id="a{n}" sourceRef="fork" targetRef="t{n}"/><sequenceFlow id="b{n}" sourceRef="t{n}" targetRef="join"/>'
        for n in range(DEPARTMENTS)
    )
    return (
        f'<definitions xmlns="{BPMN}" targetNamespace="z"><process id="approval" isExecutable="true"><startEvent id="start"/>'
        '<manualTask id="apply"/><sequenceFlow id="p" sourceRef="start" targetRef="apply"/>'
        f'<parallelGateway id="fork"/>{tasks}<parallelGateway id="join"/><manualTask id="decide"/><endEvent id="end"/>'
        '<sequenceFlow id="s" sourceRef="apply" targetRef="fork"/><sequenceFlow id="d" sourceRef="join" targetRef="decide"/>'
        f'<sequenceFlow id="e" sourceRef="decide" targetRef="end"/>{flows}</process></definitions>'
    ).encode()


class Peer:
    """SpiffWorkflow with its full state as JSON in a row, saved at each step beside the rows."""

    def __init__(self) -> None:
        from django.db import connection
        from lxml import etree
        from SpiffWorkflow.bpmn.parser import BpmnParser
        from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(_diagram()))
        self.spec = parser.get_spec("approval")
        self.serializer = BpmnWorkflowSerializer()
        self.engine: list[float] = []
        self.state_bytes = 0
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE peer_workflow (id integer primary key, state text)")

    def round(self, case: Any, people: dict[str, Any]) -> float:
        """CPU seconds of the ten steps of one workflow and of everything they publish being delivered."""
        from zhengtong.foundation.events import public as events

        self._start(case.answers)
        tasks = list(case.tasks.filter(state="open").order_by("id"))
        started = time.process_time()
        engine = sum(self._step(number, case, task, people["officers"][number]) for number, task in enumerate(tasks))
        events.deliver_all(now=AT)
        spent = time.process_time() - started
        self.engine.append(engine)
        return spent

    def _start(self, answers: dict[str, Any]) -> None:
        from django.db import connection
        from SpiffWorkflow import TaskState
        from SpiffWorkflow.bpmn import BpmnWorkflow

        workflow = BpmnWorkflow(self.spec)
        workflow.do_engine_steps()
        # The form is filled in at the first task, as the engine's forms do; tasks inherit its data.
        applying = workflow.get_tasks(state=TaskState.READY)[0]
        applying.data.update(answers)
        applying.run()
        workflow.do_engine_steps()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM peer_workflow")
            cursor.execute(
                "INSERT INTO peer_workflow (id, state) VALUES (1, %s)", [self.serializer.serialize_json(workflow)]
            )

    def _step(self, number: int, case: Any, task: Any, officer: Any) -> float:
        """One step; returns the CPU seconds of the engine and its JSON."""
        from django.db import connection, transaction
        from SpiffWorkflow import TaskState

        with transaction.atomic(), connection.cursor() as cursor:
            started = time.process_time()
            cursor.execute("SELECT state FROM peer_workflow WHERE id = 1")
            workflow = self.serializer.deserialize_json(cursor.fetchone()[0])
            ready = next(t for t in workflow.get_tasks(state=TaskState.READY) if t.task_spec.bpmn_id == f"t{number}")
            ready.data["opinion"] = "经核对，符合规定，同意。"
            ready.run()
            workflow.do_engine_steps()
            state = self.serializer.serialize_json(workflow)
            cursor.execute("UPDATE peer_workflow SET state = %s WHERE id = 1", [state])
            spent = time.process_time() - started
            self.state_bytes = len(state)
            self._rows(case, task, officer, AT + timedelta(minutes=number))
        return spent

    @staticmethod
    def _rows(case: Any, task: Any, officer: Any, at: datetime) -> None:
        from zhengtong.approvals.cases.events import StepCompleted
        from zhengtong.approvals.cases.models import CaseEvent, StepAct
        from zhengtong.foundation.events import public as events
        from zhengtong.foundation.worklists import public as worklists

        case.row_version += 1
        case.save(update_fields=["row_version"])
        task.state, task.done_at = "done", at
        task.save(update_fields=["state", "done_at"])
        StepAct(task=task, officer_id=officer.pk, conclusion="agree", opinion="经核对，符合规定，同意。", at=at).save(
            force_insert=True
        )
        CaseEvent(
            case=case,
            seq=case.row_version,
            kind="step_done",
            from_state="in_process",
            to_state="in_process",
            actor_id=officer.pk,
            effective_at=at,
            recorded_at=at,
            data={"task": task.pk, "key": task.key, "conclusion": "agree", "done": True},
        ).save(force_insert=True)
        events.publish(StepCompleted(case_id=case.pk, task_id=task.pk, conclusion="agree", actor_id=officer.pk), at=at)
        worklists.close(subject=f"step:{task.pk}", kind="step", at=at)

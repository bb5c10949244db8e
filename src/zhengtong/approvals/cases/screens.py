"""What the officials' pages show: reads put together for templates, and posted tables read back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import charging, queries, rules, slots
from zhengtong.approvals.cases import forms as case_forms
from zhengtong.approvals.cases.models import Case, CaseEvent, ChecklistItem, StepAct, StepTask
from zhengtong.approvals.cases.operations import desks
from zhengtong.approvals.cases.operations.filing import files_of_materials
from zhengtong.approvals.cases.states import ACCEPTED_ONWARDS, SUPPLEMENT_PROBLEMS, State
from zhengtong.approvals.cases.values import ActionView
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import StaleVersion, ZhengtongError
from zhengtong.security.pmi import public as pmi

TONES = {
    State.SUSPENDED: "paused",
    State.SUPPLEMENT_PENDING: "soon",
    State.DELIVERED: "ok",
    State.ARCHIVED: "ok",
    State.CERTIFIED: "ok",
    State.NOT_ACCEPTED: "overdue",
    State.WITHDRAWN: "",
    State.VOIDED: "",
    State.TRANSFERRED_UP: "",
    State.TERMINATED: "",
}
JUDGED = {"ok": "ok", "shared": "info", "defective": "overdue", "deferred": "soon"}
JUDGED_IN = (State.SUBMITTED, State.PRE_REVIEW, State.RECEIVED)

MAIN = (
    "receive",
    "accept",
    "notify_defects",
    "supplement",
    "hand_over",
    "step",
    "decide",
    "resume",
    "certify",
    "deliver",
    "hand_in_deferred",
    "archive",
)
"""What moves a case on, the usual one first: it becomes the big button."""
EXITS = ("refuse_acceptance", "withdraw", "transfer_up", "terminate", "void", "change_licence")
"""What ends a case without a decision: kept apart from the daily buttons."""


@dataclass(frozen=True)
class Button:
    """An action as the page draws it: posted straight from here (`posts`), or a link to its form."""

    label: str
    url: str
    posts: bool = False


@dataclass(frozen=True)
class Buttons:
    """The actions this person may take now, by how often they are wanted, and the others with their reasons."""

    main: tuple[Button, ...]
    more: tuple[Button, ...]
    exits: tuple[Button, ...]
    impossible: tuple[ActionView, ...]


def tone(case: Case) -> str:
    """The tone of a case's state tag."""
    return TONES.get(State(case.state), "info")


def buttons_of(case: Case, actions: Iterable[ActionView]) -> Buttons:
    """Sort the allowed actions: one that moves the case on, others, exits."""
    allowed = [a for a in actions if a.allowed]
    main = sorted((a for a in allowed if a.key in MAIN), key=lambda a: MAIN.index(a.key))
    first = [a for a in main if a.key == main[0].key]
    rest = [a for a in main if a.key != main[0].key] if main else []
    more = [_button(case, a) for a in (*rest, *(a for a in allowed if a.key not in MAIN and a.key not in EXITS))]
    return Buttons(
        tuple(_button(case, a) for a in first),
        (*more, *_returns(case, allowed)),
        tuple(_button(case, a) for a in allowed if a.key in EXITS),
        tuple(a for a in actions if not a.allowed),
    )


def _button(case: Case, action: ActionView) -> Button:
    if action.task_id:
        return Button(action.label, reverse("cases:step", args=[case.pk, "step", action.task_id]))
    label = str(case_forms.ACTS[action.key].label)
    return Button(label, reverse("cases:act", args=[case.pk, action.key]), action.key in case_forms.SIMPLE)


def _returns(case: Case, allowed: list[ActionView]) -> list[Button]:
    """Who may sign or decide may also send back, once there is a step to send back to."""
    if case.state != State.IN_PROCESS or not any(a.key in ("step", "decide") for a in allowed):
        return []
    mine = {a.task_id for a in allowed if a.key == "step"}
    tasks = list(case.tasks.order_by("group_no", "id"))
    done = [t.group_no for t in tasks if t.state == StepTask.DONE]
    open_ones = [t for t in tasks if t.state == StepTask.OPEN and (t.pk in mine or t.kind == "decide")]
    return [
        Button(
            _("退回：{step}").format(step=queries.step_label(t)), reverse("cases:step", args=[case.pk, "return", t.pk])
        )
        for t in open_ones
        if any(group < t.group_no for group in done)
    ]


def next_todo(case: Case, user: Any, *, at: datetime) -> worklists.Item | None:
    """The next file on this person's list: the one after this case, else the most urgent; None when nothing else waits."""
    today = timezone.localdate(at)
    pools = pmi.pools_of(user, on=today)
    items = worklists.for_person(user_id=user.pk, pools=pools, today=today, system=desks.SYSTEM, limit=200)
    here = [n for n, item in enumerate(items) if item.url == f"/cases/{case.pk}/"]
    ordered = [*items[here[-1] + 1 :], *items[: here[0]]] if here else items
    signed = _signed(user, ordered)
    return next((item for item in ordered if item.subject not in signed and item.url != f"/cases/{case.pk}/"), None)


def _signed(user: Any, items: list[worklists.Item]) -> set[str]:
    """Steps that wait for a second officer only."""
    ids = [int(item.subject.partition(":")[2]) for item in items if item.subject.startswith("step:")]
    acts = StepAct.objects.filter(task_id__in=ids or [0], officer_id=user.pk).values_list(
        "task_id", "at", "task__opened_at"
    )
    return {f"step:{task}" for task, signed_at, opened_at in acts if opened_at is None or signed_at >= opened_at}


def case_context(case: Case, user: Any, *, at: datetime, posted: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Everything the case page draws. `posted`: judgements that were refused, to show them again."""
    today = timezone.localdate(at)
    materials = material_rows(case, posted)
    buttons = buttons_of(case, queries.actions(case, user, at=at))
    can_judge = case.state in JUDGED_IN and rules.allowed(rules.serves, case, user, "cases.receive", today)[0]
    works = can_judge or bool(buttons.main or buttons.more or buttons.exits)
    return {
        **facts(case, today=today, masked=not works),
        **clock_facts(case, today=today),
        "materials": materials,
        "problems": SUPPLEMENT_PROBLEMS.items(),
        "can_judge": can_judge,
        "unjudged": sum(row["item"].judgement == "pending" for row in materials),
        "defective": sum(row["item"].judgement == "defective" for row in materials),
        "path": path_of(case),
        "suspensions": case.suspensions.select_related("approved_by", "evidence__stored").all(),
        "extension": getattr(case, "extension", None),
        "papers": list(queries.papers_for(case, applicant=False)),
        "log": event_lines(case),
        "notices": case.defect_notices.select_related("paper").all(),
        "buttons": buttons,
        "panels": slots.panels_of(case),
        "next_todo": next_todo(case, user, at=at),
        "fee": charging.panel(case),
    }


def facts(case: Case, *, today: Any, masked: bool = False) -> dict[str, Any]:
    """Who asks for what, and the opinions so far: needed on the case page and beside every form.

    `masked`: for who only looks on, personal data as far as needed to recognise it.
    """
    acts = StepAct.objects.filter(task__case=case).select_related("task__organization", "officer").order_by("at")
    return {
        "case": case,
        "tone": tone(case),
        "today": today,
        "next": queries.next_actor(case),
        "sections": _sections(matters.in_words(case.elements.form, case.answers, today=today, masked=masked)),
        "opinions": [{"act": act, "step": queries.step_label(act.task)} for act in acts],
    }


def _sections(sections: Iterable[Any]) -> list[dict[str, Any]]:
    """Answers page by page; pages with a single question follow each other under no heading of their own."""
    found: list[dict[str, Any]] = []
    for section in sections:
        rows = [(row.label, row.value) for row in section.rows]
        title = section.title if len(rows) > 1 else ""
        if found and not title and not found[-1]["title"]:
            found[-1]["rows"] += rows
        elif rows:
            found.append({"title": title, "rows": rows})
    return found


def clock_facts(case: Case, *, today: Any) -> dict[str, Any]:
    """The clocks, the one that counts now, and its ledger."""
    clocks = queries.clocks(case, today=today)
    running = [c for c in clocks if not c.stopped_on]
    main = next((c for c in clocks if c.kind == "promised"), None) or next(iter(running), None)
    badge = main if main and not main.stopped_on else next((c for c in running if c.kind == "delivery"), main)
    return {
        "clocks": clocks,
        "main_clock": badge,
        "drawn_clock": main,
        "ledger": queries.explain(case, main.clock_id, today=today).ledger if main else None,
    }


def material_rows(case: Case, posted: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """The checklist with the files of each row, its words from the matter, and what may be judged."""
    kept = files_of_materials(case)
    known = {material.no: material for material in case.elements.materials}
    english = (get_language() or "").startswith("en")
    rows = []
    for item in case.checklist.all():
        material = known.get(item.material_no)
        _retyped(item, posted)
        rows.append(
            {
                "item": item,
                "label": material.name_en if material and english and material.name_en else item.name,
                "condition": material.condition or "" if material else "",
                "files": kept.get(item.pk, []),
                "choices": _choices(case, item, bool(material and material.deferrable)),
                "problem": SUPPLEMENT_PROBLEMS.get(item.problem, ""),
                "tone": JUDGED.get(item.judgement, ""),
            }
        )
    return rows


def _retyped(item: ChecklistItem, posted: Mapping[str, str] | None) -> None:
    if posted is None:
        return
    item.judgement = posted.get(f"judgement-{item.material_no}", item.judgement)
    item.problem = posted.get(f"problem-{item.material_no}", item.problem)
    item.remark = posted.get(f"remark-{item.material_no}", item.remark)


def _choices(case: Case, item: ChecklistItem, deferrable: bool) -> list[tuple[str, Any]]:
    """What may be said of a paper: deferred only where matter and paper allow it, shared only what the county fetched."""
    wanted = ["ok", "defective"] if item.judgement == "shared" else ["ok", "defective", "not_needed"]
    if item.judgement == "shared":
        wanted.insert(0, "shared")
    elif item.judgement == "deferred" or (deferrable and case.elements.deferral_allowed):
        wanted.append("deferred")
    labels = dict(ChecklistItem.JUDGEMENTS)
    return [(key, labels[key]) for key in wanted]


def path_of(case: Case) -> list[dict[str, Any]]:
    """The way of the case as the drawing wants it: window, groups of steps, result."""
    accepted = case.state in ACCEPTED_ONWARDS
    ended_badly = case.state in (State.NOT_ACCEPTED, State.TERMINATED, State.WITHDRAWN, State.VOIDED)
    tasks = list(case.tasks.select_related("organization").order_by("group_no", "id"))
    first = "done" if accepted or tasks else "problem" if ended_badly else "current"
    groups = [{"mode": "single", "steps": [_window_step(case, _("受理"), first)]}]
    if not tasks:
        groups += [_planned(group) for group in case.elements.steps if group.steps[0].kind not in ("certify", "pay")]
    for number in dict.fromkeys(task.group_no for task in tasks):
        group = [task for task in tasks if task.group_no == number]
        mode = "parallel" if len(group) > 1 else "single"
        label = _("同时办理") if len(group) > 1 else ""
        groups.append({"mode": mode, "label": label, "steps": [_drawn(case, task) for task in group]})
    delivered = case.state in (State.DELIVERED, State.ARCHIVED)
    current = "current" if case.state in (State.DECIDED, State.CERTIFIED) else "todo"
    groups.append({"mode": "single", "steps": [_window_step(case, _("送达"), "done" if delivered else current)]})
    return groups


def _window_step(case: Case, label: str, state: str) -> dict[str, Any]:
    return {"label": label, "who": case.acceptance_point.short_label, "state": state}


def _planned(group: Any) -> dict[str, Any]:
    english = (get_language() or "").startswith("en")
    steps = [
        {"label": step.name_en if english and step.name_en else step.name, "who": "", "state": "todo"}
        for step in group.steps
    ]
    parallel = len(steps) > 1
    return {"mode": "parallel" if parallel else "single", "label": _("同时办理") if parallel else "", "steps": steps}


def _drawn(case: Case, task: StepTask) -> dict[str, Any]:
    states = {StepTask.DONE: "done", StepTask.OPEN: "current", StepTask.WAITING: "todo", StepTask.SKIPPED: "done"}
    state = "paused" if case.state == State.SUSPENDED and task.state == StepTask.OPEN else states[task.state]
    note = _("已免") if task.state == StepTask.SKIPPED else ""
    if task.min_officers > 1:
        note = note or _("{n}人办理").format(n=task.min_officers)
    return {"label": queries.step_label(task), "who": task.organization.short_label, "state": state, "note": note}


def event_lines(case: Case) -> list[CaseEvent]:
    """The log, newest first, with who acted."""
    return list(case.log.select_related("actor").order_by("-seq"))


def judgements_of(case: Case, posted: Mapping[str, str]) -> dict[int, tuple[str, str, str]]:
    """{material number: (judgement, problem, remark)} of the rows that were filled in.

    With the button “all in order” every row still open is in order; one that only some people need and nobody handed in is not needed.
    """
    result = {}
    for row in material_rows(case):
        item = row["item"]
        judgement = posted.get(f"judgement-{item.material_no}", "")
        if "all" in posted and item.judgement == "pending" and judgement in ("", "pending"):
            judgement = "ok" if item.required or row["files"] else "not_needed"
        if judgement and judgement != "pending":
            problem = posted.get(f"problem-{item.material_no}", "")
            result[item.material_no] = (judgement, problem, posted.get(f"remark-{item.material_no}", "")[:300])
    return result


def act_context(case: Case, key: str, chosen: case_forms.Act, *, at: datetime) -> dict[str, Any]:
    """What stands beside the form of an action: the facts, the papers, and why it may not be done now (empty: it may)."""
    today = timezone.localdate(at)
    materials = material_rows(case)
    return {
        **facts(case, today=today),
        **clock_facts(case, today=today),
        "materials": materials,
        "defects": [row for row in materials if row["item"].judgement == "defective"],
        "act": chosen,
        "key": key,
        "heading": chosen.heading(case) if chosen.heading else chosen.label,
    }


def why_not(case: Case, key: str, task_id: int | None, user: Any, *, at: datetime) -> str:
    """The reason why `user` may not take this action now; empty when it may be tried."""
    wanted = ("step", task_id) if task_id else (key, None)
    for action in queries.actions(case, user, at=at):
        if (action.key, action.task_id) == wanted:
            return "" if action.allowed else action.why_not
    if task_id:
        return ""
    return _("办件现在是“{state}”，不能进行这项操作。").format(state=State(case.state).label)


def add_errors(form: forms.Form, refusal: ZhengtongError, *, seen: int) -> None:
    """Show a refusal's sentences at the fields they belong to; what was typed stays.

    After `StaleVersion` the form is brought up to `seen`: the person has the newest facts beside it and may confirm again.
    """
    for key, sentence in refusal.fields.items():
        form.add_error(key if key in form.fields else None, str(sentence))
    if not refusal.fields:
        form.add_error(None, refusal.message)
    if isinstance(refusal, StaleVersion):
        form.data = {**form.data.dict(), "seen": str(seen)}  # type: ignore[attr-defined]

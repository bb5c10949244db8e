"""Put a case on the right to-do lists, and take it off."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_noop

from zhengtong.approvals.cases.models import Case, Clock, StepTask
from zhengtong.foundation.worklists import public as worklists

SYSTEM = "approvals"
TITLES = {
    "pre_review": gettext_noop("预审网上申请：{matter}"),
    "acceptance": gettext_noop("决定是否受理：{matter}"),
    "hand_over": gettext_noop("转办到部门：{matter}"),
    "certify": gettext_noop("制作结果文书：{matter}"),
    "deliver": gettext_noop("送达结果：{matter}"),
    "suspension": gettext_noop("特别程序到期，请恢复计时：{matter}"),
    "deferred": gettext_noop("催收容缺材料：{matter}"),
    "step": gettext_noop("{step}：{matter}"),
}


def _facts(case: Case, **more: dict[str, str]) -> dict[str, Any]:
    elements = case.elements
    return {
        "number": case.spoken_number or "",
        "person": masked_name(case.applicant_name) if case.applicant_kind == "person" else case.applicant_name[:60],
        "params": {"matter": {"zh": elements.name, "en": elements.name_en or elements.name}, **more},
    }


def masked_name(name: str) -> str:
    """王*民: enough to recognise a file by, no more."""
    return name[:1] + "*" * max(len(name) - 2, 1) + (name[-1:] if len(name) > 2 else "")


def _due(case: Case, kind: str) -> date | None:
    clock = {
        "pre_review": "pre_review",
        "acceptance": "acceptance",
        "hand_over": "hand_over",
        "deliver": "delivery",
    }.get(kind)
    if clock is None:
        return None
    return (
        Clock.objects.filter(case=case, kind=clock, stopped_at__isnull=True)
        .values_list("due_on", flat=True)
        .order_by("-id")
        .first()
    )


def for_window(case: Case, kind: str, *, at: datetime) -> None:
    """A to-do for the window that received the case."""
    role = "township_officer" if case.acceptance_point.kind == "township" else "window_officer"
    _open(case, kind, organization_id=case.acceptance_point_id, role=role, at=at)


def for_department(case: Case, kind: str, role: str, *, at: datetime) -> None:
    """A to-do for a role at the body that owns the matter."""
    _open(case, kind, organization_id=case.department_id, role=role, at=at)


def _open(case: Case, kind: str, *, organization_id: int, role: str, at: datetime) -> None:
    worklists.open(
        system=SYSTEM,
        kind=kind,
        subject=f"case:{case.pk}",
        title=TITLES[kind],
        url=f"/cases/{case.pk}/",
        organization_id=organization_id,
        role=role,
        due_on=_due(case, kind),
        at=at,
        **_facts(case),
    )


def for_task(case: Case, task: StepTask, *, due_on: date | None, at: datetime) -> None:
    """A to-do for the role and body of a step."""
    worklists.open(
        system=SYSTEM,
        kind="step",
        subject=f"step:{task.pk}",
        title=TITLES["step"],
        url=f"/cases/{case.pk}/",
        organization_id=task.organization_id,
        role=task.role,
        due_on=due_on,
        at=at,
        **_facts(case, step={"zh": task.name, "en": task.name_en or task.name}),
    )


def done(case: Case, *kinds: str, at: datetime) -> None:
    """Take the case's own to-dos of these kinds (none given: all) off the lists."""
    for kind in kinds or (None,):
        worklists.close(subject=f"case:{case.pk}", kind=kind, at=at)


def task_done(task: StepTask, *, at: datetime) -> None:
    """Take a step off the lists."""
    worklists.close(subject=f"step:{task.pk}", kind="step", at=at)


def clear(case: Case, *, at: datetime) -> None:
    """Take everything of the case off the lists: it ended."""
    done(case, at=at)
    for task in case.tasks.filter(state=StepTask.OPEN):
        task_done(task, at=at)

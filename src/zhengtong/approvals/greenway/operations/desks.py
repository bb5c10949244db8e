"""The to-dos of projects: joint acceptance, signing, what waits, what is silent, what has to be told."""

from datetime import date, datetime

from django.utils.translation import gettext_noop

from zhengtong.approvals.greenway.models import Branch, JointCase
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists

SYSTEM = "greenway"
TITLES = {
    "accept": gettext_noop("统一受理：{project}"),
    "sign": gettext_noop("签收并联事项：{matter}"),
    "released": gettext_noop("前置结果已到，可以决定：{matter}"),
    "unsigned": gettext_noop("逾期未签收，请督促：{matter}"),
    "silent": gettext_noop("逾期未答复，请督促（不视为同意）：{matter}"),
    "reply": gettext_noop("登记上级或专线的回复：{matter}"),
    "complete": gettext_noop("发办结告知：{project}"),
}


def for_lead(joint: JointCase, kind: str, *, at: datetime, due_on: date | None = None) -> None:
    """A to-do where the stage was filed: the window tells the applicant and takes in."""
    point = joint.project.acceptance_point
    role = "township_officer" if point.kind == Organization.TOWNSHIP else "window_officer"
    worklists.open(
        system=SYSTEM,
        kind=kind,
        subject=f"joint:{joint.pk}",
        title=TITLES[kind],
        url=f"/projects/{joint.project_id}/",
        organization_id=point.pk,
        role=role,
        due_on=due_on,
        at=at,
        number=joint.project.number,
        params={"project": joint.project.name},
    )


def for_branch(
    branch: Branch, kind: str, *, organization_id: int, role: str, at: datetime, due_on: date | None = None
) -> None:
    """A to-do about one branch."""
    worklists.open(
        system=SYSTEM,
        kind=kind,
        subject=f"branch:{branch.pk}:{organization_id}" if kind in ("unsigned", "silent") else f"branch:{branch.pk}",
        title=TITLES[kind],
        url=f"/projects/{branch.joint.project_id}/",
        organization_id=organization_id,
        role=role,
        due_on=due_on,
        at=at,
        number=branch.joint.project.number,
        params={"matter": {"zh": branch.name, "en": branch.name_en or branch.name}},
    )


def escalate(branch: Branch, kind: str, *, at: datetime) -> None:
    """The head of the silent department, and the head of the lead."""
    for body in {branch.department_id, branch.joint.lead_id}:
        for_branch(branch, kind, organization_id=body, role="department_head", at=at)


def calm(branch: Branch, kind: str, *, at: datetime) -> None:
    """What was escalated has been answered."""
    for body in {branch.department_id, branch.joint.lead_id}:
        worklists.close(subject=f"branch:{branch.pk}:{body}", kind=kind, at=at)


def done(branch: Branch, *kinds: str, at: datetime) -> None:
    """Take to-dos of a branch off the lists."""
    for kind in kinds:
        worklists.close(subject=f"branch:{branch.pk}", kind=kind, at=at)


def joint_done(joint: JointCase, *kinds: str, at: datetime) -> None:
    """Take to-dos of a stage off the lists."""
    for kind in kinds:
        worklists.close(subject=f"joint:{joint.pk}", kind=kind, at=at)

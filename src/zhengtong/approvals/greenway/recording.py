"""How every operation on a project begins and ends: lock the project, look the arrow up, write the event, publish the fact."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.greenway.events import ProjectFact
from zhengtong.approvals.greenway.models import Branch, JointCase, Project, ProjectEvent
from zhengtong.approvals.greenway.refusals import CannotActOnJoint
from zhengtong.approvals.greenway.states import BRANCH_ARROWS, JOINT_ARROWS, BranchState, JointKind, JointState
from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import NotFound, StaleVersion


def lock(project_id: int, *, seen: int | None = None) -> Project:
    """The project, locked until the transaction ends. Raises `NotFound`, `StaleVersion`."""
    project = (
        Project.objects.select_for_update(of=("self",))
        .select_related("template", "acceptance_point", "township")
        .filter(pk=project_id)
        .first()
    )
    if project is None:
        raise NotFound(_("没有找到这个项目。"))
    if seen is not None and seen != project.row_version:
        raise StaleVersion(
            _("这个项目刚才已有新的办理记录，您看到的页面已过时，本次操作没有生效。请刷新页面后再办理。")
        )
    return project


def lock_joint(joint_id: int, *, seen: int | None = None) -> JointCase:
    """A stage, with its project locked: two people on one project never cross. Raises `NotFound`, `StaleVersion`."""
    found = JointCase.objects.filter(pk=joint_id).values_list("project_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这个联合办理。"))
    project = lock(found, seen=seen)
    joint = JointCase.objects.select_related("lead").get(pk=joint_id)
    joint.project = project
    return joint


def lock_branch(branch_id: int, *, seen: int | None = None) -> Branch:
    """A branch, with its project locked. Raises `NotFound`, `StaleVersion`."""
    found = Branch.objects.filter(pk=branch_id).values_list("joint_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这个事项。"))
    joint = lock_joint(found, seen=seen)
    branch = Branch.objects.select_related("department", "case").get(pk=branch_id)
    branch.joint = joint
    return branch


def arrow_exists(joint: JointCase, kind: JointKind) -> None:
    """The table allows `kind` now. Raises `CannotActOnJoint`."""
    if (joint.state, kind) in JOINT_ARROWS:
        return
    raise CannotActOnJoint(
        _("联合办理现在是“{state}”，不能进行“{action}”。页面可能已过时，请刷新后查看。").format(
            state=JointState(joint.state).label, action=JointKind(kind).label
        )
    )


def record(
    project: Project,
    kind: JointKind,
    fact: ProjectFact | None,
    *,
    at: datetime,
    by: Any = None,
    joint: JointCase | None = None,
    branch: Branch | None = None,
    data: dict[str, Any] | None = None,
) -> ProjectEvent:
    """Append the event, move the stage along its arrow where it is about one, publish the fact. The caller holds the lock."""
    before = after = ""
    if joint is not None:
        before = after = joint.state
        if (joint.state, kind) in JOINT_ARROWS:
            after = JOINT_ARROWS[(joint.state, kind)]
        elif kind not in (JointKind.FINISH, JointKind.REPLY, JointKind.REPROJECT, JointKind.FORWARD):
            arrow_exists(joint, kind)
        if after != before:
            joint.state = after
            joint.save(update_fields=["state"])
    project.row_version += 1
    project.save(update_fields=["row_version"])
    event = ProjectEvent.objects.create(
        project=project,
        seq=project.row_version,
        joint=joint,
        branch=branch,
        kind=kind,
        from_state=before,
        to_state=after,
        actor_id=by.pk if by else None,
        on_behalf_of=on_behalf(project, by),
        effective_at=at,
        recorded_at=max(at, timezone.now()) if not settings.DEMO else at,
        data=data or {},
    )
    if fact is not None:
        events.publish(fact, at=at)
    return event


def on_behalf(project: Project, by: Any) -> str:
    """For whom `by` acts: the applicant, when somebody else types for them; officials act for their body."""
    if by is None:
        return ""
    if by.is_official:
        return project.applicant_name if project.assisted_by_id == by.pk else ""
    return "" if by.pk == project.applicant_user_id else project.applicant_name


def move(branch: Branch, event: str, *fields: str) -> None:
    """Move a branch along its arrow and save it. Raises `CannotActOnJoint` when the table has none."""
    target = BRANCH_ARROWS.get((branch.state, event))
    if target is None:
        raise CannotActOnJoint(
            _("事项“{name}”现在是“{state}”，不能进行这项操作。请刷新页面后查看。").format(
                name=branch.name, state=BranchState(branch.state).label
            )
        )
    branch.state = target
    branch.save(update_fields=["state", *fields])


def can_move(branch: Branch, event: str) -> bool:
    """True when the table has an arrow."""
    return (branch.state, event) in BRANCH_ARROWS

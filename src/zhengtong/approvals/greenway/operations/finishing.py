"""办结告知: one numbered notice for the whole stage, listing every branch with its day, result and what remains."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import events, queries, recording, rules
from zhengtong.approvals.greenway.models import Branch, JointCase
from zhengtong.approvals.greenway.operations import desks
from zhengtong.approvals.greenway.refusals import CannotActOnJoint
from zhengtong.approvals.greenway.states import BranchState, JointKind, JointState
from zhengtong.foundation.calendars import public as calendars

RESULTS = {BranchState.GRANTED: "准予", BranchState.REFUSED: "未准予", BranchState.LEFT: "未办（已退出）"}


@transaction.atomic
def complete(*, joint_id: int, by: Any, at: datetime, seen: int | None = None) -> JointCase:
    """Issue the notice in the name of the lead, on the case of its branch; signed when it is printed, as every paper is.

    Refuses before every branch has ended.
    """
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.leads(joint, by, "cases.deliver", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.COMPLETE)
    case_id = case_of_lead(joint)
    if case_id is None:
        raise CannotActOnJoint(_("这个阶段没有本县办理的事项，结果以上级或专线的文书为准。"))
    paper = cases.issue_paper(
        case_id=case_id,
        kind="joint_completion",
        content=content_of(joint, at=at),
        by=by,
        organization=joint.lead,
        at=at,
    )
    joint.notice, joint.completed_at = paper, at
    # Before the state: the database wants a completed stage to have its notice.
    joint.save(update_fields=["notice", "completed_at"])
    fact = events.JointCaseCompleted(project_id=joint.project_id, joint_id=joint.pk, paper_id=paper.pk, actor_id=by.pk)
    recording.record(joint.project, JointKind.COMPLETE, fact, at=at, by=by, joint=joint, data={"paper": paper.pk})
    desks.joint_done(joint, "complete", at=at)
    return joint


def case_of_lead(joint: JointCase) -> int | None:
    """The case on which the papers of the stage are issued: that of the lead's branch, else the first."""
    rows = list(joint.branches.filter(case__isnull=False).exclude(state=BranchState.NOT_NEEDED).order_by("no"))
    first = [b for b in rows if b.role == "lead"] + [b for b in rows if b.department_id == joint.lead_id] + rows
    return first[0].case_id if first else None


def content_of(joint: JointCase, *, at: datetime) -> dict[str, Any]:
    """What the notice says. Papers are Chinese."""
    project = joint.project
    view = next((v for v in queries.clocks(project.pk) if v.joint_id == joint.pk), None)
    finished = timezone.localdate(joint.decided_at or at)
    used = calendars.current().count(timezone.localdate(joint.accepted_at or at), finished)
    return {
        "title": "联合办理办结告知书",
        "matter_name": project.name,
        "matter_code": "",
        "case_number": project.number,
        "machine_number": project.number,
        "project_code": project.code or "",
        "stage": joint.plan.name if project.kind == "project" else "",
        "accepted_on": timezone.localdate(joint.accepted_at or at),
        "finished_on": finished,
        "limit": f"{view.total}个工作日" if view else "",
        "used": f"{view.used if view else used}个工作日",
        "lines": [_line(branch) for branch in _branches(joint)],
        "remaining": _remaining(joint),
        "legal_basis": ("《行政许可法》第二十六条第二款", "《行政许可法》第四十四条"),
        "remedies": "",
        "query_code": "",
        "contact": joint.lead.phone,
    }


def _branches(joint: JointCase) -> list[Branch]:
    rows = joint.branches.exclude(state=BranchState.NOT_NEEDED)
    return list(rows.select_related("department", "case__licence").order_by("no"))


def _line(branch: Branch) -> dict[str, Any]:
    licence = getattr(branch.case, "licence", None) if branch.case else None
    number = licence.number if licence else branch.result
    return {
        "matter": branch.name,
        "department": branch.authority if branch.level != "county" and branch.authority else branch.department.name,
        "decided_on": timezone.localdate(branch.ended_at) if branch.ended_at else "",
        "result": RESULTS.get(BranchState(branch.state), ""),
        "number": number if branch.state == BranchState.GRANTED else "",
    }


def _remaining(joint: JointCase) -> list[str]:
    found = []
    undelivered = [
        branch.name
        for branch in _branches(joint)
        if branch.case and branch.case.state in (cases.State.DECIDED, cases.State.CERTIFIED)
    ]
    if undelivered:
        found.append(f"结果文书正在制作或送达：{'、'.join(undelivered)}。")
    refused = [branch.name for branch in _branches(joint) if branch.state == BranchState.REFUSED]
    if refused:
        found.append(f"未准予的事项：{'、'.join(refused)}。补齐条件后可以再次申请。")
    following = JointCase.objects.filter(project_id=joint.project_id, no__gt=joint.no, state=JointState.PLANNED)
    names = [joint.project.plan.stage(key).name for key in following.order_by("no").values_list("key", flat=True)]
    if names:
        found.append(f"项目的下一阶段：{'、'.join(names)}，在同一个项目页面继续办理，已交过的材料不再要。")
    return found

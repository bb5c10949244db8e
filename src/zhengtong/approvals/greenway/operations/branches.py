"""What happens to a branch after acceptance: signed for, reviewed, waiting for another's result, ended; always told by its case."""

import logging
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import adapters, events, queries, recording, rules
from zhengtong.approvals.greenway.models import Branch, JointCase
from zhengtong.approvals.greenway.operations import clockwork, desks, filing
from zhengtong.approvals.greenway.refusals import CannotActOnJoint
from zhengtong.approvals.greenway.states import BRANCH_ENDED, BranchState, JointKind, JointState
from zhengtong.kernel.errors import Invalid, ZhengtongError

log = logging.getLogger(__name__)
ENDS = {"granted": "grant", "refused": "refuse", "left": "leave"}


@transaction.atomic
def sign_for(*, branch_id: int, by: Any, at: datetime, seen: int | None = None) -> Branch:
    """签收: the department has its branch."""
    branch = recording.lock_branch(branch_id, seen=seen)
    rules.works_on(branch, by, timezone.localdate(at))
    if branch.state != BranchState.DISPATCHED:
        raise CannotActOnJoint(_("事项“{name}”现在不需要签收，请刷新页面。").format(name=branch.label))
    _sign(branch, by=by, at=at)
    look(branch, at=at)
    return branch


def _sign(branch: Branch, *, by: Any, at: datetime) -> None:
    branch.signed_at, branch.signed_by, branch.sign_threshold_at = at, by, None
    recording.move(branch, "sign", "signed_at", "signed_by", "sign_threshold_at")
    fact = events.BranchSigned(
        project_id=branch.joint.project_id,
        joint_id=branch.joint_id,
        branch_id=branch.pk,
        actor_id=by.pk if by else None,
    )
    recording.record(branch.joint.project, JointKind.SIGN, fact, at=at, by=by, joint=branch.joint, branch=branch)
    desks.done(branch, "sign", at=at)
    desks.calm(branch, "unsigned", at=at)


@transaction.atomic
def handed_over(*, branch_id: int, at: datetime) -> None:
    """The window handed the case to its department."""
    filing.dispatch(recording.lock_branch(branch_id), at=at)


@transaction.atomic
def worked_on(*, branch_id: int, by: Any, at: datetime) -> None:
    """Somebody of the department signed an opinion: that is a signature for the branch as well; then see whether it must wait."""
    branch = recording.lock_branch(branch_id)
    if branch.state == BranchState.DISPATCHED:
        _sign(branch, by=by, at=at)
    look(branch, at=at)


def look(branch: Branch, *, at: datetime) -> None:
    """Into `waiting_prerequisite` when everything but the decision is done and a result is missing; out of it when it is there.

    The joint clock runs on: waiting for a colleague is the county's time, not the applicant's.
    """
    if branch.case_id is None:
        return
    missing = queries.unmet(branch)
    if branch.state == BranchState.REVIEWING and missing and _only_decision_left(branch.case_id):
        recording.move(branch, "wait")
        _tell(branch, JointKind.WAIT, events.BranchWaiting, at, {"for": [one.matter_key for one in missing]})
    elif branch.state == BranchState.WAITING and not missing:
        recording.move(branch, "release")
        _tell(branch, JointKind.RELEASE, events.BranchReleased, at, {})
        task = cases.StepTask.objects.filter(case_id=branch.case_id, kind="decide", state="open").first()
        if task is not None:
            desks.for_branch(branch, "released", organization_id=task.organization_id, role=task.role, at=at)


def _only_decision_left(case_id: int) -> bool:
    kinds = set(cases.StepTask.objects.filter(case_id=case_id, state="open").values_list("kind", flat=True))
    return kinds == {"decide"}


def _tell(branch: Branch, kind: JointKind, fact: Any, at: datetime, data: dict[str, Any]) -> None:
    told = fact(project_id=branch.joint.project_id, joint_id=branch.joint_id, branch_id=branch.pk)
    recording.record(branch.joint.project, kind, told, at=at, joint=branch.joint, branch=branch, data=data)


@transaction.atomic
def ended(*, branch_id: int, outcome: str, result: str, at: datetime, by: Any = None) -> Branch:
    """A branch has its result; who waited for it may be decided now; when all have one, the stage is decided. Never twice."""
    branch = recording.lock_branch(branch_id)
    if branch.state in BRANCH_ENDED:
        return branch
    if branch.signed_at is None and branch.dispatched_at is not None:
        branch.sign_threshold_at = None
    branch.ended_at, branch.result = at, result[:200]
    recording.move(branch, ENDS[outcome], "ended_at", "result", "sign_threshold_at")
    desks.done(branch, "sign", "released", "reply", at=at)
    for kind in ("unsigned", "silent"):
        desks.calm(branch, kind, at=at)
    fact = events.BranchEnded(
        project_id=branch.joint.project_id, joint_id=branch.joint_id, branch_id=branch.pk, outcome=outcome
    )
    data = {"outcome": outcome, "result": result[:200]}
    joint = branch.joint
    recording.record(joint.project, JointKind.FINISH, fact, at=at, by=by, joint=joint, branch=branch, data=data)
    _release_others(branch, at=at)
    settle(joint, at=at)
    return branch


def _release_others(branch: Branch, *, at: datetime) -> None:
    waiting = Branch.objects.filter(joint__project_id=branch.joint.project_id, state=BranchState.WAITING)
    for other in waiting.select_related("joint", "department", "case"):
        if branch.matter_key in other.prerequisites:
            other.joint.project = branch.joint.project
            look(other, at=at)


def settle(joint: JointCase, *, at: datetime) -> None:
    """When every branch has ended the clock stops and the lead has to tell; where nothing was accepted the stage is closed."""
    states = list(joint.branches.values_list("state", flat=True))
    if any(state not in BRANCH_ENDED for state in states):
        return
    if joint.state == JointState.IN_PROCESS:
        joint.decided_at = at
        joint.save(update_fields=["decided_at"])
        clockwork.stop(joint, at=at)
        fact = events.JointCaseDecided(project_id=joint.project_id, joint_id=joint.pk)
        recording.record(joint.project, JointKind.DECIDE, fact, at=at, joint=joint)
        desks.for_lead(joint, "complete", at=at)
    elif joint.state in (JointState.DRAFTING, JointState.SUBMITTED, JointState.SUPPLEMENT) and not any(
        state in (BranchState.GRANTED, BranchState.REFUSED) for state in states
    ):
        closed = events.JointCaseClosed(project_id=joint.project_id, joint_id=joint.pk)
        recording.record(joint.project, JointKind.CLOSE, closed, at=at, joint=joint)
        desks.joint_done(joint, "accept", at=at)


@transaction.atomic
def silent(*, branch_id: int, due_on: date, at: datetime) -> None:
    """The promise of a branch is over without a decision: its head and the lead are told. It is not consent."""
    branch = recording.lock_branch(branch_id)
    if branch.silent_since is not None or branch.state in BRANCH_ENDED:
        return
    branch.silent_since = due_on
    branch.save(update_fields=["silent_since"])
    desks.escalate(branch, "silent", at=at)
    fact = events.BranchSilent(
        project_id=branch.joint.project_id,
        joint_id=branch.joint_id,
        branch_id=branch.pk,
        department_id=branch.department_id,
    )
    data = {"due_on": str(due_on)}
    recording.record(branch.joint.project, JointKind.SILENT, fact, at=at, joint=branch.joint, branch=branch, data=data)


@transaction.atomic
def transferred(*, branch_id: int, authority: str, at: datetime) -> None:
    """转报上级: the branch goes on at the superior authority, by an adapter for it or until the lead writes the answer down."""
    branch = recording.lock_branch(branch_id)
    if not recording.can_move(branch, "forward"):
        return
    branch.level, branch.authority = "city", authority[:80]
    branch.save(update_fields=["level", "authority"])
    filing.forward(branch, by=None, at=at)


# --- the city, the province, other systems --------------------------------------------------------------------------------


@transaction.atomic
def write_down_reply(
    *,
    branch_id: int,
    outcome: str,
    number: str,
    decided_on: date,
    by: Any,
    at: datetime,
    seen: int | None = None,
) -> Branch:
    """The lead writes down what the superior authority or the other system answered, with its number and day."""
    branch = recording.lock_branch(branch_id, seen=seen)
    rules.leads(branch.joint, by, "cases.accept", timezone.localdate(at))
    if branch.state != BranchState.FORWARDED:
        raise CannotActOnJoint(_("事项“{name}”没有在上级或专线办理，不能登记回复。").format(name=branch.label))
    if outcome not in ("granted", "refused"):
        raise Invalid(_("请选择办理结果。"), fields={"outcome": _("请选择办理结果。")})
    if not number.strip():
        raise Invalid(_("请填写批准文号或回复编号。"), fields={"number": _("请填写批准文号或回复编号。")})
    if decided_on > timezone.localdate(at):
        raise Invalid(_("决定日期不能晚于今天。"), fields={"decided_on": _("决定日期不能晚于今天。")})
    return _reply(branch, outcome, number.strip(), at, by=by, data={"decided_on": str(decided_on)})


def _reply(branch: Branch, outcome: str, number: str, at: datetime, *, by: Any, data: dict[str, Any]) -> Branch:
    joint = branch.joint
    facts = {**data, "outcome": outcome, "number": number}
    recording.record(joint.project, JointKind.REPLY, None, at=at, by=by, joint=joint, branch=branch, data=facts)
    return ended(branch_id=branch.pk, outcome=outcome, result=number, at=at, by=by)


def poll(*, now: datetime) -> int:
    """Ask every adapter what has become of its branches; one that fails never holds up the others. How many were answered."""
    done = 0
    waiting = Branch.objects.filter(state=BranchState.FORWARDED).exclude(reference="").order_by("pk")
    for branch in waiting:
        adapter = adapters.adapter_of(branch)
        if adapter is None:
            continue
        try:
            answer = adapter.ask(branch.reference)
            if answer.outcome:
                with transaction.atomic():
                    locked = recording.lock_branch(branch.pk)
                    if locked.state == BranchState.FORWARDED:
                        _reply(locked, answer.outcome, answer.result, answer.at or now, by=None, data={"adapter": True})
                done += 1
        except ZhengtongError as refusal:
            log.error("a superior authority could not be asked", extra={"branch": branch.pk, "code": refusal.code})
        except Exception as error:  # an adapter may fail in any way
            log.exception("an adapter failed", extra={"branch": branch.pk, "error": type(error).__name__})
    return done

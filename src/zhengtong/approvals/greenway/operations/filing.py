"""统一受理: submit all branches at once, judge the one material set, notify once, accept together and hand over (快速转办)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import adapters, events, recording, rules
from zhengtong.approvals.greenway.models import Branch, JointCase
from zhengtong.approvals.greenway.operations import clockwork, desks, sharing
from zhengtong.approvals.greenway.refusals import CannotAcceptJointly, CannotFile
from zhengtong.approvals.greenway.states import BranchState, JointKind, JointState
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import ZhengtongError

BEFORE_RECEIPT = (cases.State.SUBMITTED, cases.State.PRE_REVIEW)


@transaction.atomic
def submit(*, joint_id: int, by: Any, at: datetime, seen: int | None = None) -> JointCase:
    """Submit every branch with the one form and the one set of papers; each gets its number, all or none.

    Refuses while a question that switches branches is open, a choice is missing, or a branch is incomplete: the sentence says which.
    """
    joint = recording.lock_joint(joint_id, seen=seen)
    today = timezone.localdate(at)
    rules.fills_in(joint.project, by, today)
    recording.arrow_exists(joint, JointKind.SUBMIT)
    rows = list(joint.branches.exclude(state=BranchState.NOT_NEEDED).select_related("case", "department"))
    rules.covers(joint.project, by, rows, today)
    _require_settled(joint, rows)
    at_window = joint.project.assisted_by_id is not None
    for branch in rows:
        branch.joint = joint
        if branch.case_id is None:
            continue
        sharing.fill(joint.project, branch, by=by, at=at)
        recording.move(branch, "file")
        try:
            cases.submit(case_id=branch.case_id, by=by, at=at)
        except ZhengtongError as refusal:
            raise CannotFile(
                _("事项“{name}”还不能提交：{why}").format(name=branch.label, why=_first(refusal))
            ) from refusal
        if at_window:
            cases.receive(case_id=branch.case_id, by=by, at=at)
    joint.submitted_at = at
    joint.save(update_fields=["submitted_at"])
    fact = events.JointCaseSubmitted(
        project_id=joint.project_id,
        joint_id=joint.pk,
        actor_id=by.pk,
        on_behalf_of=recording.on_behalf(joint.project, by),
    )
    recording.record(joint.project, JointKind.SUBMIT, fact, at=at, by=by, joint=joint, data={"branches": len(rows)})
    for branch in rows:
        if branch.level != "county":
            forward(branch, by=by, at=at)
    desks.for_lead(joint, "accept", at=at, due_on=calendars.current().nth_after(today, 5))
    return joint


def _first(refusal: ZhengtongError) -> str:
    return str(next(iter(refusal.fields.values()), refusal.message))


def _require_settled(joint: JointCase, rows: list[Branch]) -> None:
    undecided = [branch.label for branch in rows if branch.state == BranchState.PLANNED]
    if undecided:
        raise CannotFile(
            _("还有情形问题没有回答，无法确定是否需要办理：{names}。请先回答。").format(names="、".join(undecided))
        )
    if not rows:
        raise CannotFile(_("按您的回答，没有需要办理的事项。"))
    chosen = {branch.matter_key for branch in rows}
    names = {branch.matter_key: branch.label for branch in joint.branches.all()}
    for group in joint.plan.choose_one:
        if len(chosen & set(group)) > 1:
            raise CannotFile(
                _("这些事项只能选一项：{names}。").format(names="、".join(names[key] for key in group if key in names))
            )


def forward(branch: Branch, *, by: Any, at: datetime) -> None:
    """A branch of the city, the province or another system goes to whoever answers for it."""
    if recording.can_move(branch, "forward"):
        branch.reference = adapters.send(branch, at=at)
        branch.dispatched_at = at
        recording.move(branch, "forward", "reference", "dispatched_at")
        fact = events.BranchForwarded(project_id=branch.joint.project_id, joint_id=branch.joint_id, branch_id=branch.pk)
        data = {"authority": branch.authority, "reference": branch.reference, "level": branch.level}
        recording.record(
            branch.joint.project, JointKind.FORWARD, fact, at=at, by=by, joint=branch.joint, branch=branch, data=data
        )
        if not branch.reference:
            lead = branch.joint.lead
            desks.for_branch(branch, "reply", organization_id=lead.pk, role="case_officer", at=at)


@transaction.atomic
def judge(
    *,
    joint_id: int,
    judgements: Mapping[str, tuple[str, str, str]],
    by: Any,
    at: datetime,
    all_in_order: bool = False,
    seen: int | None = None,
) -> JointCase:
    """Judge the one set, each paper once: {name: (judgement, problem, remark)}; the verdict goes to every branch that uses it.

    `all_in_order`: whatever was not judged otherwise is in order; what only some people need and nobody gave is not needed.
    """
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.leads(joint, by, "cases.receive", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.JUDGE)
    for branch in sharing.drafts(joint):
        assert branch.case is not None
        _receive(branch.case, by=by, at=at)
        branch.case.refresh_from_db()
        if branch.case.state != cases.State.RECEIVED:
            continue
        verdicts = {}
        given = cases.files_of_materials(branch.case)
        for item in branch.case.checklist.filter(judgement="pending"):
            if item.name in judgements:
                verdicts[item.material_no] = judgements[item.name]
            elif all_in_order:
                verdicts[item.material_no] = ("ok" if item.required or given.get(item.pk) else "not_needed", "", "")
        if verdicts:
            cases.judge_materials(case_id=branch.case.pk, judgements=verdicts, by=by, at=at)
    data = {"materials": sorted(judgements), "all": all_in_order}
    recording.record(joint.project, JointKind.JUDGE, None, at=at, by=by, joint=joint, data=data)
    return joint


def _receive(case: cases.Case, *, by: Any, at: datetime) -> None:
    if case.state in BEFORE_RECEIPT:
        cases.receive(case_id=case.pk, by=by, at=at)


@transaction.atomic
def notify(*, joint_id: int, by: Any, at: datetime, extra: str = "", seen: int | None = None) -> JointCase:
    """一次性告知 for the whole: every branch with a defect gets its numbered notice in the same moment, once.

    Refuses while a paper of any branch is not judged: a notice is complete or it is none (行政许可法 第三十二条第四项).
    """
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.leads(joint, by, "cases.notify", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.NOTIFY)
    branches = sharing.drafts(joint)
    _require_judged(branches)
    wanting = [b for b in branches if b.case and b.case.checklist.filter(judgement="defective").exists()]
    if not wanting:
        raise CannotAcceptJointly(_("没有判为需补正的材料，不能发补正通知。"))
    for branch in wanting:
        assert branch.case_id is not None
        cases.notify_defects(case_id=branch.case_id, by=by, at=at, extra=extra)
    fact = events.JointDefectsNotified(project_id=joint.project_id, joint_id=joint.pk, actor_id=by.pk)
    data = {"branches": [branch.matter_key for branch in wanting]}
    recording.record(joint.project, JointKind.NOTIFY, fact, at=at, by=by, joint=joint, data=data)
    desks.joint_done(joint, "accept", at=at)
    return joint


def _require_judged(branches: list[Branch]) -> None:
    pending = {
        item.name
        for branch in branches
        if branch.case
        for item in branch.case.checklist.filter(judgement="pending", required=True)
    }
    if pending:
        raise CannotAcceptJointly(
            _("请先逐项核验材料，还有未核验的：{names}。").format(names="、".join(sorted(pending)))
        )


@transaction.atomic
def supplement(*, joint_id: int, by: Any, at: datetime, seen: int | None = None) -> JointCase:
    """The applicant answers all notices of the stage at once; each branch's five days begin afresh."""
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.fills_in(joint.project, by, timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.SUPPLEMENT)
    for branch in sharing.drafts(joint):
        assert branch.case is not None
        if branch.case.state == cases.State.SUPPLEMENT_PENDING:
            cases.supplement(case_id=branch.case.pk, by=by, at=at)
    fact = events.JointCaseSupplemented(project_id=joint.project_id, joint_id=joint.pk, actor_id=by.pk)
    recording.record(joint.project, JointKind.SUPPLEMENT, fact, at=at, by=by, joint=joint)
    desks.for_lead(joint, "accept", at=at, due_on=calendars.current().nth_after(timezone.localdate(at), 5))
    return joint


@transaction.atomic
def accept(*, joint_id: int, by: Any, at: datetime, seen: int | None = None) -> JointCase:
    """Accept every branch and hand each to its department in the same act; the joint clock starts today.

    Refuses while a paper is not judged or defective. A branch already accepted by force of law stays as it is.
    """
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.leads(joint, by, "cases.accept", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.ACCEPT)
    branches = sharing.drafts(joint)
    for branch in branches:
        assert branch.case is not None
        _receive(branch.case, by=by, at=at)
    branches = sharing.drafts(joint)
    _require_judged([b for b in branches if b.case and b.case.state == cases.State.RECEIVED])
    for branch in branches:
        assert branch.case is not None
        if branch.case.state == cases.State.RECEIVED:
            cases.accept(case_id=branch.case.pk, by=by, at=at, hand_over=True)
        elif branch.case.state == cases.State.ACCEPTED:
            cases.hand_over(case_id=branch.case.pk, by=by, at=at)
        elif branch.case.state == cases.State.SUPPLEMENT_PENDING:
            raise CannotAcceptJointly(_("事项“{name}”还在等申请人补正，不能统一受理。").format(name=branch.label))
        dispatch(branch, at=at)
    _accepted(joint, at=at, by=by, accepted_at=at, deemed=False)
    return joint


def dispatch(branch: Branch, *, at: datetime) -> None:
    """Handed to the department: it has to sign for it. Nothing happens twice."""
    if not recording.can_move(branch, "dispatch"):
        return
    branch.dispatched_at = at
    clockwork.sign_by(branch, timezone.localdate(at), calendars.current())
    recording.move(branch, "dispatch", "dispatched_at", "sign_due_on", "sign_threshold_at")
    desks.for_branch(
        branch,
        "sign",
        organization_id=branch.department_id,
        role="case_officer",
        at=at,
        due_on=branch.sign_due_on,
    )


def _accepted(joint: JointCase, *, at: datetime, by: Any, accepted_at: datetime, deemed: bool) -> None:
    joint.accepted_at = accepted_at
    joint.save(update_fields=["accepted_at"])
    fact = events.JointCaseAccepted(
        project_id=joint.project_id, joint_id=joint.pk, deemed=deemed, actor_id=by.pk if by else None
    )
    recording.record(joint.project, JointKind.ACCEPT, fact, at=at, by=by, joint=joint, data={"deemed": deemed})
    clockwork.start(joint, on=timezone.localdate(accepted_at), at=at)
    desks.joint_done(joint, "accept", at=at)


@transaction.atomic
def settle_acceptance(*, joint_id: int, at: datetime) -> bool:
    """Branches may be accepted one by one, also by force of law: when the last is, the whole is, as of that day."""
    joint = recording.lock_joint(joint_id)
    if joint.state not in (JointState.SUBMITTED, JointState.SUPPLEMENT):
        return False
    rows = [b.case for b in sharing.drafts(joint) if b.case is not None]
    if not rows or any(case.accepted_at is None for case in rows):
        return False
    last = max(case.accepted_at for case in rows if case.accepted_at)
    _accepted(joint, at=at, by=None, accepted_at=last, deemed=any(case.deemed_accepted for case in rows))
    return True

"""一单式: one bill for a stage or bundle, with a line per department and law; its cases get none of their own.

Drawn up after joint acceptance, by event: no branch waits for it, none is hurried by it, unless a law says so in the matter.
"""

from datetime import datetime

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.greenway import queries
from zhengtong.approvals.greenway.models import Branch, JointCase
from zhengtong.approvals.greenway.operations import sharing
from zhengtong.approvals.greenway.states import BranchState, JointState

ENDED = "联合办理已终止，不再收费。"
CHANGED = "有事项退出联合办理，收费相应减少。"


def subject_of(joint: JointCase) -> str:
    """What the bill of a stage is about."""
    return f"joint:{joint.pk}"


@cases.collected_by
def collected(case: cases.Case) -> str:
    """A branch is billed with its stage."""
    branch = queries.branch_of_case(case.pk)
    return subject_of(branch.joint) if branch is not None else ""


def bill(joint_id: int, *, at: datetime) -> fees.Bill | None:
    """Draw up the one bill of an accepted stage; None when every matter is free or it is there already."""
    joint = JointCase.objects.select_related("project__template", "lead").get(pk=joint_id)
    if joint.state not in (JointState.IN_PROCESS, JointState.DECIDED, JointState.COMPLETED):
        return None
    if fees.bill_of(subject_of(joint)) is not None:
        return None
    branches = sharing.drafts(joint)
    lines = _lines(branches, at=at)
    if not lines:
        return None
    project = joint.project
    title = project.name if project.kind == "bundle" else f"{project.name}：{joint.plan.name}"
    return fees.issue_bill(
        subject=subject_of(joint),
        title=title,
        title_en=project.template.name_en if project.kind == "bundle" else title,
        payer=fees.Payer(
            project.applicant_name,
            user_id=project.applicant_user_id,
            enterprise_id=project.applicant_enterprise_id,
            phone=project.applicant_phone,
        ),
        lines=lines,
        by=None,
        at=at,
        gate_note=_gate_note(branches),
    )


def _lines(branches: list[Branch], *, at: datetime) -> tuple[fees.Line, ...]:
    return tuple(line for branch in branches if branch.case is not None for line in cases.lines_of(branch.case, at=at))


def _gate_note(branches: list[Branch]) -> str:
    notes = (fees.gate_note(branch.case.elements.fees) for branch in branches if branch.case is not None)
    return "".join(dict.fromkeys(note for note in notes if note))


def branch_left(branch: Branch, *, at: datetime) -> None:
    """A matter left before anything was paid: the notice is replaced by one without its lines, or taken back with the last of them."""
    joint = branch.joint
    found = fees.bill_of(subject_of(joint))
    if found is None or found.state not in (fees.State.DRAFT, fees.State.ISSUED):
        return
    rows = sharing.drafts(joint)
    lines = _lines([row for row in rows if row.state != BranchState.LEFT], at=at)
    if not lines:
        fees.cancel(bill_id=found.pk, reason=ENDED if not lines else CHANGED, by=None, at=at)
        return
    if {line.source for line in lines} != set(found.lines.values_list("source", flat=True)):
        fees.supersede(bill_id=found.pk, lines=lines, reason=CHANGED, by=None, at=at)


def panel(joint: JointCase, branches: list[Branch]) -> fees.FeePanel | None:
    """The card “收费” of a stage: free and by which law, or its bill; None before there is anything to say."""
    known = [branch.case.elements.fees for branch in branches if branch.case is not None]
    if not known:
        return None
    charged = next((one for one in known if fees.free_by(one) is None), None)
    return fees.panel(subject_of(joint), charged or known[0])


def page_of(joint_id: int) -> str:
    """Where officials find what a bill is for."""
    project_id = JointCase.objects.values_list("project_id", flat=True).filter(pk=joint_id).first()
    return f"/projects/{project_id}/" if project_id else ""

"""Open a project or bundle, begin a stage, answer what switches branches on, and what several branches ask, once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import events, recording, rules
from zhengtong.approvals.greenway.models import Branch, JointCase, Project, Template
from zhengtong.approvals.greenway.operations import sharing
from zhengtong.approvals.greenway.plans import BranchPlan, StagePlan, TemplateDocument
from zhengtong.approvals.greenway.refusals import CannotBegin
from zhengtong.approvals.greenway.states import BranchState, JointKind, JointState
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.files import public as files
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.identifiers import case_number, project_code
from zhengtong.security.accounts.values import Principal


@transaction.atomic
def open_project(
    *,
    template: Template,
    principal: Principal,
    by: Any,
    at: datetime,
    name: str = "",
    code: str = "",
    site: str = "",
    investment: Decimal | None = None,
    major: bool = False,
    acceptance_point: Organization | None = None,
    township: Organization | None = None,
    assisted_by: Any = None,
    channel: str = "online",
    imported: bool = False,
) -> Project:
    """Register a project or bundle for `principal`, with all its stages and branches as the template in force says.

    An investment project needs its national code (核准条例 第四条); a code that is there already is refused.
    """
    version = template.current
    if version is None:
        raise CannotBegin(_("这个类别还没有发布，请联系县政务办。"))
    plan = version.plan
    checked, verified = check_code(plan, code)
    if plan.kind == "project" and not name.strip():
        raise Invalid(_("请填写项目名称。"), fields={"name": _("请填写项目名称。")})
    day = timezone.localdate(at)
    project = Project(
        number=f"{settings.COUNTY_DIVISION}-LB{day:%y%m%d}-{cases.next_number(f'project:{day:%Y%m%d}'):04d}",
        query_code=case_number.query_code(),
        template=version,
        kind=plan.kind,
        name=name.strip() or plan.name,
        code=checked,
        code_verified=verified,
        site=site,
        investment=investment,
        major=major,
        acceptance_point=acceptance_point or _service_centre(plan),
        township=township,
        applicant_kind=principal.kind,
        applicant_user_id=principal.user_id,
        applicant_enterprise_id=principal.enterprise_id,
        applicant_name=principal.name,
        applicant_id_number=principal.id_number,
        applicant_phone=principal.phone,
        applicant_address=principal.address,
        filed_by=by if not assisted_by else None,
        capacity=principal.capacity,
        mandate_id=principal.mandate_id,
        assisted_by=assisted_by,
        channel=channel,
        created_at=at,
        imported_at=at if imported else None,
    )
    project.save(force_insert=True)
    _opened(project, by=by, at=at)
    return project


def _opened(project: Project, *, by: Any, at: datetime) -> None:
    version = project.template
    for stage in version.plan.stages:
        _lay_out(project, stage)
    fact = events.ProjectOpened(project_id=project.pk, actor_id=by.pk, on_behalf_of=project.for_whom)
    data = {"template": version.plan.key, "version": version.number, "code": project.code or ""}
    recording.record(project, JointKind.OPEN, fact, at=at, by=by, data=data)


def check_code(plan: TemplateDocument, code: str) -> tuple[str | None, str]:
    """The code as it is written, and how far it was checked. Raises `Invalid` at the field `code`."""
    if plan.kind != "project":
        return None, ""
    finding = project_code.check(code, algorithm=settings.PROJECT_CODE_CHECK)
    if not finding.ok:
        raise Invalid(finding.errors[0], fields={"code": finding.errors[0]})
    if Project.objects.filter(code=finding.value).exists():
        problem = _("这个投资项目代码已经登记过，请从项目列表中打开，不需要重复登记。")
        raise Invalid(problem, fields={"code": problem})
    return finding.value, "check" if finding.facts["verified"] else "form"


def _service_centre(plan: TemplateDocument) -> Organization:
    centre = Organization.objects.filter(code=settings.SERVICE_CENTRE_CODE).first()
    return centre or organizations.get_by_code(plan.lead_department)


def _lay_out(project: Project, stage: StagePlan) -> None:
    lead = organizations.get_by_code(stage.lead_department)
    joint = JointCase.objects.create(project=project, no=stage.no, key=stage.key, lead=lead)
    known = {
        m.key: m
        for m in matters.Matter.objects.select_related("current", "department").filter(
            key__in=[branch.matter for branch in stage.branches]
        )
    }
    Branch.objects.bulk_create(
        _branch(joint, number, branch, known.get(branch.matter)) for number, branch in enumerate(stage.branches, 1)
    )


def _branch(joint: JointCase, number: int, plan: BranchPlan, matter: matters.Matter | None) -> Branch:
    elements = matter.current.elements if matter and matter.current else None
    tail = 1
    if elements is not None:
        last = next((g for g in elements.steps if any(s.kind == "decide" for s in g.steps)), None)
        tail = max(last.workdays if last else 1, 1)
    guidance = bool(matter and matter.current and matter.current.guidance_only)
    return Branch(
        joint=joint,
        no=number,
        matter_key=plan.matter,
        matter=matter,
        department=matter.department if matter else organizations.get_by_code(plan.department),
        name=elements.name if elements else plan.matter,
        name_en=elements.name_en if elements else "",
        role=plan.role,
        level="line" if guidance and plan.level == "county" else plan.level,
        adapter=plan.adapter,
        authority=plan.authority,
        prerequisites=list(plan.prerequisites),
        workdays=elements.promised_workdays if elements else 20,
        tail_workdays=tail,
    )


# --- one form ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_stage(*, joint_id: int, by: Any, at: datetime, seen: int | None = None) -> JointCase:
    """Begin to fill in a stage; the branches are opened as the answers call for them."""
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.fills_in(joint.project, by, timezone.localdate(at))
    if joint.state != JointState.PLANNED:
        raise CannotBegin(_("这个阶段已经开始，请接着填写或查看进度。"))
    recording.record(joint.project, JointKind.BEGIN, None, at=at, by=by, joint=joint)
    settle_branches(joint, by=by, at=at)
    return joint


@transaction.atomic
def answer_situation(*, joint_id: int, answers: Mapping[str, Any], by: Any, at: datetime) -> JointCase:
    """Keep the answers that switch branches on and off; branches no longer needed give up their drafts."""
    joint = _drafting(joint_id, by, at)
    joint.project.situation = {**joint.project.situation, **answers}
    joint.project.save(update_fields=["situation"])
    settle_branches(joint, by=by, at=at)
    recording.record(joint.project, JointKind.ANSWER, None, at=at, by=by, joint=joint, data={"keys": sorted(answers)})
    return joint


def settle_branches(joint: JointCase, *, by: Any, at: datetime) -> None:
    """Open a draft for every branch the answers call for, close those they do not; an open question leaves a branch as it is."""
    project, plan, today = joint.project, joint.plan, timezone.localdate(at)
    rows = {branch.matter_key: branch for branch in joint.branches.select_related("department", "case", "matter")}
    for one in plan.branches:
        branch = rows[one.matter]
        needed = project.plan.needed(one, project.situation, today=today)
        if needed and branch.state in (BranchState.PLANNED, BranchState.NOT_NEEDED):
            recording.move(branch, "open")
            if branch.level == "county":
                _open_draft(project, branch, by=by, at=at)
        elif needed is False and branch.state in (BranchState.PLANNED, BranchState.DRAFTING):
            _close_draft(branch, at=at)
            recording.move(branch, "skip", "case")


def _open_draft(project: Project, branch: Branch, *, by: Any, at: datetime) -> None:
    assert branch.matter is not None
    case = cases.start_draft(
        matter=matters.get_matter(branch.matter_key),
        principal=principal_of(project),
        by=by,
        at=at,
        acceptance_point=project.acceptance_point,
        township=project.township,
        assisted_by=project.assisted_by,
        channel=project.channel,
    )
    branch.case = case
    branch.save(update_fields=["case"])
    sharing.fill(project, branch, by=by, at=at)
    sharing.bring_papers(project, branch, by=by, at=at)


def _close_draft(branch: Branch, *, at: datetime) -> None:
    """The draft of a branch that is not needed is taken back; the case stays as a withdrawn draft without a number."""
    if branch.case is not None:
        case, branch.case = branch.case, None
        branch.save(update_fields=["case"])
        cases.drop_draft(case_id=case.pk, at=at)


def principal_of(project: Project) -> Principal:
    """Who applies, as a case is filed for them."""
    return Principal(
        project.applicant_kind,
        project.applicant_user_id,
        project.applicant_enterprise_id,
        project.applicant_name,
        project.applicant_id_number,
        project.applicant_phone,
        project.applicant_address,
        project.capacity,
        project.mandate_id,
    )


@transaction.atomic
def answer_common(*, joint_id: int, answers: Mapping[str, Any], by: Any, at: datetime) -> JointCase:
    """Keep what several branches ask, once, and give it to each of them."""
    joint = _drafting(joint_id, by, at)
    project = joint.project
    project.answers = {**project.answers, **answers}
    project.save(update_fields=["answers"])
    for branch in sharing.drafts(joint):
        sharing.fill(project, branch, by=by, at=at)
    recording.record(project, JointKind.ANSWER, None, at=at, by=by, joint=joint, data={"keys": sorted(answers)})
    return joint


@transaction.atomic
def answer_branch(*, branch_id: int, answers: Mapping[str, Any], by: Any, at: datetime) -> Branch:
    """Keep what only one branch asks."""
    branch = recording.lock_branch(branch_id)
    _drafting(branch.joint_id, by, at)
    if branch.case_id is None:
        raise CannotBegin(_("这个事项现在不需要填写，请刷新页面。"))
    cases.save_answers(case_id=branch.case_id, answers=dict(answers), by=by, at=at)
    return branch


@transaction.atomic
def give_material(*, joint_id: int, name: str, uploads: Sequence[Any], by: Any, at: datetime) -> int:
    """Take a paper in once: every branch that needs it has it from now on. How many branches that are."""
    joint = recording.lock_joint(joint_id)
    rules.fills_in(joint.project, by, timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.MATERIAL)
    if not uploads:
        raise Invalid(_("请先选择文件，或用手机拍照。"), fields={"files": _("请先选择文件，或用手机拍照。")})
    rows = sharing.rows_of(joint, name)
    if not rows:
        raise Invalid(_("这次办理不需要这份材料，请返回材料清单。"))
    for upload in uploads:
        first: files.Attachment | None = None
        for case_id, material_no, item_id in rows:
            if first is None:
                first = cases.add_material(case_id=case_id, material_no=material_no, upload=upload, by=by, at=at)
            else:
                sharing.copy(first, item_id, by=by, at=at)
    data = {"material": name, "branches": len(rows), "files": len(uploads)}
    recording.record(joint.project, JointKind.MATERIAL, None, at=at, by=by, joint=joint, data=data)
    return len(rows)


def _drafting(joint_id: int, by: Any, at: datetime) -> JointCase:
    joint = recording.lock_joint(joint_id)
    rules.fills_in(joint.project, by, timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.ANSWER)
    return joint

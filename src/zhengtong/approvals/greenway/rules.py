"""Who may do what to a project. Each rule raises a refusal with a sentence or passes silently."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhengtong.approvals.greenway.models import Branch, JointCase, Project
from zhengtong.approvals.greenway.refusals import CannotDecideAsAgent
from zhengtong.kernel.errors import NotAllowed, NotFound
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import Mandate
from zhengtong.security.pmi import public as pmi


def applies(project: Project, user: Any, on: date, matter_key: str = "") -> bool:
    """True when `user` is the applicant or may act for them, for one matter or at all."""
    if not user.is_authenticated or user.is_official:
        return False
    if project.applicant_user_id == user.pk:
        return True
    for principal in accounts.principals_of(user, on=on, matter_key=matter_key):
        if principal.user_id and principal.user_id == project.applicant_user_id:
            return True
        if principal.enterprise_id and principal.enterprise_id == project.applicant_enterprise_id:
            return True
    return False


def is_applicant(project: Project, user: Any, on: date) -> None:
    """The applicant's side; strangers learn nothing: 404."""
    if not applies(project, user, on):
        raise NotFound(_("没有找到这个项目。请核对，或登录提交时使用的账号。"))


def fills_in(project: Project, user: Any, on: date) -> None:
    """Who may work on the one form: the applicant's side, or the clerk who opened it for them."""
    if user.is_official and project.assisted_by_id == user.pk:
        pmi.require(user, "cases.receive", organization=project.acceptance_point, on=on)
        return
    is_applicant(project, user, on)


def covers(project: Project, user: Any, branches: list[Branch], on: date) -> None:
    """An agent's mandate must include every matter of what is filed."""
    if user.is_official or project.applicant_user_id == user.pk:
        return
    missing = [branch.name for branch in branches if not applies(project, user, on, branch.matter_key)]
    if missing:
        raise NotAllowed(
            _("委托已到期、被撤销或不包括这些事项：{names}。请委托人重新委托，或由委托人自己提交。").format(
                names="、".join(missing)
            )
        )


def may_view(user: Any, project: Project, on: date) -> None:
    """An official of a body that takes part in the project. Others learn nothing."""
    if pmi.can(user, "cases.view", on=on):
        rows = project.joints.select_related("lead").prefetch_related("branches__department")
        bodies = {project.acceptance_point.pk: project.acceptance_point}
        for joint in rows:
            bodies[joint.lead_id] = joint.lead
            for branch in joint.branches.all():
                bodies[branch.department_id] = branch.department
        if any(pmi.can(user, "cases.view", organization=body, on=on) for body in bodies.values()):
            return
    raise NotFound(_("没有找到这个项目，或者它不归您的单位办理。"))


def follows(user: Any, project: Project, on: date) -> None:
    """The rule behind a resident's view."""
    is_applicant(project, user, on)


def leads(joint: JointCase, user: Any, permission: str, on: date) -> None:
    """`user` holds `permission` where the stage was filed or at its lead."""
    for body in (joint.project.acceptance_point, joint.lead):
        if pmi.can(user, permission, organization=body, on=on):
            return
    pmi.require(user, permission, organization=joint.lead, on=on)


def works_on(branch: Branch, user: Any, on: date) -> None:
    """`user` undertakes cases at the branch's department."""
    pmi.require(user, "cases.undertake", organization=branch.department, on=on)


def extends(joint: JointCase, user: Any, on: date) -> None:
    """The head of the county government (行政许可法 第四十二条第二款)."""
    pmi.require(user, "cases.extend_joint", on=on)


def mandates(project: Project) -> QuerySet[Mandate]:
    """Every mandate the applicant ever gave, newest first."""
    rows = Mandate.objects.select_related("agent").order_by("-pk")
    if project.applicant_enterprise_id:
        return rows.filter(principal_enterprise_id=project.applicant_enterprise_id)
    return rows.filter(principal_user_id=project.applicant_user_id or 0)


def not_the_agent(project: Project, user: Any) -> None:
    """Agent ≠ decider: who acts or acted for the applicant on this project signs and decides nothing on it.

    With two accounts the same person is recognised by identity number or phone, compared sealed.
    """
    people = [mandate.agent for mandate in mandates(project)]
    if project.filed_by is not None and project.capacity == "agent":
        people.append(project.filed_by)
    for agent in people:
        if same_person(agent, user):
            raise CannotDecideAsAgent(_("您是本项目申请人的代办员，不能在本项目上签署意见或作决定，请由其他人员办理。"))


def same_person(one: Any, other: Any) -> bool:
    """One account, or two with one identity number or one phone."""
    if one.pk == other.pk:
        return True
    by_number = one.resident_id_index and one.resident_id_index == other.resident_id_index
    return bool(by_number or (one.phone and one.phone_index == other.phone_index))

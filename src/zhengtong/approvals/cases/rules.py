"""Who may do what to a case, now. Each rule raises a refusal with a sentence or passes silently; `allowed` turns one into a bool."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.cases import states
from zhengtong.approvals.cases.models import Case, DutyHolder, StepTask
from zhengtong.approvals.cases.refusals import CannotActNow, CannotWorkOnStep
from zhengtong.approvals.cases.states import Kind, State
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import NotAllowed, NotFound, ZhengtongError
from zhengtong.kernel.statements import Param, Statement
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import public as pmi


def arrow_exists(case: Case, kind: Kind) -> None:
    """The state machine allows `kind` now."""
    if (case.state, kind) in states.ARROWS:
        return
    raise CannotActNow(
        _("办件现在是“{state}”，不能进行“{action}”。页面可能已过时，请刷新后查看。").format(
            state=State(case.state).label, action=Kind(kind).label
        )
    )


def serves(case: Case, user: Any, permission: str, on: date) -> None:
    """`user` holds `permission` where the case was filed or at the body that owns the matter."""
    for organization in (case.acceptance_point, case.department):
        if pmi.can(user, permission, organization=organization, on=on):
            return
    pmi.require(user, permission, organization=case.acceptance_point, on=on)


def at_department(case: Case, user: Any, permission: str, on: date) -> None:
    """`user` holds `permission` at the body that decides."""
    pmi.require(user, permission, organization=case.department, on=on)


def works_on(task: StepTask, user: Any, on: date) -> None:
    """The step is open and `user` holds its role at its body."""
    if task.state != StepTask.OPEN:
        raise CannotWorkOnStep(_("环节“{name}”现在不在办理中，请刷新页面查看。").format(name=task.name))
    if not pmi.holds(user, task.role, organization=task.organization, on=on):
        raise NotAllowed(
            _("环节“{name}”由{organization}的{role}办理，您没有这个岗位。").format(
                name=task.name, organization=task.organization.label, role=pmi.ROLES[task.role].label
            )
        )


_DUTY = Statement(lambda: DutyHolder.objects.filter(case=Param("case"), officer=Param("officer")).values_list("duty"))


def duty_is_free(case: Case, user: Any, duty: str) -> bool:
    """承办、审核、批准 are different people on one case (岗位分离). True when `user` has this very duty already."""
    held, *_rest = _DUTY.first(case=case.pk, officer=user.pk) or (None,)
    if held is not None and held != duty:
        raise CannotWorkOnStep(
            _("您已担任本办件的“{held}”，同一人不能再担任“{duty}”。请由其他人员办理。").format(
                held=pmi.DUTIES[held], duty=pmi.DUTIES[duty]
            )
        )
    return held == duty


def is_applicant(case: Case, user: Any, on: date) -> None:
    """`user` filed the case, is the applicant, or may act for the applicant. Strangers learn nothing: 404."""
    if user.is_authenticated and (
        case.filed_by_id == user.pk and case.capacity == "self" or case.applicant_user_id == user.pk
    ):
        return
    for principal in accounts.principals_of(user, on=on, matter_key=case.elements.key) if user.is_authenticated else ():
        same_person = principal.user_id and principal.user_id == case.applicant_user_id
        if same_person or (principal.enterprise_id and principal.enterprise_id == case.applicant_enterprise_id):
            return
    raise NotFound(_("没有找到这个办件。请核对编号，或登录提交时使用的账号。"))


def may_view(case: Case, user: Any, on: date) -> None:
    """An official of a body that takes part, or one whose office oversees cases. Others learn nothing."""
    if pmi.can(user, "cases.view", on=on):
        bodies: list[Organization] = [case.acceptance_point, case.department]
        bodies += [task.organization for task in case.tasks.select_related("organization")]
        if any(pmi.can(user, "cases.view", organization=body, on=on) for body in bodies):
            return
    raise NotFound(_("没有找到这个办件，或者它不归您的岗位办理。"))


def allowed(rule: Callable[..., None], *args: Any, **kwargs: Any) -> tuple[bool, str]:
    """(True, "") when `rule` passes, else (False, its sentence)."""
    try:
        rule(*args, **kwargs)
    except ZhengtongError as refusal:
        return False, refusal.message
    return True, ""

"""项目代办: the applicant empowers somebody for the project, within its matters, until a day; either side ends it at once.

The mandate is that of `accounts`; here it gets the scope of the project and its place in the project's log.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.greenway import events, recording, rules
from zhengtong.approvals.greenway.models import Branch, Project
from zhengtong.approvals.greenway.states import JointKind
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import Mandate, User
from zhengtong.security.pmi import public as pmi


@transaction.atomic
def appoint(
    *, project_id: int, login: str, valid_until: date, by: Any, at: datetime, seen: int | None = None
) -> Mandate:
    """Empower the resident account `login` for every matter of the project's stages, free of charge (安阳 2021 第十五条、第三十四条).

    Refuses anybody but the applicant (for an enterprise: its legal representative or manager), and who decides at a body of the project.
    """
    project = recording.lock(project_id, seen=seen)
    today = timezone.localdate(at)
    rules.is_applicant(project, by, today)
    agent = User.objects.filter(username=login.strip(), kind=User.RESIDENT, is_active=True).first()
    if agent is None:
        problem = _("没有登录名为“{name}”的居民账号，请核对。").format(name=login.strip())
        raise Invalid(problem, fields={"login": problem})
    _not_an_official_here(project, agent, today)
    branches = Branch.objects.filter(joint__project=project).order_by("joint__no", "no")
    mandate = accounts.grant_mandate(
        agent=agent,
        principal_user=project.applicant_user,
        principal_enterprise=project.applicant_enterprise,
        scope=list(branches.values_list("matter_key", flat=True)),
        valid_from=today,
        valid_until=valid_until,
        by=by,
        at=at,
    )
    fact = events.AgentAppointed(project_id=project.pk, mandate_id=mandate.pk, actor_id=by.pk)
    data = {"mandate": mandate.pk, "agent": agent.pk, "until": str(valid_until)}
    recording.record(project, JointKind.APPOINT, fact, at=at, by=by, data=data)
    return mandate


def _not_an_official_here(project: Project, agent: User, on: date) -> None:
    """Somebody who, with another account, works at a body that takes part."""
    officials = [
        official
        for official in User.objects.filter(kind=User.OFFICIAL, is_active=True).exclude(phone_index=None)
        if rules.same_person(official, agent)
    ]
    bodies = {b.department for b in Branch.objects.filter(joint__project=project).select_related("department")}
    for official in officials:
        if any(pmi.can(official, "cases.work", organization=body, on=on) for body in bodies):
            raise Invalid(
                _("这个人是参与审批的单位的工作人员，不能代办。请另选代办员。"),
                fields={"login": _("这个人是参与审批的单位的工作人员，不能代办。")},
            )


@transaction.atomic
def dismiss(*, project_id: int, mandate_id: int, by: Any, at: datetime, seen: int | None = None) -> None:
    """End the mandate now: by the applicant, or by the agent."""
    project = recording.lock(project_id, seen=seen)
    rules.is_applicant(project, by, timezone.localdate(at))
    mandate = rules.mandates(project).filter(pk=mandate_id).first()
    if mandate is None:
        raise NotFound(_("没有这项委托。"))
    accounts.revoke_mandate(mandate=mandate, by=by, at=at)
    fact = events.AgentDismissed(project_id=project.pk, mandate_id=mandate.pk, actor_id=by.pk)
    recording.record(project, JointKind.DISMISS, fact, at=at, by=by, data={"mandate": mandate.pk})

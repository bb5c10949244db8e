"""Which fact about a project is written to the applicant, and to whoever filed for them."""

from datetime import datetime

from django.utils.translation import gettext_noop

from zhengtong.approvals.greenway import events
from zhengtong.approvals.greenway.models import JointCase, Project
from zhengtong.foundation.notices import public as notices

TEMPLATES: dict[type[events.ProjectFact], tuple[str, str, str]] = {
    events.JointCaseAccepted: (
        "project.accepted",
        gettext_noop("已统一受理：{matter}"),
        gettext_noop("编号{number}所含各事项已统一受理，正在并联办理，最迟{due}办完。"),
    ),
    events.JointDefectsNotified: (
        "project.defects",
        gettext_noop("需要补正材料：{matter}"),
        gettext_noop("编号{number}需要补正材料，请登录后在项目页面一次补齐。"),
    ),
    events.JointCaseCompleted: (
        "project.completed",
        gettext_noop("已全部办完：{matter}"),
        gettext_noop("编号{number}所含各事项已全部办完，办结告知书可登录下载。"),
    ),
}
WRITTEN_TO = tuple(TEMPLATES)


def register() -> None:
    """Hand the templates to the notices app."""
    for key, subject, body in TEMPLATES.values():
        notices.register_template(key, subject=subject, body=body, sms=body)


def tell(event: events.ProjectFact, *, at: datetime) -> None:
    """Send the notice of a fact."""
    key = TEMPLATES[type(event)][0]
    project = Project.objects.select_related("applicant_user", "filed_by").get(pk=event.project_id)
    joint = JointCase.objects.select_related("clock").get(pk=event.joint_id)
    due = joint.clock.due_on if hasattr(joint, "clock") else None
    params = {
        "matter": {"zh": project.name, "en": project.name},
        "number": project.number,
        "due": {"date": due.isoformat()} if due else "—",
    }
    people = {user.pk for user in (project.applicant_user, project.filed_by) if user}
    for user_id in people:
        notices.send(
            template=key,
            at=at,
            params=params,
            subject=f"project:{project.pk}",
            to_user_id=user_id,
            url=f"/projects/{project.pk}/",
        )
    if not people and project.applicant_phone:
        notices.send(template=key, at=at, params=params, subject=f"project:{project.pk}", phone=project.applicant_phone)

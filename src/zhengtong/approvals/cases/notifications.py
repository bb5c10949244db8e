"""Which fact of a case sends which notice to the applicant. An agent who filed gets the same notice: both are told, and it says for whom."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from zhengtong.approvals.cases import events
from zhengtong.approvals.cases.models import Case, Licence
from zhengtong.approvals.cases.operations import renewal
from zhengtong.approvals.cases.states import Outcome
from zhengtong.foundation.notices import public as notices

TEMPLATES: dict[str, tuple[str, str]] = {
    "case.submitted": (
        gettext_noop("申请已提交：{matter}"),
        gettext_noop("您的申请已提交，编号{number}。我们会尽快预审。您可以随时查询进度。"),
    ),
    "case.received": (
        gettext_noop("材料已收：{matter}"),
        gettext_noop("编号{number}的材料已收到，五个工作日内答复是否受理；逾期不答复，依法视为受理。"),
    ),
    "case.defects": (
        gettext_noop("需要补正材料：{matter}"),
        gettext_noop("编号{number}的申请需要补正，请登录查看一次性补正通知，按通知补齐后提交。"),
    ),
    "case.accepted": (gettext_noop("已受理：{matter}"), gettext_noop("编号{number}的申请已受理，承诺在{due}前办结。")),
    "case.deemed": (
        gettext_noop("已依法视为受理：{matter}"),
        gettext_noop("编号{number}的申请五个工作日内没有得到答复，依法自收到材料之日起视为受理，承诺在{due}前办结。"),
    ),
    "case.not_accepted": (
        gettext_noop("不予受理：{matter}"),
        gettext_noop("编号{number}的申请不予受理，请登录查看决定书中的理由和救济途径。"),
    ),
    "case.suspended": (
        gettext_noop("进入特别程序：{matter}"),
        gettext_noop("编号{number}的申请进入特别程序，计时暂停，请登录查看告知书。"),
    ),
    "case.resumed": (
        gettext_noop("特别程序结束：{matter}"),
        gettext_noop("编号{number}的申请恢复计时，承诺在{due}前办结。"),
    ),
    "case.extended": (
        gettext_noop("审批期限延长：{matter}"),
        gettext_noop("编号{number}的申请延长了审批期限，理由见告知书。"),
    ),
    "case.review_supplement": (
        gettext_noop("请补交材料：{matter}"),
        gettext_noop("编号{number}的申请在审查中需要补交材料，办理时限照常计算，请尽快补交。"),
    ),
    "case.granted": (gettext_noop("已准予：{matter}"), gettext_noop("编号{number}的申请已准予，正在制作结果文书。")),
    "case.refused": (
        gettext_noop("不予许可：{matter}"),
        gettext_noop("编号{number}的申请未获准予，请登录查看决定书中的理由和救济途径。"),
    ),
    "case.delivered": (
        gettext_noop("结果已送达：{matter}"),
        gettext_noop("编号{number}的结果已送达，可登录下载。请为这次办理作出评价。"),
    ),
    "case.renewed": (
        gettext_noop("已依法视为准予延续：{matter}"),
        gettext_noop("编号{number}的延续申请在原证到期前没有得到决定，依法视为准予延续，正在制作新证。"),
    ),
    "case.licence_expiring": (
        gettext_noop("证照即将到期：{matter}"),
        gettext_noop("编号{number}颁发的证照快到期了，需要继续使用的，请在{due}前申请延续。"),
    ),
    "case.licence_changed": (
        gettext_noop("证照已失效：{matter}"),
        gettext_noop("编号{number}颁发的证照已被撤销或注销，原因和救济途径请登录查看。"),
    ),
    "case.ended": (gettext_noop("办理结束：{matter}"), gettext_noop("编号{number}的办理已结束，详情请登录查看。")),
}

KEYS: dict[type[events.CaseFact], str] = {
    events.CaseSubmitted: "case.submitted",
    events.CaseReceived: "case.received",
    events.DefectsNotified: "case.defects",
    events.AcceptanceRefused: "case.not_accepted",
    events.CaseSuspended: "case.suspended",
    events.CaseResumed: "case.resumed",
    events.CaseExtended: "case.extended",
    events.ReviewSupplementRequested: "case.review_supplement",
    events.CaseDelivered: "case.delivered",
    events.LicenceExpiring: "case.licence_expiring",
    events.CaseVoided: "case.ended",
    events.CaseTerminated: "case.ended",
    events.CaseTransferredUp: "case.ended",
    events.SupplementLapsed: "case.ended",
}


WRITTEN_TO = (*KEYS, events.CaseAccepted, events.CaseDecided, events.LicenceStateChanged)
"""The facts an applicant is written to about."""


def register() -> None:
    """Hand the templates to the notices app."""
    for key, (subject, body) in TEMPLATES.items():
        notices.register_template(key, subject=subject, body=body, sms=body)


def template_for(event: events.CaseFact) -> str:
    """The template of a fact; empty when the applicant is not written to for it."""
    if isinstance(event, events.CaseAccepted):
        return "case.deemed" if event.deemed else "case.accepted"
    if isinstance(event, events.LicenceStateChanged):
        return "" if event.state == "superseded" else "case.licence_changed"
    if isinstance(event, events.CaseDecided) and event.deemed:
        return "case.renewed"
    if isinstance(event, events.CaseDecided):
        return "case.refused" if event.outcome == Outcome.REFUSE else "case.granted"
    return KEYS.get(type(event), "")


def tell(event: events.CaseFact, *, at: datetime) -> None:
    """Send the notice of a fact to the applicant and, when another filed for them, to that person as well."""
    template = template_for(event)
    if not template:
        return
    case = Case.objects.select_related("version", "applicant_user", "filed_by").get(pk=event.case_id)
    due = case.due_on
    params: dict[str, Any] = {
        "matter": {"zh": case.version.name, "en": case.version.name_en or case.version.name},
        "number": case.spoken_number or "",
        "due": {"date": due.isoformat()} if due else "—",
    }
    if isinstance(event, events.LicenceExpiring):
        last = renewal.apply_by(Licence.objects.get(pk=event.licence_id))
        params["due"] = {"date": str(last)}
    common: dict[str, Any] = {"template": template, "at": at, "params": params, "subject": f"case:{case.pk}"}
    people = {user.pk for user in (case.applicant_user, case.filed_by) if user}
    for user_id in people:
        notices.send(**common, to_user_id=user_id, url=f"/my/cases/{case.pk}/")
    if not people and case.applicant_phone:
        notices.send(**common, phone=case.applicant_phone)

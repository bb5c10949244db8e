"""What a person may do on a project now: one table of acts, each with its form, its rule and the one operation it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.greenway import forms as ours
from zhengtong.approvals.greenway import rules
from zhengtong.approvals.greenway.models import Branch, JointCase, JointClock, Project, SiteVisit
from zhengtong.approvals.greenway.operations import agents, branches, clockwork, filing, finishing, opening, visits
from zhengtong.approvals.greenway.states import BRANCH_ENDED, BranchState, JointState
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.security.pmi import public as pmi

Run = Callable[[int, dict[str, Any], Any, datetime], Any]


@dataclass(frozen=True)
class Act:
    """One act. `posts`: needs no words, so the project page posts it straight away."""

    label: str | Promise
    done: str | Promise
    run: Run
    form: type[ours.ActForm] = ours.ActForm
    posts: bool = False
    danger: bool = False
    hint: str | Promise = ""


@dataclass(frozen=True)
class Button:
    """An act as the page draws it."""

    label: str
    url: str
    posts: bool = False
    main: bool = False
    seen: int = 0


def _seen(data: dict[str, Any]) -> dict[str, Any]:
    return {"seen": data["seen"]}


ACTS: dict[str, Act] = {
    "begin": Act(
        gettext_lazy("开始填报这个阶段"),
        gettext_lazy("已开始，请回答几个问题。"),
        lambda pk, d, by, at: opening.begin_stage(joint_id=pk, by=by, at=at, **_seen(d)),
        posts=True,
    ),
    "accept": Act(
        gettext_lazy("统一受理并转办"),
        gettext_lazy("已统一受理，各事项已同时转办到部门。"),
        lambda pk, d, by, at: filing.accept(joint_id=pk, by=by, at=at, **_seen(d)),
        posts=True,
    ),
    "notify": Act(
        gettext_lazy("一次性告知补正"),
        gettext_lazy("已发出补正通知，所有事项一次告知。"),
        lambda pk, d, by, at: filing.notify(joint_id=pk, by=by, at=at, extra=d["extra"], **_seen(d)),
        form=ours.NotifyForm,
        hint=gettext_lazy("所有事项的问题在同一时刻一次告知，发出后清单不能再改（行政许可法第三十二条）。"),
    ),
    "supplement": Act(
        gettext_lazy("提交补正"),
        gettext_lazy("补正材料已提交，各事项同时重新计算受理期限。"),
        lambda pk, d, by, at: filing.supplement(joint_id=pk, by=by, at=at, **_seen(d)),
        posts=True,
    ),
    "extend": Act(
        gettext_lazy("延长联合办理期限"),
        gettext_lazy("联合办理期限已延长，理由已写入告知书。"),
        lambda pk, d, by, at: clockwork.extend(
            joint_id=pk, workdays=d["workdays"], reason=d["reason"], by=by, at=at, **_seen(d)
        ),
        form=ours.ExtendForm,
        hint=gettext_lazy("只能延长一次，由县政府负责人批准，理由告知申请人（行政许可法第四十二条第二款）。"),
    ),
    "complete": Act(
        gettext_lazy("发办结告知"),
        gettext_lazy("已发出办结告知书，一张告知书列明所有事项。"),
        lambda pk, d, by, at: finishing.complete(joint_id=pk, by=by, at=at, **_seen(d)),
        posts=True,
    ),
    "propose-visit": Act(
        gettext_lazy("安排联合勘验"),
        gettext_lazy("已按共用日程列出可选时间。"),
        lambda pk, d, by, at: visits.propose(
            joint_id=pk,
            branch_ids=d["branches"],
            address=d["address"],
            purpose=d["purpose"],
            by=by,
            at=at,
            **_seen(d),
        ),
        form=ours.ProposeVisitForm,
        hint=gettext_lazy("几个事项只到现场一次，时间按各部门共用的勘验日程安排。"),
    ),
    "sign": Act(
        gettext_lazy("签收"),
        gettext_lazy("已签收。"),
        lambda pk, d, by, at: branches.sign_for(branch_id=pk, by=by, at=at, **_seen(d)),
        posts=True,
    ),
    "reply": Act(
        gettext_lazy("登记回复"),
        gettext_lazy("已登记上级或专线的回复。"),
        lambda pk, d, by, at: branches.write_down_reply(
            branch_id=pk,
            outcome=d["outcome"],
            number=d["number"],
            decided_on=d["decided_on"],
            by=by,
            at=at,
            **_seen(d),
        ),
        form=ours.ReplyForm,
    ),
    "fix-visit": Act(
        gettext_lazy("确定时间和人员"),
        gettext_lazy("联合勘验已确定，已书面告知申请人。"),
        lambda pk, d, by, at: visits.fix(visit_id=pk, slot=d["slot"], officers=d["officers"], by=by, at=at, **_seen(d)),
        form=ours.FixVisitForm,
        hint=gettext_lazy("每个部门至少两人（行政许可法第三十四条第三款）。"),
    ),
    "record-visit": Act(
        gettext_lazy("填写勘验记录"),
        gettext_lazy("勘验记录已保存，各事项的办件页面都能看到。"),
        lambda pk, d, by, at: visits.write_record(visit_id=pk, record=d["record"], by=by, at=at, **_seen(d)),
        form=ours.RecordVisitForm,
    ),
    "cancel-visit": Act(
        gettext_lazy("取消联合勘验"),
        gettext_lazy("联合勘验已取消，时间已空出。"),
        lambda pk, d, by, at: visits.cancel(visit_id=pk, by=by, at=at, **_seen(d)),
        posts=True,
    ),
    "appoint": Act(
        gettext_lazy("委托代办员"),
        gettext_lazy("已委托，代办员的每一步都会记为“代您办理”。"),
        lambda pk, d, by, at: agents.appoint(
            project_id=pk, login=d["login"], valid_until=d["valid_until"], by=by, at=at, **_seen(d)
        ),
        form=ours.AppointForm,
        hint=gettext_lazy("只能代办本项目所列事项，到期自动失效，您可以随时撤销。代办不收费。"),
    ),
    "dismiss": Act(
        gettext_lazy("撤销委托"),
        gettext_lazy("委托已撤销，即时生效。"),
        lambda pk, d, by, at: agents.dismiss(project_id=d["project_id"], mandate_id=pk, by=by, at=at, **_seen(d)),
        form=ours.DismissForm,
        posts=True,
    ),
}
"""Every act by the name in its address."""


def act(key: str) -> Act:
    """One of them. Raises `NotFound`."""
    found = ACTS.get(key)
    if found is None:
        raise NotFound(_("没有这个操作。请返回项目页面。"))
    return found


def _allowed(rule: Callable[..., None], *args: Any) -> bool:
    try:
        rule(*args)
    except ZhengtongError:
        return False
    return True


def _button(project: Project, key: str, thing: int, *, main: bool = False) -> Button:
    found = ACTS[key]
    url = reverse("greenway:act", args=[project.pk, key, thing])
    return Button(str(found.label), url, found.posts, main, project.row_version)


def of_project(project: Project, user: Any, *, at: datetime) -> list[Button]:
    """What is done with the project as a whole: an agent is empowered by the applicant, never by the agent."""
    if user.is_official or not _may_empower(project, user, at):
        return []
    return [_button(project, "appoint", project.pk)]


def _may_empower(project: Project, user: Any, at: datetime) -> bool:
    if project.applicant_user_id:
        return bool(project.applicant_user_id == user.pk)
    today = timezone.localdate(at)
    members = project.applicant_enterprise.members.filter(user=user) if project.applicant_enterprise else []
    return any(m.capacity in ("legal", "manager") and m.in_force(today) for m in members)


def of_joint(
    joint: JointCase, rows: Sequence[Branch], clock: JointClock | None, user: Any, *, at: datetime
) -> list[Button]:
    """What this person may do with a stage now, the usual one first."""
    today, project = timezone.localdate(at), joint.project
    fills = _allowed(rules.fills_in, project, user, today)
    found: list[Button] = []
    if fills and joint.state == JointState.PLANNED:
        found.append(_button(project, "begin", joint.pk, main=True))
    if fills and joint.state == JointState.DRAFTING:
        found.append(Button(_("接着填写"), reverse("greenway:go_on", args=[joint.pk]), main=True))
    if fills and joint.state == JointState.SUPPLEMENT:
        found.append(Button(_("去补正材料"), reverse("greenway:materials", args=[joint.pk]), main=True))
        found.append(_button(project, "supplement", joint.pk))
    if user.is_official:
        found += _of_official(joint, rows, clock, user, today)
    return found


def _of_official(
    joint: JointCase, rows: Sequence[Branch], clock: JointClock | None, user: Any, today: Any
) -> list[Button]:
    project, found = joint.project, []
    if joint.state == JointState.SUBMITTED and _allowed(rules.leads, joint, user, "cases.receive", today):
        found.append(Button(_("核验材料并统一受理"), reverse("greenway:reception", args=[joint.pk]), main=True))
    if joint.state == JointState.DECIDED and _allowed(rules.leads, joint, user, "cases.deliver", today):
        found.append(_button(project, "complete", joint.pk, main=True))
    if joint.state == JointState.IN_PROCESS:
        running = [branch for branch in rows if branch.state not in BRANCH_ENDED]
        if len(running) > 1 and _allowed(rules.leads, joint, user, "cases.work", today):
            found.append(_button(project, "propose-visit", joint.pk))
        extendable = clock is not None and not clock.extension_workdays and clock.elapsed_at is None
        if extendable and _allowed(rules.extends, joint, user, today):
            found.append(_button(project, "extend", joint.pk))
    return found


def of_branch(branch: Branch, user: Any, *, at: datetime) -> list[Button]:
    """What this person may do with one branch now."""
    today = timezone.localdate(at)
    if not user.is_official:
        return []
    project = branch.joint.project
    if branch.state == BranchState.DISPATCHED and _allowed(rules.works_on, branch, user, today):
        return [_button(project, "sign", branch.pk)]
    if branch.state == BranchState.FORWARDED and _allowed(rules.leads, branch.joint, user, "cases.accept", today):
        return [_button(project, "reply", branch.pk)]
    return []


@dataclass(frozen=True)
class VisitView:
    """A joint visit as the page draws it."""

    visit: SiteVisit
    branches: list[Branch]
    attendance: list[Any]
    buttons: list[Button] = field(default_factory=list)
    paper: Any = None


def visits_of(joint: JointCase, user: Any, *, at: datetime) -> list[VisitView]:
    """The joint visits of a stage, with who goes and what may be done."""
    rows = joint.visits.exclude(state="cancelled").prefetch_related(
        "branches", "attendance__officer", "attendance__organization"
    )
    return [_visit(joint, visit, user, at) for visit in rows]


def _visit(joint: JointCase, visit: SiteVisit, user: Any, at: datetime) -> VisitView:
    buttons: list[Button] = []
    leads = user.is_official and _allowed(rules.leads, joint, user, "cases.work", timezone.localdate(at))
    attendance = list(visit.attendance.all())
    if leads and visit.state == "proposed":
        buttons.append(_button(joint.project, "fix-visit", visit.pk, main=True))
    there = any(one.officer_id == user.pk for one in attendance)
    if visit.state == "fixed" and there and visit.visit_at and visit.visit_at <= at:
        buttons.append(_button(joint.project, "record-visit", visit.pk, main=True))
    if leads and visit.state in ("proposed", "fixed"):
        buttons.append(_button(joint.project, "cancel-visit", visit.pk))
    paper = visit.paper
    if paper is not None and user.is_official and not pmi.decide(user, "cases.view", paper.case, at=at).allowed:
        paper = None
    return VisitView(visit, list(visit.branches.all()), attendance, buttons, paper)


def form_for(chosen: Act, project: Project, thing: int, user: Any, data: Any, *, at: datetime) -> forms.Form:
    """The form of an act, shaped by what it is about."""
    return chosen.form(data, project=project, thing=thing, user=user, at=at, initial={"seen": project.row_version})


def perform(chosen: Act, form: forms.Form, thing: int, *, by: Any, at: datetime) -> Any:
    """Run the one operation of an act."""
    return chosen.run(thing, form.cleaned_data, by, at)

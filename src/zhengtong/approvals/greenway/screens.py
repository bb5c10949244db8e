"""What the pages of projects show: the same facts for the investor, the agent, the lead and the departments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.greenway import acts, billing, queries, timeline
from zhengtong.approvals.greenway.models import Branch, JointCase, Project
from zhengtong.approvals.greenway.queries import Whole
from zhengtong.approvals.greenway.states import JOINT_ENDED, BranchState, JointState
from zhengtong.approvals.greenway.values import JointClockView
from zhengtong.kernel.errors import NotFound
from zhengtong.security.pmi import public as pmi

TONES = {
    JointState.PLANNED: "",
    JointState.DRAFTING: "info",
    JointState.SUBMITTED: "info",
    JointState.SUPPLEMENT: "soon",
    JointState.IN_PROCESS: "info",
    JointState.DECIDED: "soon",
    JointState.COMPLETED: "ok",
    JointState.CLOSED: "",
    JointState.FORMER: "ok",
}
A_PAGE = 25


@dataclass(frozen=True)
class StageView:
    """One stage as the page draws it."""

    joint: JointCase
    tone: str
    picture: timeline.Picture | None
    clock: JointClockView | None
    pauses: list[Any]
    left_out: tuple[Branch, ...]
    buttons: list[acts.Button]
    visits: list[Any]
    branch_acts: list[tuple[Branch, list[acts.Button]]]
    planned: tuple[Branch, ...] = ()
    fee: Any = None


@dataclass(frozen=True)
class Waiting:
    """What the project waits for: who, on what, until when, and why it matters."""

    who: str
    what: str
    until: date | None
    critical: bool
    holds_up: tuple[str, ...]


def project_context(project: Project, user: Any, *, at: datetime) -> dict[str, Any]:
    """Everything the project page draws; the number of queries does not grow with the branches."""
    today = timezone.localdate(at)
    found = queries.whole(project)
    stages = [_stage(found, joint, user, at=at) for joint in found.joints]
    return {
        "project": project,
        "layout": "layouts/office.html" if user.is_official else "layouts/public.html",
        "stages": stages,
        "waiting": list(waiting(found, stages)),
        "agents": queries.agents_of(project, on=today),
        "buttons": acts.of_project(project, user, at=at),
        "papers": [p for stage in stages for p in _papers(found, stage.joint) if readable(p, user, today)],
        "log": queries.history(project),
        "today": today,
        "applies": not user.is_official,
        "receipt": bool(project.query_code) and _may_take(project, user, today) and _submitted(found),
    }


def _may_take(project: Project, user: Any, today: date) -> bool:
    """The receipt is for the applicant's side, and for the clerk who filed for them."""
    return not user.is_official or project.assisted_by_id == user.pk


def _submitted(found: Whole) -> bool:
    return any(joint.submitted_at is not None for joint in found.joints)


def _stage(found: Whole, joint: JointCase, user: Any, *, at: datetime) -> StageView:
    today, branches = timezone.localdate(at), found.branches[joint.pk]
    clock = found.clocks.get(joint.pk)
    pauses = found.pauses.get(clock.pk, []) if clock else []
    if clock is not None:
        clock.joint = joint
    drawn = None
    if joint.state not in (JointState.PLANNED, JointState.CLOSED):
        nodes = queries.stage_nodes(found, joint, today=today)
        names = {branch.matter_key: branch.label for branch in found.every()}
        drawn = timeline.picture(
            branches,
            queries.critical.path(nodes, found.days, today=today),
            nodes,
            names,
            due_on=clock.due_on if clock else None,
            started_on=clock.started_on if clock else None,
            today=today,
        )
    return StageView(
        joint=joint,
        tone=TONES[JointState(joint.state)],
        picture=drawn,
        clock=queries.clock_view(clock, pauses, found.days, today=today) if clock else None,
        pauses=pauses,
        left_out=tuple(b for b in branches if b.state == BranchState.NOT_NEEDED),
        buttons=acts.of_joint(joint, branches, clock, user, at=at),
        visits=acts.visits_of(joint, user, at=at) if joint.accepted_at else [],
        branch_acts=[(b, found_) for b in branches if (found_ := acts.of_branch(b, user, at=at))],
        planned=branches if joint.state == JointState.PLANNED else (),
        fee=billing.panel(joint, list(branches)) if joint.accepted_at else None,
    )


def waiting(found: Whole, stages: Iterable[StageView]) -> Iterable[Waiting]:
    """What holds the project up now, the most pressing first: the critical branches that can move, and whoever has to act for all."""
    for stage in stages:
        joint = stage.joint
        if joint.state in (JointState.DRAFTING, JointState.SUPPLEMENT):
            what = _("填写和提交") if joint.state == JointState.DRAFTING else _("补正材料")
            yield Waiting(found.project.applicant_name, f"{joint.label}：{what}", None, True, ())
        elif joint.state == JointState.SUBMITTED:
            yield Waiting(found.project.acceptance_point.label, f"{joint.label}：{_('统一受理')}", None, True, ())
        elif joint.state == JointState.DECIDED:
            yield Waiting(joint.lead.label, f"{joint.label}：{_('办结告知')}", None, True, ())
        elif stage.picture is not None and joint.state == JointState.IN_PROCESS:
            moving = [bar for bar in stage.picture.bars if not bar.ended and not bar.waits_for]
            for bar in sorted(moving, key=lambda bar: (not bar.critical, bar.ends_on)):
                branch = bar.branch
                who = branch.authority if branch.level != "county" and branch.authority else branch.department.label
                yield Waiting(who, branch.label, bar.ends_on, bar.critical, bar.holds_up)


def readable(paper: Any, user: Any, on: date) -> bool:
    """Papers of a stage are issued on the case of its lead: an official opens them who may see that case."""
    return not user.is_official or pmi.decide(user, "cases.view", paper.case, at=on).allowed


def _papers(found: Whole, joint: JointCase) -> list[Any]:
    clock = found.clocks.get(joint.pk)
    papers = [joint.notice, clock.extension_paper if clock else None]
    return [paper for paper in papers if paper is not None]


# --- lists --------------------------------------------------------------------------------------------------------------


def listed(rows: QuerySet[Project], query: dict[str, str], *, today: date) -> dict[str, Any]:
    """A page of a list of projects with the state of their stages and clocks; a constant number of queries."""
    text, scope = query.get("q", "").strip()[:60], query.get("scope", "open")
    if text:
        words = Q(number__icontains=text) | Q(name__icontains=text) | Q(code__icontains=text)
        rows = rows.filter(words | Q(applicant_name__icontains=text))
    done = Q(state__in=JOINT_ENDED)
    unfinished = JointCase.objects.exclude(done).values("project_id")
    counts = {
        "open": rows.filter(pk__in=unfinished).count(),
        "done": rows.exclude(pk__in=unfinished).count(),
    }
    rows = rows.exclude(pk__in=unfinished) if scope == "done" else rows.filter(pk__in=unfinished)
    page = Paginator(rows, A_PAGE).get_page(query.get("page"))
    ids = [project.pk for project in page.object_list]
    joints: dict[int, list[JointCase]] = {}
    for joint in JointCase.objects.filter(project_id__in=ids).select_related("lead", "clock").order_by("no"):
        joints.setdefault(joint.project_id, []).append(joint)
    clocks = {view.joint_id: view for view in queries.clocks_of(ids)}
    return {
        "page": page,
        "rows": [_row(project, joints.get(project.pk, []), clocks) for project in page.object_list],
        "q": text,
        "scope": scope,
        "tabs": [
            {"label": _("在办"), "url": "?scope=open", "current": scope != "done", "count": counts["open"]},
            {"label": _("已办结"), "url": "?scope=done", "current": scope == "done", "count": counts["done"]},
        ],
    }


def _row(project: Project, joints: list[JointCase], clocks: dict[int, JointClockView]) -> dict[str, Any]:
    active = next((j for j in joints if queries.is_open(j)), None) or (joints[-1] if joints else None)
    if active is not None:
        active.project = project
    return {
        "project": project,
        "joint": active,
        "tone": TONES[JointState(active.state)] if active else "",
        "clock": clocks.get(active.pk) if active else None,
        "stages": [{"label": project.plan.stage(j.key).no, "joint": j} for j in joints],
    }


def ledger_context(joint: JointCase, user: Any, *, at: datetime) -> dict[str, Any]:
    """The joint clock day by day, with what paused it and what did not, and why."""
    today = timezone.localdate(at)
    found = queries.whole(joint.project)
    clock = found.clocks.get(joint.pk)
    if clock is None:
        raise NotFound(_("联合时限还没有开始计时。"))
    clock.joint = joint
    pauses = found.pauses.get(clock.pk, [])
    return {
        "project": joint.project,
        "joint": joint,
        "view": queries.clock_view(clock, pauses, found.days, today=today),
        "clock": clock,
        "ledger": queries.ledger(clock, pauses, found.days, today=today),
        "pauses": pauses,
        "today": today,
        "back_url": reverse("greenway:project", args=[joint.project_id]),
    }

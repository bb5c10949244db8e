"""Reads of projects. Pages have a constant number of queries; strangers get 404."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import critical, rules
from zhengtong.approvals.greenway.models import (
    Branch,
    JointCase,
    JointClock,
    JointPause,
    Project,
    ProjectEvent,
    Template,
    TemplateDraft,
)
from zhengtong.approvals.greenway.states import BRANCH_ENDED, JOINT_OPEN, BranchState
from zhengtong.approvals.greenway.values import JointClockView
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel import legal_clock
from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.legal_clock import Ledger, WorkingDays
from zhengtong.kernel.statements import Param, Statement
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import public as pmi

RELATED = ("template", "acceptance_point", "township", "filed_by")


def templates(kind: str = "") -> list[Template]:
    """The templates in force, bundles first, in their order of publishing."""
    found = Template.objects.filter(current__isnull=False).select_related("current").order_by("kind", "pk")
    return list(found.filter(kind=kind) if kind else found)


def template(key: str) -> Template:
    """One in force. Raises `NotFound`."""
    found = Template.objects.select_related("current").filter(key=key, current__isnull=False).first()
    if found is None:
        raise NotFound(_("没有这个“一件事”或项目类型。请从列表中选择。"))
    return found


def drafts_waiting(user: Any) -> int:
    """How many drafts of templates wait for whoever approves them."""
    if not pmi.can(user, "matters.approve", on=calendars.official_today()):
        return 0
    return TemplateDraft.objects.filter(state=TemplateDraft.SUBMITTED).count()


@dataclass(frozen=True)
class Whole:
    """A project with everything its pages need, read at once."""

    project: Project
    joints: tuple[JointCase, ...]
    branches: dict[int, tuple[Branch, ...]]
    clocks: dict[int, JointClock]
    pauses: dict[int, list[JointPause]]
    suspensions: dict[int, list[Any]]
    days: WorkingDays

    def every(self) -> Iterable[Branch]:
        """All branches, in order of stages."""
        for joint in self.joints:
            yield from self.branches[joint.pk]

    def by_matter(self) -> dict[str, Branch]:
        """Branches by their matter; of a matter in two stages the later one."""
        return {branch.matter_key: branch for branch in self.every()}


def whole(project: Project) -> Whole:
    """Read it: seven queries, however many branches."""
    branches = (
        Branch.objects.select_related("department", "case__version").defer("case__version__document").order_by("no")
    )
    joints = tuple(
        JointCase.objects.filter(project=project)
        .select_related("lead", "notice")
        .prefetch_related(Prefetch("branches", queryset=branches))
        .order_by("no")
    )
    found: dict[int, tuple[Branch, ...]] = {}
    for joint in joints:
        joint.project = project
        found[joint.pk] = tuple(joint.branches.all())
        for branch in found[joint.pk]:
            branch.joint = joint
    clocks = {c.joint_id: c for c in JointClock.objects.filter(joint__in=joints).select_related("extension_paper")}
    pauses: dict[int, list[JointPause]] = defaultdict(list)
    for pause in JointPause.objects.filter(clock__in=clocks.values()).select_related("branch").order_by("pk"):
        pauses[pause.clock_id].append(pause)
    ids = [branch.case_id for branches_ in found.values() for branch in branches_ if branch.case_id]
    return Whole(project, joints, found, clocks, pauses, cases.suspensions_of(ids), calendars.current())


def get(project_id: int) -> Project:
    """A project. Raises `NotFound`."""
    found = Project.objects.select_related(*RELATED).filter(pk=project_id).first()
    if found is None:
        raise NotFound(_("没有找到这个项目。"))
    return found


def by_query_code(number: str, code: str) -> Project:
    """Progress without an account: number and code must both fit (compared in constant time). Raises `NotFound`."""
    found = (
        Project.objects.select_related(*RELATED).filter(number=number.strip().upper()).exclude(query_code="").first()
    )
    given = code.strip().upper().replace("-", "").replace(" ", "")
    if found is None or not secrets.compare_digest(found.query_code.encode(), given.encode()):
        raise NotFound(_("编号和查询码不符，请核对回执上的编号和查询码后再试。"))
    return found


def get_for(project_id: int, user: Any, *, on: date) -> Project:
    """The project, if `user` may see it: the applicant's side, or an official of a body that takes part. Else `NotFound`."""
    project = get(project_id)
    pmi.demand(user, "cases.view" if user.is_official else "cases.follow", project, at=on)
    return project


def joint_for(joint_id: int, user: Any, *, on: date) -> JointCase:
    """A stage of a project `user` may see. Raises `NotFound`."""
    joint = JointCase.objects.select_related("lead").filter(pk=joint_id).first()
    if joint is None:
        raise NotFound(_("没有找到这个联合办理。"))
    joint.project = get_for(joint.project_id, user, on=on)
    return joint


def of_person(user: Any, *, on: date) -> QuerySet[Project]:
    """What a resident applies for, by themselves or for others."""
    principals = accounts.principals_of(user, on=on)
    q = Q(applicant_user_id__in=[p.user_id for p in principals if p.user_id])
    q |= Q(applicant_enterprise_id__in=[p.enterprise_id for p in principals if p.enterprise_id])
    return Project.objects.filter(q).select_related("template").order_by("-id")


def of_official(user: Any, *, on: date) -> QuerySet[Project]:
    """The projects in which a body of this official takes part."""
    bodies = [body.pk for body in pmi.organizations_where(user, "cases.view", on=on)]
    q = Q(acceptance_point_id__in=bodies) | Q(joints__lead_id__in=bodies)
    q |= Q(joints__branches__department_id__in=bodies, joints__branches__state__in=_SEEN)
    ids = Project.objects.filter(q).values("pk")
    return Project.objects.filter(pk__in=ids).select_related("template").order_by("-id")


_SEEN = [s for s in BranchState.values if s not in (BranchState.PLANNED, BranchState.NOT_NEEDED, BranchState.DRAFTING)]


def nodes(found: Whole, *, today: date) -> list[critical.Node]:
    """Every branch that applies, as the critical path sees it."""
    by_matter = found.by_matter()
    made = []
    for branch in found.every():
        if branch.state in (BranchState.NOT_NEEDED, BranchState.LEFT):
            continue
        made.append(
            critical.Node(
                key=branch.matter_key,
                workdays=branch.workdays,
                start=_started(branch),
                finished=timezone.localdate(branch.ended_at) if branch.ended_at else None,
                pauses=tuple(
                    s.as_pause() for s in found.suspensions.get(branch.case_id or 0, ()) if "promised" in s.clocks
                ),
                after=tuple(key for key in branch.prerequisites if key in by_matter and applies(by_matter[key])),
                tail=branch.tail_workdays,
            )
        )
    return made


def _started(branch: Branch) -> date | None:
    if branch.case is not None and branch.case.accepted_at:
        return timezone.localdate(branch.case.accepted_at)
    return timezone.localdate(branch.dispatched_at) if branch.dispatched_at else None


def applies(branch: Branch) -> bool:
    """False for one that is not needed or has left: a prerequisite that does not apply counts as met."""
    return branch.state not in (BranchState.NOT_NEEDED, BranchState.LEFT)


def stage_nodes(found: Whole, joint: JointCase, *, today: date) -> list[critical.Node]:
    """The branches of one stage; what they wait for in other stages has its place in time, but is no part of this stage's end."""
    everything = {node.key: node for node in nodes(found, today=today)}
    mine = [branch.matter_key for branch in found.branches[joint.pk] if branch.matter_key in everything]
    wanted: dict[str, critical.Node] = {}

    def take(key: str) -> None:
        if key in everything and key not in wanted:
            wanted[key] = everything[key]
            for before in everything[key].after:
                take(before)

    for key in mine:
        take(key)
    return list(wanted.values())


def stage_path(found: Whole, joint: JointCase, *, today: date) -> critical.Path:
    """The critical path of a stage."""
    return critical.path(stage_nodes(found, joint, today=today), found.days, today=today)


def unmet(branch: Branch) -> list[Branch]:
    """The prerequisites of a branch whose result has not arrived; those that do not apply count as met."""
    if not branch.prerequisites:
        return []
    others = Branch.objects.filter(
        joint__project_id=branch.joint.project_id, matter_key__in=branch.prerequisites
    ).select_related("department", "case")
    return [one for one in others if applies(one) and not _granted(one)]


def _granted(branch: Branch) -> bool:
    """The result is there: as the branch says, or its case before the worker has told the branch."""
    if branch.state == BranchState.GRANTED:
        return True
    return branch.case is not None and branch.case.outcome in (cases.Outcome.GRANT, cases.Outcome.GRANT_DEFERRED)


_OF_CASE = Statement(lambda: Branch.objects.filter(case=Param("case")).values_list("pk"))


def branch_of_case(case_id: int) -> Branch | None:
    """The branch a case works for; None for an ordinary case, which nearly every one is: asked at every step of every case."""
    if _OF_CASE.first(case=case_id) is None:
        return None
    return Branch.objects.select_related("joint__project", "department").filter(case_id=case_id).first()


def clock_view(clock: JointClock, pauses: Sequence[JointPause], days: WorkingDays, *, today: date) -> JointClockView:
    """A joint clock as a person or the supervisor reads it."""
    budget = clock.budget(list(pauses))
    stopped = timezone.localdate(clock.stopped_at) if clock.stopped_at else None
    until = stopped or today
    used = legal_clock.used(budget, days, until)
    return JointClockView(
        clock_id=clock.pk,
        joint_id=clock.joint_id,
        project_id=clock.joint.project_id,
        lead_id=clock.joint.lead_id,
        started_on=clock.started_on,
        total=budget.total,
        used=used,
        remaining=budget.total - used,
        due_on=clock.due_on,
        paused=budget.paused and stopped is None,
        stopped_on=stopped,
        overdue=clock.due_on is not None and until > clock.due_on,
        next_threshold_at=clock.next_threshold_at,
        calendar_version=clock.calendar_version,
    )


def ledger(clock: JointClock, pauses: Sequence[JointPause], days: WorkingDays, *, today: date) -> Ledger:
    """The joint clock day by day."""
    until = timezone.localdate(clock.stopped_at) if clock.stopped_at else today
    return legal_clock.ledger(clock.budget(list(pauses)), days, today=until)


def open_clocks() -> Iterable[JointClockView]:
    """Every running joint clock, oldest threshold first; three queries."""
    return _views(JointClock.objects.filter(stopped_at__isnull=True).order_by("next_threshold_at", "pk"))


def clocks(project_id: int) -> list[JointClockView]:
    """The joint clocks of one project, stopped ones too."""
    return list(_views(JointClock.objects.filter(joint__project_id=project_id).order_by("pk")))


def clocks_of(project_ids: Iterable[int]) -> list[JointClockView]:
    """The joint clocks of these projects."""
    return list(_views(JointClock.objects.filter(joint__project_id__in=list(project_ids)).order_by("pk")))


def _views(rows: QuerySet[JointClock]) -> Iterable[JointClockView]:
    found = list(rows.select_related("joint"))
    pauses: dict[int, list[JointPause]] = defaultdict(list)
    for pause in JointPause.objects.filter(clock__in=found).select_related("branch"):
        pauses[pause.clock_id].append(pause)
    days, today = calendars.current(), calendars.official_today()
    return [clock_view(clock, pauses[clock.pk], days, today=today) for clock in found]


def agents_of(project: Project, *, on: date) -> list[Any]:
    """The mandates by which others act for the applicant now, newest first."""
    return list(rules.mandates(project).filter(revoked_at__isnull=True, valid_from__lte=on, valid_until__gte=on))


def history(project: Project) -> list[ProjectEvent]:
    """The log, newest first."""
    return list(project.log.select_related("actor", "branch", "joint").order_by("-seq"))


def ended(branches: Iterable[Branch]) -> bool:
    """True when no branch has to be worked on any more, and at least one was."""
    states = [branch.state for branch in branches]
    return bool(states) and all(state in BRANCH_ENDED or state == BranchState.PLANNED for state in states)


def is_open(joint: JointCase) -> bool:
    """True while a stage is on its way."""
    return joint.state in JOINT_OPEN

"""Reads of cases. Lists have a constant number of queries; strangers get 404."""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.models import Case, CaseEvent, Clock, Licence, Paper, StepTask, Suspension
from zhengtong.approvals.cases.readers import PAPER
from zhengtong.approvals.cases.states import ClockKind, Kind, Outcome, State
from zhengtong.approvals.cases.values import (
    ActionView,
    ClockExplained,
    ClockView,
    NextActor,
    ProgressLine,
    Verification,
)
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel import legal_clock
from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.legal_clock import Ledger, WorkingDays
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import public as pmi
from zhengtong.security.signatures import public as signatures

RELATED = ("matter", "version", "department", "acceptance_point", "township")


def get(case_id: int) -> Case:
    """The case with what its pages need. Raises `NotFound`."""
    case = (
        Case.objects.select_related(*RELATED, "filed_by", "assisted_by")
        .defer("version__document")
        .filter(pk=case_id)
        .first()
    )
    if case is None:
        raise NotFound(_("没有找到这个办件。"))
    return case


def get_for_applicant(case_id: int, user: Any, *, on: date) -> Case:
    """The case, if `user` filed it or may act for its applicant; else `NotFound`."""
    case = get(case_id)
    pmi.demand(user, "cases.follow", case, at=on)
    return case


def get_for_official(case_id: int, user: Any, *, on: date) -> Case:
    """The case, if `user` serves at a body that takes part; else `NotFound`."""
    case = get(case_id)
    pmi.demand(user, "cases.view", case, at=on)
    return case


def of_person(user: Any, *, on: date) -> QuerySet[Case]:
    """Every case `user` filed or may act on, newest first."""
    q = Q(filed_by_id=user.pk) | Q(applicant_user_id=user.pk)
    for principal in accounts.principals_of(user, on=on):
        if principal.enterprise_id:
            q |= Q(applicant_enterprise_id=principal.enterprise_id)
        elif principal.user_id and principal.user_id != user.pk:
            q |= Q(applicant_user_id=principal.user_id)
    return Case.objects.filter(q).select_related(*RELATED).defer("version__document").order_by("-id")


def at_organizations(user: Any, *, on: date) -> QuerySet[Case]:
    """The cases an official may see, newest first: received or decided where they may view, or with a step there."""
    bodies = list(pmi.organizations_where(user, "cases.view", on=on))
    ids = [body.pk for body in bodies]
    q = Q(acceptance_point_id__in=ids) | Q(department_id__in=ids)
    q |= Q(pk__in=StepTask.objects.filter(organization_id__in=ids).values("case_id"))
    return (
        Case.objects.filter(q)
        .exclude(state=State.DRAFT)
        .select_related(*RELATED)
        .defer("version__document")
        .order_by("-id")
    )


def suspensions_of(ids: Iterable[int]) -> dict[int, list[Suspension]]:
    """The special procedures of these cases by case, oldest first; one query."""
    found: dict[int, list[Suspension]] = defaultdict(list)
    for suspension in Suspension.objects.filter(case_id__in=list(ids)).order_by("pk"):
        found[suspension.case_id].append(suspension)
    return found


def whole(ids: list[int]) -> list[Case]:
    """These cases in this order, with what a list shows of them; one query."""
    found = Case.objects.select_related(*RELATED).defer("version__document", "answers").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def by_query_code(number: str, code: str) -> Case:
    """Progress without an account: both the number and its code must fit (compared in constant time). Raises `NotFound`."""
    text = number.strip().upper()
    case = (
        Case.objects.select_related(*RELATED)
        .defer("version__document")
        .filter(Q(spoken_number=text) | Q(number=text))
        .first()
    )
    given = code.strip().upper().replace("-", "").replace(" ", "")
    # As bytes: compare_digest refuses text beyond ASCII, and people may type anything here.
    if case is None or not secrets.compare_digest(case.query_code.encode(), given.encode()):
        raise NotFound(_("编号和查询码不符，请核对回执上的编号和查询码后再试。"))
    return case


def next_actor(case: Case) -> NextActor:
    """Who acts next, on what, until when."""
    window = case.acceptance_point.label
    state = case.state
    if state == State.DRAFT:
        return NextActor(_("申请人"), _("填写并提交申请"), None, True)
    if state in (State.SUBMITTED, State.PRE_REVIEW):
        return NextActor(window, _("预审网上申请"), _due(case, ClockKind.PRE_REVIEW))
    if state == State.RECEIVED:
        return NextActor(window, _("决定是否受理"), _due(case, ClockKind.ACCEPTANCE))
    if state == State.SUPPLEMENT_PENDING:
        return NextActor(_("申请人"), _("按补正通知补充材料"), _due(case, ClockKind.SUPPLEMENT), True)
    if state == State.ACCEPTED:
        return NextActor(window, _("转办到部门"), _due(case, ClockKind.HAND_OVER))
    if state == State.SUSPENDED:
        suspension = case.suspensions.filter(ended_on__isnull=True).first()
        what = suspension.name if suspension else _("特别程序")
        return NextActor(case.department.label, what, _due(case, ClockKind.SUSPENSION))
    if state == State.IN_PROCESS:
        return _step_actor(case)
    if state == State.DECIDED and case.outcome != Outcome.REFUSE:
        return NextActor(case.department.label, _("制作结果文书"), _due(case, ClockKind.DELIVERY))
    if state in (State.DECIDED, State.CERTIFIED):
        return NextActor(window, _("送达结果"), _due(case, ClockKind.DELIVERY))
    return NextActor("", "")


def _step_actor(case: Case) -> NextActor:
    tasks = list(case.tasks.filter(state=StepTask.OPEN).select_related("organization"))
    clocks = Clock.objects.filter(case=case, kind=ClockKind.STEP, stopped_at__isnull=True).values_list(
        "due_on", flat=True
    )
    dues = [day for day in clocks if day]
    who = "、".join(dict.fromkeys(task.organization.label for task in tasks))
    what = "、".join(dict.fromkeys(step_label(task) for task in tasks))
    return NextActor(who, what, min(dues) if dues else None)


def step_label(task: StepTask) -> str:
    """The step's name in the reader's language."""
    return task.name_en if (get_language() or "").startswith("en") and task.name_en else task.name


def _due(case: Case, kind: ClockKind) -> date | None:
    found = Clock.objects.filter(case=case, kind=kind, stopped_at__isnull=True).order_by("-id").first()
    return found.due_on if found else None


def clocks(case: Case, *, today: date) -> list[ClockView]:
    """The clocks of a case as officials and applicant both see them, running ones first."""
    days = calendars.current()
    suspensions = list(case.suspensions.all())
    rows = sorted(case.clocks.select_related("task"), key=lambda c: (c.stopped_at is not None, c.pk))
    return [_view(case, clock, suspensions, days, today) for clock in rows]


BASIS = {
    ClockKind.PRE_REVIEW: "",
    ClockKind.ACCEPTANCE: "《行政许可法》第三十二条",
    ClockKind.SUPPLEMENT: "",
    ClockKind.DELIVERY: "《行政许可法》第四十四条",
}


def _view(case: Case, clock: Clock, suspensions: list[Suspension], days: WorkingDays, today: date) -> ClockView:
    budget = clock.budget(suspensions)
    stopped = timezone.localdate(clock.stopped_at) if clock.stopped_at else None
    until = stopped or today
    used = legal_clock.used(budget, days, until)
    label = str(ClockKind(clock.kind).label)
    if clock.task is not None:
        label = f"{label}：{step_label(clock.task)}"
    return ClockView(
        kind=clock.kind,
        label=label,
        started_on=clock.started_on,
        total=budget.total,
        used=used,
        remaining=budget.total - used,
        due_on=clock.due_on,
        paused=budget.paused and stopped is None,
        stopped_on=stopped,
        overdue=clock.due_on is not None and until > clock.due_on,
        basis=_basis(case, ClockKind(clock.kind)),
        clock_id=clock.pk,
    )


def _basis(case: Case, kind: ClockKind) -> str:
    if kind == ClockKind.STATUTORY:
        limit = case.elements.statutory_limit
        return f"《{limit.law}》{limit.article or ''}" if limit.law else ""
    if kind == ClockKind.PROMISED:
        return _("本县公开承诺")
    return BASIS.get(kind, "")


def explain(case: Case, clock_id: int, *, today: date) -> ClockExplained:
    """The whole ledger of one clock of the case. Raises `NotFound`."""
    clock = case.clocks.select_related("task").filter(pk=clock_id).first()
    if clock is None:
        raise NotFound(_("没有找到这个时钟。"))
    days, suspensions = calendars.current(), list(case.suspensions.all())
    ledger: Ledger = legal_clock.ledger(clock.budget(suspensions), days, today=_until(clock, today))
    return ClockExplained(_view(case, clock, suspensions, days, today), ledger)


def _until(clock: Clock, today: date) -> date:
    return timezone.localdate(clock.stopped_at) if clock.stopped_at else today


HIDDEN = {Kind.START, Kind.BEGIN_PRE_REVIEW, Kind.JUDGE, Kind.ELAPSED}


def history(case: Case) -> list[ProgressLine]:
    """The history as the applicant sees it: what, when, where; no officer's name, no internal opinion."""
    tasks = {task.pk: task for task in case.tasks.select_related("organization")}
    lines = []
    for event in case.log.order_by("seq"):
        if event.kind in HIDDEN or (event.kind == Kind.STEP_DONE and not event.data.get("done")):
            continue
        task = tasks.get(event.data.get("task", 0))
        where = task.organization.label if task else _where(case, event)
        what = step_label(task) if task and event.kind == Kind.STEP_DONE else str(Kind(event.kind).label)
        lines.append(ProgressLine(what, event.effective_at, where, _detail(event)))
    return lines


def _where(case: Case, event: CaseEvent) -> str:
    by_applicant = {Kind.SUBMIT, Kind.SUPPLEMENT_IN, Kind.WITHDRAW, Kind.RATE, Kind.REVIEW_SUPPLEMENT_IN}
    at_window = {Kind.RECEIVE, Kind.ACCEPT, Kind.HAND_OVER, Kind.NOTIFY_DEFECTS, Kind.DELIVER, Kind.FIX_ON_SPOT}
    if event.kind in by_applicant:
        return _("申请人")
    return case.acceptance_point.label if event.kind in at_window else case.department.label


def _detail(event: CaseEvent) -> str:
    if event.kind == Kind.DEEM_ACCEPT:
        return _("五个工作日内未告知，依法自收到材料之日起即为受理。")
    if event.kind == Kind.DEEM_RENEW:
        return _("原证到期前没有作出决定，依法视为准予延续。")
    if event.kind == Kind.SUSPEND:
        return _("计时暂停，最长{n}个工作日。").format(n=event.data.get("days", ""))
    return str(event.data.get("reason", "")) if event.kind in (Kind.STEP_RETURN, Kind.VOID, Kind.TERMINATE) else ""


def actions(case: Case, user: Any, *, at: datetime) -> list[ActionView]:
    """Every action of the present phase for this official: allowed, or why not."""
    from zhengtong.approvals.cases.actions import actions_for

    return actions_for(case, user, at=at)


def verify(code: str) -> Verification:
    """What the public may learn of a paper or licence by its verification code. Raises `NotFound`: then it is not genuine."""
    paper = (
        Paper.objects.select_related("case__version", "organization").filter(verify_code=code.strip().upper()).first()
    )
    if paper is None:
        raise NotFound(
            _("没有查到这个验证码对应的文书或证照。请核对验证码；如果来自纸质文书，请警惕伪造，可拨打12345核实。")
        )
    licence = Licence.objects.filter(paper=paper).first()
    return _verification(paper, licence)


def verify_licence(number: str) -> Verification:
    """The same by licence number. Raises `NotFound`."""
    licence = (
        Licence.objects.select_related("paper__case__version", "paper__organization")
        .filter(number=number.strip())
        .first()
    )
    if licence is None:
        raise NotFound(_("没有查到这个证号。请核对后再试，可拨打12345核实。"))
    return _verification(licence.paper, licence)


def _verification(paper: Paper, licence: Licence | None) -> Verification:
    holder = paper.case.applicant_name
    today = calendars.official_today()
    state = licence.state if licence else "issued"
    label = licence.get_state_display() if licence else _("已签发")
    if licence and state == "valid" and licence.valid_until and licence.valid_until < today:
        state, label = "expired", _("已过有效期")
    return Verification(
        number=licence.number if licence else paper.number,
        title=licence.name if licence else paper.title,
        organ=paper.organization.label,
        holder=holder if paper.case.applicant_kind == "enterprise" else holder[:1] + "*" * (len(holder) - 1),
        issued_on=timezone.localdate(paper.issued_at),
        valid_until=licence.valid_until if licence else None,
        state=state,
        state_label=str(label),
        state_reason=licence.state_reason if licence else "",
        matter=paper.case.version.label,
    )


def counts_by_state(cases: QuerySet[Case]) -> dict[str, int]:
    """How many cases stand in each state."""
    return dict(cases.order_by().values_list("state").annotate(n=Count("id")))


def papers_for(case: Case, *, applicant: bool) -> list[Paper]:
    """The papers of a case, each with its signature when it was printed; the applicant sees those addressed to them (all but
    the internal opinion form).
    """
    papers = list(case.papers.select_related("organization", "attachment").order_by("id"))
    signed = signatures.signed(f"{PAPER}:{paper.pk}" for paper in papers)
    for paper in papers:
        paper.signed = signed.get(f"{PAPER}:{paper.pk}")
    return papers


def figures() -> dict[str, Any]:
    """Live figures of the county: share of matters online (G2), of licences end to end (G3), cases by state."""
    states = dict(Case.objects.exclude(state=State.DRAFT).values_list("state").annotate(n=Count("id")).order_by())
    return {
        "catalogue": matters.catalogue_figures(),
        "states": [(state, State(state).label, states.get(state, 0)) for state in State.values if states.get(state)],
        "cases": sum(states.values()),
        "overdue": Clock.objects.filter(
            kind=ClockKind.PROMISED, stopped_at__isnull=True, elapsed_at__isnull=False
        ).count(),
        "deemed": Case.objects.filter(deemed_accepted=True).count(),
    }

"""A case as its applicant follows it: status in plain words, who acts next, the clock officials see, what happened, what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.states import ARROWS, OPEN, ClockKind, Kind, Outcome, State
from zhengtong.approvals.cases.values import ClockExplained, ClockView, NextActor
from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import CalendarYearMissing, NotFound, Refusal
from zhengtong.portal.hall.values import own
from zhengtong.security.accounts import public as accounts

WORDS: dict[str, tuple[Any, str]] = {
    State.DRAFT: (gettext_lazy("还没有提交。您可以接着填写，已填的内容都保存着。"), "info"),
    State.SUBMITTED: (gettext_lazy("申请已提交，窗口会先看材料是否齐全。您现在不用做什么。"), "info"),
    State.PRE_REVIEW: (gettext_lazy("窗口正在看您的材料。您现在不用做什么。"), "info"),
    State.RECEIVED: (gettext_lazy("材料已收下，窗口正在决定是否受理。五个工作日内不答复，依法视为受理。"), "info"),
    State.SUPPLEMENT_PENDING: (gettext_lazy("材料有需要补正的地方，请按补正通知补齐后提交。"), "soon"),
    State.NOT_ACCEPTED: (gettext_lazy("没有受理。理由、应向哪里申请和救济途径都写在决定书里。"), "overdue"),
    State.ACCEPTED: (gettext_lazy("已经受理，正在转给办理部门。您现在不用做什么。"), "info"),
    State.IN_PROCESS: (gettext_lazy("部门正在办理。您现在不用做什么。"), "info"),
    State.SUSPENDED: (gettext_lazy("正在进行依法不计入时限的程序（如听证、检验），计时暂停，结束后继续。"), "paused"),
    State.DECIDED: (gettext_lazy("已经作出决定，正在制作结果文书。"), "ok"),
    State.CERTIFIED: (gettext_lazy("结果文书已经做好，可以领取。"), "ok"),
    State.DELIVERED: (gettext_lazy("已经办结，结果已送达。"), "ok"),
    State.ARCHIVED: (gettext_lazy("已经办结并归档。"), "ok"),
    State.WITHDRAWN: (gettext_lazy("您撤回了申请，办理已结束。需要时可以重新申请。"), ""),
    State.VOIDED: (gettext_lazy("这份申请已作废，原因写在告知书里。"), ""),
    State.TRANSFERRED_UP: (gettext_lazy("已转报上级机关，由上级机关决定。"), "info"),
    State.TERMINATED: (gettext_lazy("办理已终止，原因写在告知书里。"), ""),
}
"""What a state means for the applicant, in a sentence."""

SHORT: dict[str, Any] = {
    State.SUBMITTED: gettext_lazy("等窗口预审"),
    State.PRE_REVIEW: gettext_lazy("预审中"),
    State.RECEIVED: gettext_lazy("等受理决定"),
    State.SUPPLEMENT_PENDING: gettext_lazy("等您补正"),
    State.DECIDED: gettext_lazy("已作决定"),
}

MAIN_CLOCKS = (
    ClockKind.SUPPLEMENT,
    ClockKind.PROMISED,
    ClockKind.STATUTORY,
    ClockKind.ACCEPTANCE,
    ClockKind.PRE_REVIEW,
    ClockKind.DELIVERY,
)


@dataclass(frozen=True)
class Status:
    """Where a case stands: a word with its tone, and a sentence."""

    label: str
    sentence: str
    tone: str


@dataclass(frozen=True)
class Notice:
    """An open one-time notice: what must be corrected, and what has been uploaded since."""

    notice: Any
    items: list[dict[str, Any]]
    complete: bool


@dataclass(frozen=True)
class Amendment:
    """How a licence is renewed or changed: the last day to apply in time, why not (empty: it may be), what is under way."""

    renews: bool
    apply_by: date | None
    late: bool
    under_way: cases.Case | None


@dataclass(frozen=True)
class CasePage:
    """What the page of a case draws."""

    case: cases.Case
    status: Status
    next: NextActor
    main_clock: ClockExplained | None
    clocks: list[ClockView]
    next_clock: ClockView | None
    entries: list[dict[str, Any]]
    path: list[dict[str, Any]]
    papers: list[Any]
    licence: Any
    result_name: str
    notice: Notice | None
    review_notice: Any
    amendment: Amendment | None
    rating: Any
    can_withdraw: bool
    can_rate: bool
    fee: Any = None

    @property
    def receipts_of(self) -> str:
        """What audit calls this case."""
        return f"case:{self.case.pk}"


def status_of(case: cases.Case) -> Status:
    """State and outcome in plain words."""
    sentence, tone = WORDS[case.state]
    label = str(SHORT.get(case.state, State(case.state).label))
    if case.outcome == Outcome.REFUSE:
        sentence, tone = gettext_lazy("决定不予许可。理由和救济途径都写在决定书里。"), "overdue"
        label = str(_("不予许可"))
    elif case.state in (State.DELIVERED, State.ARCHIVED):
        label = str(_("已办结"))
    return Status(label, str(sentence), tone)


def case_page(case: cases.Case, *, today: date) -> CasePage:
    """Everything the applicant's page of `case` shows."""
    actor = cases.next_actor(case)
    clocks = _clocks(case, today)
    rating = ratings.of_case(case.pk)
    return CasePage(
        case=case,
        status=status_of(case),
        next=actor,
        main_clock=_main_clock(case, clocks, today),
        clocks=[clock for clock in clocks if clock.kind not in (ClockKind.STEP, ClockKind.HAND_OVER)],
        next_clock=_clock_of(actor, clocks),
        entries=_entries(case, actor),
        path=path_of(case),
        papers=list(cases.papers_for(case, applicant=True)),
        licence=getattr(case, "licence", None),
        result_name=own(case.elements.result.name, case.elements.result.name_en),
        notice=open_notice(case),
        review_notice=case.defect_notices.filter(in_review=True, answered_at__isnull=True)
        .select_related("paper")
        .first(),
        amendment=_amendment(case, today),
        rating=rating,
        can_withdraw=(case.state, Kind.WITHDRAW) in ARROWS,
        can_rate=rating is None and (case.state, Kind.RATE) in ARROWS,
        fee=cases.fee_panel(case) if case.state != State.DRAFT else None,
    )


def _amendment(case: cases.Case, today: date) -> Amendment | None:
    licence = getattr(case, "licence", None)
    if licence is None or licence.state != "valid" or (licence.valid_until and licence.valid_until < today):
        return None
    last = cases.apply_by(licence)
    return Amendment(last is not None, last, last is not None and last < today, cases.open_amendment(licence))


def amend(case: cases.Case, purpose: str, user: Any, *, at: datetime) -> cases.Case:
    """The draft that renews or changes the licence of `case`, for the holder whom `user` is or acts for. Refuses (`Refusal`) a case
    without a licence, and whoever may not act for its holder.
    """
    licence, today = getattr(case, "licence", None), at.date()
    if licence is None:
        raise Refusal(_("这个办件没有颁发证照。"))
    principals = accounts.principals_of(user, on=today, matter_key=case.matter.key)
    holder = next(
        (
            one
            for one in principals
            if (one.enterprise_id and one.enterprise_id == case.applicant_enterprise_id)
            or (one.user_id and one.user_id == case.applicant_user_id)
        ),
        None,
    )
    if holder is None:
        raise Refusal(_("只有证照的持有人可以申请延续或变更。"))
    return cases.amend(licence_id=licence.pk, purpose=purpose, principal=holder, by=user, at=at)


def require_withdrawable(case: cases.Case) -> None:
    """Raises `Refusal` once there is nothing to take back: decided, or ended before."""
    if (case.state, Kind.WITHDRAW) not in ARROWS:
        sentence = _("办件现在是“{state}”，不能撤回。已经作出决定的，可以按决定书上写的途径申请复议。")
        raise Refusal(sentence.format(state=status_of(case).label))


def _clocks(case: cases.Case, today: date) -> list[ClockView]:
    try:
        return cases.clocks(case, today=today)
    except CalendarYearMissing:
        return []


def _main_clock(case: cases.Case, clocks: Sequence[ClockView], today: date) -> ClockExplained | None:
    running = {clock.kind: clock for clock in reversed(clocks) if clock.stopped_on is None}
    chosen = next((running[kind] for kind in MAIN_CLOCKS if kind in running), None)
    chosen = chosen or next((clock for clock in clocks if clock.kind == ClockKind.PROMISED), None)
    return cases.explain(case, chosen.clock_id, today=today) if chosen else None


def _clock_of(actor: NextActor, clocks: Sequence[ClockView]) -> ClockView | None:
    fitting = [clock for clock in clocks if clock.stopped_on is None and clock.due_on and clock.due_on == actor.due_on]
    return fitting[0] if fitting else None


def _entries(case: cases.Case, actor: NextActor) -> list[dict[str, Any]]:
    """What happened, newest first, headed by what comes next."""
    lines = [
        {"at": line.at, "title": line.what, "actor": line.where, "text": line.detail} for line in cases.history(case)
    ]
    if actor.who and case.state != State.DRAFT:
        now = {"title": _("现在：{what}").format(what=actor.what), "actor": actor.who, "state": "current"}
        return [now, *reversed(lines)]
    return list(reversed(lines))


def path_of(case: cases.Case) -> list[dict[str, Any]]:
    """The way of the case, drawn: filed, accepted, the steps of its departments, result."""
    tasks = list(case.tasks.select_related("organization")) if case.accepted_at else []
    start = {"label": _("提交申请"), "who": _("申请人"), "state": "done" if case.submitted_at else "current"}
    accepted = "done" if case.accepted_at else "current" if case.submitted_at and case.state in OPEN else "todo"
    window = {"label": _("受理"), "who": case.acceptance_point.short_label, "state": accepted}
    end = "done" if case.delivered_at else "current" if case.decided_at and case.state in OPEN else "todo"
    result = {"label": _("送达结果"), "who": case.acceptance_point.short_label, "state": end}
    middle = _task_groups(case, tasks) if tasks else _planned(case)
    return [
        {"mode": "single", "steps": [start]},
        {"mode": "single", "steps": [window]},
        *middle,
        {"mode": "single", "steps": [result]},
    ]


def _task_groups(case: cases.Case, tasks: Sequence[Any]) -> list[dict[str, Any]]:
    states = {
        "waiting": "todo",
        "open": "paused" if case.state == State.SUSPENDED else "current",
        "done": "done",
        "skipped": "done",
    }
    groups: dict[int, dict[str, Any]] = {}
    for task in tasks:
        group = groups.setdefault(task.group_no, {"mode": "single", "steps": []})
        name = own(task.name, task.name_en)
        group["steps"].append({"label": name, "who": task.organization.short_label, "state": states[task.state]})
        group["mode"] = "parallel" if len(group["steps"]) > 1 else "single"
    return list(groups.values())


def _planned(case: cases.Case) -> list[dict[str, Any]]:
    drawn = []
    for group in case.version.elements.steps:
        steps = [
            {"label": own(s.name, s.name_en), "state": "todo"} for s in group.steps if s.kind not in ("certify", "pay")
        ]
        if steps:
            drawn.append({"mode": "parallel" if len(steps) > 1 else "single", "steps": steps})
    return drawn


def open_notice(case: cases.Case) -> Notice | None:
    """The notice the applicant still has to answer, item by item with what was uploaded since it was issued: the one-time
    notice while the window waits for it, else what the department asked for in review.
    """
    waits = case.state == State.SUPPLEMENT_PENDING
    unanswered = case.defect_notices.filter(in_review=not waits, answered_at__isnull=True)
    notice = unanswered.select_related("paper").order_by("-id").first()
    if notice is None:
        return None
    rows = {item.material_no: item.pk for item in case.checklist.all()}
    kept = cases.files_of_materials(case)
    items = []
    for item in notice.items:
        no = int(item["no"]) if item.get("no") else None
        uploaded = [f for f in kept.get(rows.get(no or -1, -1), ()) if f.uploaded_at >= notice.issued_at]
        items.append({**item, "material_no": no, "files": uploaded, "done": bool(uploaded) or no is None})
    return Notice(notice, items, all(item["done"] for item in items))


def material_of(case: cases.Case, material_no: int) -> Any:
    """The checklist row of a material. Raises `NotFound`."""
    item = case.checklist.filter(material_no=material_no).first()
    if item is None:
        raise NotFound(_("本事项没有这份材料，请返回材料清单。"))
    return item


@dataclass(frozen=True)
class MaterialRow:
    """A material on the list of a draft: needed or not, and what was uploaded."""

    no: int
    name: str
    hint: str
    shared: bool
    required: bool
    files: list[files.Attachment]
    url: str
    status: str
    tone: str

    @property
    def label(self) -> str:
        """The name, as lists of tasks call it."""
        return self.name


def material_rows(case: cases.Case) -> list[MaterialRow]:
    """The materials these answers call for, with what has been uploaded; those the county fetches are marked."""
    kept = cases.files_of_materials(case)
    rows = {item.material_no: item.pk for item in case.checklist.all()}
    found = []
    for material, demanded in cases.needed_materials(case):
        if not demanded and not material.by_data_sharing:
            continue
        uploaded = kept.get(rows.get(material.no, -1), [])
        status, tone = _material_status(material, uploaded)
        found.append(
            MaterialRow(
                no=material.no,
                name=own(material.name, material.name_en),
                hint=own(material.condition or "", material.condition_en) or own(material.issuer, material.issuer_en),
                shared=material.by_data_sharing,
                required=material.required,
                files=uploaded,
                url="" if material.by_data_sharing else reverse("hall:material", args=[case.pk, material.no]),
                status=status,
                tone=tone,
            )
        )
    return found


def _material_status(material: Any, uploaded: Sequence[Any]) -> tuple[str, str]:
    if material.by_data_sharing:
        return _("不用您交，由政府部门共享获取"), "ok"
    if uploaded:
        return _("已上传{n}个文件").format(n=len(uploaded)), "ok"
    return (_("还没有上传"), "soon") if material.required else (_("需要时上传"), "")


def missing_materials(rows: Sequence[MaterialRow]) -> list[MaterialRow]:
    """Those that must be uploaded before the application can be submitted."""
    return [row for row in rows if row.required and not row.shared and not row.files]


def unfinished(found: QuerySet[cases.Case]) -> QuerySet[cases.Case]:
    """Those that still need somebody to act, drafts included."""
    return found.filter(state__in=[State.DRAFT, *OPEN])


def alone(found: QuerySet[cases.Case]) -> QuerySet[cases.Case]:
    """Without the drafts of projects and bundles: those are filled in together, on their own page."""
    return found.exclude(state=State.DRAFT, greenway_branch__isnull=False)


TABS = ("open", "done", "all")


def my_cases(user: Any, *, tab: str, text: str, today: date) -> QuerySet[cases.Case]:
    """The cases of a person for one tab and a search text, what waits for them first."""
    found = alone(cases.of_person(user, on=today))
    if tab == "open":
        found = unfinished(found)
    elif tab == "done":
        found = found.exclude(state__in=[State.DRAFT, *OPEN])
    if text:
        words = (
            Q(spoken_number__icontains=text) | Q(version__name__icontains=text) | Q(version__name_en__icontains=text)
        )
        found = found.filter(words | Q(applicant_name__icontains=text))
    waits = models.Case(
        models.When(state=State.SUPPLEMENT_PENDING, then=0), models.When(state=State.DRAFT, then=1), default=2
    )
    return found.order_by(waits, "-id")


def tab_counts(user: Any, *, today: date) -> dict[str, int]:
    """How many cases stand under each tab; one query."""
    counts = cases.counts_by_state(alone(cases.of_person(user, on=today)))
    unfinished_states = {State.DRAFT, *OPEN}
    still = sum(n for state, n in counts.items() if state in unfinished_states)
    return {"open": still, "done": sum(counts.values()) - still, "all": sum(counts.values())}

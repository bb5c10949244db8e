"""The list of cases: what is in hand first, by due day; narrowed by standing, department, state or words; as a table or a file."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import queries, screens
from zhengtong.approvals.cases.models import Case, Clock, Suspension
from zhengtong.approvals.cases.operations.desks import masked_name
from zhengtong.approvals.cases.states import OPEN, ClockKind, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import cells, legal_clock

SCOPES: dict[str, str | Promise] = {
    "open": gettext_lazy("在办"),
    "overdue": gettext_lazy("已超期"),
    "soon": gettext_lazy("三天内到期"),
    "waiting": gettext_lazy("等待他人"),
    "ended": gettext_lazy("已办结"),
    "all": gettext_lazy("全部"),
}
SPECIAL: dict[str, str | Promise] = {
    "deemed": gettext_lazy("依法视为受理的办件"),
    "stuck": gettext_lazy("时限已过、还没有办的"),
}
"""Opened from a figure, not offered as a tab."""

WAITING = (State.SUPPLEMENT_PENDING, State.SUSPENDED)
COUNTS = (ClockKind.PROMISED, ClockKind.ACCEPTANCE, ClockKind.SUPPLEMENT, ClockKind.PRE_REVIEW, ClockKind.DELIVERY)
"""The clock a list shows for a case: the first of these that runs."""
MOST = 10_000
A_PAGE = 25


def _running(**more: Any) -> Exists:
    return Exists(Clock.objects.filter(case=OuterRef("pk"), stopped_at__isnull=True, **more))


def scope_of(query: Mapping[str, str]) -> str:
    """Which part of the list is asked for: words or a state are looked for everywhere."""
    asked = query.get("scope", "")
    if asked in SCOPES or asked in SPECIAL:
        return asked
    return "all" if query.get("q", "").strip() or query.get("state") else "open"


def _scopes(today: date) -> dict[str, Q]:
    soon = date.fromordinal(today.toordinal() + 3)
    in_hand = Q(state__in=OPEN)
    return {
        "open": in_hand,
        "overdue": in_hand & Q(_running(kind__in=COUNTS, due_on__lt=today)),
        "soon": in_hand & Q(_running(kind__in=COUNTS, due_on__gte=today, due_on__lte=soon)),
        "waiting": Q(state__in=WAITING),
        "ended": ~in_hand,
        "all": Q(),
        "deemed": Q(deemed_accepted=True),
        "stuck": in_hand & Q(_running(elapsed_at__isnull=False)),
    }


def narrowed(cases: QuerySet[Case], query: Mapping[str, str], *, today: date) -> QuerySet[Case]:
    """The cases in the asked scope that fit `q` (number, applicant, matter), `state`, `department` and, for clocks, `clock`."""
    scope = scope_of(query)
    found = _worded(cases, query).filter(_scopes(today)[scope])
    if query.get("clock") in ClockKind.values:
        late = {"elapsed_at__isnull": False} if scope == "stuck" else {"due_on__lt": today}
        found = found.filter(_running(kind=query["clock"], **late))
    if scope in ("ended", "all", "deemed"):
        return found.order_by("-id")
    return found.order_by(F("due_on").asc(nulls_last=True), "id")


def _worded(cases: QuerySet[Case], query: Mapping[str, str]) -> QuerySet[Case]:
    text, state, department = (query.get(key, "").strip() for key in ("q", "state", "department"))
    if text:
        named = Q(version__name__icontains=text) | Q(version__name_en__icontains=text)
        cases = cases.filter(Q(spoken_number__startswith=text.upper()) | Q(applicant_name__contains=text) | named)
    if department:
        cases = cases.filter(department__code=department)
    return cases.filter(state=state) if state in State.values else cases


Counted = Mapping[int, Mapping[str, int]]
"""By the body that owns the matter: how many cases each part of the list has."""


def counted(cases: QuerySet[Case], query: Mapping[str, str], *, today: date) -> Counted:
    """What stands in each part of the list, by department, under the asked words and state; one pass over the cases."""
    scopes = _scopes(today)
    asked = _worded(cases, {key: query[key] for key in ("q", "state") if key in query})
    numbers = {key: Count("pk", filter=scope) for key, scope in scopes.items()}
    groups = asked.order_by().values_list("department_id").annotate(**numbers)
    return {department: dict(zip(numbers, counts, strict=True)) for department, *counts in groups}


def tabs(counts: Counted, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parts of the list with their counts, in the chosen department or in all."""
    chosen, department = scope_of(query), query.get("department", "").strip()
    bodies = (
        set(Organization.objects.filter(code=department).values_list("pk", flat=True)) if department else set(counts)
    )
    kept = "".join(f"&{key}={query[key]}" for key in ("q", "department") if query.get(key))
    return [
        {
            "label": label,
            "url": f"?scope={key}{kept}",
            "count": sum(counts[body][key] for body in bodies & set(counts)),
            "current": key == chosen,
        }
        for key, label in SCOPES.items()
    ]


def departments(counts: Counted, query: Mapping[str, str]) -> QuerySet[Organization]:
    """The bodies that own a matter of these cases, to filter by; the one that is chosen is always among them."""
    return Organization.objects.filter(Q(pk__in=list(counts)) | Q(code=query.get("department", ""))).order_by("code")


def page(cases: QuerySet[Case], query: Mapping[str, str], tabs: list[dict[str, Any]], *, today: date) -> Page[int]:
    """The asked page, as ids: whole rows are read for those that are shown. Its count is the one on the tab, where there is one."""
    found = Paginator(narrowed(cases, query, today=today).values_list("pk", flat=True), A_PAGE)
    shown = [tab["count"] for tab in tabs if tab["current"]]
    if shown and not query.get("clock"):
        found.count = shown[0]
    return found.get_page(query.get("page"))


def rows(ids: list[int], *, today: date) -> list[dict[str, Any]]:
    """Each case with the clock that counts now and the working days left; three queries for any number of rows."""
    days = calendars.current()
    cases = queries.whole(ids)
    clocks: dict[int, Clock] = {}
    running = Clock.objects.filter(case_id__in=ids, stopped_at__isnull=True, kind__in=COUNTS)
    for clock in sorted(running, key=lambda c: COUNTS.index(ClockKind(c.kind)), reverse=True):
        clocks[clock.case_id] = clock
    pauses: dict[int, list[Suspension]] = {}
    for suspension in Suspension.objects.filter(case_id__in=ids):
        pauses.setdefault(suspension.case_id, []).append(suspension)
    return [_row(case, clocks.get(case.pk), pauses.get(case.pk, []), days, today) for case in cases]


def _row(
    case: Case, clock: Clock | None, pauses: list[Suspension], days: legal_clock.WorkingDays, today: date
) -> dict[str, Any]:
    row: dict[str, Any] = {"case": case, "tone": screens.tone(case), "clock": clock, "late": False}
    if clock is not None:
        budget = clock.budget(pauses)
        row["remaining"] = budget.total - legal_clock.used(budget, days, today)
        row["paused"] = budget.paused
        row["label"] = ClockKind(clock.kind).label
        row["late"] = clock.due_on is not None and clock.due_on < today
    return row


def csv_lines(cases: QuerySet[Case]) -> Iterator[list[str]]:
    """The list as rows of a file: no identity numbers, natural persons' names masked."""
    yield [
        _("编号"),
        _("事项"),
        _("申请人"),
        _("部门"),
        _("渠道"),
        _("状态"),
        _("提交"),
        _("受理"),
        _("承诺办结"),
        _("决定"),
    ]
    for case in cases[:MOST]:
        person = case.applicant_kind == "person"
        yield [
            case.spoken_number or "",
            case.version.label,
            masked_name(case.applicant_name) if person else case.applicant_name,
            case.department.short_label,
            str(case.get_channel_display()),
            str(case.get_state_display()),
            *(_day(at) for at in (case.submitted_at, case.accepted_at)),
            case.due_on.isoformat() if case.due_on else "",
            _day(case.decided_at),
        ]


def _day(at: Any) -> str:
    return timezone.localdate(at).isoformat() if at else ""


def write_csv(target: Any, cases: QuerySet[Case]) -> None:
    """Write the list so that spreadsheet programs read its Chinese, and never run a cell that begins like a formula."""
    target.write("\ufeff")
    writer = csv.writer(target)
    for line in csv_lines(cases):
        writer.writerow([cells.safe(cell) for cell in line])


def title_of(query: Mapping[str, str]) -> str:
    """The heading of the list."""
    return str(SPECIAL.get(scope_of(query), _("办件")))


def visible(user: Any, *, today: date) -> QuerySet[Case]:
    """The cases this official may see."""
    return queries.at_organizations(user, on=today)

"""The county in figures, live, each with the cases behind it: what the county office and the head of the county look at."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import queries
from zhengtong.approvals.cases.models import Case, Clock
from zhengtong.approvals.cases.states import OPEN, ClockKind, State
from zhengtong.approvals.cases.values import FigurePart
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization

PHASES: tuple[tuple[str, tuple[State, ...]], ...] = (
    ("intake", (State.SUBMITTED, State.PRE_REVIEW, State.RECEIVED, State.SUPPLEMENT_PENDING)),
    ("work", (State.ACCEPTED, State.IN_PROCESS, State.SUSPENDED)),
    ("result", (State.DECIDED, State.CERTIFIED)),
    ("ended", (State.DELIVERED, State.ARCHIVED)),
    ("exits", (State.NOT_ACCEPTED, State.WITHDRAWN, State.VOIDED, State.TRANSFERRED_UP, State.TERMINATED)),
)


Provide = Callable[[date], FigurePart]
_providers: dict[str, Provide] = {}


def register_figures(name: str, provide: Provide) -> None:
    """Let a system above add goals and a part of its own to 全县实况; called once, in its `AppConfig.ready`."""
    _providers[name] = provide


def board(*, today: date) -> dict[str, Any]:
    """Everything the board draws."""
    found = queries.figures()
    parts = [provide(today) for provide in _providers.values()]
    states = {state: n for state, _label, n in found["states"]}
    return {
        **found,
        "today": today,
        "in_hand": sum(n for state, n in states.items() if state in OPEN),
        "goals": _goals(found, parts),
        "late": _late(today),
        "phases": _phases(states),
        "departments": _departments(today),
        "stuck": stuck(),
        "stuck_cases": _in_hand()
        .filter(clocks__stopped_at__isnull=True, clocks__elapsed_at__isnull=False)
        .distinct()
        .count(),
        "deemed_cases": Case.objects.filter(deemed_accepted=True)
        .select_related(*queries.RELATED)
        .defer("version__document")
        .order_by("-accepted_at")[:10],
        "parts": [part for part in parts if part.template],
        "channels": _channels(),
        "channels_heading": _("从哪里提交"),
        "guidance": list(
            matters.MatterVersion.objects.filter(state="published", guidance_only=True)
            .select_related("matter__department")
            .defer("document")
            .order_by("name")
        ),
    }


def cases_link(label: Any, **query: str) -> SafeString:
    """A label that opens the cases behind a figure."""
    text = "&".join(f"{key}={value}" for key, value in query.items())
    return format_html('<a href="{}?{}">{}</a>', reverse("cases:list"), text, label)


def on_time() -> dict[str, Any]:
    """Of the cases decided so far: how many within the promised limit."""
    ended = Clock.objects.filter(kind=ClockKind.PROMISED, stopped_at__isnull=False, case__decided_at__isnull=False)
    found = ended.aggregate(all=Count("pk"), late=Count("pk", filter=Q(elapsed_at__isnull=False)))
    share = round(100 * (found["all"] - found["late"]) / found["all"], 1) if found["all"] else None
    return {"decided": found["all"], "late": found["late"], "percent": share}


def _goals(found: dict[str, Any], parts: list[FigurePart]) -> list[dict[str, Any]]:
    """G2, G3 and G5 of the county plan, and the promise kept, each with the count behind the share."""
    figures, ended = found["catalogue"], on_time()
    counted = _("{part}个，共{whole}个")
    rows: list[tuple[str, float, float, str]] = [
        (
            _("可以网上申请和查询的事项"),
            figures.online_percent,
            100,
            counted.format(part=figures.online, whole=figures.matters),
        ),
        (
            _("全程网办的许可事项"),
            figures.end_to_end_percent,
            50,
            counted.format(part=figures.licences_end_to_end, whole=figures.licences),
        ),
    ]
    rows += [goal for part in parts for goal in part.goals]
    if ended["percent"] is not None:
        detail = _("已决定{n}件，其中{late}件超过承诺时限").format(n=ended["decided"], late=ended["late"])
        rows.append((_("在承诺时限内决定"), ended["percent"], 100, detail))
    return [
        {"label": label, "percent": share, "target": target, "met": share >= target, "detail": detail}
        for label, share, target, detail in rows
    ]


def _in_hand() -> Any:
    return Case.objects.filter(state__in=OPEN)


def _late(today: date) -> int:
    running = Clock.objects.filter(kind=ClockKind.PROMISED, stopped_at__isnull=True, due_on__lt=today)
    return running.filter(case__state__in=OPEN).values("case").distinct().count()


def _phases(states: dict[str, int]) -> list[dict[str, Any]]:
    names = {
        "intake": _("收件与受理"),
        "work": _("审查与决定"),
        "result": _("制证与送达"),
        "ended": _("已办结"),
        "exits": _("其他结束"),
    }
    found = []
    for key, members in PHASES:
        rows = [
            {"label": cases_link(State(s).label, state=s.value, scope="all"), "value": states[s], "tone": _tone(s)}
            for s in members
            if states.get(s)
        ]
        if rows:
            total = sum(states[s] for s in members if states.get(s))
            heading = _("{phase}（{n}件）").format(phase=names[key], n=total)
            found.append({"heading": heading, "rows": rows, "total": total})
    return found


def _tone(state: State) -> str:
    if state in (State.DELIVERED, State.ARCHIVED, State.CERTIFIED):
        return "ok"
    return "soon" if state in (State.SUPPLEMENT_PENDING, State.SUSPENDED) else "info"


def _departments(today: date) -> list[dict[str, Any]]:
    """The ten bodies with most in hand, and what of it has passed its promised day."""
    late = Q(clocks__kind=ClockKind.PROMISED, clocks__stopped_at__isnull=True, clocks__due_on__lt=today)
    counted = (
        _in_hand()
        .order_by()
        .values("department")
        .annotate(n=Count("pk", distinct=True), late=Count("pk", filter=late, distinct=True))
        .order_by("-n", "department")[:10]
    )
    rows = list(counted)
    bodies = Organization.objects.in_bulk([row["department"] for row in rows])
    return [
        {
            "body": bodies[row["department"]],
            "open": row["n"],
            "late": row["late"],
            "width": f"{100 * row['n'] / rows[0]['n']:.1f}",
            "late_width": f"{100 * row['late'] / rows[0]['n']:.1f}",
        }
        for row in rows
    ]


def stuck() -> list[dict[str, Any]]:
    """Clocks that have run out and still run, by kind: nobody has acted on the case since."""
    waiting = Clock.objects.filter(stopped_at__isnull=True, elapsed_at__isnull=False, case__state__in=OPEN)
    counted = waiting.order_by().values("kind").annotate(n=Count("case", distinct=True), since=Min("due_on"))
    found = [{"kind": row["kind"], "label": ClockKind(row["kind"]).label, **row} for row in counted]
    return sorted(found, key=lambda row: -int(row["n"]))


def _channels() -> list[dict[str, Any]]:
    given = dict(Case.objects.exclude(state=State.DRAFT).values_list("channel").annotate(n=Count("pk")).order_by())
    return [{"label": label, "value": given[code]} for code, label in Case.CHANNELS if given.get(code)]

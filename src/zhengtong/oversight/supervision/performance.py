"""Indicators of the work itself: gross and net of special procedures, by cohort and by period, each with the cases it is made of.

The usual rate of “提速” counts special procedures into the limit and so rewards long ones; it is shown beside the one without
them, with the share of days that stood still. The usual rate of “办结” divides what ended in a period by what began in it and may pass
100 %; beside it stands the cohort: of the cases accepted in the period, how many have been decided by now.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.states import ACCEPTED_ONWARDS, ClockKind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import legal_clock
from zhengtong.kernel.legal_clock import Budget, WorkingDays
from zhengtong.oversight.supervision.models import Appeal, Card
from zhengtong.oversight.supervision.sources import cases as case_source
from zhengtong.oversight.supervision.states import STANDS, AppealState, Level, Watching

MODEL = Path(__file__).parent / "profiles" / "score" / "monthly-2018.json"
MOST = 20_000
OPENED = ("accepted", "undecided", "decided", "late")
"""The figures that open the cases they are made of."""


@dataclass
class Measured:
    """What one body, or the county, did in a period."""

    body: Organization | None
    accepted: int = 0
    cohort_decided: int = 0
    ended: int = 0
    on_time: int = 0
    decided: int = 0
    late_open: int = 0
    limit: dict[str, int] = field(default_factory=lambda: {"promised": 0, "statutory": 0})
    used: dict[str, int] = field(default_factory=lambda: {"promised": 0, "statutory": 0})
    special: dict[str, int] = field(default_factory=lambda: {"promised": 0, "statutory": 0})
    durations: list[int] = field(default_factory=list)
    cards: dict[int, int] = field(default_factory=dict)
    appeals: int = 0
    upheld: int = 0
    ratings: int = 0
    satisfied: int = 0

    @property
    def on_time_percent(self) -> float | None:
        """Of the cases decided in the period, and those past their promise that are not decided at all, how many were in time."""
        return _percent(self.on_time, self.decided + self.late_open)

    @property
    def period_percent(self) -> float | None:
        """办结率 as it is usually counted: ended in the period over accepted in the period. May pass 100."""
        return _percent(self.ended, self.accepted)

    @property
    def cohort_percent(self) -> float | None:
        """Of the cases accepted in the period, how many have been decided by now."""
        return _percent(self.cohort_decided, self.accepted)

    @property
    def speed_gross(self) -> float | None:
        """法定提速率 by the usual formula: special procedures lengthen the limit and not what was used."""
        limit = self.limit["statutory"] + self.special["statutory"]
        return _percent(limit - self.used["statutory"], limit)

    @property
    def speed_net(self) -> float | None:
        """法定提速率 over the limit of the law alone: a long special procedure earns nothing."""
        return _percent(self.limit["statutory"] - self.used["statutory"], self.limit["statutory"])

    @property
    def special_percent(self) -> float | None:
        """Of all working days that passed, how many stood still."""
        total = self.used["promised"] + self.special["promised"]
        return _percent(self.special["promised"], total)

    @property
    def p50(self) -> int | None:
        """Half of the cases took no longer, in working days from acceptance to decision."""
        return _quantile(self.durations, 0.5)

    @property
    def p90(self) -> int | None:
        """Nine of ten took no longer."""
        return _quantile(self.durations, 0.9)

    @property
    def upheld_percent(self) -> float | None:
        """Of the appeals decided, how many were right: the quality of supervision itself."""
        return _percent(self.upheld, self.appeals)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _quantile(values: list[int], share: float) -> int | None:
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(round(share * (len(ordered) - 1)), len(ordered) - 1)]


def bounds_of(first: date, last: date) -> tuple[datetime, datetime]:
    zone = timezone.get_current_timezone()
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def measured(*, first: date, last: date, bodies: Iterable[int] | None = None) -> list[Measured]:
    """Every body with a case in the period, and the county at the end; a number of queries that does not grow with the bodies."""
    since, until = bounds_of(first, last)
    found: dict[int, Measured] = {}
    names = {body.pk: body for body in Organization.objects.all()}

    def of(body: int) -> Measured:
        return found.setdefault(body, Measured(names.get(body)))

    rows = cases.Case.objects.exclude(state=cases.State.DRAFT)
    if bodies is not None:
        rows = rows.filter(department_id__in=list(bodies))
    accepted = rows.filter(accepted_at__gte=since, accepted_at__lt=until).order_by().values("department_id")
    cohort = Q(decided_at__isnull=False) | Q(closed_at__isnull=False)
    for row in accepted.annotate(n=Count("pk"), done=Count("pk", filter=cohort)):
        one = of(row["department_id"])
        one.accepted, one.cohort_decided = row["n"], row["done"]
    ended = Q(decided_at__gte=since, decided_at__lt=until) | Q(
        decided_at__isnull=True, closed_at__gte=since, closed_at__lt=until, accepted_at__isnull=False
    )
    for other in rows.filter(ended).order_by().values("department_id").annotate(n=Count("pk")):
        of(other["department_id"]).ended = other["n"]
    for open_late in _open_late(last, rows).values("department_id").annotate(n=Count("pk")):
        of(open_late["department_id"]).late_open = open_late["n"]
    _clocks(rows.filter(decided_at__gte=since, decided_at__lt=until), of)
    _cards(since, until, of, bodies)
    _ratings(rows.filter(rating__rated_at__gte=since, rating__rated_at__lt=until), of)
    listed = sorted(found.values(), key=lambda one: (-(one.accepted + one.decided), one.body.code if one.body else ""))
    return [*listed, total(listed)] if listed else []


def _open_late(last: date, rows: Any) -> Any:
    """Cases whose promise ran out by the end of the period and that are still not decided: silence is no punctuality."""
    passed = min(last, calendars.official_today())
    running = cases.Clock.objects.filter(kind=ClockKind.PROMISED, stopped_at__isnull=True, due_on__lt=passed)
    return rows.filter(pk__in=running.values("case_id")).order_by()


def _clocks(decided: Any, of: Any) -> None:
    ids = list(decided.order_by("-decided_at").values_list("pk", flat=True)[:MOST])
    days = calendars.current()
    for start in range(0, len(ids), 2000):
        for one in case_source.clocks_of(ids[start : start + 2000], since=None):
            if one.kind in (Watching.PROMISED, Watching.STATUTORY) and one.stopped_at is not None:
                _clock(of(one.organization_id), one.kind, one.budget, timezone.localdate(one.stopped_at), days)


def _clock(one: Measured, kind: str, budget: Budget, stopped: date, days: WorkingDays) -> None:
    used = legal_clock.used(budget, days, stopped)
    passed = days.count(budget.start, stopped)
    one.limit[kind] += budget.total
    one.used[kind] += used
    one.special[kind] += passed - used
    if kind == ClockKind.PROMISED:
        one.decided += 1
        one.on_time += used <= budget.total
        one.durations.append(passed)


def _cards(since: datetime, until: datetime, of: Any, bodies: Iterable[int] | None) -> None:
    cards = Card.objects.filter(threshold_at__gte=since, threshold_at__lt=until, state__in=STANDS)
    appeals = Appeal.objects.filter(decided_at__gte=since, decided_at__lt=until)
    if bodies is not None:
        cards, appeals = cards.filter(organization_id__in=bodies), appeals.filter(organization_id__in=bodies)
    for row in cards.order_by().values("organization_id", "level").annotate(n=Count("pk")):
        of(row["organization_id"]).cards[row["level"]] = row["n"]
    upheld = Count("pk", filter=Q(state=AppealState.UPHELD))
    for decided in appeals.order_by().values("organization_id").annotate(n=Count("pk"), upheld=upheld):
        one = of(decided["organization_id"])
        one.appeals, one.upheld = decided["n"], decided["upheld"]


def _ratings(rated: Any, of: Any) -> None:
    content = Count("pk", filter=Q(rating__code__lte=3))
    for row in rated.order_by().values("department_id").annotate(n=Count("pk"), content=content):
        one = of(row["department_id"])
        one.ratings, one.satisfied = row["n"], row["content"]


def total(rows: Iterable[Measured]) -> Measured:
    """The county: sums, never a mean of shares."""
    whole = Measured(None)
    for one in rows:
        for name in (
            "late_open",
            "accepted",
            "cohort_decided",
            "ended",
            "on_time",
            "decided",
            "appeals",
            "upheld",
            "ratings",
            "satisfied",
        ):
            setattr(whole, name, getattr(whole, name) + getattr(one, name))
        for kind in ("promised", "statutory"):
            whole.limit[kind] += one.limit[kind]
            whole.used[kind] += one.used[kind]
            whole.special[kind] += one.special[kind]
        whole.durations += one.durations
        for level, n in one.cards.items():
            whole.cards[level] = whole.cards.get(level, 0) + n
    return whole


# --- Points ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def score_model() -> dict[str, Any]:
    """The model as data: what each finding takes off and each achievement adds, with where it comes from."""
    found: dict[str, Any] = json.loads(MODEL.read_text(encoding="utf-8"))
    return found


def score(one: Measured, model: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The points of a body by the model, line by line: those of its items that are measured here, and nothing assumed for the others."""
    model = model or score_model()
    lines = []
    off = {Level.WARNING: model["warnings"], Level.YELLOW: model["yellow"], Level.RED: model["red"]}
    for level, rule in off.items():
        n = one.cards.get(level, 0) // rule["per"]
        if n:
            lines.append(
                {
                    "label": Level(level).label,
                    "count": one.cards[level],
                    "points": -min(n * rule["points"], rule["most"]),
                }
            )
    early = model["early"]
    if one.decided and one.speed_net is not None:
        tenths = int(_early_percent(one) // early["per_percent"])
        if tenths:
            lines.append(
                {
                    "label": _("提前办结"),
                    "count": f"{_early_percent(one)}%",
                    "points": min(tenths * early["points"], early["most"]),
                }
            )
    return {
        "base": model["base"],
        "lines": lines,
        "points": max(model["base"] + sum(line["points"] for line in lines), 0),
    }


def _early_percent(one: Measured) -> float:
    limit = one.limit["promised"]
    return max(round(100 * (limit - one.used["promised"]) / limit, 1), 0.0) if limit else 0.0


def public_rates(*, first: date, last: date) -> list[dict[str, Any]]:
    """What everybody may see: per department, cases decided and the share decided within the promise. No case, no person."""
    rows = [one for one in measured(first=first, last=last) if one.decided or one.late_open]
    return [
        {
            "body": one.body,
            "decided": one.decided,
            "late_open": one.late_open,
            "percent": one.on_time_percent,
            "p50": one.p50,
        }
        for one in rows
    ]


def opened(kind: str, body: Organization | None, first: date, last: date) -> Any:
    """The cases a figure is made of."""
    since, until = bounds_of(first, last)
    rows = cases.Case.objects.exclude(state=cases.State.DRAFT)
    if body is not None:
        rows = rows.filter(department=body)
    if kind == "accepted":
        rows = rows.filter(accepted_at__gte=since, accepted_at__lt=until)
    elif kind == "undecided":
        rows = rows.filter(
            accepted_at__gte=since, accepted_at__lt=until, decided_at__isnull=True, state__in=ACCEPTED_ONWARDS
        )
    elif kind == "late":
        late = rows.filter(clocks__kind=ClockKind.PROMISED, clocks__elapsed_at__isnull=False)
        late = late.filter(decided_at__gte=since, decided_at__lt=until).order_by()
        rows = rows.filter(Q(pk__in=late.values("pk")) | Q(pk__in=_open_late(last, rows).values("pk")))
    else:
        rows = rows.filter(decided_at__gte=since, decided_at__lt=until)
    return rows.select_related("version", "department").defer("version__document").order_by("-accepted_at", "-id")

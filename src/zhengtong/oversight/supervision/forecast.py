"""What goes yellow or red in the next working days if nobody moves, by body, post and person; and what if somebody does.

The forecast is no estimate: it is the same arithmetic on the same ledgers by which the cards will be issued.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.states import ClockKind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.kernel.legal_clock import WorkingDays, due
from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.board import horizon
from zhengtong.oversight.supervision.models import Watch, chosen
from zhengtong.oversight.supervision.rulebook import InForce, in_force
from zhengtong.oversight.supervision.sources import cases as case_source
from zhengtong.oversight.supervision.states import TONES, Level, Watching
from zhengtong.oversight.supervision.thresholds import thresholds
from zhengtong.oversight.supervision.values import Watched
from zhengtong.security.pmi import public as pmi

WORKDAYS = 5
MOST = 500


@dataclass(frozen=True)
class Coming:
    """One threshold that lies ahead."""

    at: datetime
    level: int
    code: str
    rule: str
    watched: Watched
    body: Organization | None
    who: str

    @property
    def tone(self) -> str:
        """How it is drawn."""
        return TONES[Level(self.level)]

    @property
    def label(self) -> str:
        """预警, 黄牌 or 红牌."""
        return str(Level(self.level).label)

    @property
    def case_id(self) -> int | None:
        """The case, where it is one: its further way can be simulated."""
        kind, _colon, number = self.watched.subject.partition(":")
        return int(number) if kind == "case" else None

    @property
    def heading(self) -> str:
        """What it is about."""
        return chosen(dict(self.watched.title))


def coming(
    *, now: datetime, workdays: int = WORKDAYS, bodies: Iterable[int] | None = None, least: int = Level.YELLOW
) -> list[Coming]:
    """Every threshold of at least this level that comes by the close of the n-th working day from now, earliest first."""
    rules = in_force()
    if rules is None:
        return []
    days = calendars.current()
    until = cases.close_of(horizon(timezone.localdate(now), workdays)[-1])
    rows = Watch.objects.filter(next_threshold_at__lte=until, next_threshold_at__isnull=False)
    if bodies is not None:
        rows = rows.filter(organization_id__in=list(bodies))
    keys = rows.exclude(kind=Watching.FACT).order_by("next_threshold_at").values_list("source", "key")[:MOST]
    found = [
        (at, rule, one)
        for one in sources.find(keys).values()
        if one.stopped_at is None
        for at, rule in _ahead(one, rules, days, now, until)
        if rule.level >= least
    ]
    return _named(sorted(found, key=lambda item: (item[0], -item[1].level, item[2].key)))


def _ahead(
    one: Watched, rules: InForce, days: WorkingDays, now: datetime, until: datetime
) -> Iterable[tuple[datetime, Any]]:
    for rule in rules.rules_for(one.kind):
        for moment in thresholds(one, rule.mode, rule.value, days, missing=[]):
            if now < moment.at <= until:
                yield moment.at, rule


def _named(found: list[tuple[datetime, Any, Watched]]) -> list[Coming]:
    bodies = Organization.objects.in_bulk({one.organization_id for _at, _rule, one in found})
    people = get_user_model().objects.in_bulk({one.officer_id for _at, _rule, one in found if one.officer_id})
    return [
        Coming(at, rule.level, rule.code, rule.label, one, bodies.get(one.organization_id), _who(one, people))
        for at, rule, one in found
    ]


def _who(one: Watched, people: Mapping[int, Any]) -> str:
    if one.officer_id is not None and one.officer_id in people:
        return str(people[one.officer_id].display_name)
    return str(pmi.ROLES[one.role].label) if one.role in pmi.ROLES else ""


def by_body(found: Iterable[Coming]) -> list[dict[str, Any]]:
    """How many of each level a body and its posts have ahead, most first."""
    counted: dict[tuple[int, str], dict[str, Any]] = {}
    for one in found:
        key = (one.watched.organization_id, one.who)
        row = counted.setdefault(key, {"body": one.body, "who": one.who, "yellow": 0, "red": 0, "warning": 0})
        row[Level(one.level).name.lower()] += 1
    return sorted(counted.values(), key=lambda row: (-row["red"], -row["yellow"], -row["warning"]))


# --- “If 自然资源局 answers by Thursday …” --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a case comes to when its open steps are answered on these days and the later ones take their whole limits."""

    decided_on: date
    rows: list[dict[str, Any]]
    limits: list[dict[str, Any]]
    cards: list[dict[str, Any]]


def open_steps(case_id: int) -> list[cases.StepTask]:
    """The steps that wait for an answer now."""
    rows = cases.StepTask.objects.filter(case_id=case_id, state=cases.StepTask.OPEN)
    return list(rows.select_related("organization").order_by("group_no", "id"))


def simulate(*, case_id: int, answers: Mapping[int, date], today: date) -> Outcome:
    """Walk the rest of the case: each open step is done on its day (else on the day its limit ends), every later group takes as long as
    its longest step may. Raises `NotFound` when nothing is open, `Invalid` for a day that has passed.
    """
    tasks = open_steps(case_id)
    if not tasks:
        raise NotFound(_("这个办件现在没有等待办理的环节，无法推演。"))
    if any(day < today for day in answers.values()):
        raise Invalid(_("答复日期不能早于今天。"), fields={"answers": _("请填写今天或以后的日期。")})
    days = calendars.current()
    rows = [_step_row(task, answers.get(task.pk), days, today) for task in tasks]
    at = max(row["done_on"] for row in rows)
    waiting = cases.StepTask.objects.filter(case_id=case_id, state=cases.StepTask.WAITING).order_by("group_no", "id")
    groups: dict[int, list[cases.StepTask]] = {}
    for task in waiting.select_related("organization"):
        groups.setdefault(task.group_no, []).append(task)
    for _number, group in sorted(groups.items()):
        at = days.nth_after(at, max(task.workdays for task in group))
        rows += [{"task": task, "done_on": at, "given": False} for task in group]
    limits, cards = _measured(case_id, at, days)
    return Outcome(at, rows, limits, cards)


def _step_row(task: cases.StepTask, given: date | None, days: WorkingDays, today: date) -> dict[str, Any]:
    assert task.opened_at is not None
    end = days.nth_after(timezone.localdate(task.opened_at), task.workdays)
    return {"task": task, "done_on": given or max(end, today), "given": given is not None}


def _measured(case_id: int, decided_on: date, days: WorkingDays) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """How promise and law stand on the day of the decision, and which cards come before it."""
    rules = in_force()
    limits: list[dict[str, Any]] = []
    cards: list[dict[str, Any]] = []
    for one in case_source.clocks_of([case_id], since=timezone.now()):
        if one.stopped_at is not None or one.kind not in (Watching.PROMISED, Watching.STATUTORY):
            continue

        end = due(one.budget, days)
        if end is None:
            limits.append({"label": ClockKind(one.kind).label, "due_on": None, "kept": None, "left": None})
            continue
        left = days.count(decided_on, end) if decided_on <= end else -days.count(end, decided_on)
        limits.append({"label": ClockKind(one.kind).label, "due_on": end, "kept": decided_on <= end, "left": left})
        for rule in rules.rules_for(one.kind) if rules else ():
            for moment in thresholds(one, rule.mode, rule.value, days):
                if timezone.localdate(moment.at) <= decided_on:
                    cards.append({"at": moment.at, "rule": rule, "tone": TONES[Level(rule.level)]})
    return limits, sorted(cards, key=lambda card: card["at"])

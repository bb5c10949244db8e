"""The index of running clocks: where the timer next looks at each. Derived from the facts, rebuilt at every change."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from zhengtong.kernel import statements
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import WorkingDays, due
from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.drawing import broken, next_look
from zhengtong.oversight.supervision.models import Card, Watch
from zhengtong.oversight.supervision.rulebook import InForce
from zhengtong.oversight.supervision.states import OPEN, CardState, Watching
from zhengtong.oversight.supervision.stuck import problem_of
from zhengtong.oversight.supervision.thresholds import Missing, is_ahead
from zhengtong.oversight.supervision.values import Watched

log = logging.getLogger(__name__)

FIELDS = (
    "subject",
    "kind",
    "organization_id",
    "role",
    "officer_id",
    "due_on",
    "next_threshold_at",
    "next_level",
    "rules_version",
    "calendar_version",
    "problem",
)
FIRST_RETRY = timedelta(seconds=2)


def _due(one: Watched, days: WorkingDays, missing: Missing) -> date | None:
    try:
        return None if one.unknown is not None else due(one.budget, days)
    except CalendarYearMissing as error:
        if not is_ahead(error, days):
            raise
        missing.append(error)
        return None


def _row(one: Watched, rules: InForce, days: WorkingDays, at: datetime | None, level: int, missing: Missing) -> Watch:
    due_on = _due(one, days, missing)
    return Watch(
        source=one.source,
        key=one.key,
        subject=one.subject,
        kind=one.kind,
        organization_id=one.organization_id,
        role=one.role,
        officer_id=one.officer_id,
        due_on=due_on,
        next_threshold_at=at,
        next_level=level,
        rules_version=rules.version,
        calendar_version=days.version,
        problem=problem_of(missing[0]) if missing else None,
    )


def _unreadable(one: Watched, rules: InForce, days: WorkingDays, error: Exception, *, at: datetime) -> Watch:
    """The place of a clock that cannot be counted: noted, and tried again by the timer."""
    log.error("a clock could not be indexed", extra={"clock": f"{one.source}:{one.key}", "error": type(error).__name__})
    return Watch(
        source=one.source,
        key=one.key,
        subject=one.subject,
        kind=one.kind,
        organization_id=one.organization_id,
        role=one.role,
        officer_id=one.officer_id,
        next_threshold_at=at,
        rules_version=rules.version,
        calendar_version=days.version,
        attempts=1,
        retry_at=at + FIRST_RETRY,
        problem=problem_of(error),
    )


@dataclass
class _Place:
    """What was counted of one clock: the thresholds behind it, and its row while it runs."""

    watched: Watched
    passed: list[tuple[datetime, str]]
    row: Watch | None


def _place(one: Watched, rules: InForce, days: WorkingDays, *, at: datetime) -> _Place:
    passed = [(when, key) for _rule, when, key in broken(one, rules, days, until=at, missing=[])]
    runs = one.stopped_at is None and rules.rules_for(one.kind)
    return _Place(one, passed, _ahead(one, rules, days, now=at) if runs else None)


def _ahead(one: Watched, rules: InForce, days: WorkingDays, *, now: datetime) -> Watch:
    missing: Missing = []
    return _row(one, rules, days, *next_look(one, rules, days, now=now, missing=missing), missing)


def index(watched: Sequence[Watched], rules: InForce, days: WorkingDays, *, at: datetime) -> None:
    """Where the timer next looks at each clock: at once when a threshold was passed without a card or a card may have to be looked
    at again, else at the next threshold; a clock that stopped and owes nothing leaves the index.

    One that cannot be counted holds up no other: it is put there with its problem. Nothing here but arithmetic can fail for one alone.
    """
    places, rows, ended = [], [], []
    for one in watched:
        try:
            places.append(_place(one, rules, days, at=at))
        except Exception as error:  # a clock may be broken in any way; none may stop the others
            rows.append(_unreadable(one, rules, days, error, at=at))
    known = _issued(fire_key for place in places for _at, fire_key in place.passed)
    carded = _carded(watched)
    for place in places:
        one = place.watched
        owed = [when for when, fire_key in place.passed if fire_key not in known]
        if (one.source, one.key) in carded:
            owed.append(at)
        if owed or place.row is not None:
            row = place.row or _row(one, rules, days, None, 0, [])
            row.next_threshold_at = min([*owed, *filter(None, [row.next_threshold_at])], default=None)
            rows.append(row)
        else:
            ended.append((one.source, one.key))
    _write(rows, ended)


def _issued(fire_keys: Iterable[str]) -> set[str]:
    wanted = list(fire_keys)
    if not wanted:
        return set()
    rows = Card.objects.filter(fire_key__in=wanted).exclude(state=CardState.AUTO_REVOKED)
    return set(rows.values_list("fire_key", flat=True))


def _carded(watched: Sequence[Watched]) -> set[tuple[str, str]]:
    rows = Card.objects.filter(key__in=[one.key for one in watched], state__in=OPEN).exclude(kind=Watching.FACT)
    return set(rows.values_list("source", "key"))


def _write(rows: Sequence[Watch], ended: Iterable[tuple[str, str]]) -> None:
    statements.upsert_all(rows, unique=("source", "key"), names=(*FIELDS, "attempts", "retry_at"))
    by_source: dict[str, list[str]] = {}
    for source, key in ended:
        by_source.setdefault(source, []).append(key)
    for source, keys in by_source.items():
        Watch.objects.filter(source=source, key__in=keys).delete()


def settle(watched: Sequence[Watched], rules: InForce, days: WorkingDays, *, now: datetime) -> None:
    """After a look: running clocks at their next threshold, stopped ones out of the index."""
    running = [one for one in watched if one.stopped_at is None and rules.rules_for(one.kind)]
    kept = {(one.source, one.key) for one in running}
    rows = [_ahead(one, rules, days, now=now) for one in running]
    _write(rows, [(one.source, one.key) for one in watched if (one.source, one.key) not in kept])


def follow(cards: Iterable[Any], rules: InForce, days: WorkingDays, *, now: datetime) -> None:
    """The answer to a card has a clock of its own, watched like any other."""
    subjects = [f"card:{card.pk}" for card in cards if card.issued_at is not None]
    if subjects and rules.rules_for("card"):
        own = sources.SOURCES["own"].of(subjects, None)
        index([one for one in own if one.stopped_at is None], rules, days, at=now)

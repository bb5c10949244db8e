"""The index of running clocks: where the timer next looks at each. Derived from the facts, rebuilt at every change."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from zhengtong.kernel import statements
from zhengtong.kernel.legal_clock import WorkingDays, due
from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.drawing import broken, next_look
from zhengtong.oversight.supervision.models import Card, Watch
from zhengtong.oversight.supervision.rulebook import InForce
from zhengtong.oversight.supervision.states import OPEN, CardState, Watching
from zhengtong.oversight.supervision.values import Watched

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
)


def _row(one: Watched, rules: InForce, days: WorkingDays, at: datetime | None, level: int) -> Watch:
    return Watch(
        source=one.source,
        key=one.key,
        subject=one.subject,
        kind=one.kind,
        organization_id=one.organization_id,
        role=one.role,
        officer_id=one.officer_id,
        due_on=due(one.budget, days),
        next_threshold_at=at,
        next_level=level,
        rules_version=rules.version,
        calendar_version=days.version,
    )


def index(watched: Sequence[Watched], rules: InForce, days: WorkingDays, *, at: datetime) -> None:
    """Where the timer next looks at each clock: at once when a threshold was passed without a card or a card may have to be looked
    at again, else at the next threshold; a clock that stopped and owes nothing leaves the index.
    """
    passed = [(one, list(broken(one, rules, days, until=at))) for one in watched]
    known = _issued(fire_key for _one, many in passed for _rule, _at, fire_key in many)
    carded = _carded(watched)
    rows, ended = [], []
    for one, many in passed:
        owed = [when for _rule, when, fire_key in many if fire_key not in known]
        if (one.source, one.key) in carded:
            owed.append(at)
        ahead, level = next_look(one, rules, days, now=at) if one.stopped_at is None else (None, 0)
        if owed or (one.stopped_at is None and rules.rules_for(one.kind)):
            first = min([*owed, *([ahead] if ahead else [])], default=None)
            rows.append(_row(one, rules, days, first, level))
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
    rows = [_row(one, rules, days, *next_look(one, rules, days, now=now)) for one in running]
    _write(rows, [(one.source, one.key) for one in watched if (one.source, one.key) not in kept])


def follow(cards: Iterable[Any], rules: InForce, days: WorkingDays, *, now: datetime) -> None:
    """The answer to a card has a clock of its own, watched like any other."""
    subjects = [f"card:{card.pk}" for card in cards if card.issued_at is not None]
    if subjects and rules.rules_for("card"):
        own = sources.SOURCES["own"].of(subjects, None)
        index([one for one in own if one.stopped_at is None], rules, days, at=now)

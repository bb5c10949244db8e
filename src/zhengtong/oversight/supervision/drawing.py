"""From a clock and the rules to the cards it deserves, with their evidence. Reads nothing but what it is handed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zhengtong.kernel import legal_clock
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.oversight.supervision.models import Rule
from zhengtong.oversight.supervision.rulebook import InForce, describe
from zhengtong.oversight.supervision.states import Watching
from zhengtong.oversight.supervision.thresholds import Missing, thresholds
from zhengtong.oversight.supervision.values import Finding, Watched


@dataclass(frozen=True)
class Drawn:
    """A card that is to be issued: about what, by which rule, since when, on which evidence."""

    fire_key: str
    source: str
    key: str
    subject: str
    kind: str
    organization_id: int
    code: str
    level: int
    at: datetime
    title: Mapping[str, str]
    url: str
    automatic: bool = True
    rule: Rule | None = None
    role: str = ""
    officer_id: int | None = None
    topic: str = ""
    number: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def broken(
    watched: Watched, rules: InForce, days: WorkingDays, *, until: datetime, missing: Missing | None = None
) -> Iterator[tuple[Rule, datetime, str]]:
    """Which rules the clock has broken by `until`: (rule, since when, fire key). A threshold after its stop was never reached.

    With `missing`, a threshold in a year to come without a calendar is not reached yet, instead of an error.

    What happened before the rules came into force is no offence against them: a clock that still runs then is dated at that moment.
    """
    last = min(until, watched.stopped_at) if watched.stopped_at else until
    for rule in rules.rules_for(watched.kind):
        for one in thresholds(watched, rule.mode, rule.value, days, missing):
            at = max(one.at, rules.since) if rules.since else one.at
            if at <= last:
                yield rule, at, f"{watched.source}:{watched.key}:{rule.code}:{rule.level}:{one.total}"


def next_look(
    watched: Watched, rules: InForce, days: WorkingDays, *, now: datetime, missing: Missing | None = None
) -> tuple[datetime | None, int]:
    """When the clock next comes to a threshold, and the level of the rule that waits there; None while it stands still, or when none that
    is known lies ahead (`missing`: why).
    """
    ahead = [
        (one.at, rule.level)
        for rule in rules.rules_for(watched.kind)
        for one in thresholds(watched, rule.mode, rule.value, days, missing)
        if one.at > now
    ]
    return min(ahead, default=(None, 0))


def cards_of(watched: Watched, rules: InForce, days: WorkingDays, *, until: datetime) -> list[Drawn]:
    """The cards the clock deserves by `until`, with the ledger that proves each."""
    found = list(broken(watched, rules, days, until=until, missing=[]))
    if not found:
        return []
    ledger = ledger_of(watched, days)
    return [
        Drawn(
            fire_key=fire_key,
            source=watched.source,
            key=watched.key,
            subject=watched.subject,
            kind=watched.kind,
            organization_id=watched.organization_id,
            code=rule.code,
            level=rule.level,
            at=at,
            title=watched.title,
            url=watched.url,
            automatic=rule.automatic,
            rule=rule,
            role=watched.role,
            officer_id=watched.officer_id,
            topic=watched.topic.get("zh", ""),
            number=watched.number,
            evidence={
                "rule": describe(rule),
                "rules_version": rules.version,
                "ledger": ledger,
                "threshold_at": at.isoformat(),
                **watched.context,
            },
        )
        for rule, at, fire_key in found
    ]


def ledger_of(watched: Watched, days: WorkingDays) -> dict[str, Any]:
    """The ledger as plain data: the budget, the due day, the calendar's version and every day with its reason."""
    ledger = legal_clock.ledger(watched.budget, days)
    budget = watched.budget
    return {
        "start": str(budget.start),
        "limit": budget.limit,
        "extension": budget.extension,
        "pauses": [
            {"start": str(p.start), "end": str(p.end) if p.end else "", "reason": p.reason, "basis": p.basis}
            for p in budget.pauses
        ],
        "due_on": str(ledger.due) if ledger.due else "",
        "calendar_version": days.version,
        "days": [[str(row.day), row.number if row.counts else 0, row.why, row.kind] for row in ledger.days],
    }


def card_about(
    finding: Finding,
    rule: Rule,
    rules: InForce,
    *,
    source: str,
    subject: str,
    organization_id: int,
    title: Mapping[str, str],
    url: str,
    number: str = "",
    role: str = "",
) -> Drawn:
    """The card about a fact that a detector saw."""
    return Drawn(
        fire_key=f"{source}:{subject}:{rule.code}:{finding.mark}",
        source=source,
        key=subject,
        subject=subject,
        kind=Watching.FACT,
        organization_id=finding.organization_id or organization_id,
        code=rule.code,
        level=rule.level,
        at=finding.at,
        title=title,
        url=url,
        automatic=rule.automatic,
        rule=rule,
        role=finding.role or role,
        topic=title.get("zh", ""),
        number=number,
        evidence={"rule": describe(rule), "rules_version": rules.version, "facts": dict(finding.facts)},
    )

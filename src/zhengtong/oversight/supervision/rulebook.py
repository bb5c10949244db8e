"""The rules in force, read once per version: published sets never change, so they are kept in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from zhengtong.oversight.supervision.models import Rule, RuleSet
from zhengtong.oversight.supervision.states import Mode, RuleState

PROFILES = Path(__file__).parent / "profiles"
DEFAULTS: Mapping[str, int] = {"appeal_workdays": 3, "feedback_workdays": 3, "repeat_days": 30}
"""Three working days to appeal and to answer, thirty days in which a repetition weighs more: defaults of this product, in no law."""


@dataclass(frozen=True)
class InForce:
    """A rule set as it is applied: its clock rules by what they watch, its fact rules by code."""

    pk: int
    version: int
    since: datetime | None
    settings: Mapping[str, int]
    by_kind: Mapping[str, tuple[Rule, ...]]
    by_code: Mapping[str, Rule]

    def rules_for(self, kind: str) -> tuple[Rule, ...]:
        """The enabled clock rules that watch this kind of clock."""
        return self.by_kind.get(kind, ())

    def rule_about(self, code: str) -> Rule | None:
        """The enabled rule about a fact, or None."""
        return self.by_code.get(code)

    def days(self, name: str) -> int:
        """A number of days from the settings of the set."""
        return int(self.settings.get(name, DEFAULTS[name]))


def read(rule_set: RuleSet) -> InForce:
    """A rule set, draft or published, in the form in which it is applied."""
    by_kind: dict[str, list[Rule]] = {}
    by_code: dict[str, Rule] = {}
    for rule in rule_set.rules.filter(enabled=True).order_by("position"):
        if rule.mode == Mode.FACT:
            by_code[rule.code] = rule
        else:
            by_kind.setdefault(rule.kind, []).append(rule)
    return InForce(
        pk=rule_set.pk,
        version=rule_set.version,
        since=rule_set.published_at,
        settings=rule_set.settings,
        by_kind={kind: tuple(rules) for kind, rules in by_kind.items()},
        by_code=by_code,
    )


@lru_cache(maxsize=8)
def _published(pk: int, _since: datetime) -> InForce:
    return read(RuleSet.objects.get(pk=pk))


def in_force() -> InForce | None:
    """The rules in force; None before any were published: then nothing is watched, and the board says so."""
    found = RuleSet.objects.filter(state=RuleState.PUBLISHED).values_list("pk", "published_at").first()
    return _published(*found) if found and found[1] else None


def forget() -> None:
    """Read the rules afresh at the next question (a test process undoes what it published)."""
    _published.cache_clear()


@lru_cache(maxsize=8)
def profile(key: str) -> dict[str, Any]:
    """A profile that ships with the product, by its key."""
    found: dict[str, Any] = json.loads((PROFILES / f"{key}.json").read_text(encoding="utf-8"))
    return found


def profiles() -> list[dict[str, Any]]:
    """Every profile that ships with the product."""
    return [profile(path.stem) for path in sorted(PROFILES.glob("*.json"))]


def describe(rule: Rule) -> dict[str, Any]:
    """A rule as it is written into the evidence of a card and compared between versions."""
    return {
        "code": rule.code,
        "name": rule.name,
        "law": rule.law,
        "kind": rule.kind,
        "basis": rule.basis,
        "mode": rule.mode,
        "value": rule.value,
        "level": rule.level,
        "automatic": rule.automatic,
    }

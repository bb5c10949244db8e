"""What the pages of the rules show: versions, their differences, and which rule watches something that is not connected yet."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.oversight.supervision.models import Rule, RuleSet
from zhengtong.oversight.supervision.rulebook import describe
from zhengtong.oversight.supervision.screens import rule_in_words
from zhengtong.oversight.supervision.sources import CHARGES, connected_kinds
from zhengtong.oversight.supervision.states import TONES, Level, Mode, RuleState

ABOUT_MONEY = ("I-04", "S-09")


def is_connected(rule: Rule) -> bool:
    """Whether anything in this installation can break the rule: a system with such clocks, or one that takes money."""
    if rule.code in ABOUT_MONEY:
        return bool(CHARGES)
    return rule.mode == Mode.FACT or rule.kind in connected_kinds()


def rows_of(rule_set: RuleSet) -> list[dict[str, Any]]:
    """Every rule of a set as a line."""
    return [
        {
            "rule": rule,
            "words": rule_in_words(describe(rule)),
            "tone": TONES[Level(rule.level)],
            "connected": is_connected(rule),
        }
        for rule in rule_set.rules.all()
    ]


def versions() -> list[dict[str, Any]]:
    """Every version, newest first, with what changed against the one in force before it."""
    sets = list(RuleSet.objects.select_related("created_by", "published_by").prefetch_related("rules"))
    return [{"set": one, "changes": differences(before_of(one, sets), one)} for one in sets]


def before_of(one: RuleSet, sets: Iterable[RuleSet]) -> RuleSet | None:
    """The published version a set follows."""
    earlier = [other for other in sets if other.version < one.version and other.state != RuleState.DRAFT]
    return max(earlier, key=lambda other: other.version, default=None)


def _by_key(rule_set: RuleSet | None) -> Mapping[tuple[str, int], Rule]:
    return {(rule.code, rule.level): rule for rule in rule_set.rules.all()} if rule_set else {}


def differences(before: RuleSet | None, after: RuleSet) -> list[dict[str, Any]]:
    """Rules that were added, dropped or changed, each with both wordings."""
    old, new = _by_key(before), _by_key(after)
    found = []
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or _said(was) != _said(now):
            found.append(
                {
                    "code": key[0],
                    "level": Level(key[1]).label,
                    "name": (now or was).label,  # type: ignore[union-attr]
                    "before": _words(was),
                    "after": _words(now),
                }
            )
    return found if before is not None else []


def _said(rule: Rule) -> tuple[Any, ...]:
    return (rule.kind, rule.mode, rule.value, rule.automatic, rule.enabled, tuple(rule.recipients))


def _words(rule: Rule | None) -> str:
    if rule is None:
        return _("没有")
    if not rule.enabled:
        return _("停用")
    how = _("自动发出") if rule.automatic else _("人工确认后发出")
    return f"{rule_in_words(describe(rule))} · {how}"

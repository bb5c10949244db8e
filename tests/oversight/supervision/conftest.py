"""A county whose supervision is at work: rules in force since the start of September, a supervisor, a case to be late with."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.approvals.cases.play import Play
from tests.factories import at, make_officer, make_resident
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision import rulebook
from zhengtong.oversight.supervision.models import Card, Rule, RuleSet

SINCE = at("2026-09-01 09:00")


@pytest.fixture(autouse=True)
def _rules_read_afresh() -> Iterator[None]:
    """A published set is kept in memory by its key; a test that was undone may have used the same."""
    rulebook.forget()
    yield
    rulebook.forget()


@pytest.fixture
def applicant(db):
    return make_resident()


@pytest.fixture
def supervisor(small_county):
    return make_officer("supervisor", "邓监察", "supervisor", small_county.government, subtree=True)


@pytest.fixture
def in_force(small_county) -> RuleSet:
    """The profile `hunan-kc-2018`, in force since 1 September 2026."""
    return publish("hunan-kc-2018")


@pytest.fixture
def play(small_county, applicant):
    return Play(small_county, applicant)


def publish(profile: str, **changes: Any) -> RuleSet:
    """A profile in force since 1 September; `changes`: by rule code, or code and level (`T_07_3`), the fields to differ."""
    draft = supervision.begin_draft(by=None, at=SINCE, profile=profile)
    for name, fields in changes.items():
        code, _underscore, level = name.replace("_", "-", 1).partition("_")
        rows = Rule.objects.filter(rule_set=draft, code=code)
        (rows.filter(level=int(level)) if level else rows).update(**fields)
    return supervision.publish_rules(rule_set_id=draft.pk, by=None, at=SINCE)


def cards(**more: Any) -> list[Card]:
    """Every card, in the order of their thresholds."""
    return list(Card.objects.filter(**more).order_by("threshold_at", "id"))


def said(**more: Any) -> list[tuple[str, int]]:
    """Rule and level of every card."""
    return [(card.code, card.level) for card in cards(**more)]


def fire_until(when: str) -> int:
    """As the worker does in its rounds."""
    total = 0
    while fired := supervision.fire(now=at(when)):
        total += fired
    return total


Deliver = Callable[..., int]

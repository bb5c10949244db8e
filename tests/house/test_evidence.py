"""The evidence tables: every demand has a row, every row names a test that exists or says in words why not."""

import re
from collections import Counter

import pytest

from tests.house.code import ROOT
from zhengtong.config import evidence

FOLDER = ROOT / "docs" / "evidence"
ADMITS = re.compile(r"\bnot yet\b|\btodo\b|\blater\b|尚未|待.{0,12}完成", re.IGNORECASE)
"""Words of somebody who puts it off: that is no reason."""


def table(name: str) -> list[evidence.Row]:
    return evidence.rows(FOLDER / evidence.TABLES[name])


def problem(row: evidence.Row) -> str:
    """What is wrong with a row; empty when it stands."""
    if not row.demand.strip():
        return f"{row.id}: what is demanded?"
    if row.kind not in evidence.KINDS:
        return f"{row.id}: kind “{row.kind}” is none of {evidence.KINDS}"
    if row.kind == evidence.TEST:
        return "" if evidence.exists(ROOT, row.evidence) else f"{row.id}: no such test: {row.evidence}"
    if row.kind == evidence.DOCUMENT:
        return "" if (ROOT / row.evidence).is_file() else f"{row.id}: no such document: {row.evidence}"
    long_enough = len(row.evidence.strip()) >= (10 if row.kind == evidence.REASON else 4)
    return "" if long_enough and not ADMITS.search(row.evidence) else f"{row.id}: the reason is missing"


@pytest.mark.parametrize("name", evidence.TABLES)
def test_every_row_has_its_evidence(name):
    assert [found for row in table(name) if (found := problem(row))] == []


def test_what_applies_is_shown_by_tests():
    """The goal of the house: 95 of a hundred. What is said in words is short enough to be read whole."""
    assert evidence.share(table("asvs")) >= 0.95
    assert evidence.share(table("mlps")) >= 0.85
    assert evidence.share(table("plan")) >= 0.9
    for name in evidence.TABLES:
        said = [row for row in table(name) if row.kind != evidence.TEST]
        assert len(said) <= 25


def test_no_test_shows_too_much():
    """One test may speak for several demands of one kind, not for half the table."""
    often = Counter(row.evidence for name in evidence.TABLES for row in table(name) if row.kind == evidence.TEST)
    assert often.most_common(1)[0][1] <= 10


def test_asvs_is_complete():
    """5.0.0: 70 requirements of level 1 and 176 of level 2, without the seven of the WebRTC chapter."""
    rows = table("asvs")
    assert Counter(row.level for row in rows) == {"L1": 70, "L2": 176}
    assert len({row.id for row in rows}) == 246
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", row.id) for row in rows)
    chapters = Counter(int(row.id.split(".")[0]) for row in rows)
    assert sorted(chapters) == list(range(1, 17))


def test_the_plan_is_complete():
    """Every security test that was planned has its place, in its order."""
    planned = {"AUTH": 10, "AZ": 9, "PKI": 8, "TSA": 6, "CRY": 8, "AUD": 14, "WEB": 6, "DR": 7, "PI": 6}
    assert [row.id for row in table("plan")] == [
        f"T-{name}-{n}" for name, most in planned.items() for n in range(1, most + 1)
    ]


def test_mlps_is_complete():
    """GB/T 22239-2019 8.1.4: eleven controls with 34 items."""
    rows = table("mlps")
    numbers = Counter(int(re.fullmatch(r"8\.1\.4\.(\d+)[a-g]?", row.id)[1]) for row in rows)
    assert dict(numbers) == {1: 4, 2: 7, 3: 4, 4: 6, 5: 1, 6: 1, 7: 2, 8: 2, 9: 3, 10: 2, 11: 2}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("test", "tests/house/test_evidence.py::test_that_is_not_there"),
        ("test", "tests/nowhere.py::test_a"),
        ("document", "docs/nowhere.md"),
        ("reason", " "),
        ("reason", "not yet built, comes with the next release"),
        ("open", "a page of its own is missing"),
        ("hope", "it will be fine"),
    ],
)
def test_a_row_without_evidence_is_found(kind, words):
    assert problem(evidence.Row("1.1.1", "L1", "something", kind, words))

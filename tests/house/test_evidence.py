"""The evidence tables: every demand has a row, every row names a test that exists or says in words why not."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.house.code import ROOT, parsed
from zhengtong.config import evidence

FOLDER = ROOT / "docs" / "evidence"


def table(name: str) -> list[evidence.Row]:
    return evidence.rows(FOLDER / evidence.TABLES[name])


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names as pytest writes them: `test_a`, `TestB::test_c`."""
    found = set()
    for node in parsed(path).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def problem(row: evidence.Row) -> str:
    """What is wrong with a row; empty when it stands."""
    if not row.demand.strip():
        return f"{row.id}: what is demanded?"
    if row.kind not in evidence.KINDS:
        return f"{row.id}: kind “{row.kind}” is none of {evidence.KINDS}"
    if row.kind == evidence.TEST:
        file, _, name = row.evidence.partition("::")
        path = ROOT / file
        return "" if path.is_file() and name in names_in(path) else f"{row.id}: no such test: {row.evidence}"
    if row.kind == evidence.DOCUMENT:
        return "" if (ROOT / row.evidence).is_file() else f"{row.id}: no such document: {row.evidence}"
    return "" if len(row.evidence.strip()) >= 4 else f"{row.id}: the reason is missing"


@pytest.mark.parametrize("name", evidence.TABLES)
def test_every_row_has_its_evidence(name):
    assert [found for row in table(name) if (found := problem(row))] == []


def test_asvs_is_complete():
    """5.0.0: 70 requirements of level 1 and 176 of level 2, without the seven of the WebRTC chapter."""
    rows = table("asvs")
    assert Counter(row.level for row in rows) == {"L1": 70, "L2": 176}
    assert len({row.id for row in rows}) == 246
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", row.id) for row in rows)
    chapters = Counter(int(row.id.split(".")[0]) for row in rows)
    assert sorted(chapters) == list(range(1, 17))


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
        ("hope", "it will be fine"),
    ],
)
def test_a_row_without_evidence_is_found(kind, words):
    assert problem(evidence.Row("1.1.1", "L1", "something", kind, words))

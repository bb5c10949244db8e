"""Evidence: what a standard demands, row by row, and what shows that it holds.

The tables are `docs/evidence/*.csv`, edited by hand. `kind` says what stands in `evidence`: `test` (a test by its id),
`document` (a file of this repository), `reason` (why it does not apply, or holds by construction) or `open` (what is missing).
What became of the tests in their last run is in `build/evidence/results.json`, which the tests write themselves.
"""

import ast
import csv
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEST, DOCUMENT, REASON, OPEN = "test", "document", "reason", "open"
KINDS = (TEST, DOCUMENT, REASON, OPEN)
TABLES = {"asvs": "asvs-5.0.csv", "mlps": "mlps-8.1.4.csv"}
TITLES = {
    "asvs": "OWASP ASVS 5.0，第一级和第二级（WebRTC一章除外）",
    "mlps": "等级保护2.0第三级 8.1.4 安全计算环境（条文未与出售的标准核对）",
}
NOT_RUN = "not run"


@dataclass(frozen=True)
class Row:
    """One demand of a standard and what shows that it is met."""

    id: str
    level: str
    demand: str
    kind: str
    evidence: str


@dataclass(frozen=True)
class Shown:
    """A row with what became of its test: passed, failed, skipped, not run; empty for rows without a test."""

    row: Row
    outcome: str


def rows(path: Path) -> list[Row]:
    """The rows of one table, in their order."""
    with path.open(encoding="utf-8", newline="") as table:
        return [Row(**row) for row in csv.DictReader(table)]


def results(path: Path) -> dict[str, str]:
    """Outcome by test id (parameters left out) as the last run of each wrote it; nothing when no test ever ran."""
    if not path.exists():
        return {}
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["tests"]
    return kept


def join(table: Iterable[Row], outcomes: dict[str, str]) -> list[Shown]:
    """Every row with the outcome of its test."""
    return [Shown(row, outcomes.get(row.evidence, NOT_RUN) if row.kind == TEST else "") for row in table]


def counts(shown: Iterable[Shown]) -> dict[str, int]:
    """How many rows are shown by what; tests by their outcome."""
    return dict(Counter(f"{one.row.kind} {one.outcome}".strip() for one in shown))


def exists(root: Path, test: str) -> bool:
    """`tests/…/test_x.py::TestA::test_b` names a test of the tree below `root`."""
    file, _colons, name = test.partition("::")
    path = root / file
    return path.is_file() and name in _tests_in(path)


@cache
def _tests_in(path: Path) -> frozenset[str]:
    """Names as pytest writes them: `test_a`, `TestB::test_c`."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))

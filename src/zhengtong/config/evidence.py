"""Evidence: what a standard demands, row by row, and what shows that it holds.

The tables are `docs/evidence/*.csv`, edited by hand. `kind` says what stands in `evidence`: `test` (a test by its id),
`document` (a file of this repository), `reason` (why it holds without a test, or who else sees to it), `absent` (what is not in
the product, so that the demand does not apply). What became of the tests in their last run, and on which day, is in
`build/evidence/results.json`, which the tests write themselves. A row whose test is not there, failed or was skipped is open.
"""

import ast
import csv
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TEST, DOCUMENT, REASON, ABSENT = "test", "document", "reason", "absent"
KINDS = (TEST, DOCUMENT, REASON, ABSENT)
TABLES = {"asvs": "asvs-5.0.csv", "mlps": "mlps-8.1.4.csv", "plan": "test-plan.csv"}
TITLES = {
    "asvs": "OWASP ASVS 5.0，第一级和第二级（WebRTC一章除外）",
    "mlps": "等级保护2.0第三级 8.1.4 安全计算环境（条文未与出售的标准核对）",
    "plan": "安全测试计划（T-AUTH … T-PI）",
}
PASSED, FAILED, SKIPPED, NOT_RUN, MISSING = "passed", "failed", "skipped", "not run", "missing"
OPEN = (FAILED, SKIPPED, MISSING)
"""Outcomes that leave a row open."""


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
    """A row with what became of its test (passed, failed, skipped, not run, missing) and when; empty for rows without one."""

    row: Row
    outcome: str
    ran_on: str = ""

    @property
    def open(self) -> bool:
        """Nothing shows that the demand is met."""
        return self.outcome in OPEN


def rows(path: Path) -> list[Row]:
    """The rows of one table, in their order."""
    with path.open(encoding="utf-8", newline="") as table:
        return [Row(**row) for row in csv.DictReader(table)]


def results(path: Path) -> dict[str, tuple[str, str]]:
    """(outcome, day) by test id, parameters left out, as the last run of each wrote it; nothing when no test ever ran."""
    if not path.exists():
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    days = kept.get("days", {})
    return {test: (outcome, days.get(test, "")) for test, outcome in kept["tests"].items()}


def join(table: Iterable[Row], outcomes: dict[str, tuple[str, str]], root: Path | None = None) -> list[Shown]:
    """Every row with the outcome of its test; with the `root` of the sources a test that is not there is missing."""
    return [_shown(row, outcomes, root) if row.kind == TEST else Shown(row, "") for row in table]


def _shown(row: Row, outcomes: dict[str, tuple[str, str]], root: Path | None) -> Shown:
    if root is not None and not exists(root, row.evidence):
        return Shown(row, MISSING)
    return Shown(row, *outcomes.get(row.evidence, (NOT_RUN, "")))


def share(table: Iterable[Row]) -> float:
    """The part of what applies that a test shows."""
    kinds = Counter(row.kind for row in table)
    return kinds[TEST] / (kinds.total() - kinds[ABSENT])


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

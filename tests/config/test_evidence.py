"""`zhengtong evidence` and `zhengtong sbom`: what an assessor gets."""

import json
import re
from pathlib import Path

import pytest

from tests.house.code import ROOT
from zhengtong.config.cli import main

TABLE = """id,level,demand,kind,evidence
1.1.1,L1,something,test,tests/a.py::test_a
1.1.2,L2,another thing,test,tests/a.py::test_b
1.1.3,L2,a third,reason,no such thing here
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "asvs-5.0.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def shown(capsys, folder: Path, results: dict[str, str]) -> tuple[int, str]:
    path = folder / "results.json"
    days = dict.fromkeys(results, "2026-09-21")
    path.write_text(json.dumps({"tests": results, "days": days}), encoding="utf-8")
    status = main(["evidence", "asvs", "--folder", str(folder), "--results", str(path)])
    return status, capsys.readouterr().out


def test_rows_carry_the_outcome_of_the_last_run(folder, capsys):
    status, text = shown(capsys, folder, {"tests/a.py::test_a": "passed"})
    assert status == 0
    assert [line[0] for line in text.splitlines()[1:4]] == ["✓", "?", " "]
    assert "✓ 1.1.1     L1  2026-09-21 测试" in text
    assert "通过1" in text
    assert "未运行1" in text


def test_a_failed_test_fails_the_command(folder, capsys):
    status, text = shown(capsys, folder, {"tests/a.py::test_a": "passed", "tests/a.py::test_b": "failed"})
    assert status == 1
    assert "✗ 1.1.2     L2  2026-09-21 未完成" in text
    assert "66.7%由测试说明，未完成1。" in text


def test_a_skipped_or_missing_test_leaves_its_row_open(tmp_path, capsys):
    """In a tree of sources a test that is not there is no evidence, whatever an old run said of it."""
    folder = tmp_path / "docs" / "evidence"
    folder.mkdir(parents=True)
    (folder / "asvs-5.0.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.py").write_text("def test_a():\n    pass\n", encoding="utf-8")
    status, text = shown(capsys, folder, {"tests/a.py::test_a": "skipped", "tests/a.py::test_b": "passed"})
    assert status == 1
    assert [line[0] for line in text.splitlines()[1:4]] == ["✗", "✗", " "]
    assert "未完成2" in text


def test_unknown_and_missing_tables_are_said(folder, capsys):
    assert main(["evidence", "pci"]) == 2
    assert main(["evidence", "mlps", "--folder", str(folder)]) == 2
    assert "mlps-8.1.4.csv" in capsys.readouterr().out


def test_the_tables_of_the_project_print(capsys):
    assert main(["evidence", "--json", "--results", "/nonexistent"]) == 0
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert {name: len(rows) for name, rows in tables.items()} == {"asvs": 246, "mlps": 34, "plan": 74}


def test_every_pinned_package_is_in_it_with_its_hashes(capsys):
    assert main(["sbom"]) == 0
    text = capsys.readouterr().out
    bill = json.loads(text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", lock, re.MULTILINE)
    found = {(one["name"], one["version"]) for one in bill["components"]}
    assert found == {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in pinned}
    assert sum(len(one["hashes"]) for one in bill["components"]) == lock.count("--hash=sha256:")
    refs = {one["bom-ref"] for one in bill["components"]}
    assert {ref for edge in bill["dependencies"] for ref in edge["dependsOn"]} <= refs
    main(["sbom"])
    assert capsys.readouterr().out == text


def test_without_a_lock_file_it_says_so(tmp_path, capsys):
    assert main(["sbom", "--lock", str(tmp_path / "none")]) == 2
    assert "--lock" in capsys.readouterr().out

"""The commands that need no county: what they say, how they end, and that they leave nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zhengtong.config.cli import main

pytestmark = pytest.mark.usefixtures("capsys")


def ledger_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    """Exit status and the JSON object of the last line."""
    status = main(["clock", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "due"),
    [
        (["--workdays", "7"], "2018-10-24"),
        (["--workdays", "10"], "2018-10-29"),
        (["--workdays", "20"], "2018-11-12"),
        (["--workdays", "7", "--extend", "3"], "2018-10-29"),
        (["--workdays", "7", "--suspend", "2018-10-17..2018-10-19"], "2018-10-26"),
        (
            ["--workdays", "7", "--suspend", "2018-10-17..2018-10-19", "--suspend", "2018-10-18..2018-10-22"],
            "2018-10-29",
        ),
        (["--workdays", "7", "--suspend", "2018-10-17.."], None),
        (["--workdays", "0"], "2018-10-15"),
    ],
)
def test_clock_prints_the_due_day(capsys: pytest.CaptureFixture[str], arguments: list[str], due: str | None) -> None:
    status, found = ledger_of(capsys, "--start", "2018-10-15", *arguments)
    assert status == 0
    assert found["due"] == due
    assert found["days"][0]["why"] == "起算当日不计入"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--start", "2018-02-30", "--workdays", "7"],
        ["--start", "昨天", "--workdays", "7"],
        ["--start", "2018-10-15", "--workdays", "七"],
        ["--start", "2018-10-15", "--workdays", "-1"],
        ["--start", "2018-10-15", "--workdays", "999999999999"],
        ["--start", "2018-10-15", "--workdays", "7", "--extend", "x"],
        ["--start", "2018-10-15", "--workdays", "7", "--suspend", "2018-10-17"],
        ["--start", "2018-10-15", "--workdays", "7", "--suspend", "2018-10-19..2018-10-17"],
        ["--start", "2018-10-15", "--workdays", "7", "--suspend", "2018-10-01..2018-10-17"],
        ["--start", "2031-01-01", "--workdays", "7"],
        ["--start", "9999-12-31", "--workdays", "1"],
    ],
)
def test_clock_answers_bad_input_with_a_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["clock", *arguments]) == 2
    assert capsys.readouterr().out.strip().endswith("。")


@pytest.mark.parametrize(
    ("kind", "value", "status", "word"),
    [
        ("uscc", "11430902006728916M", 0, "正确"),
        ("uscc", "91350100M0001TGQXM", 0, "合法例外"),
        ("uscc", "11430902006728916N", 1, "第18位校验码应为M"),
        ("resident-id", "11010519491231002x", 0, "正确"),
        ("resident-id", "110105194912310021", 1, "应为X"),
        ("resident-id", "", 1, "请填写"),
        ("matter-code", "11430902006728916M4431004129W00", 0, "正确"),
        ("matter-code", "4431004129W00", 1, "应为12位"),
        ("case-number", "431321-261012-00042-0", 1, "最后一位"),
        ("division", "431321", 0, "正确"),
    ],
)
def test_validate(capsys: pytest.CaptureFixture[str], kind: str, value: str, status: int, word: str) -> None:
    assert main(["validate", kind, value]) == status
    assert word in capsys.readouterr().out


def test_validate_accepts_an_exception_with_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "uscc", "11430902006728916N", "--lawful-exception", "登记机关来函确认"]) == 0
    assert "登记机关来函确认" in capsys.readouterr().out


def test_validate_does_not_print_a_whole_citizen_number(capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", "resident-id", "11010519491231002X"])
    assert "19491231" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["clock", "--start", "2018-10-15", "--workdays", "7"], ["validate", "uscc", "11430902006728916M"], ["--help"]],
)
def test_nothing_is_left_behind_in_a_foreign_folder(tmp_path: Path, arguments: list[str]) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DATA", "DJANGO_SETTINGS_MODULE")}
    done = subprocess.run(
        [sys.executable, "-m", "zhengtong.config.cli", *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("clock", "validate"):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert end.value.code == 0
        assert command in capsys.readouterr().out


def begin(data: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """`zhengtong begin` in a process of its own, on an empty data folder."""
    people = [f"--{login}={name}" for login, name in zip(("office", "admin", "security", "audit"), names, strict=True)]
    command = [sys.executable, "-m", "zhengtong.config.cli", "begin", "--county=某某县人民政府", *people]
    env = {**os.environ, "DATA": str(data), "DATABASE_URL": "", "ZHENGTONG_DEMO": ""}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_a_county_begins_once_with_four_persons(tmp_path: Path) -> None:
    refused = begin(tmp_path, "李四", "张三", "张三", "王五")
    assert refused.returncode == 1
    assert "四个不同的人" in refused.stderr
    done = begin(tmp_path, "李四", "张三", "赵六", "王五")
    assert done.returncode == 0, done.stderr
    passwords = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(set(passwords)) == 4
    again = begin(tmp_path, "李四", "张三", "赵六", "王五")
    assert again.returncode == 1
    assert "没有改动" in again.stderr

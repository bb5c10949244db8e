"""Known holes of the pinned packages, by advisories that somebody fetched."""

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.house.code import ROOT
from zhengtong.config import advisories
from zhengtong.config.cli import main

NOW = datetime.now(UTC)
LOCK = "django==5.2.19 \\\n    --hash=sha256:" + "a" * 64 + "\npy-han_ko==1.0.0 \\\n    --hash=sha256:" + "b" * 64


def advisory(number: int, package: str = "Django", *, days: int = 1, severity: str = "HIGH", **affected: Any) -> Any:
    when = (NOW - timedelta(days=days)).isoformat()
    return {
        "id": f"PYSEC-2026-{number}",
        "modified": when,
        "published": when,
        "summary": f"hole {number}",
        "database_specific": {"severity": severity},
        "affected": [{"package": {"ecosystem": "PyPI", "name": package}, **affected}],
    }


def between(*events: tuple[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in events]}]}


def run(folder: Path, capsys: pytest.CaptureFixture[str], *found: Any) -> tuple[int, str]:
    (folder / "lock").write_text(LOCK)
    (folder / "osv").mkdir()
    for number, one in enumerate(found):
        (folder / "osv" / f"{number}.json").write_text(json.dumps(one))
    status = main(["advisories", str(folder / "osv"), "--lock", str(folder / "lock")])
    return status, capsys.readouterr().out


def test_a_hole_is_found_with_its_last_day(tmp_path, capsys):
    status, said = run(
        tmp_path,
        capsys,
        advisory(1, days=11, versions=["5.2.18", "5.2.19"]),
        advisory(2, severity="CRITICAL", **between(("introduced", "5.0"), ("fixed", "5.2.20"))),
        advisory(3, "Py.Han-Ko", days=40, severity="LOW", versions=["1.0.0"]),
    )
    assert status == 1
    lines = said.splitlines()
    assert ["PYSEC-2026-1" in lines[0], "已过期限" in lines[0]] == [True, True], "the one that is late stands first"
    assert ["PYSEC-2026-2" in lines[1], "已过期限" in lines[1]] == [True, False]
    assert (NOW + timedelta(days=2)).date().isoformat() in lines[1]
    assert "py-han-ko 1.0.0" in lines[2]


def test_what_does_not_fit_is_left_out(tmp_path, capsys):
    other = {**advisory(1), "affected": [{"package": {"ecosystem": "npm", "name": "django"}, "versions": ["5.2.19"]}]}
    withdrawn = {**advisory(2, versions=["5.2.19"]), "withdrawn": NOW.isoformat()}
    status, said = run(tmp_path, capsys, other, withdrawn, advisory(3, "flask", versions=["5.2.19"]))
    assert (status, "发现0个" in said, "2个组件和3条公告" in said) == (0, True, True)


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([("introduced", "0"), ("fixed", "5.2.19")], False),
        ([("introduced", "0"), ("fixed", "5.2.20")], True),
        ([("introduced", "0"), ("last_affected", "5.2.19")], True),
        ([("introduced", "0"), ("last_affected", "5.2.9")], False),
        ([("introduced", "4.2"), ("fixed", "4.2.30"), ("introduced", "5.2"), ("fixed", "5.2.21")], True),
        ([("introduced", "4.2"), ("fixed", "4.2.30"), ("introduced", "6.0"), ("fixed", "6.0.1")], False),
        ([("fixed", "5.3"), ("introduced", "5.2.19")], True),
        ([("introduced", "5.10")], False),
        ([], False),
    ],
)
def test_ranges(events, affected):
    assert advisories.is_affected("5.2.19", between(*events)) == affected


def test_old_or_missing_advisories_clear_nobody(tmp_path, capsys):
    status, said = run(tmp_path, capsys, advisory(1, "flask", days=15))
    assert (status, "太旧" in said) == (2, True)
    assert main(["advisories", str(tmp_path / "none"), "--lock", str(tmp_path / "lock")]) == 2
    assert main(["advisories", str(tmp_path / "lock"), "--lock", str(tmp_path / "lock")]) == 2
    assert main(["advisories", str(tmp_path), "--lock", str(tmp_path / "none")]) == 2


def test_the_archive_as_it_is_published_and_our_own_lock(tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("1.json", json.dumps(advisory(1, **between(("introduced", "0")))))
    assert main(["advisories", str(tmp_path / "all.zip"), "--json"]) == 1
    (hole,) = json.loads(capsys.readouterr().out)["holes"]
    pinned = re.search(r"^django==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert (hole["package"], hole["version"], hole["overdue"]) == ("django", pinned[1], False)


def test_the_days_are_those_of_the_policy():
    """ASVS 15.1.1: what SECURITY.md promises is what the command counts."""
    written = dict(
        re.findall(r"^\| (critical|high|moderate|low)[^|]*\| (\d+) days", (ROOT / "SECURITY.md").read_text(), re.M)
    )
    assert {name.upper(): int(days) for name, days in written.items()} == advisories.MEND_WITHIN

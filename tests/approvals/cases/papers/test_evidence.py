"""The evidence pack: complete, checkable, the same every time."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from tests.approvals.cases.papers.samples import COMMON, sample
from zhengtong.approvals.cases.papers import values
from zhengtong.approvals.cases.papers.evidence import Entry, build_evidence_pack, ledger_csv, safe_name
from zhengtong.kernel.errors import Unavailable

AT = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
PAPERS = (Entry("papers", "01-受理通知书.pdf", "受理通知书", b"%PDF-1.7 one"),)
SCAN = Entry("attachments", "营业执照.jpg", "营业执照", lambda: io.BytesIO(b"x" * 200_000))


def packed(**changes: object) -> IO[bytes]:
    """A pack of a small case."""
    parts: dict[str, object] = {
        "papers": PAPERS,
        "ledgers": (values.ClockLedger.model_validate(sample("clock_ledger")),),
        "log": values.EventLog.model_validate(sample("event_log")),
        "attachments": (SCAN,),
        "state": "已办结",
        "at": AT,
    }
    return build_evidence_pack(COMMON, **(parts | changes))  # type: ignore[arg-type]


def test_everything_of_the_case_is_inside_in_a_fixed_order() -> None:
    with zipfile.ZipFile(packed()) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "papers/01-受理通知书.pdf",
            "ledgers/01-法定办结时限.pdf",
            "ledgers/01-法定办结时限.csv",
            "ledgers/01-法定办结时限.json",
            "log/办件过程日志.pdf",
            "log/events.jsonl",
            "attachments/营业执照.jpg",
            "卷宗目录.pdf",
            "index.html",
            "manifest.json",
            "SHA256SUMS",
        ]


def test_every_digest_is_right() -> None:
    with zipfile.ZipFile(packed()) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for member in manifest["members"]:
            content = archive.read(member["name"])
            assert hashlib.sha256(content).hexdigest() == member["sha256"]
            assert len(content) == member["size"]
        sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
        assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
        assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())


def test_the_same_case_gives_the_same_bytes() -> None:
    assert packed().read() == packed().read()


def test_a_changed_file_is_shown_not_hidden() -> None:
    bad = Entry("attachments", "a.txt", "附件", b"changed", sha256="0" * 64)
    with zipfile.ZipFile(packed(attachments=(bad,))) as archive:
        rows = json.loads(archive.read("manifest.json"))["members"]
        assert next(row for row in rows if row["title"] == "附件")["recorded_sha256"] == "0" * 64
        assert "内容与登记时的校验值不符" in archive.read("index.html").decode()


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\a\\b.pdf", "C_a_b.pdf"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("", "unnamed"),
        ("...", "unnamed"),
        ("营业 执照.jpg", "营业 执照.jpg"),
        ("长" * 300 + ".pdf", "长" * 80 + ".pdf"),
    ],
)
def test_names_of_uploads_are_made_safe(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


def test_two_uploads_of_one_name_are_both_kept() -> None:
    same = (Entry("attachments", "a.pdf", "一", b"1"), Entry("attachments", "A.pdf", "二", b"2"))
    with zipfile.ZipFile(packed(attachments=same)) as archive:
        assert archive.read("attachments/a.pdf") == b"1"
        assert archive.read("attachments/A-2.pdf") == b"2"


def test_what_people_wrote_is_escaped_on_the_page() -> None:
    entry = Entry("attachments", "<b>.txt", "<script>alert(1)</script>", b"")
    with zipfile.ZipFile(packed(attachments=(entry,))) as archive:
        page = archive.read("index.html").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_character_no_font_has_does_not_stop_the_pack() -> None:
    entry = Entry("attachments", "照片😀.jpg", "照片😀", b"")
    with zipfile.ZipFile(packed(attachments=(entry,))) as archive:
        assert "attachments/照片😀.jpg" in archive.namelist()


def test_a_stored_file_that_is_gone_is_a_plain_refusal(tmp_path: Path) -> None:
    gone = Entry("attachments", "a.pdf", "附件", lambda: (tmp_path / "gone").open("rb"))
    with pytest.raises(Unavailable, match="卷宗没有生成"):
        packed(attachments=(gone,))


def test_the_ledger_table_opens_in_a_spreadsheet_and_runs_no_formula() -> None:
    ledger = values.ClockLedger.model_validate(sample("clock_ledger"))
    days = (ledger.days[0].model_copy(update={"why": "=HYPERLINK(1)"}), *ledger.days[1:])
    content = ledger_csv(ledger.model_copy(update={"days": days}))
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1][4] == "'=HYPERLINK(1)"
    assert rows[-1][:3] == ["2026-10-30", "计入", "20"]
    assert len(rows) == len(ledger.days) + 1

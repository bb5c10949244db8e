"""The evidence pack: one ZIP with everything a case has left behind, fit for 复议, 诉讼 and 归档.

Streamed to a file, never held in memory; the same entries give the same bytes. Every member's SHA-256 stands in
`manifest.json` (for machines), `index.html` and `卷宗目录.pdf` (for people), and in `SHA256SUMS` (for `sha256sum -c`).
"""

import csv
import hashlib
import html
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO
from urllib.parse import quote

from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.papers import values
from zhengtong.approvals.cases.papers.render import render
from zhengtong.kernel.errors import Unavailable

CHUNK = 1 << 16
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]+')


@dataclass(frozen=True)
class Entry:
    """One thing to pack. `content`: bytes, or a function that opens a binary stream when its turn comes.

    `folder` is one of our own words (papers, attachments …); `name` may be what somebody called a file: it is made safe.
    """

    folder: str
    name: str
    title: str
    content: bytes | Callable[[], IO[bytes]]
    sha256: str = ""
    """What the database says the digest is; a difference is noted in the manifest, never hidden."""


@dataclass
class Packed:
    """What was written for an entry."""

    name: str
    title: str
    size: int
    sha256: str
    expected: str = ""

    @property
    def intact(self) -> bool:
        """False when the content is no longer what was once recorded."""
        return not self.expected or self.expected == self.sha256


@dataclass
class _Writer:
    archive: zipfile.ZipFile
    at: datetime
    packed: list[Packed] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        name = self._free(f"{entry.folder}/{safe_name(entry.name)}" if entry.folder else safe_name(entry.name))
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name, date_time=timezone.localtime(self.at).timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self.archive.open(info, "w", force_zip64=True) as target:
            for chunk in _chunks(entry.content):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.packed.append(Packed(name, entry.title, size, digest.hexdigest(), entry.sha256))

    def _free(self, name: str) -> str:
        """Two uploads may carry the same name: the second gets a number."""
        taken = {item.name.casefold() for item in self.packed}
        stem, dot, ending = name.rpartition(".") if "." in name.rsplit("/", 1)[-1] else (name, "", "")
        number, free = 2, name
        while free.casefold() in taken:
            free = f"{stem}-{number}{dot}{ending}"
            number += 1
        return free


def safe_name(name: str) -> str:
    """A file name that every system can unpack and that cannot leave its folder."""
    cleaned = _FORBIDDEN.sub("_", name).strip(" .")
    stem, dot, ending = cleaned.rpartition(".")
    if dot and len(ending) <= 8:
        return f"{stem[:80]}.{ending}"
    return cleaned[:80] or "unnamed"


def _chunks(content: bytes | Callable[[], IO[bytes]]) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def build_evidence_pack(
    common: Mapping[str, object],
    *,
    papers: Iterable[Entry],
    ledgers: Iterable[values.ClockLedger] = (),
    log: values.EventLog | None = None,
    attachments: Iterable[Entry] = (),
    state: str = "",
    at: datetime,
) -> IO[bytes]:
    """A temporary file with the ZIP, at its beginning; it is deleted when closed.

    `common`: the fields of `values.Paper` for the index. `papers` and `attachments` keep their order. Raises
    `Unavailable` when the disk is full or a stored file cannot be read.
    """
    target = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller, who streams and closes it
    try:
        with zipfile.ZipFile(target, "w") as archive:
            writer = _Writer(archive, at)
            for entry in _in_order(papers, ledgers, log, attachments):
                writer.add(entry)
            _add_indexes(writer, common, state)
    except OSError as error:
        target.close()
        raise Unavailable(
            _("卷宗没有生成：磁盘空间不足，或者有文件读不出来。请稍后再试，仍不行时告知信息技术人员。")
        ) from error
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _in_order(
    papers: Iterable[Entry],
    ledgers: Iterable[values.ClockLedger],
    log: values.EventLog | None,
    attachments: Iterable[Entry],
) -> Iterator[Entry]:
    yield from papers
    for number, ledger in enumerate(ledgers, start=1):
        yield from _ledger_entries(number, ledger)
    if log is not None:
        yield from _log_entries(log)
    yield from attachments


def _ledger_entries(number: int, ledger: values.ClockLedger) -> Iterator[Entry]:
    """One clock as a paper, as a table and as JSON."""
    name, title = f"{number:02d}-{ledger.clock_name}", f"期限台账：{ledger.clock_name}"
    yield Entry("ledgers", f"{name}.pdf", title, render("clock_ledger", ledger))
    yield Entry("ledgers", f"{name}.csv", f"{title}（表格）", ledger_csv(ledger))
    yield Entry("ledgers", f"{name}.json", f"{title}（数据）", _json(ledger.model_dump(mode="json")))


def ledger_csv(ledger: values.ClockLedger) -> bytes:
    """The days as CSV with a byte order mark, as spreadsheet programs expect of Chinese text."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["日期", "是否计入", "累计工作日", "类别", "说明", "依据"])
    for row in ledger.days:
        counts = "计入" if row.counts else "不计"
        writer.writerow([row.day.isoformat(), counts, row.number, row.kind, _cell(row.why), _cell(row.basis)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _cell(text: str) -> str:
    """Keeps a spreadsheet from taking somebody's words for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def _log_entries(log: values.EventLog) -> Iterator[Entry]:
    rows = "".join(json.dumps(event.model_dump(mode="json"), ensure_ascii=False) + "\n" for event in log.events)
    yield Entry("log", "办件过程日志.pdf", "办件过程日志", render("event_log", log))
    yield Entry("log", "events.jsonl", "办件过程日志（数据，每行一个事件）", rows.encode())


def _add_indexes(writer: _Writer, common: Mapping[str, object], state: str) -> None:
    members = tuple(writer.packed)
    lines = tuple(values.PackedLine(name=m.name, title=m.title, size=m.size, sha256=m.sha256) for m in members)
    index = values.EvidenceIndex.model_validate({**common, "members": lines, "packed_at": writer.at, "state": state})
    writer.add(Entry("", "卷宗目录.pdf", "卷宗目录", render("evidence_index", index)))
    writer.add(Entry("", "index.html", "卷宗目录（网页）", _page(index, members)))
    writer.add(Entry("", "manifest.json", "清单（数据）", _json(_manifest(index, writer.packed))))
    sums = "".join(f"{member.sha256}  {member.name}\n" for member in writer.packed)
    writer.add(Entry("", "SHA256SUMS", "校验值", sums.encode()))


def _manifest(index: values.EvidenceIndex, members: Iterable[Packed]) -> dict[str, object]:
    rows = []
    for member in members:
        row: dict[str, object] = {"name": member.name, "title": member.title, "size": member.size}
        row["sha256"] = member.sha256
        if not member.intact:
            row["recorded_sha256"] = member.expected
        rows.append(row)
    return {
        "format": "zhengtong-evidence-pack/1",
        "case_number": index.case_number,
        "machine_number": index.machine_number,
        "matter": index.matter_name,
        "applicant": index.applicant_name,
        "organ": index.organ,
        "state": index.state,
        "packed_at": index.packed_at,
        "members": rows,
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


_ROW = '<tr><td>{number}</td><td><a href="{link}">{title}</a>{note}<br><small>{name}</small></td><td>{size:,}</td><td><code>{sha256}</code></td></tr>'
_PAGE = """<!doctype html>
<html lang="zh-Hans"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>卷宗目录 {case_number}</title></head>
<body><h1>卷宗目录</h1>
<p>{organ}　{matter}　{applicant}<br>办件编号 {case_number}　{state}　成卷时间 {packed_at}</p>
<table border="1" cellpadding="6"><caption>文件 {count} 个</caption>
<thead><tr><th>序号</th><th>文件</th><th>字节</th><th>SHA-256</th></tr></thead><tbody>
{rows}
</tbody></table>
<p>校验：在本目录运行 <code>sha256sum -c SHA256SUMS</code>，任何改动都会被发现。</p></body></html>
"""


def _page(index: values.EvidenceIndex, members: tuple[Packed, ...]) -> bytes:
    """A page that opens from a disk, without scripts and styles; everything foreign is escaped."""
    rows = "\n".join(_row(number, member) for number, member in enumerate(members, start=1))
    words = {
        "case_number": index.case_number,
        "organ": index.organ,
        "matter": index.matter_name,
        "applicant": index.applicant_name,
        "state": index.state,
        "packed_at": index.packed_at,
    }
    return _PAGE.format(
        count=len(members), rows=rows, **{key: html.escape(text) for key, text in words.items()}
    ).encode()


def _row(number: int, member: Packed) -> str:
    note = "" if member.intact else "<br><strong>内容与登记时的校验值不符</strong>"
    return _ROW.format(
        number=number,
        link=html.escape(_link(member.name)),
        title=html.escape(member.title),
        note=note,
        name=html.escape(member.name),
        size=member.size,
        sha256=member.sha256,
    )


def _link(name: str) -> str:
    return quote(name)

"""Uploads are judged by their content; what is refused leaves nothing behind."""

import io
import resource
import signal
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.files import samples
from tests.foundation.files.conftest import Receive, on_disk
from zhengtong.foundation.files import inspection
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files.models import StoredFile
from zhengtong.foundation.files.names import LONGEST, safe_name
from zhengtong.kernel.errors import Unavailable, ZhengtongError

MACRO = samples.DOCX_PARTS | {
    "[Content_Types].xml": b'<Types ContentType="application/vnd.ms-word.document.macroEnabled"/>'
}


def encrypted(content: bytes) -> bytes:
    """Set the flag that says entries are encrypted, in local headers and directory."""
    marked = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = marked.find(signature)
        while at >= 0:
            marked[at + offset] |= 1
            at = marked.find(signature, at + 4)
    return bytes(marked)


def wide_png() -> bytes:
    """A PNG that claims 20000 × 20000 pixels in 33 bytes."""
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return body + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


REFUSED: dict[str, tuple[str, bytes, int]] = {
    "empty": ("a.pdf", b"", 422),
    "pdf cut off": ("a.pdf", samples.pdf(b"x" * 9000)[:-2100], 422),
    "jpeg cut off": ("a.jpg", samples.JPG[:-300], 422),
    "png cut off": ("a.png", samples.PNG[:-300], 422),
    "docx cut off": ("a.docx", samples.DOCX[:-30], 422),
    "docx with a broken entry": ("a.docx", samples.DOCX.replace(b"PK\x01\x02", b"PK\x09\x09", 1), 422),
    "png called jpg": ("a.jpg", samples.PNG, 422),
    "pdf called docx": ("a.docx", samples.PDF, 422),
    "pdf called exe": ("a.pdf.exe", samples.PDF, 422),
    "exe called pdf": ("a.pdf", b"MZ\x90\x00" + b"\0" * 500, 415),
    "html": ("a.html", b"<!doctype html><script>alert(1)</script>", 415),
    "html called png": ("a.png", b"  <html><body></body></html>", 415),
    "svg": ("a.svg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', 415),
    "svg called jpg": ("a.jpg", b"<svg></svg>", 415),
    "html before a pdf": ("a.pdf", b"<html>" + samples.PDF, 415),
    "plain text": ("a.txt", "你好".encode(), 415),
    "gif": ("a.gif", samples.image("GIF"), 415),
    "zip": ("a.zip", samples.package({"a.txt": b"a"}), 415),
    "zip called docx": ("a.docx", samples.package({"a.txt": b"a"}), 415),
    "old doc": ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, 415),
    "macros": ("a.docx", samples.docx(**{"word__vbaProject.bin": b"x"}), 422),
    "macros by declaration": ("a.docx", samples.package(MACRO), 422),
    "bomb": ("a.docx", samples.docx(word__media=b"\0" * 40_000_000), 422),
    "bomb of many": ("a.docx", samples.docx(**{f"word__{n}": b"" for n in range(3100)}), 422),
    "archive inside": ("a.xlsx", samples.package({"xl/workbook.xml": b""}, more={"xl/inner.zip": b"PK"}), 422),
    "way out of the folder": ("a.docx", samples.docx(**{"..__..__etc": b"x"}), 422),
    "encrypted": ("a.docx", encrypted(samples.DOCX), 422),
    "too many pixels": ("a.png", wide_png(), 422),
    "heic": ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 64, 415),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_gets_a_sentence_and_leaves_nothing(why: str, receive: Receive, store: Path) -> None:
    name, content, status = REFUSED[why]
    with pytest.raises(files.CannotReceiveFile) as refusal:
        receive(name, content)
    assert refusal.value.status == status
    assert "。" in str(refusal.value.fields["file"])
    assert not files.Attachment.objects.exists()
    assert not StoredFile.objects.exists()
    assert on_disk(store) == []


@pytest.mark.parametrize("name", samples.EVERY)
def test_every_allowed_kind_is_taken(name: str, receive: Receive) -> None:
    attachment = receive(name, samples.EVERY[name])
    extension = name.replace("jpeg", "jpg").rpartition(".")[2]
    assert attachment.mime == inspection.MIMES[extension]
    assert attachment.name == f"a.{extension}"
    with files.open_(attachment) as content:
        assert content.read() == samples.EVERY[name]


def test_a_photo_without_extension_gets_one(receive: Receive) -> None:
    assert receive("image", samples.JPG).name == "image.jpg"


def test_a_large_phone_photo_is_taken(receive: Receive) -> None:
    assert receive("photo.jpg", samples.image("JPEG", (2400, 1800))).size > 1_000_000


def test_a_file_over_the_limit_is_refused_while_it_comes(receive: Receive, store: Path, settings: Any) -> None:
    settings.FILES_MAX_MB = 0.01
    read: list[int] = []

    class Endless(SimpleUploadedFile):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            while True:
                read.append(1)
                yield b"x" * 4096

    with pytest.raises(files.FileTooLarge) as refusal:
        receive("a.pdf", b"", upload=Endless("a.pdf", b""))
    assert refusal.value.status == 413
    assert len(read) == 3
    assert on_disk(store) == []


def test_the_same_paper_handed_in_twice_is_kept_once(receive: Receive, store: Path) -> None:
    first, second = receive("甲.pdf", samples.PDF), receive("乙.pdf", samples.PDF, owner_id=2)
    assert first.stored == second.stored
    (path,) = on_disk(store)
    assert path.parts[-3:] == (first.stored.digest[:2], first.stored.digest[2:4], first.stored.digest)


def test_removing_keeps_the_evidence_and_hides_the_paper(receive: Receive, store: Path, now: datetime) -> None:
    attachment, other = receive("甲.pdf", samples.PDF), receive("乙.png", samples.PNG)
    files.remove(attachment=attachment, at=now)
    assert attachment.removed_at == now
    assert files.attachments_of("thing", 1) == [other]
    assert len(on_disk(store)) == 2


def test_papers_of_the_county_are_kept_as_they_are(db: None, now: datetime) -> None:
    pack = samples.package({"a.txt": b"a"})
    attachment = files.keep_bytes(
        content=iter([pack[:10], pack[10:]]),
        name="证据包.zip",
        mime="application/zip",
        owner_kind="case",
        owner_id=1,
        by=None,
        at=now,
    )
    assert (attachment.name, attachment.mime, attachment.size) == ("证据包.zip", "application/zip", len(pack))
    with files.open_(attachment) as content:
        assert zipfile.ZipFile(io.BytesIO(content.read())).namelist() == ["a.txt"]


@contextmanager
def disk_that_takes(limit: int) -> Iterator[None]:
    """A disk on which a file may really not grow beyond `limit` bytes: writing more fails in the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_is_said_and_leaves_nothing_behind(receive: Receive, store: Path) -> None:
    """The database has all it needs in memory; the file alone meets the end of the disk."""
    with pytest.raises(Unavailable) as refusal, disk_that_takes(50_000):
        receive("a.pdf", samples.pdf(b"x" * 200_000))
    assert refusal.value.status == 503
    assert "。" in refusal.value.message
    assert not files.Attachment.objects.exists()
    assert on_disk(store) == []


def test_a_paper_of_the_county_meets_a_full_disk_too(db: None, store: Path, now: datetime) -> None:
    with pytest.raises(Unavailable), disk_that_takes(50_000):
        files.keep_bytes(
            content=b"x" * 200_000, name="a.pdf", mime="application/pdf", owner_kind="case", owner_id=1, by=None, at=now
        )
    assert on_disk(store) == []


def test_content_that_the_disk_lost_is_said(receive: Receive, store: Path) -> None:
    attachment = receive("a.pdf", samples.PDF)
    for path in on_disk(store):
        path.unlink()
    with pytest.raises(ZhengtongError) as refusal:
        files.open_(attachment)
    assert refusal.value.status == 503
    assert receive("a.pdf", samples.PDF).stored == attachment.stored
    assert on_disk(store)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("身份证 正面.JPG", "身份证 正面.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\我\\合同.pdf", "合同.pdf"),
        ("合同\u202efdp.pdf", "合同fdp.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("CON.pdf", "附件.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "附件.pdf"),
        ("…", "….pdf"),
    ],
)
def test_names_are_made_safe(given_name: str, kept: str) -> None:
    assert safe_name(given_name, extension="pdf") == kept


@given(st.text(max_size=300))
def test_a_safe_name_is_short_flat_and_visible(name: str) -> None:
    kept = safe_name(name, extension="pdf")
    assert len(kept) <= LONGEST
    assert kept.endswith(".pdf")
    assert len(kept) > 4
    assert not set(kept) & set('\\/:*?"<>|\r\n\t\0')
    assert kept.isprintable() or " " in kept or any(ord(c) > 127 for c in kept)


@given(st.binary(max_size=400))
def test_no_bytes_whatever_pass_as_a_paper_by_accident(content: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with pytest.raises(files.CannotReceiveFile):
            inspection.inspect(Path(file.name), name="a.pdf")

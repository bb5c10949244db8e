"""The county's virus scanner is asked about every upload; when it is set and silent, nothing is taken in."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.files import samples
from tests.foundation.files.conftest import Receive, on_disk
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files import scanning
from zhengtong.kernel.errors import Unavailable

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file every scanner knows (EICAR), in two parts so that none finds it here."""


class Clamd(socketserver.StreamRequestHandler):
    """The INSTREAM and PING commands as clamd(8) describes them, with one signature."""

    def handle(self) -> None:
        command = self._until_nul()
        if command == b"zPING":
            self.wfile.write(b"PONG\0")
            return
        content = b""
        while size := int.from_bytes(self.rfile.read(4), "big"):
            content += self.rfile.read(size)
        self.server.seen.append(content)  # type: ignore[attr-defined]
        said = {b"broken": b"INSTREAM size limit exceeded. ERROR", b"silent": b""}.get(content[-6:])
        if said is None:
            said = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        self.wfile.write(said + b"\0" if said else b"")

    def _until_nul(self) -> bytes:
        read = b""
        while not read.endswith(b"\0"):
            read += self.rfile.read(1)
        return read[:-1]


@pytest.fixture(params=["unix", "tcp"])
def clamd(request: Any, tmp_path: Path, settings: Any) -> Iterator[Any]:
    if request.param == "unix":
        server: Any = socketserver.ThreadingUnixStreamServer(str(tmp_path / "clamd.ctl"), Clamd)
        settings.VIRUS_SCANNER = str(tmp_path / "clamd.ctl")
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)
        settings.VIRUS_SCANNER = f"127.0.0.1:{server.server_address[1]}"
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_known_virus_is_refused_and_a_clean_paper_taken(clamd: Any, receive: Receive, store: Path) -> None:
    with pytest.raises(scanning.HarmfulFile) as refusal:
        receive("a.pdf", samples.pdf(EICAR))
    assert (refusal.value.status, refusal.value.code) == (422, "file_harmful")
    assert not files.Attachment.objects.exists()
    assert on_disk(store) == []
    long = samples.pdf(b"x" * 200_000)
    assert receive("a.pdf", long).size == len(long)
    assert clamd.seen[-1] == long, "the scanner sees the plain content, every piece of it"
    assert scanning.answers()


@pytest.mark.parametrize("end", [b"broken", b"silent"])
def test_no_clear_answer_is_no_consent(end: bytes, clamd: Any, receive: Receive, store: Path) -> None:
    with pytest.raises(Unavailable, match="没有接收"):
        receive("a.pdf", samples.pdf(b"") + b"\n%" + end)
    assert on_disk(store) == []


@pytest.mark.parametrize("where", ["/nowhere/clamd.ctl", "127.0.0.1:1", "nonsense"])
def test_a_scanner_that_is_away_holds_uploads_back(where: str, settings: Any, receive: Receive, store: Path) -> None:
    settings.VIRUS_SCANNER = where
    assert not scanning.answers()
    with pytest.raises(Unavailable):
        receive("a.pdf", samples.PDF)
    assert on_disk(store) == []
    settings.VIRUS_SCANNER = ""
    assert receive("a.pdf", samples.PDF).size == len(samples.PDF)

"""What is asked over HTTP is asked at the configured address and nowhere else (ASVS 15.3.2)."""

import threading
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from zhengtong.kernel import outward


class Answering(BaseHTTPRequestHandler):
    """`/here` answers, every other path leads there."""

    def do_GET(self) -> None:
        here = self.path == "/here"
        self.send_response(200 if here else int(self.path[1:]))
        if not here:
            self.send_header("Location", "/here")
        self.end_headers()
        self.wfile.write(b"here" if here else b"")

    def log_message(self, *_words: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_that_leads_elsewhere_is_not_followed(address: str) -> None:
    with outward.ask(f"{address}/here", timeout=5) as answer:
        assert answer.read() == b"here"
    for status in (301, 302, 303, 307, 308):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            outward.ask(f"{address}/{status}", timeout=5)
        assert refusal.value.code == status
        refusal.value.close()

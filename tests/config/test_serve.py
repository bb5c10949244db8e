"""`zhengtong serve`: where it may listen, and what it says when it may not."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from zhengtong.config.commands import serve
from zhengtong.config.processes import Children, answers


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def zhengtong(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhengtong.config.cli", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)


class TestPort:
    @pytest.mark.parametrize("text", ["8000", "1", "65535"])
    def test_numbers_that_are_ports(self, text):
        assert serve.port_number(text) == int(text)

    @pytest.mark.parametrize("text", ["", "0", "65536", "-1", "80 00", "８０００", "http"])
    def test_others_are_refused(self, text):
        with pytest.raises(argparse.ArgumentTypeError, match="端口"):
            serve.port_number(text)

    def test_a_free_port_is_no_problem(self, taken):
        assert serve.port_problem("127.0.0.1", serve.other_port(taken)) == ""

    def test_a_taken_port_is_named_with_one_that_is_free(self, taken):
        problem = serve.port_problem("127.0.0.1", taken)
        assert f"端口{taken}已被" in problem
        assert f"PORT={serve.other_port(taken)}" in problem

    @pytest.mark.parametrize("command", ["serve", "demo"])
    def test_the_command_ends_with_the_sentence(self, taken, tmp_path, command):
        done = zhengtong(command, PORT=str(taken), DATA=str(tmp_path))
        assert done.returncode == 1
        assert f"Port {taken} is taken" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.process
def test_it_answers_on_this_machine_only_and_ends_when_told(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/static/ui/ui.css"
    with Children(tmp_path, log=tmp_path / "log") as children:
        web = children.start("web", "serve", "--port", str(port))
        children.wait_until(lambda: answers(address), 60)
        with urllib.request.urlopen(address) as answer:
            assert answer.headers["Content-Type"].startswith("text/css")
        with socket.socket() as outside:
            assert outside.connect_ex((own_address(), port)) != 0
        web.send_signal(signal.SIGTERM)
        assert web.wait(30) == 0
        children.running.clear()
    assert not answers(address)


def own_address() -> str:
    """Another address of this machine, as others see it; on a machine without a network one that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.9.9.9"
        return str(probe.getsockname()[0])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = tmp_path_factory.mktemp("served")
    with Children(folder, log=folder / "log") as children:
        web = children.start("web", "serve", "--port", str(port), "--workers", "1")
        children.wait_until(lambda: answers(f"http://127.0.0.1:{port}/static/ui/ui.css"), 60)
        yield port
        web.send_signal(signal.SIGTERM)
        assert web.wait(30) == 0
        children.running.clear()


def said_to(port: int, *lines: str, body: bytes = b"") -> bytes:
    """What the server answers to these very bytes until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "Host: 127.0.0.1", "", ""]).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer


def test_no_websocket_is_spoken(served):
    """ASVS 4.4: nobody is switched over."""
    for address in ("/", "/account/", "/api/matters"):
        answer = said_to(
            served,
            f"GET {address} HTTP/1.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        )
        assert not answer.startswith(b"HTTP/1.1 101")


CSS = "/static/ui/ui.css"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 5", "Content-Length: 6"], b"12345"),
        (["Content-Length: +5"], b"12345"),
        (["Content-Length: 5, 6"], b"12345"),
        (["Transfer-Encoding: identity, chunked, x"], b"0\r\n\r\n"),
        (["Transfer-Encoding : chunked"], b"0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"zz\r\n\r\n"),
        (["X: a\n b: c\x00"], b""),
    ],
)
def test_the_end_of_a_request_is_not_in_dispute(served, headers, body):
    """ASVS 4.2.1: a request of which two readers could see two ends is refused; with both lengths the chunks count."""
    answer = said_to(served, f"POST {CSS} HTTP/1.1", *headers, body=body + f"GET {CSS} HTTP/1.1\r\n\r\n".encode())
    assert b"HTTP/1.1 200" not in answer
    assert answer.count(b"HTTP/1.1") <= 1


def test_with_both_lengths_the_chunks_count(served):
    """RFC 9112 6.3: what follows the last chunk is the next request, whatever Content-Length says."""
    follows = f"GET {CSS} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
    both = ["Content-Length: 500", "Transfer-Encoding: chunked"]
    answer = said_to(served, f"POST {CSS} HTTP/1.1", *both, body=b"0\r\n\r\n" + follows)
    assert answer.count(b"HTTP/1.1") in (1, 2)
    assert answer.count(b"HTTP/1.1 200") <= 1

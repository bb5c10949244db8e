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

"""`zhengtong serve`: the web pages by granian, in this machine's own processes, on the loopback address unless told otherwise."""

import argparse
import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from zhengtong.config.processes import return_memory

WORKERS = 2
THREADS = 4
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# A page that is being computed when the server stops may be finished; a browser that holds its connection open may not wait.
STOP_SECONDS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen and with how many hands."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)"
    )
    parser.add_argument(
        "--port", type=port_number, default=os.environ.get("PORT") or "8000", help="default: $PORT or 8000"
    )
    parser.add_argument("--workers", type=int, default=WORKERS, metavar="N", help=f"web processes (default: {WORKERS})")
    parser.add_argument(
        "--threads", type=int, default=THREADS, metavar="N", help=f"threads in each (default: {THREADS})"
    )


def port_number(text: str) -> int:
    """A port a program may listen on."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(
            f"“{text}”不是端口号，请用1至65535的整数。 / not a port: use a number from 1 to 65535"
        )
    return int(text)


def port_problem(host: str, port: int) -> str:
    """Why nobody can listen there now, as a sentence; empty when one can.

    Asked before the server starts: granian shares ports (SO_REUSEPORT), so two servers would answer by turns.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return _sentence(error, host, port)
    return ""


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"端口{port}已被别的程序占用。请先关掉它，或换一个端口，例如 PORT={other_port(port)}。\n"
            f"Port {port} is taken by another program. Stop it, or choose another port, such as PORT={other_port(port)}."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"没有权限使用端口{port}。请换一个1024以上的端口，例如 PORT=8000。\n"
            f"Not allowed to use port {port}. Choose one above 1024, such as PORT=8000."
        )
    return f"无法在{host}上监听：{error.strerror}。\nCannot listen on {host}: {error.strerror}."


def other_port(port: int) -> int:
    """The next port that is free on this machine."""
    for candidate in range(port + 1, min(port + 100, 65535)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    return 8080


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; exit 1 with a sentence when the port is taken."""
    if problem := port_problem(options.host, options.port):
        print(problem, file=sys.stderr)
        return 1
    if options.host not in LOOPBACK:
        print(
            f"注意：{options.host}上的其他电脑可以访问。请放在TLS代理之后，并设置ZHENGTONG_HOSTS和ZHENGTONG_HTTPS=1。\n"
            "Other machines can reach this: put a TLS proxy in front and set ZHENGTONG_HOSTS and ZHENGTONG_HTTPS=1.",
            file=sys.stderr,
        )
    from zhengtong.config.commands.messages import compile_if_stale

    compile_if_stale()
    _static_folder()
    return_memory()
    serve = _granian(options)
    print(f"政通 http://{_shown(options.host)}:{options.port}/", flush=True)
    serve()
    return 0


def _static_folder() -> None:
    """Where a proxy's copy of the static files would stand (STATIC_ROOT); whitenoise warns of a folder that is not there.

    Named here once more, because reading the settings would load Django into the process that only watches the others.
    """
    (Path(os.environ.get("DATA") or "var") / "static").mkdir(parents=True, exist_ok=True)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _granian(options: argparse.Namespace) -> Callable[[], None]:
    """granian with the settings that were measured: docs/decisions/0003-one-server-process-tree.md."""
    from granian.constants import HTTPModes, Interfaces, RuntimeModes
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "zhengtong.config.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=max(1, options.workers),
        blocking_threads=max(1, options.threads),
        blocking_threads_idle_timeout=600,
        runtime_threads=1,
        runtime_mode=RuntimeModes.mt,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        backpressure=256,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    return server.serve

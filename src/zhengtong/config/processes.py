"""Child processes of the product: web and worker, started together, watched together, stopped together."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from zhengtong.kernel import outward

STOP_SECONDS = 15
WORKER_SIGN = "worker.alive"


class CannotRun(Exception):
    """The processes cannot start or go on; the message says what to do."""


def answers(address: str) -> bool:
    """True when a web server answers there with anything but an error of its own."""
    try:
        with outward.ask(address, timeout=10):
            return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False


def works(data: Path, since: float) -> bool:
    """True when a worker over this folder has given a sign of life after `since` (`time.time()`): the web records what it does from then on."""
    sign = data / WORKER_SIGN
    return sign.exists() and sign.stat().st_mtime >= since


def return_memory() -> None:
    """Make glibc give freed memory back; a process that is forked from this one does the same. Elsewhere: nothing.

    A password check takes 19 MB and a printed paper more, in whichever thread. Left alone, glibc keeps such blocks for later in an
    arena per thread; here blocks above 512 KB are mapped and unmapped, and all threads share two arenas.
    """
    if sys.platform != "linux":
        return
    import ctypes

    arena_max, mmap_threshold, trim_threshold = -8, -3, -1
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library, such as musl, which does so by itself
        return
    for parameter, value in ((arena_max, 2), (mmap_threshold, 512 * 1024), (trim_threshold, 512 * 1024)):
        mallopt(parameter, value)


class Children:
    """The processes over one data folder, each in a group of its own: Ctrl-C reaches only this one, which stops them
    in order. Use it as a context: whatever happens inside, nothing is left running. `log` takes what they print.
    """

    def __init__(self, data: Path, *, log: Path | None = None, **environment: str) -> None:
        self.log = log
        self.running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.spare: set[int] = set()
        self.stop = threading.Event()
        self.environment = {**os.environ, "DATA": str(data), "PYTHONUNBUFFERED": "1", **environment}

    def __enter__(self) -> "Children":
        return self

    def stop_on_signals(self) -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal end the waiting instead of this process."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: self.stop.set())

    def __exit__(self, *exception: object) -> None:
        for name, child in reversed(self.running):
            _end(name, child)
        self.running.clear()

    def start(self, name: str, *arguments: str, needed: bool = True) -> subprocess.Popen[bytes]:
        """Start `zhengtong …` as a child that is called `name` when it is spoken of; the others go on without one that is not needed."""
        command = [sys.executable, "-m", "zhengtong.config.cli", *arguments]
        with self.log.open("ab") if self.log else nullcontext() as out:
            child = subprocess.Popen(
                command,
                env=self.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.running.append((name, child))
        if not needed:
            self.spare.add(child.pid)
        return child

    def run(self, *arguments: str) -> int:
        """Run one command to its end and return its status; Ctrl-C ends it."""
        child = self.start(arguments[0], *arguments)
        while child.poll() is None:
            if self.stop.wait(0.1):
                raise KeyboardInterrupt
        self.running.pop()
        return child.returncode

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for the web to answer."""
        until = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > until:
                raise CannotRun(f"网页在{seconds:.0f}秒内没有应答。\nThe web did not answer within {seconds:.0f} s.")
            if self.stop.wait(0.1):
                raise KeyboardInterrupt

    def watch(self) -> None:
        """Stay until Ctrl-C; a child that ends by itself ends everything with a sentence."""
        while not self.stop.wait(0.5):
            self.check()

    def check(self) -> None:
        """Raises `CannotRun` when a child has ended by itself."""
        for name, child in self.running:
            if child.poll() is not None and child.pid not in self.spare:
                raise CannotRun(
                    f"{name} 意外停止（状态{child.returncode}），已全部停止，原因见上。再运行一次即可，数据没有丢。\n"
                    f"{name} ended unexpectedly (status {child.returncode}); everything was stopped, the reason stands "
                    "above. Run it again: no data is lost."
                )


def _die_with_parent() -> None:
    """On Linux a child is told to stop when its parent is killed without a chance to tell it (PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _end(name: str, child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{name} 没有按时停止，强行结束。 {name} did not stop in time: killed.", file=sys.stderr)
    # The group outlives its leader when the leader was killed: granian's workers are in it.
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()

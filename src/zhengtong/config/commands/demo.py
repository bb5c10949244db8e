"""`zhengtong demo`: a whole county on this machine. Migrates, loads the county once, serves and works until Ctrl-C.

This process only watches: loading, serving and working are child processes, so that it stays small, and so that none of
them outlives it. The county itself is played by the package `demo` at the root of the source tree, which is no part of
the installed product: this command adds that folder to the import path.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from unicodedata import east_asian_width
from urllib.parse import urlsplit

from zhengtong.config.commands import serve
from zhengtong.config.processes import CannotRun, Children, answers, works

ROOT = Path(__file__).resolve().parents[4]
LOADED, LOADING, WITNESS = "demo-loaded", "demo-loading", "witness"
KEPT_ON_RESTART = ("secret.key", "demo.lock", "static")
READY_SECONDS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Port and data folder come from the environment as well: PORT= and DATA=."""
    parser.add_argument("--port", type=serve.port_number, default=os.environ.get("PORT") or "8000")
    parser.add_argument("--load-only", action="store_true", help="prepare the county and stop; what `demo` runs first")
    parser.add_argument("--reset", action="store_true", help="remove the demo's data folder and stop")


def run(options: argparse.Namespace) -> int:
    """Prepare, run and watch the county; exit 1 with a sentence when something stands in the way."""
    os.environ["ZHENGTONG_DEMO"] = "1"
    os.environ.setdefault("ZHENGTONG_URL", f"http://127.0.0.1:{options.port}")
    data = Path(os.environ.get("DATA") or "var").resolve()
    try:
        if options.load_only:
            prepare(data)
            return 0
        if not options.reset and (problem := serve.port_problem("127.0.0.1", options.port)):
            raise CannotRun(problem)
        with _held(data / "demo.lock", "另一个演示正在使用这个文件夹", "Another demo is using this folder"):
            return _reset(data) if options.reset else _run(data, options.port)
    except CannotRun as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n已停止。 / Stopped.", file=sys.stderr)
        return 130


@contextmanager
def _held(path: Path, chinese: str, english: str) -> Iterator[None]:
    """Hold the data folder by a lock that ends with the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"{chinese}（{path.parent}）。请先停掉它，或用 DATA= 指定另一个文件夹。\n"
                f"{english} ({path.parent}). Stop it, or name another folder with DATA=."
            ) from None
        yield


def _run(data: Path, port: int) -> int:
    started, since = time.monotonic(), time.time()
    with Children(data) as children:
        children.stop_on_signals()
        if _mark(data) != _wanted():
            _prepare_in_child(children, port)
        with suppress(KeyboardInterrupt):  # the county is there: Ctrl-C from here on is the ordinary end
            print("启动网页与后台 Starting web and worker …", flush=True)
            children.start("后台 worker", "work")
            children.start("网页 web", "serve", "--port", str(port))
            address = f"http://127.0.0.1:{port}/"
            children.wait_until(lambda: answers(address) and works(data, since), READY_SECONDS)
            _start_witness(children, data, address)
            _welcome(data, address, time.monotonic() - started)
            children.watch()
    print(f"\n已停止，数据保留在{data}。 Stopped; the data stays in {data}.")
    return 0


def _start_witness(children: Children, data: Path, address: str) -> None:
    """The demo's other body, which watches the county's log from a folder of its own; the county goes on without it."""
    if (data / WITNESS / "witness.json").exists():
        run = ("witness", "run", str(data / WITNESS), "--log", f"{address}audit/log/", "--every", "20", "--quiet")
        children.start("见证方 witness", *run, needed=False)


def _prepare_in_child(children: Children, port: int) -> None:
    if children.run("demo", "--load-only", "--port", str(port)):
        raise CannotRun(
            "演示县没有准备好，原因见上。排除后再运行一次，会从头装载。\n"
            "The county was not prepared; the reason stands above. Run this again: loading starts over."
        )


def _wanted() -> dict[str, str]:
    """What the data must have been prepared with: this source tree's migrations, this database."""
    steps = sorted(
        f"{path.parts[-3]}.{path.stem}" for path in (ROOT / "src").glob("zhengtong/*/*/migrations/[0-9]*.py")
    )
    database = urlsplit(os.environ.get("DATABASE_URL", ""))
    digest = hashlib.sha256(" ".join(steps).encode()).hexdigest()[:16]
    return {"database": f"{database.hostname or ''}{database.path}{database.query}", "migrations": digest}


def _mark(data: Path) -> dict[str, str] | None:
    """What the data was prepared with; None when no county is loaded."""
    try:
        found: dict[str, str] = json.loads((data / LOADED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found


# --- Preparing: run in a child process ------------------------------------------------------------------------------


def prepare(data: Path, load: Callable[[], None] | None = None) -> None:
    """Migrate, and load the county unless it is there; a load that was interrupted begins afresh."""
    import django
    from django.conf import settings

    _without_waiting_for_the_disk(settings.DATABASES["default"])
    django.setup()
    from zhengtong.config.commands.messages import compile_if_stale

    compile_if_stale()
    before, wanted = _mark(data), _wanted()
    with _held(data / LOADING, "演示县正在装载", "The county is being loaded"):
        if before is None or before["database"] != wanted["database"]:
            _load_afresh(data, wanted["database"], load or _load)
        else:
            _step("数据库 Database", _migrate)
        os.sync()
        (data / LOADED).write_text(json.dumps(wanted), encoding="utf-8")
    (data / LOADING).unlink()


def _load_afresh(data: Path, database: str, load: Callable[[], None]) -> None:
    """Load into an empty database. What is emptied is only what an interrupted load left: the mark names its database."""
    if (data / LOADING).read_text(encoding="utf-8") == f"{database}\n":
        print("上次装载演示县时中断，从头开始。 Loading was interrupted last time: starting over.", flush=True)
        _forget_half_loaded(data)
    _step("数据库 Database", _migrate)
    from django.contrib.auth import get_user_model

    if get_user_model().objects.exists():
        raise CannotRun(
            "这个数据库里已经有账号，不是空的，演示县不装载到里面。请换一个空的数据库或文件夹。\n"
            "This database already holds accounts: the demo county is only loaded into an empty one. Name another."
        )
    (data / LOADING).write_text(f"{database}\n", encoding="utf-8")
    load()


def _without_waiting_for_the_disk(database: dict[str, Any]) -> None:
    """A power cut while loading costs nothing, because loading starts over: commits need not reach the disk one by one.

    `prepare` brings everything to the disk before it writes the mark that loading is done.
    """
    options = database.get("OPTIONS", {})
    if "init_command" in options:
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")


def _step(title: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    print(f"{title} …", end="", flush=True)
    work()
    print(f" {time.monotonic() - started:.1f} s", flush=True)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _load() -> None:
    sys.path.insert(0, str(ROOT))
    try:
        from demo import county
    except ImportError as error:
        raise CannotRun(
            f"没有找到演示县的数据（{ROOT / 'demo'}）：{error}。请在完整的源代码目录中运行。\n"
            f"The demo county ({ROOT / 'demo'}) cannot be imported: {error}. Run this from a complete source tree."
        ) from None
    county.load(Progress())


def _forget_half_loaded(data: Path) -> None:
    from django.db import connection, connections

    keep: tuple[str, ...] = (*KEPT_ON_RESTART, LOADING)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        keep += tuple(path.name for path in data.glob("*.sqlite3*"))
    connections.close_all()
    _empty(data, keep=keep)


class Progress:
    """What `county.load` reports to: a sentence per step, and how far a long one is.

    On a terminal the last line is rewritten; elsewhere (a log) a line is printed per step only.
    """

    def __init__(self, out: IO[str] = sys.stdout) -> None:
        self.out = out
        self.live = out.isatty()
        self.started = time.monotonic()

    def __call__(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Report `text`, with `done` of `total` when the step can be counted."""
        share = f" {done}/{total}" if done is not None and total else ""
        finished = done is None or done == total
        line = f"  {time.monotonic() - self.started:5.1f} s  {text}{share}"
        if self.live:
            print(f"\r\033[K{line}", end="\n" if finished else "", file=self.out, flush=True)
        elif finished:
            print(line, file=self.out, flush=True)


# --- Words ----------------------------------------------------------------------------------------------------------


def _welcome(data: Path, address: str, seconds: float) -> None:
    print(f"\n政通演示县已就绪 The county is running ({seconds:.0f} s):  {address}\n")
    listed = data / "demo-accounts.json"
    if listed.exists():
        rows = json.loads(listed.read_text(encoding="utf-8"))
        head = ("角色 Role", "姓名 Name", "登录名 Login", "密码 Password")
        for line in table([head, *[tuple(str(row[k]) for k in ("role", "name", "login", "password")) for row in rows]]):
            print(f"  {line}")
    print("\n按 Ctrl-C 停止；再次运行保留数据；make demo-reset 从头开始。")
    print("Ctrl-C stops it; running it again keeps the data; make demo-reset starts over.\n", flush=True)


def table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Rows as aligned lines; a Chinese character takes two columns."""
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


# --- Starting over --------------------------------------------------------------------------------------------------


def _reset(data: Path) -> int:
    """Remove what a demo made. A folder that holds anything else is refused: DATA may be mistyped."""
    if os.environ.get("DATABASE_URL"):
        raise CannotRun(
            "DATABASE_URL指向的数据库不由本命令清空，请自行重建该数据库。\n"
            "The database of DATABASE_URL is not emptied by this command: drop and create it yourself."
        )
    found = [path.name for path in data.iterdir()]
    if found and set(found) - {"demo.lock"} and not {"secret.key", LOADED, LOADING} & set(found):
        raise CannotRun(
            f"{data}不像演示数据，没有删除。\n{data} does not look like a demo's data: nothing was removed."
        )
    _empty(data, keep=("demo.lock",))
    print(f"已清空{data}，下次 make demo 从头开始。 Emptied: the next make demo starts over.")
    return 0


def _empty(data: Path, *, keep: tuple[str, ...]) -> None:
    for path in data.iterdir():
        if path.name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()

"""`zhengtong demo`: it loads once, starts over after an interruption, and leaves nothing running behind."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from zhengtong.config.commands import demo
from zhengtong.config.processes import answers

WAIT_SECONDS = 90


def environment(data: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "DATA": str(data), "DATABASE_URL": "", "ZHENGTONG_DEMO": "1", "PYTHONUNBUFFERED": "1", **more}


def zhengtong(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhengtong.config.cli", *arguments]
    return subprocess.run(command, env=environment(data), capture_output=True, text=True)


def until(true: Callable[[], bool]) -> None:
    """Look until it is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


LOADER = """
import os, sys
from functools import partial
from pathlib import Path
from zhengtong.config.commands import demo

def watch():
    from django.conf import settings
    from django.db import transaction
    from django.utils import timezone
    from zhengtong.foundation.events import public as events
    from zhengtong.security.accounts.events import PasswordReset
    from zhengtong.security.audit import operations, signing, witness
    keys = [key.vkey for key in signing.log_keys()]
    made = witness.establish(settings.DATA / "witness", name="w.example/1", address="http://elsewhere/", log_keys=keys)
    operations.add_witness(vkey=made.key.vkey, at=timezone.now())
    with transaction.atomic():
        events.publish(PasswordReset(user_id=1), at=timezone.now())

def load():
    from zhengtong.security.accounts.models import User
    assert not User.objects.exists()
    User.objects.create(username="first", display_name="某某")
    watch()
    print("LOADED", flush=True)
    if sys.argv[1] == "crash":
        os._exit(9)

try:
    demo.prepare(Path(os.environ["DATA"]), load)
except demo.CannotRun as problem:
    sys.exit(str(problem))
"""


def prepare(data: Path, how: str = "whole") -> subprocess.CompletedProcess[str]:
    """Prepare a county of one account in a process of its own, which may crash in the middle."""
    os.makedirs(data, exist_ok=True)
    settings = environment(data, DJANGO_SETTINGS_MODULE="zhengtong.config.settings")
    return subprocess.run([sys.executable, "-c", LOADER, how], env=settings, capture_output=True, text=True)


@pytest.fixture
def fresh(tmp_path: Path, migrated: Path) -> Path:
    """A folder whose database is migrated and empty: what is looked at here comes after."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.process
class TestLoading:
    def test_it_loads_once(self, fresh):
        assert "LOADED" in prepare(fresh).stdout
        again = prepare(fresh)
        assert again.returncode == 0
        assert "LOADED" not in again.stdout

    def test_after_a_crash_in_the_middle_it_says_so_and_starts_over(self, fresh):
        assert prepare(fresh, "crash").returncode == 9
        secret = (fresh / "secret.key").read_bytes()
        again = prepare(fresh)
        assert again.returncode == 0, again.stderr
        assert "上次装载演示县时中断" in again.stdout
        assert "LOADED" in again.stdout
        assert (fresh / "secret.key").read_bytes() == secret
        assert not (fresh / demo.LOADING).exists()

    def test_a_database_in_use_is_left_alone(self, fresh):
        prepare(fresh)
        (fresh / demo.LOADED).unlink()
        refused = prepare(fresh)
        assert refused.returncode == 1
        assert "不是空的" in refused.stderr
        accounts = sqlite3.connect(fresh / "zhengtong.sqlite3").execute("SELECT count(*) FROM accounts_user")
        assert accounts.fetchone() == (1,)


class TestReset:
    def test_it_removes_what_a_demo_made(self, tmp_path):
        for name in ("secret.key", demo.LOADED, "zhengtong.sqlite3"):
            (tmp_path / name).write_text("x")
        (tmp_path / "files").mkdir()
        assert zhengtong(tmp_path, "demo", "--reset").returncode == 0
        assert [path.name for path in tmp_path.iterdir()] == ["demo.lock"]

    def test_a_folder_of_something_else_is_left_alone(self, tmp_path):
        (tmp_path / "thesis.odt").write_text("x")
        refused = zhengtong(tmp_path, "demo", "--reset")
        assert refused.returncode == 1
        assert "没有删除" in refused.stderr
        assert (tmp_path / "thesis.odt").exists()


@pytest.fixture
def running(fresh, tmp_path) -> Iterator[tuple[subprocess.Popen[bytes], str, Callable[[], str]]]:
    """A demo that serves a county of one account, its address, and how to read what it has said; it has said that it is ready."""
    prepare(tmp_path)
    accounts = [{"role": "居民 Resident", "name": "王小明", "login": "13800000001", "password": "spring rice"}]
    (tmp_path / "demo-accounts.json").write_text(json.dumps(accounts), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "zhengtong.config.cli", "demo", "--port", str(port)]
    said = tmp_path.with_name(f"{tmp_path.name}.said")
    with said.open("wb") as out:
        process = subprocess.Popen(command, env=environment(tmp_path), stdout=out, stderr=out)
    told = partial(said.read_text, encoding="utf-8")
    until(lambda: "Ctrl-C stops it" in told() or process.poll() is not None)
    family = psutil.Process(process.pid).children(recursive=True)
    yield process, f"http://127.0.0.1:{port}/static/ui/ui.css", told
    for member in [*family, psutil.Process(process.pid)] if process.poll() is None else family:
        if alive(member):
            member.kill()
    process.wait(30)


def alive(process: psutil.Process) -> bool:
    """Running, not only waiting for somebody to take note of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def cosigned(data: Path) -> int:
    """How many checkpoints of the log somebody else signed."""
    with sqlite3.connect(data / "zhengtong.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM audit_cosignature").fetchone()[0])


def words(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except psutil.Error:
        return ""


@pytest.mark.process
class TestRunning:
    def test_ctrl_c_stops_everything_and_keeps_the_data(self, running, tmp_path):
        process, address, told = running
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 3
        assert answers(address)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert "王小明" in told()
        assert "13800000001" in told()
        assert "数据保留在" in told()
        assert not [member for member in family if alive(member)]
        assert (tmp_path / "zhengtong.sqlite3").exists()

    def test_another_body_cosigns_the_log_and_the_county_goes_on_without_it(self, running, tmp_path):
        process, address, told = running
        witness = next(p for p in psutil.Process(process.pid).children() if " witness run " in words(p))
        assert "django" not in " ".join(str(m.path) for m in witness.memory_maps())
        until(lambda: (tmp_path / "witness" / "checkpoint").exists() and cosigned(tmp_path))
        witness.kill()
        until(lambda: not alive(witness))
        assert answers(address)
        assert process.poll() is None, told()

    def test_a_dead_child_stops_the_whole_with_a_sentence(self, running):
        process, _address, told = running
        family = psutil.Process(process.pid).children(recursive=True)
        next(child for child in family if words(child).endswith(" work")).kill()
        assert process.wait(60) == 1
        assert "意外停止" in told()
        assert not [member for member in family if alive(member)]

    def test_nothing_outlives_a_killed_demo(self, running):
        process, address, _told = running
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait(30)
        until(lambda: not [member for member in family if alive(member)])
        assert not answers(address)


def test_the_table_of_accounts_is_aligned_with_wide_characters():
    lines = list(demo.table([("角色", "名"), ("clerk", "王小明"), ("窗口受理人员", "x")]))
    assert lines == ["角色          名", "clerk         王小明", "窗口受理人员  x"]

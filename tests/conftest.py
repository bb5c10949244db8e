"""What every test may ask for: an own data folder, a published calendar, a small county, delivery of what was published.

The data folder is set before Django reads its settings, once per process, so that parallel workers never meet. The
database is SQLite there, or the server of DATABASE_URL.
"""

import atexit
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import django
import pytest

DATA = Path(tempfile.mkdtemp(prefix="zhengtong-test-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)
os.environ["DATA"] = str(DATA)
os.environ["DJANGO_SETTINGS_MODULE"] = "zhengtong.config.settings"
# Tests put officials straight into a session; those about the second factor demand it themselves.
os.environ["ZHENGTONG_STAFF_SECOND_FACTOR"] = "offered"
for given in ("ZHENGTONG_DEMO", "ZHENGTONG_HTTPS", "ZHENGTONG_HOSTS", "ZHENGTONG_URL", "ZHENGTONG_SECRET"):
    os.environ.pop(given, None)

from django.conf import settings  # noqa: E402

# A quick hasher first; the product's own stays known, so that a test may ask for it by name.
settings.STATIC_ROOT.mkdir(exist_ok=True)
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
if "sqlite3" in settings.DATABASES["default"]["ENGINE"]:
    # A file, as in the product (threads and processes meet there), that need not survive a power cut.
    options = settings.DATABASES["default"]["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = DATA / "test.sqlite3"
django.setup()

from zhengtong.config.commands.messages import compile_if_stale  # noqa: E402

# A fresh clone has no catalogue, and a process that looked for one does not look again.
compile_if_stale()

from django.core.cache import cache  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import translation  # noqa: E402

from tests.factories import MONDAY, SmallCounty, establish_county, hold_ceremony  # noqa: E402
from zhengtong.foundation.calendars import public as calendars  # noqa: E402
from zhengtong.foundation.calendars import queries as calendar_queries  # noqa: E402
from zhengtong.foundation.calendars.models import CalendarVersion  # noqa: E402
from zhengtong.foundation.events import public as events  # noqa: E402
from zhengtong.foundation.events.models import Delivery  # noqa: E402
from zhengtong.security.pki import public as pki  # noqa: E402


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Parallel workers inherit the environment: with the settings' name in it they would read them before they come here."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


EVIDENCE = Path(__file__).resolve().parents[1] / "build" / "evidence" / "results.json"
_worst: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what became of each test; of several parameters the worst counts. `zhengtong evidence` joins it with the tables."""
    name = report.nodeid.partition("[")[0]
    if report.when == "call" or not report.passed:
        ranks = ["skipped", "passed", "failed"]
        _worst[name] = max(_worst.get(name, "skipped"), report.outcome, key=ranks.index)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the outcomes over those of earlier runs; parallel workers leave it to the process that started them."""
    if hasattr(session.config, "workerinput") or not _worst:
        return
    EVIDENCE.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(EVIDENCE.read_text(encoding="utf-8")) if EVIDENCE.exists() else {}
    day = datetime.now().astimezone().date().isoformat()
    written = {
        "tests": {**kept.get("tests", {}), **_worst},
        "days": {**kept.get("days", {}), **dict.fromkeys(_worst, day)},
    }
    fresh = EVIDENCE.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(written, indent=1, sort_keys=True), encoding="utf-8")
    fresh.replace(EVIDENCE)


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    """What a process keeps in memory or in the cache belongs to one test only; every test begins in Chinese."""
    calendar_queries.of_version.cache_clear()
    calendars.forget_demo_clock()
    translation.activate("zh-hans")
    cache.clear()
    yield
    translation.activate("zh-hans")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder as `migrate` leaves it, on SQLite, made once for all workers of a run: to be copied by who starts a product."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "migrated"
    folder.mkdir(exist_ok=True)
    with (folder.parent / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            command = [sys.executable, "-m", "zhengtong.config.cli", "manage", "migrate", "--verbosity", "0"]
            subprocess.run(command, env={**os.environ, "DATA": str(folder), "DATABASE_URL": ""}, check=True)
            (folder / "secret.key").unlink(missing_ok=True)  # each makes its own
            (folder / "whole").touch()
    return folder


@pytest.fixture
def now() -> datetime:
    """Monday 21 September 2026, nine in the morning in the county; Mid-Autumn and National Day lie ahead."""
    return MONDAY


@pytest.fixture(autouse=True)
def keys_of_this_folder() -> None:
    """The keys of the log are read from the data folder anew: a test before may have worked on another one."""
    from zhengtong.security.audit import signing

    signing.forget()


@pytest.fixture
def calendar(db: None) -> CalendarVersion:
    """Version 1 of the working days: the years that ship with the product."""
    return calendars.publish_version(document=calendars.builtin_document(), reason="测试用工作日历", by=None, at=MONDAY)


@pytest.fixture
def county_keys(db: None) -> Iterator[None]:
    """The county after its key ceremony, held at the start of 2026: it can sign, stamp, issue certificates."""
    hold_ceremony()
    yield
    pki.forget()


@pytest.fixture
def small_county(calendar: CalendarVersion, county_keys: None) -> SmallCounty:
    """A county of seven bodies with an official for every role, made by the public functions, calendar and keys included."""
    return establish_county()


@pytest.fixture
def deliver(db: None) -> Callable[..., int]:
    """Deliver everything published so far, as `zhengtong work` does; a failing receiver fails the test.

    `deliver()` or `deliver(now=…)`; `deliver(failing=True)` when the failure is what the test is about.
    """

    def run(*, now: datetime = MONDAY, failing: bool = False) -> int:
        count = events.deliver_all(now=now)
        if not failing:
            failed = Delivery.objects.exclude(state=Delivery.DONE).values_list("receiver", "error")
            assert not list(failed), f"deliveries failed: {list(failed)}"
        return count

    return run


@pytest.fixture
def signed_in(db: None) -> Callable[[Any], Client]:
    """`signed_in(user)`: a browser without scripts in which `user` is signed in."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in

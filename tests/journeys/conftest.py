"""The real product in a real browser: web and worker as processes over a copy of the loaded demo county.

The county is loaded once per run and copied for every module, so that stories do not meet. While writing a journey, set
ZHENGTONG_COUNTY to a folder made by `DATA=… zhengtong demo --load-only` and nothing is loaded again. With ZHENGTONG_LATENCY_MS
every answer takes that much longer, as on the line of a village: what a journey does not wait for then comes to light.
"""

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, Playwright, expect, sync_playwright

from tests.journeys.people import send
from zhengtong.config.processes import Children, answers, works

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "journeys"
PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
DESKTOP = {"width": 1440, "height": 900}
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 120
PATIENCE_MS = 30_000
LATENCY_MS = int(os.environ.get("ZHENGTONG_LATENCY_MS", "0"))


expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a journey."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.journey)


# --- The product ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """A demo account as the sign-in page lists it."""

    role: str
    name: str
    login: str
    password: str


@dataclass(frozen=True)
class Product:
    """A running county: its address, its data folder and its demo accounts."""

    url: str
    data: Path
    accounts: tuple[Account, ...]

    def account(self, words: str) -> Account:
        """The first account whose role contains `words`, such as `Window clerk` or `审批`."""
        return next(account for account in self.accounts if words in account.role)

    def last_words(self) -> str:
        """What the product wrote last, for a failing test."""
        lines = (self.data / "product.log").read_text(encoding="utf-8").splitlines()
        return "\n".join(line[-1500:] for line in lines[-5:])

    def manage(self, *arguments: str) -> str:
        """Run `zhengtong …` on this county's data and return what it printed."""
        command = [sys.executable, "-m", "zhengtong.config.cli", *arguments]
        settings = {**environment(self.data), "ZHENGTONG_URL": self.url}
        done = subprocess.run(command, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def environment(data: Path) -> dict[str, str]:
    """Always SQLite: journeys are about pages, the other tests run on both databases."""
    return {**os.environ, "DATA": str(data), "ZHENGTONG_DEMO": "1", "DATABASE_URL": "", "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="session")
def loaded_county(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder with the demo county, loaded once for all workers of a run."""
    if kept := os.environ.get("ZHENGTONG_COUNTY"):
        return Path(kept)
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "county"
    folder.mkdir(exist_ok=True)
    with (folder.parent / "county.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "demo-loaded").exists():
            command = [sys.executable, "-m", "zhengtong.config.cli", "demo", "--load-only"]
            done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
            assert done.returncode == 0, f"the county was not loaded:\n{done.stdout}\n{done.stderr}"
    return folder


@pytest.fixture(scope="module")
def product(loaded_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Web and worker over a copy of the county; both are stopped after the module."""
    with running(loaded_county, tmp_path_factory.mktemp("product") / "data") as product:
        yield product


@contextmanager
def running(county: Path, data: Path, **more: str) -> Iterator[Product]:
    """The product over a copy of `county` in `data`; `more` for its environment."""
    shutil.copytree(county, data, ignore=shutil.ignore_patterns("*.lock"))
    port = free_port()
    url, since = f"http://127.0.0.1:{port}", time.time()
    rows = json.loads((data / "demo-accounts.json").read_text(encoding="utf-8"))
    with Children(data, log=data / "product.log", **{**environment(data), "ZHENGTONG_URL": url, **more}) as children:
        children.start("worker", "work")
        children.start("web", "serve", "--port", str(port))
        children.wait_until(lambda: answers(f"{url}/") and works(data, since), START_SECONDS)
        yield Product(url, data, tuple(Account(**row) for row in rows))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- The browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Stopped after the module: while it runs, its event loop keeps the database away from this process."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, without the windows, tabs and menus that nobody looks at here: they take a third of its time."""
    path = shutil.which("chromium-headless-shell")
    assert path, "the browser is missing: apt install chromium-headless-shell fonts-noto-cjk"
    running = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
    yield running
    running.close()


@dataclass
class Watch:
    """What a browser complained about: errors of scripts, refused content, failing answers."""

    problems: list[str] = field(default_factory=list)

    def on(self, page: Page) -> None:
        """Listen to a page. A refusal (4xx) is an answer; Chromium writes it to the console, where it is left out."""
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._note(page, message))
        page.on("response", lambda answer: self._answered(answer))

    def _note(self, page: Page, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"{page.url}: {message.text}")

    def _answered(self, answer: Any) -> None:
        if answer.status >= 500:
            self.problems.append(f"{answer.url}: {answer.status}")


@pytest.fixture
def open_page(product: Product, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """`open_page(width=360)`: a new visitor's page, with an own session. `sign_in="审批"` signs in a demo account by its
    role; `language="en"`; `javascript=False`. A browser that complains fails the test; a failed test leaves pictures.
    """
    watch, contexts = Watch(), []

    def open_one(
        *, width: int = 1440, sign_in: str = "", language: str = "zh-CN", javascript: bool = True, **more: Any
    ) -> Page:
        sizes = {360: PHONE, 768: TABLET, 1440: DESKTOP}
        context = browser.new_context(
            base_url=product.url,
            viewport=sizes.get(width, {"width": width, "height": 900}),
            has_touch=width < 768,
            locale=language,
            timezone_id="Asia/Shanghai",
            java_script_enabled=javascript,
            accept_downloads=True,
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watch.on(page)
        if LATENCY_MS:
            slow_down(page)
        if language.startswith("en"):
            page.goto("/account/login/?lang=en")
        if sign_in:
            enter(page, product.account(sign_in))
        return page

    yield open_one
    if getattr(request.node, "failed", False):
        take_pictures(request.node.name, contexts)
    for context in contexts:
        context.close()
    assert watch.problems == [], product.last_words()


def slow_down(page: Page) -> None:
    """Let every answer take LATENCY_MS longer, and files go up at 2 MB/s."""
    line = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)


def enter(page: Page, account: Account) -> None:
    """Sign in by the form, as a person does."""
    page.goto("/account/login/")
    page.locator("input[name=login]:visible").fill(account.login)
    page.locator("input[name=password]:visible").fill(account.password)
    send(page.locator("input[name=password]:visible"))
    page.wait_for_url(lambda address: "/account/login" not in address)


def take_pictures(name: str, contexts: list[Any]) -> None:
    """The last state of every page, to build/journeys/."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=PICTURES / f"{re.sub(r'[^a-zA-Z0-9_]+', '-', name)}-{number}.png", full_page=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell fixtures whether the test failed."""
    outcome = yield
    if outcome.get_result().failed:  # type: ignore[attr-defined]
        item.failed = True  # type: ignore[attr-defined]


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    """A visitor with a phone, 360 px wide."""
    return open_page(width=360)


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A visitor at a desk, 1440 px wide."""
    return open_page(width=1440)


def settled(page: Page, look: Callable[[], Any], tries: int = 3) -> Any:
    """What `look` finds on a page that has arrived: a click only begins the way to the next one, and when that comes under the look,
    the new page is looked at.
    """
    page.wait_for_load_state("load")
    try:
        return look()
    except Error:
        if tries == 1:
            raise
        return settled(page, look, tries - 1)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)`: the page as it is now has no accessibility problem that axe-core can find."""
    engine = Axe()

    def check(page: Page) -> None:
        found = settled(page, lambda: engine.run(page).response["violations"])
        told = [f"{v['id']} ({v['impact']}): {v['help']} at {node['target']}" for v in found for node in v["nodes"]]
        assert told == [], f"{page.url}\n" + "\n".join(told)

    return check


@pytest.fixture(scope="session")
def fits() -> Callable[[Page], None]:
    """`fits(page)`: nothing makes the page scroll sideways."""

    def check(page: Page) -> None:
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        over = settled(page, lambda: page.evaluate(wide))
        assert over <= 0, f"{page.url} is {over} px wider than its window"

    return check

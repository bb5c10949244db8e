"""The pages, by the real web and worker processes over 100,000 cases: how long they take, and how much memory both need.

One case in five is in work, spread over every matter of every department, each with its to-do, clocks and step; the others
were granted in the months before. The county's clock stands on the Monday on which the last were accepted a week ago.

One client process on this machine asks. The named pages first, one request after the other; then the mix as an open loop: 20
requests a second are due at fixed moments whether or not earlier ones were answered, and each is timed from the moment it was
due. Sessions are opened directly, because checking a password is meant to be slow.
"""

import http.client
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks import _county

CASES = 100_000
ENDED = 0.8
NOW = datetime(2026, 9, 21, 9, 0, tzinfo=_county.SHANGHAI)
PORT = 8113
REPEAT = 150
RATE, SECONDS, HANDS = 20, 60, 16
ROWS = 50
WORDS = ("食品", "营业执照", "低保", "开餐馆", "建房", "残疾人证", "身份证", "医保")


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`desk_p95_ms`, `progress_p95_ms`, `home_p95_ms` one by one; `queries_desk` with 50 rows (a run fails when one row takes another
    number); `mix_p99_ms` and `errors` of the open loop; `rss_total_mb` of web and worker after it.
    """
    os.environ["ZHENGTONG_DEMO"] = "1"
    _county.prepare(progress, matters=None)
    _set_clock()
    _county.open_cases(CASES, progress, spread=True, ended=ENDED)
    visitors = _visitors(progress)
    queries = _queries_of_desk()
    from zhengtong.config.processes import Children, answers, works

    data, since = Path(os.environ["DATA"]), time.time()
    with Children(data, log=data / "processes.log") as children:
        children.start("web", "serve", "--port", str(PORT))
        children.start("worker", "work")
        children.wait_until(lambda: answers(f"http://127.0.0.1:{PORT}/") and works(data, since), 60)
        return _measure(visitors, queries, [child.pid for _name, child in children.running], progress)


@dataclass
class Visitor:
    """Somebody with a session, and what they look at."""

    cookie: str = ""
    pages: dict[str, list[str]] = field(default_factory=dict)


def _measure(
    visitors: dict[str, Visitor], queries: int, pids: list[int], progress: Callable[..., None]
) -> dict[str, float]:
    errors: Counter[str] = Counter()
    _warm(visitors, errors)
    single = {}
    for name in ("desk", "progress", "home"):
        times = [_timed(*page, errors) for page in _pages(visitors, name, REPEAT)]
        single[f"{name}_p95_ms"] = round(1000 * _share(times, 0.95), 1)
        progress(f"{name}: p95 {single[f'{name}_p95_ms']} ms")
    by_page = _open_loop(visitors, errors, progress)
    every = [latency for times in by_page.values() for latency in times]
    for name, times in sorted(by_page.items()):
        progress(f"mix, {name}: p50 {1000 * _share(times, 0.5):.0f} ms, p99 {1000 * _share(times, 0.99):.0f} ms")
    for error, count in errors.items():
        progress(f"error {error}: {count}")
    return {
        **single,
        "queries_desk": queries,
        "mix_p50_ms": round(1000 * _share(every, 0.5), 1),
        "mix_p99_ms": round(1000 * _share(every, 0.99), 1),
        "mix_requests": len(every),
        "errors": errors.total(),
        "rss_total_mb": round(sum(_memory(pid) for pid in _family(pids)) / 1024, 1),
    }


# --- who asks for what -------------------------------------------------------


def _set_clock() -> None:
    from django.utils import timezone

    from zhengtong.foundation.calendars.models import DemoClock

    offset = round((NOW - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})


def _visitors(progress: Callable[..., None]) -> dict[str, Visitor]:
    from zhengtong.approvals.cases.models import Case
    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    progress("people")
    body = Organization.objects.get(code="market-regulation")
    officer = accounts.create_official(username="officer", name="李华", at=NOW, organization=body)
    pmi.grant_role(user=officer, role="case_officer", organization=body, by=None, at=NOW, valid_from=NOW.date())
    at_work = Case.objects.filter(department=body, state="in_process").values_list("pk", flat=True)[:40]
    resident = _resident()
    guest = Visitor()
    guest.pages = {
        "home": ["/"],
        "search": [f"/services/?q={quote(word)}" for word in WORDS],
        "guide": [f"/services/{key}/" for key in _keys()],
    }
    official = Visitor(_session(officer))
    official.pages = {
        "desk": ["/desk/"],
        "case": [f"/cases/{pk}/" for pk in at_work],
        "list": ["/cases/", "/cases/?scope=overdue", "/cases/?scope=all&page=3"],
    }
    return {
        "guest": guest,
        "follower": _follower(),
        "official": official,
        "resident": Visitor(_session(resident), {"my": ["/my/"], "form": [_draft(resident)]}),
    }


def _session(user: Any, fill: Callable[[Any], None] = lambda _session: None) -> str:
    """The cookie of a session in which `user` (or nobody) is signed in."""
    from django.conf import settings
    from django.contrib import auth
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    if user is not None:
        store[auth.SESSION_KEY], store[auth.BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
        store[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    fill(store)
    store.save()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


def _follower() -> Visitor:
    """Somebody who gave number and query code of some cases."""
    from zhengtong.approvals.cases.models import Case
    from zhengtong.portal.hall import rules

    cases = list(Case.objects.filter(state="in_process").order_by("pk")[:5])

    def fill(store: Any) -> None:
        for case in cases:
            rules.follow(store, case.pk)

    return Visitor(_session(None, fill), {"progress": [f"/progress/{case.pk}/" for case in cases]})


def _resident() -> Any:
    """A resident with three applications of their own in hand."""
    from zhengtong.approvals.cases.models import Case
    from zhengtong.kernel.identifiers import resident_id
    from zhengtong.security.accounts import public as accounts

    number = resident_id.make_synthetic(birth_on=NOW.date().replace(year=1990), serial=1)
    resident = accounts.register_resident(name="王小明", resident_id=number, phone="13800000001", at=NOW)
    mine = Case.objects.filter(state="in_process").order_by("-pk").values_list("pk", flat=True)[:3]
    Case.objects.filter(pk__in=list(mine)).update(applicant_user=resident, filed_by=resident)
    return resident


def _draft(resident: Any) -> str:
    """The first page of a form that the resident has begun."""
    from zhengtong.approvals.cases import public as cases
    from zhengtong.approvals.matters import public as matters
    from zhengtong.portal.hall import drafts
    from zhengtong.security.accounts import public as accounts

    principal = accounts.principals_of(resident, on=NOW.date())[0]
    case = cases.start_draft(matter=matters.get_matter(_county.MATTER), principal=principal, by=resident, at=NOW)
    return drafts.first_url(case)


def _keys() -> list[str]:
    from zhengtong.approvals.matters.models import Matter

    return list(Matter.objects.filter(current__isnull=False).order_by("pk").values_list("key", flat=True)[:40])


def _queries_of_desk() -> int:
    """Queries of the desk's first page with 50 rows; the same page with one row must take as many."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.foundation.worklists import public as worklists
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    body = Organization.objects.get(code="government-service-centre")
    counts = []
    for rows in (1, ROWS):
        official = accounts.create_official(username=f"desk{rows}", name="李华", at=NOW, organization=body)
        pmi.grant_role(user=official, role="case_officer", organization=body, by=None, at=NOW, valid_from=NOW.date())
        for number in range(rows):
            facts = {"system": "cases", "kind": "step", "title": "审查", "url": "/cases/1/", "organization_id": body.pk}
            worklists.open(
                subject=f"bench:{rows}-{number}",
                user_id=official.pk,
                due_on=NOW.date(),
                at=NOW,
                role="case_officer",
                **facts,
            )
        client = Client()
        client.force_login(official)
        client.get("/desk/")
        with CaptureQueriesContext(connection) as captured:
            page = client.get("/desk/").content.decode()
        if page.count('href="/cases/1/"') < rows:
            raise RuntimeError(f"the desk does not show {rows} rows")
        counts.append(len(captured))
    if counts[0] != counts[1]:
        raise RuntimeError(f"queries of the desk: {counts[0]} for one row, {counts[1]} for {ROWS}")
    return counts[0]


# --- asking ------------------------------------------------------------------

_hand = local()
MIX = ("home", "search", "guide", "progress", "desk", "case", "list", "my", "form")
TOKEN = "b" * 32


def _pages(visitors: dict[str, Visitor], name: str, count: int) -> list[tuple[str, str, bytes | None]]:
    """(cookie, path, body) of `count` requests of one name; every second one of progress gives number and code again."""
    visitor = next(v for v in visitors.values() if name in v.pages)
    paths = visitor.pages[name]
    found: list[tuple[str, str, bytes | None]] = []
    for number in range(count):
        if name == "progress" and number % 2:
            given = {"number": f"431321-260901-{number}", "code": f"{number:08d}", "csrfmiddlewaretoken": TOKEN}
            found.append((f"csrftoken={TOKEN}", "/progress/", urlencode(given).encode()))
        else:
            found.append((visitor.cookie, paths[(number // 2 if name == "progress" else number) % len(paths)], None))
    return found


def _ask(cookie: str, path: str, body: bytes | None) -> int:
    """One request over this thread's connection, read to its end; the status."""
    if not hasattr(_hand, "connection"):
        _hand.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    headers = {"Cookie": cookie, "Accept-Language": "zh-CN"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        _hand.connection.request("GET" if body is None else "POST", path, body, headers)
        answer = _hand.connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        _hand.connection.close()
        raise
    return answer.status


def _timed(cookie: str, path: str, body: bytes | None, errors: Counter[str], due: float | None = None) -> float:
    begun = time.perf_counter() if due is None else due
    try:
        status = _ask(cookie, path, body)
    except (OSError, http.client.HTTPException) as error:
        errors[f"{path.split('?')[0]} {type(error).__name__}"] += 1
    else:
        if status != (200 if body is None else 302):
            errors[f"{path.split('?')[0]} {status}"] += 1
    return time.perf_counter() - begun


def _warm(visitors: dict[str, Visitor], errors: Counter[str]) -> None:
    """Each process and thread answers every kind of page before anything is timed."""
    pages = [page for _turn in range(8) for name in MIX for page in _pages(visitors, name, 2)]
    with ThreadPoolExecutor(4) as hands:
        list(hands.map(lambda page: _timed(*page, errors), pages))


def _open_loop(
    visitors: dict[str, Visitor], errors: Counter[str], progress: Callable[..., None]
) -> dict[str, list[float]]:
    """The mix in turn, `RATE` a second; latencies by page, each from the moment it was due."""
    each = RATE * SECONDS // len(MIX)
    by_name = {name: _pages(visitors, name, each) for name in MIX}
    times: dict[str, list[float]] = {name: [] for name in MIX}
    begin = time.perf_counter() + 0.5

    def answer(number: int) -> None:
        name = MIX[number % len(MIX)]
        due = begin + number / RATE
        times[name].append(_timed(*by_name[name][number // len(MIX)], errors, due))

    with ThreadPoolExecutor(HANDS) as hands:
        for number in range(each * len(MIX)):
            time.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
            hands.submit(answer, number)
            if number % (RATE * 10) == 0:
                progress("open loop", number, each * len(MIX))
    return times


def _share(times: list[float], share: float) -> float:
    """The value that `share` of the times do not exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _family(pids: list[int]) -> set[int]:
    """These processes and all that came from them."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(text.rsplit(")", 1)[1].split()[1])
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _memory(pid: int) -> int:
    """Resident kilobytes of a process, shared pages included."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

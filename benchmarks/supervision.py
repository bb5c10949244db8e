"""Supervision with a million watched clocks: a tick with nothing to do, cards a second, from threshold to card, the board, a back-test.

300,000 of the clocks belong to 100,000 cases in work and are indexed by the product's own stocktaking; the others are rows of the index
with thresholds that lie ahead, as clocks of more cases would leave them there. A burst is what a county sees at midnight: every clock
whose day closes comes to its threshold at the same moment.
"""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from benchmarks import _county

CASES = 100_000
CLOCKS = 1_000_000
NOW = datetime(2026, 9, 21, 9, 0, tzinfo=_county.SHANGHAI)
BURST = 6_000
POLL_SECONDS = 5.0
"""The least time between two ticks of the worker: a threshold may wait so long before anybody looks."""
REPEAT = 60


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`scan_tick_ms`: median of ticks that fire nothing; `cards_per_second`: in the burst, with log, fact, to-dos and notices;
    `threshold_to_card_p99_s`: the wait for the tick and the place in the burst; `board_p95_ms`: a request for the whole page, in this
    process; `backtest_100k_cases_s`: two rules changed; `gather_100k_cases_s`: indexing every running clock after new rules.
    """
    _county.prepare(progress, matters=None)
    supervisor = _people()
    _county.open_cases(CASES, progress, spread=True)
    _publish()
    gathered = _gather(progress)
    _fill(progress)
    tick = _tick()
    progress(f"a tick that fires nothing: {tick:.2f} ms")
    rate, p99 = _burst(progress)
    board = _board(supervisor)
    progress(f"board: p95 {board:.0f} ms")
    back = _back_test(progress)
    return {
        "scan_tick_ms": round(tick, 2),
        "cards_per_second": round(rate),
        "threshold_to_card_p99_s": round(p99, 1),
        "board_p95_ms": round(board, 1),
        "backtest_100k_cases_s": round(back, 1),
        "gather_100k_cases_s": round(gathered, 1),
    }


def _people() -> Any:
    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.pmi import public as pmi

    county = Organization.objects.get(code="county")
    supervisor = accounts.create_official(username="supervisor", name="邓监察", at=_county.FOUNDED, organization=county)
    start = _county.FOUNDED.date()
    pmi.grant_role(
        user=supervisor,
        role="supervisor",
        organization=county,
        by=None,
        at=_county.FOUNDED,
        valid_from=start,
        include_subtree=True,
    )
    for body in Organization.objects.filter(kind="department"):
        head = accounts.create_official(
            username=f"{body.code}.head", name="李局长", at=_county.FOUNDED, organization=body
        )
        pmi.grant_role(
            user=head, role="department_head", organization=body, by=None, at=_county.FOUNDED, valid_from=start
        )
    return supervisor


def _publish() -> None:
    from zhengtong.oversight.supervision import public as supervision

    draft = supervision.begin_draft(by=None, at=_county.FOUNDED, profile="hunan-kc-2018")
    supervision.publish_rules(rule_set_id=draft.pk, by=None, at=_county.FOUNDED)


def _gather(progress: Callable[..., None]) -> float:
    from zhengtong.oversight.supervision import public as supervision
    from zhengtong.oversight.supervision.models import Watch

    at, started, done = datetime(2026, 9, 14, 9, 0, tzinfo=_county.SHANGHAI), time.monotonic(), 0
    while supervision.gather_on(now=at):
        done += 1
        if done % 40 == 0:
            progress("watched clocks", Watch.objects.count(), 3 * CASES)
    return time.monotonic() - started


def _fill(progress: Callable[..., None]) -> None:
    """The index of a larger county: rows whose thresholds lie ahead."""
    from django.db import transaction

    from zhengtong.foundation.calendars import public as calendars
    from zhengtong.foundation.organizations.models import Organization
    from zhengtong.oversight.supervision.models import Watch

    rng, bodies = Random(431321), list(Organization.objects.filter(kind="department").values_list("pk", flat=True))  # noqa: S311
    version, missing = calendars.current_version(), CLOCKS - Watch.objects.count()
    kinds = ("promised", "statutory", "step")
    for first in range(0, missing, 20_000):
        with transaction.atomic():
            Watch.objects.bulk_create(
                Watch(
                    source="cases",
                    key=f"clock:{10_000_000 + number}",
                    subject=f"case:{10_000_000 + number // 3}",
                    kind=kinds[number % 3],
                    organization_id=rng.choice(bodies),
                    due_on=date(2026, 10, 20) + timedelta(days=rng.randrange(60)),
                    next_threshold_at=NOW + timedelta(days=20 + rng.randrange(60)),
                    next_level=1 + number % 3,
                    rules_version=1,
                    calendar_version=version,
                )
                for number in range(first, min(first + 20_000, missing))
            )
        progress("rows of the index", min(first + 20_000, missing), missing)


def _tick() -> float:
    from zhengtong.oversight.supervision import public as supervision

    before = datetime(2026, 9, 1, tzinfo=_county.SHANGHAI)
    times = []
    for _n in range(REPEAT):
        started = time.perf_counter()
        assert supervision.fire(now=before) == 0
        times.append(1000 * (time.perf_counter() - started))
    return sorted(times)[REPEAT // 2]


def _burst(progress: Callable[..., None]) -> tuple[float, float]:
    """Everything that is due by now, batch after batch as the worker takes it, until the burst is over."""
    from zhengtong.oversight.supervision import public as supervision
    from zhengtong.oversight.supervision.models import Card

    ages: list[float] = []
    started, count = time.monotonic(), 0
    while count < BURST and supervision.fire(now=NOW):
        fresh = Card.objects.count()
        ages += [time.monotonic() - started] * (fresh - count)
        count = fresh
        progress("cards", count)
    seconds = time.monotonic() - started
    return count / seconds, POLL_SECONDS + sorted(ages)[int(0.99 * (len(ages) - 1))]


def _board(supervisor: Any) -> float:
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STAFF_SECOND_FACTOR = "offered"
    browser = Client()
    browser.force_login(supervisor)
    times = []
    for _n in range(REPEAT):
        started = time.perf_counter()
        answer = browser.get("/supervision/")
        times.append(1000 * (time.perf_counter() - started))
        assert answer.status_code == 200, answer.status_code
    return sorted(times)[int(0.95 * (REPEAT - 1))]


def _back_test(progress: Callable[..., None]) -> float:
    from zhengtong.oversight.supervision import public as supervision
    from zhengtong.oversight.supervision.models import Rule
    from zhengtong.oversight.supervision.operations import backtesting

    draft = supervision.begin_draft(by=None, at=NOW)
    Rule.objects.filter(rule_set=draft, code="T-01", level=2).update(value=0)
    Rule.objects.filter(rule_set=draft, code="T-07", level=2).update(value=1)
    asked = supervision.begin_back_test(
        rule_set_id=draft.pk, first=date(2026, 9, 1), last=date(2026, 9, 30), by=None, at=NOW
    )
    started = time.monotonic()
    done = backtesting.run_to_end(back_test_id=asked.pk, now=NOW)
    assert done.done == CASES, done.done
    progress(f"back-test: {done.counts}")
    return time.monotonic() - started

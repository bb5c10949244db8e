"""The legal clock: due days per second, and rebuilding 100,000 running clocks after an edit of the working calendar."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from benchmarks import _county

CLOCKS = 100_000
BUDGETS = 200_000


def run(progress: Callable[..., None]) -> dict[str, float]:
    """`due_per_second`: one core, one in three budgets with a suspension. `reproject_100k_seconds`: from the edit of the calendar
    until every clock, to-do and case says the new day and the facts are in the outbox.
    """
    _county.prepare(progress)
    per_second = _due_per_second(progress)
    seconds, moved = _reproject(progress)
    return {"due_per_second": round(per_second), "reproject_100k_seconds": round(seconds, 2), "due_days_moved": moved}


def _due_per_second(progress: Callable[..., None]) -> float:
    from zhengtong.foundation.calendars import public as calendars
    from zhengtong.kernel.legal_clock import Budget, Pause, due

    days, rng = calendars.current(), Random(1)  # noqa: S311 - the same budgets every time
    budgets = []
    for number in range(BUDGETS):
        start = date(2025, 1, 1) + timedelta(days=rng.randrange(500))
        pause = Pause(start + timedelta(days=3), start + timedelta(days=9))
        budgets.append(Budget(start, rng.choice((1, 5, 7, 20, 45)), (pause,) if number % 3 == 0 else ()))
    started = time.process_time()
    for budget in budgets:
        due(budget, days)
    rate = BUDGETS / (time.process_time() - started)
    progress(f"{rate:,.0f} due days a second")
    return rate


def _reproject(progress: Callable[..., None]) -> tuple[float, int]:
    from zhengtong.approvals.cases.models import Clock
    from zhengtong.foundation.calendars import public as calendars
    from zhengtong.foundation.calendars.values import Change
    from zhengtong.foundation.events import public as events

    _county.open_cases(-(-CLOCKS // 3), progress)
    at = _county.FOUNDED.replace(month=9, day=21)
    events.deliver_all(now=at)
    before = dict(Clock.objects.values_list("pk", "due_on"))
    progress(f"{len(before):,} running clocks; the county closes on 2026-09-24")
    started = time.monotonic()
    closed = {"2026-09-24": {"workday": False, "name": "县城停电", "kind": "county_closure"}}
    change = Change(days=closed, sources={})
    version = calendars.amend(base=calendars.current_version(), change=change, reason="Benchmark", by=None, at=at)
    events.deliver_pending(now=at)
    seconds = time.monotonic() - started
    left = Clock.objects.exclude(calendar_version=version.number).count()
    moved = sum(before[pk] != due_on for pk, due_on in Clock.objects.values_list("pk", "due_on"))
    if left or not moved:
        raise RuntimeError(f"{left} clocks were not rebuilt, {moved} due days moved")
    progress(f"{moved:,} due days moved in {seconds:.1f} s")
    return seconds * CLOCKS / len(before), moved

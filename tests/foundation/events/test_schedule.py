"""Periodic jobs: registered by name, independent of each other, all due at once when the demo clock jumps."""

import argparse
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import override_settings

from zhengtong.config.commands import work
from zhengtong.config.commands.work import Worker
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs() -> Iterator[dict[str, events.Job]]:
    """The registry, empty for one test."""
    kept = dict(events.JOBS)
    events.JOBS.clear()
    yield events.JOBS
    events.JOBS.clear()
    events.JOBS.update(kept)


def counted(name: str, seconds: float) -> list[datetime]:
    runs: list[datetime] = []

    def work(now: datetime) -> int:
        runs.append(now)
        return 1

    events.every(seconds, name)(work)
    return runs


def test_a_failing_job_does_not_stop_the_others(jobs: dict[str, events.Job]) -> None:
    def broken(now: datetime) -> int:
        raise OSError("gateway away")

    events.every(0, "test.broken")(broken)
    runs = counted("test.after", 0)
    worker = Worker(threading.Event())
    worker.turn()
    worker.turn()
    assert len(runs) == 2


def test_a_job_waits_for_its_interval(jobs: dict[str, events.Job]) -> None:
    often, seldom = counted("test.often", 0), counted("test.seldom", 3600)
    worker = Worker(threading.Event())
    for _ in range(3):
        worker.turn()
    assert (len(often), len(seldom)) == (3, 1)


def test_jobs_run_at_once_when_the_demo_clock_is_moved(jobs: dict[str, events.Job]) -> None:
    runs = counted("test.seldom", 3600)
    worker = Worker(threading.Event())
    with override_settings(DEMO=True):
        worker.turn()
        worker.turn()
        calendars.move_demo_clock(to=calendars.official_now() + timedelta(days=3))
        worker.turn()
    assert len(runs) == 2
    assert runs[1] - runs[0] > timedelta(days=2)
    calendars.forget_demo_clock()


def test_two_jobs_may_not_share_a_name(jobs: dict[str, events.Job]) -> None:
    counted("test.one", 1)
    with pytest.raises(ValueError, match=r"test\.one"):
        events.every(1, "test.one")(lambda now: 0)


def test_a_stopped_worker_starts_no_further_job(jobs: dict[str, events.Job]) -> None:
    stop = threading.Event()
    events.every(0, "test.a_stops")(lambda now: stop.set() or 1)  # type: ignore[func-returns-value]
    runs = counted("test.b", 0)
    Worker(stop).run()
    assert runs == []


def test_working_once_runs_everything_and_ends(jobs: dict[str, events.Job], capsys: pytest.CaptureFixture[str]) -> None:
    runs = counted("test.seldom", 3600)
    assert work.run(argparse.Namespace(once=True)) == 0
    assert len(runs) == 1
    assert "1" in capsys.readouterr().out

"""Jobs that run again and again: every app registers its own, `zhengtong work` runs them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

log = logging.getLogger(__name__)

Work = Callable[[datetime], int]
"""A job gets the official time and returns how many things it dealt with. It must be safe to run twice."""


@dataclass(frozen=True)
class Job:
    """A registered job; `seconds` is the least time between two runs by the machine's clock."""

    name: str
    seconds: float
    work: Work


JOBS: dict[str, Job] = {}


def every(seconds: float, name: str) -> Callable[[Work], Work]:
    """Register a function as a job. Call it in `jobs.py`, imported by `AppConfig.ready`."""

    def register(work: Work) -> Work:
        if name in JOBS and JOBS[name].work.__qualname__ != work.__qualname__:
            raise ValueError(f"two jobs are called {name}")
        JOBS[name] = Job(name, seconds, work)
        return work

    return register


_failing: set[str] = set()


def run_job(job: Job, *, now: datetime) -> int:
    """Run one job; a failing job counts 0 and never stops the others. It is logged once, until it works again."""
    try:
        done = job.work(now)
    except Exception as error:  # a job may fail in any way
        if job.name not in _failing:
            log.exception("job failed", extra={"job": job.name, "error": type(error).__name__})
        _failing.add(job.name)
        return 0
    _failing.discard(job.name)
    return done

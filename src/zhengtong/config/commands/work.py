"""`zhengtong work`: deliver events, retry what failed, run the periodic jobs, until told to stop."""

import argparse
import logging
import signal
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

from zhengtong.config.processes import WORKER_SIGN

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.3
RETRY_SECONDS = 1.0
SIGN_SECONDS = 10.0
AFTER_DATABASE_ERROR_SECONDS = 2.0
CLOCK_JUMP = timedelta(seconds=5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only whether to stay."""
    parser.add_argument("--once", action="store_true", help="deliver what waits, run every job once, and stop")


def run(options: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; with `--once` until nothing waits."""
    import django

    from zhengtong.config.processes import return_memory

    return_memory()
    django.setup()
    from zhengtong.security.audit import public as audit

    with audit.acting_as(audit.WORKER):
        if options.once:
            print(f"{_work_once()} 项已处理")
            return 0
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        Worker(stop).run()
    return 0


def _work_once() -> int:
    from zhengtong.foundation.calendars.public import official_now
    from zhengtong.foundation.events import public as events

    now = official_now()
    done = events.deliver_all(now=now) + events.retry_failed(now=now)
    done += sum(events.run_job(job, now=now) for job in list(events.JOBS.values()))
    return done + events.deliver_all(now=official_now())


class Worker:
    """The loop. Waiting is cheap: one look at a partial index, no lock, three times a second."""

    def __init__(self, stop: threading.Event) -> None:
        from zhengtong.foundation.events import public as events
        from zhengtong.security.audit import public as audit

        self.stop = stop
        self.presence, self.pace = audit.Presence(), events.Pace()
        self.due: dict[str, float] = {}
        self.retry_at = 0.0
        self.seen: tuple[float, datetime] | None = None
        self.sign_at = 0.0

    def run(self) -> None:
        """Turn until stopped; a database that is away for a while does not end the worker.

        While it turns it holds the lock by which the web knows that what it does is recorded.
        """
        from django.db import DatabaseError, close_old_connections

        while not self.stop.is_set():
            try:
                self.presence.hold()
                busy = self.turn()
            except DatabaseError as error:
                log.warning("worker waits for the database", extra={"error": type(error).__name__})
                close_old_connections()
                self.stop.wait(AFTER_DATABASE_ERROR_SECONDS)
                continue
            if not busy:
                self.stop.wait(IDLE_SECONDS)
        with suppress(DatabaseError):
            self.presence.release()

    def turn(self) -> int:
        """One round: a batch of events, retries when due, jobs when due. Returns how much there was to do."""
        from zhengtong.foundation.calendars.public import official_now
        from zhengtong.foundation.events import public as events

        now, tick = official_now(), time.monotonic()
        self._notice_jump(now, tick)
        self._give_sign(tick)
        done = self.pace.deliver(now=now)
        if tick >= self.retry_at:
            self.retry_at = tick + RETRY_SECONDS
            done += events.retry_failed(now=now)
        return done + self._run_jobs(now, tick)

    def _give_sign(self, tick: float) -> None:
        """`zhengtong doctor` and whoever watches the machine see by the age of this file that the worker lives."""
        if tick >= self.sign_at:
            from django.conf import settings

            self.sign_at = tick + SIGN_SECONDS
            (settings.DATA / WORKER_SIGN).touch()

    def _notice_jump(self, now: datetime, tick: float) -> None:
        """When the demo clock is moved, every job is due at once: nobody waits a minute for the next day."""
        if self.seen is not None:
            seen_tick, seen_now = self.seen
            if now - seen_now - timedelta(seconds=tick - seen_tick) > CLOCK_JUMP:
                self.due.clear()
        self.seen = (tick, now)

    def _run_jobs(self, now: datetime, tick: float) -> int:
        from zhengtong.foundation.events import public as events

        done = 0
        for job in list(events.JOBS.values()):
            if tick >= self.due.get(job.name, 0.0) and not self.stop.is_set():
                self.due[job.name] = tick + job.seconds
                done += events.run_job(job, now=now)
        return done

"""Real workers, really killed: what was committed arrives at every receiver exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pytest
from django.db import connection, transaction

from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import Delivery, OutboxEvent
from zhengtong.foundation.notices.models import Notice

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class StoneLaid(events.Event):
    """A stone was laid (known to these tests only)."""

    subject_kind: ClassVar[str] = "stone"
    subject_field: ClassVar[str] = "stone_id"

    stone_id: int


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a worker process; all are ended after the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def run(*words: str) -> "subprocess.Popen[bytes]":
        arguments = [str(connection.settings_dict["NAME"]), str(tmp_path), *words]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.foundation.events.worker_process", *arguments], cwd=ROOT
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "the worker did not get there"
        time.sleep(0.05)


def lay(count: int, now: datetime) -> None:
    with transaction.atomic():
        for number in range(1, count + 1):
            events.publish(StoneLaid(stone_id=number), at=now)


def effects() -> list[tuple[str, str]]:
    return sorted(Notice.objects.values_list("template", "subject"))


def expected(count: int) -> list[tuple[str, str]]:
    return sorted((r, f"stone:{n}") for r in ("test.first", "test.second") for n in range(1, count + 1))


def all_delivered() -> bool:
    return not OutboxEvent.objects.filter(delivered_at__isnull=True).exists()


def test_a_worker_killed_in_the_middle_of_a_delivery_loses_and_repeats_nothing(
    now: datetime, start: Start, tmp_path: Path
) -> None:
    lay(5, now)
    first = start("stall")
    until((tmp_path / "stalled").exists)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert effects() == []
    start()
    until(all_delivered)
    assert effects() == expected(5)
    assert not Delivery.objects.exists(), "a row is a failure"


def test_facts_committed_while_no_worker_lives_arrive_when_one_starts(
    now: datetime, start: Start, tmp_path: Path
) -> None:
    idle = start()
    until((tmp_path / f"ready-{idle.pid}").exists)
    os.kill(idle.pid, signal.SIGKILL)
    idle.wait()
    lay(3, now)
    start()
    until(all_delivered)
    assert effects() == expected(3)


def test_two_workers_at_once_do_not_deliver_twice(now: datetime, start: Start) -> None:
    lay(60, now)
    start()
    start()
    until(all_delivered)
    assert effects() == expected(60)


def test_a_worker_told_to_stop_ends_cleanly(now: datetime, start: Start) -> None:
    lay(1, now)
    process = start()
    until(all_delivered)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0

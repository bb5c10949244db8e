"""The log writer killed with signal 9 in the middle of its work: business stops, nothing is lost, the log is whole."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Unavailable
from zhengtong.security.accounts.events import ContactChanged
from zhengtong.security.audit import gate, operations, queries, signing
from zhengtong.security.audit.models import AuditEntry, Checkpoint

from ..people import NOW

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS, KILLS, A_ROUND = 60, 3, 60


def publish(number: int) -> None:
    with transaction.atomic():
        for user_id in range(number):
            events.publish(ContactChanged(user_id=user_id, changed=("phone",), actor_id=7), at=NOW)


def start() -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.security.audit.log_process", str(connection.settings_dict["NAME"])]
    return subprocess.Popen(command, cwd=ROOT)


def wait_for(more_than: int, writer: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while queries.last_seq() <= more_than:
        assert writer.poll() is None, "the writer ended by itself"
        assert time.monotonic() < deadline, "the writer wrote nothing"
        time.sleep(0.005)


def test_killed_anywhere_the_log_is_whole_and_business_waits(monkeypatch, settings):
    monkeypatch.setenv(signing.SUBMITTER, "web")
    chance = random.Random(11)
    for _round in range(KILLS):
        gate._seen.clear()
        before = queries.last_seq()
        publish(A_ROUND)
        writer = start()
        try:
            wait_for(before, writer)
            time.sleep(chance.random() * 0.05)
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        found = queries.verify()
        assert found.whole, found.reason
        assert Checkpoint.objects.filter(size__gt=queries.last_seq()).count() == 0
    publish(A_ROUND)
    OutboxEvent.objects.filter(delivered_at__isnull=True).update(recorded_at=timezone.now() - timedelta(hours=1))
    gate._seen.clear()
    with pytest.raises(Unavailable):
        publish(1)
    events.deliver_all(now=NOW)
    publish(1)
    events.deliver_all(now=NOW)
    operations.checkpoint(at=timezone.now())
    assert AuditEntry.objects.count() == OutboxEvent.objects.count() == KILLS * A_ROUND + A_ROUND + 1
    assert queries.verify().whole
    gate._seen.clear()

"""The log writer killed with signal 9 in the middle of its work: business stops, nothing is lost, the log is whole."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Unavailable
from zhengtong.security.accounts.events import ContactChanged
from zhengtong.security.accounts.models import User
from zhengtong.security.audit import gate, operations, presence, queries, signing
from zhengtong.security.audit.models import AuditEntry, Checkpoint

from ..people import NOW

pytestmark = [pytest.mark.process, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS, KILLS, A_ROUND = 60, 3, 60


def publish(number: int) -> None:
    with transaction.atomic():
        for user_id in range(number):
            events.publish(ContactChanged(user_id=user_id, changed=("phone",), actor_id=7), at=NOW)


def start(how: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.security.audit.log_process", how, str(connection.settings_dict["NAME"])]
    return subprocess.Popen(command, cwd=ROOT)


def wait_until(ready: Callable[[], bool], writer: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        assert writer.poll() is None, "the writer ended by itself"
        assert time.monotonic() < deadline, "the writer did nothing"
        time.sleep(0.005)


def kill(writer: "subprocess.Popen[bytes]") -> None:
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def test_killed_anywhere_the_log_is_whole():
    chance = random.Random(11)
    for _round in range(KILLS):
        before = queries.last_seq()
        publish(A_ROUND)
        writer = start("busy")
        try:
            wait_until(lambda: queries.last_seq() > before, writer)  # noqa: B023 — called in this round only
            time.sleep(chance.random() * 0.05)
        finally:
            kill(writer)
        found = queries.verify()
        assert found.whole, found.reason
        assert Checkpoint.objects.filter(size__gt=queries.last_seq()).count() == 0
    events.deliver_all(now=NOW)
    operations.checkpoint(at=timezone.now())
    assert AuditEntry.objects.count() == OutboxEvent.objects.count() == KILLS * A_ROUND
    assert queries.verify().whole


def test_a_killed_worker_stops_business_and_its_successor_lets_it_go_on(resident, client):
    """T-AUD-10. The gate looks twice a second: what a person does after that is refused, and nothing is changed."""
    client.force_login(resident)
    session = client.session  # contact data change only just after a factor was shown
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()

    def change(phone: str) -> int:
        with signing.acting_as(signing.WEB):
            answer = client.post("/account/contact/", {"phone": phone, "email": ""})
        if answer.status_code == 503:
            assert "没有改动任何内容" in answer.content.decode()
        return int(answer.status_code)

    def refused() -> bool:
        with signing.acting_as(signing.WEB):
            try:
                gate.require_writer()
            except Unavailable:
                return True
        return False

    def phone() -> str:
        return str(User.objects.get(pk=resident.pk).phone)

    assert gate.LOOK_EVERY < 1
    before = phone()
    assert change("13800009991") == 503  # no worker was started yet
    worker = start("work")
    try:
        wait_until(presence.somebody_writes, worker)
        assert change("13800009992") == 302
        assert phone() == "13800009992"
        wait_until(lambda: AuditEntry.objects.filter(action="accounts.ContactChanged").exists(), worker)
    finally:
        kill(worker)
    until = time.monotonic() + PATIENCE_SECONDS
    while not refused():
        assert time.monotonic() < until, "nobody noticed"
        time.sleep(0.005)
    events_before, entries_before = OutboxEvent.objects.count(), AuditEntry.objects.count()
    assert change("13800009993") == 503
    assert change(before) == 503
    assert phone() == "13800009992"
    assert (OutboxEvent.objects.count(), AuditEntry.objects.count()) == (events_before, entries_before)
    worker = start("work")
    try:
        wait_until(presence.somebody_writes, worker)
        assert change("13800009994") == 302
        wait_until(lambda: AuditEntry.objects.filter(action="accounts.ContactChanged").count() == 2, worker)
    finally:
        kill(worker)
    assert phone() == "13800009994"
    assert queries.verify().whole

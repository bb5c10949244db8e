"""Every event is provably stamped, by the checkpoint over it; T-TSA-6: a stamp service that is down for four hours loses nothing."""

import hashlib
import os
import subprocess
import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import Delivery, OutboxEvent
from zhengtong.security.accounts.events import ContactChanged
from zhengtong.security.audit import operations, queries, receipts, signing, stamping
from zhengtong.security.audit.models import AuditEntry, Checkpoint
from zhengtong.security.crypto import sm3
from zhengtong.security.timestamps import public as timestamps
from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.models import Outage

from ..people import NOW

pytestmark = pytest.mark.django_db


def silent(source: Path) -> None:
    """The receiver stopped four hours ago; the guard looks again."""
    os.utime(source, (time.time() - 4 * 3600,) * 2)
    authority.cache_clear()


def back(source: Path) -> None:
    os.utime(source)
    authority.cache_clear()


def happen(count: int, first: int = 1) -> None:
    """Events, in the log and under a checkpoint."""
    with transaction.atomic():
        for number in range(first, first + count):
            events.publish(ContactChanged(user_id=number, changed=("phone",)), at=NOW)
    record()


def record() -> None:
    events.deliver_all(now=NOW)
    operations.checkpoint(at=timezone.now())


def names() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("name", flat=True))


class TestEveryEvent:
    def test_is_under_a_checkpoint_with_both_stamps(self, service):
        for first in (0, 300):
            happen(300, first)
            assert timestamps.stamp_pending(at=NOW) == 1
        for entry in AuditEntry.objects.filter(outbox_id__in=OutboxEvent.objects.values("pk")):
            over = stamping.covering(entry.seq)
            assert entry.seq <= over.size <= entry.seq + 300
        note = over.note.encode()
        at, problem = stamping.checked(over)
        assert problem == ""
        assert abs(at.timestamp() - time.time()) < 60
        assert timestamps.verify(bytes(over.token), hashlib.sha256(note).digest()).algorithm == "p256"
        assert timestamps.verify(bytes(over.sm2_token), sm3(note)).algorithm == "sm2"
        assert stamping.waiting() == (0, None)
        assert timestamps.stamp_pending(at=NOW) == 0

    def test_can_be_shown_with_openssl_and_the_root_alone(self, service, root_pem, tmp_path):
        happen(5)
        timestamps.stamp_pending(at=NOW)
        happen(5, 100)
        entry = queries.get_entry(3)
        over = stamping.covering(3)
        proof = queries.stamped_receipt_of(entry)
        assert receipts.check(proof.text(), signing.log_keys()).size == over.size
        assert proof.note.startswith(over.note)
        log = f"/audit/log/checkpoint/{over.size}"
        (tmp_path / "root.pem").write_bytes(root_pem)
        (tmp_path / "checkpoint").write_bytes(Client().get(log).content)
        (tmp_path / "token").write_bytes(Client().get(f"{log}/p256.tst").content)
        command = [
            "openssl",
            "ts",
            "-verify",
            "-data",
            "checkpoint",
            "-in",
            "token",
            "-token_in",
            "-CAfile",
            "root.pem",
        ]
        checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
        assert "Verification: OK" in checked.stdout + checked.stderr
        assert Client().get(f"{log}/sm2.tst").content == bytes(over.sm2_token)
        newest = Checkpoint.objects.first()
        assert Client().get(f"/audit/log/checkpoint/{newest.size}/sm2.tst").status_code == 404
        assert Client().get("/audit/log/checkpoint/999999").status_code == 404

    def test_a_stamp_that_was_given_stays(self, service):
        happen(1)
        timestamps.stamp_pending(at=NOW)
        for column in ("token", "sm2_token"):
            for value in (b"x", None):
                with pytest.raises(DatabaseError), transaction.atomic():
                    Checkpoint.objects.update(**{column: value})
        assert stamping.checked(Checkpoint.objects.get())[1] == ""

    def test_an_older_county_gets_the_second_stamp(self, service):
        happen(1)
        old = Checkpoint.objects.get()
        Checkpoint.objects.update(token=timestamps.stamp(hashlib.sha256(old.note.encode()).digest()))
        first = bytes(Checkpoint.objects.get().token)
        assert stamping.covering(1) is None
        assert timestamps.stamp_pending(at=NOW) == 1
        assert bytes(stamping.covering(1).token) == first

    def test_the_index_finds_what_waits(self, service):
        happen(1)
        if connection.vendor == "sqlite":  # PostgreSQL plans by the size of the table
            assert "audit_unstamped" in stamping.unstamped().order_by("-size").explain()


class TestOutage:
    def test_four_hours_without_time_lose_nothing(self, service, source):
        happen(5)
        assert timestamps.stamp_pending(at=NOW) == 1
        silent(source)
        for hour in range(4):
            happen(25, first=100 * hour)
            assert timestamps.stamp_pending(at=NOW + timedelta(hours=hour)) == 0
        with pytest.raises(timestamps.StampUnavailable, match="时间源失联"):
            timestamps.stamp(bytes(32))
        outage = Outage.objects.get()
        assert (outage.reason, outage.ended_at) == ("source_lost", None)
        assert names().count("timestamps.StampingStopped") == 1
        back(source)
        record()
        waited = stamping.waiting()[0]
        assert waited == 4
        assert timestamps.stamp_pending(at=NOW) == waited
        outage.refresh_from_db()
        assert outage.ended_at is not None
        assert names().count("timestamps.StampingResumed") == 1
        size = Checkpoint.objects.first().size
        assert AuditEntry.objects.filter(seq__lte=size).count() == 5 + 100 + 1
        assert all(stamping.covering(seq) is not None for seq in range(1, size + 1))

    def test_a_quiet_county_writes_no_events_about_nothing(self, service):
        happen(1)
        for _ in range(3):
            timestamps.stamp_pending(at=NOW)
            record()
        assert names() == ["accounts.ContactChanged"]
        assert Checkpoint.objects.count() == 1

    def test_a_clock_record_that_was_lost_does_not_turn_time_back(self, service, tmp_path, monkeypatch):
        happen(1)
        timestamps.stamp_pending(at=NOW)
        later = stamping.latest() + timedelta(hours=1)
        known = timestamps.Stamper("audit", stamping.stamp_waiting, stamping.waiting, lambda: later)
        monkeypatch.setitem(timestamps.STAMPERS, "audit", known)
        (tmp_path / "timestamps" / "clock").unlink()
        authority.cache_clear()
        happen(1)
        assert timestamps.stamp_pending(at=NOW) == 0
        assert Outage.objects.get().reason == "behind"

    def test_without_keys_everything_waits(self, settings, tmp_path):
        settings.DATA = tmp_path
        authority.cache_clear()
        signing.forget()
        happen(2)
        with pytest.raises(timestamps.StampUnavailable, match="密钥"):
            timestamps.stamp(bytes(32))
        assert timestamps.stamp_pending(at=NOW) == 0
        assert stamping.waiting()[0] == 1
        assert Outage.objects.get().reason == "key_gone"
        authority.cache_clear()
        signing.forget()


@pytest.mark.django_db(transaction=True)
def test_batches_of_an_older_county_stay_as_files(service, settings, tmp_path, root_pem):
    """What an earlier version stamped is written out by the migration, as its page gave it."""
    settings.MIGRATION_MODULES = {}
    step = import_module("zhengtong.security.timestamps.migrations.0002_without_batches")
    older = MigrationLoader(None).project_state([("timestamps", "0001_initial"), ("events", "0001_initial")]).apps
    stamps, gathered = older.get_model("timestamps", "Stamp"), older.get_model("timestamps", "Gathered")
    text = f"{step.HEADING}7 {bytes(range(32)).hex()} {bytes(32).hex()}\n".encode()
    sha256, second = hashlib.sha256(text).digest(), sm3(text)
    tokens = {"p256": timestamps.stamp(sha256), "sm2": timestamps.stamp(second, "sm2", "sm3")}
    happen(1)
    failed = {"event": OutboxEvent.objects.get(), "receiver": "timestamps", "state": Delivery.FAILED}
    Delivery.objects.create(**failed, next_attempt_at=NOW)
    with connection.schema_editor() as editor:
        editor.create_model(stamps)
        editor.create_model(gathered)
    try:
        kept = stamps.objects.create(count=1, sha256=sha256, sm3=second, **tokens, stamped_at=timezone.now())
        leaf = (7).to_bytes(8, "big") + bytes(range(32)) + bytes(32)
        gathered.objects.create(leaves=leaf, count=1, first_event=7, last_event=7, stamp=kept)
        step.keep_stamps(older, editor)
        step.settle_deliveries(older, editor)
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(gathered)
            editor.delete_model(stamps)
    folder = tmp_path / "timestamps" / "batches"
    assert (folder / "batch-1.txt").read_bytes() == text
    assert (folder / "batch-1-sm2.tst").read_bytes() == tokens["sm2"]
    (folder / "root.pem").write_bytes(root_pem)
    command = "openssl ts -verify -data batch-1.txt -in batch-1-p256.tst -token_in -CAfile root.pem"
    checked = subprocess.run(command.split(), cwd=folder, capture_output=True, text=True, timeout=30)
    assert "Verification: OK" in checked.stdout + checked.stderr
    assert Delivery.objects.get().state == Delivery.DONE

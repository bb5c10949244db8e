"""Every event is stamped in batches; T-TSA-6: a service that is down for four hours loses nothing."""

import hashlib
import os
import subprocess
import time
from datetime import datetime, timedelta
from json import dumps
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.events import public as events
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.security.accounts.events import ContactChanged
from zhengtong.security.crypto import sm3
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate, RevocationList
from zhengtong.security.timestamps import public as timestamps
from zhengtong.security.timestamps import queries
from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.models import Gathered, Outage, Stamp

from ..people import NOW

DIGEST = hashlib.sha256(b"licence").digest()


def silent(source: Path) -> None:
    """The receiver stopped four hours ago; the guard looks again."""
    os.utime(source, (time.time() - 4 * 3600,) * 2)
    authority.cache_clear()


def back(source: Path) -> None:
    os.utime(source)
    authority.cache_clear()


def happen(count: int, first: int = 1) -> None:
    with transaction.atomic():
        for number in range(first, first + count):
            events.publish(ContactChanged(user_id=number, changed=("phone",)), at=NOW)
    events.deliver_all(now=NOW)


def names() -> list[str]:
    return list(OutboxEvent.objects.order_by("id").values_list("name", flat=True))


@pytest.mark.django_db
class TestBatches:
    def test_every_event_is_in_a_stamped_batch(self, service):
        happen(45)
        assert queries.waiting()[0] == 45
        assert timestamps.stamp_pending(at=NOW) == 45
        kept = Stamp.objects.get()
        content = kept.content()
        assert timestamps.verify(bytes(kept.p256), hashlib.sha256(content).digest()).at == kept.stamped_at
        assert timestamps.verify(bytes(kept.sm2), sm3(content)).algorithm == "sm2"
        assert abs(kept.stamped_at.timestamp() - time.time()) < 60
        assert queries.waiting() == (0, None)
        assert timestamps.stamp_pending(at=NOW) == 0

    def test_an_event_can_be_shown_in_its_batch(self, service):
        happen(30)
        timestamps.stamp_pending(at=NOW)
        row = OutboxEvent.objects.order_by("id")[7]
        said = [1, row.pk, row.name, row.subject, row.payload, "2026-03-02T01:00:00.000000+00:00"]
        leaf = dumps(said, sort_keys=True, separators=(",", ":")).encode()
        place = queries.place_of(row.pk)
        assert (place.sha256, place.sm3) == (hashlib.sha256(leaf).hexdigest(), sm3(leaf).hex())
        line = f"{row.pk} {place.sha256} {place.sm3}\n".encode()
        assert place.stamp.content().count(line) == 1
        assert queries.place_of(row.pk + 1000) is None

    def test_a_changed_batch_is_found(self, service):
        happen(3)
        timestamps.stamp_pending(at=NOW)
        assert queries.checked(Stamp.objects.get())[1] == ""
        row = Gathered.objects.get()
        row.leaves = bytes([bytes(row.leaves)[0] ^ 1]) + bytes(row.leaves)[1:]
        row.save()
        info, problem = queries.checked(Stamp.objects.get())
        assert info is None
        assert "摘要" in problem

    def test_openssl_checks_a_batch_with_the_root_alone(self, service, tmp_path, root_pem):
        happen(3)
        timestamps.stamp_pending(at=NOW)
        kept = Stamp.objects.get()
        (tmp_path / "root.pem").write_bytes(root_pem)
        (tmp_path / "batch").write_bytes(kept.content())
        (tmp_path / "token").write_bytes(bytes(kept.p256))
        command = ["openssl", "ts", "-verify", "-data", "batch", "-in", "token", "-token_in", "-CAfile", "root.pem"]
        checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30)
        assert "Verification: OK" in checked.stdout + checked.stderr

    def test_who_covers_every_event_makes_our_batches_unnecessary(self, service):
        done: list[datetime] = []
        timestamps.stamper(name="log", covers_events=True)(lambda at: done.append(at) or 5)
        try:
            happen(3)
            assert Gathered.objects.count() == 0
            assert timestamps.stamp_pending(at=NOW) == 5
        finally:
            del timestamps.STAMPERS["log"]
        assert done == [NOW]


@pytest.mark.django_db
class TestOutage:
    def test_four_hours_without_time_lose_nothing(self, service, source):
        happen(5)
        assert timestamps.stamp_pending(at=NOW) == 5
        silent(source)
        for hour in range(4):
            happen(25, first=100 * hour)
            assert timestamps.stamp_pending(at=NOW + timedelta(hours=hour)) == 0
        with pytest.raises(timestamps.StampUnavailable, match="时间源失联"):
            timestamps.stamp(DIGEST)
        outage = Outage.objects.get()
        assert (outage.reason, outage.ended_at) == ("source_lost", None)
        assert names().count("timestamps.StampingStopped") == 1
        back(source)
        events.deliver_all(now=NOW)
        waited = queries.waiting()[0]
        assert waited == 100 + 1
        assert timestamps.stamp_pending(at=NOW) == waited
        outage.refresh_from_db()
        assert outage.ended_at is not None
        assert names().count("timestamps.StampingResumed") == 1
        ids = list(OutboxEvent.objects.exclude(name="timestamps.StampingResumed").values_list("pk", flat=True))
        assert all(queries.place_of(pk).stamp is not None for pk in ids)

    def test_a_quiet_county_writes_no_events_about_nothing(self, service):
        happen(1)
        for _ in range(3):
            timestamps.stamp_pending(at=NOW)
            events.deliver_all(now=NOW)
        assert names() == ["accounts.ContactChanged"]
        assert Stamp.objects.count() == 1

    def test_a_clock_record_that_was_lost_does_not_turn_time_back(self, service, tmp_path):
        happen(1)
        timestamps.stamp_pending(at=NOW)
        Stamp.objects.update(stamped_at=Stamp.objects.get().stamped_at + timedelta(hours=1))
        (tmp_path / "timestamps" / "clock").unlink()
        authority.cache_clear()
        happen(1)
        assert timestamps.stamp_pending(at=NOW) == 0
        assert Outage.objects.get().reason == "behind"


@pytest.mark.django_db
class TestTrust:
    """Stamps follow the machine's clock, certificates and their lists the county's."""

    def test_without_a_fresh_list_nothing_is_trusted(self, service):
        token = timestamps.stamp(DIGEST)
        RevocationList.objects.all().delete()
        with pytest.raises(timestamps.StampNotGenuine, match="证书"):
            timestamps.verify(token, DIGEST)

    def test_a_revoked_certificate_makes_its_later_stamps_worthless(self, service):
        token = timestamps.stamp(DIGEST)
        assert timestamps.verify(token, DIGEST).algorithm == "p256"
        row = Certificate.objects.get(purpose="timestamps", algorithm="p256")
        pki.revoke(certificate=row, reason="key_compromise", by=None, at=timezone.now() - timedelta(hours=1))
        with pytest.raises(timestamps.StampNotGenuine, match="证书"):
            timestamps.verify(token, DIGEST)
        authority().forget_keys()
        with pytest.raises(timestamps.StampUnavailable, match="密钥"):
            timestamps.stamp(DIGEST)

    @pytest.mark.parametrize("days", [-60, 60])
    def test_a_demo_on_another_day_stamps_and_trusts(self, service, settings, days):
        settings.DEMO = True
        DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": days * 86400})
        calendars.forget_demo_clock()
        RevocationList.objects.update(stale=True)
        pki.publish_lists(at=calendars.official_now())
        token = timestamps.stamp(DIGEST)
        assert timestamps.verify(token, DIGEST).algorithm == "p256"


@pytest.mark.django_db
def test_without_keys_everything_waits(settings, tmp_path):
    settings.DATA = tmp_path
    authority.cache_clear()
    happen(2)
    with pytest.raises(timestamps.StampUnavailable, match="密钥"):
        timestamps.stamp(bytes(32))
    assert timestamps.stamp_pending(at=NOW) == 0
    assert queries.waiting()[0] == 2
    assert Outage.objects.get().reason == "key_gone"
    authority.cache_clear()

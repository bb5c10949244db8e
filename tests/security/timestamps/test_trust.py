"""Whose stamps are believed, and when."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate, RevocationList
from zhengtong.security.timestamps import public as timestamps
from zhengtong.security.timestamps.authority import authority

DIGEST = hashlib.sha256(b"licence").digest()


@pytest.mark.django_db
class TestTrust:
    """Stamps follow the machine's clock, certificates and their lists the county's."""

    def test_without_a_fresh_list_nothing_is_trusted(self, service):
        token = timestamps.stamp(DIGEST)
        RevocationList.objects.all().delete()
        with pytest.raises(timestamps.StampNotGenuine, match="证书"):
            timestamps.verify(token, DIGEST)

    def test_a_county_that_moved_to_another_address_is_still_believed(self, service, settings):
        token = timestamps.stamp(DIGEST)
        before = bytes(RevocationList.objects.first().der)
        settings.PUBLIC_URL = "https://zwfw.elsewhere.example"
        assert timestamps.verify(token, DIGEST).algorithm == "p256"
        RevocationList.objects.update(stale=True)
        pki.publish_lists(at=calendars.official_now())
        assert timestamps.verify(token, DIGEST).algorithm == "p256"
        assert pki.list_is_ours(before)

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

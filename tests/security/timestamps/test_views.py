"""The pages: who may see them, and what they say of the clock in words."""

import os

import pytest
from django.test import Client

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.security.pmi import public as pmi
from zhengtong.security.timestamps import public as timestamps
from zhengtong.security.timestamps.authority import authority

from ..people import NOW, make_official

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_role(office):
    def enter(role: str) -> Client:
        user = make_official(role.replace("_", "."), "周正", organization=office)
        pmi.grant_role(user=user, role=role, organization=office, by=None, at=NOW, valid_from=NOW.date())
        client = Client()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def stopped(service, tmp_path) -> None:
    """The record of the clock is damaged."""
    authority().condition()
    (tmp_path / "timestamps" / "clock").write_bytes(b"damaged")


def text(client: Client, path: str, status: int = 200) -> str:
    answered = client.get(path)
    assert answered.status_code == status
    return answered.content.decode()


@pytest.mark.parametrize(
    ("role", "sees", "trusts"), [("auditor", 200, 403), ("security_admin", 200, 200), ("system_admin", 403, 403)]
)
def test_who_may_come(service, as_role, role, sees, trusts):
    client = as_role(role)
    assert client.get("/timestamps/").status_code == sees
    assert client.get("/timestamps/trust/").status_code == trusts
    assert Client().get("/timestamps/").status_code == 302


class TestAuditor:
    def test_a_good_clock_in_words(self, as_role, service):
        page = text(as_role("auditor"), "/timestamps/")
        assert "时钟正常：有时间源校准，没有跳变。" in page
        assert "还没有时间戳" in page

    def test_what_waits_and_the_last_stamp(self, as_role, service):
        since = []
        kept = timestamps.Stamper("paper", lambda at: 3, lambda: (3, NOW), lambda: since[0] if since else None)
        timestamps.register(kept)
        try:
            page = text(as_role("auditor"), "/timestamps/")
            assert "最早的从" in page
            assert "最近一次盖戳" not in page
            since.append(NOW)
            assert "最近一次盖戳" in text(as_role("security_admin"), "/timestamps/")
        finally:
            del timestamps.STAMPERS["paper"]

    def test_a_lost_source_in_words(self, as_role, service, source):
        os.utime(source, (1, 1))
        assert "时间源失联" in text(as_role("auditor"), "/timestamps/")


class TestSecurityAdministrator:
    def test_confirms_the_clock_and_it_is_on_record(self, as_role, stopped):
        client = as_role("security_admin")
        assert "时钟记录无法读写" in text(client, "/timestamps/")
        assert "恢复盖戳" in text(client, "/timestamps/trust/")
        answered = client.post("/timestamps/trust/", follow=True)
        assert "已确认服务器时钟" in answered.content.decode()
        assert not authority().condition().refuses
        assert OutboxEvent.objects.filter(name="timestamps.ClockTrusted", subject="timestamps:unreadable").exists()

    def test_may_not_confirm_what_needs_no_confirmation(self, as_role, service):
        answered = as_role("security_admin").post("/timestamps/trust/")
        assert answered.status_code == 409
        assert "不需要人工确认" in answered.content.decode()
        assert not OutboxEvent.objects.filter(name="timestamps.ClockTrusted").exists()

    def test_nobody_else_confirms(self, as_role, stopped):
        assert as_role("auditor").post("/timestamps/trust/").status_code == 403
        assert authority().condition().refuses

"""`zhengtong doctor`: a sound deployment has no fault, and each thing that is broken is named with what to do."""

import json
import os
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import SmallCounty, grant, make_official
from zhengtong.config import checkup
from zhengtong.config.cli import main
from zhengtong.foundation.events.models import Delivery, OutboxEvent

pytestmark = pytest.mark.django_db


def findings(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    status = main(["doctor", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] == (status == 0)
    return status, {one["key"]: one for one in answer["findings"]}


@pytest.fixture
def sound(small_county: SmallCounty, settings, tmp_path, monkeypatch) -> SmallCounty:
    """A deployment as it should be."""
    settings.DATA = tmp_path
    tmp_path.chmod(0o700)
    settings.HTTPS = settings.SESSION_COOKIE_SECURE = True
    settings.TRUSTED_PROXIES = 1
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.PUBLIC_URL = "https://zw.shuangfeng.invalid"
    settings.ALLOWED_HOSTS = ["zw.shuangfeng.example"]
    settings.SECRET_KEY = "".join(chr(48 + n % 70) for n in range(64))
    (tmp_path / "worker.alive").touch()
    (tmp_path / "backups" / "one").mkdir(parents=True)
    (tmp_path / "backups" / "one" / "manifest.json").touch()
    monkeypatch.delenv("ZHENGTONG_BACKUPS", raising=False)
    grant(make_official("security", "孔安全"), "security_admin", small_county.government)
    OutboxEvent.objects.update(delivered_at=timezone.now(), recorded_at=timezone.now())
    return small_county


MACHINE = {"migrations", "disk", "clock", "second_factor", "privileges"}
"""What a test database, made without migrations on whatever machine, does not decide."""


def test_a_sound_deployment(sound, capsys):
    _status, found = findings(capsys)
    assert set(found) == set(checkup.QUESTIONS)
    assert {key: one for key, one in found.items() if one["level"] == "fault" and key not in MACHINE} == {}


BREAKS = {
    "debug": lambda settings: setattr(settings, "DEBUG", True),
    "secret": lambda settings: setattr(settings, "SECRET_KEY", "a" * 60),
    "hosts": lambda settings: setattr(settings, "ALLOWED_HOSTS", ["*"]),
    "https": lambda settings: setattr(settings, "SECURE_HSTS_SECONDS", 0),
    "content_policy": lambda settings: setattr(
        settings, "CONTENT_SECURITY_POLICY", {"DIRECTIVES": {"script-src": ["'self'", "'unsafe-inline'"]}}
    ),
    "proxies": lambda settings: setattr(settings, "TRUSTED_PROXIES", 0),
    "scanner": lambda settings: setattr(settings, "VIRUS_SCANNER", "/nowhere/clamd.ctl"),
    "worker": lambda settings: os.utime(settings.DATA / "worker.alive", (0, time.time() - 120)),
    "backups": lambda settings: os.utime(settings.DATA / "backups" / "one" / "manifest.json", (0, 86400)),
}


@pytest.mark.parametrize("key", BREAKS)
def test_what_is_broken_is_named(key, sound, settings, capsys):
    BREAKS[key](settings)
    status, found = findings(capsys)
    assert status == 1
    assert found[key]["level"] == "fault"
    assert found[key]["mend"]


def test_keys_that_others_can_read(sound, settings, capsys):
    keys = settings.DATA / "keys"
    keys.mkdir(mode=0o700)
    (keys / "root.p256").touch(mode=0o644)
    (keys / "passphrase").touch(mode=0o600)
    _status, found = findings(capsys)
    assert "root.p256" in found["files"]["said"]
    assert found["passphrase"]["level"] == "fault"


@pytest.mark.parametrize(("number", "level"), [(0, "fault"), (991, "fine")])
def test_an_account_that_rules_over_everything(number, level, sound, monkeypatch, capsys):
    """ASVS 13.2.2; on PostgreSQL the role is asked as well, and the test server's is its superuser."""
    monkeypatch.setattr(os, "geteuid", lambda: number)
    expected = level if connection.vendor == "sqlite" else "fault"
    assert findings(capsys)[1]["privileges"]["level"] == expected


def test_a_stuck_delivery_and_an_old_backlog(sound, capsys):
    event = OutboxEvent.objects.first()
    event.delivered_at, event.recorded_at = None, timezone.now() - timedelta(hours=1)
    event.save()
    assert findings(capsys)[1]["deliveries"]["level"] == "fault"
    Delivery.objects.create(event=event, receiver="audit", state=Delivery.STUCK)
    assert "1条" in findings(capsys)[1]["deliveries"]["said"]


def test_a_clock_behind_the_record(sound, capsys):
    OutboxEvent.objects.update(recorded_at=timezone.now() + timedelta(hours=1))
    assert findings(capsys)[1]["clock"]["level"] == "fault"


def test_a_database_that_does_not_answer_is_a_fault_and_the_rest_is_still_said(sound, capsys):
    connection.check_constraints()  # PostgreSQL alters no table with checks outstanding
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pmi_rolegrant RENAME TO pmi_gone")
    status, found = findings(capsys)
    assert (status, found["separation"]["level"], found["debug"]["level"]) == (1, "fault", "fine")


def test_the_sentences_say_what_to_do(sound, settings, capsys):
    settings.DEBUG = True
    assert main(["doctor"]) == 1
    assert "怎么办：把DEBUG设为False" in capsys.readouterr().out

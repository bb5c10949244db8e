"""At the window: who lost password, phone or second factor comes back in after an official saw their card; everything else is refused."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.test import Client

from tests.factories import MONDAY, PASSWORD, make_officer, make_resident
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.notices.models import Notice, NoticeDelivery
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import AccountRecovery, User
from zhengtong.security.accounts.recovery import operations
from zhengtong.security.audit import public as audit
from zhengtong.security.audit.models import AuditEntry

NOW = MONDAY
NEW = "another long phrase"


@pytest.fixture
def person(small_county):
    return make_resident(assurance_level=1, email="wang@example.cn")


@pytest.fixture
def clerk(small_county):
    return small_county.window_officer


@pytest.fixture
def colleague(small_county):
    return make_officer("window2", "吴窗口", "window_officer", small_county.centre)


def begin(person, clerk, **more):
    given = {"number": str(person.resident_id), "seen": True, "factors": False, "by": clerk, "at": NOW, **more}
    return operations.begin(**given)


def sign_in(client: Client, login: str, password: str) -> bool:
    client.post("/account/login/", {"login": login, "password": password})
    return "_auth_user_id" in client.session


def test_from_the_lost_password_to_a_new_one(person, clerk, signed_in, deliver):
    at_home, window = Client(), signed_in(clerk)
    assert sign_in(at_home, person.phone, PASSWORD)
    answer = window.post("/account/recovery/", {"number": str(person.resident_id), "seen": "on"})
    row = AccountRecovery.objects.get()
    assert answer.headers["location"] == f"/account/recovery/{row.pk}/"
    page = window.get(answer.headers["location"]).content.decode()
    for whole in (str(person.resident_id), person.phone, person.display_name):
        assert whole not in page
    page = window.post(f"/account/recovery/{row.pk}/", {"go": "1", "phone": "13911112222"}).content.decode()
    password = page.split('<p class="number"><strong>')[1].split("<")[0]
    assert at_home.get("/account/").headers["location"].startswith("/account/login")
    # Shown once, and kept in no session.
    again = window.get(f"/account/recovery/{row.pk}/").content.decode()
    assert password not in again
    assert window.post(f"/account/recovery/{row.pk}/", {"go": "1"}).status_code in (409, 422)
    client = Client()
    assert not sign_in(client, person.phone, password)  # the old phone is nobody's login any more
    assert sign_in(client, "13911112222", password)
    assert client.get("/my/reads/").headers["location"] == "/account/password/change/"
    client.post("/account/password/change/", {"oldpassword": password, "password1": NEW, "password2": NEW})
    assert client.get("/my/reads/").status_code == 200
    assert User.objects.get(pk=person.pk).assurance_level == 3
    # Told in the inbox, by e-mail, at the new phone and at the old one; the log names the read with its purpose.
    told = Notice.objects.filter(template="accounts.recovered")
    assert sorted(str(one.phone) for one in told) == ["", person.phone]
    channels = NoticeDelivery.objects.filter(notice__in=told).values_list("channel", flat=True)
    assert sorted(channels) == ["email", "inbox", "sms", "sms"]
    deliver()
    assert "窗口找回账号" in str([read.purpose for read in audit.reads_about(User.objects.get(pk=person.pk))])
    facts = OutboxEvent.objects.filter(name="accounts.AccountRecovered").get()
    assert facts.payload["changed"] == ["phone"]
    assert password not in str(list(OutboxEvent.objects.values_list("payload", flat=True)))


def test_lost_factors_need_a_second_person(person, clerk, colleague, signed_in):
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    row = begin(person, clerk, factors=True)
    with pytest.raises(operations.CannotRecover, match="另一位"):
        operations.carry_out(recovery_id=row.pk, phone="", by=clerk, at=NOW)
    for one in (clerk, person):
        with pytest.raises(NotAllowed):
            operations.confirm(recovery_id=row.pk, by=one, at=NOW)
    for wrong in ({"confirmed_by": clerk}, {"done_at": NOW}, {"confirmed_by": person}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccountRecovery.objects.filter(pk=row.pk).update(**wrong)
    assert Authenticator.objects.filter(user=person).exists()
    operations.confirm(recovery_id=row.pk, by=colleague, at=NOW)
    with pytest.raises(operations.CannotRecover, match="不需要"):
        operations.confirm(recovery_id=row.pk, by=colleague, at=NOW)
    with pytest.raises(NotAllowed, match="看过身份证"):
        operations.carry_out(recovery_id=row.pk, phone="", by=colleague, at=NOW)
    assert operations.carry_out(recovery_id=row.pk, phone="", by=clerk, at=NOW)
    assert not Authenticator.objects.filter(user=person).exists()


def test_the_pages_of_two_people(person, clerk, colleague, signed_in, settings):
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    first, second = signed_in(clerk), signed_in(colleague)
    first.post("/account/recovery/", {"number": str(person.resident_id), "seen": "on", "factors": "on"})
    row = AccountRecovery.objects.get()
    assert "待另一人确认" in first.get("/account/recovery/").content.decode()
    assert first.post(f"/account/recovery/{row.pk}/confirm/").status_code == 403
    assert "我也看过身份证" in second.get("/account/recovery/").content.decode()
    assert second.post(f"/account/recovery/{row.pk}/confirm/").status_code == 302
    assert "出一次性密码" in first.get(f"/account/recovery/{row.pk}/").content.decode()
    assert second.post(f"/account/recovery/{row.pk}/", {"go": "1"}).status_code == 422
    assert not AccountRecovery.objects.filter(done_at__isnull=False).exists()


def test_the_worker_knows_what_to_send():
    """It loads no page, and sends what the window wrote."""
    known = "import django; django.setup()\nfrom zhengtong.foundation.notices.kinds import TEMPLATES\n"
    asked = [sys.executable, "-c", f"{known}assert 'accounts.recovered' in TEMPLATES"]
    settings = {**os.environ, "DJANGO_SETTINGS_MODULE": "zhengtong.config.settings"}
    assert subprocess.run(asked, env=settings).returncode == 0


@pytest.mark.parametrize(
    ("change", "refusal", "says"),
    [
        ({"seen": False}, Invalid, "当面核对"),
        ({"number": "431321199005170000"}, Invalid, "没有这个身份证号"),
        ({"number": "13800000001"}, Invalid, "没有这个身份证号"),
        ({"factors": True}, Invalid, "没有设置"),
    ],
)
def test_refusals_change_nothing(person, clerk, change, refusal, says):
    with pytest.raises(refusal, match=says):
        begin(person, clerk, **change)
    assert not AccountRecovery.objects.exists()
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


def test_who_was_found_was_read_whatever_is_refused_afterwards(person, clerk, signed_in):
    def reads():
        return [(read.subject, read.actor_id) for read in AuditEntry.objects.filter(purpose__startswith="窗口找回账号")]

    seen = (f"user:{person.pk}", clerk.pk)
    address, card = "/account/recovery/", {"number": str(person.resident_id), "seen": "on", "factors": "on"}
    assert "没有设置第二重验证" in signed_in(clerk).post(address, card).content.decode()
    assert reads() == [seen]
    accounts.deactivate(user=person, reason="misuse", by=clerk, at=NOW)
    with pytest.raises(operations.CannotRecover, match="停用"):
        begin(person, clerk)
    assert reads() == [seen, seen]
    with pytest.raises(Invalid):
        begin(person, clerk, number="13800000001")
    assert reads() == [seen, seen], "nobody was found, nothing was read"


def test_residents_closed_accounts_and_strangers_are_refused(person, clerk, signed_in):
    with pytest.raises(NotAllowed, match="窗口工作人员"):
        begin(person, make_resident(2))
    accounts.deactivate(user=person, reason="misuse", by=clerk, at=NOW)
    with pytest.raises(operations.CannotRecover, match="停用"):
        begin(person, clerk)
    with pytest.raises(NotFound):
        operations.carry_out(recovery_id=99, phone="", by=clerk, at=NOW)


def test_only_a_window_opens_the_page(person, small_county, signed_in):
    assert signed_in(person).get("/account/recovery/").status_code == 403
    assert signed_in(small_county.auditor).get("/account/recovery/").status_code == 403
    assert signed_in(small_county.township_officer).get("/account/recovery/").status_code == 200


def test_after_half_an_hour_the_card_is_looked_at_again(person, clerk):
    row = begin(person, clerk)
    with pytest.raises(operations.CannotRecover, match="30分钟"):
        operations.carry_out(recovery_id=row.pk, phone="", by=clerk, at=NOW + timedelta(minutes=31))
    with pytest.raises(Invalid):
        operations.carry_out(recovery_id=row.pk, phone="12", by=clerk, at=NOW)
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


def test_the_one_time_password_is_good_for_a_day(person, clerk):
    from django.utils import timezone

    now = timezone.now()
    row = begin(person, clerk, at=now)
    password = operations.carry_out(recovery_id=row.pk, phone="", by=clerk, at=now)
    AccountRecovery.objects.update(done_at=now - timedelta(hours=25))
    assert not sign_in(Client(), person.phone, password)
    AccountRecovery.objects.update(done_at=now - timedelta(hours=23))
    client = Client()
    assert sign_in(client, person.phone, password)
    # Once changed, the day no longer counts.
    client.post("/account/password/change/", {"oldpassword": password, "password1": NEW, "password2": NEW})
    AccountRecovery.objects.update(done_at=now - timedelta(days=9))
    assert sign_in(Client(), person.phone, NEW)
    assert not DemoClock.objects.exists()

"""What is kept too long is deleted on time, batch by batch, and nothing that must stay (T-PI-3); what sessions and tries leave (T-PI-6)."""

import csv
import os
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.factories import at, grant, make_enterprise, make_official, make_resident
from tests.house.code import ROOT
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.files import operations as file_operations
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files import storage
from zhengtong.foundation.notices.models import Notice
from zhengtong.kernel import scratch
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound
from zhengtong.kernel.sealed import sealed_models
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import OpenSession, SignInFailure, UsedOnce, User
from zhengtong.security.audit import public as audit
from zhengtong.security.vault.models import Deletion, RetentionChange
from zhengtong.security.vault.retention import operations, periods
from zhengtong.security.vault.values import RETENTIONS

NOW = at("2026-09-21 09:00")
GONE = "已按规定删除"
BASIS = {"source": "县档案局通知", "dated": date(2026, 1, 1), "reason": "核对后改"}


def delete(when: str, **machine: object) -> int:
    return operations.carry_out(at=at(when), machine=machine.get("machine", at(when)))


class TestPeriods:
    @pytest.mark.parametrize(
        ("amount", "unit", "began", "kept", "gone"),
        [
            (5, "years", "2021-09-21", "2026-09-21", "2026-09-22"),
            (1, "years", "2024-02-29", "2025-02-28", "2025-03-01"),
            (1, "years", "2027-02-28", "2028-02-28", "2028-02-29"),
            (6, "months", "2026-08-31", "2027-02-28", "2027-03-01"),
            (30, "days", "2026-09-01", "2026-10-01", "2026-10-02"),
        ],
    )
    def test_the_last_day_is_the_corresponding_day(self, db, amount, unit, began, kept, gone):
        period = periods.Period("x", "", "", "", "", amount, unit, "", "", date(2026, 1, 1))
        assert periods.before(period, at(f"{kept} 23:59")) <= at(f"{began} 00:00")
        assert periods.before(period, at(f"{gone} 00:00")) > at(f"{began} 23:59")

    def test_for_ever_is_never(self, db):
        period = periods.Period("x", "", "", "", "", 0, "forever", "", "", date(2026, 1, 1))
        assert periods.before(period, NOW) is None

    def test_every_sealed_field_is_promised_an_end_and_every_promise_is_kept_by_code(self):
        """The register names the kinds by which a field ends; each has a period with source and date, and a deletion."""
        with (ROOT / "docs/evidence/impact-assessment.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            model = row["field"].rpartition(".")[0]
            for key in row["kept_by"].split():
                assert model in RETENTIONS[key].models, row["field"]
        assert {model._meta.label for model in sealed_models()} == {
            m for one in RETENTIONS.values() for m in one.models
        }
        shipped = periods.shipped()
        assert set(RETENTIONS) == {key for key, one in shipped.items() if one.unit != periods.FOREVER}
        assert all(one.source and one.source_en and one.dated <= NOW.date() for one in shipped.values())


class TestDeleting:
    def test_a_closed_account_goes_thirty_days_later_and_an_open_one_stays(self, db, deliver):
        closed, other = make_resident(1), make_resident(2)
        accounts.deactivate(user=closed, reason="request", by=closed, at=NOW)
        assert delete("2026-10-21 23:00") == 0
        assert User.objects.get(pk=closed.pk).resident_id == closed.resident_id
        assert delete("2026-10-22 00:10") == 1
        again = User.objects.get(pk=closed.pk)
        assert (again.username, again.display_name) == (f"erased-{closed.pk}", "已删除")
        assert (str(again.resident_id), str(again.phone)) == (GONE, GONE)
        assert User.objects.get(pk=other.pk).phone == other.phone
        assert delete("2026-10-22 01:10") == 0
        deliver()
        assert audit.verify().whole

    def test_one_that_was_opened_again_stays(self, db):
        person = make_resident()
        accounts.deactivate(user=person, reason="request", by=person, at=NOW)
        accounts.reactivate(user=person, by=None, at=NOW)
        assert delete("2027-09-21") == 0
        assert User.objects.get(pk=person.pk).phone == person.phone

    def test_an_enterprise_nobody_acts_for(self, db):
        body = make_enterprise(make_resident())
        body.members.update(valid_until=date(2021, 9, 20))
        assert delete("2026-09-20") == 0
        assert delete("2026-09-21") == 1
        body.refresh_from_db()
        assert (str(body.phone), str(body.address)) == (GONE, GONE)

    def test_notices_lose_their_address_first_and_go_later(self, db):
        stranger = Notice.objects.create(template="x", phone="13900001111", email="a@b.cn", created_at=NOW)
        person = make_resident()
        inbox = Notice.objects.create(template="x", to_user=person, created_at=NOW)
        delete("2027-03-21")
        assert Notice.objects.get(pk=stranger.pk).phone == "13900001111"
        delete("2027-03-22")
        again = Notice.objects.get(pk=stranger.pk)
        assert (str(again.phone), again.email) == (GONE, "")
        delete("2031-09-21")
        assert Notice.objects.filter(pk=inbox.pk).exists()
        delete("2031-09-22")
        assert not Notice.objects.exists()

    def test_batch_by_batch_each_with_its_record_and_without_names(self, db, monkeypatch, deliver):
        monkeypatch.setattr(operations, "BATCH", 2)
        people = [make_resident(n) for n in range(1, 6)]
        for person in people:
            accounts.deactivate(user=person, reason="deceased", by=None, at=NOW)
        monkeypatch.setattr(operations, "BATCHES_AT_ONCE", 1)
        when = at("2026-11-21")
        done: dict[str, datetime] = {}
        assert [operations.carry_out(at=when, machine=NOW, done=done) for _turn in range(8)].count(
            2
        ) == 2  # and a 1, then nothing: it is asked once a day
        assert list(Deletion.objects.filter(key="accounts.closed").values_list("rows", flat=True)) == [2, 2, 1]
        said = OutboxEvent.objects.filter(name="vault.RetainedDeleted")
        assert [one.payload["rows"] for one in said] == [2, 2, 1]
        text = str([one.payload for one in said])
        assert not any(str(p.resident_id) in text or p.display_name in text for p in people)
        deliver()
        assert audit.verify().whole


class TestTraces:
    """T-PI-6: sessions, tries, one-time things, tokens, temporary files."""

    def test_sessions_tries_and_used_codes_are_cleared_by_the_machine_s_clock(self, db):
        person, browser = make_resident(), Client()
        browser.force_login(person)
        now = timezone.now()
        OpenSession.objects.create(user=person, session_key="gone", begun_at=now, seen_at=now - timedelta(days=3))
        Session.objects.create(session_key="gone", session_data="x", expire_date=now - timedelta(days=3))
        SignInFailure.objects.create(key="a", first_at=now - timedelta(days=4))
        SignInFailure.objects.create(key="b", first_at=now)
        UsedOnce.objects.create(key="a", used_at=now - timedelta(days=70))
        UsedOnce.objects.create(key="b", used_at=now)
        from allauth.idp.oidc.models import Token

        Token.objects.create(type="ac", hash="a", expires_at=now - timedelta(days=3))
        Token.objects.create(type="rt", hash="b", expires_at=now + timedelta(hours=1))
        # The county's clock may stand elsewhere (a demo): what is alive by the machine's stays.
        assert operations.carry_out(at=at("2030-01-01"), machine=now) == 5
        assert browser.get("/account/").status_code == 200
        assert list(SignInFailure.objects.values_list("key", flat=True)) == ["b"]
        assert list(UsedOnce.objects.values_list("key", flat=True)) == ["b"]
        assert list(Token.objects.values_list("hash", flat=True)) == ["b"]
        assert not Session.objects.filter(session_key="gone").exists()

    def test_files_that_killed_processes_left(self, db, settings, tmp_path):
        settings.FILES_ROOT = tmp_path / "files"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": tmp_path / "cache"}}
        (tmp_path / "cache").mkdir()
        folder = scratch.folder("test")
        (folder / "plain").write_text("x")
        left = [storage.incoming_folder() / "half", tmp_path / "cache" / "old.djcache"]
        for path in left:
            path.write_text("x")
        assert storage.sweep_incoming() + storage.sweep_cache() == 0
        yesterday = time.time() - 90_000
        for path in (*left, folder):
            os.utime(path, (yesterday, yesterday))
        assert storage.sweep_incoming() + storage.sweep_cache() == 2
        assert storage.sweep_scratch() >= 1
        assert not folder.exists()

    def test_an_upload_has_no_name_on_the_disk(self, settings, tmp_path):
        settings.FILES_ROOT = tmp_path / "files"
        request = RequestFactory().post("/", {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7 " + b"x" * 200_000)})
        upload = request.FILES["file"]
        assert upload.size == 200_009
        assert list(storage.incoming_folder().iterdir()) == []
        assert not hasattr(upload, "temporary_file_path")

    @pytest.mark.django_db(transaction=True)
    def test_a_content_that_outlived_the_kill_after_its_commit(self, settings, tmp_path):
        settings.FILES_ROOT = tmp_path / "files"
        kept = files.keep_bytes(
            content=b"secret", name="a.pdf", mime="application/pdf", owner_kind="x", owner_id=1, by=None, at=NOW
        )
        place = storage.path_of(kept.stored.digest)
        type(kept).objects.filter(pk=kept.pk).update(erased_at=NOW)
        assert file_operations.discard_erased() == 0  # it may just be coming in again
        os.utime(place, (1, 1))
        assert file_operations.discard_erased() == 1
        assert not place.exists()


class TestChanging:
    def test_two_people_change_a_period_and_it_counts_at_once(self, db):
        one, two = make_official("one"), make_official("two")
        row = operations.ask_change(key="accounts.closed", amount=10, unit="days", by=one.pk, at=NOW, **BASIS)
        assert periods.in_force()["accounts.closed"].amount == 30
        with pytest.raises(NotAllowed, match="另一位"):
            operations.decide_change(change_id=row.pk, confirm=True, by=one.pk, at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            RetentionChange.objects.filter(pk=row.pk).update(decided_by=one, decided_at=NOW, confirmed_at=NOW)
        with pytest.raises(operations.CannotChange, match="等人确认"):
            operations.ask_change(key="accounts.closed", amount=9, unit="days", by=two.pk, at=NOW, **BASIS)
        operations.decide_change(change_id=row.pk, confirm=True, by=two.pk, at=NOW)
        now = periods.in_force()["accounts.closed"]
        assert (now.words, now.source, now.changed.pk) == ("10天", "县档案局通知", row.pk)
        with pytest.raises(operations.CannotChange, match="决定过"):
            operations.decide_change(change_id=row.pk, confirm=False, by=two.pk, at=NOW)
        person = make_resident()
        accounts.deactivate(user=person, reason="request", by=person, at=NOW)
        assert delete("2026-10-02") == 1

    def test_a_shorter_period_is_heard_on_the_day_it_is_confirmed(self, db):
        one, two, person = make_official("one"), make_official("two"), make_resident()
        accounts.deactivate(user=person, reason="request", by=person, at=NOW)
        when, done = at("2026-10-02 10:00"), {}
        assert operations.carry_out(at=when, machine=NOW, done=done) == 0
        row = operations.ask_change(key="accounts.closed", amount=10, unit="days", by=one.pk, at=when, **BASIS)
        operations.decide_change(change_id=row.pk, confirm=True, by=two.pk, at=when)
        assert operations.carry_out(at=when, machine=NOW, done=done) == 1

    def test_turned_down_nothing_changes_and_for_ever_deletes_nothing(self, db):
        one, two = make_official("one"), make_official("two")
        row = operations.ask_change(key="accounts.closed", amount=1, unit="days", by=one.pk, at=NOW, **BASIS)
        operations.decide_change(change_id=row.pk, confirm=False, by=one.pk, at=NOW)
        assert periods.in_force()["accounts.closed"].amount == 30
        row = operations.ask_change(key="accounts.closed", amount=0, unit="forever", by=one.pk, at=NOW, **BASIS)
        operations.decide_change(change_id=row.pk, confirm=True, by=two.pk, at=NOW)
        person = make_resident()
        accounts.deactivate(user=person, reason="request", by=person, at=NOW)
        assert delete("2126-10-02") == 0

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"key": "audit.entries"}, "key"),
            ({"key": "no.such"}, "key"),
            ({"amount": 0}, "amount"),
            ({"amount": 101}, "amount"),
            ({"unit": "weeks"}, "unit"),
            ({"source": " "}, "source"),
            ({"reason": ""}, "reason"),
            ({"dated": date(2026, 9, 22)}, "dated"),
        ],
    )
    def test_refusals_change_nothing(self, db, change, field):
        asked = {"key": "accounts.closed", "amount": 1, "unit": "years", **BASIS, **change}
        with pytest.raises(Invalid) as refused:
            operations.ask_change(**asked, by=make_official("one").pk, at=NOW)
        assert field in refused.value.fields
        assert not RetentionChange.objects.exists()

    def test_an_unknown_change(self, db):
        with pytest.raises(NotFound):
            operations.decide_change(change_id=99, confirm=True, by=make_official("one").pk, at=NOW)


def test_the_pages(small_county, signed_in):
    second = make_official("anquan", "周正", organization=small_county.government)
    grant(second, "security_admin", small_county.government, subtree=True)
    first, other = signed_in(small_county.county_office), signed_in(second)
    page = first.get("/vault/retention/").content.decode()
    assert "30年" in page
    assert "行政诉讼法第四十六条" in page
    asked = {"amount": 2, "unit": "years", "source": "县规", "dated": "2026-01-01", "reason": "核对"}
    assert first.post("/vault/retention/ratings.orders/", {**asked, "source": ""}).status_code == 422
    assert first.post("/vault/retention/ratings.orders/", asked).status_code == 302
    assert first.get("/vault/retention/audit.entries/").status_code == 404
    change = RetentionChange.objects.get()
    assert first.post(f"/vault/retention/changes/{change.pk}/", {"confirm": 1}).status_code == 403
    assert "提出改为2年" in other.get("/vault/retention/").content.decode()
    assert other.post(f"/vault/retention/changes/{change.pk}/", {"confirm": 1}).status_code == 302
    person = make_resident()
    accounts.deactivate(user=person, reason="request", by=person, at=NOW)
    delete("2026-11-01")
    page = other.get("/vault/retention/").content.decode()
    assert "县里改过" in page
    assert "停用的居民账号" in page.split("已经删除的", 1)[1]
    shown = Client().get("/privacy/retention/").content.decode()
    assert "2年" in shown
    assert "县规" in shown
    assert "30 years" in Client().get("/privacy/retention/?lang=en", follow=True).content.decode()
    for user in (small_county.auditor, small_county.window_officer):
        assert signed_in(user).get("/vault/retention/").status_code == 403


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_nothing_is_half_done_and_it_goes_on(tmp_path):
    people = [make_resident(n) for n in range(1, 8)]
    for person in people:
        accounts.deactivate(user=person, reason="request", by=None, at=NOW)
    arguments = [str(connection.settings_dict["NAME"]), str(tmp_path)]
    child = subprocess.Popen([sys.executable, "-m", "tests.security.vault.retention_process", *arguments], cwd=ROOT)
    try:
        until = time.monotonic() + 90
        while not (tmp_path / "inside").exists():
            assert child.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    gone = {u.pk for u in User.objects.filter(username__startswith="erased-")}
    assert len(gone) == 4  # two whole batches; the third was undone by the kill
    for person in User.objects.filter(pk__in=[p.pk for p in people]):
        assert (str(person.resident_id) == GONE) == (person.pk in gone)
    assert list(Deletion.objects.values_list("rows", flat=True)) == [2, 2]
    assert operations.carry_out(at=at("2026-11-21"), machine=NOW) == 3
    assert User.objects.filter(username__startswith="erased-").count() == 7
    assert not User.objects.filter(pk__in=[p.pk for p in people], seal__isnull=False).exists()

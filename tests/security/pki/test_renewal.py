"""Keys are made anew before they end: by two people, while what the old ones signed stays good."""

import argparse
import os
import random
import select
import signal
from datetime import timedelta

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from tests.security.people import NOW, make_body, make_official
from zhengtong.config import checkup
from zhengtong.config.commands import pki as command
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound
from zhengtong.security.crypto import keys
from zhengtong.security.pki import operations, queries, verifier
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Authority, Certificate, Renewal
from zhengtong.security.timestamps import public as timestamps
from zhengtong.security.timestamps.authority import authority

YEAR = timedelta(days=365)
TWO = ("周正", "林静")


def key_identifiers(data: bytes) -> tuple[bytes, bytes]:
    """(of its own key, of its issuer's key) as a certificate says them."""
    said = verifier.read(data).extensions
    return said["2.5.29.14"].value.digest, said["2.5.29.35"].value.key_identifier


@pytest.fixture
def second(office):
    return make_official("lin.jing", "林静", organization=office)


def test_a_purpose_gets_another_key_and_what_the_old_one_signed_stays_good(ceremony):
    old = {algorithm: pki.chain("papers", algorithm) for algorithm in keys.ALGORITHMS}
    signed = pki.signer("papers", "sm2").sign(b"paper")
    later = NOW + timedelta(days=1000)
    row = pki.renew_together(what="purpose:papers", people=TWO, at=later)
    assert row.done_at == later
    for algorithm in keys.ALGORITHMS:
        new = pki.chain("papers", algorithm, at=later)
        assert key_identifiers(new[0])[0] != key_identifiers(old[algorithm][0])[0]
        assert pki.signer("papers", algorithm, at=later).spki != queries.x509.cut(old[algorithm][0]).spki
        assert verifier.verify(old[algorithm][0], NOW, pki.trust())[0] == old[algorithm][0]
        assert pki.verify_chain(new[0], later, revocation=False) == new
        assert queries.usage_of(new[0]) == queries.usage_of(old[algorithm][0])
    # The old public key still says that this was signed, and its private key is still there.
    assert keys.verify(queries.x509.cut(old["sm2"][0]).spki, signed, b"paper")
    assert pki.former_signer("papers", "sm2", queries.x509.cut(old["sm2"][0]).spki)
    assert Certificate.objects.filter(purpose="papers").count() == 4


def test_an_authority_gets_another_key_id_and_the_trust_list_carries_both(ceremony, client, official, office):
    before = pki.issue_for_official(
        user_id=official.pk, name="李华", organization=office, spki=keys.generate("p256").spki, by=None, at=NOW
    )
    later = NOW + 9 * YEAR
    operations.publish_lists(at=later)
    assert pki.renew_together(what="authority:officials", people=TWO, at=later).done_at
    old, new = Authority.objects.filter(name="officials", algorithm="p256").order_by("generation")
    assert (old.key, new.key) == ("officials-p256", "officials.2-p256")
    first, other = key_identifiers(bytes(old.certificate.der)), key_identifiers(bytes(new.certificate.der))
    assert first[0] != other[0]
    assert first[1] == other[1]
    named = {row["name"]: row for row in client.get("/pki/trust.json").json()["authorities"]}
    assert {"officials-p256", "officials.2-p256", "officials.2-sm2"} <= set(named)
    assert named["officials.2-p256"]["serves"] == "officials-p256"
    after = pki.issue_for_official(
        user_id=official.pk, name="李华", organization=office, spki=keys.generate("p256").spki, by=None, at=later
    )
    assert after.authority == new
    assert key_identifiers(bytes(after.der))[1] == other[0]
    # Both are judged, each by its own authority's lists; the new authority publishes its own.
    assert pki.verify_chain(bytes(after.der), later)[1] == bytes(new.certificate.der)
    assert pki.verify_chain(bytes(before.der), NOW, revocation=False)[1] == bytes(old.certificate.der)
    assert client.get(f"/pki/crl/officials.2-p256-{after.shard}.crl").status_code == 200
    assert client.get("/pki/ca/officials.2-p256.cer").content == bytes(new.certificate.der)
    assert client.get("/pki/ca/officials.1-p256.cer").status_code == 404
    assert client.get("/pki/crl/officials.x-p256-0.crl").status_code == 404
    pki.revoke(certificate=after, reason="superseded", by=None, at=later)
    with pytest.raises(pki.NotTrusted, match="吊销"):
        pki.verify_chain(bytes(after.der), later + timedelta(seconds=1))


def test_one_person_asks_and_another_confirms(ceremony, official, second):
    row = operations.ask_renewal(what="purpose:audit", by=official.pk, at=NOW)
    with pytest.raises(operations.CannotRenew, match="已经有人提出"):
        operations.ask_renewal(what="purpose:audit", by=second.pk, at=NOW)
    with pytest.raises(NotAllowed, match="另一个人"):
        operations.confirm_renewal(renewal_id=row.pk, by=official.pk, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Renewal.objects.filter(pk=row.pk).update(confirmed_by=official, confirmed_at=NOW)
    assert Certificate.objects.filter(purpose="audit").count() == 2
    assert operations.confirm_renewal(renewal_id=row.pk, by=second.pk, at=NOW).done_at == NOW
    assert Certificate.objects.filter(purpose="audit").count() == 4
    with pytest.raises(operations.CannotRenew, match="已经完成"):
        operations.confirm_renewal(renewal_id=row.pk, by=second.pk, at=NOW)
    facts = OutboxEvent.objects.filter(name__in=["pki.RenewalAsked", "pki.RenewalConfirmed", "pki.KeyRenewed"])
    assert facts.count() == 3


def test_what_is_refused_and_taken_back(ceremony, official, second):
    with pytest.raises(operations.CannotRenew, match="仪式"):
        operations.ask_renewal(what="authority:root", by=official.pk, at=NOW)
    with pytest.raises(NotFound):
        operations.ask_renewal(what="purpose:nothing", by=official.pk, at=NOW)
    with pytest.raises(Invalid, match="两名不同的人"):
        pki.renew_together(what="purpose:papers", people=("周正", " 周正 "), at=NOW)
    row = operations.ask_renewal(what="purpose:papers", by=official.pk, at=NOW)
    operations.withdraw_renewal(renewal_id=row.pk, by=official.pk, at=NOW)
    with pytest.raises(operations.CannotRenew):
        operations.confirm_renewal(renewal_id=row.pk, by=second.pk, at=NOW)
    assert Certificate.objects.filter(purpose="papers").count() == 2


def test_without_the_key_store_a_renewal_waits_and_no_key_is_made(ceremony, official, second, settings, tmp_path):
    row = operations.ask_renewal(what="purpose:tokens", by=official.pk, at=NOW)
    here, settings.DATA = settings.DATA, tmp_path
    pki.forget()
    assert operations.confirm_renewal(renewal_id=row.pk, by=second.pk, at=NOW).done_at is None
    assert operations.carry_out_renewals(at=NOW) == 0
    assert not list(tmp_path.rglob("*.json"))
    with pytest.raises(operations.CannotRenew, match="已经确认"):
        operations.withdraw_renewal(renewal_id=row.pk, by=official.pk, at=NOW)
    settings.DATA = here
    assert operations.carry_out_renewals(at=NOW + timedelta(hours=4)) == 1
    row.refresh_from_db()
    assert len(row.made) == 2
    assert operations.carry_out_renewals(at=NOW + timedelta(hours=4)) == 0


def test_kept_keys_of_bodies_and_officials_are_made_anew_in_their_last_month(
    ceremony, office, official, settings, tmp_path
):
    first = pki.department_key(office, "sm2", NOW)
    assert pki.department_key(office, "sm2", NOW + timedelta(days=600)).row == first.row
    near = first.row.not_after - timedelta(days=20)
    here, settings.DATA = settings.DATA, tmp_path
    pki.forget()
    with pytest.raises(pki.KeyUnavailable):
        pki.department_key(office, "sm2", near)
    assert not list(tmp_path.rglob("*.json"))
    settings.DATA = here
    second = pki.department_key(office, "sm2", near)
    assert second.row != first.row
    assert second.signer.spki != first.signer.spki
    assert pki.department_key(office, "sm2", near + timedelta(days=1)).row == second.row
    mine = pki.official_key(official.pk, "李华", office, NOW)
    assert pki.official_key(official.pk, "李华", office, mine.row.not_after - timedelta(days=5)).row != mine.row


def test_what_ends_soon_is_told_on_the_list_by_the_doctor_and_on_the_console(
    ceremony, county, official, office, capsys
):
    assert pki.ending(NOW) == []
    assert operations.warn_of_ends(at=NOW) == 0
    node = pki.issue_for_node(hosts=("a.shuangfeng.example",), spki=keys.generate("p256").spki, by=None, at=NOW)
    near = NOW + 2 * YEAR - timedelta(days=10)
    assert [one.certificates[0] for one in pki.ending(near)] == [node]
    near = NOW + 3 * YEAR - timedelta(days=10)
    names = {one.what for one in pki.ending(near)}
    assert names == {"purpose:audit", "purpose:papers", "purpose:backup", "purpose:tokens", "purpose:attributes"}
    assert operations.warn_of_ends(at=near) == operations.warn_of_ends(at=near) == 5
    pools = [(county.pk, "security_admin")]
    items = worklists.for_person(user_id=official.pk, pools=pools, today=near.date())
    assert len(items) == 5
    assert "换发密钥：双峰县" in str(items[0].title)
    pki.renew_together(what="purpose:audit", people=TWO, at=near)
    assert len(worklists.for_person(user_id=official.pk, pools=pools, today=near.date())) == 4
    assert "purpose:audit" not in {one.what for one in pki.ending(near)}


def test_the_doctor_and_the_command_name_them(ceremony, monkeypatch, capsys):
    from zhengtong.foundation.calendars import public as calendars

    assert checkup.keys().level == checkup.FINE
    at = {"now": NOW + 3 * YEAR - timedelta(days=10)}
    monkeypatch.setattr(calendars, "official_now", lambda: at["now"])
    found = checkup.keys()
    assert found.level == checkup.CARE
    assert "双峰县审计检查点" in found.said
    said = argparse.Namespace(action="renew", what="audit", people=list(TWO))
    assert command.run(said) == 0
    assert "已换发 purpose:audit" in capsys.readouterr().out
    at["now"] += timedelta(days=20)
    assert checkup.keys().level == checkup.FAULT
    assert command.run(argparse.Namespace(action="renew", what="root", people=list(TWO))) == 1


@pytest.fixture
def stamps(ceremony):
    """The county's stamps, by the machine's clock; what this process keeps open of them belongs to one test."""
    authority().forget_keys()
    operations.publish_lists(at=timezone.now())
    yield authority()
    authority().forget_keys()


def test_stamps_go_on_under_a_renewed_key_and_older_ones_stay_good(stamps):
    digest = bytes(32)
    old = timestamps.stamp(digest)
    pki.renew_together(what="purpose:timestamps", people=TWO, at=NOW)
    operations.publish_lists(at=timezone.now())
    stamps.forget_keys()
    new = timestamps.stamp(digest)
    assert timestamps.verify(old, digest).certificate != timestamps.verify(new, digest).certificate


def renew_until_killed(out: int) -> None:
    """The child: renew one purpose and one authority after the other, as the command does."""
    os.write(out, b"x")
    for number in range(1000):
        pki.renew_together(what=("purpose:papers", "authority:nodes")[number % 2], people=TWO, at=NOW)


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_of_a_renewal_nothing_is_half_done():
    """As T-PKI-6: whatever is left has its row, its fact and its key, in both algorithms; and the next attempt goes through."""
    root = Organization.objects.create(code="county", name="双峰县人民政府", kind=Organization.COUNTY)
    root.path = f"/{root.pk}/"
    root.save()
    make_body(root, "office", "县政务服务中心")
    pki.hold_ceremony(plan=pki.builtin_ceremony(), at=NOW)
    chance = random.Random(6)
    for _number in range(12):
        connections.close_all()
        incoming, outgoing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                renew_until_killed(outgoing)
            finally:
                os._exit(1)
        os.close(outgoing)
        os.read(incoming, 1)
        select.select([], [], [], chance.uniform(0, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(incoming)
    pki.forget()
    for row in Certificate.objects.exclude(key_name="").select_related("authority__parent"):
        assert queries.key_of(row)
    for what, made in ((row.what, row.made) for row in Renewal.objects.all()):
        assert len(made) == 2, what
    counted = [Certificate.objects.filter(purpose="papers", algorithm=one).count() for one in keys.ALGORITHMS]
    assert counted[0] == counted[1]
    facts = OutboxEvent.objects.filter(name="pki.CertificateIssued").values_list("payload", flat=True)
    assert sorted(fact["serial"] for fact in facts) == sorted(Certificate.objects.values_list("serial", flat=True))
    assert pki.renew_together(what="purpose:papers", people=TWO, at=NOW).done_at
    assert pki.renew_together(what="authority:nodes", people=TWO, at=NOW).done_at

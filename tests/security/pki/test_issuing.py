"""What leaves the authority, what is refused, and what the log holds (T-PKI-1, T-PKI-7)."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509 as foreign
from django.conf import settings

from tests.security.people import NOW
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid
from zhengtong.security.audit.models import AuditEntry
from zhengtong.security.crypto import der, keys
from zhengtong.security.pki import lint, operations, queries, x509
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import Certificate, CertificateRequest

HOUR = timedelta(hours=1)
P384 = der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.3.132.0.34")), der.bits(b"\x04" + bytes(96)))


@pytest.fixture
def keys_away(ceremony):
    """The folder of keys is gone for a while."""
    folder, aside = Path(settings.DATA) / "keys", Path(settings.DATA) / "keys-away"
    folder.rename(aside)
    pki.forget()
    yield lambda: (shutil.rmtree(folder, ignore_errors=True), aside.rename(folder), pki.forget())
    if aside.exists():
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    pki.forget()


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_a_certificate_stands_in_the_log_and_audit_hears_of_it(certify, deliver, official, algorithm):
    row = certify(algorithm)
    assert pki.verify_chain(bytes(row.der), NOW + HOUR)[0] == bytes(row.der)
    assert (row.holder, row.kind, row.algorithm) == (f"user:{official.pk}", "official", algorithm)
    deliver()
    entry = AuditEntry.objects.get(subject=f"certificate:{row.serial}")
    assert entry.action == "pki.CertificateIssued"
    assert official.display_name not in str(vars(entry))


def test_serial_numbers_are_long_random_and_never_twice(certify):
    serials = {certify().serial for _n in range(30)} | set(Certificate.objects.values_list("serial", flat=True))
    assert len(serials) == Certificate.objects.count()
    assert all(int(serial, 16).bit_length() == 127 for serial in serials)
    assert len({serial[:9] for serial in serials}) == len(serials)


@pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
def test_every_purpose_has_a_key_a_certificate_and_a_chain(ceremony, algorithm):
    for purpose in ("audit", "timestamps", "papers", "backup", "tokens", "attributes"):
        signer = pki.signer(purpose, algorithm)
        chain = pki.chain(purpose, algorithm)
        assert keys.verify(x509.cut(chain[0]).spki, signer.sign(b"text"), b"text")
        assert pki.verify_chain(chain[0], NOW) == chain
        assert len(chain) == 3


def test_without_a_ceremony_there_is_a_sentence_that_says_what_to_do(db):
    with pytest.raises(pki.NoCeremony, match="zhengtong pki ceremony"):
        pki.signer("papers")


def test_bodies_and_nodes_get_certificates_and_nodes_only_below_their_domain(ceremony, health):
    body = pki.issue_for_department(organization=health, spki=keys.generate("sm2").spki, by=None, at=NOW)
    assert pki.verify_chain(bytes(body.der), NOW)
    hosts = ("exchange.shuangfeng.example",)
    node = pki.issue_for_node(hosts=hosts, spki=keys.generate("p256").spki, by=None, at=NOW)
    names = foreign.load_der_x509_certificate(bytes(node.der)).extensions.get_extension_for_class(
        foreign.SubjectAlternativeName
    )
    assert tuple(names.value.get_values_for_type(foreign.DNSName)) == hosts
    before = Certificate.objects.count()
    for wrong in (("bank.example",), ("evilshuangfeng.example",), ()):
        with pytest.raises(Invalid):
            pki.issue_for_node(hosts=wrong, spki=keys.generate("p256").spki, by=None, at=NOW)
    assert Certificate.objects.count() == before


def test_other_keys_are_refused(certify, official, office):
    before = Certificate.objects.count()
    for spki in (b"", b"nonsense", keys.generate("p256").spki[:-3]):
        with pytest.raises((Invalid, operations.CannotIssue)):
            pki.issue_for_official(user_id=official.pk, name="某人", organization=office, spki=spki, by=None, at=NOW)
    assert Certificate.objects.count() == before


def test_a_key_kept_by_the_county_signs_for_the_official(ceremony, official, office):
    row = pki.keep_for_official(
        user_id=official.pk, name=official.display_name, organization=office, algorithm="sm2", by=None, at=NOW
    )
    signer = pki.official_signer(official.pk, "sm2", NOW)
    assert signer is not None
    assert keys.verify(x509.cut(bytes(row.der)).spki, signer.sign(b"text"), b"text")
    assert pki.official_signer(official.pk, "p256", NOW) is None
    pki.revoke(certificate=row, reason="affiliation_changed", by=None, at=NOW)
    assert pki.official_signer(official.pk, "sm2", NOW + HOUR) is None


def test_no_key_no_certificate_and_no_other_key_instead(certify, keys_away, official, office):
    before, facts = Certificate.objects.count(), OutboxEvent.objects.count()
    with pytest.raises(pki.KeyUnavailable):
        certify()
    with pytest.raises(pki.KeyUnavailable):
        pki.signer("papers", "sm2")
    spki = keys.generate("p256").spki
    asked = pki.ask_for_official(user_id=official.pk, name="某人", organization=office, spki=spki, by=None, at=NOW)
    assert asked.certificate is None
    assert operations.issue_waiting(at=NOW) == 0
    assert (Certificate.objects.count(), OutboxEvent.objects.count()) == (before, facts)
    keys_away()
    assert operations.issue_waiting(at=NOW + HOUR) == 1
    issued = CertificateRequest.objects.get(pk=asked.pk).certificate
    assert x509.cut(bytes(issued.der)).spki == spki
    assert pki.verify_chain(bytes(issued.der), NOW + HOUR)
    assert operations.issue_waiting(at=NOW + HOUR) == 0


def test_revocation_waits_for_the_key_but_counts_at_once(certify, keys_away):
    row = Certificate.objects.get(purpose="papers", algorithm="p256")
    pki.revoke(certificate=row, reason="key_compromise", by=None, at=NOW)
    with pytest.raises(pki.NoCeremony):
        pki.signer("papers", "p256")
    assert pki.publish_lists(at=NOW) == 0
    keys_away()
    assert pki.publish_lists(at=NOW) == 1
    with pytest.raises(pki.NotTrusted) as refused:
        pki.verify_chain(bytes(row.der), NOW)
    assert refused.value.why == "revoked"


class TestLinter:
    """Every rule once broken."""

    @pytest.fixture
    def wanted(self, ceremony):
        issuer = queries.authority("officials", "p256")

        def make(**changed):
            said = {
                "serial": 1 << 126 | 5,
                "issuer": queries.name_in(bytes(issuer.certificate.der)),
                "subject": (*ceremony.name, (x509.COMMON_NAME, "某人")),
                "not_before": NOW,
                "not_after": NOW + timedelta(days=700),
                "spki": keys.generate("p256").spki,
                "issuer_spki": queries.spki_of(issuer),
                "key_usage": (x509.SIGN,),
                "crl_url": "http://x/a.crl",
                "ocsp_url": "http://x/ocsp/",
            }
            return x509.Wanted(**{**said, **changed})

        return make

    def test_a_proper_one_passes(self, wanted):
        assert lint.problems(x509.certificate_body(wanted(), "p256"), "p256", "official") == []

    @pytest.mark.parametrize(
        ("changed", "kind"),
        [
            ({"serial": 5}, "official"),
            ({"serial": 0}, "official"),
            ({"serial": 1 << 160}, "official"),
            ({"not_after": NOW - HOUR}, "official"),
            ({"not_after": NOW + timedelta(days=4000)}, "official"),
            ({"key_usage": (x509.SIGN, x509.CERTIFY)}, "official"),
            ({"key_usage": (x509.ENCIPHER,)}, "official"),
            ({"path_length": 0}, "official"),
            ({"extended": ("2.5.29.37.0",)}, "official"),
            ({"extended": (x509.TIME_STAMPING, x509.CLIENT_AUTH)}, "service"),
            ({"crl_url": ""}, "official"),
            ({"ocsp_url": ""}, "official"),
            ({"subject": (("C", "CN"),)}, "official"),
            ({"spki": P384}, "official"),
            ({}, "node"),
            ({"path_length": 0, "key_usage": (x509.CERTIFY, x509.LIST)}, "authority"),
            ({"path_length": 3, "key_usage": (x509.CERTIFY, x509.LIST), "permitted": (("C", "CN"),)}, "authority"),
            ({"path_length": 1, "key_usage": (x509.SIGN, x509.CERTIFY, x509.LIST)}, "root"),
        ],
    )
    def test_each_defect_is_found_before_signing(self, wanted, changed, kind):
        assert lint.problems(x509.certificate_body(wanted(**changed), "p256"), "p256", kind) != []

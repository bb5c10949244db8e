"""Whom the verifier trusts and whom not (T-PKI-3, T-PKI-4, T-PKI-5)."""

from datetime import timedelta

import pytest

from tests.security.people import NOW
from zhengtong.security.crypto import der, keys
from zhengtong.security.pki import operations, queries, verifier, x509
from zhengtong.security.pki import public as pki
from zhengtong.security.pki.models import RevocationList

HOUR = timedelta(hours=1)
BOTH = pytest.mark.parametrize("algorithm", keys.ALGORITHMS)


def why(certificate: bytes, at=NOW, **given) -> str:
    with pytest.raises(pki.NotTrusted) as refused:
        pki.verify_chain(certificate, at, **given)
    return refused.value.why


@BOTH
def test_no_flipped_byte_of_a_hundred_certificates_is_trusted(certify, algorithm):
    """Every byte of a hundred certificates, in turn; a fifth of them with the list demanded would cost minutes, so without."""
    trust = pki.trust()
    first = bytes(certify(algorithm).der)
    accepted = []
    for place in range(len(first)):
        changed = bytearray(first)
        changed[place] ^= 1 << place % 8
        try:
            verifier.verify(bytes(changed), NOW, trust, revocation=False)
        except pki.NotTrusted:
            continue
        accepted.append(place)
    assert accepted == []
    for number in range(99):
        one = bytearray(certify(algorithm).der)
        one[(number * 7919) % len(one)] ^= 0x80
        with pytest.raises(pki.NotTrusted):
            verifier.verify(bytes(one), NOW, trust, revocation=False)


@BOTH
def test_time_counts_for_every_link(certify, algorithm):
    row = certify(algorithm)
    assert why(bytes(row.der), NOW - HOUR) == "future"
    assert why(bytes(row.der), row.not_after + HOUR) in ("expired", "stale_list")
    assert why(bytes(row.der), row.not_after + HOUR, revocation=False) == "expired"


@BOTH
def test_after_revocation_list_and_status_agree_at_once(certify, algorithm):
    row, other = certify(algorithm), certify(algorithm)
    assert pki.verify_chain(bytes(row.der), NOW)
    pki.revoke(certificate=row, reason="key_compromise", by=None, at=NOW + HOUR)
    assert why(bytes(row.der), NOW + HOUR) == "revoked"
    assert pki.verify_chain(bytes(row.der), NOW), "what was signed before stays good"
    assert pki.verify_chain(bytes(other.der), NOW + HOUR)
    issuer = queries.authority("officials", algorithm)
    assert queries._status(issuer, int(row.serial, 16), NOW + HOUR)[:1] == b"\xa1"
    assert queries._status(issuer, int(other.serial, 16), NOW + HOUR) == b"\x80\x00"


def test_a_second_revocation_and_unknown_reasons_change_nothing(certify):
    row = certify()
    pki.revoke(certificate=row, reason="superseded", by=None, at=NOW)
    with pytest.raises(pki.CannotRevoke):
        pki.revoke(certificate=row, reason="key_compromise", by=None, at=NOW + HOUR)
    row.refresh_from_db()
    assert (row.reason, row.revoked_at) == ("superseded", NOW)
    root = queries.authority("root", "p256").certificate
    with pytest.raises(pki.CannotRevoke):
        pki.revoke(certificate=root, reason="key_compromise", by=None, at=NOW)


@BOTH
def test_a_stale_missing_or_foreign_list_is_no_list(certify, algorithm):
    row = certify(algorithm)
    lists = RevocationList.objects.filter(authority=row.authority, shard=row.shard)
    assert why(bytes(row.der), NOW + timedelta(days=8)) == "stale_list"
    assert pki.publish_lists(at=NOW + timedelta(days=6)) > 0
    assert pki.verify_chain(bytes(row.der), NOW + timedelta(days=8))
    other = RevocationList.objects.filter(authority=row.authority).exclude(shard=row.shard).first()
    lists.update(der=other.der)
    assert why(bytes(row.der)) == "list"
    changed = bytearray(lists.get().der)
    changed[-1] ^= 1
    lists.update(der=bytes(changed))
    assert why(bytes(row.der)) == "list"
    lists.delete()
    assert why(bytes(row.der)) == "no_list"


@BOTH
def test_a_revoked_authority_takes_everything_below_with_it(certify, algorithm):
    row = certify(algorithm)
    pki.revoke(certificate=row.authority.certificate, reason="authority_compromise", by=None, at=NOW)
    assert why(bytes(row.der)) == "revoked"
    with pytest.raises(pki.CannotIssue):
        certify(algorithm)


def signed_by(issuer: keys.Signer, name: x509.Name, **changed) -> bytes:
    said = {
        "serial": 1 << 126 | 77,
        "issuer": name,
        "subject": (*name[:-1], (x509.COMMON_NAME, "冒名")),
        "not_before": NOW,
        "not_after": NOW + timedelta(days=30),
        "spki": keys.generate(issuer.algorithm).spki,
        "issuer_spki": issuer.spki,
        "key_usage": (x509.SIGN,),
    }
    return x509.signed(x509.certificate_body(x509.Wanted(**{**said, **changed}), issuer.algorithm), issuer)


@BOTH
def test_a_forged_issuer_a_holder_as_issuer_and_names_beyond_the_constraints_are_refused(certify, algorithm):
    row = certify(algorithm)
    authority = queries.authority("officials", algorithm)
    name = queries.name_in(bytes(authority.certificate.der))
    assert why(signed_by(keys.generate(algorithm), name), revocation=False) == "issuer"
    key = queries.signer_of(authority)
    assert pki.verify_chain(signed_by(key, name), NOW, revocation=False)
    stranger = (("C", "CN"), ("O", "邻县人民政府"), ("CN", "某人"))
    assert why(signed_by(key, name, subject=stranger), revocation=False) == "names"
    # No list address in it: with revocation demanded it is refused.
    assert why(signed_by(key, name)) == "no_list"
    holder = keys.generate(algorithm)
    leaf = signed_by(key, name, spki=holder.spki)
    below = signed_by(holder, queries.name_in(leaf))
    trust = pki.trust()
    wider = pki.Trust(roots=trust.roots, authorities=(*trust.authorities, leaf), list_at=trust.list_at)
    with pytest.raises(pki.NotTrusted):
        verifier.verify(below, NOW, wider, revocation=False)
    sub_key = keys.generate(algorithm)
    usage = (x509.CERTIFY, x509.LIST)
    sub = signed_by(key, name, spki=sub_key.spki, path_length=0, key_usage=usage)
    wider = pki.Trust(roots=trust.roots, authorities=(*trust.authorities, sub), list_at=trust.list_at)
    with pytest.raises(pki.NotTrusted):
        verifier.verify(signed_by(sub_key, queries.name_in(sub)), NOW, wider, revocation=False)
    assert row.kind == "official"


def test_hosts_beyond_the_domain_of_the_authority_are_refused(ceremony):
    authority = queries.authority("nodes", "p256")
    key, name = queries.signer_of(authority), queries.name_in(bytes(authority.certificate.der))
    assert pki.verify_chain(signed_by(key, name, dns=("a.shuangfeng.example",)), NOW, revocation=False)
    assert why(signed_by(key, name, dns=("a.bank.example",)), revocation=False) == "names"


def test_foreign_bytes_are_no_certificate(ceremony):
    for data in (b"", b"\x30\x00", b"nonsense", der.sequence(der.null()), bytes(range(256))):
        assert why(data) == "form"


def test_ten_thousand_revoked_certificates_are_read_back(ceremony):
    authority = queries.authority("officials", "sm2")
    revoked = [(1 << 126 | number, NOW, "superseded") for number in range(10_000)]
    data = x509.revocation_list(
        queries.signer_of(authority),
        operations._name_of(authority),
        revoked,
        number=7,
        address="http://x/a.crl",
        this_update=NOW,
        next_update=NOW + HOUR,
    )
    assert verifier.read_list(data).revoked.keys() == {serial for serial, _at, _why in revoked}

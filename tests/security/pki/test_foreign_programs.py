"""openssl, cryptography and asn1crypto read what is written here (T-PKI-2, T-PKI-4)."""

from datetime import datetime, timedelta

import pytest
from asn1crypto import cms
from cryptography import x509 as foreign
from cryptography.x509 import ocsp as foreign_ocsp
from django.test import Client
from django.utils import timezone

from tests.security.people import NOW
from zhengtong.security.crypto import keys
from zhengtong.security.pki import public as pki
from zhengtong.security.pki import queries
from zhengtong.security.pki.models import Certificate, RevocationList

BOTH = pytest.mark.parametrize("algorithm", keys.ALGORITHMS)
DISTID = ("-vfyopt", "distid:1234567812345678")


def pem(data: bytes, label: str = "CERTIFICATE") -> bytes:
    import base64

    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n".encode()


def seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def links_of(row: Certificate) -> tuple[bytes, ...]:
    return pki.chain_of(row)


def test_openssl_verifies_the_whole_p256_chain_strictly_and_with_lists(certify, openssl):
    row = certify("p256")
    leaf, sub, root = links_of(row)
    lists = RevocationList.objects.filter(authority__in=[row.authority, row.authority.parent])
    crls = b"".join(pem(bytes(one.der), "X509 CRL") for one in lists)
    check = ("verify", "-x509_strict", "-crl_check_all", "-attime", seconds(NOW), "-CAfile", "root.pem")
    check += ("-untrusted", "sub.pem", "-CRLfile", "lists.pem", "-purpose", "sslclient", "leaf.pem")
    files = {"root.pem": pem(root), "sub.pem": pem(sub), "leaf.pem": pem(leaf)}
    accepted = openssl(*check, **files, **{"lists.pem": crls})
    assert accepted.returncode == 0, accepted.stderr
    pki.revoke(certificate=row, reason="key_compromise", by=None, at=NOW)
    crls = b"".join(pem(bytes(one.der), "X509 CRL") for one in lists.all())
    refused = openssl(*check, **files, **{"lists.pem": crls})
    assert refused.returncode != 0
    assert "certificate revoked" in refused.stderr


def test_openssl_verifies_every_hop_of_an_sm2_chain(certify, openssl):
    """Its version 3.0 gives the ID to the leaf only, so hop by hop."""
    leaf, sub, root = links_of(certify("sm2"))
    for below, above in ((leaf, sub), (sub, root), (root, root)):
        check = ("verify", "-x509_strict", "-partial_chain", "-attime", seconds(NOW), *DISTID)
        done = openssl(
            *check, "-trusted", "above.pem", "below.pem", **{"above.pem": pem(above), "below.pem": pem(below)}
        )
        assert done.returncode == 0, done.stderr


@BOTH
def test_cryptography_reads_what_stands_in_a_certificate(certify, algorithm):
    row = certify(algorithm)
    parsed = foreign.load_der_x509_certificate(bytes(row.der))
    assert f"{parsed.serial_number:032x}" == row.serial
    point = parsed.extensions.get_extension_for_class(foreign.CRLDistributionPoints).value[0]
    assert point.full_name[0].value.endswith(f"/pki/crl/officials-{algorithm}-{row.shard}.crl")
    assert parsed.not_valid_before_utc == row.not_before


def test_openssl_accepts_a_list_and_finds_a_revoked_number_in_it(certify, openssl):
    row = certify("p256")
    pki.revoke(certificate=row, reason="key_compromise", by=None, at=NOW)
    published = bytes(RevocationList.objects.get(authority=row.authority, shard=row.shard).der)
    read = openssl(
        "crl",
        "-inform",
        "DER",
        "-in",
        "list",
        "-CAfile",
        "sub.pem",
        "-text",
        "-noout",
        list=published,
        **{"sub.pem": pem(links_of(row)[1])},
    )
    assert "verify OK" in read.stderr
    assert row.serial.upper() in read.stdout
    assert "Key Compromise" in read.stdout
    assert foreign.load_der_x509_crl(published).get_revoked_certificate_by_serial_number(int(row.serial, 16))


@pytest.mark.parametrize(("algorithm", "flag"), [("p256", "-sha256"), ("p256", "-sha1"), ("sm2", "-sha1")])
def test_openssl_asks_and_believes_the_status_responder(certify, openssl, tmp_path, algorithm, flag):
    now = timezone.now()
    row, other = certify(algorithm, at=now), certify(algorithm, at=now)
    pki.revoke(certificate=row, reason="key_compromise", by=None, at=now)
    _leaf, sub, root = links_of(row)
    files = {"sub.pem": pem(sub), "root.pem": pem(root), "a.pem": pem(bytes(row.der)), "b.pem": pem(bytes(other.der))}
    asked = openssl(
        "ocsp", flag, "-issuer", "sub.pem", "-cert", "a.pem", flag, "-cert", "b.pem", "-reqout", "question", **files
    )
    assert asked.returncode == 0, asked.stderr
    response = Client().post(
        "/pki/ocsp/", (tmp_path / "question").read_bytes(), content_type="application/ocsp-request"
    )
    assert response.headers["Content-Type"] == "application/ocsp-response"
    (tmp_path / "answer").write_bytes(response.content)
    unchecked = () if algorithm == "p256" else ("-noverify",)
    told = openssl(
        *("ocsp", flag, "-issuer", "sub.pem", "-cert", "a.pem", flag, "-cert", "b.pem", "-reqin", "question"),
        *("-respin", "answer", "-CAfile", "root.pem", "-no_nonce", "-partial_chain", *unchecked),
    )
    assert told.returncode == 0, told.stderr
    assert "a.pem: revoked" in told.stdout
    assert "b.pem: good" in told.stdout
    if algorithm == "p256":
        assert "Response verify OK" in told.stderr
    parsed = foreign_ocsp.load_der_ocsp_response(response.content)
    assert keys.verify(queries.spki_of(row.authority), parsed.signature, parsed.tbs_response_bytes)


def test_the_status_responder_answers_every_bad_question(certify, client):
    for question, said in ((b"", 1), (b"\x30\x00", 1), (b"nonsense", 1), (b"x" * 20_000, 1)):
        answer = client.post("/pki/ocsp/", question, content_type="application/ocsp-request")
        assert answer.status_code == 200
        assert foreign_ocsp.load_der_ocsp_response(answer.content).response_status.value == said
    assert client.get("/pki/ocsp/").status_code == 405


def test_an_unknown_number_is_unknown_and_a_foreign_issuer_unauthorized(certify, client):
    row = certify("p256")
    ours = foreign.load_der_x509_certificate(links_of(row)[1])
    build = foreign_ocsp.OCSPRequestBuilder()
    from cryptography.hazmat.primitives import hashes, serialization

    digest = hashes.Hash(hashes.SHA256())
    digest.update(ours.subject.public_bytes())
    name_hash = digest.finalize()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(
        ours.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    key_hash = digest.finalize()
    for key, expected in ((key_hash, "SUCCESSFUL"), (bytes(32), "UNAUTHORIZED")):
        question = build.add_certificate_by_hash(name_hash, key, 4711, hashes.SHA256()).build()
        answer = client.post(
            "/pki/ocsp/", question.public_bytes(serialization.Encoding.DER), content_type="application/ocsp-request"
        )
        parsed = foreign_ocsp.load_der_ocsp_response(answer.content)
        assert parsed.response_status.name == expected
        if expected == "SUCCESSFUL":
            assert parsed.certificate_status.name == "UNKNOWN"


@BOTH
def test_asn1crypto_reads_an_attribute_certificate(certify, algorithm):
    holder = certify(algorithm)
    post = pki.issue_post(holder=holder, roles=("approver@organization:1",), at=NOW, by=None)
    read = cms.AttributeCertificateV2.load(bytes(post.der))
    info = read["ac_info"]
    assert info["serial_number"].native == int(post.serial, 16)
    role = info["attributes"][0]["values"][0]["role_name"].native
    assert role == "urn:zhengtong:post:approver@organization:1"
    assert info["holder"]["base_certificate_id"]["serial"].native == int(holder.serial, 16)
    life = info["att_cert_validity_period"]
    assert life["not_after_time"].native - life["not_before_time"].native == timedelta(days=1)

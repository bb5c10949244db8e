"""Signed answers: both signatures hold, and the known tricks with JWS headers are refused."""

import base64
import hashlib
import hmac
import json

import pytest

from tests.factories import MONDAY
from zhengtong.security.signatures import jws, sealing, trust
from zhengtong.security.signatures import public as signatures

CONTENT = {"number": "JY24313210001234", "title": "食品经营许可证", "valid_until": None, "n": 3}


@pytest.fixture
def answer(county_keys) -> dict:
    return signatures.sign_json(CONTENT, at=MONDAY)


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def header_of(one: dict) -> dict:
    return json.loads(base64.urlsafe_b64decode(one["protected"] + "=="))


def verify(document: object) -> signatures.Report:
    """As read from a file, so that nothing depends on Python's objects."""
    report = signatures.verify_file(json.dumps(document, indent=2).encode(), at=MONDAY)
    assert report == signatures.verify_json(document, at=MONDAY)
    return report


def test_a_signed_answer_is_good_whatever_its_spacing_and_order(answer):
    report = verify(answer)
    assert report.good
    assert [one.name for one in report.signatures] == ["SM2SM3", "ES256"]
    assert verify({**answer, "content": dict(reversed(CONTENT.items()))}).good
    assert signatures.verify_file(json.dumps({"number": "x", "signed": answer}).encode(), at=MONDAY).good


def test_a_changed_answer_is_found(answer):
    for changed in ({**CONTENT, "n": 4}, {**CONTENT, "more": 1}, {}, None, [CONTENT]):
        report = verify({**answer, "content": changed})
        assert [one.good for one in report.signatures] == [False, False]


def test_each_signature_is_missed_when_it_is_taken_away(answer):
    sm2, es256 = answer["signatures"]
    assert verify({**answer, "signatures": [es256]}).missing == ("SM2SM3",)
    assert verify({**answer, "signatures": [sm2]}).missing == ("ES256",)
    assert not verify({**answer, "signatures": []}).good
    assert not verify({**answer, "signatures": [sm2, sm2]}).good


def test_no_algorithm_and_the_public_key_as_secret_are_refused(answer):
    header = header_of(answer["signatures"][1])
    payload = text(jws.canonical(CONTENT))
    for name in ("none", "None", "HS256", "ES384", "RS256", ""):
        protected = text(json.dumps({**header, "alg": name}).encode())
        certificate = base64.b64decode(header["x5c"][0])
        for secret in (trust.pem(certificate).encode(), trust.spki(certificate), b""):
            mac = hmac.new(secret, f"{protected}.{payload}".encode(), hashlib.sha256).digest()
            for value in ("", text(mac)):
                forged = {"content": CONTENT, "signatures": [{"protected": protected, "signature": value}]}
                assert not verify(forged).good
                assert not verify({**answer, "signatures": [*answer["signatures"], *forged["signatures"]]}).good


def test_the_algorithm_must_be_the_one_of_the_certificate(answer):
    sm2, es256 = (header_of(one) for one in answer["signatures"])
    crossed = text(json.dumps({**es256, "x5c": sm2["x5c"]}).encode())
    forged = [{**answer["signatures"][1], "protected": crossed}]
    assert not verify({**answer, "signatures": [answer["signatures"][0], *forged]}).good


def test_a_certificate_from_elsewhere_is_not_believed(answer):
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "双峰县内部服务签发 P256")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(5).not_valid_before(MONDAY).not_valid_after(MONDAY + timedelta(days=9))
    certificate = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    real = sealing.county_keys(MONDAY)[1]

    def sign(data: bytes) -> bytes:
        return key.sign(data, ec.ECDSA(hashes.SHA256()))

    from dataclasses import replace

    own = replace(real, certificate=certificate, chain=(), sign=sign)
    report = verify(jws.sign(CONTENT, [own], at=MONDAY))
    assert not report.good
    assert not report.signatures[0].ours
    # Their certificate, somebody else's signature.
    assert not verify(jws.sign(CONTENT, [replace(real, sign=sign)], at=MONDAY)).good


def test_two_values_under_one_name_are_refused(answer):
    raw = json.dumps(answer).replace('"n": 3', '"n": 3, "n": 3')
    assert not signatures.verify_file(raw.encode(), at=MONDAY).good


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_common_library_accepts_the_common_signature(answer):
    """authlib: the detached form put together as RFC 7515, appendix F, says."""
    from authlib.jose import JsonWebSignature

    one = answer["signatures"][1]
    certificate = base64.b64decode(header_of(one)["x5c"][0])
    compact = f"{one['protected']}.{text(jws.canonical(answer['content']))}.{one['signature']}"
    found = JsonWebSignature(["ES256"]).deserialize_compact(compact, trust.pem(certificate))
    assert json.loads(found["payload"]) == CONTENT

"""T-TSA-1: programs that are not ours ask, read and check our stamps."""

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from zhengtong.security.timestamps.clock import Guard
from zhengtong.security.timestamps.sources import GOOD, Reading

from .stamping import POLICY, House, make_house, pem

PAPER = "双市监局许〔2026〕12号".encode() * 9


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def authority(house, tmp_path):
    return house.authority(Guard(tmp_path / "clock", source=lambda: Reading(GOOD, 0.01)))


def openssl(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("digest", ["-sha256", "-sha384", "-sha512", "-sm3"])
@pytest.mark.parametrize("more", [["-cert"], ["-cert", "-no_nonce"], ["-cert", "-tspolicy", POLICY]])
def test_openssl_asks_and_is_satisfied(house, authority, tmp_path, digest, more):
    (tmp_path / "paper").write_bytes(PAPER)
    (tmp_path / "root.pem").write_bytes(pem(house.root))
    asked = openssl("ts", "-query", "-data", "paper", digest, *more, "-out", "query", folder=tmp_path)
    assert asked.returncode == 0, asked.stderr
    (tmp_path / "reply").write_bytes(authority.answer((tmp_path / "query").read_bytes(), "p256"))
    against = ["-queryfile", "query", "-in", "reply", "-CAfile", "root.pem"]
    checked = openssl("ts", "-verify", *against, folder=tmp_path)
    assert "Verification: OK" in checked.stdout + checked.stderr, checked.stderr
    said = openssl("ts", "-reply", "-in", "reply", "-text", folder=tmp_path).stdout
    assert "Status: Granted." in said
    assert "Ordering: yes" in said
    assert "Accuracy: 0x01 seconds" in said

    (tmp_path / "paper").write_bytes(PAPER + b"!")
    other = openssl("ts", "-verify", "-data", "paper", *against[2:], folder=tmp_path)
    assert other.returncode != 0


def test_openssl_reads_a_refusal(house, authority, tmp_path):
    (tmp_path / "paper").write_bytes(PAPER)
    openssl("ts", "-query", "-data", "paper", "-sha1", "-out", "query", folder=tmp_path)
    (tmp_path / "reply").write_bytes(authority.answer((tmp_path / "query").read_bytes(), "p256"))
    said = openssl("ts", "-reply", "-in", "reply", "-text", folder=tmp_path).stdout
    assert "Status: Rejected." in said
    assert "unrecognized or unsupported algorithm" in said


def loaded(house: House) -> x509.Certificate:
    return x509.load_der_x509_certificate(house.root)


def test_rfc3161_client_accepts_and_refuses_another_content(house, authority):
    builder = TimestampRequestBuilder().data(PAPER).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    response = decode_timestamp_response(authority.answer(request.as_bytes(), "p256"))
    assert response.tst_info.nonce == request.nonce
    assert response.tst_info.policy.dotted_string == POLICY
    verifier = VerifierBuilder.from_request(request).add_root_certificate(loaded(house)).build()
    assert verifier.verify(response, hashlib.sha256(PAPER).digest())
    with pytest.raises(VerificationError):
        verifier.verify(response, hashlib.sha256(PAPER + b"!").digest())
    stranger = VerifierBuilder.from_request(request).add_root_certificate(loaded(make_house())).build()
    with pytest.raises(VerificationError):
        stranger.verify(response, hashlib.sha256(PAPER).digest())

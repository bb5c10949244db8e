"""T-AUTH-9: signing in with a certificate, P-256 and SM2."""

import base64
import subprocess
import sys
from datetime import timedelta

import pytest
from django.test import Client

from zhengtong.foundation.calendars.public import official_now
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid
from zhengtong.security.accounts import certificates
from zhengtong.security.accounts import public as accounts
from zhengtong.security.crypto import keys, sm2
from zhengtong.security.pki import public as pki

from ..people import NOW, PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/account/login/certificate/"
BOTH = pytest.mark.parametrize("algorithm", keys.ALGORITHMS)


@pytest.fixture
def issue(ceremony, official, office):
    """`issue("sm2")`: the official's key and the certificate for it."""

    def make(algorithm: keys.Algorithm = "p256", at=NOW):
        key = keys.generate(algorithm)
        words = {"user_id": official.pk, "name": official.display_name, "organization": office}
        return key, pki.issue_for_official(**words, spki=key.spki, by=None, at=at)

    return make


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def judge(der: bytes, sign, *, at=NOW, challenge: str = ""):
    challenge = challenge or certificates.new_challenge(host="testserver", at=at)
    signature = text_of(sign(challenge.encode()))
    return certificates.holder_of(certificate=text_of(der), signature=signature, challenge=challenge, at=at)


@BOTH
def test_the_holder_signs_in_with_certificate_and_password(issue, official, algorithm, settings):
    settings.STAFF_SECOND_FACTOR = "demanded"
    key, certificate = issue(algorithm)
    pki.publish_lists(at=official_now())
    visitor = Client()
    challenge = visitor.get(PAGE).context["challenge"]
    words = {"certificate": text_of(certificate.der), "signature": text_of(key.sign(challenge.encode()))}
    answer = visitor.post(PAGE, {**words, "password": PASSWORD})
    assert answer.status_code == 302, answer.context["form"].errors
    assert visitor.session["_auth_user_id"] == str(official.pk)
    assert visitor.get("/my/reads/").status_code == 200, "certificate and password are two factors"
    fact = OutboxEvent.objects.get(name="accounts.SignedIn")
    assert fact.payload["methods"] == ["password", "certificate"]
    again = Client()
    again.get(PAGE)
    assert again.post(PAGE, {**words, "password": PASSWORD}).status_code == 422, "signed for another page"


def test_the_password_is_asked_beside_it_and_guesses_are_counted(issue, official):
    key, certificate = issue()
    pki.publish_lists(at=official_now())
    for _n in range(5):
        visitor = Client()
        challenge = visitor.get(PAGE).context["challenge"]
        words = {"certificate": text_of(certificate.der), "signature": text_of(key.sign(challenge.encode()))}
        assert visitor.post(PAGE, {**words, "password": "not the password"}).status_code == 422
        assert "_auth_user_id" not in visitor.session
    locked = Client()
    locked.post("/account/login/", {"login": official.username, "password": PASSWORD})
    assert "_auth_user_id" not in locked.session


@BOTH
class TestRefused:
    def test_expired_and_not_yet_valid(self, issue, algorithm):
        key, certificate = issue(algorithm)
        late = NOW + timedelta(days=3 * 365)
        pki.publish_lists(at=late)
        with pytest.raises(Invalid, match="过期"):
            judge(certificate.der, key.sign, at=late)

    def test_revoked(self, issue, algorithm):
        key, certificate = issue(algorithm)
        judge(certificate.der, key.sign)
        pki.revoke(certificate=certificate, reason="key_compromise", by=None, at=NOW)
        with pytest.raises(Invalid, match="吊销"):
            judge(certificate.der, key.sign)

    def test_another_purpose(self, issue, ceremony, algorithm):
        signer = pki.signer("timestamps", algorithm)
        with pytest.raises(Invalid, match="不是工作人员的登录证书"):
            judge(pki.certificate("timestamps", algorithm), signer.sign)

    def test_a_department_is_nobody(self, ceremony, office, algorithm):
        key = keys.generate(algorithm)
        certificate = pki.issue_for_department(organization=office, spki=key.spki, by=None, at=NOW)
        with pytest.raises(Invalid, match="不是工作人员的登录证书"):
            judge(certificate.der, key.sign)

    def test_every_byte_changed(self, issue, algorithm):
        key, certificate = issue(algorithm)
        for place in range(0, len(certificate.der), 37):
            spoiled = bytearray(certificate.der)
            spoiled[place] ^= 1
            with pytest.raises(Invalid):
                judge(bytes(spoiled), key.sign)

    def test_another_key(self, issue, algorithm):
        _key, certificate = issue(algorithm)
        with pytest.raises(Invalid, match="签名与证书不符"):
            judge(certificate.der, keys.generate(algorithm).sign)

    def test_a_challenge_twice_or_late(self, issue, algorithm):
        key, certificate = issue(algorithm)
        challenge = certificates.new_challenge(host="testserver", at=NOW)
        judge(certificate.der, key.sign, challenge=challenge)
        with pytest.raises(Invalid, match="已经用过"):
            judge(certificate.der, key.sign, challenge=challenge)
        old = certificates.new_challenge(host="testserver", at=NOW - timedelta(minutes=6))
        with pytest.raises(Invalid, match="停留太久"):
            judge(certificate.der, key.sign, challenge=old)

    def test_a_closed_account(self, issue, official, algorithm):
        key, certificate = issue(algorithm)
        accounts.deactivate(user=official, reason="left", by=None, at=NOW)
        with pytest.raises(Invalid, match="停用"):
            judge(certificate.der, key.sign)


def test_an_sm2_signature_with_another_id(issue):
    key, certificate = issue("sm2")
    private = sm2.PrivateKey.from_pkcs8(key.pkcs8())
    with pytest.raises(Invalid, match="签名与证书不符"):
        judge(certificate.der, lambda data: private.sign(data, signer_id=b"another id"))
    judge(certificate.der, private.sign)


def test_a_certificate_of_another_authority(ceremony, official, tmp_path):
    subject = f"/C=CN/O=double/CN=x/serialNumber=user-{official.pk}"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "9000",
    ]
    files = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", subject, "-addext", "extendedKeyUsage=clientAuth"]
    subprocess.run([*make, *files], cwd=tmp_path, check=True, capture_output=True)
    challenge = certificates.new_challenge(host="testserver", at=NOW)
    signed = sign_by_command(tmp_path / "key.pem", challenge)
    pem = (tmp_path / "cert.pem").read_text()
    with pytest.raises(Invalid, match="签发机构"):
        certificates.holder_of(certificate=pem, signature=signed.stdout, challenge=challenge, at=NOW)


def sign_by_command(key, challenge: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhengtong.config.cli", "sign-challenge", "--key", str(key), challenge]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.process
@BOTH
def test_the_command_signs_challenges_and_nothing_else(issue, official, algorithm, tmp_path):
    key, certificate = issue(algorithm)
    (tmp_path / "key").write_bytes(key.pkcs8())
    challenge = certificates.new_challenge(host="testserver", at=NOW)
    done = sign_by_command(tmp_path / "key", challenge)
    given = {"certificate": text_of(certificate.der), "signature": done.stdout, "challenge": challenge}
    assert certificates.holder_of(**given, at=NOW) == official
    refused = sign_by_command(tmp_path / "key", "同意拨款一百万元")
    assert (refused.returncode, refused.stdout) == (1, "")

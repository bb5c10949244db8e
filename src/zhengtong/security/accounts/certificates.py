"""Signing in with an official's certificate: the page shows a challenge, the certificate's key signs it.

P-256 and SM2 alike; the county's own verifier judges chain and revocation (`pki.verify_chain`). A certificate is
something held; the password that is asked beside it is something known: together two factors, one of them 密码技术
(GB/T 22239-2019 8.1.4.1 d).
"""

import base64
import binascii
import re
import secrets
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Invalid
from zhengtong.security.accounts import operations
from zhengtong.security.accounts.models import User

LIVES = timedelta(minutes=5)
_HOLDER = re.compile(r"user-(\d{1,18})")
_ARMOUR = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


def new_challenge(*, host: str, at: datetime) -> str:
    """What is to be signed, once, within five minutes, at this host alone: nobody else can use the signature."""
    return f"zhengtong-sign-in/1 {host} {int((at + LIVES).timestamp())} {secrets.token_hex(16)}"


def holder_of(*, certificate: str, signature: str, challenge: str, at: datetime) -> User:
    """The official whose certificate (PEM or base64) signed `challenge` (DER signature in base64).

    Refuses (`Invalid`, one sentence that says what to do) a lapsed or used challenge, a certificate that is expired,
    revoked, of another authority or for another purpose, and a signature that is not of its key over these very bytes
    (SM2: with the ID 1234567812345678 of GB/T 35276).
    """
    lapses = challenge.split(" ")[2:3]
    if not lapses or not lapses[0].isdigit() or int(lapses[0]) < at.timestamp():
        raise Invalid(_("页面停留太久，请重新打开登录页再签名。"))
    if not operations.use_once(kind="challenge", value=challenge, at=at):
        raise Invalid(_("这次签名已经用过，请重新打开登录页再签名。"))
    der = _bytes_of(certificate, "certificate")
    return _trusted_holder(der, _bytes_of(signature, "signature"), challenge.encode(), at)


def _trusted_holder(certificate: bytes, signature: bytes, challenge: bytes, at: datetime) -> User:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    from zhengtong.security.crypto import der, keys
    from zhengtong.security.pki import public as pki

    try:
        pki.verify_chain(certificate, at)
    except pki.NotTrusted as problem:
        raise Invalid(problem.message, fields={"certificate": problem.message}) from None
    parsed = x509.load_der_x509_certificate(certificate)
    purposes = [one.value for one in parsed.extensions if isinstance(one.value, x509.ExtendedKeyUsage)]
    allowed = [purpose for usage in purposes for purpose in usage]
    named = [str(one.value) for one in parsed.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    holder = _HOLDER.fullmatch(named[0]) if len(named) == 1 else None
    if ExtendedKeyUsageOID.CLIENT_AUTH not in allowed or holder is None:
        words = _("这张证书不是工作人员的登录证书，请选择本人的证书。")
        raise Invalid(words, fields={"certificate": words})
    spki = list(der.elements(der.inner(parsed.tbs_certificate_bytes)))[6][2]  # RFC 5280 4.1: the seventh field
    if not keys.verify(spki, signature, challenge):
        words = _("签名与证书不符，请用这张证书的私钥对页面上的整段文字签名。")
        raise Invalid(words, fields={"signature": words})
    user = User.objects.filter(pk=int(holder.group(1)), kind=User.OFFICIAL, is_active=True).first()
    if user is None:
        raise Invalid(_("证书对应的账号已停用，请联系本单位管理员。"))
    return user


def _bytes_of(text: str, field: str) -> bytes:
    try:
        found = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        words = _("内容不完整，请整段粘贴。")
        raise Invalid(words, fields={field: words})
    return found

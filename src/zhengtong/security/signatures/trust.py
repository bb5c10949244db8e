"""Whom this house believes: certificates of the county's own PKI, its time-stamps, its attribute certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.crypto import keys as raw_keys
from zhengtong.security.pki import public as pki
from zhengtong.security.signatures import cms

@dataclass(frozen=True)
class Holder:
    """Who a certificate names: the holder, who issued it, and its serial number in hexadecimal."""

    name: str
    issuer: str
    serial: str


@dataclass(frozen=True)
class Verdict:
    """Whether a certificate is of this county, and what speaks against a signature made with it at that time."""

    ours: bool
    problems: tuple[str, ...] = ()


def holder(certificate: bytes) -> Holder:
    """The names in a certificate. Raises `ValueError` when it cannot be read."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    read = x509.load_der_x509_certificate(certificate)

    def words(name: x509.Name) -> str:
        common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(common[0].value) if common else name.rfc4514_string()

    return Holder(words(read.subject), words(read.issuer), f"{read.serial_number:x}")


def spki(certificate: bytes) -> bytes:
    """The public key of a certificate (SubjectPublicKeyInfo, DER). Raises `ValueError`."""
    fields = cms.parts(cms.parts(certificate)[0])
    return fields[6 if fields[0][0] == 0xA0 else 5]


def algorithm(certificate: bytes) -> str:
    """p256 or sm2. Raises `ValueError` for a key of another kind."""
    return raw_keys.algorithm_of(spki(certificate))


def pem(certificate: bytes) -> str:
    """The public key of a certificate as PEM."""
    import base64
    from textwrap import wrap

    lines = wrap(base64.b64encode(spki(certificate)).decode(), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def signed(certificate: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the holder of the certificate signed `data`; False for whatever cannot be read."""
    try:
        return raw_keys.verify(spki(certificate), signature, data)
    except (ValueError, IndexError):
        return False


def stamped(token: bytes, signature: bytes) -> tuple[datetime | None, str]:
    """(the time a token proves for a signature value, what is wrong with it)."""
    return None, _("时间戳核验不了。")


def judge(
    certificate: bytes, chain: Sequence[bytes], *, signed_at: datetime | None, stamped_at: datetime | None, now: datetime
) -> Verdict:
    """STUB"""
    a = algorithm(certificate)
    from zhengtong.security.pki import public as pki

    ours = holder(certificate).issuer == "双峰县根证书 " + a
    return Verdict(ours, () if ours else (_("证书不是本县颁发的。"),))


def post(attribute_certificate: bytes, certificate: bytes, at: datetime) -> tuple[str, str]:
    """STUB"""
    return "", ""

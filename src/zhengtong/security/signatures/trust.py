"""Whom this house believes: certificates of the county's own PKI, its time-stamps, its attribute certificates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.crypto import keys as raw_keys
from zhengtong.security.pki import public as pki
from zhengtong.security.signatures import cms
from zhengtong.security.signatures.values import POSTS, Archived
from zhengtong.security.timestamps import public as timestamps

Known = Mapping[bytes, str]
"""Certificates of authorities (DER), each with its name, such as `bodies-sm2`."""


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


def stamped(token: bytes, signature: bytes, authorities: Known) -> tuple[datetime | None, str]:
    """(the time a token proves for a signature value, what is wrong with it)."""
    if not well_formed(token, authorities):
        return None, _("时间戳的数据被改动或损坏。")
    try:
        return timestamps.verify(token, sha256(signature).digest()).at, ""
    except timestamps.StampNotGenuine as refusal:
        return None, refusal.message


def archived(token: bytes, digest: bytes, authorities: Known) -> Archived:
    """What an archive stamp proves of the file with this digest. Raises `ValueError` when it proves nothing."""
    from cryptography import x509

    if not well_formed(token, authorities):
        raise ValueError("not a stamp as ours")
    try:
        info = timestamps.verify(token, digest)
    except timestamps.StampNotGenuine as refusal:
        raise ValueError(refusal.message) from None
    until = x509.load_der_x509_certificate(info.certificate).not_valid_after_utc
    return Archived(info.algorithm, holder(info.certificate).name, info.at, until)


def evidence(certificates: Sequence[bytes], lists: Sequence[bytes], authorities: Known) -> bool:
    """Whether everything that is put into a file for later readers is of this county: nothing else travels with a paper."""
    own = all(one in authorities or pki.issued(one) for one in certificates)
    return own and all(pki.list_is_ours(one) for one in lists)


def well_formed(token: bytes, authorities: Known) -> bool:
    """Whether what a token carries unsigned is what we would write: only certificates that we know, and its own digest.

    A token's reader looks at what is signed; here the rest counts too, so that no byte of a signed file is free.
    """
    try:
        signed_data = cms.parts(cms.parts(cms.parts(token)[1])[0])
        signer = cms.parts(cms.parts(signed_data[-1])[0])
        beside = [one for one in cms.parts(signed_data[3]) if one not in authorities] if len(signed_data) == 5 else []
        named = cms.parts(signer[1])
        only_signer = len(beside) <= 1 and all(list(cms.issuer_and_serial(one)) == named for one in beside)
        return only_signer and cms.parts(signed_data[1]) == [signer[2]]
    except (ValueError, IndexError):
        return False


def known() -> Known:
    """The certificates of the county's own authorities."""
    import base64

    return {base64.b64decode(row["certificate"]): row["serves"] for row in pki.trust_list()["authorities"]}


def judge(
    certificate: bytes,
    chain: Sequence[bytes],
    *,
    authority: str,
    authorities: Known,
    signed_at: datetime | None,
    stamped_at: datetime | None,
    now: datetime,
) -> Verdict:
    """Whether a signature with this certificate may be believed.

    `chain`: what the file carries beside it. `authority`: which of `authorities` must have issued it. A stamp proves that the
    signature is no younger; without one it is as young as the reading.
    """
    if any(one not in authorities for one in chain):
        return Verdict(False, (_("签名里夹带了不认识的证书，不能采信。"),))
    claimed = signed_at or now
    # A demo's clock may stand before or behind that of the stamps; otherwise this is the moment of the stamp.
    proven = max(min(stamped_at, now), claimed) if stamped_at else now
    try:
        path = pki.verify_chain(certificate, claimed, revocation=False)
    except pki.NotTrusted as refusal:
        return Verdict(refusal.why in ("expired", "future"), (_at(refusal),))
    if authorities.get(path[1]) != authority:
        return Verdict(
            True, (_("证书不是给这种签名用的：签发它的机构是{name}。").format(name=holder(certificate).issuer),)
        )
    try:
        pki.verify_chain(certificate, proven)
    except pki.NotTrusted as refusal:
        return Verdict(True, (_at(refusal, unproven=stamped_at is None),))
    return Verdict(True)


def _at(refusal: pki.NotTrusted, *, unproven: bool = False) -> str:
    if unproven and refusal.why == "expired":
        return _("证书现在已经过期，又没有时间戳证明签名是在有效期内作出的。")
    if refusal.why == "expired":
        return _("签名时证书已经过期。")
    if refusal.why == "future":
        return _("签名时证书还没有生效。")
    if refusal.why == "revoked":
        return _("证书已被吊销，没有时间戳证明签名是在吊销之前作出的。") if unproven else _("签名时证书已被吊销。")
    return refusal.message


def _post_in_words(code: str) -> str:
    role, _at_, number = code.partition("@organization:")
    body = Organization.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 10 else None
    return f"{body.label if body else ''}{POSTS.get(role, role)}"


def post(attribute_certificate: bytes, certificate: bytes, at: datetime) -> tuple[str, str]:
    """(the posts the signer held at `at`, as codes; what is wrong with the attribute certificate)."""
    if not attribute_certificate:
        return "", ""
    try:
        roles = pki.check_post(attribute_certificate, holder=certificate, at=at).roles
        return _("、").join(_post_in_words(role) for role in roles), ""
    except pki.NotTrusted as refusal:
        return "", refusal.message

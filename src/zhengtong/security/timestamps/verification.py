"""Checks of stamps: our own reading, because no common program reads SM2 tokens (OpenSSL 3 refuses them).

Everything a token must be is asked for: strict DER, the content type, one signer, the digest of the content and of the certificate
among the signed attributes, the signature, the certificate's purpose, and the chain to a trusted root at the time of the stamp.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from zhengtong.security.crypto import der
from zhengtong.security.timestamps import keys, reading, tokens
from zhengtong.security.timestamps.reading import Element, Malformed
from zhengtong.security.timestamps.refusals import StampNotGenuine
from zhengtong.security.timestamps.values import StampInfo

EKU, TIME_STAMPING = "2.5.29.37", "1.3.6.1.5.5.7.3.8"
SCHEME_OF = {signature: (algorithm, digest) for algorithm, (digest, signature) in tokens.SCHEMES.items()}
_TIME = re.compile(rb"(\d{14})(?:\.(\d{0,5}[1-9]))?Z")

Vouch = Callable[[bytes, datetime], None]
"""Raises `KeyGone` unless the certificate was trusted at that time."""


def verify(token: bytes, digest: bytes, *, certificate: bytes | None = None, vouch: Vouch = keys.vouched) -> StampInfo:
    """What a stamp over `digest` says. Raises `StampNotGenuine` with the reason, whatever the bytes are.

    `certificate`: the signer's, for a token that was asked for without it.
    """
    try:
        info, holder, spki = _read(token, certificate)
    except (Malformed, ValueError) as error:
        raise StampNotGenuine(_("时间戳格式不正确或已损坏，不能采信。")) from error
    if info.digest != digest:
        raise StampNotGenuine(_("时间戳盖的不是这份内容：内容的摘要与时间戳中的不一致。"))
    signature, signed = holder
    if not keys.signed(spki, signature, signed):
        raise StampNotGenuine(_("时间戳的签名不对：时间戳被改动过，或不是所称的机构签发的。"))
    try:
        vouch(info.certificate, info.at)
    except keys.KeyGone:
        raise StampNotGenuine(_("签发时间戳的证书不受信任，或在盖戳时已失效。")) from None
    return info


def _read(token: bytes, certificate: bytes | None) -> tuple[StampInfo, tuple[bytes, bytes], bytes]:
    """(what it says, (signature, signed bytes), public key). Raises `Malformed`."""
    content, given, signer, named = _signed_data(token)
    parts = reading.sequence(signer, least=6, most=6)
    if reading.integer(parts[0]) != 1:
        raise Malformed("version")
    algorithm, digest_name = SCHEME_OF.get(reading.algorithm(parts[4]), ("", ""))
    if not algorithm or tokens.DIGESTS.get(reading.algorithm(parts[2]), ("",))[0] != digest_name:
        raise Malformed("algorithm")
    if parts[2].raw not in named:
        raise Malformed("digest algorithms")
    attributes = reading.expect(parts[3], 0xA0)
    said = _attributes(attributes)
    if said.get(tokens.CONTENT_TYPE) != der.oid(tokens.TST_INFO):
        raise Malformed("content type")
    if said.get(tokens.MESSAGE_DIGEST) != der.tlv(0x04, tokens.hashed(digest_name, content)):
        raise Malformed("the content was changed")
    holder = _holder(
        said.get(tokens.SIGNING_CERTIFICATE, b""), parts[1], given if certificate is None else [certificate]
    )
    tbs = tokens.tbs_parts(holder)
    if not _stamps_only(tbs[6:]):
        raise Malformed("the certificate is not for time stamps")
    info = _info(content, algorithm, holder)
    return info, (reading.expect(parts[5], reading.OCTETS), der.tlv(0x31, attributes)), tbs[5].raw


def _signed_data(token: bytes) -> tuple[bytes, list[bytes], Element, list[bytes]]:
    """(TSTInfo, certificates, the one SignerInfo, digest algorithms)."""
    outer = reading.sequence(reading.only(token, reading.SEQUENCE), least=2, most=2)
    if reading.oid(outer[0]) != tokens.SIGNED_DATA:
        raise Malformed("not signed data")
    parts = reading.sequence(reading.only(reading.expect(outer[1], 0xA0), reading.SEQUENCE), least=4, most=6)
    if reading.integer(parts[0]) != 3 or parts[1].tag != reading.SET:
        raise Malformed("version")
    kind, content = reading.sequence(parts[2], least=2, most=2)
    if reading.oid(kind) != tokens.TST_INFO:
        raise Malformed("not a time stamp")
    certificates = [part.raw for part in reading.elements(parts[3].content)] if parts[3].tag == 0xA0 else []
    signers = reading.elements(reading.expect(parts[-1], reading.SET))
    if len(signers) != 1:
        raise Malformed("one signer")
    inside = reading.only(reading.expect(content, 0xA0), reading.OCTETS).content
    return inside, certificates, signers[0], [part.raw for part in reading.elements(parts[1].content)]


def _attributes(content: bytes) -> dict[str, bytes]:
    """The one value of each signed attribute. Raises `Malformed` when one comes twice or has several."""
    found: dict[str, bytes] = {}
    for attribute in reading.elements(content):
        kind, values = reading.sequence(attribute, least=2, most=2)
        inside = reading.elements(reading.expect(values, reading.SET))
        name = reading.oid(kind)
        if name in found or len(inside) != 1:
            raise Malformed("attribute")
        found[name] = inside[0].raw
    return found


def _holder(attribute: bytes, named: Element, given: list[bytes]) -> bytes:
    """The certificate that the signed attribute names (ESSCertIDv2, SHA-256) and that the signer is said to have."""
    outer = reading.sequence(reading.only(attribute, reading.SEQUENCE), least=1, most=2)
    first = reading.sequence(reading.sequence(outer[0], least=1)[0], least=1, most=3)
    digest_name = "sha256"
    if first[0].tag == reading.SEQUENCE:
        digest_name = tokens.DIGESTS.get(reading.algorithm(first[0]), ("",))[0]
        first = first[1:]
    if not digest_name or not first:
        raise Malformed("certificate identifier")
    wanted = reading.expect(first[0], reading.OCTETS)
    for certificate in given:
        if tokens.hashed(digest_name, certificate) == wanted:
            parts = tokens.tbs_parts(certificate)
            if named.raw != der.sequence(parts[2].raw, parts[0].raw):
                raise Malformed("another certificate")
            return certificate
    raise Malformed("no certificate")


def _stamps_only(rest: Sequence[Element]) -> bool:
    """Whether the extensions say that the key is for time stamps and nothing else, critically (RFC 3161, 2.3)."""
    for part in rest:
        if part.tag != 0xA3:
            continue
        for extension in reading.sequence(reading.only(part.content, reading.SEQUENCE)):
            fields = reading.sequence(extension, least=2, most=3)
            if reading.oid(fields[0]) == EKU:
                purposes = reading.sequence(reading.only(reading.expect(fields[-1], reading.OCTETS), reading.SEQUENCE))
                critical = len(fields) == 3 and reading.boolean(fields[1])
                return critical and [reading.oid(purpose) for purpose in purposes] == [TIME_STAMPING]
    return False


def _info(content: bytes, algorithm: str, certificate: bytes) -> StampInfo:
    """The TSTInfo in words."""
    parts = reading.sequence(reading.only(content, reading.SEQUENCE), least=5, most=10)
    if reading.integer(parts[0]) != 1:
        raise Malformed("version")
    identifier, digest = reading.sequence(parts[2], least=2, most=2)
    name, length = tokens.DIGESTS.get(reading.algorithm(identifier), ("", -1))
    if len(reading.expect(digest, reading.OCTETS)) != length:
        raise Malformed("digest")
    accuracy = next((_accuracy(part) for part in parts[5:] if part.tag == reading.SEQUENCE), None)
    nonce = next((reading.integer(part) for part in parts[5:] if part.tag == reading.INTEGER), None)
    return StampInfo(
        at=_time(reading.expect(parts[4], reading.TIME)),
        serial=reading.integer(parts[3]),
        policy=reading.oid(parts[1]),
        algorithm=algorithm,
        digest_name=name,
        digest=digest.content,
        accuracy_ms=accuracy,
        nonce=nonce,
        certificate=certificate,
    )


def _time(text: bytes) -> datetime:
    hit = _TIME.fullmatch(text)
    if hit is None:
        raise Malformed("time")
    whole = datetime.strptime(hit[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return whole.replace(microsecond=int((hit[2] or b"").ljust(6, b"0")))


def _accuracy(element: Element) -> int:
    """Milliseconds; what is below one counts as one."""
    total = 0
    for part in reading.sequence(element, most=3):
        number = int.from_bytes(part.content, "big")
        total += {reading.INTEGER: 1000 * number, 0x80: number, 0x81: 1 if number else 0}.get(part.tag, 0)
    return total


def said(token: bytes) -> StampInfo:
    """What a stamp says, its signature and its certificate's chain not checked: for one that was just made here."""
    return _read(token, None)[0]

"""Time-stamp tokens and answers, written as DER by hand (RFC 3161, RFC 5652, RFC 5035, RFC 5816): the part that must be quick.

What never changes for one key (algorithm identifiers, certificates, the signed attribute that names the certificate) is written
once by `Issuer`; a token is then a dozen concatenations, two hashes and one signature.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zhengtong.security.crypto import sm3
from zhengtong.security.crypto.der import integer, oid, sequence, tlv
from zhengtong.security.timestamps import reading
from zhengtong.security.timestamps.clock import SECOND, Moment
from zhengtong.security.timestamps.keys import StampKey
from zhengtong.security.timestamps.reading import Malformed

BAD_ALGORITHM, BAD_REQUEST, BAD_FORMAT = 0, 2, 5
TIME_NOT_AVAILABLE, POLICY, EXTENSION, SYSTEM_FAILURE = 14, 15, 16, 25
"""Bits of PKIFailureInfo (RFC 3161, 2.4.2)."""

DIGESTS = {
    "2.16.840.1.101.3.4.2.1": ("sha256", 32),
    "2.16.840.1.101.3.4.2.2": ("sha384", 48),
    "2.16.840.1.101.3.4.2.3": ("sha512", 64),
    "1.2.156.10197.1.401": ("sm3", 32),
}
"""Digests that are stamped: object identifier, name and length. SHA-1 and MD5 are not among them."""
OF_DIGEST = {name: (oid, length) for oid, (name, length) in DIGESTS.items()}
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
SCHEMES = {"p256": ("sha256", "1.2.840.10045.4.3.2"), "sm2": ("sm3", "1.2.156.10197.1.501")}
"""By algorithm of the key: the digest over the content, and the signature algorithm."""


class Rejected(Exception):
    """A request that gets no token: the bit of PKIFailureInfo and a few words in English for the other program."""

    def __init__(self, bit: int, words: str) -> None:
        super().__init__(words)
        self.bit, self.words = bit, words


@dataclass(frozen=True, slots=True)
class Request:
    """A time-stamp request. `imprint` and `nonce` are kept as they were sent, and sent back so."""

    imprint: bytes
    policy: str | None
    nonce: bytes
    wants_certificate: bool


def sorted_parts(parts: Iterable[bytes]) -> bytes:
    """The content of a SET OF, in the order DER demands."""
    return b"".join(sorted(parts))


def hashed(name: str, data: bytes) -> bytes:
    """The digest of `data` by the name it has in `DIGESTS`."""
    return sm3(data) if name == "sm3" else hashlib.new(name, data).digest()


def imprint_of(digest: bytes, name: str) -> bytes:
    """A MessageImprint. Raises ValueError for a digest of another length or name."""
    kept = OF_DIGEST.get(name)
    if kept is None or kept[1] != len(digest):
        raise ValueError(f"not a {name} digest")
    return sequence(sequence(oid(kept[0]), b"\x05\x00"), tlv(0x04, digest))


def read_request(body: bytes) -> Request:
    """The request that `body` is. Raises `Rejected`, and nothing else, whatever the bytes are."""
    try:
        parts = reading.sequence(reading.only(body, reading.SEQUENCE), least=2, most=6)
        version, imprint, *more = parts
        if reading.integer(version) != 1:
            raise Rejected(BAD_REQUEST, "only version 1 is known")
        _check_imprint(imprint)
        policy, nonce, wanted = None, b"", False
        order = (reading.OID, reading.INTEGER, reading.BOOLEAN, 0xA0)
        place = -1
        for part in more:
            if part.tag not in order or (at := order.index(part.tag)) <= place:
                raise Malformed("unexpected part")
            place = at
            if part.tag == reading.OID:
                policy = reading.oid(part)
            elif part.tag == reading.INTEGER:
                reading.integer(part)
                nonce = part.raw
            elif part.tag == reading.BOOLEAN:
                wanted = reading.boolean(part)
            else:
                raise Rejected(EXTENSION, "no extension is known")
    except Malformed as error:
        raise Rejected(BAD_FORMAT, f"not a time-stamp request: {error}") from None
    return Request(imprint.raw, policy, nonce, wanted)


def _check_imprint(imprint: reading.Element) -> None:
    identifier, digest = reading.sequence(imprint, least=2, most=2)
    known = DIGESTS.get(reading.algorithm(identifier))
    if known is None:
        raise Rejected(BAD_ALGORITHM, "the digest must be SHA-256, SHA-384, SHA-512 or SM3")
    if len(reading.expect(digest, reading.OCTETS)) != known[1]:
        raise Rejected(BAD_FORMAT, "the digest has another length")


def rejection(rejected: Rejected) -> bytes:
    """A TimeStampResp that says no: status 2, words, one failure bit."""
    words = sequence(tlv(0x0C, rejected.words.encode()))
    whole, rest = divmod(rejected.bit, 8)
    bits = bytes((7 - rest,)) + bytes(whole) + bytes((0x80 >> rest,))
    return sequence(sequence(b"\x02\x01\x02", words, tlv(0x03, bits)))


def granted(token: bytes) -> bytes:
    """A TimeStampResp with its token."""
    return sequence(b"\x30\x03\x02\x01\x00", token)


def written_time(microseconds: int) -> bytes:
    """A GeneralizedTime in UTC, without trailing zeros (RFC 3161, 2.4.2)."""
    seconds, rest = divmod(microseconds, SECOND)
    text = time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return tlv(0x18, f"{text}{fraction}Z".encode())


class Issuer:
    """Writes tokens with one key under one policy; `accuracy_ms` is stated in them when a source vouches for the clock."""

    def __init__(self, key: StampKey, *, policy: str, accuracy_ms: int) -> None:
        digest, signature = SCHEMES[key.algorithm]
        self._sign, self._digest = key.sign, digest
        self._digest_algorithm = sequence(oid(OF_DIGEST[digest][0]), b"\x05\x00" if digest == "sha256" else b"")
        self._signature_algorithm = sequence(oid(signature))
        self._policy = oid(policy)
        whole, rest = divmod(accuracy_ms, 1000)
        self._accuracy = sequence(integer(whole) if whole else b"", _small(0x80, rest) if rest else b"")
        self._certificates = tlv(0xA0, sorted_parts((key.certificate, *key.chain)))
        self._holder = sequence(*_issuer_and_serial(key.certificate))
        identifier = sequence(sequence(tlv(0x04, hashlib.sha256(key.certificate).digest())))
        self._attributes = (
            sequence(oid(CONTENT_TYPE), tlv(0x31, oid(TST_INFO))),
            sequence(oid(SIGNING_CERTIFICATE), tlv(0x31, sequence(identifier))),
        )

    def token(self, request: Request, moment: Moment) -> bytes:
        """A TimeStampToken (ContentInfo) over the imprint of `request` at `moment`; its serial number is used once."""
        serial = moment.microseconds << 64 | int.from_bytes(os.urandom(8), "big")
        info = sequence(
            b"\x02\x01\x01",
            self._policy,
            request.imprint,
            integer(serial),
            written_time(moment.microseconds),
            self._accuracy if moment.watched else b"",
            b"\x01\x01\xff",  # ordering: the clock never gives one time twice
            request.nonce,
        )
        content_digest = tlv(0x31, tlv(0x04, hashed(self._digest, info)))
        attributes = sorted_parts((*self._attributes, sequence(oid(MESSAGE_DIGEST), content_digest)))
        signer = sequence(
            b"\x02\x01\x01",
            self._holder,
            self._digest_algorithm,
            tlv(0xA0, attributes),
            self._signature_algorithm,
            tlv(0x04, self._sign(tlv(0x31, attributes))),
        )
        signed = sequence(
            b"\x02\x01\x03",
            tlv(0x31, self._digest_algorithm),
            sequence(_TST_INFO, tlv(0xA0, tlv(0x04, info))),
            self._certificates if request.wants_certificate else b"",
            tlv(0x31, signer),
        )
        return sequence(_SIGNED_DATA, tlv(0xA0, signed))


_TST_INFO, _SIGNED_DATA = oid(TST_INFO), oid(SIGNED_DATA)


def _small(tag: int, number: int) -> bytes:
    return tlv(tag, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """Name of the issuer and serial number of a certificate, as they stand in it."""
    parts = tbs_parts(certificate)
    return parts[2].raw, parts[0].raw


def tbs_parts(certificate: bytes) -> Sequence[reading.Element]:
    """Serial number, signature algorithm, issuer, validity, subject, public key … of a certificate. Raises `Malformed`."""
    outer = reading.sequence(reading.only(certificate, reading.SEQUENCE), least=3, most=3)
    parts = reading.sequence(outer[0], least=6)
    parts = parts[1:] if parts[0].tag == 0xA0 else parts
    if len(parts) < 6:
        raise Malformed("not a certificate")
    return parts

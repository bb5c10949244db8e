"""The signed message inside a PDF (CMS, RFC 5652) as this house writes it: one signer, DER, signed attributes of PAdES baseline.

Written by hand because the object model of the usual library takes forty milliseconds for one message; ours takes less
than one. The same writer is the strictest reader: what an own signature says must, put together again, give the same
bytes, so that a changed bit is found even where no signature looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from zhengtong.security.crypto.der import elements, inner, integer, octets, oid, sequence, set_of, tlv, utf8

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
DATA: Final = "1.2.840.113549.1.7.1"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.47"
TIME_STAMP: Final = "1.2.840.113549.1.9.16.2.14"
SIGNER_ATTRIBUTES: Final = "0.4.0.19122.1.1"
REQUIRED: Final = "2.25.214935447135759374336494256448357751484"
"""Ours: the name of this signature and the names of all that the document must carry: SEQUENCE { UTF8String, SEQUENCE OF UTF8String }."""
ARCHIVE: Final = "2.25.214935447135759374336494256448357751485"
"""Ours: the numbers of the two objects that an archive revision may fill later: SEQUENCE { INTEGER, INTEGER }; see `archive`."""

DIGESTS: Final = {"p256": "2.16.840.1.101.3.4.2.1", "sm2": "1.2.156.10197.1.401"}
MECHANISMS: Final = {"p256": "1.2.840.10045.4.3.2", "sm2": "1.2.156.10197.1.501"}


@dataclass(frozen=True)
class Message:
    """One signature taken apart: everything its bytes are made of. `attributes`: the signed ones, as `SET OF`, in DER."""

    algorithm: str
    certificate: bytes
    chain: tuple[bytes, ...]
    attributes: bytes
    signature: bytes
    stamp: bytes = b""

    def dump(self) -> bytes:
        """The message in DER."""
        issuer, serial = issuer_and_serial(self.certificate)
        digest = sequence(oid(DIGESTS[self.algorithm]))
        unsigned = tlv(0xA1, _attribute(TIME_STAMP, self.stamp)) if self.stamp else b""
        signer = sequence(
            integer(1),
            sequence(issuer, serial),
            digest,
            tlv(0xA0, inner(self.attributes)),
            sequence(oid(MECHANISMS[self.algorithm])),
            octets(self.signature),
            unsigned,
        )
        certificates = b"".join(sorted({self.certificate, *self.chain}))
        signed = sequence(integer(1), set_of(digest), sequence(oid(DATA)), tlv(0xA0, certificates), set_of(signer))
        return sequence(oid(SIGNED_DATA), tlv(0xA0, signed))


def signed_attributes(
    digest: bytes,
    certificate: bytes,
    name: str,
    required: Sequence[str],
    attribute_certificate: bytes = b"",
    places: tuple[int, int] | None = None,
) -> bytes:
    """What is signed (`SET OF Attribute`, DER): the digest of the document, the certificate (ESS, RFC 5035), which signature this
    is and which must be there, when given the attribute certificate of the signer (ETSI EN 319 122-1, 5.2.6), and the
    `places` of the file that are kept free for archive stamps.
    """
    attributes = [
        _attribute(CONTENT_TYPE, oid(DATA)),
        _attribute(MESSAGE_DIGEST, octets(digest)),
        _attribute(SIGNING_CERTIFICATE, sequence(sequence(sequence(octets(sha256(certificate).digest()))))),
        _attribute(REQUIRED, sequence(utf8(name), sequence(*(utf8(one) for one in required)))),
    ]
    if places:
        attributes.append(_attribute(ARCHIVE, sequence(*(integer(one) for one in places))))
    if attribute_certificate:
        # SignerAttributesV2 { certifiedAttributesV2 [1] SEQUENCE OF CHOICE { attributeCertificate [0] } }
        certified = tlv(0xA1, sequence(tlv(0xA0, attribute_certificate)))
        attributes.append(_attribute(SIGNER_ATTRIBUTES, sequence(certified)))
    return set_of(*attributes)


def _attribute(name: str, value: bytes) -> bytes:
    return sequence(oid(name), set_of(value))


def parts(element: bytes) -> list[bytes]:
    """The elements inside a constructed element, each whole. Raises `ValueError` for what is not DER."""
    return [whole for _tag, _content, whole in elements(inner(element))]


def issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """Issuer and serial number of a certificate, as they stand in it. Raises `ValueError`."""
    fields = parts(parts(certificate)[0])
    if fields[0][0] == 0xA0:  # the version
        fields = fields[1:]
    return fields[2], fields[0]


def load(der: bytes) -> Message:
    """Take a message apart that this house wrote; anything written differently raises `ValueError`.

    The chain is whatever certificates stand beside the signer's: the caller checks that it knows each of them.
    """
    try:
        message = _load(der)
    except (IndexError, KeyError) as error:
        raise ValueError("not a message of this house") from error
    if message.dump() != der:
        raise ValueError("the message has been changed")
    return message


def _load(der: bytes) -> Message:
    signed = parts(parts(parts(der)[1])[0])
    signer = parts(parts(signed[4])[0])
    mechanism = parts(signer[4])[0]
    algorithm = next((name for name, value in MECHANISMS.items() if oid(value) == mechanism), "")
    if not algorithm:
        raise ValueError("another algorithm")
    named = parts(signer[1])
    certificates = parts(signed[3])
    certificate = next((c for c in certificates if list(issuer_and_serial(c)) == named), None)
    if certificate is None:
        raise ValueError("the signer's certificate is missing")
    attributes = tlv(0x31, inner(signer[3]))
    stamp = b""
    if len(signer) == 7:
        unsigned = parts(signer[6])
        stamp = parts(parts(unsigned[0])[1])[0]
    return Message(
        algorithm,
        certificate,
        tuple(c for c in certificates if c != certificate),
        attributes,
        inner(signer[5]),
        stamp,
    )


@dataclass(frozen=True)
class Said:
    """What the signed attributes of a message say. `required` holds `name` too."""

    digest: bytes
    name: str
    required: tuple[str, ...]
    attribute_certificate: bytes = b""
    places: tuple[int, int] | None = None


def said(message: Message) -> Said:
    """The signed attributes, read. Raises `ValueError` when one is missing, stands twice or names another certificate."""
    try:
        found = _values(message.attributes)
        if found[oid(CONTENT_TYPE)] != oid(DATA):
            raise ValueError("no signature of a document")
        ess = parts(parts(parts(found[oid(SIGNING_CERTIFICATE)])[0])[0])[0]
        if inner(ess) != sha256(message.certificate).digest():
            raise ValueError("signed for another certificate")
        name, required = parts(found[oid(REQUIRED)])
        post = found.get(oid(SIGNER_ATTRIBUTES))
        return Said(
            inner(found[oid(MESSAGE_DIGEST)]),
            inner(name).decode(),
            tuple(inner(one).decode() for one in parts(required)),
            inner(parts(inner(parts(post)[0]))[0]) if post else b"",
            _places(found.get(oid(ARCHIVE))),
        )
    except (IndexError, KeyError) as error:
        raise ValueError("a signed attribute is missing") from error


def _places(value: bytes | None) -> tuple[int, int] | None:
    if value is None:
        return None
    dss, field = (int.from_bytes(inner(one), "big") for one in parts(value))
    return dss, field


def _values(attributes: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for attribute in parts(attributes):
        name, values = parts(attribute)
        if name in found or len(parts(values)) != 1:
            raise ValueError("an attribute stands twice")
        found[name] = parts(values)[0]
    return found

"""X.509 written in DER for both algorithms: certificates, revocation lists, status responses (RFC 5280, RFC 6960).

Written by hand, because no library signs with SM2, and because an object model is a hundred times slower.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from zhengtong.security.crypto import der
from zhengtong.security.crypto.keys import SIGNATURE_ALGORITHM, Algorithm, Signer

Name = tuple[tuple[str, str], ...]
COUNTRY, ORGANIZATION, UNIT, COMMON_NAME, SERIAL_NUMBER = "C", "O", "OU", "CN", "SN"
ATTRIBUTE_TYPES = {
    COUNTRY: "2.5.4.6",
    ORGANIZATION: "2.5.4.10",
    UNIT: "2.5.4.11",
    COMMON_NAME: "2.5.4.3",
    SERIAL_NUMBER: "2.5.4.5",
}
SIGN, COMMIT, ENCIPHER, AGREE, CERTIFY, LIST = 0, 1, 2, 4, 5, 6
"""Bits of KeyUsage: digitalSignature, nonRepudiation, keyEncipherment, keyAgreement, keyCertSign, cRLSign."""

CLIENT_AUTH, SERVER_AUTH, TIME_STAMPING = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.8"
REASONS = {
    "unspecified": 0,
    "key_compromise": 1,
    "authority_compromise": 2,
    "affiliation_changed": 3,
    "superseded": 4,
    "cessation": 5,
}


@dataclass(frozen=True)
class Wanted:
    """What a certificate shall say. `path_length` None: not an authority; `permitted`: name constraints of one."""

    serial: int
    issuer: Name
    subject: Name
    not_before: datetime
    not_after: datetime
    spki: bytes
    issuer_spki: bytes
    key_usage: tuple[int, ...]
    extended: tuple[str, ...] = ()
    path_length: int | None = None
    permitted: Name = ()
    permitted_dns: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    crl_url: str = ""
    ocsp_url: str = ""
    issuer_url: str = ""


def name(parts: Name) -> bytes:
    """Name: one attribute per RDN; country as PrintableString, everything else UTF8String."""
    return der.sequence(
        *(
            der.set_of(
                der.sequence(
                    der.oid(ATTRIBUTE_TYPES[key]),
                    der.printable(text) if key in (COUNTRY, SERIAL_NUMBER) else der.utf8(text),
                )
            )
            for key, text in parts
        )
    )


def public_bits(spki: bytes) -> bytes:
    """The content of subjectPublicKey without the count of unused bits."""
    _algorithm, bits = list(der.elements(der.inner(spki)))
    return bits[1][1:]


def key_id(spki: bytes) -> bytes:
    """Key identifier: the leftmost 160 bits of SHA-256 over the public key (RFC 7093, method 1)."""
    return hashlib.sha256(public_bits(spki)).digest()[:20]


def bit_flags(bits: Iterable[int]) -> bytes:
    """A named-bit-list BIT STRING, without trailing zero bits."""
    number = sum(0x8000 >> bit for bit in set(bits))
    content = number.to_bytes(2, "big").rstrip(b"\0")
    unused = 0 if not content else (content[-1] & -content[-1]).bit_length() - 1
    return der.bits(content, unused)


def uri(address: str) -> bytes:
    """GeneralName of an address."""
    return der.implicit(6, address.encode("ascii"))


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """One Extension."""
    return der.sequence(der.oid(dotted), *([der.boolean(True)] if critical else []), der.octets(value))


def _distribution_point(address: str) -> bytes:
    return der.explicit(0, der.explicit(0, uri(address)))


def _extensions(wanted: Wanted) -> Iterable[bytes]:
    authority = wanted.path_length is not None
    content = (der.boolean(True), der.integer(wanted.path_length)) if wanted.path_length is not None else ()
    yield extension("2.5.29.19", der.sequence(*content), critical=True)
    yield extension("2.5.29.15", bit_flags(wanted.key_usage), critical=True)
    if wanted.extended:
        # RFC 3161 2.3: a time-stamping certificate has this one purpose, marked critical.
        critical = wanted.extended == (TIME_STAMPING,)
        yield extension("2.5.29.37", der.sequence(*map(der.oid, wanted.extended)), critical=critical)
    yield extension("2.5.29.14", der.octets(key_id(wanted.spki)))
    yield extension("2.5.29.35", der.sequence(der.implicit(0, key_id(wanted.issuer_spki))))
    if wanted.dns:
        yield extension("2.5.29.17", der.sequence(*(der.implicit(2, host.encode("ascii")) for host in wanted.dns)))
    if authority and (wanted.permitted or wanted.permitted_dns):
        trees = [der.sequence(der.implicit(2, host.encode("ascii"))) for host in wanted.permitted_dns]
        if wanted.permitted:
            trees.append(der.sequence(der.explicit(4, name(wanted.permitted))))
        yield extension("2.5.29.30", der.sequence(der.explicit(0, *trees)), critical=True)
    if wanted.crl_url:
        yield extension("2.5.29.31", der.sequence(der.sequence(_distribution_point(wanted.crl_url))))
    if wanted.ocsp_url:
        ways = (("1.3.6.1.5.5.7.48.1", wanted.ocsp_url), ("1.3.6.1.5.5.7.48.2", wanted.issuer_url))
        access = (der.sequence(der.oid(method), uri(address)) for method, address in ways if address)
        yield extension("1.3.6.1.5.5.7.1.1", der.sequence(*access))


def certificate_body(wanted: Wanted, algorithm: Algorithm) -> bytes:
    """TBSCertificate for an issuer of `algorithm`; what the linter reads before anything is signed."""
    return der.sequence(
        der.explicit(0, der.integer(2)),
        der.integer(wanted.serial),
        SIGNATURE_ALGORITHM[algorithm],
        name(wanted.issuer),
        der.sequence(der.time(wanted.not_before), der.time(wanted.not_after)),
        name(wanted.subject),
        wanted.spki,
        der.explicit(3, der.sequence(*_extensions(wanted))),
    )


def signed(body: bytes, signer: Signer) -> bytes:
    """SIGNED{…}: the body, the algorithm, the signature."""
    return assembled(body, signer.algorithm, signer.sign(body))


def assembled(body: bytes, algorithm: Algorithm, signature: bytes) -> bytes:
    """SIGNED{…} of parts that exist."""
    return der.sequence(body, SIGNATURE_ALGORITHM[algorithm], der.bits(signature))


Revoked = tuple[int, datetime, str]
"""Serial number, moment, key of REASONS."""


def revocation_list(
    signer: Signer,
    issuer: Name,
    revoked: Sequence[Revoked],
    *,
    number: int,
    address: str,
    this_update: datetime,
    next_update: datetime,
) -> bytes:
    """A complete CRL for the shard at `address` (RFC 5280 5.2.5: the address stands in it, so shards cannot be swapped)."""
    entries = [
        der.sequence(
            der.integer(serial),
            der.time(moment),
            *(
                [der.sequence(extension("2.5.29.21", der.enumerated(REASONS[reason])))]
                if reason != "unspecified"
                else []
            ),
        )
        for serial, moment, reason in revoked
    ]
    body = der.sequence(
        der.integer(1),
        SIGNATURE_ALGORITHM[signer.algorithm],
        name(issuer),
        der.time(this_update),
        der.time(next_update),
        *([der.sequence(*entries)] if entries else []),
        der.explicit(
            0,
            der.sequence(
                extension("2.5.29.35", der.sequence(der.implicit(0, key_id(signer.spki)))),
                extension("2.5.29.20", der.integer(number)),
                extension("2.5.29.28", der.sequence(_distribution_point(address)), critical=True),
            ),
        ),
    )
    return signed(body, signer)


@dataclass(frozen=True)
class Parts:
    """The outermost parts of a certificate, cut out of its bytes."""

    body: bytes
    algorithm: Algorithm
    signature: bytes
    serial: int
    issuer: bytes
    subject: bytes
    spki: bytes


def cut(certificate: bytes) -> Parts:
    """The parts of a certificate, strictly. Refuses (der.NotDer) all but v3 with one of the two algorithms."""
    body, algorithm, signature = cut_signed(certificate)
    fields = [whole for _, _, whole in der.elements(der.inner(body))]
    if len(fields) != 8 or fields[0] != der.explicit(0, der.integer(2)) or fields[2] != SIGNATURE_ALGORITHM[algorithm]:
        raise der.NotDer("not a certificate of this kind")
    serial = der.read_integer(der.inner(fields[1]))
    return Parts(body, algorithm, signature, serial, fields[3], fields[5], fields[6])


def cut_signed(data: bytes) -> tuple[bytes, Algorithm, bytes]:
    """Body, algorithm and signature of SIGNED{…}. Refuses (der.NotDer) other algorithms and other forms."""
    if not data or data[0] != der.SEQUENCE:
        raise der.NotDer("not a sequence")
    parts = list(der.elements(der.inner(data)))
    if len(parts) != 3 or parts[2][0] != der.BIT_STRING or parts[2][1][:1] != b"\0":
        raise der.NotDer("not a signed structure")
    for algorithm, identifier in SIGNATURE_ALGORITHM.items():
        if parts[1][2] == identifier:
            return parts[0][2], algorithm, parts[2][1][1:]
    raise der.NotDer("another signature algorithm")

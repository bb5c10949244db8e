"""Answers of the status responder (RFC 6960), signed by the authority itself; one certificate or several per question."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from zhengtong.security.crypto import der
from zhengtong.security.crypto.keys import SIGNATURE_ALGORITHM, Signer
from zhengtong.security.crypto.sm3 import sm3
from zhengtong.security.pki import x509

HASHES = {
    "1.3.14.3.2.26": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "2.16.840.1.101.3.4.2.1": lambda data: hashlib.sha256(data).digest(),
    "1.2.156.10197.1.401": sm3,
}
NONCE = "1.3.6.1.5.5.7.48.1.2"
BASIC = "1.3.6.1.5.5.7.48.1.1"
MALFORMED, INTERNAL, TRY_LATER, UNAUTHORIZED = 1, 2, 3, 6
MOST_ASKED = 20
GOOD, UNKNOWN = b"\x80\x00", b"\x82\x00"


@dataclass(frozen=True)
class Asked:
    """One CertID of a question; `whole` is echoed in the answer."""

    whole: bytes
    hash: str
    name_hash: bytes
    key_hash: bytes
    serial: int


@dataclass(frozen=True)
class Question:
    """What was asked; `nonce` is the whole extension, or empty."""

    asked: tuple[Asked, ...]
    nonce: bytes


def read(data: bytes) -> Question:
    """A question of at most MOST_ASKED certificates. ValueError: malformed."""
    outer = list(der.elements(der.inner(data)))
    parts = list(der.elements(outer[0][1])) if outer else []
    listed = [content for tag, content, _whole in parts if tag == der.SEQUENCE]
    if len(listed) != 1:
        raise der.NotDer("no list of requests")
    nonce = b""
    for tag, content, _whole in parts:
        if tag == 0xA2:
            for _tag, _content, extension in der.elements(der.inner(content)):
                kind, *_rest, value = der.elements(der.inner(extension))
                if der.read_oid(kind[1]) == NONCE and len(value[1]) <= 34:
                    nonce = extension
    asked = tuple(_asked(content) for _tag, content, _whole in der.elements(listed[0]))
    if not 0 < len(asked) <= MOST_ASKED:
        raise der.NotDer("number of requests")
    return Question(asked, nonce)


def _asked(request: bytes) -> Asked:
    _tag, content, whole = next(iter(der.elements(request)))
    algorithm, names, key, serial = der.elements(content)
    dotted = der.read_oid(next(iter(der.elements(algorithm[1])))[1])
    return Asked(whole, dotted, names[1], key[1], der.read_integer(serial[1]))


def concerns(asked: Asked, subject: bytes, spki: bytes) -> bool:
    """True when the CertID names the authority with this subject and key."""
    digest = HASHES.get(asked.hash)
    if digest is None:
        return False
    return digest(subject) == asked.name_hash and digest(x509.public_bits(spki)) == asked.key_hash


Status = tuple[Asked, bytes]


def revoked(moment: datetime, reason: str) -> bytes:
    """CertStatus revoked."""
    told = der.explicit(0, der.enumerated(x509.REASONS[reason]))
    return der.implicit(1, der.generalized_time(moment) + told, constructed=True)


def answer(signer: Signer, statuses: Sequence[Status], *, nonce: bytes, now: datetime, next_update: datetime) -> bytes:
    """A successful answer; every status is a CertStatus encoding."""
    singles = (
        der.sequence(asked.whole, status, der.generalized_time(now), der.explicit(0, der.generalized_time(next_update)))
        for asked, status in statuses
    )
    # KeyHash of a responder is SHA-1 of its public bits, whatever the certificates use (RFC 6960, 4.2.1).
    key_hash = hashlib.sha1(x509.public_bits(signer.spki), usedforsecurity=False).digest()
    body = der.sequence(
        der.explicit(2, der.octets(key_hash)),
        der.generalized_time(now),
        der.sequence(*singles),
        *([der.explicit(1, der.sequence(nonce))] if nonce else []),
    )
    basic = der.sequence(body, SIGNATURE_ALGORITHM[signer.algorithm], der.bits(signer.sign(body)))
    return der.sequence(der.enumerated(0), der.explicit(0, der.sequence(der.oid(BASIC), der.octets(basic))))


def refusal(code: int) -> bytes:
    """An unsigned answer that says why there is none."""
    return der.sequence(der.enumerated(code))

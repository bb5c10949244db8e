"""The one place that knows where keys and certificates come from: `security.pki`, under the purpose "timestamps"."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.utils import timezone

from zhengtong.kernel import official_time
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.security.crypto import keys
from zhengtong.security.crypto.keys import ALGORITHMS, Algorithm
from zhengtong.security.pki import public as pki

__all__ = ["ALGORITHMS", "KeyGone", "StampKey", "current", "signed", "vouched"]
PURPOSE = "timestamps"
STALE = "stale_list"


class KeyGone(Exception):
    """The key or its certificate cannot be had, or is not trusted; the message is for the log."""


@dataclass(frozen=True)
class StampKey:
    """A key that signs stamps: `sign` gives a DER signature; `certificate` is its own, `chain` what stands above it, root left out."""

    algorithm: str
    sign: Callable[[bytes], bytes]
    certificate: bytes
    chain: tuple[bytes, ...] = ()


def current(algorithm: str) -> StampKey:
    """The key in use, with a certificate that is valid by the machine's clock. Raises `KeyGone`; no other key stands in for it."""
    wanted, now = cast(Algorithm, algorithm), timezone.now()
    try:
        links = pki.chain(PURPOSE, wanted, at=now)
        signer = pki.signer(PURPOSE, wanted, at=now)
    except ZhengtongError as refused:
        raise KeyGone(refused.code) from refused
    return StampKey(algorithm, signer.sign, links[0], tuple(links[1:-1]))


def signed(spki: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the holder of the public key signed `data` (ECDSA P-256 with SHA-256, or SM2 with SM3)."""
    return keys.verify(spki, signature, data)


def vouched(certificate: bytes, at: datetime) -> None:
    """Raises `KeyGone` unless a chain leads from the certificate to a trusted root, valid and not revoked at `at`.

    Stamps follow the machine's clock, revocation lists the county's. Where the two differ (a demo), the list in force today decides.
    """
    try:
        pki.verify_chain(certificate, at, revocation=False)
        try:
            pki.verify_chain(certificate, at)
        except pki.NotTrusted as problem:
            if problem.why != STALE:
                raise
            pki.verify_chain(certificate, official_time.now())
    except pki.NotTrusted as problem:
        raise KeyGone(problem.why) from problem

"""The one place that knows where keys and certificates come from: `security.pki`, under the purpose "timestamps"."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from zhengtong.security.crypto import keys

PURPOSE = "timestamps"
ALGORITHMS = ("p256", "sm2")


class KeyGone(Exception):
    """The key or its certificate cannot be had now."""


@dataclass(frozen=True)
class StampKey:
    """A key that signs stamps: `sign` gives a DER signature; `certificate` is its own, `chain` what stands above it, root left out."""

    algorithm: str
    sign: Callable[[bytes], bytes]
    certificate: bytes
    chain: tuple[bytes, ...] = ()


def current(algorithm: str) -> StampKey:
    """The key in use. Raises `KeyGone`; there is no other key to fall back to."""
    raise KeyGone(algorithm)


def signed(spki: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the holder of the public key signed `data` (ECDSA P-256 with SHA-256, or SM2 with SM3)."""
    return keys.verify(spki, signature, data)


def vouched(certificate: bytes, at: datetime) -> None:
    """Raises `KeyGone` unless a chain leads from the certificate to a trusted root, as of `at`."""
    raise NotImplementedError

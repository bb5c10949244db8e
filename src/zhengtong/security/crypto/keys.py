"""One interface over both algorithms: "p256" (ECDSA with SHA-256) and "sm2" (SM2 with SM3).

Who signs asks for a `Signer` and need not know whether the key lies in a file, a token or a card.
"""

from functools import lru_cache
from typing import Any, Literal, Protocol, cast, runtime_checkable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from zhengtong.security.crypto import der, sm2

Algorithm = Literal["p256", "sm2"]
ALGORITHMS: tuple[Algorithm, ...] = ("p256", "sm2")

P256_SPKI_HEAD = der.sequence(
    der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")), der.bits(bytes(65))
)[:-65]
ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
SM2_SM3 = der.sequence(der.oid(sm2.OID_SIGNATURE))
# AlgorithmIdentifier of a signature, DER.
SIGNATURE_ALGORITHM: dict[Algorithm, bytes] = {"p256": ECDSA_SHA256, "sm2": SM2_SM3}

_HASH = ec.ECDSA(hashes.SHA256())


@runtime_checkable
class Signer(Protocol):
    """Whatever can sign: a key in a file, in a PKCS#11 token, in a certified card."""

    @property
    def algorithm(self) -> Algorithm:
        """ "p256" or "sm2"."""

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo DER of the public half."""

    def sign(self, data: bytes) -> bytes:
        """DER SEQUENCE { r, s } over `data`; the hash is the algorithm's own."""


class SoftwareSigner:
    """A key in the memory of this process; `pkcs8()` is for key stores only."""

    algorithm: Algorithm
    spki: bytes

    def sign(self, data: bytes) -> bytes:
        """DER SEQUENCE { r, s } over `data`."""
        raise NotImplementedError

    def pkcs8(self) -> bytes:
        """Unencrypted PKCS#8 DER, to be sealed by a key store."""
        raise NotImplementedError


class P256Signer(SoftwareSigner):
    """ECDSA on P-256 with SHA-256."""

    algorithm: Algorithm = "p256"

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("not a P-256 key")
        self.key = key
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        self.spki = key.public_key().public_bytes(serialization.Encoding.DER, public)

    def sign(self, data: bytes) -> bytes:
        """DER ECDSA signature over SHA-256 of `data`."""
        return self.key.sign(data, _HASH)

    def pkcs8(self) -> bytes:
        """Unencrypted PKCS#8 DER."""
        return self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


class Sm2Signer(SoftwareSigner):
    """SM2 with SM3 and the default ID."""

    algorithm: Algorithm = "sm2"

    def __init__(self, key: sm2.PrivateKey) -> None:
        self.key = key
        self.spki = key.public_key().spki

    def sign(self, data: bytes) -> bytes:
        """DER SM2 signature over `data` with the ID 1234567812345678."""
        return self.key.sign(data)

    def pkcs8(self) -> bytes:
        """Unencrypted PKCS#8 DER."""
        return self.key.pkcs8()


def generate(algorithm: Algorithm) -> SoftwareSigner:
    """A new key in memory. ValueError: no such algorithm."""
    if algorithm == "sm2":
        return Sm2Signer(sm2.PrivateKey.generate())
    if algorithm == "p256":
        return P256Signer(ec.generate_private_key(ec.SECP256R1()))
    raise ValueError(f"no algorithm {algorithm!r}")


def load(algorithm: Algorithm, pkcs8: bytes) -> SoftwareSigner:
    """The key of unencrypted PKCS#8 DER. ValueError: not a key of that algorithm."""
    if algorithm == "sm2":
        return Sm2Signer(sm2.PrivateKey.from_pkcs8(pkcs8))
    key = serialization.load_der_private_key(pkcs8, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a P-256 key")
    return P256Signer(key)


def algorithm_of(spki: bytes) -> Algorithm:
    """ "p256" or "sm2", by the curve named in the public key. ValueError: neither."""
    if spki.startswith(P256_SPKI_HEAD):
        return "p256"
    if spki.startswith(sm2.SPKI_HEAD):
        return "sm2"
    raise ValueError("neither P-256 nor SM2")


@lru_cache(maxsize=256)
def _public(spki: bytes) -> Any:
    if algorithm_of(spki) == "sm2":
        return sm2.PublicKey.from_spki(spki)
    return cast(ec.EllipticCurvePublicKey, serialization.load_der_public_key(spki))


def is_public_key(spki: bytes) -> bool:
    """True for SubjectPublicKeyInfo of a point on one of the two curves."""
    try:
        _public(bytes(spki))
    except ValueError:
        return False
    return True


def verify(spki: bytes, signature: bytes, data: bytes) -> bool:
    """True when the signature holds; False for every defect of key, form or content, never an exception."""
    try:
        key = _public(bytes(spki))
    except ValueError:
        return False
    if isinstance(key, sm2.PublicKey):
        return key.verify(signature, data)
    try:
        key.verify(signature, data, _HASH)
    except InvalidSignature:
        return False
    return True

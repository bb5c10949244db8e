"""The signature under a manifest: made with a P-256 key of the installation that lies in its keys folder."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

FILE = "backup-signing.pem"
ALGORITHMS = ("p256",)


class Signer(Protocol):
    """A key that signs; the same shape as the signers of the security service."""

    algorithm: str

    @property
    def spki(self) -> bytes:
        """The public key, DER (RFC 5280, SubjectPublicKeyInfo)."""

    def sign(self, data: bytes) -> bytes:
        """A DER signature over `data`."""


class LocalSigner:
    """A P-256 key in a file of the keys folder, made when it is first asked for."""

    algorithm = "p256"

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.key = key

    @property
    def spki(self) -> bytes:
        """See `Signer`."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.DER, form)

    def sign(self, data: bytes) -> bytes:
        """See `Signer`."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


def signer(keys: Path) -> Signer:
    """The signer of this installation. `keys` is its keys folder."""
    path = keys / FILE
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(path, fresh)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return LocalSigner(key)


def write_private(path: Path, content: bytes) -> None:
    """Write a key file whole or not at all, readable by its owner only."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def verify(spki: bytes, signature: bytes, data: bytes) -> bool:
    """Did the owner of `spki` (DER) sign `data`?"""
    try:
        key = serialization.load_der_public_key(spki)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(spki: bytes) -> str:
    """SHA-256 of the public key, in groups of four digits, for comparing by eye."""
    digits = sha256(spki).hexdigest()[:32]
    return "-".join(digits[at : at + 4] for at in range(0, 32, 4))

"""SM4-GCM (GB/T 32907-2016, RFC 8998): authenticated encryption with a key of 16 and a nonce of 12 bytes."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

__all__ = ["InvalidTag", "decrypt", "encrypt"]

NONCE_BYTES = 12
TAG_BYTES = 16


def encrypt(key: bytes, nonce: bytes, data: bytes, associated: bytes = b"") -> bytes:
    """Ciphertext followed by the tag of 16 bytes. A nonce must never come twice under one key. ValueError: lengths."""
    _demand(nonce)
    sealing = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    sealing.authenticate_additional_data(associated)
    return sealing.update(data) + sealing.finalize() + sealing.tag


def decrypt(key: bytes, nonce: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
    """The plain data. Raises InvalidTag when key, nonce, data, tag or associated data differ."""
    _demand(nonce)
    if len(sealed) < TAG_BYTES:
        raise InvalidTag
    opening = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
    opening.authenticate_additional_data(associated)
    return opening.update(sealed[:-TAG_BYTES]) + opening.finalize()


def _demand(nonce: bytes) -> None:
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 12 bytes")

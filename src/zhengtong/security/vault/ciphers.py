"""The two authenticated ciphers: AES-256-GCM and SM4-GCM (GB/T 32907), with their hashes SHA-256 and SM3 (GB/T 32905)."""

import hmac
from dataclasses import dataclass
from typing import Any

TAG = 16


@dataclass(frozen=True)
class Algorithm:
    """`version` is the first byte of everything sealed by it: what one sealed the other never opens."""

    name: str
    version: int
    key_bytes: int
    hash: str

    def derive(self, secret: bytes, *context: bytes) -> bytes:
        """A key for one place only: HMAC over the parts of `context`, each with its length before it."""
        text = b"".join(len(part).to_bytes(2, "big") + part for part in context)
        return hmac.digest(secret, text, self.hash)[: self.key_bytes]

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Ciphertext and tag."""
        return self._cipher(key).encrypt(nonce, plain, bound)  # type: ignore[no-any-return]

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The plain bytes. Raises `cryptography.exceptions.InvalidTag`."""
        return self._cipher(key).decrypt(nonce, sealed, bound)  # type: ignore[no-any-return]

    def _cipher(self, key: bytes) -> Any:
        if self.name == "sm4":
            return Sm4Gcm(key)
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(key)


class Sm4Gcm:
    """SM4 in GCM with the calls of `AESGCM`."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def encrypt(self, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        """Ciphertext and tag."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        cipher = Cipher(algorithms.SM4(self.key), modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(bound)
        return cipher.update(plain) + cipher.finalize() + cipher.tag

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The plain bytes. Raises `InvalidTag`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        if len(sealed) < TAG:
            raise InvalidTag
        cipher = Cipher(algorithms.SM4(self.key), modes.GCM(nonce, sealed[-TAG:])).decryptor()
        cipher.authenticate_additional_data(bound)
        return cipher.update(sealed[:-TAG]) + cipher.finalize()


AES = Algorithm("aes", 1, 32, "sha256")
SM4 = Algorithm("sm4", 2, 16, "sm3")
BY_NAME = {"aes": AES, "sm4": SM4}

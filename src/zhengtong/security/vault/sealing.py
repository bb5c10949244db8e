"""The vault behind `kernel.sealed`: `ver(1) key-id(2) nonce(12) ciphertext tag(16)`.

The key of a value is derived from the data key, its column and its row's seal; version, key-id, column and seal are bound as well.
"""

import os
import re
import unicodedata

from cryptography.exceptions import InvalidTag

from zhengtong.kernel.sealed import SealBroken
from zhengtong.security.vault import ring
from zhengtong.security.vault.ring import Key

HEAD, NONCE = 3, 12
_BETWEEN = re.compile(r"[\s\-]+")


class FieldVault:
    """Seals the values of rows. Two derivations and one pass of the cipher; no query."""

    def seal(self, label: str, seal: bytes, plain: bytes) -> bytes:
        """Seal by the current key."""
        return sealed_by(ring.ring().current, label, seal, plain)

    def open(self, label: str, seal: bytes, sealed: bytes) -> bytes:
        """Open by the key that sealed. Raises `SealBroken` for a key that is not in the queue, another version, another place."""
        key = ring.key(int.from_bytes(sealed[1:HEAD], "big"))
        if key is None or sealed[:HEAD] != key.head or len(sealed) < HEAD + NONCE + 16:
            raise SealBroken(label)
        name = label.encode()
        secret = key.algorithm.derive(key.secret, b"field", name, seal)
        try:
            return key.algorithm.decrypt(
                secret, sealed[HEAD : HEAD + NONCE], sealed[HEAD + NONCE :], _bound(key, name, seal)
            )
        except InvalidTag as wrong:
            raise SealBroken(label) from wrong

    def index(self, label: str, value: str) -> bytes:
        """The blind index of the value as people may write it: capitals, no blanks, no dashes, half-width."""
        return ring.ring().index_of(label, normalised(value))


def sealed_by(key: Key, label: str, seal: bytes, plain: bytes) -> bytes:
    """The value sealed by this very key."""
    nonce, name = os.urandom(NONCE), label.encode()
    secret = key.algorithm.derive(key.secret, b"field", name, seal)
    return key.head + nonce + key.algorithm.encrypt(secret, nonce, plain, _bound(key, name, seal))


def normalised(value: str) -> str:
    """What two spellings of one number have in common."""
    # Upper case and what falls away can bring forth what is composed anew, until nothing changes any more.
    while (
        found := unicodedata.normalize("NFKC", _BETWEEN.sub("", unicodedata.normalize("NFKC", value)).upper())
    ) != value:
        value = found
    return value


def _bound(key: Key, name: bytes, seal: bytes) -> bytes:
    return key.head + name + b"|" + seal

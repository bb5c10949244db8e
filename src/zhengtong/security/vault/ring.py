"""The opened keys of this process. Whatever changes in the database is noticed when a key is met that is not known, or in 20 s."""

import hmac
import time
from dataclasses import dataclass

from zhengtong.kernel.errors import Unavailable
from zhengtong.security.vault import keystore
from zhengtong.security.vault.ciphers import AES, BY_NAME, Algorithm
from zhengtong.security.vault.models import DataKey

NOTICED_WITHIN = 20.0


@dataclass(frozen=True)
class Key:
    """An opened data key."""

    number: int
    algorithm: Algorithm
    secret: bytes
    head: bytes


@dataclass(frozen=True)
class Ring:
    """Every key that opens, the one that seals, the one that indexes."""

    keys: dict[int, Key]
    current: Key
    index: Key
    read_at: float

    def index_of(self, label: str, value: str) -> bytes:
        """16 bytes of HMAC over the column and the value."""
        text = label.encode() + b"\0" + value.encode()
        return hmac.digest(self.index.secret, text, self.index.algorithm.hash)[:16]


_ring: Ring | None = None


def ring() -> Ring:
    """The keys, read again every twenty seconds. Raises `Unavailable` without key store or keys."""
    known = _ring
    if known is None or time.monotonic() - known.read_at > NOTICED_WITHIN:
        return reread()
    return known


def key(number: int) -> Key | None:
    """A key by its key-id; the queue is read again for one that is not known."""
    found = ring().keys.get(number)
    return found or reread().keys.get(number)


def forget() -> None:
    """Read the keys anew at the next use."""
    global _ring
    _ring = None


def reread() -> Ring:
    """Read the queue. A key that was opened before is not unwrapped again."""
    try:
        return _read()
    except Unavailable:  # the master key was changed between reading the rows and the key store: both again
        return _read()


def _read() -> Ring:
    global _ring
    known = _ring.keys if _ring else {}
    opened: dict[int, Key] = {}
    current = index = None
    for row in DataKey.objects.order_by("number"):
        found = known.get(row.number) or _opened(row)
        opened[row.number] = found
        if row.state == DataKey.CURRENT and row.purpose == DataKey.DATA:
            current = found
        elif row.purpose == DataKey.INDEX:
            index = found
    if current is None or index is None:
        raise keystore.no_keys()
    _ring = Ring(opened, current, index, time.monotonic())
    return _ring


def wrap(kek_number: int, kek: bytes, row: DataKey, secret: bytes) -> bytes:
    """The secret of `row` under a key-encryption key: ver, its number, nonce, ciphertext, bound to the row's own number and use."""
    import os

    nonce = os.urandom(12)
    head = bytes([AES.version]) + kek_number.to_bytes(2, "big")
    return head + nonce + AES.encrypt(kek, nonce, secret, head + _named(row))


def unwrap(row: DataKey) -> bytes:
    """The secret of `row`. Raises `Unavailable`."""
    from cryptography.exceptions import InvalidTag

    wrapped = bytes(row.wrapped)
    kek = keystore.get(int.from_bytes(wrapped[1:3], "big"))
    try:
        return AES.decrypt(kek, wrapped[3:15], wrapped[15:], wrapped[:3] + _named(row))
    except InvalidTag as wrong:
        raise keystore.no_keys() from wrong


def _named(row: DataKey) -> bytes:
    return f"vault.key|{row.number}|{row.purpose}|{row.algorithm}".encode()


def _opened(row: DataKey) -> Key:
    algorithm = BY_NAME[row.algorithm]
    return Key(row.number, algorithm, unwrap(row), bytes([algorithm.version]) + row.number.to_bytes(2, "big"))

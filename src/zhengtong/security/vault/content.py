"""Files at rest: AES-256-GCM in pieces of 64 KiB, so that a download is opened as it is sent.

`ZTV1 ver(1) key-id(2) seal(16)`, then the pieces, each with its tag. The file's own key is derived from the data key and its seal, so
the nonce is only the number of the piece and a byte that marks the last one: pieces cannot be exchanged, dropped, or cut off
at the end. SM4 is for fields: here it would be twelve times slower.
"""

import hmac
import io
import os
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag

from zhengtong.kernel.sealed import SEAL_BYTES, SealBroken
from zhengtong.security.vault import ring
from zhengtong.security.vault.ciphers import AES, TAG
from zhengtong.security.vault.ring import Key

MAGIC = b"ZTV1"
PIECE = 65536
HEAD = len(MAGIC) + 3 + SEAL_BYTES
_LABEL = "files"


class ContentVault:
    """The cipher of `foundation.files`."""

    def address(self) -> Any:
        """HMAC of the content: equal for equal files, and a guess at a content cannot be checked without the key."""
        key = ring.ring().index
        return hmac.new(key.secret, b"files.content\0", key.algorithm.hash)

    def sealing(self) -> "SealingFile":
        """Begin a file by the current key."""
        return SealingFile(self.sealing_key)

    @property
    def sealing_key(self) -> Key:
        """The key of today."""
        return ring.ring().current

    def opening(self, file: BinaryIO) -> BinaryIO:
        """The plain content. Raises `SealBroken` for a key that is not in the queue; a changed piece raises when it is read."""
        head = file.read(HEAD)
        if not head.startswith(MAGIC):
            file.seek(0)
            return file
        key = ring.key(int.from_bytes(head[5:7], "big"))
        if key is None or len(head) < HEAD or head[4] != AES.version:
            file.close()
            raise SealBroken(_LABEL)
        return io.BufferedReader(_Opened(file, _cipher(key, head), head), PIECE)

    def is_current(self, file: BinaryIO) -> bool:
        """Is it sealed by the current key?"""
        return file.read(len(MAGIC) + 3) == _named(ring.ring().current)


class SealingFile:
    """Cuts what comes into pieces and seals each; the last is marked."""

    def __init__(self, key: Key) -> None:
        self.head = _named(key) + os.urandom(SEAL_BYTES)
        self.cipher = _cipher(key, self.head)
        self.kept = bytearray()
        self.number = 0
        self.ready = self.head

    def update(self, chunk: bytes) -> bytes:
        """The pieces that are full and certainly not the last."""
        self.kept += chunk
        out, self.ready = [self.ready], b""
        while len(self.kept) > PIECE:
            out.append(self._piece(bytes(self.kept[:PIECE]), last=False))
            del self.kept[:PIECE]
        return b"".join(out)

    def finish(self) -> bytes:
        """The last piece."""
        out, self.ready = self.ready, b""
        return out + self._piece(bytes(self.kept), last=True)

    def _piece(self, plain: bytes, *, last: bool) -> bytes:
        sealed = self.cipher.encrypt(_nonce(self.number, last=last), plain, self.head)
        self.number += 1
        return bytes(sealed)


class _Opened(io.RawIOBase):
    """A sealed file read as if it were plain: any piece is found by its place."""

    def __init__(self, file: BinaryIO, cipher: Any, head: bytes) -> None:
        self.file, self.cipher, self.head = file, cipher, head
        body = file.seek(0, os.SEEK_END) - HEAD
        self.pieces = max(-(-body // (PIECE + TAG)), 1)
        self.size = body - self.pieces * TAG
        self.at, self.held, self.piece = 0, -1, b""
        if self.size < 0:
            raise SealBroken(_LABEL)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        self.at = max(base + offset, 0)
        return self.at

    def readinto(self, buffer: Any) -> int:
        if self.at >= self.size:
            self._hold(self.pieces - 1)  # a file that was cut off has no last piece, and must not read as a shorter one
            return 0
        self._hold(self.at // PIECE)
        start = self.at % PIECE
        part = self.piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)

    def _hold(self, number: int) -> None:
        if number == self.held:
            return
        self.file.seek(HEAD + number * (PIECE + TAG))
        sealed = self.file.read(PIECE + TAG)
        nonce = _nonce(number, last=number == self.pieces - 1)
        try:
            self.piece, self.held = self.cipher.decrypt(nonce, sealed, self.head), number
        except InvalidTag as wrong:
            raise SealBroken(_LABEL) from wrong

    def close(self) -> None:
        if not self.closed:
            self.file.close()
        super().close()


def _named(key: Key) -> bytes:
    return MAGIC + bytes([AES.version]) + key.number.to_bytes(2, "big")


def _cipher(key: Key, head: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(AES.derive(key.secret, b"file", head))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])

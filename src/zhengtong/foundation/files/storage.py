"""The disk: files lie under their digest in two levels of folders, arrive whole or not at all, survive a power cut.

What is written goes through the cipher that was registered: nothing plain touches this disk, also not in the waiting room.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.utils.translation import gettext as _

from zhengtong.foundation.files.refusals import CannotReceiveFile, FileTooLarge
from zhengtong.kernel import scratch
from zhengtong.kernel.errors import Unavailable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
LEFTOVER_SECONDS = 24 * 3600
PIECE = 65536


class Sealing(Protocol):
    """One file on its way to the disk."""

    def update(self, chunk: bytes) -> bytes:
        """The sealed bytes that are ready after this piece."""

    def finish(self) -> bytes:
        """The last sealed bytes."""


class Cipher(Protocol):
    """What seals files at rest; filled by the security service."""

    def address(self) -> Any:
        """A running digest (`update`, `hexdigest`: 64 hex digits) under which a content is kept once."""

    def sealing(self) -> Sealing:
        """Begin to seal a file by the key of today."""

    def opening(self, file: BinaryIO) -> BinaryIO:
        """The plain content, seekable, read piece by piece; a file from before the cipher is handed back as it is.

        Raises `Unavailable` when it was changed.
        """

    def is_current(self, file: BinaryIO) -> bool:
        """True when the file is sealed by the key of today."""


class _Plain:
    """Without a security service: bytes as they are, under their SHA-256."""

    def address(self) -> Any:
        return hashlib.sha256()

    def sealing(self) -> Sealing:
        return self

    def update(self, chunk: bytes) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""

    def opening(self, file: BinaryIO) -> BinaryIO:
        return file

    def is_current(self, file: BinaryIO) -> bool:
        return True


_cipher: Cipher = _Plain()


def register_cipher(cipher: Cipher) -> None:
    """Seal by `cipher` from now on."""
    global _cipher
    _cipher = cipher


@dataclass(frozen=True)
class Arrived:
    """A file that has been written to the waiting room but not yet taken in. `size` is that of the plain content."""

    path: Path
    digest: str
    size: int

    def open(self, mode: str = "rb") -> BinaryIO:
        """The plain content, from its beginning."""
        return _cipher.opening(cast(BinaryIO, self.path.open(mode)))


def incoming_folder() -> Path:
    """The waiting room, on the same disk as the store so that taking in is a rename."""
    folder = Path(settings.FILES_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def max_bytes() -> int:
    """The largest file that is taken."""
    return int(settings.FILES_MAX_MB * 1024 * 1024)


def too_large() -> FileTooLarge:
    """The refusal for a file over the limit."""
    return FileTooLarge(
        _("文件超过{limit}MB，没有上传。请压缩图片、降低扫描分辨率，或拆成几个文件后分别上传。").format(
            limit=settings.FILES_MAX_MB
        )
    )


def disk_full() -> Unavailable:
    """The refusal when the disk takes no more."""
    return Unavailable(_("系统存储空间不足，文件没有保存，其他内容没有改变。请稍后再试；仍不行请拨打12345告知管理员。"))


@contextmanager
def disk_errors_as_refusals() -> Iterator[None]:
    """Turn a full, read-only or failing disk into `Unavailable`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise disk_full() from error
        raise


@contextmanager
def arriving(chunks: Iterable[bytes], *, limit: int | None) -> Iterator[Arrived]:
    """Write `chunks` to the waiting room piece by piece; whatever is not taken in by the end of the block is deleted.

    Raises `FileTooLarge` as soon as `limit` is passed and `Unavailable` when the disk is full.
    """
    with disk_errors_as_refusals():
        handle = NamedTemporaryFile(dir=incoming_folder(), delete=False)  # noqa: SIM115 - closed before it is renamed
    path = Path(handle.name)
    try:
        with disk_errors_as_refusals(), handle:
            arrived = _written(handle, chunks, limit)
        if not arrived.size:
            raise CannotReceiveFile(_("这个文件是空的。请重新选择文件；若是手机拍照，请等照片保存完再上传。"))
        yield arrived
    finally:
        path.unlink(missing_ok=True)


def _written(handle: IO[bytes], chunks: Iterable[bytes], limit: int | None) -> Arrived:
    digest, size, sealing = _cipher.address(), 0, _cipher.sealing()
    for chunk in chunks:
        size += len(chunk)
        if limit is not None and size > limit:
            raise too_large()
        digest.update(chunk)
        handle.write(sealing.update(chunk))
    handle.write(sealing.finish())
    handle.flush()
    return Arrived(Path(handle.name), digest.hexdigest(), size)


def path_of(digest: str) -> Path:
    """Where the content with this digest lies."""
    return Path(settings.FILES_ROOT) / digest[:2] / digest[2:4] / digest


def take_in(arrived: Arrived) -> None:
    """Move an arrived file to its place, durably; content that is already there is left alone."""
    place = path_of(arrived.digest)
    with disk_errors_as_refusals():
        if place.exists() and place.stat().st_size == arrived.path.stat().st_size:
            os.utime(place)  # it is wanted again: whoever discards what was erased leaves it
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        _put(arrived.path, place)


def _put(fresh: Path, place: Path) -> None:
    _sync(fresh)
    fresh.chmod(0o440)
    os.replace(fresh, place)
    for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
        _sync(folder)


def discard(digest: str) -> None:
    """Take a content off the disk."""
    path_of(digest).unlink(missing_ok=True)


def discard_old(digest: str) -> bool:
    """Take a content off the disk unless it was handed in within a day; True when it was there and went."""
    return _swept(path_of(digest))


def outdated() -> Iterator[Path]:
    """Every stored file that the key of today did not seal, plain ones from before the cipher included."""
    for place in sorted(Path(settings.FILES_ROOT).glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
        with place.open("rb") as file:
            current = _cipher.is_current(file)
        if not current:
            yield place


def seal_anew(place: Path) -> None:
    """Seal a stored file by the key of today. Who is reading it reads on: the old content stays until they close it."""
    with disk_errors_as_refusals(), NamedTemporaryFile(dir=incoming_folder(), delete=False) as fresh:
        try:
            sealing = _cipher.sealing()
            with _cipher.opening(place.open("rb")) as content:
                while chunk := content.read(PIECE):
                    fresh.write(sealing.update(chunk))
            fresh.write(sealing.finish())
            fresh.flush()
            _put(Path(fresh.name), place)
        finally:
            Path(fresh.name).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Bring a file or the names in a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_content(digest: str) -> BinaryIO:
    """The content for reading. Raises `Unavailable` when the disk has lost it."""
    try:
        return _cipher.opening(path_of(digest).open("rb"))
    except FileNotFoundError:
        raise Unavailable(_("文件内容暂时取不到，管理员需要检查存储。请稍后再试或拨打12345。")) from None


def intact(place: Path) -> bool:
    """The file opens to its end with the key it was sealed by; one from before the cipher still fits its name (SHA-256)."""
    try:
        with place.open("rb") as file:
            opened = _cipher.opening(file)
            plain, digest = opened is file, hashlib.sha256()
            for piece in iter(lambda: opened.read(PIECE), b""):
                digest.update(piece)
            return not plain or digest.hexdigest() == place.name
    except (OSError, Unavailable):
        return False


def sweep_incoming() -> int:
    """Delete what killed processes left in the waiting room more than a day ago; the number deleted."""
    return sum(_swept(path) for path in incoming_folder().iterdir())


def sweep_scratch() -> int:
    """Delete scratch folders of this account that nobody has written to for a day; the number deleted."""
    return sum(_swept(path) for path in scratch.folders())


def sweep_cache() -> int:
    """Delete what lies in the cache for more than a day: nothing is meant to be there longer than an hour; the number deleted."""
    place = settings.CACHES["default"].get("LOCATION")
    return sum(_swept(path) for path in Path(str(place)).glob("*.djcache")) if place else 0


def _swept(path: Path) -> bool:
    with suppress(FileNotFoundError):
        if time.time() - path.lstat().st_mtime > LEFTOVER_SECONDS:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
            return True
    return False

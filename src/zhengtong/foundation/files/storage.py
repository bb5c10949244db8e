"""The disk: files lie under their SHA-256 in two levels of folders, arrive whole or not at all, survive a power cut."""

import errno
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from zhengtong.foundation.files.refusals import CannotReceiveFile, FileTooLarge
from zhengtong.kernel.errors import Unavailable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
LEFTOVER_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Arrived:
    """A file that has been written to the waiting room but not yet taken in."""

    path: Path
    digest: str
    size: int


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
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if limit is not None and size > limit:
            raise too_large()
        digest.update(chunk)
        handle.write(chunk)
    handle.flush()
    return Arrived(Path(handle.name), digest.hexdigest(), size)


def path_of(digest: str) -> Path:
    """Where the content with this digest lies."""
    return Path(settings.FILES_ROOT) / digest[:2] / digest[2:4] / digest


def take_in(arrived: Arrived) -> None:
    """Move an arrived file to its place, durably; content that is already there is left alone."""
    place = path_of(arrived.digest)
    with disk_errors_as_refusals():
        if place.exists() and place.stat().st_size == arrived.size:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        _sync(arrived.path)
        arrived.path.chmod(0o440)
        os.replace(arrived.path, place)
        for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
            _sync(folder)


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
        return path_of(digest).open("rb")
    except FileNotFoundError:
        raise Unavailable(_("文件内容暂时取不到，管理员需要检查存储。请稍后再试或拨打12345。")) from None


def sweep_incoming() -> int:
    """Delete what killed processes left in the waiting room more than a day ago; the number deleted."""
    swept = 0
    for path in incoming_folder().iterdir():
        try:
            if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                path.unlink()
                swept += 1
        except FileNotFoundError:
            continue
    return swept

"""What a file really is, found in its content; and whether it is whole and harmless.

The name proves nothing. PDF, JPEG, PNG, DOCX, XLSX and OFD (GB/T 33190) are taken; everything else is refused, scripts
that a browser would run (SVG, HTML) and Office files with macros above all.
"""

import os
import zipfile
from dataclasses import dataclass
from typing import IO, Any, Protocol

import filetype
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.foundation.files.names import extension_of
from zhengtong.foundation.files.refusals import CannotReceiveFile, FileTypeNotAllowed

OOXML = "application/vnd.openxmlformats-officedocument."
MIMES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "docx": OOXML + "wordprocessingml.document",
    "xlsx": OOXML + "spreadsheetml.sheet",
    "ofd": "application/ofd",
}
ALLOWED = tuple(MIMES)
INLINE = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""Types a browser may show itself; the rest is only ever saved."""

_SAME = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg"}
_MAIN_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "OFD.xml": "ofd"}
_ARCHIVES = {"zip", "rar", "7z", "gz", "bz2", "xz", "tar", "jar", "cab", "zst"}
_MAX_PIXELS = {"jpg": 200_000_000, "png": 40_000_000}
_MAX_ENTRIES = 3000
_MAX_UNPACKED = 300 * 1024 * 1024
_MAX_RATIO = 200
_SMALL_ENTRY = 1024 * 1024
_ADVICE = {
    "heic": gettext_lazy(
        "这是iPhone的HEIC照片，本系统打不开。请在“设置—相机—格式”选“兼容性最佳”后重拍，或截屏后上传。"
    ),
    "doc": gettext_lazy("这是旧版Office文件，可能带有宏。请在Word或WPS里“另存为”PDF、DOCX或XLSX后再上传。"),
    "zip": gettext_lazy("不接收压缩包。请解压后把里面的文件分别上传。"),
    "page": gettext_lazy("网页和SVG图形可能带有脚本，不能上传。请另存为PDF或截图后上传。"),
}
_REFUSED = {"image/heic": "heic", "image/avif": "heic", "application/msword": "doc", "application/vnd.ms-excel": "doc"}


@dataclass(frozen=True)
class Found:
    """What a file is: its extension without the dot and its MIME type."""

    extension: str
    mime: str


class Content(Protocol):
    """Bytes that can be read, and read again: a path, or what has arrived and is sealed on the disk already."""

    @property
    def open(self) -> Any:
        """`open("rb")`: the plain bytes from their beginning, seekable."""


def inspect(path: Content, *, name: str) -> Found:
    """The type of the content of `path`, whole and harmless.

    Refuses other types (`FileTypeNotAllowed`); damaged files, macros, bombs and false names (`CannotReceiveFile`).
    """
    extension = _sniff(path)
    _check_claim(name, extension)
    if extension == "pdf":
        _check_pdf(path)
    elif extension in _MAX_PIXELS:
        _check_image(path, extension)
    else:
        _check_package(path)
    return Found(extension, MIMES[extension])


def _sniff(path: Content) -> str:
    with path.open("rb") as file:
        head = file.read(8192)
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"PK\x03\x04"):
        return _sniff_package(path)
    raise _not_allowed(head)


def _not_allowed(head: bytes) -> FileTypeNotAllowed:
    kind = filetype.guess(head)
    key = _REFUSED.get(kind.mime, "zip" if kind.extension in _ARCHIVES else "") if kind else ""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        key = "doc"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        key = "page"
    if key:
        return FileTypeNotAllowed(_ADVICE[key])
    return FileTypeNotAllowed(_("不接收这种文件。请上传PDF、JPG、PNG、DOCX、XLSX或OFD；纸质材料可以拍照后上传。"))


def _sniff_package(path: Content) -> str:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            names = set(package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise _damaged() from None
    for part, extension in _MAIN_PARTS.items():
        if part in names:
            return extension
    raise FileTypeNotAllowed(_ADVICE["zip"])


def _damaged() -> CannotReceiveFile:
    return CannotReceiveFile(_("文件不完整或已损坏，打不开。请在自己的设备上确认能打开后重新上传。"))


def _check_claim(name: str, extension: str) -> None:
    claimed = extension_of(name)
    if claimed and _SAME.get(claimed, claimed) != extension:
        raise CannotReceiveFile(
            _(
                "文件名的后缀是“.{claimed}”，内容却是{actual}格式。请用原来的程序另存一份，或把后缀改成“.{extension}”后重新上传。"
            ).format(claimed=claimed[:12], actual=extension.upper(), extension=extension)
        )


def _check_pdf(path: Content) -> None:
    """A PDF that was cut off has lost its end mark and the table that precedes it (ISO 32000-1, 7.5.5)."""
    with path.open("rb") as file:
        file.seek(max(0, _size(file) - 2048))
        tail = file.read()
    if b"%%EOF" not in tail or b"startxref" not in tail:
        raise _damaged()


def _size(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


def _check_image(path: Content, extension: str) -> None:
    from PIL import Image  # heavy, and only uploads need it

    formats = {"jpg": ["JPEG", "MPO"], "png": ["PNG"]}[extension]
    try:
        with path.open("rb") as file, Image.open(file, formats=formats) as image:
            width, height = image.size
            if width * height > _MAX_PIXELS[extension]:
                raise CannotReceiveFile(_("图片的像素太多，系统无法处理。请把图片缩小到4000×3000左右后重新上传。"))
            image.verify()
        with path.open("rb") as file, Image.open(file, formats=formats) as image:
            image.draft("L", (1, 1))  # JPEG: decode at one eighth, so that a large photo costs little memory
            image.load()
    except CannotReceiveFile:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _damaged() from None


def _check_package(path: Content) -> None:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as package:
            entries = package.infolist()
            _check_entries(entries)
            _check_macros(package)
            _unpack(package, entries)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
        raise _damaged() from None


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    bomb = CannotReceiveFile(_("文件解开后大得不正常，可能有害，没有接收。请另存为PDF后上传。"))
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
        raise bomb
    for entry in entries:
        if entry.file_size > _SMALL_ENTRY and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1):
            raise bomb
        if entry.flag_bits & 0x1:
            raise CannotReceiveFile(_("文件有密码保护，工作人员打不开。请去掉密码后重新上传。"))
        if extension_of(entry.filename) in _ARCHIVES:
            raise CannotReceiveFile(_("文件里面还套着压缩包，不能接收。请去掉里面的压缩包后重新上传。"))
        if entry.filename.startswith(("/", "\\")) or ".." in entry.filename.replace("\\", "/").split("/"):
            raise _damaged()


def _check_macros(package: zipfile.ZipFile) -> None:
    named = any("vbaproject" in name.lower() or "/activex/" in name.lower() for name in package.namelist())
    declared = False
    if "[Content_Types].xml" in package.namelist():
        with package.open("[Content_Types].xml") as part:
            declared = b"macroenabled" in part.read(_SMALL_ENTRY).lower()
    if named or declared:
        raise CannotReceiveFile(_("文件里带有宏程序，可能有害，没有接收。请另存为不带宏的DOCX、XLSX或PDF后上传。"))


def _unpack(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Read every entry to its end: sums are checked, and an entry larger than it says is an error of zipfile."""
    for entry in entries:
        with package.open(entry) as part:
            while part.read(65536):
                pass

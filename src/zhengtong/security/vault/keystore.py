"""The key-encryption keys: files of the key store under DATA/keys, sealed by the passphrase of the installation."""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Unavailable
from zhengtong.security.vault.ciphers import AES

SALT, NONCE, KEK_BYTES = 16, 12, 32
_MAGIC = b"ZTKEK1"


def folder() -> Path:
    """DATA/keys, for this account of the machine alone."""
    place = Path(settings.DATA) / "keys"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _path(number: int) -> Path:
    return folder() / f"vault-{number}.kek"


def numbers() -> list[int]:
    """The key-encryption keys that are here, oldest first."""
    return sorted(int(path.stem.split("-")[1]) for path in folder().glob("vault-*.kek"))


def passphrase() -> bytes:
    """ZHENGTONG_KEY_PASSPHRASE, else the file beside the keys, made once."""
    given = os.environ.get("ZHENGTONG_KEY_PASSPHRASE")
    if given:
        return given.encode()
    _place_once(folder() / "passphrase", secrets.token_urlsafe(32).encode())
    return (folder() / "passphrase").read_bytes().strip()


def make(number: int) -> bytes:
    """A new key-encryption key in the store; the one that is there when another process was faster."""
    kek, salt, nonce = secrets.token_bytes(KEK_BYTES), secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
    head = _MAGIC + number.to_bytes(2, "big")
    _place_once(_path(number), head + salt + nonce + AES.encrypt(_stretched(salt), nonce, kek, head))
    return get(number)


def get(number: int) -> bytes:
    """The key-encryption key. Raises `Unavailable` when it is not here or the passphrase is another one."""
    from cryptography.exceptions import InvalidTag

    head = _MAGIC + number.to_bytes(2, "big")
    try:
        kept = _path(number).read_bytes()
        rest = kept.removeprefix(head)
        salt, nonce, sealed = rest[:SALT], rest[SALT : SALT + NONCE], rest[SALT + NONCE :]
        return AES.decrypt(_stretched(salt), nonce, sealed, head)
    except (FileNotFoundError, InvalidTag, ValueError) as missing:
        raise no_keys() from missing


def remove(number: int) -> None:
    """Take a key-encryption key that wraps nothing any more out of the store."""
    _path(number).unlink(missing_ok=True)


def no_keys() -> Unavailable:
    """The refusal without keys. There is no other key to fall back to, and nothing is written in plain."""
    return Unavailable(
        _("密钥库暂时不可用，涉及个人信息的操作不能进行，没有保存任何内容。请稍后再试，或告知系统管理员。")
    )


def _stretched(salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase(), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _place_once(place: Path, content: bytes) -> None:
    """Whole or not at all, and never over another: two processes starting at once agree on one."""
    if place.exists():
        return
    fresh = place.with_name(f"{place.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(fresh, place)
    fresh.unlink()

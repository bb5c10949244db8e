"""The recovery key: what a county keeps in a safe, away from the machine, to open its backups.

Either a passphrase in a file (opens and closes) or a P-256 key in PEM: the machine has the public half only and can write
backups it cannot read; the private half stays in the safe until a restore.
"""

import json
import os
import secrets
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from zhengtong.config.backup.refusals import CannotBackUp, WrongKey

SHORTEST = 16
# 64 MB and about a quarter of a second for each guess (RFC 7914).
SCRYPT = {"n": 2**16, "r": 8, "p": 1}
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Recovery(Protocol):
    """What wraps the key of a run, and (with the passphrase or the private half) unwraps it."""

    can_open: bool

    def identity(self, salt: bytes) -> str:
        """Tells recovery keys apart without giving anything away; 16 hexadecimal digits."""

    def wrap(self, key: bytes, run: str, salt: bytes) -> dict[str, str]:
        """The 32 bytes of `key`, closed for this recovery key; a JSON object."""

    def unwrap(self, record: dict[str, Any]) -> bytes:
        """The key of a run. Raises `WrongKey`."""


def read(path: Path) -> Recovery:
    """The recovery key in a file. Raises `CannotBackUp` when there is none, it is too short, or a PEM of another kind."""
    try:
        content = path.read_bytes().strip()
    except OSError:
        raise CannotBackUp(
            f"读不到恢复密钥文件{path}。请用 --recovery 指明它；第一次可用 --new-recovery 文件名 生成一个。",
            f"Cannot read the recovery key {path}. Name it with --recovery; make the first one with --new-recovery FILE.",
        ) from None
    if content.startswith(b"-----BEGIN"):
        return _read_pem(content, path)
    if len(content) < SHORTEST:
        raise CannotBackUp(
            f"恢复口令太短（{path}），至少{SHORTEST}个字符。请用 --new-recovery 文件名 生成一个。",
            f"The passphrase in {path} is too short: at least {SHORTEST} characters. --new-recovery FILE makes one.",
        )
    return Passphrase(content)


def _read_pem(content: bytes, path: Path) -> Recovery:
    phrase = os.environ.get("ZHENGTONG_RECOVERY_PASSPHRASE", "").encode() or None
    try:
        if b"PRIVATE KEY" in content:
            key: Any = serialization.load_pem_private_key(content, phrase)
        else:
            key = serialization.load_pem_public_key(content)
    except (ValueError, TypeError):
        key = None
    private = isinstance(key, ec.EllipticCurvePrivateKey)
    if not (private or isinstance(key, ec.EllipticCurvePublicKey)) or not isinstance(key.curve, ec.SECP256R1):
        raise CannotBackUp(
            f"{path}不是能用的P-256密钥。加了口令的私钥，请把口令放在环境变量ZHENGTONG_RECOVERY_PASSPHRASE里。",
            f"{path} is no usable P-256 key. For a private key with a passphrase set ZHENGTONG_RECOVERY_PASSPHRASE.",
        )
    return KeyPair(key.public_key(), key) if private else KeyPair(key)


def make_passphrase(path: Path) -> None:
    """Write a new passphrase of 158 random bits, readable by its owner only. Refuses to replace a file."""
    groups = ["".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(8)]
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CannotBackUp(
            f"不能新建{path}：{error.strerror}。恢复密钥从不覆盖，请换一个文件名。",
            f"Cannot make {path}: {error.strerror}. A recovery key is never overwritten: choose another name.",
        ) from None
    with os.fdopen(handle, "w") as out:
        out.write("-".join(groups) + "\n")


class Passphrase:
    """A passphrase, stretched with scrypt; AES-256-GCM closes and proves: who does not know it cannot forge a backup."""

    can_open = True

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def identity(self, salt: bytes) -> str:
        """See `Recovery`."""
        return sha256(b"zhengtong recovery identity" + _stretched(self.secret, salt)).hexdigest()[:16]

    def wrap(self, key: bytes, run: str, salt: bytes) -> dict[str, str]:
        """See `Recovery`."""
        record = {"run": run, "kind": "passphrase", "recovery": self.identity(salt), "salt": salt.hex()}
        return _close(record, _stretched(self.secret, salt), key)

    def unwrap(self, record: dict[str, Any]) -> bytes:
        """See `Recovery`."""
        return _open(record, "passphrase", lambda: _stretched(self.secret, bytes.fromhex(record["salt"])))


class KeyPair:
    """A P-256 key: ephemeral ECDH, HKDF-SHA256, AES-256-GCM for each run."""

    def __init__(self, public: ec.EllipticCurvePublicKey, private: ec.EllipticCurvePrivateKey | None = None) -> None:
        self.public, self.private = public, private
        self.can_open = private is not None

    def identity(self, salt: bytes) -> str:
        """See `Recovery`."""
        return sha256(self._point()).hexdigest()[:16]

    def _point(self) -> bytes:
        return _point(self.public)

    def wrap(self, key: bytes, run: str, salt: bytes) -> dict[str, str]:
        """See `Recovery`."""
        once = ec.generate_private_key(ec.SECP256R1())
        point = _point(once.public_key())
        shared = _derived(once.exchange(ec.ECDH(), self.public), point + self._point())
        record = {"run": run, "kind": "p256", "recovery": self.identity(salt), "salt": salt.hex()}
        return _close({**record, "ephemeral": point.hex()}, shared, key)

    def unwrap(self, record: dict[str, Any]) -> bytes:
        """See `Recovery`."""
        private = self.private
        if private is None:
            raise WrongKey(
                "这是恢复密钥的公钥，只能用来备份。恢复要用保险柜里的私钥文件。",
                "This is the public half of the recovery key: it only writes. A restore needs the private half.",
            )

        def shared() -> bytes:
            point = bytes.fromhex(record["ephemeral"])
            other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            return _derived(private.exchange(ec.ECDH(), other), point + self._point())

        return _open(record, "p256", shared)


def written(record: dict[str, str]) -> bytes:
    """A record as it lies in the folder."""
    return json.dumps(record, sort_keys=True).encode() + b"\n"


def _close(record: dict[str, str], with_key: bytes, key: bytes) -> dict[str, str]:
    nonce = secrets.token_bytes(12)
    return {**record, "key": (nonce + AESGCM(with_key).encrypt(nonce, key, written(record))).hex()}


def _open(record: dict[str, Any], kind: str, key: Callable[[], bytes]) -> bytes:
    try:
        about = {name: value for name, value in record.items() if name != "key"}
        closed = bytes.fromhex(record["key"])
        if record["kind"] != kind or closed.hex() != record["key"]:
            raise InvalidTag
        return AESGCM(key()).decrypt(closed[:12], closed[12:], written(about))
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise WrongKey(
            "恢复密钥不对，或密钥记录被改动过，打不开这份备份。请换成做备份时用的那一个；目标没有改变。",
            "This recovery key does not open the backup, or its key record was changed. Use the key it was made with; the target is "
            "unchanged.",
        ) from None


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _derived(secret: bytes, about: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"zhengtong backup run key" + about).derive(secret)


@lru_cache(maxsize=8)
def _stretched(secret: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **SCRYPT).derive(secret)

"""Where private keys lie, behind one interface: an encrypted file, a PKCS#11 token, a certified card (SDF).

A store that cannot be reached raises `KeyUnavailable`; no other key ever stands in for the one that was asked for.
"""

import contextlib
import hashlib
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Refusal, Unavailable
from zhengtong.security.crypto import der, keys
from zhengtong.security.crypto.keys import Algorithm, Signer

SCRYPT_COST = 2**15
"""32 MiB, about 80 ms: once per process and passphrase."""


class KeyUnavailable(Unavailable):
    """The key, its passphrase or its device cannot be reached: what needs it waits."""

    code = "key_unavailable"


class CannotKeep(Refusal):
    """This store cannot hold such a key."""


class KeyStore(Protocol):
    """What every store can do; `name` is a key's stable name, such as `services-sm2`."""

    def create(self, name: str, algorithm: Algorithm) -> Signer:
        """Make a key that never leaves the store unprotected. CannotKeep: the name is taken or the algorithm unknown here."""

    def open(self, name: str, algorithm: Algorithm) -> Signer:
        """The key. KeyUnavailable: it is not there, or cannot be opened now."""


class FileStore:
    """One file per key: AES-256-GCM under a key made by scrypt from the passphrase, bound to the key's name.

    The folder has mode 0700 and the files 0600. The passphrase is ZHENGTONG_KEY_PASSPHRASE, else the file `passphrase` in
    the folder, which is made when the first key is (good for a demo; a production county gives the environment variable).
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, name: str, algorithm: Algorithm) -> Signer:
        """Make and seal a key; the file appears whole or not at all, and is never replaced."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        key = keys.generate(algorithm)
        nonce, salt = secrets.token_bytes(12), self._salt()
        sealed = AESGCM(_derived(self._passphrase(make=True), salt)).encrypt(
            nonce, key.pkcs8(), self._bound(name, algorithm)
        )
        document = {"format": "zhengtong-key/1", "algorithm": algorithm, "nonce": nonce.hex(), "sealed": sealed.hex()}
        if not self._write_once(f"{name}.json", json.dumps(document).encode()):
            raise CannotKeep(_("密钥“{name}”已经存在，不会被覆盖。").format(name=name))
        return key

    def open(self, name: str, algorithm: Algorithm) -> Signer:
        """Unseal a key. A file that was exchanged for another key's is refused as well: the name is bound into it."""
        try:
            document = json.loads((self.folder / f"{name}.json").read_bytes())
            salt = (self.folder / "salt").read_bytes()
            nonce, sealed = bytes.fromhex(document["nonce"]), bytes.fromhex(document["sealed"])
            opened = AESGCM(_derived(self._passphrase(), salt)).decrypt(nonce, sealed, self._bound(name, algorithm))
        except (OSError, ValueError, KeyError, InvalidTag):
            raise KeyUnavailable(
                _("密钥“{name}”现在打不开，需要它的操作会等待。请检查密钥文件夹和口令。").format(name=name)
            ) from None
        return keys.load(algorithm, opened)

    def _bound(self, name: str, algorithm: Algorithm) -> bytes:
        return f"zhengtong-key/1|{name}|{algorithm}".encode()

    def _salt(self) -> bytes:
        self._write_once("salt", secrets.token_bytes(16))
        return (self.folder / "salt").read_bytes()

    def _passphrase(self, *, make: bool = False) -> str:
        given = os.environ.get("ZHENGTONG_KEY_PASSPHRASE")
        if given:
            return given
        if make:
            self._write_once("passphrase", secrets.token_urlsafe(32).encode())
        return (self.folder / "passphrase").read_text(encoding="utf-8").strip()

    def _write_once(self, name: str, content: bytes) -> bool:
        """Make the file whole and link it into place; False when it is there already."""
        path, fresh = self.folder / name, self.folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
                return True
            return False
        finally:
            fresh.unlink()


@lru_cache(maxsize=8)
def _derived(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=SCRYPT_COST, r=8, p=1, maxmem=64 * 2**20, dklen=32)


class Pkcs11Store:
    """A PKCS#11 token: keys are made inside, marked sensitive and not extractable. P-256 only: the standard knows no SM2."""

    def __init__(self, library: str, token: str, pin: str) -> None:
        self.library, self.token, self.pin = library, token, pin
        self._session: Any = None

    def session(self) -> Any:
        """The open session. KeyUnavailable: library, token or PIN are not usable."""
        if self._session is None:
            try:
                import pkcs11

                self._session = (
                    pkcs11.lib(self.library).get_token(token_label=self.token).open(rw=True, user_pin=self.pin)
                )
            except Exception:  # a driver may fail in any way
                raise KeyUnavailable(
                    _("连不上密码设备，需要它的操作会等待。请检查设备、PKCS#11驱动程序和PIN码。")
                ) from None
        return self._session

    def create(self, name: str, algorithm: Algorithm) -> Signer:
        """Make a key pair in the token."""
        if algorithm != "p256":
            raise CannotKeep(_("PKCS#11设备不能保存SM2密钥，请改用密钥文件或SDF密码设备。"))
        from pkcs11 import Attribute, KeyType, Mechanism
        from pkcs11.util.ec import encode_named_curve_parameters

        session = self.session()
        if list(session.get_objects({Attribute.LABEL: name})):
            raise CannotKeep(_("密钥“{name}”已经存在，不会被覆盖。").format(name=name))
        curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        guarded = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
        parameters.generate_keypair(
            mechanism=Mechanism.EC_KEY_PAIR_GEN, store=True, label=name, private_template=guarded
        )
        return self.open(name, algorithm)

    def open(self, name: str, algorithm: Algorithm) -> Signer:
        """The key pair by its label."""
        from pkcs11 import Attribute, ObjectClass

        found = self.session()
        try:
            private = found.get_key(object_class=ObjectClass.PRIVATE_KEY, label=name)
            public = found.get_key(object_class=ObjectClass.PUBLIC_KEY, label=name)
            point = der.inner(public[Attribute.EC_POINT])
        except Exception:
            raise KeyUnavailable(_("密码设备里没有密钥“{name}”，需要它的操作会等待。").format(name=name)) from None
        return Pkcs11Signer(private, keys.P256_SPKI_HEAD + point)


class Pkcs11Signer:
    """A P-256 key that stays in its token; only the hash goes in."""

    algorithm: Algorithm = "p256"

    def __init__(self, key: Any, spki: bytes) -> None:
        self.key, self.spki = key, spki

    def sign(self, data: bytes) -> bytes:
        """DER ECDSA signature over SHA-256 of `data`. KeyUnavailable: the token is gone."""
        from pkcs11 import Mechanism

        try:
            raw = self.key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA)
        except Exception:
            raise KeyUnavailable(_("密码设备没有应答，这次没有签名，请稍后再试。")) from None
        half = len(raw) // 2
        return der.sequence(
            der.integer(int.from_bytes(raw[:half], "big")), der.integer(int.from_bytes(raw[half:], "big"))
        )


class SdfStore:
    """The slot for a certified cryptographic device by GM/T 0018 (SDF). Its driver comes with the device and is not here."""

    def create(self, name: str, algorithm: Algorithm) -> Signer:
        """Refuses, saying what to install."""
        raise self._missing()

    def open(self, name: str, algorithm: Algorithm) -> Signer:
        """Refuses, saying what to install."""
        raise self._missing()

    def _missing(self) -> KeyUnavailable:
        return KeyUnavailable(
            _(
                "没有安装SDF密码设备（GM/T 0018）。请安装有商用密码产品认证的密码卡及其驱动，并由集成商提供接口适配；在此之前不会改用别的密钥。"
            )
        )


@lru_cache(maxsize=4)
def _pkcs11(library: str, token: str, pin: str) -> Pkcs11Store:
    return Pkcs11Store(library, token, pin)


def store(kind: str) -> KeyStore:
    """The store called `file`, `pkcs11` or `sdf`. KeyUnavailable: no such store is set up."""
    if kind == "file":
        return FileStore(Path(settings.DATA) / "keys")
    if kind == "sdf":
        return SdfStore()
    library = os.environ.get("ZHENGTONG_PKCS11_LIBRARY", "")
    if kind == "pkcs11" and library:
        return _pkcs11(
            library, os.environ.get("ZHENGTONG_PKCS11_TOKEN", "zhengtong"), os.environ.get("ZHENGTONG_PKCS11_PIN", "")
        )
    raise KeyUnavailable(_("没有设置密钥存放处“{kind}”，请检查部署设置。").format(kind=kind))


@lru_cache(maxsize=256)
def opened(kind: str, name: str, algorithm: Algorithm) -> Signer:
    """The key, kept open for this process. KeyUnavailable: it cannot be reached."""
    return store(kind).open(name, algorithm)


def forget() -> None:
    """Close what this process keeps open: after a change of keys, and in tests."""
    opened.cache_clear()
    _derived.cache_clear()
    _pkcs11.cache_clear()

"""The keys of the log: one per submitting process for entries, P-256 and SM2 for checkpoints. All of them outside the database.

Signing keys come from `security.pki` when a ceremony made them; an installation without one gets keys of its own here, once.
"""

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import cast

from django.conf import settings
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import Unavailable
from zhengtong.security.audit.models import Checkpoint as SignedCheckpoint
from zhengtong.security.audit.notes import (
    BadNote,
    Checkpoint,
    Key,
    change_body,
    open_checkpoint,
    parse_body,
    parse_vkey,
    signature_line,
    split,
)
from zhengtong.security.crypto import keys
from zhengtong.security.crypto.keys import ALGORITHMS, Algorithm, Signer
from zhengtong.security.pki import public as pki

log = logging.getLogger(__name__)
CONSOLE, WEB, WORKER = "console", "web", "worker"
_ACTING: ContextVar[str] = ContextVar("submitter", default=CONSOLE)


def folder() -> Path:
    """Where the keys lie: DATA/keys, mode 700, never in the database and never in the repository."""
    found: Path = settings.DATA / "keys"
    if not found.is_dir():
        found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def submitter() -> str:
    """As what this process writes: "web", "worker" or "console"."""
    return _ACTING.get()


@contextlib.contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Write as WEB or WORKER while inside; whoever does not say so is the console."""
    token = _ACTING.set(name)
    try:
        yield
    finally:
        _ACTING.reset(token)


def _made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The bytes of a key file; made whole and linked into place, so that two processes or threads starting at once agree on one."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(make())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()


_entry_keys: dict[str, bytes] = {}


def entry_key(name: str, *, create: bool = False) -> bytes:
    """The HMAC key of a submitter; made at its first entry only. Raises `Unavailable`, and writes nothing, without it."""
    if (known := _entry_keys.get(name)) is not None:
        return known
    try:
        path = folder() / f"audit-{name}.mac"
        found = _made_once(path, lambda: secrets.token_bytes(32)) if create else path.read_bytes()
    except (OSError, ValueError) as error:
        raise Unavailable(
            _("审计密钥不可用，暂时不能办理业务，请通知系统管理员。已填写的内容请稍后再提交。")
        ) from error
    if len(found) != 32:
        raise Unavailable(_("审计密钥已损坏，暂时不能办理业务，请通知系统管理员。"))
    _entry_keys[name] = found
    return found


def forget() -> None:
    """Read every key again at its next use."""
    _entry_keys.clear()
    _own.cache_clear()


@lru_cache(maxsize=4)
def _own(path: Path, algorithm: Algorithm, create: bool) -> Signer:
    if not create and not path.exists():
        raise FileNotFoundError(path)
    return keys.load(algorithm, _made_once(path, lambda: keys.generate(algorithm).pkcs8()))


def signer(algorithm: Algorithm, *, create: bool = True) -> Signer:
    """The key that signs checkpoints; once something was signed it is not made anew (`create`).

    Raises `Unavailable` when it cannot be used: there is no other.
    """
    try:
        return pki.signer("audit", algorithm)
    except pki.NoCeremony:
        pass  # an installation that has no certificates yet keeps a log all the same
    try:
        return _own(folder() / f"audit-{algorithm}.key", algorithm, create)
    except (OSError, ValueError) as error:
        raise Unavailable(_("审计签名密钥不可用，请通知系统管理员。")) from error


def origin() -> str:
    """The name of this county's log: that of its first checkpoint, for good, whatever program asks with whatever settings; before there
    is one, the host of the public address, and "audit". A demo's has no port: it may run at another one tomorrow.
    """
    first = SignedCheckpoint.objects.order_by("size").values_list("note", flat=True).first()
    if first is not None:
        return parse_body(split(first)[0]).origin
    host = settings.PUBLIC_URL.split("://", 1)[-1].split("/", 1)[0]
    if settings.DEMO:
        host = host.rpartition(":")[0] or host
    return f"{host}/audit"


def log_keys(*, create: bool = True) -> list[Key]:
    """The public keys a checkpoint of this log must carry, P-256 first. Once something was signed none is made anew: who only asks
    for a key that was lost must not put another in its place.
    """
    create, name = create and not SignedCheckpoint.objects.exists(), origin()
    return [Key(name, algorithm, signer(algorithm, create=create).spki) for algorithm in ALGORITHMS]


def remember(keys: list[Key]) -> None:
    """Note on disk, outside the database, which keys have signed: what older keys signed stays good when keys change."""
    latest = _latest()
    fresh = [key for key in keys if latest.get(key.algorithm) != key]
    if fresh:
        with (folder() / "audit.vkeys").open("a", encoding="utf-8") as file:
            file.writelines(f"{key.vkey}\n" for key in fresh)


def _remembered() -> list[Key]:
    """What is noted, oldest first; a line that was cut off by a crash is passed over."""
    path, found = folder() / "audit.vkeys", []
    for line in path.read_text(encoding="utf-8").split() if path.exists() else ():
        with contextlib.suppress(BadNote):
            found.append(parse_vkey(line))
    return found


def _latest() -> dict[str, Key]:
    """The key of each algorithm that signed last, as far as is noted."""
    name = origin()
    return {key.algorithm: key for key in _remembered() if key.name == name}


def vouch_for(keys: list[Key]) -> None:
    """Before new keys sign for the first time: a note on disk in which the ones before vouch for them, so that witnesses follow.

    Where an old key is lost there is no such note: witnesses must be given the new keys by hand, and refuse until then.
    """
    old = list(_latest().values())
    if not old or all(key in old for key in keys):
        return
    body = change_body(old, keys)
    try:
        signers = {key: _former(key) for key in old} | {key: signer(cast(Algorithm, key.algorithm)) for key in keys}
        lines = [signature_line(key, one.sign(body.encode())) for key, one in signers.items()]
    except Unavailable:
        log.warning("the keys of the log changed and the old ones cannot vouch for the new")
        return
    with (folder() / "audit.changes").open("a", encoding="utf-8") as file:
        file.write(json.dumps(f"{body}\n{''.join(lines)}", ensure_ascii=False) + "\n")


def _former(key: Key) -> Signer:
    """The private key of one that signed before. Raises `Unavailable`."""
    algorithm = cast(Algorithm, key.algorithm)
    with contextlib.suppress(pki.NoCeremony):
        return pki.former_signer("audit", algorithm, key.material)
    try:
        own = _own(folder() / f"audit-{algorithm}.key", algorithm, False)
    except (OSError, ValueError) as error:
        raise Unavailable(_("审计签名密钥不可用，请通知系统管理员。")) from error
    if own.spki != key.material:
        raise Unavailable(_("审计签名密钥不可用，请通知系统管理员。"))
    return own


def changes() -> list[str]:
    """The notes of `vouch_for`, oldest first."""
    path = folder() / "audit.changes"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def key_of(note: str) -> Key:
    """The P-256 key of this log that signed a checkpoint. Raises `BadNote`."""
    marks = {(name, raw[:4]) for name, raw in split(note)[1]}
    for key in known_keys():
        if key.algorithm == ALGORITHMS[0] and (key.name, key.key_id) in marks:
            return key
    raise BadNote("no key of this log signed")


def known_keys() -> list[Key]:
    """The keys of today and every key that has ever signed here, newest first."""
    try:
        keys = log_keys(create=False)  # who only looks makes no keys
    except Unavailable:
        keys = []
    older = list(dict.fromkeys(reversed(_remembered())))
    return keys + [key for key in older if key not in keys]


def open_own(note: str, known: list[Key]) -> Checkpoint:
    """Read a checkpoint of this log that keys of its own have signed, one of each algorithm. Raises `BadNote`."""
    marks = {(name, raw[:4]) for name, raw in split(note)[1]}
    signed = [key for key in known if (key.name, key.key_id) in marks]
    if {key.algorithm for key in signed} != set(ALGORITHMS):
        raise BadNote("a signature of this log is missing")
    return open_checkpoint(note, signed)

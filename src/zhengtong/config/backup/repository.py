"""The folder of backups: pieces that are written once, manifests that are signed, nothing that is ever overwritten."""

import fcntl
import hmac
import json
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from zhengtong.config.backup import signing
from zhengtong.config.backup.recovery import Recovery, written
from zhengtong.config.backup.refusals import CannotBackUp, Damaged, WrongKey
from zhengtong.security.crypto.keys import Signer

FORMAT = 1
MAGIC = b"ZT1"
NONCE = 12
RAW, DEFLATED = b"\x00", b"\x01"
# Content is tried on its first 64 KB: photographs and PDF files are not worth the time.
SAMPLE = 64 * 1024
FEWEST_KEPT = 3


@dataclass(frozen=True)
class Manifest:
    """A signed list of everything one backup consists of, and what it must yield when it is restored."""

    name: str
    body: dict[str, Any]
    seal: dict[str, Any]
    line: bytes

    @property
    def taken_at(self) -> datetime:
        """The moment of the snapshot, UTC."""
        return datetime.fromisoformat(self.body["taken_at"])

    @property
    def signer(self) -> str:
        """Fingerprint of the keys it is signed with."""
        return signing.fingerprint(self.seal["signatures"])


def seal(name: str, body: dict[str, Any], run_key: bytes, by: list[Signer]) -> bytes:
    """The two lines of a manifest file: what is said, and the signatures and the MAC under the run's key over it."""
    line = json.dumps({"name": name, **body}, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return line + b"\n" + _sealed({"signatures": signing.signatures(by, line), "mac": _mac(run_key, line)})


def _sealed(under: dict[str, Any]) -> bytes:
    return json.dumps(under, sort_keys=True).encode() + b"\n"


def _mac(run_key: bytes, line: bytes) -> str:
    return hmac.new(run_key, b"zhengtong backup manifest" + line, sha256).hexdigest()


def close_piece(key: bytes, run: str, content: bytes) -> bytes:
    """A piece as it lies in the folder: magic, flag, nonce, AES-256-GCM of the (deflated) content, bound to its run."""
    flag, packed = RAW, content
    sample = content[:SAMPLE]
    if len(zlib.compress(sample, 1)) < 0.9 * len(sample):
        flag, packed = DEFLATED, zlib.compress(content, 1)
    nonce = secrets.token_bytes(NONCE)
    return MAGIC + flag + nonce + AESGCM(key).encrypt(nonce, packed, MAGIC + flag + run.encode())


def open_piece(key: bytes, run: str, stored: bytes) -> bytes:
    """What `close_piece` closed. Raises `InvalidTag` or `zlib.error` when it is not that."""
    flag, nonce, closed = stored[3:4], stored[4 : 4 + NONCE], stored[4 + NONCE :]
    packed = AESGCM(key).decrypt(nonce, closed, stored[:4] + run.encode())
    return zlib.decompress(packed) if flag == DEFLATED else packed


class Repository:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.backups, self.keys = folder / "backups", folder / "keys"
        self.objects, self.unfinished = folder / "objects", folder / "unfinished"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, and keep every other backup out of it until the end; a killed process lets go by itself."""
        try:
            for folder in (self.folder, self.backups, self.keys, self.objects, self.unfinished):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a")
        except OSError as error:
            raise CannotBackUp(
                f"不能写入备份文件夹{self.folder}：{error.strerror}。请检查磁盘是否挂上、是否可写。",
                f"Cannot write to {self.folder}: {error.strerror}. Is the disk mounted and writable?",
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotBackUp(
                    f"另一个备份正在写入{self.folder}，请等它结束。",
                    f"Another backup is writing to {self.folder}: wait for its end.",
                ) from None
            yield

    # --- Reading ---

    def names(self) -> list[str]:
        """Names of the backups, oldest first."""
        return sorted(path.stem for path in self.backups.glob("*.manifest"))

    def manifest(self, name: str = "") -> Manifest:
        """One backup ("" is the newest), its signature checked. Raises `CannotBackUp` for none, `Damaged` for a forged one."""
        names = self.names()
        if not names or (name and name not in names):
            raise CannotBackUp(
                f"{self.folder}里没有{f'名为{name}的' if name else ''}备份。有的是：{'、'.join(names[-5:]) or '无'}。",
                f"No {f'backup called {name}' if name else 'backup'} in {self.folder}. There: {', '.join(names[-5:])}.",
            )
        name = name or names[-1]
        found = self._parsed(name)
        if found is None:
            raise Damaged(
                f"备份{name}的清单被改动过或不完整，不能使用。请用 --backup 另选一份：{'、'.join(names[-5:])}。",
                f"The manifest of {name} was changed or is not whole. Choose another with --backup: {', '.join(names[-5:])}.",
            )
        return found

    def _parsed(self, name: str) -> Manifest | None:
        """A backup by its name, None unless it is whole and its signatures hold."""
        try:
            line, under, rest = (self.backups / f"{name}.manifest").read_bytes().split(b"\n")
            body, seal_ = json.loads(line), json.loads(under)
            whole = body["name"] == name and body["format"] == FORMAT and not rest and _sealed(seal_) == under + b"\n"
            texts = [seal_["mac"], *(one[key] for one in seal_["signatures"] for key in ("spki", "signature"))]
            whole = whole and all(bytes.fromhex(text).hex() == text for text in texts)
            whole = whole and set(seal_) == {"signatures", "mac"} and signing.hold(seal_["signatures"], line)
            return Manifest(name, body, seal_, line) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def newest_of(self, signer: str, recovery: str) -> Manifest | None:
        """The newest whole backup signed by this key for this recovery key; what the next one builds on."""
        for name in reversed(self.names()):
            found = self._parsed(name)
            if found and found.signer == signer and found.body["recovery"] == recovery:
                return found
        return None

    def salt(self) -> bytes:
        """The salt of this folder's passphrase; a new one for an empty folder."""
        for path in sorted(self.keys.glob("*.json")):
            try:
                return bytes.fromhex(json.loads(path.read_bytes())["salt"])
            except (ValueError, KeyError):
                continue
        return secrets.token_bytes(16)

    def run_keys(self, manifest: Manifest, recovery: Recovery) -> dict[str, bytes]:
        """The key of every run this backup has pieces of. Raises `WrongKey`, `Damaged`; checks the MAC of the manifest."""
        keys = {}
        for run in manifest.body["runs"]:
            path = self.keys / f"{run}.json"
            try:
                content = path.read_bytes()
                record = json.loads(content)
                if written(record) != content or record["run"] != run:
                    raise ValueError
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                raise Damaged(
                    f"密钥记录{path.name}不见了或被改动过，这份备份打不开。请从另一份拷贝补回，或选更早的备份。",
                    f"The key record {path.name} is missing or damaged. Bring it back from a copy, or choose an older backup.",
                ) from None
            keys[run] = recovery.unwrap(record)
        if not hmac.compare_digest(_mac(keys[manifest.body["run"]], manifest.line), manifest.seal["mac"]):
            raise Damaged(
                f"备份{manifest.name}的清单不是用它自己的密钥做的，是伪造的，不能使用。",
                f"The manifest of {manifest.name} was not made with its own key: it is forged.",
            )
        return keys

    def path_of(self, name: str) -> Path:
        """Where a piece lies."""
        return self.objects / name[:2] / name

    def stored(self, name: str, size: int, digest: str) -> bytes:
        """A piece as it lies there, checked against the manifest. Raises `Damaged`."""
        try:
            content = self.path_of(name).read_bytes()
        except OSError:
            raise Damaged(
                f"备份缺一块内容（{name}），不能恢复。请从另一份拷贝补回，或用 --backup 选更早的备份。",
                f"A piece of the backup is missing ({name}). Bring it back from a copy, or choose an older one with --backup.",
            ) from None
        if len(content) != size or sha256(content).hexdigest() != digest:
            raise Damaged(
                f"备份里有一块内容被改动过（{name}），不能恢复。请从另一份拷贝补回，或用 --backup 选更早的备份。",
                f"A piece of the backup was changed ({name}). Bring it back from a copy, or choose an older one with --backup.",
            )
        return content

    def content(self, manifest: Manifest, keys: dict[str, bytes], name: str) -> bytes:
        """The content of a piece of this backup. Raises `Damaged`."""
        size, digest = manifest.body["objects"][name]
        run = run_of(name)
        try:
            return open_piece(keys[run], run, self.stored(name, size, digest))
        except (InvalidTag, zlib.error, KeyError):
            raise WrongKey(
                f"备份里有一块内容解不开（{name}）：不是用这份备份的密钥做的。",
                f"A piece of the backup cannot be opened ({name}): it was made with another key.",
            ) from None

    # --- Writing ---

    def publish(self, name: str, content: bytes) -> None:
        """Let a backup be there: everything it needs reaches the disk first, then its manifest appears at once."""
        os.sync()
        unfinished = self.backups / f".{name}.new"
        with unfinished.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        unfinished.chmod(0o400)
        os.replace(unfinished, self.backups / f"{name}.manifest")
        _sync_folder(self.backups)

    def sweep(self) -> None:
        """Remove half-written files of killed runs; whole pieces stay."""
        for folder in (self.backups, self.keys, self.objects):
            for path in folder.rglob("*.new"):
                path.unlink(missing_ok=True)

    def prune(self, *, keep: int, days: int, now: datetime) -> list[str]:
        """Remove backups that are neither among the newest `keep` nor younger than `days`; the names removed.

        Never leaves fewer than three. Touches nothing when any manifest cannot be read, because it may hold the only
        reference to a piece.
        """
        manifests = {name: self._parsed(name) for name in self.names()}
        whole = [m for m in manifests.values() if m is not None]
        if len(whole) != len(manifests):
            raise Damaged(
                "有备份的清单读不出来，没有清理任何旧备份。请先查明原因（backups文件夹）。",
                "A manifest cannot be read: no old backup was removed. Find out why first (folder backups).",
            )
        kept = whole[-max(keep, FEWEST_KEPT) :]
        old = [m for m in whole if m not in kept and m.taken_at < now - timedelta(days=days)]
        needed = [m for m in whole if m not in old]
        for manifest in old:
            (self.backups / f"{manifest.name}.manifest").unlink()
        if old:
            _sync_folder(self.backups)
            self._forget_pieces(needed, old)
        return [m.name for m in old]

    def _forget_pieces(self, needed: list[Manifest], old: list[Manifest]) -> None:
        pieces = {name for m in needed for name in m.body["objects"]}
        runs = {run for m in needed for run in m.body["runs"]}
        for name in {name for m in old for name in m.body["objects"]} - pieces:
            self.path_of(name).unlink(missing_ok=True)
        for run in {run for m in old for run in m.body["runs"]} - runs:
            (self.keys / f"{run}.json").unlink(missing_ok=True)

    def copy_to(self, other: "Repository") -> int:
        """Bring what `other` lacks there; nothing there is overwritten or removed. Returns how many files were added."""
        added = 0
        for folder, mine in ((other.objects, self.objects), (other.keys, self.keys), (other.backups, self.backups)):
            for path in sorted(p for p in mine.rglob("*") if p.is_file() and p.suffix != ".new"):
                target = folder / path.relative_to(mine)
                if target.exists():
                    continue
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                unfinished = target.with_name(f".{target.name}.new")
                shutil.copyfile(path, unfinished)
                unfinished.chmod(0o400)
                os.replace(unfinished, target)
                added += 1
            os.sync()
        return added


def run_of(name: str) -> str:
    """The run that stored a piece; its name ends with it, so that two runs never write the same file."""
    return name.rpartition("-")[2]


def name_at(moment: datetime, run: str) -> str:
    """A backup's name: sorts by time."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{run[:8]}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""A witness: what another body runs so that this county cannot rewrite its log unseen.

It keeps three things in a folder of its own: its Ed25519 key, what it watches (address and keys of the log), and the last
checkpoint it cosigned. It cosigns a newer checkpoint only when that begins with the one it knows. No Django, no database:
these lines, the log's address and its key are all a school or a newspaper needs.
"""

import base64
import contextlib
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zhengtong.kernel import outward
from zhengtong.security.audit import notes
from zhengtong.security.audit.merkle import Misfit, check_consistency
from zhengtong.security.audit.notes import BadNote, Checkpoint, Key

TIMEOUT = 20
MOST_BYTES = 64_000

Fetch = Callable[[str, bytes | None], bytes]
"""`fetch(path, posted)`: the answer of the log at `path` below its address."""


class Refused(Exception):
    """The witness does not cosign; the sentence says why. `grave`: the log was cut or rewritten, not merely away."""

    def __init__(self, message: str, *, grave: bool = False) -> None:
        super().__init__(message)
        self.grave = grave


def over_http(address: str) -> Fetch:
    """Fetch from a log at `address`, such as https://county.example/audit/log/."""
    if not address.startswith(("http://", "https://")):
        raise Refused("日志地址要以 http:// 或 https:// 开头。 The address of a log begins with http:// or https://.")

    def fetch(path: str, posted: bytes | None = None) -> bytes:
        kind = {"Content-Type": "application/json"} if posted is not None else {}
        asked = urllib.request.Request(address.rstrip("/") + "/" + path, data=posted, headers=kind)  # noqa: S310
        try:
            with outward.ask(asked, timeout=TIMEOUT) as answer:
                return bytes(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise Refused(f"日志对 {path} 答复 {error.code}。 The log answered {error.code}.") from error
        except OSError as error:
            raise Refused(f"日志没有应答：{error}。 The log does not answer.") from error

    return fetch


class Witness:
    """The witness of one log, over its folder. Raises `Refused` when the folder holds none."""

    def __init__(self, folder: Path, fetch: Fetch | None = None) -> None:
        try:
            said = json.loads((folder / "witness.json").read_text(encoding="utf-8"))
            self.private = Ed25519PrivateKey.from_private_bytes((folder / "key").read_bytes())
            self.log_keys = [notes.parse_vkey(line) for line in said["log_keys"]]
            self.former = [[notes.parse_vkey(line) for line in lines] for lines in said.get("former", [])]
            self.name, self.address = str(said["name"]), str(said["log"])
        except (OSError, ValueError, KeyError) as error:
            raise Refused(
                f"{folder} 里没有见证方，请先运行 zhengtong witness init。 No witness there: run init first."
            ) from error
        self.folder, self.fetch = folder, fetch or over_http(self.address)

    @property
    def key(self) -> Key:
        """The public key to hand to the county."""
        return Key(self.name, notes.ED25519, self.private.public_key().public_bytes_raw())

    def last_note(self) -> str:
        """The last checkpoint it cosigned; empty at the beginning."""
        kept = self.folder / "checkpoint"
        return kept.read_text(encoding="utf-8") if kept.exists() else ""

    def last(self) -> Checkpoint | None:
        """The last checkpoint it cosigned, read."""
        note = self.last_note()
        return notes.parse_body(notes.split(note)[0]) if note else None

    def look(self) -> Checkpoint:
        """Fetch the newest checkpoint, check it, keep it, cosign it, hand the cosignature in. Raises `Refused`.

        Kept before it is handed in: a witness that is killed in between cosigns the same again, never a fork.
        """
        note = self.fetch("checkpoint", None).decode("utf-8", "replace")
        try:
            new = self._opened(note)
        except Refused:
            if not self._follow():
                raise
            new = self._opened(note)
        known = self.last()
        if known is not None:
            self._require_growth(known, new)
        line = self._cosignature(notes.split(note)[0])
        self._keep(note)
        self.fetch("cosign", json.dumps({"size": new.size, "line": line}).encode())
        return new

    def compare(self, other: str) -> None:
        """Check that the checkpoint another witness holds belongs to the same log as mine. Raises `Refused`: split view."""
        theirs, mine = self._opened(other, older=True), self.last()
        if mine is None:
            raise Refused("本方还没有见证过检查点。 Nothing witnessed yet.")
        old, new = sorted((mine, theirs), key=lambda found: found.size)
        self._require_growth(old, new)

    def _follow(self) -> bool:
        """Take over newer keys of the log for which the ones known here vouch; True when there were any."""
        try:
            offered = json.loads(self.fetch("changes", None))
        except (Refused, ValueError):
            return False
        before = self.log_keys
        for note in offered if isinstance(offered, list) else ():
            with contextlib.suppress(BadNote):
                newer = notes.open_change(str(note), self.log_keys)
                self.former.append(self.log_keys)
                self.log_keys = newer
        if self.log_keys == before:
            return False
        kept = json.loads((self.folder / "witness.json").read_text(encoding="utf-8"))
        kept["log_keys"] = [key.vkey for key in self.log_keys]
        kept["former"] = [[key.vkey for key in keys] for keys in self.former]
        fresh = self.folder / "witness.json.new"
        fresh.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
        fresh.replace(self.folder / "witness.json")
        return True

    def _opened(self, note: str, *, older: bool = False) -> Checkpoint:
        """A checkpoint by the keys of today; `older`: keys that were vouched away from count as well."""
        try:
            for keys in reversed(self.former) if older else ():
                with contextlib.suppress(BadNote):
                    return notes.open_checkpoint(note, keys)
            return notes.open_checkpoint(note, self.log_keys)
        except BadNote as error:
            raise Refused(f"检查点不是这个日志签的：{error}。 The checkpoint is not this log's.", grave=True) from error

    def _require_growth(self, old: Checkpoint, new: Checkpoint) -> None:
        if new.size < old.size:
            raise Refused(
                f"日志变短了：{old.size} → {new.size}，拒绝联署。 The log became shorter: refused.", grave=True
            )
        proof: list[bytes] = []
        if 0 < old.size < new.size:
            lines = self.fetch(f"consistency/{old.size}/{new.size}", None).decode("ascii", "replace").split()
            try:
                proof = [notes.unbase64(line) for line in lines]
            except BadNote as error:
                raise Refused("一致性证明读不懂，拒绝联署。 The proof cannot be read: refused.", grave=True) from error
        try:
            check_consistency(old.size, new.size, old.sha256, new.sha256, proof)
        except Misfit as misfit:
            raise Refused(
                f"日志被改写或分叉：{misfit}，拒绝联署。 The log was rewritten or forked: refused.", grave=True
            ) from misfit

    def _cosignature(self, body: str) -> str:
        at = int(time.time())
        signature = at.to_bytes(8, "big") + self.private.sign(notes.cosigned_message(body, at))
        return notes.signature_line(self.key, signature)

    def _keep(self, note: str) -> None:
        fresh = self.folder / "checkpoint.new"
        with fresh.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.folder / "checkpoint")


def establish(folder: Path, *, name: str, address: str, log_keys: list[str], fetch: Fetch | None = None) -> Witness:
    """Make a witness in `folder`. Without `log_keys` the log itself is asked, once: compare them with what the county
    published elsewhere. Raises `Refused` when there is one already, or a name or key cannot be used.
    """
    if (folder / "witness.json").exists():
        raise Refused(f"{folder} 里已有见证方。 There is a witness already.")
    if not name or "+" in name or any(char.isspace() for char in name):
        raise Refused("名称不能有空格和加号，例如 audit.county.example/w1。 A name without spaces and plus signs.")
    fetch = fetch or over_http(address)
    lines = log_keys or fetch("key", None).decode("utf-8", "replace").split()
    try:
        keys = [notes.parse_vkey(line) for line in lines]
    except BadNote as error:
        raise Refused(f"日志的公钥读不懂：{error}。 The key of the log cannot be read.") from error
    if not keys:
        raise Refused("没有日志的公钥。 No key of the log.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "key").touch(mode=0o600)
    (folder / "key").write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
    said = {"name": name, "log": address, "log_keys": [key.vkey for key in keys]}
    (folder / "witness.json").write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    return Witness(folder, fetch)


def b64(data: bytes) -> str:
    """For printing a root."""
    return base64.b64encode(data).decode()

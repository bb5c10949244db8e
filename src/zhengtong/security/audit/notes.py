"""Signed notes, checkpoints and cosignatures as C2SP writes them: signed-note, tlog-checkpoint, tlog-cosignature.

No Django, no database: the witness and the verifier read the same bytes with the same lines. A checkpoint of ours:

    origin                        the log's name
    123456                        entries
    <base64>                      SHA-256 root
    sm3 <base64>                  SM3 root over the same entries (an extension line)

followed by a P-256 signature (type 0x02), an SM2 signature (type 0xff "sm2sm3") and the cosignatures of witnesses
(Ed25519, type 0x04). C2SP allows extension lines and unknown signatures: foreign readers see a plain checkpoint.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from zhengtong.security.crypto import keys

P256, SM2, ED25519 = "p256", "sm2", "ed25519-cosignature"
_TYPES = {P256: b"\x02", SM2: b"\xffsm2sm3", ED25519: b"\x04"}
MOST_SIGNATURES, MOST_BYTES = 32, 64_000


class BadNote(ValueError):
    """A note that cannot be read, or is not signed as it must be. For programs, not translated."""


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unbase64(text: str) -> bytes:
    """Strict base64. Raises `BadNote`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("not base64") from error


@dataclass(frozen=True)
class Key:
    """A public key that signs notes. `material`: the DER SPKI (P-256, SM2) or 32 raw bytes (Ed25519)."""

    name: str
    algorithm: str
    material: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that say which key signed."""
        if self.algorithm == P256:
            return hashlib.sha256(self.material).digest()[:4]
        named = self.name.encode() + b"\n" + _TYPES[self.algorithm] + self.material
        return hashlib.sha256(named).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line to hand on: `name+id+base64(type ‖ key)`."""
        return f"{self.name}+{self.key_id.hex()}+{_b64(_TYPES[self.algorithm] + self.material)}"

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` (DER, or 64 raw bytes for Ed25519) is this key's over `message`."""
        if self.algorithm != ED25519:
            return keys.verify(self.material, signature, message)
        try:
            Ed25519PublicKey.from_public_bytes(self.material).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_vkey(line: str) -> Key:
    """Read a `vkey` line. Raises `BadNote`."""
    parts = line.strip().split("+", 2)
    if len(parts) != 3 or not parts[0]:
        raise BadNote("a key is written name+id+base64")
    raw = unbase64(parts[2])
    for algorithm, mark in _TYPES.items():
        if raw.startswith(mark):
            key = Key(parts[0], algorithm, raw[len(mark) :])
            if key.key_id.hex() == parts[1] and (algorithm != ED25519 or len(key.material) == 32):
                return key
    raise BadNote("unknown kind of key, or its id does not fit")


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself at one size."""

    origin: str
    size: int
    sha256: bytes
    sm3: bytes = b""

    def body(self) -> str:
        """The text that is signed."""
        tail = f"sm3 {_b64(self.sm3)}\n" if self.sm3 else ""
        return f"{self.origin}\n{self.size}\n{_b64(self.sha256)}\n{tail}"


def signature_line(key: Key, signature: bytes) -> str:
    """`— name base64(id ‖ signature)` with its newline."""
    return f"— {key.name} {_b64(key.key_id + signature)}\n"


def split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures (name, id ‖ signature) of a note. Raises `BadNote`."""
    if len(note) > MOST_BYTES or any(ord(c) < 32 and c != "\n" for c in note):
        raise BadNote("a note is short text without control characters")
    body, blank, tail = note.rpartition("\n\n")
    lines = tail.splitlines() if tail.endswith("\n") else []
    if not blank or not lines or len(lines) > MOST_SIGNATURES:
        raise BadNote("a note ends in signature lines after an empty line")
    signatures = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, text = rest.partition(" ")
        raw = unbase64(text)
        if dash != "—" or not name or len(raw) < 5:
            raise BadNote("a signature line is “— name base64”")
        signatures.append((name, raw))
    return body + "\n", signatures


def parse_body(body: str) -> Checkpoint:
    """Read the text of a checkpoint. Raises `BadNote`."""
    lines = body.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0]:
        raise BadNote("a checkpoint has at least three lines")
    if not (lines[1].isascii() and lines[1].isdigit()) or (lines[1] != "0" and lines[1].startswith("0")):
        raise BadNote("the size is a decimal number")
    sm3 = [line[4:] for line in lines[3:-1] if line.startswith("sm3 ")]
    checkpoint = Checkpoint(lines[0], int(lines[1]), unbase64(lines[2]), unbase64(sm3[0]) if sm3 else b"")
    if len(checkpoint.sha256) != 32 or len(checkpoint.sm3) not in (0, 32) or len(sm3) > 1:
        raise BadNote("a root has 32 bytes")
    return checkpoint


def open_checkpoint(note: str, trusted: Iterable[Key]) -> Checkpoint:
    """Read a checkpoint that **every** one of `trusted` has signed: who strips one signature strips the note.

    Raises `BadNote`; so does a signature of a known key that does not verify.
    """
    body, signatures = split(note)
    wanted = list(trusted)
    checkpoint = parse_body(body)
    if not wanted:
        raise BadNote("no key to trust was given")
    for key in wanted:
        mine = [raw[4:] for name, raw in signatures if name == key.name and raw[:4] == key.key_id]
        if not mine:
            raise BadNote(f"the {key.algorithm} signature of {key.name} is missing")
        if not all(key.verify(signature, body.encode()) for signature in mine):
            raise BadNote(f"the {key.algorithm} signature of {key.name} is wrong")
    if checkpoint.origin != wanted[0].name:
        raise BadNote("this is the checkpoint of another log")
    return checkpoint


CHANGE = "key change"
"""The second line of a note by which the keys of a log vouch for the keys that follow them; of a checkpoint it is a number."""


def change_body(old: Iterable[Key], new: Iterable[Key]) -> str:
    """The text of such a note: the log's name, the old keys, an empty mark, the new ones."""
    before, after = [key.vkey for key in old], [key.vkey for key in new]
    return "\n".join([after[0].partition("+")[0], CHANGE, *before, "to", *after]) + "\n"


def open_change(note: str, trusted: Iterable[Key]) -> list[Key]:
    """The keys that follow those `trusted`, vouched for by every one of these and signed by themselves. Raises `BadNote`."""
    body, signatures = split(note)
    lines, before = body.splitlines(), list(trusted)
    if lines[1:2] != [CHANGE] or lines.count("to") != 1:
        raise BadNote("not a change of keys")
    middle = lines.index("to")
    old, new = [parse_vkey(line) for line in lines[2:middle]], [parse_vkey(line) for line in lines[middle + 1 :]]
    if {*old} != {*before} or {(k.name, k.algorithm) for k in new} != {(k.name, k.algorithm) for k in old}:
        raise BadNote("a change of other keys")
    for key in {*old, *new}:
        mine = [raw[4:] for name, raw in signatures if name == key.name and raw[:4] == key.key_id]
        if not mine or not all(key.verify(signature, body.encode()) for signature in mine):
            raise BadNote(f"the {key.algorithm} signature of {key.name} is missing or wrong")
    return new


def cosigned_message(body: str, at: int) -> bytes:
    """What a witness signs (tlog-cosignature, Ed25519); `at` in seconds since 1970."""
    return f"cosignature/v1\ntime {at}\n{body}".encode()


def cosignature_time(key: Key, raw: bytes, body: str) -> int:
    """When a witness cosigned `body`, from id ‖ time ‖ signature. Raises `BadNote`."""
    if len(raw) != 4 + 8 + 64 or raw[:4] != key.key_id:
        raise BadNote("not a cosignature of this witness")
    at = int.from_bytes(raw[4:12], "big")
    if not key.verify(raw[12:], cosigned_message(body, at)):
        raise BadNote("the cosignature does not fit the checkpoint")
    return at

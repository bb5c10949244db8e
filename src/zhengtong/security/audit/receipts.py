"""The receipt a citizen keeps: one entry of the log with the proof that it stands under a signed checkpoint.

Two forms. As text it is a C2SP `tlog-proof@v1` whose `extra` line carries the entry itself; packed for a QR code it is
base45 (RFC 9285) after "ZT1:", without what the verifier knows (name of the log) or computes (SHA-256 root), with the
P-256 signature only. Both are checked without network and without the county: no Django here.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from zhengtong.security.audit.merkle import Misfit, leaf_hash, root_from_inclusion
from zhengtong.security.audit.notes import P256, BadNote, Checkpoint, Key, open_checkpoint, parse_body, split, unbase64

HEAD, PREFIX = "c2sp.org/tlog-proof@v1", "ZT1:"
MAC_BYTES = 16
_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MOST_HASHES = 64


@dataclass(frozen=True)
class Receipt:
    """`leaf` is the entry (canonical JSON and 16 bytes of mac), `note` the checkpoint with its signatures."""

    leaf: bytes
    index: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """The C2SP form."""
        hashes = "".join(f"{base64.b64encode(found).decode()}\n" for found in self.proof)
        extra = base64.b64encode(self.leaf).decode()
        return f"{HEAD}\nextra {extra}\nindex {self.index}\n{hashes}\n{self.note}"

    def packed(self, key: Key) -> bytes:
        """The binary form for a QR: 1 ‖ index (6) ‖ size (6) ‖ count (1) ‖ hashes ‖ SM3 root ‖ r ‖ s ‖ entry.

        `key` is the P-256 key whose signature is taken along.
        """
        body, signatures = split(self.note)
        checkpoint = parse_body(body)
        (der,) = (raw[4:] for name, raw in signatures if (name, raw[:4]) == (key.name, key.key_id))
        r, s = decode_dss_signature(der)
        head = b"\x01" + self.index.to_bytes(6, "big") + checkpoint.size.to_bytes(6, "big") + bytes([len(self.proof)])
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return head + b"".join(self.proof) + checkpoint.sm3 + signature + self.leaf

    def qr_text(self, key: Key) -> str:
        """The packed form as the text of a QR code (alphanumeric mode)."""
        return PREFIX + base45(self.packed(key))


@dataclass(frozen=True)
class Checked:
    """What a receipt proves: this entry stands in the log of `origin`, of `size` entries."""

    entry: str
    origin: str
    size: int
    seq: int


def base45(data: bytes) -> str:
    """RFC 9285."""
    out = []
    for n in range(0, len(data), 2):
        value = int.from_bytes(data[n : n + 2], "big")
        for _ in range(3 if n + 1 < len(data) else 2):
            value, rest = divmod(value, 45)
            out.append(_BASE45[rest])
    return "".join(out)


def unbase45(text: str) -> bytes:
    """RFC 9285. Raises `BadNote`."""
    out = bytearray()
    for n in range(0, len(text), 3):
        places = [_BASE45.find(char) for char in text[n : n + 3]]
        value = sum(place * 45**power for power, place in enumerate(places))
        width = len(places) - 1
        if min(places) < 0 or width < 1 or value >= 256**width:
            raise BadNote("not base45")
        out += value.to_bytes(width, "big")
    return bytes(out)


def check(text: str, trusted: Iterable[Key]) -> Checked:
    """Check a receipt in either form against the keys one trusts. Raises `BadNote` or `Misfit` with the reason.

    A text must bear the signature of every key, of a key that was renewed that of one generation; a QR has room for the
    P-256 one.
    """
    keys = list(trusted)
    text = text.strip("\r\n\t \ufeff").replace("\r\n", "\n")
    if text.startswith(PREFIX):
        return _check_packed(unbase45(text[len(PREFIX) :]), keys)
    return _check_text(text + "\n", keys)


def of_its_time(note: str, keys: list[Key]) -> list[Key]:
    """Of keys of several generations those that signed this note; all of them when a name or an algorithm is missing there."""
    marks = {(name, raw[:4]) for name, raw in split(note)[1]}
    signed = [key for key in keys if (key.name, key.key_id) in marks]
    whole = {(key.name, key.algorithm) for key in signed} == {(key.name, key.algorithm) for key in keys}
    return signed if whole else keys


def _check_text(text: str, keys: list[Key]) -> Checked:
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines[0] != HEAD or len(lines) < 3 or len(lines) > MOST_HASHES + 3:
        raise BadNote("not a receipt")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index ") or not lines[2][6:].isdecimal():
        raise BadNote("the receipt does not carry its entry")
    proof = [unbase64(line) for line in lines[3:]]
    checkpoint = open_checkpoint(note, of_its_time(note, keys))
    return _checked(unbase64(lines[1][6:]), int(lines[2][6:]), proof, checkpoint)


def _check_packed(data: bytes, keys: list[Key]) -> Checked:
    mine = [key for key in keys if key.algorithm == P256]
    count = data[13] if len(data) > 13 else 0
    rest = data[14 + 32 * count :]
    if not mine or data[:1] != b"\x01" or count > MOST_HASHES or len(rest) < 96 + MAC_BYTES:
        raise BadNote("not a receipt")
    proof = [data[14 + 32 * n : 46 + 32 * n] for n in range(count)]
    index, size, leaf = int.from_bytes(data[1:7], "big"), int.from_bytes(data[7:13], "big"), rest[96:]
    root = root_from_inclusion(leaf_hash(leaf), index, size, proof)
    checkpoint = Checkpoint(mine[0].name, size, root, rest[:32])
    signature = encode_dss_signature(int.from_bytes(rest[32:64], "big"), int.from_bytes(rest[64:96], "big"))
    if not any(key.verify(signature, checkpoint.body().encode()) for key in mine if key.name == mine[0].name):
        raise BadNote("the signature does not fit: content, place or size was changed, or another log signed it")
    return _checked(leaf, index, proof, checkpoint)


def _checked(leaf: bytes, index: int, proof: list[bytes], checkpoint: Checkpoint) -> Checked:
    if root_from_inclusion(leaf_hash(leaf), index, checkpoint.size, proof) != checkpoint.sha256:
        raise Misfit("the entry is not in the signed log: its content or its place was changed")
    try:
        entry = leaf[:-MAC_BYTES].decode("ascii")
    except UnicodeDecodeError as error:
        raise BadNote("the entry cannot be read") from error
    return Checked(entry, checkpoint.origin, checkpoint.size, index + 1)

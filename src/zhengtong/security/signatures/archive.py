"""The archive revision of a signed PDF (PAdES B-LTA, EN 319 142-1, 5.5): what a reader needs to check the signatures in many
years (certificates, revocation lists: the DSS), and a time-stamp over the whole file.

Whoever comes by may have a file stamped, so a genuine stamp alone allows no revision behind the last signature. Ours fills
the DSS that was put empty into the file before it was signed, appends to the form's list of fields one for each stamp (every
signature names the numbers of these two objects), and adds new objects to which only those refer: no page and no word that
was signed can be another. It is written by hand in one form, and read by writing it once more from its parts and comparing
every byte.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from zhengtong.security.crypto import der

ROOM: Final = 4096
"""Bytes kept for a stamp; one with its certificates has half as many."""

MOST: Final = 64
"""Revisions, certificates and lists beyond this are nobody's archive: a stamp is renewed once in some years."""

_TAIL = re.compile(
    rb"trailer\n<<\n/Size (\d{1,9})\n((?:/(?:Root|Info|ID) [^\n]{1,200}\n)+)/Prev \d{1,12}\n>>\nstartxref\n(\d{1,12})\n%%EOF\n\Z"
)
_STREAM = re.compile(rb"(\d{1,9}) 0 obj\n<<\n/Length (\d{1,8})\n>>\nstream\n")
_LISTS = re.compile(
    rb"\d{1,9} 0 obj\n<<\n/Type /DSS\n/Certs \[([^\]]{0,20000})\]\n/CRLs \[([^\]]{0,20000})\]\n>>\nendobj\n"
)
_VALUE = re.compile(rb"/SubFilter /ETSI\.RFC3161\n/ByteRange \[0 (\d{1,12}) (\d{1,12}) \d{1,12} *\]\n/Contents ")
STAMP_HEAD: Final = b"/SubFilter /ETSI.RFC3161\n"

Stamp = Callable[[bytes], bytes]


class NotArchived(ValueError):
    """What stands behind the last signature is no archive revision of this house."""


@dataclass(frozen=True)
class Evidence:
    """What a reader needs later: certificates and revocation lists, in DER."""

    certificates: tuple[bytes, ...] = ()
    lists: tuple[bytes, ...] = ()

    def beyond(self, known: "Evidence") -> "Evidence":
        """What of it `known` does not hold."""
        return Evidence(
            tuple(one for one in self.certificates if one not in known.certificates),
            tuple(one for one in self.lists if one not in known.lists),
        )


@dataclass(frozen=True)
class Revision:
    """One archive revision as it was read: what it adds, its stamp (RFC 3161 token, DER), what the stamp covers, where it ends."""

    added: Evidence
    token: bytes
    digest: bytes
    end: int


@dataclass(frozen=True)
class _State:
    """How far the file has come: the objects that may be filled, the references in them, and what stands in its last trailer."""

    dss: int
    form: int
    size: int
    trailer: bytes
    previous: int
    fields: bytes
    certificates: tuple[int, ...] = ()
    lists: tuple[int, ...] = ()
    stamps: int = 0


def add(pdf: bytes, *, end: int, places: tuple[int, int], evidence: Evidence, stamp: Stamp) -> bytes:
    """`pdf` with an archive revision behind what is there; `end`: where its last signature ends, `places` as that names them.

    Only what the file does not hold already is added. Raises `NotArchived` for a file that was not written here, and what
    the stamp raises.
    """
    state, held = _begin(pdf[:end], places), Evidence()
    for revision, after in _read(pdf, end, state):
        held = Evidence(held.certificates + revision.added.certificates, held.lists + revision.added.lists)
        state = after
    more, gap, _after = _written(len(pdf), state, evidence.beyond(held))
    token = stamp(_digest(pdf, more, gap))
    if len(token) > ROOM:
        raise NotArchived("the stamp is too long")
    return pdf + _filled(more, gap, token)


def read(pdf: bytes, *, end: int, places: tuple[int, int]) -> list[Revision]:
    """The archive revisions behind the last signature, which ends at `end`. Raises `NotArchived` for anything else there."""
    return [revision for revision, _after in _read(pdf, end, _begin(pdf[:end], places))]


def _begin(signed: bytes, places: tuple[int, int]) -> _State:
    dss, form = places
    size, trailer, previous = _tail(signed)
    # The last signature wrote the form once more, right before itself.
    hits = list(re.finditer(_FORM % form, signed[-_LAST_REVISION:]))
    if not hits or not 0 < dss < size or dss == form:
        raise NotArchived("no places were kept")
    return _State(dss, form, size, trailer, previous, hits[-1][1])


_FORM: Final = rb"\n%d 0 obj\n<<\n/Fields \[ ([0-9R ]{1,400}) \]\n/SigFlags 3\n>>\nendobj\n"
_LAST_REVISION: Final = 60_000


def _tail(pdf: bytes) -> tuple[int, bytes, int]:
    """(size, entries that stay, place of the last cross-references) of a file that ends as this house ends it."""
    hit = _TAIL.search(pdf, max(0, len(pdf) - 1500))
    if hit is None:
        raise NotArchived("the file does not end as ours do")
    return int(hit[1]), hit[2], int(hit[3])


def _read(pdf: bytes, start: int, state: _State) -> Iterator[tuple[Revision, _State]]:
    for _ in range(MOST):
        if start == len(pdf):
            return
        added, token = _parts(pdf, start, state)
        more, gap, after = _written(start, state, added)
        digest = _digest(pdf[:start], more, gap)
        whole = _filled(more, gap, token)
        if pdf[start : start + len(whole)] != whole:
            raise NotArchived("not as this house writes it")
        start, state = start + len(whole), after
        yield Revision(added, token, digest, start), after
    raise NotArchived("too many revisions")


def _parts(pdf: bytes, start: int, state: _State) -> tuple[Evidence, bytes]:
    """What a revision that starts here adds, and its stamp. Raises `NotArchived`; whether the form holds is seen later."""
    streams: list[bytes] = []
    place = start
    while (hit := _STREAM.match(pdf, place)) is not None and len(streams) <= 2 * MOST:
        length = int(hit[2])
        streams.append(pdf[hit.end() : hit.end() + length])
        place = hit.end() + length + len(_STREAM_END)
    listed = _LISTS.match(pdf, place)
    value = _VALUE.search(pdf, place, place + 60_000)
    if listed is None or value is None:
        raise NotArchived("no evidence or no stamp")
    certificates = listed[1].count(b"R") - len(state.certificates)
    if not 0 <= certificates <= len(streams):
        raise NotArchived("evidence was taken away")
    written = pdf[int(value[1]) : int(value[2])]
    try:
        raw = bytes.fromhex(written[1:-1].decode("ascii"))
        _tag, _start, size = der.read(raw)
    except ValueError as error:
        raise NotArchived("no stamp") from error
    return Evidence(tuple(streams[:certificates]), tuple(streams[certificates:])), raw[:size]


_STREAM_END: Final = b"\nendstream\nendobj\n"


def _written(start: int, state: _State, added: Evidence) -> tuple[bytes, tuple[int, int], _State]:
    """The revision that adds this at `start`, its stamp left empty; (where the gap begins and ends in it); what follows."""
    out, where, number = bytearray(), dict[int, int](), state.size

    def put(of: int, content: bytes) -> None:
        where[of] = start + len(out)
        out.extend(b"%d 0 obj\n%b\nendobj\n" % (of, content))

    new: list[int] = []
    for one in (*added.certificates, *added.lists):
        put(number, b"<<\n/Length %d\n>>\nstream\n%b\nendstream" % (len(one), one))
        new.append(number)
        number += 1
    cut = len(added.certificates)
    after = replace(
        state,
        size=number + 2,
        certificates=(*state.certificates, *new[:cut]),
        lists=(*state.lists, *new[cut:]),
        fields=state.fields + b" %d 0 R" % number,
        stamps=state.stamps + 1,
    )
    put(
        state.dss,
        b"<<\n/Type /DSS\n/Certs [%b]\n/CRLs [%b]\n>>" % (_references(after.certificates), _references(after.lists)),
    )
    put(state.form, b"<<\n/Fields [ %b ]\n/SigFlags 3\n>>" % after.fields)
    put(number, _FIELD % (after.stamps, number + 1))
    gap = _stamp_object(start, out, where, number + 1)
    table = start + len(out)
    out.extend(_cross_references(where))
    out.extend(
        b"trailer\n<<\n/Size %d\n%b/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n"
        % (after.size, state.trailer, state.previous, table)
    )
    _fill_range(out, start, gap)
    return bytes(out), gap, replace(after, previous=table)


_FIELD: Final = b"<<\n/FT /Sig\n/T (archive-%d)\n/Type /Annot\n/Subtype /Widget\n/F 132\n/Rect [0 0 0 0]\n/V %d 0 R\n>>"
_RANGE_ROOM: Final = 48


def _stamp_object(start: int, out: bytearray, where: dict[int, int], number: int) -> tuple[int, int]:
    where[number] = start + len(out)
    out.extend(b"%d 0 obj\n<<\n/Type /DocTimeStamp\n/Filter /Adobe.PPKLite\n%b/ByteRange " % (number, STAMP_HEAD))
    out.extend(b" " * _RANGE_ROOM + b"\n/Contents ")
    begins = len(out)
    out.extend(b"<" + b"0" * (2 * ROOM) + b">")
    ends = len(out)
    out.extend(b"\n>>\nendobj\n")
    return begins, ends


def _fill_range(out: bytearray, start: int, gap: tuple[int, int]) -> None:
    begins, ends = gap
    at = begins - len(b"\n/Contents ") - _RANGE_ROOM
    said = b"[0 %d %d %d" % (start + begins, start + ends, len(out) - ends)
    out[at : at + _RANGE_ROOM] = said.ljust(_RANGE_ROOM - 1) + b"]"


def _references(numbers: tuple[int, ...]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _cross_references(where: dict[int, int]) -> bytes:
    """The table of what the revision holds, in runs of following numbers (ISO 32000-1, 7.5.4)."""
    runs: list[list[int]] = []
    for number in sorted(where):
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    lines = [b"xref\n0 1\n0000000000 65535 f \n"]
    for run in runs:
        lines.append(b"%d %d\n" % (run[0], len(run)))
        lines.extend(b"%010d 00000 n \n" % where[number] for number in run)
    return b"".join(lines)


def _digest(before: bytes, more: bytes, gap: tuple[int, int]) -> bytes:
    """SHA-256 of everything but the gap."""
    covered = sha256(before)
    covered.update(more[: gap[0]])
    covered.update(more[gap[1] :])
    return covered.digest()


def _filled(more: bytes, gap: tuple[int, int], token: bytes) -> bytes:
    return more[: gap[0]] + b"<" + token.hex().upper().encode().ljust(2 * ROOM, b"0") + b">" + more[gap[1] :]

"""A strict reader of DER: definite and shortest lengths, one-byte tags, nothing left over. It raises `Malformed`, and nothing else.

Time-stamp requests come from anybody and tokens may come from anywhere, so what is not exactly DER is not read at all (X.690 §8–11).
"""

from collections.abc import Sequence
from typing import NamedTuple

SEQUENCE, SET, INTEGER, OID, NULL, BOOLEAN, OCTETS, TIME = 0x30, 0x31, 0x02, 0x06, 0x05, 0x01, 0x04, 0x18
MOST = 1 << 24


class Malformed(ValueError):
    """What was sent is not the DER that was expected."""


class Element(NamedTuple):
    """One element: its tag, what it holds, and the bytes it was read from (`raw`, header included)."""

    tag: int
    content: bytes
    raw: bytes


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, start of the content, end of the content) of the element that begins at `at`."""
    if at + 2 > len(data):
        raise Malformed("cut off")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise Malformed("long tag")
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 3 or start + size > len(data):
            raise Malformed("length")
        length = int.from_bytes(data[start : start + size], "big")
        if length < 0x80 or length < 1 << 8 * (size - 1):
            raise Malformed("length is not the shortest")
        start += size
    if start + length > len(data):
        raise Malformed("cut off")
    return tag, start, start + length


def elements(data: bytes) -> list[Element]:
    """Every element of a content, one behind the other, to the last byte. Raises `Malformed`."""
    found, at = [], 0
    while at < len(data):
        tag, start, end = _header(data, at)
        found.append(Element(tag, data[start:end], data[at:end]))
        at = end
    return found


def only(data: bytes, tag: int) -> Element:
    """The one element that `data` is. Raises `Malformed` when it is another, or when something follows."""
    kind, start, end = _header(data, 0)
    if kind != tag or end != len(data):
        raise Malformed("not what was expected")
    return Element(kind, data[start:end], data)


def sequence(element: Element, *, least: int = 0, most: int = MOST) -> list[Element]:
    """What a SEQUENCE holds. Raises `Malformed` when it is none, or holds fewer or more."""
    if element.tag != SEQUENCE:
        raise Malformed("not a sequence")
    found = elements(element.content)
    if not least <= len(found) <= most:
        raise Malformed("number of parts")
    return found


def expect(element: Element, tag: int) -> bytes:
    """The content of an element of this tag. Raises `Malformed`."""
    if element.tag != tag:
        raise Malformed("not what was expected")
    return element.content


def integer(element: Element, *, most_bytes: int = 64) -> int:
    """A whole number in its shortest form, at most `most_bytes` long. Raises `Malformed`."""
    content = expect(element, INTEGER)
    if not 1 <= len(content) <= most_bytes:
        raise Malformed("number")
    if len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80:
        raise Malformed("number is not the shortest")
    return int.from_bytes(content, "big", signed=True)


def boolean(element: Element) -> bool:
    """True or false. Raises `Malformed` for the other 254 values."""
    content = expect(element, BOOLEAN)
    if content not in (b"\x00", b"\xff"):
        raise Malformed("truth value")
    return content == b"\xff"


def oid(element: Element) -> str:
    """An object identifier in dots. Raises `Malformed`."""
    content = expect(element, OID)
    if not content or len(content) > 64 or content[-1] & 0x80:
        raise Malformed("object identifier")
    arcs, arc, fresh = [], 0, True
    for byte in content:
        if fresh and byte == 0x80:
            raise Malformed("object identifier is not the shortest")
        arc, fresh = arc << 7 | byte & 0x7F, byte < 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(number) for number in (first, arcs[0] - 40 * first, *arcs[1:]))


def algorithm(element: Element) -> str:
    """The object identifier of an AlgorithmIdentifier whose parameters are absent or NULL. Raises `Malformed`."""
    parts: Sequence[Element] = sequence(element, least=1, most=2)
    if len(parts) == 2 and parts[1].raw != b"\x05\x00":
        raise Malformed("parameters")
    return oid(parts[0])

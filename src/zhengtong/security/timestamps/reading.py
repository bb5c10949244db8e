"""A strict reader of DER that knows what it expects: nothing left over, nothing unusual. It raises `Malformed`, and nothing else.

Time-stamp requests come from anybody and tokens may come from anywhere, so what is not exactly DER is not read at all (X.690 §8–11).
"""

from typing import NamedTuple

from zhengtong.security.crypto import der
from zhengtong.security.crypto.der import NotDer as Malformed

SEQUENCE, SET, INTEGER, OID, NULL, BOOLEAN, OCTETS, TIME = 0x30, 0x31, 0x02, 0x06, 0x05, 0x01, 0x04, 0x18
MOST = 1 << 24


class Element(NamedTuple):
    """One element: its tag, what it holds, and the bytes it was read from (`raw`, header included)."""

    tag: int
    content: bytes
    raw: bytes


def elements(data: bytes) -> list[Element]:
    """Every element of a content, one behind the other, to the last byte. Raises `Malformed`."""
    return [Element(*part) for part in der.elements(data)]


def only(data: bytes, tag: int) -> Element:
    """The one element that `data` is. Raises `Malformed` when it is another, or when something follows."""
    kind, start, end = der.read(data)
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
    return der.read_integer(content)


def boolean(element: Element) -> bool:
    """True or false. Raises `Malformed` for the other 254 values."""
    content = expect(element, BOOLEAN)
    if content not in (b"\x00", b"\xff"):
        raise Malformed("truth value")
    return content == b"\xff"


def oid(element: Element) -> str:
    """An object identifier in dots. Raises `Malformed`."""
    content = expect(element, OID)
    if len(content) > 64:
        raise Malformed("object identifier")
    return der.read_oid(content)


def algorithm(element: Element) -> str:
    """The object identifier of an AlgorithmIdentifier whose parameters are absent or NULL. Raises `Malformed`."""
    parts = sequence(element, least=1, most=2)
    if len(parts) == 2 and parts[1].raw != b"\x05\x00":
        raise Malformed("parameters")
    return oid(parts[0])

"""Merkle tree hashing and proofs of RFC 6962 section 2.1 and RFC 9162 section 2.1, over SHA-256 or SM3.

Pure functions and a `Tree` that reads only the hashes a proof needs; no database, no clock, no key. A witness, a verifier
and the county use the same lines.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

TILE_HEIGHT, TILE_WIDTH = 8, 256
"""C2SP tlog-tiles: a tile holds up to 256 hashes, and one hash of the next tile level stands for 256 of this one."""

_NEW = {"sha256": hashlib.sha256(), "sm3": hashlib.new("sm3")}
ALGORITHMS = tuple(_NEW)


class Misfit(ValueError):
    """A proof that proves nothing; the sentence says why. For programs, not translated."""


def digest(algorithm: str, data: bytes) -> bytes:
    """The 32 bytes of `data` under "sha256" or "sm3"."""
    if algorithm == "sha256":
        return hashlib.sha256(data).digest()
    state = _NEW[algorithm].copy()  # asking OpenSSL for SM3 by name costs more than hashing an entry
    state.update(data)
    return state.digest()


def leaf_hash(data: bytes, algorithm: str = "sha256") -> bytes:
    """Hash of an entry: H(0x00 ‖ data)."""
    return digest(algorithm, b"\x00" + data)


def node_hash(left: bytes, right: bytes, algorithm: str = "sha256") -> bytes:
    """Hash of an inner node: H(0x01 ‖ left ‖ right)."""
    return digest(algorithm, b"\x01" + left + right)


def perfect(hashes: Sequence[bytes], algorithm: str = "sha256") -> bytes:
    """Root over 1, 2, 4, 8 … hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[n], row[n + 1], algorithm) for n in range(0, len(row), 2)]
    return row[0]


def _split(n: int) -> int:
    """The largest power of two below `n`."""
    return 1 << ((n - 1).bit_length() - 1)


Read = Callable[[int, int], Sequence[bytes]]
"""`read(level, index)`: the hashes of one tile, level 0 the leaves; a tile on the right edge may be partial."""


@dataclass
class Tree:
    """A tree of `size` leaves, known by its tiles."""

    size: int
    read: Read
    algorithm: str = "sha256"
    _tiles: dict[tuple[int, int], Sequence[bytes]] = field(default_factory=dict)

    def _tile(self, level: int, index: int) -> Sequence[bytes]:
        if (level, index) not in self._tiles:
            self._tiles[level, index] = self.read(level, index)
        return self._tiles[level, index]

    def _node(self, height: int, index: int) -> bytes:
        """Root of the `index`-th complete subtree of 2^height leaves."""
        level, rest = divmod(height, TILE_HEIGHT)
        first = index << rest
        tile, start = divmod(first, TILE_WIDTH)
        hashes = self._tile(level, tile)[start : start + (1 << rest)]
        if len(hashes) != 1 << rest:
            raise Misfit(f"tile {level}/{tile} is too short")
        return perfect(hashes, self.algorithm)

    def _range(self, low: int, high: int) -> bytes:
        n = high - low
        if n & (n - 1) == 0:
            height = n.bit_length() - 1
            return self._node(height, low >> height)
        k = _split(n)
        return node_hash(self._range(low, low + k), self._range(low + k, high), self.algorithm)

    def root(self, size: int | None = None) -> bytes:
        """MTH of the first `size` leaves (all of them without a number)."""
        size = self.size if size is None else size
        return self._range(0, size) if size else digest(self.algorithm, b"")

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]): from the sibling of the leaf to the child of the root. Raises `Misfit` outside the tree."""
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise Misfit("no such leaf in a tree of this size")
        proof, low, high = [], 0, size
        while high - low > 1:
            k = _split(high - low)
            if index < low + k:
                proof.append(self._range(low + k, high))
                high = low + k
            else:
                proof.append(self._range(low, low + k))
                low += k
        return proof[::-1]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """PROOF(old, D[new]). Raises `Misfit` when a size is out of order."""
        new = self.size if new is None else new
        if not 0 < old <= new <= self.size:
            raise Misfit("sizes out of order")
        proof, low, high, whole = [], 0, new, True
        while old != high:
            k = _split(high - low)
            if old <= low + k:
                proof.append(self._range(low + k, high))
                high = low + k
            else:
                proof.append(self._range(low, low + k))
                low += k
                whole = False
        if not whole:
            proof.append(self._range(low, high))
        return proof[::-1]


def tree_of(leaves: Sequence[bytes], algorithm: str = "sha256") -> Tree:
    """A tree over leaf hashes held in memory."""
    levels = [list(leaves)]
    while len(levels[-1]) >= TILE_WIDTH:
        below = levels[-1]
        blocks = range(0, len(below) - TILE_WIDTH + 1, TILE_WIDTH)
        levels.append([perfect(below[n : n + TILE_WIDTH], algorithm) for n in blocks])

    def read(level: int, index: int) -> Sequence[bytes]:
        row = levels[level] if level < len(levels) else []
        return row[index * TILE_WIDTH : (index + 1) * TILE_WIDTH]

    return Tree(len(leaves), read, algorithm)


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], algorithm: str = "sha256") -> bytes:
    """The root a proof leads to (RFC 9162 section 2.1.3.2). Raises `Misfit` on a proof of the wrong length."""
    if not 0 <= index < size:
        raise Misfit("index outside the tree")
    fn, sn, found = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise Misfit("proof too long")
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found, algorithm)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            found = node_hash(found, sibling, algorithm)
        fn >>= 1
        sn >>= 1
    if sn:
        raise Misfit("proof too short")
    return found


def check_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], algorithm: str = "sha256"
) -> None:
    """Refuse (`Misfit`) unless the tree of `new` leaves begins with the tree of `old` (RFC 9162 section 2.1.4.2)."""
    if old > new:
        raise Misfit("the log became shorter")
    if old == new:
        if old_root != new_root or proof:
            raise Misfit("two roots for one size")
        return
    if old == 0:
        if proof:
            raise Misfit("proof too long")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise Misfit("proof too short")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise Misfit("proof too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(sibling, first, algorithm), node_hash(sibling, second, algorithm)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            second = node_hash(second, sibling, algorithm)
        fn >>= 1
        sn >>= 1
    if sn:
        raise Misfit("proof too short")
    if first != old_root or second != new_root:
        raise Misfit("the new log does not begin with the old one")

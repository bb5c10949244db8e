"""Reading the log in bulk: entries as the bytes that were authenticated and hashed, the tree over them, and its tiles.

Straight from the cursor, because a check of a year's log goes over every entry: building model instances would cost more
than all the hashing.
"""

import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json import loads
from typing import Any

from django.db import connection

from zhengtong.security.audit.merkle import ALGORITHMS, TILE_WIDTH, Misfit, Tree, digest, leaf_hash, node_hash, perfect
from zhengtong.security.audit.models import AuditEntry, LogTile, canonical_form, microseconds

CHUNK = 2000
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — SQLite's texts are UTC without saying so
_COLUMNS = "seq, {at}, {effective}, action, actor_id, on_behalf_of, subject, purpose, basis, {detail}, outbox_id, submitter, mac"


def mac_over(key: bytes, previous: bytes, canonical: bytes) -> bytes:
    """HMAC-SHA-256, first 16 bytes, over the previous mac and the canonical form."""
    return hmac.digest(key, previous + canonical, "sha256")[:16]


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as bytes."""

    seq: int
    canonical: bytes
    submitter: str
    mac: bytes

    @property
    def leaf(self) -> bytes:
        """The data of its leaf."""
        return self.canonical + self.mac


def scan(first: int, last: int) -> Iterator[Record]:
    """The entries from `first` to `last` in order, a chunk in memory at a time."""
    if connection.vendor == "sqlite":  # an expression has no declared type: no converter runs over every value
        columns = _COLUMNS.format(at="recorded_at || ''", effective="effective_at || ''", detail="detail || ''")
        when: Callable[[Any], int] = _microseconds_of_text
    else:
        columns = _COLUMNS.format(at="recorded_at", effective="effective_at", detail="detail::text")
        when = microseconds
    table = connection.ops.quote_name(AuditEntry._meta.db_table)
    while first <= last:
        until = min(last, first + CHUNK - 1)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns} FROM {table} WHERE seq BETWEEN %s AND %s ORDER BY seq",  # noqa: S608
                [first, until],
            )
            rows = cursor.fetchall()
        for seq, at, effective, *words, detail, outbox_id, submitter, mac in rows:
            content = loads(detail) if detail != "{}" else {}
            canonical = canonical_form(seq, when(at), when(effective), *words, content, outbox_id)
            yield Record(seq, canonical, submitter, bytes(mac))
        first = until + 1


def _microseconds_of_text(text: Any) -> int:
    since = datetime.fromisoformat(text) - _NAIVE_EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


def beyond(seq: int) -> bool:
    """Whether there is an entry after `seq`."""
    return AuditEntry.objects.filter(seq__gt=seq).exists()


@dataclass
class Range:
    """A tree that grows leaf by leaf, kept as the roots of its complete subtrees (RFC 9162 section 2.1.1)."""

    algorithm: str
    size: int = 0
    roots: list[tuple[int, bytes]] = field(default_factory=list)

    def push(self, data: bytes) -> None:
        """Add the data of one leaf."""
        found, height = leaf_hash(data, self.algorithm), 0
        while self.roots and self.roots[-1][0] == height:
            found, height = node_hash(self.roots.pop()[1], found, self.algorithm), height + 1
        self.roots.append((height, found))
        self.size += 1

    def root(self) -> bytes:
        """The root over what was pushed."""
        if not self.roots:
            return digest(self.algorithm, b"")
        found = self.roots[-1][1]
        for _height, left in reversed(self.roots[:-1]):
            found = node_hash(left, found, self.algorithm)
        return found


def blocks_done() -> int:
    """How many blocks of 256 entries have their hash in the tiles."""
    last = LogTile.objects.filter(level=1).order_by("-index").first()
    return last.index * TILE_WIDTH + len(last.sha256) // 32 if last else 0


def add_block(leaves: Sequence[bytes], block: int) -> None:
    """Put the hash of a complete block into tile level 1, and that of every tile this fills into the level above."""
    pair = {name: perfect([leaf_hash(data, name) for data in leaves], name) for name in ALGORITHMS}
    level, index = 1, block
    while True:
        number, place = divmod(index, TILE_WIDTH)
        tile = LogTile.objects.filter(level=level, index=number).first() or LogTile(level=level, index=number)
        for name in ALGORITHMS:
            kept = bytes(getattr(tile, name))
            if len(kept) != place * 32:
                raise Misfit(f"tile {level}/{number} does not end where it should")
            setattr(tile, name, kept + pair[name])
        tile.save()
        if place < TILE_WIDTH - 1:
            return
        pair = {
            name: perfect([getattr(tile, name)[n : n + 32] for n in range(0, TILE_WIDTH * 32, 32)], name)
            for name in ALGORITHMS
        }
        level, index = level + 1, number


def tree(size: int, algorithm: str = "sha256") -> Tree:
    """The tree over the first `size` entries; reads one block of entries and a few tiles for a proof."""

    def read(level: int, index: int) -> Sequence[bytes]:
        if level == 0:
            first = index * TILE_WIDTH + 1
            last = min(first + TILE_WIDTH - 1, size)
            found = [leaf_hash(record.leaf, algorithm) for record in scan(first, last)]
            if len(found) != last - first + 1:
                raise Misfit("entries are missing")
            return found
        tile = LogTile.objects.filter(level=level, index=index).values_list(algorithm, flat=True).first()
        data = bytes(tile or b"")
        return [data[n : n + 32] for n in range(0, len(data), 32)]

    return Tree(size, read, algorithm)


def utc(stamp: int) -> datetime:
    """A moment from microseconds since 1970."""
    return datetime.fromtimestamp(stamp // 1_000_000, UTC).replace(microsecond=stamp % 1_000_000)

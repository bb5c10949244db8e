"""Cutting content into pieces and storing each only once; going on where a killed run stopped."""

import errno
import hmac
import json
import os
import secrets
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

from zhengtong.config.backup.recovery import Recovery, written
from zhengtong.config.backup.refusals import CannotBackUp
from zhengtong.config.backup.repository import Manifest, Repository, close_piece, run_of
from zhengtong.config.backup.signing import write_private

PIECE = 1024 * 1024
# A kept file is one piece up to here, so that its SHA-256, which is its name, says without reading whether it is stored.
WHOLE = 32 * 1024 * 1024
WAITING = 4
NAMING = "backup-naming.key"


def naming_key(keys: Path) -> bytes:
    """What pieces are named with: a name must not tell those who have the folder which paper it is. Made once."""
    path = keys / NAMING
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, secrets.token_bytes(32))
    return path.read_bytes()


class Store:
    """Takes content of one run into the folder. Use it as a context: it owns two threads that compress and encrypt."""

    def __init__(self, repository: Repository, recovery: Recovery, naming: bytes, before: Manifest | None) -> None:
        self.repository, self.recovery, self.naming = repository, recovery, naming
        self.run, self.key = secrets.token_hex(8), secrets.token_bytes(32)
        self.record = recovery.wrap(self.key, self.run, repository.salt())
        self.known: dict[str, str] = {}
        self.objects: dict[str, list[Any]] = {}
        self.used: set[str] = set()
        self.new_bytes = self.new_pieces = self.resumed = 0
        self.lock = threading.Lock()
        self.pool = ThreadPoolExecutor(2)
        self._remember(before)
        self._resume(self.record["recovery"])
        write_private(repository.keys / f"{self.run}.json", written(self.record))
        self.journal = (repository.unfinished / f"{self.run}.journal").open("ab", buffering=0)
        self.journal.write(f"recovery {self.record['recovery']}\n".encode())

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *exception: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        self.journal.close()

    def _remember(self, before: Manifest | None) -> None:
        """What the backup before holds may be used again, as far as it is still there in full length."""
        for name, (size, digest) in (before.body["objects"] if before else {}).items():
            try:
                whole = self.repository.path_of(name).stat().st_size == size
            except OSError:
                whole = False
            if whole:
                self.known[name.partition("-")[0]] = name
                self.objects[name] = [size, digest]

    def _resume(self, recovery: str) -> None:
        """Take over the pieces that killed runs had stored whole: by their journals, every piece hashed again."""
        for path in sorted(self.repository.unfinished.glob("*.journal")):
            lines = path.read_bytes().split(b"\n")
            for line in lines[1:] if lines[0] == f"recovery {recovery}".encode() else []:
                name, size, digest, mac = [*line.decode(errors="replace").split(), "", "", "", ""][:4]
                if not hmac.compare_digest(self._mac(name, size, digest), mac) or name.partition("-")[0] in self.known:
                    continue
                try:
                    content = self.repository.path_of(name).read_bytes()
                except OSError:
                    continue
                if sha256(content).hexdigest() == digest:
                    self.known[name.partition("-")[0]] = name
                    self.objects[name] = [int(size), digest]
                    self.resumed += 1

    def _mac(self, name: str, size: object, digest: str) -> str:
        return hmac.new(self.naming, f"journal {name} {size} {digest}".encode(), sha256).hexdigest()

    def key_of(self, run: str) -> bytes:
        """The key of this run or of an earlier one whose pieces are used again. Raises `WrongKey`."""
        if run == self.run:
            return self.key
        return self.recovery.unwrap(json.loads((self.repository.keys / f"{run}.json").read_bytes()))

    def content_name(self, digest: bytes) -> str:
        """The first half of a piece's name, from the SHA-256 of its content."""
        return hmac.new(self.naming, b"piece " + digest, sha256).hexdigest()[:32]

    def take(self, chunks: Iterable[bytes], *, piece: int = PIECE, afresh: bool = False) -> dict[str, Any]:
        """Store a stream: its size, SHA-256 and the names of its pieces in order. `afresh`: every piece under this run's key.

        Raises `CannotBackUp` when the disk is full.
        """
        whole, size, names = sha256(), 0, []
        waiting: deque[Future[str]] = deque()
        for content in cut(chunks, piece):
            whole.update(content)
            size += len(content)
            waiting.append(self.pool.submit(self._put, content, afresh))
            if len(waiting) > WAITING:
                names.append(waiting.popleft().result())
        names += [one.result() for one in waiting]
        return {"size": size, "sha256": whole.hexdigest(), "pieces": names}

    def _put(self, content: bytes, afresh: bool) -> str:
        cid = self.content_name(sha256(content).digest())
        fresh = f"{cid}-{self.run}"
        with self.lock:
            known = self.known.get(cid)
            if known and not (afresh and run_of(known) != self.run):
                self.used.add(known)
                return known
            self.known[cid] = fresh
            self.used.add(fresh)
        closed = close_piece(self.key, self.run, content)
        self._write(fresh, closed)
        digest = sha256(closed).hexdigest()
        with self.lock:
            self.objects[fresh] = [len(closed), digest]
            self.new_bytes += len(closed)
            self.new_pieces += 1
            self.journal.write(f"{fresh} {len(closed)} {digest} {self._mac(fresh, len(closed), digest)}\n".encode())
        return fresh

    def _write(self, name: str, content: bytes) -> None:
        place = self.repository.path_of(name)
        unfinished = place.with_name(f".{name}.new")
        place.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished.write_bytes(content)
        unfinished.chmod(0o400)
        os.replace(unfinished, place)

    def give_up(self) -> None:
        """Remove what this run stored, to give the room back."""
        for name in [name for name in self.objects if run_of(name) == self.run]:
            self.repository.path_of(name).unlink(missing_ok=True)
        self.repository.sweep()
        for path in (self.repository.keys / f"{self.run}.json", self.repository.unfinished / f"{self.run}.journal"):
            path.unlink(missing_ok=True)

    def finished(self) -> None:
        """The manifest is there: nothing has to be resumed any more, and what no backup came of goes."""
        in_use = {run_of(name) for name in self.used}
        published = {name.rpartition("-")[2] for name in self.repository.names()}
        for path in self.repository.unfinished.glob("*.journal"):
            if path.stem[:8] not in published:
                for piece in self.repository.objects.glob(f"*/*-{path.stem}"):
                    if piece.name not in self.used:
                        piece.unlink()
                if path.stem not in in_use:
                    (self.repository.keys / f"{path.stem}.json").unlink(missing_ok=True)
            path.unlink()


def cut(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Pieces of `size` bytes, the last one shorter; one empty piece for no content at all."""
    kept = bytearray()
    some = False
    for chunk in chunks:
        kept += chunk
        while len(kept) >= size:
            some = True
            yield bytes(kept[:size])
            del kept[:size]
    if kept or not some:
        yield bytes(kept)


def disk_full(error: OSError, place: Path) -> CannotBackUp:
    """The sentence for a write that failed."""
    why = "磁盘满了" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"读写不了（{error.strerror}）"
    place = Path(error.filename or place)
    return CannotBackUp(
        f"{place}{why}，这次没有备份成，已写的部分收回了，以前的备份完好。请腾出空间后再运行一次。",
        f"{place}: {error.strerror}. This backup was not made and its part removed; earlier ones are whole. Make room, run again.",
    )

"""Restoring: into an empty place, every piece checked, nothing visible before all of it is whole."""

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from zhengtong.config.backup import examine, postgres, sqlite
from zhengtong.config.backup.recovery import Recovery
from zhengtong.config.backup.refusals import CannotBackUp, Damaged
from zhengtong.config.backup.repository import Manifest, Repository

Progress = Callable[..., None]
AHEAD = 4


@dataclass(frozen=True)
class Restored:
    """What was restored, and what a process of the product found in it."""

    manifest: Manifest
    found: dict[str, Any]
    bytes: int


class Reader:
    """Reads the files of one backup; every piece is checked by SHA-256 and opened by its run's key, every file by its SHA-256."""

    def __init__(
        self, repository: Repository, manifest: Manifest, keys: dict[str, bytes], index: dict[str, Any] | None = None
    ) -> None:
        self.repository, self.manifest, self.keys = repository, manifest, keys
        self.index = index if index is not None else self._read_index()

    def _read_index(self) -> dict[str, Any]:
        import json

        pieces = self.manifest.body["index"]
        found: dict[str, Any] = json.loads(b"".join(self.piece(name) for name in pieces))
        return found

    def piece(self, name: str) -> bytes:
        """The content of a piece. Raises `Damaged`, `WrongKey`."""
        return self.repository.content(self.manifest, self.keys, name)

    def entries(self, *sections: str) -> list[dict[str, Any]]:
        """The files under these headings."""
        return [entry for entry in self.index["entries"] if entry["section"] in sections]

    def content(self, entry: dict[str, Any]) -> Iterator[bytes]:
        """A file piece by piece, some of them opened ahead in other threads. Raises `Damaged` at the end if it is another."""
        whole = sha256()
        waiting: deque[Future[bytes]] = deque()
        with ThreadPoolExecutor(2) as pool:
            try:
                for name in entry["pieces"]:
                    waiting.append(pool.submit(self.piece, name))
                    if len(waiting) > AHEAD:
                        piece = waiting.popleft().result()
                        whole.update(piece)
                        yield piece
                while waiting:
                    piece = waiting.popleft().result()
                    whole.update(piece)
                    yield piece
            finally:
                for one in waiting:
                    one.cancel()
        if whole.hexdigest() != entry["sha256"]:
            raise Damaged(
                f"{entry['path']}恢复出来与备份时不同，没有恢复。请用 --backup 另选一份。",
                f"{entry['path']} is not what was backed up: nothing restored. Choose another with --backup.",
            )

    def write(self, entry: dict[str, Any], target: Path) -> None:
        """Write a file with its mode."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            if len(entry["pieces"]) == 1:
                out.write(self._only_piece(entry))
            else:
                for piece in self.content(entry):
                    out.write(piece)
        target.chmod(entry["mode"])

    def _only_piece(self, entry: dict[str, Any]) -> bytes:
        """Small files without starting threads."""
        content = self.piece(entry["pieces"][0])
        if sha256(content).hexdigest() != entry["sha256"]:
            raise Damaged(f"{entry['path']}恢复出来与备份时不同。", f"{entry['path']} is not what was backed up.")
        return content

    def table(self, table: str) -> Iterator[bytes]:
        """The rows of a table of PostgreSQL."""
        path = f"postgresql/{table}"
        yield from self.content(next(entry for entry in self.entries("database") if entry["path"] == path))


def open_backup(*, folder: Path, name: str, recovery: Recovery, signer: str = "") -> Reader:
    """Open one backup (name "" is the newest). `signer`: fingerprint of the key it must be signed with.

    Raises `CannotBackUp` for a folder without backups, `Damaged` for a changed manifest or a foreign signer, `WrongKey`.
    """
    repository = Repository(folder)
    manifest = repository.manifest(name)
    shown = manifest.signer
    if signer and signer.replace("-", "").lower() != shown.replace("-", ""):
        raise Damaged(
            f"备份{manifest.name}的签名密钥是{shown}，不是您指定的那一个，没有恢复。",
            f"{manifest.name} was signed with {shown}, not with the key you named: nothing was restored.",
        )
    return Reader(repository, manifest, repository.run_keys(manifest, recovery))


def require_all_pieces(reader: Reader) -> None:
    """Raises `Damaged` when a piece is missing or has another length; asked before anything is written."""
    for name, (size, _digest) in reader.manifest.body["objects"].items():
        try:
            there = reader.repository.path_of(name).stat().st_size == size
        except OSError:
            there = False
        if not there:
            reader.repository.stored(name, size, "")


def restore(*, reader: Reader, into: Path, address: str, say: Progress) -> Restored:
    """Restore into the folder `into` (absent or empty) and, for PostgreSQL, into the empty database at `address`.

    Everything is put together beside `into`, opened and checked by a process of the product, and appears at once. Raises
    `CannotBackUp` for a target that is not empty or of the wrong kind, `Damaged` when anything is not what was backed up; then
    the target is as before.
    """
    _require_target(reader, into, address)
    require_all_pieces(reader)
    beside = into.with_name(f".{into.name}.restoring")
    shutil.rmtree(beside, ignore_errors=True)
    into.parent.mkdir(parents=True, exist_ok=True)
    beside.mkdir(mode=0o700)
    try:
        total = write_files(reader, beside, say)
        if reader.manifest.body["engine"] == "postgresql":
            found = _restore_tables(reader, beside, address, say)
        else:
            found = checked(reader, beside, say)
        _forget_traces(beside)
        os.sync()
        if into.exists():
            into.rmdir()
        beside.rename(into)
    except OSError as error:
        raise CannotBackUp(
            f"恢复时写不进去：{error.strerror}（{error.filename or into}），目标没有改变。",
            f"Could not write while restoring: {error.strerror} ({error.filename or into}); the target is unchanged.",
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Restored(reader.manifest, found, total)


def _require_target(reader: Reader, into: Path, address: str) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise CannotBackUp(
            f"{into}不是空的，没有恢复，里面的内容没有动。请用 --into 指定一个新文件夹，或先把它改名移开。",
            f"{into} is not empty: nothing was restored or touched. Name a new folder with --into, or move it away first.",
        )
    engine = reader.manifest.body["engine"]
    if engine == "postgresql" and not address:
        raise CannotBackUp(
            "这是PostgreSQL的备份。请建一个空的数据库，把环境变量DATABASE_URL指向它，再运行一次。",
            "This is a backup of PostgreSQL. Make an empty database, point DATABASE_URL to it, run again.",
        )
    if engine == "sqlite" and address:
        raise CannotBackUp(
            "这是SQLite的备份，不能恢复到PostgreSQL里。请先去掉环境变量DATABASE_URL。",
            "This is a backup of SQLite: it does not go into PostgreSQL. Unset DATABASE_URL.",
        )


def write_files(reader: Reader, folder: Path, say: Progress) -> int:
    """Write every file but the tables of PostgreSQL; the number of bytes."""
    wanted = [entry for entry in reader.index["entries"] if not entry["path"].startswith("postgresql/")]
    total = 0
    for number, entry in enumerate(wanted, 1):
        reader.write(entry, folder / _safe(entry["path"]))
        total += entry["size"]
        if number % 100 == 0 or number == len(wanted):
            say("写回文件 files", number, len(wanted))
    return total


def _safe(path: str) -> PurePosixPath:
    found = PurePosixPath(path)
    if found.is_absolute() or ".." in found.parts:
        raise Damaged(f"备份里的路径不对：{path}。", f"A path of the backup leads elsewhere: {path}.")
    return found


def checked(reader: Reader, folder: Path, say: Progress, **environment: str) -> dict[str, Any]:
    """What a process of the product finds in the restored installation, compared with the manifest. Raises `Damaged`."""
    say("核对计数与审计日志 checking counts and audit log")
    body = reader.manifest.body
    path = folder / "zhengtong.sqlite3"
    counted = body["counts"]
    if body["engine"] == "sqlite":
        sqlite.check(path)
        counted = sqlite.counts(path)
    found = examine.installation(folder, **environment)
    wrong = [key for key in ("audit", "migrations") if found[key] != body[key]]
    wrong += ["counts"] if counted != body["counts"] else []
    if wrong or not found["log_whole"]:
        raise Damaged(
            f"恢复出来的与备份时不一致（{'、'.join(wrong) or found['log_reason']}），没有恢复。请用 --backup 另选一份。",
            f"What was restored differs from what was backed up ({', '.join(wrong) or 'audit log'}). Choose another backup.",
        )
    if found["missing_files"] and not body["problems"]:
        raise Damaged(
            f"数据库提到的文件不在备份里（{found['missing_files'][0]}等）。",
            f"Files that the database names are not in the backup ({found['missing_files'][0]} …).",
        )
    return found


def _restore_tables(reader: Reader, folder: Path, address: str, say: Progress) -> dict[str, Any]:
    """Load the tables in one transaction, prove them in a scratch schema first: what is not whole is never committed."""
    with postgres.connected(address) as connection:
        postgres.require_empty(connection)
        connection.rollback()
    found = prove_tables(reader, folder, address, say)
    with postgres.connected(address) as connection, connection.transaction():
        postgres.require_empty(connection)
        say("写回数据库 tables")
        postgres.load(connection, reader.index["structure"], reader.table)
        _require_counts(reader, postgres.counts(connection, reader.index["structure"]["tables"]))
    return found


def prove_tables(reader: Reader, folder: Path, address: Any, say: Progress) -> dict[str, Any]:
    """Load the tables into a scratch schema and let a process of the product look at them there. Raises `Damaged`."""
    with postgres.scratch(address) as (connection, environment):
        load_scratch(reader, connection)
        return checked(reader, folder, say, DATABASE_URL=address, **environment)


def load_scratch(reader: Reader, connection: Any) -> None:
    """Load the tables into the scratch schema that `connection` stands in, and keep them until it is dropped."""
    postgres.load(connection, reader.index["structure"], reader.table)
    _require_counts(reader, postgres.counts(connection, reader.index["structure"]["tables"]))
    connection.commit()


def _require_counts(reader: Reader, counted: dict[str, int]) -> None:
    if counted != reader.manifest.body["counts"]:
        raise Damaged(
            "表的行数与备份时不一致，没有恢复。", "The tables hold other numbers of rows than were backed up."
        )


def _forget_traces(folder: Path) -> None:
    """Remove what looking at it left: an open database's side files, empty by now."""
    for suffix in ("-wal", "-shm"):
        (folder / f"zhengtong.sqlite3{suffix}").unlink(missing_ok=True)

"""Taking a backup: snapshot, what is new, signed manifest, then proof by restoring the database from the folder."""

import fcntl
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from zhengtong.config.backup import examine, folder, postgres, signing, sqlite
from zhengtong.config.backup.pieces import WHOLE, Store, disk_full, naming_key
from zhengtong.config.backup.recovery import Recovery
from zhengtong.config.backup.refusals import CannotBackUp, Damaged
from zhengtong.config.backup.repository import FORMAT, Manifest, Repository, name_at, run_of, seal
from zhengtong.foundation.files import storage

Progress = Callable[..., None]
SECRET_VARIABLES = {"ZHENGTONG_SECRET", "ZHENGTONG_KEY_PASSPHRASE"}
PLAIN_VARIABLES = ("DJANGO_SETTINGS_MODULE", "DATA")


@dataclass(frozen=True)
class Taken:
    """A backup that was made and proved."""

    manifest: Manifest
    new_bytes: int
    new_pieces: int
    resumed: int
    problems: list[str]


def take(
    *,
    data: Path,
    database: dict[str, Any],
    into: Path,
    recovery: Recovery,
    with_keys: bool,
    at: datetime,
    say: Progress,
) -> Taken:
    """Back up the installation in `data` (its `database` as Django's settings) into the folder `into`.

    Raises `CannotBackUp`: nothing to back up, folder not writable or in use, disk full; earlier backups stay whole.
    Proved is what was written: the database is read back, decrypted, opened, counted and compared before this returns.
    """
    repository = Repository(into)
    with _held(data), repository.held(), _work_folder(data) as work:
        repository.sweep()
        keys = data / folder.KEYS
        signers, naming = signing.signers(keys), naming_key(keys)
        fingerprint = signing.fingerprint(signing.signatures(signers, b""))
        before = repository.newest_of(fingerprint, recovery.identity(repository.salt()))
        try:
            with Store(repository, recovery, naming, before) as store:
                try:
                    source = _Source(data, database, work, store, afresh=not recovery.can_open, say=say)
                    body = {**source.take(with_keys=with_keys), "taken_at": at.isoformat(), **_of_store(store)}
                    name = name_at(at, store.run)
                    _prove(repository, store, name, body, source.index, work, database, say)
                    repository.publish(name, seal(name, body, store.key, signers))
                except OSError as error:
                    store.pool.shutdown(cancel_futures=True)
                    store.give_up()
                    raise disk_full(error, into) from None
                store.finished()
        except OSError as error:
            raise disk_full(error, into) from None
        taken = repository.manifest(name)
    return Taken(taken, store.new_bytes, store.new_pieces, store.resumed, body["problems"])


def _of_store(store: Store) -> dict[str, Any]:
    used = sorted(store.used)
    return {
        "format": FORMAT,
        "run": store.run,
        "runs": sorted({name.rpartition("-")[2] for name in used} | {store.run}),
        "recovery": store.record["recovery"],
        "objects": {name: store.objects[name] for name in used},
        "new_bytes": store.new_bytes,
    }


@contextmanager
def _held(data: Path) -> Iterator[None]:
    with (data / folder.LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotBackUp(
                "这个系统的另一个备份正在进行，请等它结束。",
                "Another backup of this installation is running: wait for its end.",
            ) from None
        yield


@contextmanager
def _work_folder(data: Path) -> Iterator[Path]:
    """Room for the copy of the database, beside the database and as well guarded; never in the folder of backups."""
    work = data / folder.WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Source:
    """The installation as content for a store; `index` says afterwards which pieces make which file."""

    def __init__(
        self, data: Path, database: dict[str, Any], work: Path, store: Store, *, afresh: bool, say: Progress
    ) -> None:
        self.data, self.database, self.work, self.store, self.afresh, self.say = (
            data,
            database,
            work,
            store,
            afresh,
            say,
        )
        self.index: dict[str, Any] = {"entries": []}
        self.sizes = {"database": 0, "files": 0, "keys": 0, "other": 0}
        self.problems: list[str] = []

    def take(self, *, with_keys: bool) -> dict[str, Any]:
        """Database first, files after it: what the database names is then among them."""
        engine = "postgresql" if "postgresql" in self.database["ENGINE"] else "sqlite"
        found = self._postgres() if engine == "postgresql" else self._sqlite()
        self._files(with_keys)
        self._settings(with_keys)
        pieces = self.store.take([json.dumps(self.index, ensure_ascii=False).encode()], afresh=True)["pieces"]
        return {
            **found,
            "engine": engine,
            "index": pieces,
            "bytes": self.sizes,
            "keys_included": with_keys,
            "problems": self.problems,
        }

    def _entry(self, path: str, section: str, mode: int, stored: dict[str, Any]) -> None:
        self.index["entries"].append({"path": path, "section": section, "mode": mode, **stored})
        self.sizes[section] += stored["size"]

    def _sqlite(self) -> dict[str, Any]:
        copy = self.work / folder.DATABASE
        sqlite.snapshot(Path(self.database["NAME"]), copy)
        size = copy.stat().st_size
        self.say("数据库快照 snapshot", size // 2**20, size // 2**20)
        counted = sqlite.counts(copy)
        looked = _look(copy, counted)
        done = 0

        def counted_chunks() -> Iterator[bytes]:
            nonlocal done
            for chunk in sqlite.chunks(copy):
                done += len(chunk)
                yield chunk
                self.say("数据库 database, MB", done // 2**20, size // 2**20)

        self._entry(folder.DATABASE, "database", 0o600, self.store.take(counted_chunks(), afresh=self.afresh))
        copy.unlink()
        return {"counts": counted, **looked}

    def _postgres(self) -> dict[str, Any]:
        with postgres.connected(postgres.parameters(self.database)) as connection:
            postgres.begin_snapshot(connection)
            made = postgres.structure(connection)
            if not made["tables"]:
                raise CannotBackUp("数据库是空的，没有什么可备份。", "The database is empty: nothing to back up.")
            looked = examine.look_through(connection, made["tables"])
            counted = postgres.counts(connection, made["tables"])
            for number, (table, kept) in enumerate(made["tables"].items(), 1):
                rows = postgres.rows_of(connection, table, kept["columns"])
                self._entry(f"postgresql/{table}", "database", 0o600, self.store.take(rows, afresh=self.afresh))
                self.say("数据库 tables", number, len(made["tables"]))
        self.index["structure"] = made
        return {"counts": counted, **looked}

    def _files(self, with_keys: bool) -> None:
        files = [kept for kept in folder.kept_files(self.data) if with_keys or kept.section != "keys"]
        for number, kept in enumerate(files, 1):
            with suppress(FileNotFoundError):  # removed since it was listed: nothing of the snapshot can name it
                self._file(kept)
            if number % 100 == 0 or number == len(files):
                self.say("文件 files", number, len(files))

    def _file(self, kept: folder.Kept) -> None:
        # The name of a sealed file says nothing of its bytes, and turning keys over writes them anew: every file is read.
        piece = WHOLE if kept.section == "files" else WHOLE // 32
        found = self.store.take(sqlite.chunks(self.data / kept.path), piece=piece)
        if kept.section == "files" and not storage.intact(self.data / kept.path):
            self.problems.append(
                f"{kept.path}打不开，原件已损坏。 / {kept.path} cannot be opened: damaged in the live installation."
            )
        self._entry(kept.path, kept.section, kept.mode, found)

    def _settings(self, with_keys: bool) -> None:
        """What the services were started with, and the county's settings file; secrets go with the keys or not at all."""
        named = {
            key: value for key, value in os.environ.items() if key.startswith("ZHENGTONG_") or key in PLAIN_VARIABLES
        }
        plain = {key: value for key, value in named.items() if key not in SECRET_VARIABLES}
        if address := os.environ.get("DATABASE_URL"):
            plain["DATABASE_URL"] = without_password(address)
        self._words("restored-settings/environment.json", "other", plain)
        secret = {key: named[key] for key in SECRET_VARIABLES if key in named}
        if secret and with_keys:
            self._words("restored-settings/secrets.json", "keys", secret)
        module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
        path = Path(getattr(sys.modules.get(module), "__file__", None) or "")
        if path.suffix == ".py" and not module.startswith("zhengtong."):
            self._entry(f"restored-settings/{path.name}", "other", 0o600, self.store.take([path.read_bytes()]))

    def _words(self, path: str, section: str, words: dict[str, str]) -> None:
        content = json.dumps(words, ensure_ascii=False, indent=1, sort_keys=True).encode()
        self._entry(path, section, 0o600, self.store.take([content]))


def _look(path: Path, tables: dict[str, int]) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as database:
        return examine.look_through(database, tables)


def without_password(address: str) -> str:
    """A database address that may be shown."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    return parts._replace(netloc=f"{parts.username or ''}@{parts.netloc.rpartition('@')[2]}").geturl()


def _prove(
    repository: Repository,
    store: Store,
    name: str,
    body: dict[str, Any],
    index: dict[str, Any],
    work: Path,
    database: dict[str, Any],
    say: Progress,
) -> None:
    """Restore the database from the folder into a scratch one and compare counts and log root with the snapshot's."""
    from zhengtong.config.backup.restore import Reader

    say("读回核对 proving")
    written = [entry for entry in index["entries"] if entry["section"] == "database"]
    keys = {run: store.key_of(run) for run in {run_of(piece) for entry in written for piece in entry["pieces"]}}
    reader = Reader(repository, Manifest(name, body, {}, b""), keys, index)
    if body["engine"] == "sqlite":
        copy = work / "scratch.sqlite3"
        reader.write(reader.entries("database")[0], copy)
        sqlite.check(copy)
        counted = sqlite.counts(copy)
        found = {"counts": counted, **_look(copy, counted)}
        copy.unlink()
    else:
        with postgres.scratch(postgres.parameters(database)) as (connection, _environment):
            postgres.load(connection, index["structure"], reader.table)
            counted = postgres.counts(connection, index["structure"]["tables"])
            found = {"counts": counted, **examine.look_through(connection, counted)}
    if differing := [key for key in found if found[key] != body[key]]:
        raise Damaged(
            f"读回的备份与快照不一致（{'、'.join(differing)}），这次不算数。请检查备份磁盘后再运行一次。",
            f"What was read back differs from the snapshot ({', '.join(differing)}): no backup was made. Check the disk.",
        )

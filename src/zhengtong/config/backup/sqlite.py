"""SQLite: a copy of one moment while others write, and what is in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from zhengtong.config.backup.refusals import CannotBackUp, Damaged

READ = 4 * 1024 * 1024


def snapshot(live: Path, copy: Path) -> None:
    """Copy the database as of one moment. In one step: taken in several, every write in between would start it over."""
    if not live.exists():
        raise CannotBackUp(
            f"没有数据库{live}，没有什么可备份。请用 DATA= 指明数据文件夹。",
            f"There is no database {live}, nothing to back up. Name the data folder with DATA=.",
        )
    copy.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{live.as_uri()}?mode=ro", uri=True, timeout=60)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target, pages=-1)
    except sqlite3.DatabaseError as error:
        raise CannotBackUp(
            f"数据库读不出快照：{error}。磁盘满了请腾出空间；以前的备份完好。",
            f"No snapshot of the database: {error}. If the disk is full, make room; earlier backups are whole.",
        ) from None


def counts(path: Path) -> dict[str, int]:
    """Rows of every table. Raises `Damaged` when it is not a whole database."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            wanted = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            tables = [name for (name,) in database.execute(wanted)]
            return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608
    except sqlite3.DatabaseError as error:
        raise Damaged(f"数据库损坏：{error}。", f"The database is damaged: {error}.") from None


def check(path: Path) -> None:
    """Raises `Damaged` unless SQLite finds every page in order."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Damaged(f"数据库损坏：{found}。", f"The database is damaged: {found}.")


def chunks(path: Path) -> Iterator[bytes]:
    """A file in chunks."""
    with path.open("rb") as source:
        while chunk := source.read(READ):
            yield chunk

"""A small installation in a folder of its own, for tests that lose it: database, files, keys."""

import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from zhengtong.config.backup import restore as restoring
from zhengtong.config.backup import take as taking
from zhengtong.config.backup.drill import Figures, drill
from zhengtong.config.backup.recovery import Recovery
from zhengtong.config.backup.repository import Repository

BEGIN = datetime(2026, 9, 21, 1, 0, tzinfo=UTC)
SQLITE = "django.db.backends.sqlite3"


def quiet(text: str, done: int | None = None, total: int | None = None) -> None:
    """Progress that nobody watches."""


@dataclass
class Installation:
    """A data folder with its folder of backups and its recovery key."""

    data: Path
    backups: Path
    recovery: Recovery
    taken: int = 0

    @property
    def database(self) -> dict[str, Any]:
        return {"ENGINE": SQLITE, "NAME": self.data / "zhengtong.sqlite3"}

    @property
    def repository(self) -> Repository:
        return Repository(self.backups)

    def back_up(self, *, with_keys: bool = True, at: datetime | None = None) -> taking.Taken:
        """Take a backup an hour after the one before."""
        self.taken += 1
        return taking.take(
            data=self.data,
            database=self.database,
            into=self.backups,
            recovery=self.recovery,
            with_keys=with_keys,
            at=at or BEGIN + timedelta(hours=self.taken),
            say=quiet,
        )

    def open(self, name: str = "", *, recovery: Recovery | None = None, signer: str = "") -> restoring.Reader:
        return restoring.open_backup(folder=self.backups, name=name, recovery=recovery or self.recovery, signer=signer)

    def restore(self, into: Path, name: str = "", **how: Any) -> restoring.Restored:
        return restoring.restore(reader=self.open(name, **how), into=into, address="", say=quiet)

    def read(self, into: Path, name: str = "") -> Path:
        """Every file of a backup, opened and checked, without a process of the product that looks at it."""
        restoring.write_files(self.open(name), into, quiet)
        return into

    def drill(self, *, now: datetime, start: bool = False) -> Figures:
        return drill(open_reader=self.open, address="", now=now, start=start, say=quiet)

    def add_file(self, size: int = 1000) -> Path:
        """A file that was taken in: under its digest."""
        from hashlib import sha256

        content = secrets.token_bytes(size)
        digest = sha256(content).hexdigest()
        path = self.data / "files" / digest[:2] / digest[2:4] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run(self, *statements: str) -> None:
        """Change the database behind the product's back."""
        with closing(sqlite3.connect(self.data / "zhengtong.sqlite3")) as database, database:
            for statement in statements:
                database.execute(statement)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

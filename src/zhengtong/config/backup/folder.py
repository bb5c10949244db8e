"""The data folder: which of its files a backup takes, and under which heading."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WORK = "backup-work"
LOCK = "backup.lock"
DATABASE = "zhengtong.sqlite3"
# Made again by itself, or on its way only: nothing of it is missed after a restore.
LEFT_OUT = {"cache", "static", "mail", WORK, LOCK, "demo.lock", "demo-loading"}
LEFT_OUT_PATTERN = re.compile(r".*\.(new|lock|sqlite3(-wal|-shm|-journal)?)|sms\.log")
KEYS = "keys"
KEY_FILES = {"secret.key"}
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """A file of the data folder. `section` is "files" (attachments, sealed), "keys" or "other"."""

    path: str
    section: str
    size: int
    mode: int


def kept_files(data: Path) -> Iterator[Kept]:
    """Every file that belongs to the installation, the database aside. What is left out is listed above; all else is taken."""
    for folder, folders, names in os.walk(data):
        place = Path(folder).relative_to(data)
        if not place.parts:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
        if place == Path("files"):
            folders[:] = [name for name in folders if name != "incoming"]
        folders.sort()
        for name in sorted(names):
            if (not place.parts and name in LEFT_OUT) or LEFT_OUT_PATTERN.fullmatch(name):
                continue
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            state = path.stat()
            yield Kept((place / name).as_posix(), _section(place, name), state.st_size, state.st_mode & 0o777)


def _section(place: Path, name: str) -> str:
    if KEYS in place.parts or name in KEY_FILES or name.endswith((".key", ".pem", ".p12")):
        return "keys"
    return "files" if place.parts[:1] == ("files",) and DIGEST.fullmatch(name) else "other"

"""Folders for work with plain data beside the data folder, such as the rehearsal of a restore; what a killed process left is found again."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir, mkdtemp

PREFIX = "zhengtong-scratch-"


def folder(purpose: str) -> Path:
    """A new folder that nobody else can enter. Whoever makes it removes it; one that is left over is swept after a day."""
    return Path(mkdtemp(prefix=f"{PREFIX}{purpose}-"))


def folders() -> Iterator[Path]:
    """Every scratch folder of this account on this machine."""
    return (path for path in Path(gettempdir()).glob(f"{PREFIX}*") if path.lstat().st_uid == os.getuid())

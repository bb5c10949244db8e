"""Whether a log writer lives: a lock that `zhengtong work` holds, and that the system takes away in the moment in which the process ends.

On SQLite everything runs on one machine: the lock is on the file DATA/worker.lock (flock). On PostgreSQL, where the worker may run on
another machine, it is an advisory lock of its session: the server drops it when the connection ends. Neither needs a clock, and a
process that was killed cannot leave it behind. A worker that lives but does nothing is found by what waits (`gate`).
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

ADVISORY = (0x5A54, 0x4C4F47)
"""Two numbers that name the lock among the advisory locks of the database."""
_HELD = """
SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s AND objid = %s
AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def lock_file() -> Path:
    """The file the worker of this machine holds."""
    return Path(settings.DATA) / "worker.lock"


class Presence:
    """The worker's side. Several workers may hold it on PostgreSQL; on SQLite one does, and the next follows when it ends."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._session: Any = None

    def hold(self) -> None:
        """Take the lock, or take it again when it was lost. Cheap while it is held: call it at every turn."""
        if connection.vendor == "postgresql":
            self._hold_session()
        elif not self._holds_file():
            self._take_file()

    def _hold_session(self) -> None:
        connection.ensure_connection()
        if self._session is not connection.connection:  # the connection is a new one: the lock ended with the old
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", ADVISORY)
            self._session = connection.connection

    def _holds_file(self) -> bool:
        """Whether the file that is locked is still the one that others would look at."""
        if self._file is None:
            return False
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(self._file), lock_file().stat()):
                return True
        self.release()
        return False

    def _take_file(self) -> None:
        file = os.open(lock_file(), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another worker has it, or somebody is just looking: again at the next turn
            os.close(file)
            return
        self._file = file

    def release(self) -> None:
        """Let go; the end of the process does the same."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._session is not None and self._session is connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s, %s)", ADVISORY)
        self._session = None


def somebody_writes() -> bool:
    """Whether a worker lives. Costs three system calls, or one look at the table of locks."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_HELD, ADVISORY)
            return bool(cursor.fetchone()[0])
    try:
        file = os.open(lock_file(), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(
            file, fcntl.LOCK_SH | fcntl.LOCK_NB
        )  # several may look at once: they do not take each other for a worker
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False

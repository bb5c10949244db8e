"""A process of the product that the fault tests kill at a known place; started by test_faults.py.

Arguments: the name of the database, a folder to leave signs in, what to do, a table and a number: after the n-th INSERT or
UPDATE there the process leaves the sign `inside` and hangs there, inside its transaction, until it is killed. Without a table it just works.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


class Hang:
    """Counts what is written to a table and stops the process for good at the n-th."""

    def __init__(self, table: str, nth: int, folder: Path) -> None:
        self.into = re.compile(rf'^(INSERT INTO|UPDATE) "{table}"', re.IGNORECASE)
        self.left, self.folder = nth, folder

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if self.into.match(sql):
            self.left -= 1
            if self.left == 0:
                (self.folder / "inside").touch()
                time.sleep(600)
        return result


def main(database: str, folder: Path, act: str, rest: list[str]) -> int:
    """Set up with the test database, then do what was asked."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    import django

    django.setup()
    from django.db import connection

    table, nth = (rest[0], int(rest[1])) if len(rest) > 1 else ("no such table", 0)
    connection.ensure_connection()
    with connection.execute_wrapper(Hang(table, nth, folder)):
        ACTS[act](*rest[2:])
    (folder / f"done-{os.getpid()}").touch()
    return 0


def submit(case_id: str, user_id: str, moment: str) -> None:
    """Submit the draft, as a click on the last page does."""
    from zhengtong.approvals.cases import public as cases
    from zhengtong.security.accounts.models import User

    by = User.objects.get(pk=int(user_id))
    cases.submit(case_id=int(case_id), by=by, at=datetime.fromisoformat(moment))


def work(moment: str) -> None:
    """Deliver everything that waits, as the worker does."""
    from zhengtong.foundation.events import public as events

    events.deliver_all(now=datetime.fromisoformat(moment))


def fire(moment: str) -> None:
    """Let the clocks that have run out take their effect, as the worker does."""
    from zhengtong.approvals.cases import public as cases

    cases.fire(now=datetime.fromisoformat(moment))


ACTS: dict[str, Callable[..., None]] = {"submit": submit, "work": work, "fire": fire}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))

"""A process of the product that the fault test kills at a known place in the firing of thresholds; started by test_faults.py.

Arguments: the database, a folder to leave signs in, a moment, a table and a number: after the n-th statement on that table the
process leaves the sign `inside` and hangs there, inside its transaction, until it is killed.
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
        self.into = re.compile(rf'^(INSERT INTO|UPDATE|DELETE FROM) "{table}"', re.IGNORECASE)
        self.left, self.folder = nth, folder

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if self.into.match(sql):
            self.left -= 1
            if self.left == 0:
                (self.folder / "inside").touch()
                time.sleep(600)
        return result


def main(database: str, folder: Path, moment: str, table: str, nth: int) -> int:
    """Set up with the test database, then fire as the worker does."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    import django

    django.setup()
    from django.db import connection

    from zhengtong.oversight.supervision import public as supervision

    connection.ensure_connection()
    with connection.execute_wrapper(Hang(table, nth, folder)):
        while supervision.fire(now=datetime.fromisoformat(moment)):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])))

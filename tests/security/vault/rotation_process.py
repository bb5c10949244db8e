"""Processes of the product that the rotation tests run beside each other; started by test_rotation.py.

Arguments: the name of the database, a folder for signs, what to do. `read` opens every phone again and again until the sign `stop`;
`rotate` turns the key over; `hang` does the same and stops for good inside its third batch, until it is killed.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


def main(database: str, folder: Path, act: str) -> None:
    """Set up with the test database, then do what was asked."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    settings.FILES_ROOT = folder / "files"
    import django

    django.setup()
    {"read": read, "rotate": rotate, "hang": hang}[act](folder)


def read(folder: Path) -> None:
    """Open every phone and note how many rounds and failures there were."""
    from zhengtong.kernel.errors import ZhengtongError
    from zhengtong.security.accounts.models import User

    rounds = failures = 0
    while True:
        last = (folder / "stop").exists()
        for user in User.objects.all():
            try:
                failures += user.phone != f"138{user.pk:08d}"
            except ZhengtongError:
                failures += 1
        rounds += 1
        (folder / "reading").touch()
        if last:
            break
    (folder / "read").write_text(f"{rounds} {failures}")


def rotate(folder: Path) -> None:
    """As the command does, without its pause."""
    from django.utils import timezone

    from zhengtong.security.vault import operations
    from zhengtong.security.vault import public as vault

    operations.BATCH = 50
    at = timezone.now()
    rotation = vault.start_rotation(by=None, at=at)
    while not vault.carry_on(rotation=rotation, by=None, at=at):
        pass


def hang(folder: Path) -> None:
    """Stop inside the third batch, after its rows were written and before they are committed."""
    from django.db import connection

    seen = {"batches": 0}

    def stop(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if many and sql.startswith('UPDATE "accounts_user"'):
            seen["batches"] += 1
            if seen["batches"] == 3:
                (folder / "inside").touch()
                time.sleep(600)
        return result

    connection.ensure_connection()
    with connection.execute_wrapper(stop):
        rotate(folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

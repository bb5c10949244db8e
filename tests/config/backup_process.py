"""A backup in a process of its own, to be killed: DATA, folder, passphrase file, and the largest file it may write (0: any)."""

import os
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


def main(folder: str, passphrase: str, largest: int) -> int:
    """Back up, and say `done`; a refusal is printed and ends with 1."""
    import django

    django.setup()
    from django.conf import settings

    from zhengtong.config.backup import recovery
    from zhengtong.config.backup.refusals import CannotBackUp
    from zhengtong.config.backup.take import take

    if largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    try:
        take(
            data=settings.DATA,
            database={"ENGINE": "django.db.backends.sqlite3", "NAME": settings.DATA / "zhengtong.sqlite3"},
            into=Path(folder),
            recovery=recovery.read(Path(passphrase)),
            with_keys=True,
            at=datetime.now(UTC),
            say=lambda *_words: None,
        )
    except CannotBackUp as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

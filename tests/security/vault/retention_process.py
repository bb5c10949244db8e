"""A process that carries the retention out in batches of two and hangs inside the third, until it is killed; started by test_retention.py."""

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


def main(database: str, folder: Path) -> None:
    """Stop for good after the third batch's seals were destroyed and before they are committed."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    import django

    django.setup()
    from django.db import connection

    from zhengtong.security.vault.retention import operations

    operations.BATCH = 2
    seen = {"people": 0}

    def stop(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith('INSERT INTO "vault_erasure"'):
            seen["people"] += 1
            if seen["people"] == 5:
                (folder / "inside").touch()
                time.sleep(600)
        return result

    connection.ensure_connection()
    now = datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    with connection.execute_wrapper(stop):
        operations.carry_out(at=now, machine=now)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

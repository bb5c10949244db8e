"""Looking into a database that was copied or restored: the root of its audit log, its migrations, and whether the log is whole.

`python -m zhengtong.config.backup.examine` says it as JSON of the installation that DATA and DATABASE_URL name, with the product's
own reading code: what it finds whole, the product finds whole.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from zhengtong.config.backup.refusals import Damaged


def look_through(connection: Any, tables: Container[str]) -> dict[str, Any]:
    """Log root and migrations of a database that is not the installation's own (or is, in a snapshot).

    `connection`: of sqlite3 or psycopg; the product's queries are asked through it, in its transaction. Raises `Damaged`.
    """
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder
    from django.db.models import QuerySet

    from zhengtong.security.audit.models import ChainHead

    def rows(query: QuerySet[Any, Any]) -> list[Any]:
        if query.model._meta.db_table not in tables:
            return []
        statement, _none = query.query.get_compiler(connection=connections["default"]).as_sql()
        return list(connection.execute(statement).fetchall())

    if ChainHead._meta.db_table not in tables:
        raise Damaged(
            "数据库里缺少政通的表，不是政通的数据库。", "The tables of the product are missing: another database?"
        )
    heads = rows(ChainHead.objects.values_list("seq", "mac"))
    applied = rows(MigrationRecorder.Migration.objects.values_list("app", "name"))
    return _said(heads[0] if heads else (0, ChainHead().mac), applied)


def _said(head: Any, applied: Iterable[tuple[str, str]]) -> dict[str, Any]:
    seq, root = head
    steps = sorted(f"{app}.{name}" for app, name in applied)
    return {"audit": {"entries": seq, "root": bytes(root).hex()}, "migrations": steps}


def installation(data: Path, **environment: str) -> dict[str, Any]:
    """What a process of the product finds in the installation in `data`: see `report`. Raises `Damaged`."""
    env = {**os.environ, "DATA": str(data), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "zhengtong.config.backup.examine"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if re.match(r"[\w.]+: ", line)]
        last = (lines or ["?"])[-1]
        raise Damaged(f"恢复出来的系统打不开：{last}", f"The restored installation cannot be opened: {last}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report() -> dict[str, Any]:
    """Log root, whether every link of the log holds, and files the database names that are not there or cannot be opened."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from zhengtong.foundation.files import storage
    from zhengtong.foundation.files.models import StoredFile
    from zhengtong.security.audit import public as audit
    from zhengtong.security.audit.models import ChainHead

    head = ChainHead.objects.first() or ChainHead()
    found = _said((head.seq, head.mac), MigrationRecorder(connection).applied_migrations())
    checked = audit.verify()
    files = StoredFile.objects.values_list("digest", flat=True).iterator()
    missing = [digest for digest in files if not storage.intact(storage.path_of(digest))]
    return {
        **found,
        "log_whole": checked.reason == "",
        "log_reason": str(checked.reason),
        "missing_files": missing[:20],
    }


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
    django.setup()
    print(json.dumps(report()))

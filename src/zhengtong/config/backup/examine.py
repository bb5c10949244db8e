"""Looking into a database that was copied or restored: the root of its audit log, its migrations, and whether the log is whole.

`python -m zhengtong.config.backup.examine` says it as JSON of the installation that DATA and DATABASE_URL name, with the product's
own reading code: what it finds whole, the product finds whole.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from zhengtong.config.backup.refusals import Damaged

SNAPSHOT = "snapshot"


def look_inside(database: dict[str, Any]) -> dict[str, Any]:
    """Log root and migrations of a database that is not the installation's own. Django must be set up."""
    from django.db import connections

    shape = {**connections["default"].settings_dict, **database, "OPTIONS": {}, "CONN_MAX_AGE": 0}
    connections.databases[SNAPSHOT] = shape
    try:
        return _inside(SNAPSHOT)
    finally:
        connections[SNAPSHOT].close()
        del connections[SNAPSHOT]
        del connections.databases[SNAPSHOT]


def _inside(alias: str) -> dict[str, Any]:
    from django.db import DatabaseError, connections
    from django.db.migrations.recorder import MigrationRecorder

    from zhengtong.security.audit.models import ChainHead

    try:
        head = ChainHead.objects.using(alias).first() or ChainHead()
        applied = MigrationRecorder(connections[alias]).applied_migrations()
        steps = sorted(f"{app}.{name}" for app, name in applied)
    except DatabaseError as error:
        raise Damaged(f"数据库里缺少政通的表：{error}", f"This is no database of the product: {error}") from None
    return {"audit": {"entries": head.seq, "root": bytes(head.hash).hex()}, "migrations": steps}


def look_through(connection: Any) -> dict[str, Any]:
    """The same through a psycopg connection, in its transaction: the queries of the product, asked there."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    from zhengtong.security.audit.models import ChainHead

    def rows(query: Any) -> list[Any]:
        statement, parameters = query.query.get_compiler(connection=connections["default"]).as_sql()
        return list(connection.execute(statement, parameters).fetchall())

    heads = rows(ChainHead.objects.values_list("seq", "hash"))
    recorded = connection.execute("SELECT to_regclass('django_migrations')").fetchone()[0]
    applied = rows(MigrationRecorder.Migration.objects.values_list("app", "name")) if recorded else []
    steps = sorted(f"{app}.{name}" for app, name in applied)
    seq, root = heads[0] if heads else (0, ChainHead().hash)
    return {"audit": {"entries": seq, "root": bytes(root).hex()}, "migrations": steps}


def installation(data: Path, **environment: str) -> dict[str, Any]:
    """What a process of the product finds in the installation in `data`: see `report`. Raises `Damaged`."""
    env = {**os.environ, "DATA": str(data), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "zhengtong.config.backup.examine"], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise Damaged(f"恢复出来的系统打不开：{last}", f"The restored installation cannot be opened: {last}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report() -> dict[str, Any]:
    """Log root, whether every link of the log holds, and files the database names that are not there."""
    from zhengtong.foundation.files import storage
    from zhengtong.foundation.files.models import StoredFile
    from zhengtong.security.audit import public as audit

    found = _inside("default")
    checked = audit.verify()
    files = StoredFile.objects.values_list("digest", "size").iterator()
    missing = [digest for digest, size in files if not _there(storage.path_of(digest), size)]
    return {
        **found,
        "log_whole": checked.reason == "",
        "log_reason": str(checked.reason),
        "missing_files": missing[:20],
    }


def _there(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
    django.setup()
    print(json.dumps(report()))

"""A process of the product that the fault test kills while it books a payment; started by test_races_and_faults.py.

Arguments: the name of the database, a folder to leave signs in, a table, the message's body and its signature, the moment. After
the first INSERT or UPDATE on the table it leaves the sign `inside` and hangs, inside its transaction, until it is killed.
"""

import os
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")


def main(database: str, folder: Path, table: str, body: str, signature: str, moment: str) -> int:
    """Take the provider's message, and hang where it is written into `table`."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    settings.PAYMENT_PROVIDERS = {"local": "zhengtong.approvals.fees.providers.local.LocalProvider"}
    import django

    django.setup()
    from django.db import connection

    from zhengtong.approvals.fees import public as fees
    from zhengtong.approvals.fees.providers import local

    writes = re.compile(rf'^(INSERT INTO|UPDATE) "{table}"', re.IGNORECASE)

    def hang(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if writes.match(sql):
            (folder / "inside").touch()
            time.sleep(600)
        return result

    connection.ensure_connection()
    with connection.execute_wrapper(hang):
        headers = {local.SIGNATURE: signature}
        at = datetime.fromisoformat(moment)
        fees.take_message(provider="local", body=body.encode(), headers=headers, at=at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:7]))

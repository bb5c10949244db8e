"""The database itself refuses to remove a row of the issuance log or to take a revocation back: on SQLite and PostgreSQL.

Installed after every `migrate`, as the guards of audit are. Replacing a key's place is allowed, replacing the certificate not.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from zhengtong.security.pki.models import Certificate

TABLE = Certificate._meta.db_table
KEPT = "the issuance log is append-only"
FINAL = "certificates do not change and a revocation is final"
CHANGED = (
    "NEW.serial <> OLD.serial OR NEW.der <> OLD.der OR NEW.kind <> OLD.kind OR NEW.holder <> OLD.holder "
    "OR (OLD.revoked_at IS NOT NULL AND (NEW.revoked_at IS NULL OR NEW.revoked_at <> OLD.revoked_at "
    "OR NEW.reason <> OLD.reason))"
)
NAMES = ("pki_certificate_delete", "pki_certificate_update")


def install(*, using: str = DEFAULT_DB_ALIAS, **signal: Any) -> None:
    """Put the guards in place; harmless when they are there already."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    lift(using=using)
    delete, update = NAMES
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"CREATE TRIGGER {delete} BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END")
            cursor.execute(
                f"CREATE TRIGGER {update} BEFORE UPDATE ON {TABLE} WHEN {CHANGED} "
                f"BEGIN SELECT RAISE(ABORT, '{FINAL}'); END"
            )
            return
        for name, words in ((delete, KEPT), (update, FINAL)):
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        cursor.execute(f"CREATE TRIGGER {delete} BEFORE DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {delete}()")
        cursor.execute(
            f"CREATE TRIGGER {update} BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION {update}()"
        )


def lift(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the guards away: for reinstalling them, and for a test process that empties its own database."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name in NAMES:
            where = "" if connection.vendor == "sqlite" else f" ON {TABLE}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")

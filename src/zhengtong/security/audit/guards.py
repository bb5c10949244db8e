"""The database itself refuses to change or remove what was recorded: triggers on SQLite and PostgreSQL.

They are installed after every `migrate`, so that a database made from migrations and a test database made from the
models have the same guards. Only a test process may lift them, to empty its own database between tests (see
`commands/flush.py`).
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from zhengtong.security.audit.models import AuditEntry, ChainHead, Checkpoint, Cosignature

ENTRY, HEAD = AuditEntry._meta.db_table, ChainHead._meta.db_table
SIGNED, COSIGNED = Checkpoint._meta.db_table, Cosignature._meta.db_table
APPEND_ONLY = "audit entries are append-only"
FORWARD_ONLY = "the head of the audit chain only moves forward"
KEPT = "checkpoints and cosignatures stay as they were signed"
_CHANGED = "NEW.size <> OLD.size OR NEW.note <> OLD.note OR NEW.made_at <> OLD.made_at" + "".join(
    f" OR (OLD.{token} IS NOT NULL AND (NEW.{token} IS NULL OR NEW.{token} <> OLD.{token}))"
    for token in ("token", "sm2_token")
)

SQLITE = {
    "audit_entry_update": f"BEFORE UPDATE ON {ENTRY} BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END",
    "audit_entry_delete": f"BEFORE DELETE ON {ENTRY} BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END",
    "audit_head_update": f"BEFORE UPDATE ON {HEAD} WHEN NEW.seq <= OLD.seq "
    f"BEGIN SELECT RAISE(ABORT, '{FORWARD_ONLY}'); END",
    "audit_head_delete": f"BEFORE DELETE ON {HEAD} BEGIN SELECT RAISE(ABORT, '{FORWARD_ONLY}'); END",
    "audit_signed_update": f"BEFORE UPDATE ON {SIGNED} WHEN {_CHANGED} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
    "audit_signed_delete": f"BEFORE DELETE ON {SIGNED} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
    "audit_cosigned_update": f"BEFORE UPDATE ON {COSIGNED} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
    "audit_cosigned_delete": f"BEFORE DELETE ON {COSIGNED} BEGIN SELECT RAISE(ABORT, '{KEPT}'); END",
}
POSTGRESQL_FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{APPEND_ONLY}' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE OR REPLACE FUNCTION audit_head_forward() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF NEW.seq <= OLD.seq THEN RAISE EXCEPTION '{FORWARD_ONLY}' USING ERRCODE = 'integrity_constraint_violation'; END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION audit_signed_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF {_CHANGED} THEN RAISE EXCEPTION '{KEPT}' USING ERRCODE = 'integrity_constraint_violation'; END IF;
  RETURN NEW;
END $$;
"""
POSTGRESQL = {
    "audit_entry_change": (ENTRY, "BEFORE UPDATE OR DELETE", "ROW", "audit_refuse"),
    "audit_entry_truncate": (ENTRY, "BEFORE TRUNCATE", "STATEMENT", "audit_refuse"),
    "audit_head_update": (HEAD, "BEFORE UPDATE", "ROW", "audit_head_forward"),
    "audit_head_delete": (HEAD, "BEFORE DELETE", "ROW", "audit_refuse"),
    "audit_head_truncate": (HEAD, "BEFORE TRUNCATE", "STATEMENT", "audit_refuse"),
    "audit_signed_update": (SIGNED, "BEFORE UPDATE", "ROW", "audit_signed_kept"),
    "audit_signed_delete": (SIGNED, "BEFORE DELETE", "ROW", "audit_refuse"),
    "audit_signed_truncate": (SIGNED, "BEFORE TRUNCATE", "STATEMENT", "audit_refuse"),
    "audit_cosigned_change": (COSIGNED, "BEFORE UPDATE OR DELETE", "ROW", "audit_refuse"),
    "audit_cosigned_truncate": (COSIGNED, "BEFORE TRUNCATE", "STATEMENT", "audit_refuse"),
}


def _present(using: str) -> bool:
    return {ENTRY, HEAD, SIGNED, COSIGNED} <= set(connections[using].introspection.table_names())


def install(*, using: str = DEFAULT_DB_ALIAS, **signal: Any) -> None:
    """Put every guard in place and make the head row; harmless when they are there already."""
    if not _present(using):
        return
    lift(using=using)
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, body in SQLITE.items():
                cursor.execute(f"CREATE TRIGGER {name} {body}")
        else:
            cursor.execute(POSTGRESQL_FUNCTIONS)
            for name, (table, when, level, function) in POSTGRESQL.items():
                cursor.execute(
                    f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {level} EXECUTE FUNCTION {function}()"
                )
    ChainHead.objects.using(using).get_or_create(pk=ChainHead.ONLY)


def lift(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the guards away: for reinstalling them, and for a test process that empties its own database."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in SQLITE:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            for name, (table, *_rest) in POSTGRESQL.items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")

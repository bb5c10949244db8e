"""三员分离 as a guarantee of the database: it refuses a grant that conflicts with another of the same person at the
same time.

Triggers on SQLite and PostgreSQL, written from `policy.CONFLICTS`, put in place after every `migrate`. On PostgreSQL
the trigger locks the person's account row first, so that two grants made at the same moment see each other.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections

from zhengtong.security.pmi.models import RoleGrant
from zhengtong.security.pmi.policy import CONFLICTS

TABLE = RoleGrant._meta.db_table
MESSAGE = "conflicting roles of one person"


def _conflict() -> str:
    pairs = sorted((a, b) for pair in CONFLICTS for a in pair for b in pair if a != b)
    roles = " OR ".join(f"(NEW.role = '{a}' AND held.role = '{b}')" for a, b in pairs)
    return (
        f"SELECT 1 FROM {TABLE} held WHERE held.user_id = NEW.user_id AND held.id <> NEW.id AND ({roles}) "  # noqa: S608
        "AND (held.valid_until IS NULL OR held.valid_until >= held.valid_from) "
        "AND (NEW.valid_until IS NULL OR NEW.valid_until >= NEW.valid_from) "
        "AND (held.valid_until IS NULL OR held.valid_until >= NEW.valid_from) "
        "AND (NEW.valid_until IS NULL OR NEW.valid_until >= held.valid_from)"
    )


def _statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        body = f"WHEN EXISTS ({_conflict()}) BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        found = []
        for when in ("INSERT", "UPDATE"):
            name = f"pmi_conflict_{when.lower()}"
            # AFTER: a new row has its id only then; the abort undoes the statement all the same.
            found += [f"DROP TRIGGER IF EXISTS {name}", f"CREATE TRIGGER {name} AFTER {when} ON {TABLE} {body}"]
        return found
    accounts = get_user_model()._meta.db_table
    return [
        f"""CREATE OR REPLACE FUNCTION pmi_conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          PERFORM 1 FROM {accounts} WHERE id = NEW.user_id FOR UPDATE;
          IF EXISTS ({_conflict()}) THEN
            RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN NEW;
        END $$""",
        f"DROP TRIGGER IF EXISTS pmi_conflict ON {TABLE}",
        f"CREATE TRIGGER pmi_conflict BEFORE INSERT OR UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION pmi_conflict()",
    ]


def install(*, using: str = DEFAULT_DB_ALIAS, **signal: Any) -> None:
    """Put the guard in place, written from the present policy; harmless when it is there already."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)

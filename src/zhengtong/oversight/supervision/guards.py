"""The database itself refuses to delete a card, to change its evidence or its log, and to touch a rule that was in force.

Triggers on SQLite and PostgreSQL, put in place after every `migrate`, as those of audit and pki are (decision 0014). Only a test
process may lift them, to empty its own database.
"""

from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from zhengtong.oversight.supervision.models import Appeal, Card, CardEvent, CorrectionOrder, OrderEntry, Rule, RuleSet

NEVER = "rows of supervision are never deleted"
FROZEN = "what a card says about its issue never changes"
LOG = "the log of supervision is append-only"
IN_FORCE = "rules that were published never change"
EVIDENCE = ("evidence", "threshold_at", "drawn_at", "fire_key", "subject", "code", "level", "organization_id", "manual")
"""Columns of a card that are fixed when it is drawn."""


def _changed(columns: tuple[str, ...], vendor: str) -> str:
    differs = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)


def _triggers(vendor: str) -> Iterator[tuple[str, str, str, str, str]]:
    """(name, table, DELETE or UPDATE, condition, words)."""
    for model in (Card, CardEvent, Appeal, CorrectionOrder, OrderEntry):
        table = model._meta.db_table
        yield f"{table}_keep", table, "DELETE", "", NEVER
    yield f"{Card._meta.db_table}_frozen", Card._meta.db_table, "UPDATE", _changed(EVIDENCE, vendor), FROZEN
    for model in (CardEvent, OrderEntry):
        table = model._meta.db_table
        yield f"{table}_log", table, "UPDATE", "", LOG
    rule, sets = Rule._meta.db_table, RuleSet._meta.db_table
    published = f"(SELECT state FROM {sets} WHERE id = OLD.rule_set_id) <> 'draft'"  # noqa: S608
    yield f"{rule}_fixed", rule, "UPDATE", published, IN_FORCE
    yield f"{rule}_kept", rule, "DELETE", published, IN_FORCE
    yield f"{sets}_kept", sets, "DELETE", "OLD.state <> 'draft'", IN_FORCE


def install(*, using: str = DEFAULT_DB_ALIAS, **signal: Any) -> None:
    """Put the guards in place; harmless when they are there already."""
    connection = connections[using]
    if Card._meta.db_table not in connection.introspection.table_names():
        return
    lift(using=using)
    with connection.cursor() as cursor:
        for name, table, verb, condition, words in _triggers(connection.vendor):
            if connection.vendor == "sqlite":
                when = f"WHEN {condition} " if condition else ""
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{words}'); END"
                )
                continue
            refuse = f"RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation';"
            body = f"IF {condition} THEN {refuse} END IF;" if condition else refuse
            result = "OLD" if verb == "DELETE" else "NEW"
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {body} RETURN {result}; END $$"
            )
            cursor.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def lift(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Take the guards away: for reinstalling them, and for a test process that empties its own database."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table, *_rest in _triggers(connection.vendor):
            where = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")

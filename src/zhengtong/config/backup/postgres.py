"""PostgreSQL: every table by COPY in one repeatable-read snapshot, and the statements that make the tables again.

No client programs are needed, so none has to fit the server's version: what the catalogue says of tables, constraints, indexes,
functions and triggers is kept beside the rows. Constraints, indexes and triggers are made after the rows are in.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from zhengtong.config.backup.refusals import CannotBackUp, Damaged

SCRATCH = "zhengtong_scratch_"

_TABLES = """SELECT c.oid, c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname"""
_COLUMNS = """SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
# Checks and keys before foreign keys; NOT NULL is part of the column (PostgreSQL 18 lists it as a constraint, too).
_CONSTRAINTS = """SELECT c.relname, k.conname, pg_get_constraintdef(k.oid, true) FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid WHERE k.connamespace = current_schema()::regnamespace
AND k.contype IN ('p', 'u', 'c', 'x', 'f') ORDER BY k.contype = 'f', c.relname, k.conname"""
_INDEXES = """SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname"""
_FUNCTIONS = """SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc p
WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f'
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY p.proname"""
_TRIGGERS = """SELECT pg_get_triggerdef(t.oid, true) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal ORDER BY t.tgname, c.relname"""
_SEQUENCES = """SELECT s.relname, t.relname, a.attname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('i', 'a')
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace ORDER BY s.relname"""
_EXTENSIONS = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname"


def parameters(settings: dict[str, Any]) -> dict[str, Any]:
    """Django's settings of a database as psycopg wants them."""
    wanted = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {name: settings[key] for key, name in wanted.items() if settings.get(key)}


@contextmanager
def connected(address: str | dict[str, Any]) -> Iterator[psycopg.Connection[Any]]:
    """A connection to an address or with the parameters of one. Raises `CannotBackUp` when there is no answer."""
    try:
        connection = psycopg.connect(address) if isinstance(address, str) else psycopg.connect(**address)
    except psycopg.OperationalError as error:
        raise CannotBackUp(
            f"连不上数据库：{str(error).splitlines()[0]}。请检查DATABASE_URL。",
            f"No connection to the database: {str(error).splitlines()[0]}. Check DATABASE_URL.",
        ) from None
    with connection:
        yield connection


def begin_snapshot(connection: psycopg.Connection[Any]) -> None:
    """From here to the end of the transaction everything is read as of one moment; writers are not held up."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def structure(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What is needed to make the tables again, as JSON: statements in the order they are run in."""
    rows = connection.execute
    tables = {}
    for oid, table in rows(_TABLES).fetchall():
        columns = [_Column(*row) for row in rows(_COLUMNS, [oid]).fetchall()]
        tables[table] = {
            "create": f"CREATE TABLE {_quoted(table)} ({', '.join(column.definition for column in columns)})",
            "columns": [column.name for column in columns if not column.generated],
        }
    functions = [text.replace(f"{_schema(connection)}.", "", 1) for _name, text in rows(_FUNCTIONS).fetchall()]
    after = [
        f"ALTER TABLE {_quoted(table)} ADD CONSTRAINT {_quoted(name)} {definition}"
        for table, name, definition in rows(_CONSTRAINTS).fetchall()
    ]
    sequences = []
    for sequence, table, column in rows(_SEQUENCES).fetchall():
        state = rows(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(sequence))).fetchone()
        assert state is not None
        sequences.append([table, column, *state])
    return {
        "extensions": [name for (name,) in rows(_EXTENSIONS).fetchall()],
        "tables": tables,
        "functions": functions,
        "indexes": [text for (text,) in rows(_INDEXES).fetchall()],
        "constraints": after,
        "triggers": [text for (text,) in rows(_TRIGGERS).fetchall()],
        "sequences": sequences,
    }


class _Column:
    def __init__(
        self, name: str, kind: str, required: bool, identity: str, generated: str, default: str | None
    ) -> None:
        self.name, self.generated = name, bool(generated)
        parts = [_quoted(name), kind]
        if generated:
            parts.append(f"GENERATED ALWAYS AS ({default}) STORED")
        elif identity:
            parts.append(f"GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY")
        elif default:
            parts.append(f"DEFAULT {default}")
        if required:
            parts.append("NOT NULL")
        self.definition = " ".join(parts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _schema(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SELECT quote_ident(current_schema())").fetchone()
    assert row is not None
    return str(row[0])


def rows_of(connection: psycopg.Connection[Any], table: str, columns: list[str]) -> Iterator[bytes]:
    """The rows of a table in PostgreSQL's text form, in the order of its first column, so that equal rows make equal pieces."""
    named = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY 1) TO STDOUT").format(named, sql.Identifier(table))
    with connection.cursor().copy(query) as copy:
        for block in copy:
            yield bytes(block)


def counts(connection: psycopg.Connection[Any], tables: Iterable[str]) -> dict[str, int]:
    """Rows of every table."""
    found = {}
    for table in tables:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        assert row is not None
        found[table] = row[0]
    return found


def require_empty(connection: psycopg.Connection[Any]) -> None:
    """Raises `CannotBackUp` when there are tables already."""
    tables = connection.execute(_TABLES).fetchall()
    if tables:
        raise CannotBackUp(
            f"目标数据库里已有{len(tables)}张表，不是空的，没有恢复。请建一个空的数据库，把DATABASE_URL指向它。",
            f"The target database holds {len(tables)} tables: nothing was restored. Make an empty one, point DATABASE_URL to it.",
        )


def load(connection: psycopg.Connection[Any], structure: dict[str, Any], read: Any) -> None:
    """Make the tables and fill them, in the caller's transaction. `read(table)` yields the rows as `rows_of` gave them."""
    try:
        for name in structure["extensions"]:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
        connection.execute("SET LOCAL check_function_bodies = off")
        for text in structure["functions"]:
            connection.execute(text)
        for table, made in structure["tables"].items():
            connection.execute(made["create"])
            columns = sql.SQL(", ").join(map(sql.Identifier, made["columns"]))
            copying = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
            with connection.cursor().copy(copying) as copy:
                for block in read(table):
                    copy.write(block)
        for text in (*structure["indexes"], *structure["constraints"], *structure["triggers"]):
            connection.execute(text)
        for table, column, last, called in structure["sequences"]:
            find = "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)"
            connection.execute(find, [_quoted(table), column, last, called])
    except psycopg.Error as error:
        raise Damaged(
            f"数据库没有恢复成，目标没有改变：{str(error).splitlines()[0]}",
            f"The database was not restored, the target is unchanged: {str(error).splitlines()[0]}",
        ) from error


@contextmanager
def scratch(address: str | dict[str, Any]) -> Iterator[tuple[psycopg.Connection[Any], dict[str, str]]]:
    """A schema beside the live one, gone at the end; the connection to it and the environment that leads a child there.

    What a killed run left is removed first: its schema is known by its prefix and by nobody being connected to it.
    """
    name = f"{SCRATCH}{secrets.token_hex(4)}"
    with connected(address) as connection:
        _drop_left_over(connection)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("SET search_path TO {}, public").format(sql.Identifier(name)))
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        connection.commit()
        options = f"{os.environ.get('PGOPTIONS', '')} -c search_path={name},public".strip()
        try:
            yield connection, {"PGOPTIONS": options}
        finally:
            connection.rollback()
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
            connection.commit()


def _drop_left_over(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [SCRATCH]).fetchall()
    for (name,) in found:
        free = connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone()
        if free and free[0]:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
    connection.commit()

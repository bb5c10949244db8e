"""SQL that Django compiles once and then only executes, for the few verbs that run at every step of every case.

Building a query costs Django several times what the database needs to answer it. These functions write and read the very
rows that `save` and a queryset would; they send no signals.

    insert(act)                                     # act.save(force_insert=True)
    update(task, "state", "done_at")                # task.save(update_fields=["state", "done_at"])

    CLOSE = Statement(lambda: Todo.objects.filter(subject=Param("subject")), done_at=Param("at"))
    CLOSE.execute(subject="step:7", at=at)          # an UPDATE; the number of rows
    HELD = Statement(lambda: DutyHolder.objects.filter(case=Param("case")).values_list("duty"))
    HELD.rows(case=7)                               # tuples, or instances when the queryset has no `values_list`
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

MOST = 2**63 - 1


class Param(Expression):
    """A place in a query that gets its value when it is executed: a text, a number, a truth value, a day or a moment."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """A placeholder, with itself where the value will be."""
        return "%s", [self]


@dataclass(frozen=True)
class _Compiled:
    sql: str
    params: tuple[Any, ...]
    compiler: Any
    converters: dict[int, Any]
    model: Any = None
    columns: slice | None = None
    names: tuple[str, ...] = ()
    related: Sequence[Any] = ()


class Statement:
    """A query compiled at its first use on a connection. With `changes` it is an UPDATE, else a SELECT.

    `make` is called late, when every model is loaded. NULL is asked for with `__isnull`, never with a `Param`.
    """

    def __init__(self, make: Callable[[], QuerySet[Any, Any]], **changes: Any) -> None:
        self._make, self._changes = make, changes

    def execute(self, **values: Any) -> int:
        """Run the UPDATE; the number of rows it changed."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiled = _kept(connection, self, self._compile)
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, _bound(compiled.params, values, connection))
            return int(cursor.rowcount)

    def rows(self, **values: Any) -> list[Any]:
        """What the SELECT finds: tuples of `values_list`, else instances with what `select_related` and `only` say."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiled = _kept(connection, self, self._compile)
        if _out_of_range(values):
            return []
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, _bound(compiled.params, values, connection))
            found = cursor.fetchall()
        if compiled.converters:
            found = list(compiled.compiler.apply_converters(found, compiled.converters))
        return [_instance(compiled, row) for row in found] if compiled.model else [tuple(row) for row in found]

    def first(self, **values: Any) -> Any:
        """The first of `rows`, or None."""
        return next(iter(self.rows(**values)), None)

    def _compile(self, connection: Any) -> _Compiled:
        queryset = self._make()
        query = queryset.query
        if self._changes:
            query = query.chain(UpdateQuery)
            query.add_update_values(self._changes)  # type: ignore[attr-defined]
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        if self._changes:
            return _Compiled(sql, tuple(params), compiler, {})
        converters = compiler.get_converters([column[0] for column in compiler.select])
        info = compiler.klass_info
        if not query.default_cols:  # `values_list`: the columns go to no model
            return _Compiled(sql, tuple(params), compiler, converters)
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        names = tuple(column[0].target.attname for column in compiler.select[columns])
        related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        return _Compiled(sql, tuple(params), compiler, converters, info["model"], columns, names, related)


def _instance(compiled: _Compiled, row: Sequence[Any]) -> Model:
    found = compiled.model.from_db(DEFAULT_DB_ALIAS, compiled.names, row[compiled.columns or slice(0)])
    for populator in compiled.related:
        populator.populate(row, found)
    return cast(Model, found)


def _bound(params: tuple[Any, ...], values: dict[str, Any], connection: Any) -> list[Any]:
    return [_adapted(values[p.name], connection) if isinstance(p, Param) else p for p in params]


def _out_of_range(values: dict[str, Any]) -> bool:
    """True when a number is larger than any key: nothing can match it, and a database would raise."""
    return any(isinstance(value, int) and abs(value) > MOST for value in values.values())


def _adapted(value: Any, connection: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value


def _kept(connection: Any, key: object, make: Callable[[Any], Any]) -> Any:
    """What was compiled for this connection: kept on it, because converters and quoting are its own."""
    kept = connection.__dict__.setdefault("compiled_statements", {})
    if key not in kept:
        kept[key] = make(connection)
    return kept[key]


def insert(instance: Model) -> None:
    """Write a new row and give `instance` its key, as `save(force_insert=True)` does."""
    connection, meta = connections[DEFAULT_DB_ALIAS], instance._meta
    fields = _fields(instance)
    key = ("insert", type(instance), len(fields))
    sql = _kept(connection, key, lambda c: f"{_insert_sql(c, instance, fields)} RETURNING {_quoted(c, meta.pk)}")
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(instance, fields, connection))
        instance.pk = cursor.fetchone()[0]
    instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS


def insert_once(instance: Model) -> None:
    """Write a new row unless a unique rule says that it is there already; its key is not read back."""
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(instance)
    key = ("insert once", type(instance), len(fields))
    sql = _kept(connection, key, lambda c: f"{_insert_sql(c, instance, fields)} ON CONFLICT DO NOTHING")
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(instance, fields, connection))


def insert_all(instances: Sequence[Model]) -> None:
    """Write new rows of one model, as `bulk_create` does; keys that the database gives are not read back."""
    if not instances:
        return
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(instances[0])
    key = ("insert all", type(instances[0]), len(fields))
    sql = _kept(connection, key, lambda c: _insert_sql(c, instances[0], fields))
    with connection.cursor() as cursor:
        cursor.executemany(sql, [_values(instance, fields, connection) for instance in instances])


def insert_all_once(instances: Sequence[Model]) -> None:
    """Write new rows of one model, without those that a unique rule says are there already."""
    if not instances:
        return
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(instances[0])
    key = ("insert all once", type(instances[0]), len(fields))
    sql = _kept(connection, key, lambda c: f"{_insert_sql(c, instances[0], fields)} ON CONFLICT DO NOTHING")
    with connection.cursor() as cursor:
        cursor.executemany(sql, [_values(instance, fields, connection) for instance in instances])


def upsert_all(instances: Sequence[Model], *, unique: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Write rows of one model, as `bulk_create(update_conflicts=True)` does: of a row with the same `unique` fields, `names` change."""
    if not instances:
        return
    connection, fields = connections[DEFAULT_DB_ALIAS], _fields(instances[0])
    key = ("upsert all", type(instances[0]), len(fields), unique, names)
    sql = _kept(connection, key, lambda c: _upsert_sql(c, instances[0], fields, unique, names))
    with connection.cursor() as cursor:
        cursor.executemany(sql, [_values(instance, fields, connection) for instance in instances])


def update(instance: Model, *names: str) -> None:
    """Write these fields of a row, as `save(update_fields=names)` does. Raises `DatabaseError` when it is gone."""
    connection, meta = connections[DEFAULT_DB_ALIAS], instance._meta
    fields = cast("list[Field[Any, Any]]", [meta.get_field(name) for name in names])
    sql = _kept(connection, ("update", type(instance), names), lambda c: _update_sql(c, instance, fields))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(instance, fields, connection, adding=False), instance.pk])
        if cursor.rowcount != 1:
            raise DatabaseError("the row to update is gone")


def _fields(instance: Model) -> "list[Field[Any, Any]]":
    return [f for f in instance._meta.concrete_fields if not (f.primary_key and instance.pk is None)]


def _values(instance: Model, fields: "list[Field[Any, Any]]", connection: Any, *, adding: bool = True) -> list[Any]:
    return [f.get_db_prep_save(f.pre_save(instance, adding), connection) for f in fields]


def _quoted(connection: Any, field: Any) -> str:
    return str(connection.ops.quote_name(field.column))


def _insert_sql(connection: Any, instance: Model, fields: "list[Field[Any, Any]]") -> str:
    table = connection.ops.quote_name(instance._meta.db_table)
    columns, places = ", ".join(_quoted(connection, f) for f in fields), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608


def _upsert_sql(
    connection: Any,
    instance: Model,
    fields: "list[Field[Any, Any]]",
    unique: tuple[str, ...],
    names: tuple[str, ...],
) -> str:
    meta = instance._meta
    same = ", ".join(_quoted(connection, meta.get_field(name)) for name in unique)
    changed = [_quoted(connection, meta.get_field(name)) for name in names]
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in changed)
    return f"{_insert_sql(connection, instance, fields)} ON CONFLICT ({same}) DO UPDATE SET {changes}"


def _update_sql(connection: Any, instance: Model, fields: "list[Field[Any, Any]]") -> str:
    table, key = connection.ops.quote_name(instance._meta.db_table), _quoted(connection, instance._meta.pk)
    changes = ", ".join(f"{_quoted(connection, f)} = %s" for f in fields)
    return f"UPDATE {table} SET {changes} WHERE {key} = %s"  # noqa: S608

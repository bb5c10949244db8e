"""Backup and restore on a PostgreSQL server: one snapshot, tables with everything that guards them, into an empty database."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.config.installation import BEGIN, quiet
from tests.factories import MONDAY, SmallCounty
from zhengtong.config.backup import postgres, recovery
from zhengtong.config.backup.drill import drill
from zhengtong.config.backup.refusals import CannotBackUp
from zhengtong.config.backup.restore import Reader, open_backup, restore
from zhengtong.config.backup.take import take
from zhengtong.security.audit import public as audit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("postgresql" not in str(connection.settings_dict["ENGINE"]), reason="a city on a server"),
]


def address_of(name: str) -> str:
    server = connection.settings_dict
    host = quote(server["HOST"], safe="")
    return f"postgresql://{server['USER']}:{server['PASSWORD']}@/{name}?host={host}"


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of an empty database that is gone afterwards."""
    name = f"{connection.settings_dict['NAME']}_back"
    with psycopg.connect(address_of("postgres"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield address_of(name)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def reader(small_county: SmallCounty, tmp_path: Path) -> Reader:
    """An opened backup of the test's database."""
    for number in range(20):
        audit.record_read(
            by=small_county.auditor.pk,
            subject=f"user:{number}",
            purpose="核验",
            basis="法",
            fields=["phone"],
            at=MONDAY,
        )
    shutil.copytree(settings.DATA / "keys", tmp_path / "data" / "keys")
    key = recovery.Passphrase(b"tree-seven-river-stone")
    take(
        data=tmp_path / "data",
        database=connection.settings_dict,
        into=tmp_path / "backups",
        recovery=key,
        with_keys=True,
        at=BEGIN,
        say=quiet,
    )
    return open_backup(folder=tmp_path / "backups", name="", recovery=key)


def shape(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    found = postgres.structure(connection)
    return {**found, "counts": postgres.counts(connection, found["tables"])}


def without_casts(text: str) -> str:
    return re.sub(r"::(character varying|text|\w+)(\(\d+\))?(\[\])?|[() ]", "", text)


def test_everything_comes_back_guards_included(reader: Reader, empty: str, tmp_path: Path) -> None:
    done = restore(reader=reader, into=tmp_path / "back", address=empty, say=quiet)
    assert done.found["audit"]["entries"] >= 20
    with psycopg.connect(address_of(connection.settings_dict["NAME"])) as live, psycopg.connect(empty) as back:
        found, wanted = shape(back), shape(live)
        for kind in (
            "indexes",
            "constraints",
        ):  # the server writes casts in conditions in another place the second time
            assert sorted(map(without_casts, found.pop(kind))) == sorted(map(without_casts, wanted.pop(kind)))
        assert found == wanted
        with pytest.raises(psycopg.errors.IntegrityError, match="append-only"):
            back.execute("DELETE FROM audit_auditentry")


def test_a_database_with_tables_is_left_alone(reader: Reader, empty: str, tmp_path: Path) -> None:
    with psycopg.connect(empty, autocommit=True) as server:
        server.execute("CREATE TABLE kept (n integer)")
    with pytest.raises(CannotBackUp, match="不是空的"):
        restore(reader=reader, into=tmp_path / "back", address=empty, say=quiet)
    with pytest.raises(CannotBackUp, match="DATABASE_URL"):
        restore(reader=reader, into=tmp_path / "back", address="", say=quiet)
    with psycopg.connect(empty) as server:
        assert list(postgres.structure(server)["tables"]) == ["kept"]
    assert not (tmp_path / "back").exists()


def test_the_drill_leaves_nothing_in_the_server(reader: Reader) -> None:
    address = address_of(connection.settings_dict["NAME"])
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE SCHEMA {postgres.SCRATCH}left_by_a_killed_run")
    figures = drill(open_reader=lambda: reader, address=address, now=BEGIN, start=False, say=quiet)
    assert figures.audit_entries >= 20
    with psycopg.connect(address) as server:
        left = server.execute("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [postgres.SCRATCH])
        assert left.fetchall() == []

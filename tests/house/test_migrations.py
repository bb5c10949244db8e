"""The real migrations, from empty to the models as they are."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

pytestmark = pytest.mark.migrations


@pytest.fixture
def empty_place(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a product with an empty database: a new folder, and a new database on the test's server."""
    environment = {**os.environ, "DATA": str(tmp_path)}
    if connection.vendor == "sqlite":
        yield environment
        return
    name, url = f"zhengtong_migrations_{os.getpid()}", os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield {**environment, "DATABASE_URL": other_database(url, name)}
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def other_database(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zhengtong.config.cli", "manage", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_from_empty_to_now(empty_place):
    migrated = manage(empty_place, "migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr
    checked = manage(empty_place, "makemigrations", "--check", "--dry-run")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    again = manage(empty_place, "migrate", "--check")
    assert again.returncode == 0, again.stdout + again.stderr

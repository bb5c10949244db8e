"""Puts a rating into the tables as they were before `ratings`, migrates, and prints what became of it. Started by a test."""

from datetime import UTC, datetime
from typing import Any

import django
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NOW = datetime(2026, 9, 21, tzinfo=UTC)


def before(apps: Any) -> None:
    """One rated case, by the models of that time."""
    body = apps.get_model("organizations", "Organization").objects.create(code="b", name="局", kind="department")
    matter = apps.get_model("matters", "Matter").objects.create(key="m", implementation_code="i", department=body)
    version = apps.get_model("matters", "MatterVersion").objects.create(
        matter=matter,
        number=1,
        document={},
        name="事项",
        type_code="01",
        level="4",
        handling_type="2",
        audiences="1",
        promised_workdays=7,
        created_at=NOW,
    )
    case = apps.get_model("cases", "Case").objects.create(
        matter=matter,
        version=version,
        department=body,
        acceptance_point=body,
        applicant_kind="person",
        applicant_name="某人",
        state="draft",
        created_at=NOW,
    )
    apps.get_model("cases", "Rating").objects.create(case=case, code=4, comment="慢", rated_at=NOW)


def main() -> None:
    django.setup()
    executor = MigrationExecutor(connection)
    old = [("cases", "0004_linked_licences"), ("organizations", "0001_initial"), ("vault", "0001_initial")]
    executor.migrate(old)
    before(executor.loader.project_state(old).apps)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    from zhengtong.approvals.ratings.models import Rating

    rating = Rating.objects.select_related("department").get()
    print(rating.code, rating.comment, rating.department.code, rating.standing, rating.tags)


main()

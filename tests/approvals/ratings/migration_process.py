"""Puts a rating and a paper into the tables as they were once, migrates, and prints what became of them. Started by a test."""

import json
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
    papers = apps.get_model("cases", "Paper").objects
    kept = {"kind": "receipt", "organization": body, "case": case, "issued_at": NOW, "title": "凭证"}
    first = papers.create(number="收1号", verify_code="A", data={"organ": "局", "rows": [1, 2]}, **kept)
    papers.create(number="收2号", verify_code="B", data={}, base=first, **kept)


def main() -> None:
    django.setup()
    executor = MigrationExecutor(connection)
    old = [("cases", "0004_linked_licences"), ("organizations", "0001_initial"), ("vault", "0001_initial")]
    executor.migrate(old)
    before(executor.loader.project_state(old).apps)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    from zhengtong.approvals.cases.models import Paper
    from zhengtong.approvals.ratings.models import Rating

    rating = Rating.objects.select_related("department").get()
    print(rating.code, rating.comment, rating.department.code, rating.standing, rating.tags)
    print(*(json.dumps(paper.content, ensure_ascii=False) for paper in Paper.objects.all()), sep="\n")


main()

"""Ratings that came over belong to the department of their case; the row can then not be without one (a step of its own: PostgreSQL)."""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps: Any, schema_editor: Any) -> None:
    """One statement, whatever the number of rows."""
    rating, case = apps.get_model('ratings', 'Rating'), apps.get_model('cases', 'Case')
    of_case = case.objects.filter(pk=OuterRef('case_id')).values('department_id')[:1]
    rating.objects.filter(department__isnull=True).update(department_id=Subquery(of_case))


class Migration(migrations.Migration):

    dependencies = [
        ('ratings', '0002_rating_of_a_case_or_a_visit'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]

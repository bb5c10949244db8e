"""The rating of a case belongs to `ratings`; the table is taken over there, with its rows."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0004_linked_licences'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel('Rating')]),
    ]

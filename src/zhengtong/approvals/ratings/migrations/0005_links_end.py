"""Links that ended are found by their end and cleared; an index of what few links are about holds only those."""


import django.db.models.deletion
from django.db import migrations, models


DROPPED = {
    "ratings_invitation_visit_id_ae026aaf": "visit_id",
    "ratings_invitation_rating_id_cb85221b": "rating_id",
}


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0006_lean_indexes'),
        ('ratings', '0004_department_is_known'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f'DROP INDEX IF EXISTS "{index}"', f'CREATE INDEX "{index}" ON "ratings_invitation" ("{column}")')
                for index, column in DROPPED.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='invitation',
                    name='rating',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ratings.rating'),
                ),
                migrations.AlterField(
                    model_name='invitation',
                    name='visit',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ratings.visit'),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('visit__isnull', False)), fields=['visit'], name='invitation_of_visit'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('rating__isnull', False)), fields=['rating'], name='invitation_of_rating'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(fields=['expires_at'], name='invitation_by_end'),
        ),
    ]

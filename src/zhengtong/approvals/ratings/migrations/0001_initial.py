"""The rating of a case comes over from `cases` with its rows and becomes that of a case or of a visit; what hangs on it is new."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cases', '0005_rating_moves_out'),
        ('organizations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='Rating',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.PositiveSmallIntegerField(choices=[(1, '非常满意'), (2, '满意'), (3, '基本满意'), (4, '不满意'), (5, '非常不满意')])),
                        ('comment', models.CharField(blank=True, max_length=500)),
                        ('rated_at', models.DateTimeField()),
                        ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rating', to='cases.case')),
                        ('rated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': '评价',
                        'db_table': 'cases_rating',
                        'constraints': [models.CheckConstraint(condition=models.Q(('code__gte', 1), ('code__lte', 5)), name='rating_code')],
                    },
                ),
            ],
        ),
        migrations.AlterModelTable('Rating', None),
    ]

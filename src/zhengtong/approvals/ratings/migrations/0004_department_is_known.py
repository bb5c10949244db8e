"""Every rating is about a body."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0001_initial'),
        ('ratings', '0003_departments'),
    ]

    operations = [
        migrations.AlterField('rating', 'department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
    ]

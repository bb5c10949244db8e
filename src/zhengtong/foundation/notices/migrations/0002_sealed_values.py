"""The phone of somebody without an account is sealed."""

from typing import Any

from django.db import migrations, models

from zhengtong.kernel import sealed


def seal_notice(apps: Any, schema_editor: Any) -> None:
    sealed.seal_plain_columns(apps.get_model('notices', 'notice').objects.all(), phone='phone_plain')


class Migration(migrations.Migration):

    dependencies = [
        ('notices', '0001_initial'),
        ('vault', '0001_initial'),
    ]

    operations = [
        migrations.AddField('notice', 'seal', models.BinaryField(default=sealed.new_seal, editable=False, max_length=16, null=True)),
        migrations.RenameField('notice', 'phone', 'phone_plain'),
        migrations.AddField('notice', 'phone', sealed.EncryptedText(blank=True, default='', verbose_name='手机')),
        migrations.RunPython(seal_notice, migrations.RunPython.noop),
        migrations.RemoveField('notice', 'phone_plain'),
    ]

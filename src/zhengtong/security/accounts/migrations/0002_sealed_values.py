"""Identity numbers, phones and addresses are sealed; what is there already is sealed by this step."""

from typing import Any

from django.db import migrations, models

from zhengtong.kernel import sealed


def seal_enterprise(apps: Any, schema_editor: Any) -> None:
    sealed.seal_plain_columns(apps.get_model('accounts', 'enterprise').objects.all(), phone='phone_plain', address='address_plain')


def seal_user(apps: Any, schema_editor: Any) -> None:
    sealed.seal_plain_columns(apps.get_model('accounts', 'user').objects.all(), resident_id='resident_id_plain', phone='phone_plain', address='address_plain')


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('vault', '0001_initial'),
    ]

    operations = [
        migrations.AddField('enterprise', 'seal', models.BinaryField(default=sealed.new_seal, editable=False, max_length=16, null=True)),
        migrations.RenameField('enterprise', 'phone', 'phone_plain'),
        migrations.AddField('enterprise', 'phone', sealed.EncryptedText(blank=True, default='', verbose_name='电话')),
        migrations.RenameField('enterprise', 'address', 'address_plain'),
        migrations.AddField('enterprise', 'address', sealed.EncryptedText(blank=True, default='', verbose_name='住所')),
        migrations.RunPython(seal_enterprise, migrations.RunPython.noop),
        migrations.RemoveField('enterprise', 'phone_plain'),
        migrations.RemoveField('enterprise', 'address_plain'),
        migrations.AddField('user', 'seal', models.BinaryField(default=sealed.new_seal, editable=False, max_length=16, null=True)),
        migrations.RenameField('user', 'resident_id', 'resident_id_plain'),
        migrations.AddField('user', 'resident_id', sealed.EncryptedText(blank=True, index='resident_id_index', null=True, verbose_name='公民身份号码')),
        migrations.RenameField('user', 'phone', 'phone_plain'),
        migrations.AddField('user', 'phone', sealed.EncryptedText(blank=True, default='', index='phone_index', verbose_name='手机')),
        migrations.RenameField('user', 'address', 'address_plain'),
        migrations.AddField('user', 'address', sealed.EncryptedText(blank=True, default='', verbose_name='住址')),
        migrations.AddField('user', 'phone_index', sealed.BlindIndex(db_index=True, of='phone')),
        migrations.AddField('user', 'resident_id_index', sealed.BlindIndex(of='resident_id', unique=True)),
        migrations.RunPython(seal_user, migrations.RunPython.noop),
        migrations.RemoveField('user', 'resident_id_plain'),
        migrations.RemoveField('user', 'phone_plain'),
        migrations.RemoveField('user', 'address_plain'),
    ]

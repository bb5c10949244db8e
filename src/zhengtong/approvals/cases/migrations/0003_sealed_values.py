"""Who applied and what they answered is sealed; what is there already is sealed by this step."""

from typing import Any

from django.db import migrations, models

from zhengtong.kernel import sealed


def seal_case(apps: Any, schema_editor: Any) -> None:
    sealed.seal_plain_columns(apps.get_model('cases', 'case').objects.all(), applicant_id_number='applicant_id_number_plain', applicant_phone='applicant_phone_plain', applicant_address='applicant_address_plain', answers='answers_plain')


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_sealed_values'),
        ('cases', '0002_leaner_rows'),
        ('vault', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex('case', 'case_by_id_number'),
        migrations.AddField('case', 'seal', models.BinaryField(default=sealed.new_seal, editable=False, max_length=16, null=True)),
        migrations.RenameField('case', 'applicant_id_number', 'applicant_id_number_plain'),
        migrations.AddField('case', 'applicant_id_number', sealed.EncryptedText(default='', index='applicant_id_index', verbose_name='证件号码')),
        migrations.RenameField('case', 'applicant_phone', 'applicant_phone_plain'),
        migrations.AddField('case', 'applicant_phone', sealed.EncryptedText(blank=True, default='', verbose_name='联系电话')),
        migrations.RenameField('case', 'applicant_address', 'applicant_address_plain'),
        migrations.AddField('case', 'applicant_address', sealed.EncryptedText(blank=True, default='', verbose_name='地址')),
        migrations.RenameField('case', 'answers', 'answers_plain'),
        migrations.AddField('case', 'answers', sealed.EncryptedJSON(default=dict, verbose_name='申请内容')),
        migrations.AddField('case', 'applicant_id_index', sealed.BlindIndex(of='applicant_id_number')),
        migrations.AddField('case', 'corrections', sealed.EncryptedJSON(default=dict, verbose_name='当场更正')),
        migrations.RunPython(seal_case, migrations.RunPython.noop),
        migrations.RemoveField('case', 'applicant_id_number_plain'),
        migrations.RemoveField('case', 'applicant_phone_plain'),
        migrations.RemoveField('case', 'applicant_address_plain'),
        migrations.RemoveField('case', 'answers_plain'),
        migrations.AddIndex('case', models.Index(fields=['applicant_id_index'], name='case_by_id_number')),
    ]

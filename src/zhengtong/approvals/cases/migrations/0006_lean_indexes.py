"""An index of a foreign key alone is not kept beside one that begins with it, nor for what few cases have. Indexes only: no row is touched."""


import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


DROPPED = {
    "cases_case_department_id_c5b7309d": "department_id",
    "cases_case_acceptance_point_id_c6ef71da": "acceptance_point_id",
    "cases_case_township_id_297cee2c": "township_id",
    "cases_case_amends_id_0ef5c63d": "amends_id",
    "cases_case_applicant_user_id_d94979f9": "applicant_user_id",
    "cases_case_applicant_enterprise_id_a28ba308": "applicant_enterprise_id",
    "cases_case_filed_by_id_3f8c8a34": "filed_by_id",
    "cases_case_mandate_id_97e2c57c": "mandate_id",
    "cases_case_assisted_by_id_ee9161c9": "assisted_by_id",
}


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_province_link'),
        ('cases', '0005_rating_moves_out'),
        ('matters', '0001_initial'),
        ('organizations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(f'DROP INDEX IF EXISTS "{index}"', f'CREATE INDEX "{index}" ON "cases_case" ("{column}")')
                for index, column in DROPPED.items()
            ],
            state_operations=[
                migrations.AlterField(
                    model_name='case',
                    name='acceptance_point',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization', verbose_name='受理点'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='amends',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successors', to='cases.licence', verbose_name='原证'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='applicant_enterprise',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='accounts.enterprise'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='applicant_user',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='assisted_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='代填工作人员'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='department',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization', verbose_name='实施主体'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='filed_by',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='filed_cases', to=settings.AUTH_USER_MODEL, verbose_name='提交人'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='mandate',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.mandate'),
                ),
                migrations.AlterField(
                    model_name='case',
                    name='township',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization'),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('township__isnull', False)), fields=['township'], name='case_with_township'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('amends__isnull', False)), fields=['amends'], name='case_with_amends'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('mandate__isnull', False)), fields=['mandate'], name='case_with_mandate'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('assisted_by__isnull', False)), fields=['assisted_by'], name='case_with_assisted_by'),
        ),
    ]

"""Checkpoints bear two time stamps; those of an older county get the one of SM2 as well, with the time at which it is given."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_merkle_log")]

    operations = [
        migrations.AddField("checkpoint", "sm2_token", models.BinaryField("SM2时间戳", null=True)),
        migrations.AlterField("checkpoint", "token", models.BinaryField("P-256时间戳", null=True)),
        migrations.AddIndex(
            "checkpoint",
            models.Index(
                fields=["size"],
                name="audit_unstamped",
                condition=models.Q(("token__isnull", True), ("sm2_token__isnull", True), _connector="OR"),
            ),
        ),
    ]

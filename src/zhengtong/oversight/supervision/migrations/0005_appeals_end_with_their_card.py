"""An appeal ends with its card; those whose card had fallen by itself before are ended now."""

from typing import Any

from django.db import migrations, models


def end_left_open(apps: Any, schema_editor: Any) -> None:
    appeals = apps.get_model("supervision", "Appeal")
    left = appeals.objects.filter(state__in=("filed", "reported_up"), card__state__in=("auto_revoked", "settled"))
    left.update(state="lapsed")


class Migration(migrations.Migration):
    dependencies = [("supervision", "0004_stuck_clocks")]

    operations = [
        migrations.AlterField(
            model_name="appeal",
            name="state",
            field=models.CharField(
                choices=[
                    ("filed", "待处理"),
                    ("reported_up", "已上报"),
                    ("upheld", "申诉成立，卡已撤销"),
                    ("sent_back", "申诉不成立，维持"),
                    ("lapsed", "卡已自动失效，申诉终结"),
                ],
                default="filed",
                max_length=12,
            ),
        ),
        migrations.RunPython(end_left_open, migrations.RunPython.noop),
    ]

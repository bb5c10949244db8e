"""What a paper says is kept packed: it is read whole, for decades, and never searched. Nothing of it changes."""

from typing import Any

from django.db import migrations

import zhengtong.kernel.columns

BATCH = 500


def _copy(apps: Any, source: str, target: str) -> None:
    model = apps.get_model("cases", "Paper")
    last = 0
    while papers := list(model.objects.filter(pk__gt=last).order_by("pk").only("pk", source)[:BATCH]):
        for paper in papers:
            setattr(paper, target, getattr(paper, source))
        model.objects.bulk_update(papers, [target])
        last = papers[-1].pk


def pack(apps: Any, editor: Any) -> None:
    """Text to packed."""
    _copy(apps, "data", "packed")


def unpack(apps: Any, editor: Any) -> None:
    """Packed to text."""
    _copy(apps, "packed", "data")


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_lean_indexes")]

    operations = [
        migrations.AddField(
            model_name="paper",
            name="packed",
            field=zhengtong.kernel.columns.PackedJSONField(default=dict),
            preserve_default=False,
        ),
        migrations.RunPython(pack, unpack),
        # Going back, the text's column begins empty; `unpack` fills it.
        migrations.AlterField(
            model_name="paper", name="data", field=zhengtong.kernel.columns.CompactJSONField(default=dict)
        ),
        migrations.RemoveField(model_name="paper", name="data"),
        migrations.RenameField(model_name="paper", old_name="packed", new_name="data"),
    ]

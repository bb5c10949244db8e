"""The batches of events go: the checkpoints of the audit log cover every event and bear the stamps.

Batches that an older county stamped stay as files, as their page gave them out: DATA/timestamps/batches/batch-N.txt with the digests,
batch-N-p256.tst and batch-N-sm2.tst with the stamps. What waited for a stamp is covered by the next checkpoint.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import migrations

HEADING = "zhengtong timestamps batch 1: event sha256 sm3\n"
LEAF = 8 + 32 + 32


def keep_stamps(apps: Any, editor: Any) -> None:
    """Write every stamped batch to files. Writing them again changes nothing."""
    stamps = apps.get_model("timestamps", "Stamp").objects.order_by("id")
    folder = Path(settings.DATA) / "timestamps" / "batches"
    for stamp in stamps.iterator(chunk_size=100):
        folder.mkdir(parents=True, exist_ok=True)
        lines = [HEADING]
        for packed in stamp.gathered.order_by("id").values_list("leaves", flat=True):
            kept = bytes(packed)
            for at in range(0, len(kept), LEAF):
                event, a, b = kept[at : at + 8], kept[at + 8 : at + 40], kept[at + 40 : at + LEAF]
                lines.append(f"{int.from_bytes(event, 'big')} {a.hex()} {b.hex()}\n")
        (folder / f"batch-{stamp.pk}.txt").write_bytes("".join(lines).encode("ascii"))
        (folder / f"batch-{stamp.pk}-p256.tst").write_bytes(bytes(stamp.p256))
        (folder / f"batch-{stamp.pk}-sm2.tst").write_bytes(bytes(stamp.sm2))


def settle_deliveries(apps: Any, editor: Any) -> None:
    """What the receiver that is gone had not taken, nobody has to take any more."""
    waiting = apps.get_model("events", "Delivery").objects.filter(receiver="timestamps")
    waiting.update(state="done", next_attempt_at=None)


class Migration(migrations.Migration):
    dependencies = [("timestamps", "0001_initial"), ("events", "0001_initial")]

    operations = [
        migrations.RunPython(keep_stamps, migrations.RunPython.noop),
        migrations.RunPython(settle_deliveries, migrations.RunPython.noop),
        migrations.DeleteModel("Gathered"),
        migrations.DeleteModel("Stamp"),
    ]

"""The hash chain becomes an authenticated chain under a Merkle tree; entries of an older county are carried over."""

from datetime import UTC
from hashlib import sha256
from json import dumps
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

GUARDS = {
    "audit_auditentry": ("audit_entry_update", "audit_entry_delete", "audit_entry_change", "audit_entry_truncate"),
    "audit_chainhead": ("audit_head_update", "audit_head_delete", "audit_head_truncate"),
}


def lift(apps: Any, editor: Any) -> None:
    """The guards are installed again after the migration."""
    for table, names in GUARDS.items():
        for name in names:
            on = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
            editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def carry_over(apps: Any, editor: Any) -> None:
    """Check the old chain to its end, and give every entry the mac of this process. Refuses a chain that is broken."""
    from zhengtong.security.audit import signing
    from zhengtong.security.audit.models import canonical_form, microseconds
    from zhengtong.security.audit.records import mac_over

    entries, heads = apps.get_model("audit", "AuditEntry").objects, apps.get_model("audit", "ChainHead").objects
    previous, mac, last = bytes(32), bytes(16), 0
    for entry in entries.order_by("seq").iterator(chunk_size=2000):
        words = (entry.action, entry.actor_id, entry.on_behalf_of, entry.subject, entry.purpose, entry.basis)
        tail = (*words, entry.detail, entry.outbox_id)
        times = [t.astimezone(UTC).isoformat(timespec="microseconds") for t in (entry.recorded_at, entry.effective_at)]
        old = dumps([1, entry.seq, *times, *tail], sort_keys=True, separators=(",", ":")).encode()
        if bytes(entry.prev_hash) != previous or sha256(previous + old).digest() != bytes(entry.hash):
            raise ValueError(f"audit entry {entry.seq} does not fit the chain: restore a backup before upgrading")
        previous, last = bytes(entry.hash), entry.seq
        stamps = (microseconds(entry.recorded_at), microseconds(entry.effective_at))
        mac = mac_over(signing.entry_key("console", create=True), mac, canonical_form(entry.seq, *stamps, *tail))
        entries.filter(pk=entry.pk).update(mac=mac, submitter="console")
    if last:
        heads.filter(seq=last).update(mac=mac)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunPython(lift, migrations.RunPython.noop),
        migrations.AddField("auditentry", "submitter", models.CharField("提交进程", max_length=12, default="console"), preserve_default=False),
        migrations.AddField("auditentry", "mac", models.BinaryField("校验码", max_length=16, default=b""), preserve_default=False),
        migrations.AddField("chainhead", "mac", models.BinaryField(max_length=16, default=bytes(16))),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField("auditentry", "prev_hash"),
        migrations.RemoveField("auditentry", "hash"),
        migrations.RemoveField("chainhead", "hash"),
        migrations.CreateModel(
            name="LogTile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("sha256", models.BinaryField()),
                ("sm3", models.BinaryField()),
            ],
            options={"verbose_name": "审计树节点"},
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="条数")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="签发时间")),
                ("note", models.TextField(verbose_name="检查点")),
                ("token", models.BinaryField(null=True, verbose_name="时间戳")),
            ],
            options={"verbose_name": "检查点", "ordering": ["-size"]},
        ),
        migrations.CreateModel(
            name="Witness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True, verbose_name="见证方")),
                ("vkey", models.CharField(max_length=300, verbose_name="公钥")),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间")),
            ],
            options={"verbose_name": "见证方", "ordering": ["name"]},
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.CharField(max_length=400, verbose_name="联署")),
                ("at", models.DateTimeField(verbose_name="联署时间")),
                ("checkpoint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="cosignatures", to="audit.checkpoint")),
                ("witness", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="cosignatures", to="audit.witness")),
            ],
            options={"verbose_name": "联署"},
        ),
        migrations.AddConstraint("logtile", models.UniqueConstraint(fields=("level", "index"), name="audit_tile_once")),
        migrations.AddConstraint("cosignature", models.UniqueConstraint(fields=("checkpoint", "witness"), name="audit_cosigned_once")),
    ]

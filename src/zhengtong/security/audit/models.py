"""The chain: entries that are only ever appended, and its head."""

from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.columns import CompactJSONField

GENESIS = bytes(32)
READ = "read"


class AuditEntry(models.Model):
    """One thing that happened, or one read of personal data (`action` "read"). Never updated, never deleted: triggers
    refuse it.

    `detail` holds ids, codes and field names, no personal data. `hash` is SHA-256 over `prev_hash` and the canonical
    JSON of the other fields, so an altered, removed or inserted entry breaks the chain at its place.
    """

    seq = models.BigAutoField(
        _("序号"), primary_key=True
    )  # given by the chain; on SQLite this type needs no index of its own
    recorded_at = models.DateTimeField(_("记录时间"), default=timezone.now)  # the machine's clock, not the caller's
    effective_at = models.DateTimeField(_("发生时间"))
    action = models.CharField(_("事项"), max_length=80)
    actor_id = models.BigIntegerField(_("操作人"), null=True)
    on_behalf_of = models.CharField(_("代表"), max_length=80, blank=True)
    subject = models.CharField(_("对象"), max_length=80, blank=True)
    purpose = models.CharField(_("目的"), max_length=200, blank=True)
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    detail = CompactJSONField(_("内容"), default=dict)
    outbox_id = models.BigIntegerField(_("事件编号"), unique=True, null=True)
    prev_hash = models.BinaryField(_("前一条摘要"), max_length=32)
    hash = models.BinaryField(_("摘要"), max_length=32)

    class Meta:
        verbose_name = _("审计记录")
        ordering = ["-seq"]
        indexes = [
            models.Index(fields=["subject", "seq"], name="audit_subject"),
            models.Index(fields=["actor_id", "seq"], name="audit_actor"),
            models.Index(fields=["effective_at"], name="audit_effective"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.subject}"

    def canonical(self) -> bytes:
        """The bytes that are hashed: a JSON array of every field in a fixed order, times in UTC, keys sorted, ASCII
        only.
        """
        fields: list[Any] = [
            1,  # version of this form, so that a later one can be told apart
            self.seq,
            _utc(self.recorded_at),
            _utc(self.effective_at),
            self.action,
            self.actor_id,
            self.on_behalf_of,
            self.subject,
            self.purpose,
            self.basis,
            self.detail,
            self.outbox_id,
        ]
        return dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    def computed_hash(self) -> bytes:
        """The hash this entry must carry."""
        return sha256(bytes(self.prev_hash) + self.canonical()).digest()

    @property
    def hash_hex(self) -> str:
        """The hash as text."""
        return bytes(self.hash).hex()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class ChainHead(models.Model):
    """Where the chain ends (one row). Locked while an entry is appended, so that two appends never share a predecessor.

    A chain whose last entries were cut off no longer reaches its head.
    """

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(max_length=32, default=GENESIS)

    class Meta:
        verbose_name = _("审计链头")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="audit_one_head")]

    def __str__(self) -> str:
        return f"#{self.seq}"

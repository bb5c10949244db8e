"""The log: entries that are only ever appended, the hashes of its tree, its checkpoints, and who witnesses them."""

from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.columns import CompactJSONField

GENESIS = bytes(16)
READ = "read"
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class AuditEntry(models.Model):
    """One thing that happened, or one read of personal data (`action` "read"). Never updated, never deleted: triggers
    refuse it.

    `detail` holds ids, codes and field names, no personal data. `mac` is HMAC-SHA-256 (first 16 bytes) by the submitting
    process over the `mac` before it and the canonical form: an altered, removed, inserted or forged entry breaks the
    chain at its place, and only who holds the key can make one that fits. The leaf of the Merkle tree is the canonical
    form followed by `mac`, which nobody outside can guess: published hashes tell nothing of the entries.
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
    submitter = models.CharField(_("提交进程"), max_length=12)
    mac = models.BinaryField(_("校验码"), max_length=16)

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
        """The bytes that are authenticated and hashed; see `canonical_form`."""
        return canonical_form(
            self.seq,
            microseconds(self.recorded_at),
            microseconds(self.effective_at),
            self.action,
            self.actor_id,
            self.on_behalf_of,
            self.subject,
            self.purpose,
            self.basis,
            self.detail,
            self.outbox_id,
        )

    def leaf(self) -> bytes:
        """The data of this entry's leaf in the tree."""
        return self.canonical() + bytes(self.mac)


def canonical_form(*fields: Any) -> bytes:
    """A JSON array of every field in a fixed order: times in microseconds since 1970, keys sorted, no spaces.

    ASCII only: line ends, control characters and bidirectional marks stand there as escapes, never as themselves.
    """
    return dumps((2, *fields), sort_keys=True, separators=(",", ":")).encode()


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    since = moment - _EPOCH
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


class ChainHead(models.Model):
    """Where the chain ends (one row). Locked while an entry is appended, so that two appends never share a predecessor.

    A chain whose last entries were cut off no longer reaches its head.
    """

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    seq = models.BigIntegerField(default=0)
    mac = models.BinaryField(max_length=16, default=GENESIS)

    class Meta:
        verbose_name = _("审计链头")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="audit_one_head")]

    def __str__(self) -> str:
        return f"#{self.seq}"


class LogTile(models.Model):
    """Hashes above the leaves: tile `index` of tile level `level` ≥ 1 (C2SP tlog-tiles), 32 bytes each, up to 256.

    Derived from the entries and checked against signed roots; tiles of level 0 are computed from the entries when asked.
    """

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    sha256 = models.BinaryField()
    sm3 = models.BinaryField()

    class Meta:
        verbose_name = _("审计树节点")
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="audit_tile_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


UNSTAMPED = models.Q(token__isnull=True) | models.Q(sm2_token__isnull=True)
"""Checkpoints that lack a stamp; a partial index finds them among a year's."""


class Checkpoint(models.Model):
    """The log signed at one size: `note` is the C2SP checkpoint with the P-256 and the SM2 signature, `token` the
    RFC 3161 stamp by P-256 over SHA-256 of the note, `sm2_token` that by SM2 over its SM3. Never changed (a missing token
    may be added), never deleted.
    """

    size = models.BigIntegerField(_("条数"), primary_key=True)
    made_at = models.DateTimeField(_("签发时间"), default=timezone.now)  # the machine's clock
    note = models.TextField(_("检查点"))
    token = models.BinaryField(_("P-256时间戳"), null=True)
    sm2_token = models.BinaryField(_("SM2时间戳"), null=True)

    class Meta:
        verbose_name = _("检查点")
        ordering = ["-size"]
        indexes = [models.Index(fields=["size"], name="audit_unstamped", condition=UNSTAMPED)]

    def __str__(self) -> str:
        return f"#{self.size}"


class Witness(models.Model):
    """A body outside that watches this log; `vkey` is its public key as it gave it."""

    name = models.CharField(_("见证方"), max_length=120, unique=True)
    vkey = models.CharField(_("公钥"), max_length=300)
    added_at = models.DateTimeField(_("登记时间"), default=timezone.now)

    class Meta:
        verbose_name = _("见证方")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Cosignature(models.Model):
    """That a witness found the log consistent up to a checkpoint. Never changed, never deleted."""

    witness = models.ForeignKey(Witness, on_delete=models.PROTECT, related_name="cosignatures")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    line = models.CharField(_("联署"), max_length=400)
    at = models.DateTimeField(_("联署时间"))

    class Meta:
        verbose_name = _("联署")
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="audit_cosigned_once")]

    def __str__(self) -> str:
        return f"{self.witness_id} #{self.checkpoint_id}"

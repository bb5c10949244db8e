"""What waits for a stamp, the batches that got one, and the times in which none could be given."""

from collections.abc import Iterable

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LEAF = 8 + 32 + 32
HEADING = "zhengtong timestamps batch 1: event sha256 sm3\n"


class Stamp(models.Model):
    """One batch with its two stamps. `sha256` and `sm3` are over `content()`; the tokens are RFC 3161, P-256 and SM2, as DER."""

    count = models.PositiveIntegerField(_("事件数"))
    sha256 = models.BinaryField(_("SHA-256摘要"), max_length=32)
    sm3 = models.BinaryField(_("SM3摘要"), max_length=32)
    p256 = models.BinaryField(_("P-256时间戳"))
    sm2 = models.BinaryField(_("SM2时间戳"))
    stamped_at = models.DateTimeField(_("时间戳时间"))  # the time in the token: the machine's, never that of a demo

    class Meta:
        verbose_name = _("时间戳批次")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.pk} · {self.count}"

    def content(self) -> bytes:
        """What was stamped: one line for each event, as ASCII text that anybody can hash again."""
        kept = self.gathered.order_by("id").values_list("leaves", flat=True)
        return batch_content(bytes(leaves) for leaves in kept)


class Gathered(models.Model):
    """The digests of some events that were delivered together; waiting until `stamp` is set, then the proof that they are in it.

    `leaves` is a row of records of 72 bytes: number of the event (8, big-endian), its SHA-256, its SM3.
    """

    leaves = models.BinaryField(_("摘要"))
    count = models.PositiveIntegerField(_("事件数"))
    first_event = models.BigIntegerField(_("第一个事件"))
    last_event = models.BigIntegerField(_("最后一个事件"))
    recorded_at = models.DateTimeField(_("记录时间"), default=timezone.now)  # the machine's clock
    stamp = models.ForeignKey(
        Stamp, on_delete=models.PROTECT, null=True, related_name="gathered", verbose_name=_("批次")
    )

    class Meta:
        verbose_name = _("待盖时间戳的事件")
        indexes = [
            models.Index(fields=["id"], name="gathered_waiting", condition=models.Q(stamp__isnull=True)),
            models.Index(fields=["last_event"], name="gathered_last"),
        ]

    def __str__(self) -> str:
        return f"{self.first_event}–{self.last_event}"


class Outage(models.Model):
    """A time in which something waited and no stamp could be given, by the machine's clock; open until one was given again."""

    reason = models.CharField(_("原因"), max_length=20)
    began_at = models.DateTimeField(_("开始"), default=timezone.now)
    ended_at = models.DateTimeField(_("结束"), null=True)

    class Meta:
        verbose_name = _("时间戳中断")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reason"], name="one_open_outage", condition=models.Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.began_at:%Y-%m-%d %H:%M}"


def leaves_of(packed: bytes) -> list[tuple[int, bytes, bytes]]:
    """(event, SHA-256, SM3) of each record of `Gathered.leaves`."""
    records = (packed[at : at + LEAF] for at in range(0, len(packed), LEAF))
    return [(int.from_bytes(record[:8], "big"), record[8:40], record[40:]) for record in records]


def batch_content(packed: Iterable[bytes]) -> bytes:
    """The text that is stamped for these rows."""
    lines = (f"{event} {a.hex()} {b.hex()}\n" for leaves in packed for event, a, b in leaves_of(leaves))
    return (HEADING + "".join(lines)).encode("ascii")

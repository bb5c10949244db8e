"""The outbox and the deliveries: what was published, and who has dealt with it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.columns import CompactJSONField


class OutboxEvent(models.Model):
    """One published fact. `delivered_at` is set when every receiver has dealt with it or has a failed `Delivery` of its own."""

    name = models.CharField(_("事件"), max_length=80)
    subject = models.CharField(_("对象"), max_length=80, blank=True)
    payload = CompactJSONField(_("内容"))
    actor_id = models.BigIntegerField(_("操作人"), null=True)
    effective_at = models.DateTimeField(_("发生时间"))
    recorded_at = models.DateTimeField(_("记录时间"))
    delivered_at = models.DateTimeField(_("投递时间"), null=True)

    class Meta:
        verbose_name = _("事件")
        indexes = [
            models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(delivered_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}"


class Delivery(models.Model):
    """That one receiver failed with one event at first, and what has become of it since.

    A receiver that managed needs no row: `delivered_at` is written in its own transaction, so work and mark stand or fall together.
    """

    DONE, FAILED, STUCK = "done", "failed", "stuck"
    STATES = [(DONE, _("已送达")), (FAILED, _("待重试")), (STUCK, _("停滞"))]

    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    receiver = models.CharField(_("接收方"), max_length=60)
    state = models.CharField(_("状态"), max_length=6, choices=STATES)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=1)
    next_attempt_at = models.DateTimeField(_("下次重试"), null=True)
    error = models.CharField(_("原因"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("投递")
        constraints = [models.UniqueConstraint(fields=["event", "receiver"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="delivery_waiting", condition=~models.Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"{self.receiver} {self.state}"

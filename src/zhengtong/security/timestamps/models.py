"""The times in which no stamp could be given."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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

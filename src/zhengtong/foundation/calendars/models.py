"""Calendar versions: each a complete, never-changed document of the days that differ from an ordinary week."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CalendarVersion(models.Model):
    """One published state of the county's working days.

    `document` is {"2026": {"source": "国办发明电〔…〕", "days": {"2026-10-01": {"workday": false, "name": "国庆节", "kind": "…"}}}};
    a year that is not a key has no data. A change is a new version; old ones stay for the clocks that were made with them.
    """

    number = models.PositiveIntegerField(_("版本"), unique=True)
    document = models.JSONField(_("内容"))
    reason = models.CharField(_("变更说明"), max_length=200)
    published_at = models.DateTimeField(_("发布时间"))
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True)

    class Meta:
        verbose_name = _("工作日历版本")
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"v{self.number}"


class DemoClock(models.Model):
    """The movable clock of a demo county (one row): seconds added to the machine's time. Ignored unless ZHENGTONG_DEMO=1."""

    offset_seconds = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("演示时钟")

    def __str__(self) -> str:
        return f"{self.offset_seconds:+d} s"

"""A notice to somebody, and its delivery by each channel."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.notices.kinds import TEMPLATES
from zhengtong.kernel.columns import CompactJSONField
from zhengtong.kernel.sealed import EncryptedText, SealedRow
from zhengtong.kernel.stored_words import in_words


class Notice(SealedRow):
    """One message, kept as a template key and params, so that it reads in the reader's language."""

    template = models.CharField(_("模板"), max_length=60)
    params = CompactJSONField(_("参数"), default=dict)
    subject = models.CharField(_("对象"), max_length=60, blank=True)
    url = models.CharField(_("网址"), max_length=200, blank=True)
    to_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    phone = EncryptedText(_("手机"), blank=True, default="")
    email = models.EmailField(_("电子邮箱"), blank=True)
    language = models.CharField(_("语言"), max_length=10, default="zh-hans")
    created_at = models.DateTimeField(_("发出时间"))
    read_at = models.DateTimeField(_("阅读时间"), null=True)

    class Meta:
        verbose_name = _("通知")
        indexes = [
            models.Index(fields=["to_user", "-id"], name="notice_inbox"),
            models.Index(
                fields=["to_user"], name="notice_unread", condition=Q(read_at__isnull=True, to_user__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.subject}"

    @property
    def title(self) -> str:
        """The heading, in the reader's language."""
        template = TEMPLATES.get(self.template)
        return in_words(template.subject, self.params) if template else self.template

    @property
    def text(self) -> str:
        """The message, in the reader's language."""
        template = TEMPLATES.get(self.template)
        return in_words(template.body, self.params) if template else ""


class NoticeDelivery(models.Model):
    """What became of a notice on one channel. `skipped`: the person has no address for it."""

    WAITING, DONE, STUCK, SKIPPED = "waiting", "done", "stuck", "skipped"
    STATES = [(WAITING, _("待发送")), (DONE, _("已发送")), (STUCK, _("停滞")), (SKIPPED, _("无联系方式"))]

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(_("渠道"), max_length=20)
    state = models.CharField(_("状态"), max_length=8, choices=STATES, default=WAITING)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    next_attempt_at = models.DateTimeField(_("下次发送"), null=True)
    sent_at = models.DateTimeField(_("发送时间"), null=True)
    error = models.CharField(_("原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("通知发送")
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="notice_once_per_channel")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="notice_waiting", condition=Q(state__in=["waiting", "stuck"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"

    @property
    def is_stuck(self) -> bool:
        """True when only a person can set it going again."""
        return self.state == self.STUCK

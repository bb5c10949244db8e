"""Data keys as wrapped rows, turns of the key as jobs, whose values were made unreadable, how long what is kept and what was deleted."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.columns import CompactJSONField


class DataKey(models.Model):
    """A key of the queue, wrapped by the key-encryption key, which lies in the key store and never in the database.

    `number` is the key-id of what it sealed. One `data` key is current; retired ones only open. The `index` key makes blind
    indexes and addresses of files; it is another key and is never turned over, because an index cannot be made anew from itself.
    """

    DATA, INDEX = "data", "index"
    CURRENT, RETIRING, RETIRED = "current", "retiring", "retired"
    PURPOSES = [(DATA, _("数据密钥")), (INDEX, _("索引密钥"))]
    STATES = [(CURRENT, _("使用中")), (RETIRING, _("轮换中")), (RETIRED, _("已停用"))]
    ALGORITHMS = [("aes", "AES-256-GCM"), ("sm4", "SM4-GCM")]

    number = models.PositiveIntegerField(_("密钥编号"), unique=True)
    purpose = models.CharField(_("用途"), max_length=8, choices=PURPOSES, default=DATA)
    algorithm = models.CharField(_("算法"), max_length=8, choices=ALGORITHMS)
    wrapped = models.BinaryField(_("密文"))
    state = models.CharField(_("状态"), max_length=8, choices=STATES, default=CURRENT)
    created_at = models.DateTimeField(_("建立时间"))
    retired_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = _("数据密钥")
        constraints = [
            models.UniqueConstraint(fields=["purpose"], condition=Q(state="current"), name="one_current_key"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=65535), name="key_id_fits_two_bytes"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.number}"


class Rotation(models.Model):
    """A turn of the key: the tables and files that are through, and how far the one in hand is. A killed job goes on from here."""

    key = models.ForeignKey(DataKey, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("开始时间"))
    finished_at = models.DateTimeField(_("完成时间"), null=True)
    progress = CompactJSONField(_("进度"), default=dict)
    rows = models.PositiveBigIntegerField(_("记录数"), default=0)
    files = models.PositiveBigIntegerField(_("文件数"), default=0)

    class Meta:
        verbose_name = _("密钥轮换")
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(finished_at__isnull=True), name="one_rotation_to_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"→{self.key_id}"


class Erasure(models.Model):
    """That a person's values were made unreadable. Kept for ever: after a restore from a backup it is carried out again."""

    person_id = models.BigIntegerField(_("个人编号"), db_index=True)
    basis = models.CharField(_("依据"), max_length=200)
    rows = models.PositiveIntegerField(_("记录数"))
    at = models.DateTimeField(_("时间"))
    by = models.BigIntegerField(_("操作人"), null=True)

    class Meta:
        verbose_name = _("密码擦除")

    def __str__(self) -> str:
        return f"user:{self.person_id}"


class ErasureRequest(models.Model):
    """That a person's data shall be erased: who asked, on which ground of 第四十七条, who else confirmed or refused it, what was done.

    The person may ask, or an official for them; another official confirms. `lines`: what was said before it was done.
    """

    GROUNDS = [
        ("purpose", _("办理目的已实现、无法实现，或者不再必要")),
        ("stopped", _("停止提供服务，或者保存期限已满")),
        ("consent", _("本人撤回同意")),
        ("unlawful", _("处理个人信息违反法律、法规或者约定")),
        ("other", _("法律、行政法规规定的其他情形")),
    ]

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(_("依据"), max_length=10, choices=GROUNDS)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    refusal = models.CharField(_("不删除的理由"), max_length=200, blank=True)
    done_at = models.DateTimeField(_("完成时间"), null=True)
    lines = CompactJSONField(_("处理结果"), default=list)

    class Meta:
        verbose_name = _("删除个人信息申请")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(done_at__isnull=True, refusal=""), name="one_open_erasure"
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("asked_by")), name="erasure_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(decided_by__isnull=False), name="erasure_done_when_confirmed"
            ),
        ]

    def __str__(self) -> str:
        return f"user:{self.person_id}"


def time_words(amount: int, unit: str) -> str:
    """`30年`, `6个月`, `1天`, `永久`."""
    if unit == RetentionChange.FOREVER:
        return gettext("永久")
    if unit == "years":
        return ngettext("{n}年", "{n}年", amount).format(n=amount)
    if unit == "months":
        return ngettext("{n}个月", "{n}个月", amount).format(n=amount)
    return ngettext("{n}天", "{n}天", amount).format(n=amount)


class RetentionChange(models.Model):
    """That one kind of data is to be kept longer or shorter than the product ships it, by which source of which day.

    It counts when another person than `asked_by` has confirmed it; decided and not confirmed: turned down.
    """

    FOREVER = "forever"
    UNITS = [("days", _("天")), ("months", _("个月")), ("years", _("年")), (FOREVER, _("永久"))]

    key = models.CharField(_("种类"), max_length=40)
    amount = models.PositiveIntegerField(_("保存多久"))
    unit = models.CharField(_("单位"), max_length=8, choices=UNITS)
    source = models.CharField(_("依据"), max_length=200)
    dated = models.DateField(_("依据的日期"))
    reason = models.CharField(_("修改理由"), max_length=200)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("提出时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)

    class Meta:
        verbose_name = _("保存期限修改")
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(decided_at__isnull=True), name="one_open_retention_change"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=models.F("asked_by"))),
                name="retention_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(unit="forever", amount=0) | (~Q(unit="forever") & Q(amount__gte=1)),
                name="retention_has_a_length",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.amount} {self.unit}"

    @property
    def words(self) -> str:
        """The time in words."""
        return time_words(self.amount, self.unit)


class Deletion(models.Model):
    """One batch of the retention job: so many rows of a kind, and attachments, that began before a moment. Nobody is named."""

    key = models.CharField(_("种类"), max_length=40)
    before = models.DateTimeField(_("早于"))
    rows = models.PositiveIntegerField(_("记录数"))
    files = models.PositiveIntegerField(_("附件数"), default=0)
    at = models.DateTimeField(_("时间"), db_index=True)

    class Meta:
        verbose_name = _("到期删除")

    def __str__(self) -> str:
        return f"{self.key} ×{self.rows}"

"""The issuance log, the authorities, and the revocation lists as they were published."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhengtong.security.pki.values import ALGORITHMS, KINDS, REASONS, STATES


class Certificate(models.Model):
    """One certificate that was signed. The row is written in the transaction that signs it and is never deleted
    (电子签名法 第24条: kept five years beyond expiry). `holder` is `user:12`, `organization:3`, or empty.
    """

    serial = models.CharField(_("序列号"), max_length=40, unique=True)
    authority = models.ForeignKey(
        "pki.Authority", on_delete=models.PROTECT, null=True, related_name="issued", verbose_name=_("签发机构")
    )
    kind = models.CharField(_("种类"), max_length=12, choices=KINDS)
    algorithm = models.CharField(_("算法"), max_length=8, choices=ALGORITHMS)
    purpose = models.CharField(_("用途"), max_length=40, blank=True)
    subject = models.CharField(_("名称"), max_length=200)
    holder = models.CharField(_("持有者"), max_length=60, blank=True)
    der = models.BinaryField()
    not_before = models.DateTimeField(_("生效时间"))
    not_after = models.DateTimeField(_("到期时间"))
    shard = models.PositiveSmallIntegerField(default=0)
    key_store = models.CharField(max_length=10, blank=True)
    key_name = models.CharField(max_length=60, blank=True)
    issued_at = models.DateTimeField(_("签发时间"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(_("吊销时间"), null=True)
    reason = models.CharField(_("吊销原因"), max_length=24, choices=REASONS, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("证书")
        indexes = [
            models.Index(fields=["purpose", "algorithm"]),
            models.Index(fields=["holder"]),
            models.Index(fields=["authority", "shard", "revoked_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(not_after__gt=models.F("not_before")), name="certificate_in_order"),
            models.CheckConstraint(
                condition=(Q(revoked_at__isnull=True, reason="") | (Q(revoked_at__isnull=False) & ~Q(reason=""))),
                name="certificate_revoked_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.serial}"

    def state(self, at: datetime) -> str:
        """A key of STATES at the moment `at`."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return "revoked"
        if at > self.not_after:
            return "expired"
        return "future" if at < self.not_before else "valid"

    def state_words(self, at: datetime) -> str:
        """The state in words."""
        return str(STATES[self.state(at)])


class Authority(models.Model):
    """A root or a purpose authority below it, in one algorithm. A renewed one is another row of the next generation with another
    key; the earlier stays, goes on publishing its lists, and is trusted for what it issued.
    """

    name = models.CharField(_("名称"), max_length=40)
    algorithm = models.CharField(_("算法"), max_length=8, choices=ALGORITHMS)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="of_authority")
    shards = models.PositiveSmallIntegerField(default=1)
    dns = models.JSONField(default=list)
    generation = models.PositiveSmallIntegerField(_("代"), default=1)

    class Meta:
        verbose_name = _("签发机构")
        constraints = [
            models.UniqueConstraint(fields=["name", "algorithm", "generation"], name="authority_once_per_generation")
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """Its name in addresses: `officials-sm2`, of the second generation `officials.2-sm2`."""
        return f"{self.name}{'' if self.generation == 1 else f'.{self.generation}'}-{self.algorithm}"


class RevocationList(models.Model):
    """The newest list of one shard."""

    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="lists")
    shard = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    der = models.BinaryField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    stale = models.BooleanField(default=False, db_index=True)

    class Meta:
        verbose_name = _("吊销列表")
        constraints = [models.UniqueConstraint(fields=["authority", "shard"], name="list_once_per_shard")]

    def __str__(self) -> str:
        return f"{self.authority_id}-{self.shard} {self.number}"


class Ceremony(models.Model):
    """A ceremony that was held: where, by whom, with which document."""

    held_at = models.DateTimeField(_("时间"))
    title = models.CharField(_("名称"), max_length=200)
    place = models.CharField(_("地点"), max_length=200)
    participants = models.JSONField(_("在场人员"))

    class Meta:
        verbose_name = _("密钥仪式")

    def __str__(self) -> str:
        return self.title


class CertificateRequest(models.Model):
    """A certificate that waits because its authority's key could not be reached; nothing else ever signs it."""

    kind = models.CharField(max_length=12, choices=KINDS)
    algorithm = models.CharField(max_length=8, choices=ALGORITHMS)
    arguments = models.JSONField()
    spki = models.BinaryField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("证书申请")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Renewal(models.Model):
    """That the key of an authority or a purpose is to be made anew. `what`: `authority:services` or `purpose:audit`.

    It is carried out when two different people stand behind it: `asked_by` and `confirmed_by`, or two `people` at the console.
    While a key cannot be reached it stays confirmed and waits.
    """

    what = models.CharField(_("对象"), max_length=60)
    asked_at = models.DateTimeField(_("提出时间"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    people = models.JSONField(_("在场人员"), default=list)
    done_at = models.DateTimeField(_("完成时间"), null=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    made = models.JSONField(_("新证书"), default=list)

    class Meta:
        verbose_name = _("换发密钥")
        constraints = [
            models.UniqueConstraint(
                fields=["what"],
                condition=Q(done_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_renewal",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | (Q(asked_by__isnull=False) & ~Q(confirmed_by=models.F("asked_by"))),
                name="renewal_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(confirmed_at__isnull=False), name="renewal_done_when_confirmed"
            ),
        ]

    def __str__(self) -> str:
        return self.what

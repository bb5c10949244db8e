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
    """A root or a purpose authority below it, in one algorithm."""

    name = models.CharField(_("名称"), max_length=40)
    algorithm = models.CharField(_("算法"), max_length=8, choices=ALGORITHMS)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="of_authority")
    shards = models.PositiveSmallIntegerField(default=1)
    dns = models.JSONField(default=list)

    class Meta:
        verbose_name = _("签发机构")
        constraints = [models.UniqueConstraint(fields=["name", "algorithm"], name="authority_once_per_algorithm")]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """Its name in addresses: `officials-sm2`."""
        return f"{self.name}-{self.algorithm}"


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

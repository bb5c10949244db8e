"""Accounts: one user model for residents and officials; enterprises, their members, and mandates to act for another."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.sealed import BlindIndex, EncryptedText, SealedRow


class UserManager(BaseUserManager["User"]):
    """Makes accounts: what Django and allauth ask for. The product uses `operations.register_…`."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(SealedRow, AbstractBaseUser):
    """A person with an account.

    `assurance_level` 1 self-asserted, 2 identity proven, 3 proven face to face or by certificate.
    """

    RESIDENT, OFFICIAL = "resident", "official"
    KINDS = [(RESIDENT, _("居民")), (OFFICIAL, _("工作人员"))]
    LEVELS = [(1, _("自述")), (2, _("已核验身份")), (3, _("当面或证书核验"))]

    username = models.CharField(_("登录名"), max_length=60, unique=True)
    kind = models.CharField(_("账号类别"), max_length=8, choices=KINDS, default=RESIDENT)
    display_name = models.CharField(_("姓名"), max_length=60)
    resident_id = EncryptedText(_("公民身份号码"), index="resident_id_index", null=True, blank=True)
    resident_id_index = BlindIndex(of="resident_id", unique=True)
    phone = EncryptedText(_("手机"), index="phone_index", blank=True, default="")
    phone_index = BlindIndex(of="phone", db_index=True)
    email = models.EmailField(_("电子邮箱"), blank=True, db_index=True)
    address = EncryptedText(_("住址"), blank=True, default="")
    must_change_password = models.BooleanField(_("须改密码"), default=False)
    assurance_level = models.PositiveSmallIntegerField(_("实名等级"), choices=LEVELS, default=1)
    is_active = models.BooleanField(_("启用"), default=True)
    closed_at = models.DateTimeField(_("停用时间"), null=True)
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)

    objects = UserManager()
    person = "pk"
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("账号")
        constraints = [
            models.CheckConstraint(condition=Q(assurance_level__in=[1, 2, 3]), name="assurance_level_known"),
            models.CheckConstraint(condition=Q(kind__in=["resident", "official"]), name="account_kind_known"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_official(self) -> bool:
        """True for staff of the county."""
        return self.kind == self.OFFICIAL

    def get_full_name(self) -> str:
        """The name shown beside what the account did."""
        return self.display_name


class Enterprise(SealedRow):
    """A legal person or other body that files cases."""

    uscc = models.CharField(_("统一社会信用代码"), max_length=18, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    legal_representative = models.CharField(_("法定代表人"), max_length=60)
    phone = EncryptedText(_("电话"), blank=True, default="")
    address = EncryptedText(_("住所"), blank=True, default="")

    class Meta:
        verbose_name = _("企业")

    def __str__(self) -> str:
        return self.name


class EnterpriseMember(models.Model):
    """That a person may act for an enterprise, in a capacity, for a time."""

    CAPACITIES = [("legal", _("法定代表人")), ("manager", _("管理员")), ("handler", _("经办人"))]

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="enterprise_memberships")
    capacity = models.CharField(_("身份"), max_length=8, choices=CAPACITIES)
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("失效日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("企业成员")
        constraints = [models.UniqueConstraint(fields=["enterprise", "user"], name="enterprise_member_once")]

    def __str__(self) -> str:
        return f"{self.user_id}@{self.enterprise_id}"

    def in_force(self, on: date) -> bool:
        """True when the person may act for the enterprise on `on`."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


class Mandate(models.Model):
    """授权委托: `agent` acts for a principal (a person or an enterprise), within a scope of matters, until it ends or
    is revoked.

    `scope` empty means every matter; else matter keys. 民法典 第一百六十一条至第一百六十九条.
    """

    agent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mandates_held")
    principal_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="mandates_given"
    )
    principal_enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, null=True, blank=True)
    scope = models.JSONField(_("事项范围"), default=list, blank=True)
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("失效日期"))
    revoked_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("委托")
        constraints = [
            models.CheckConstraint(
                condition=Q(principal_user__isnull=True) ^ Q(principal_enterprise__isnull=True),
                name="mandate_one_principal",
            ),
            models.CheckConstraint(condition=Q(valid_until__gte=models.F("valid_from")), name="mandate_in_order"),
            models.CheckConstraint(
                condition=Q(principal_user__isnull=True) | ~Q(principal_user=models.F("agent")),
                name="mandate_to_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id}→{self.principal_user_id or self.principal_enterprise_id}"

    def covers(self, matter_key: str, on: date) -> bool:
        """True when the mandate is in force on `on` and includes the matter."""
        return self.in_force(on) and (not self.scope or matter_key in self.scope)

    def in_force(self, on: date) -> bool:
        """True when the mandate was not revoked and `on` lies in its time."""
        return self.revoked_at is None and self.valid_from <= on <= self.valid_until

    @property
    def principal(self) -> str:
        """`user:ID` or `enterprise:ID`."""
        if self.principal_user_id:
            return f"user:{self.principal_user_id}"
        return f"enterprise:{self.principal_enterprise_id}"

    @property
    def principal_name(self) -> str:
        """The name of whoever gave the mandate."""
        return str(self.principal_user or self.principal_enterprise)


class SignInFailure(models.Model):
    """Wrong passwords counted per account (or per unknown login): in the database, so that a restart forgets nothing
    and every worker sees the same. `key` is a digest, never what was typed.
    """

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveSmallIntegerField(default=0)
    first_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("登录失败")

    def __str__(self) -> str:
        return f"{self.key[:8]} ×{self.count}"


class UsedOnce(models.Model):
    """That something good for one use was used: a recovery code, a challenge, an authorisation code, a refresh token.

    `key` is a digest, unique: of two workers that see the same thing at the same moment one is refused by the
    database. `holder` names what else must end when it comes back (`client/user` of a refresh token).
    """

    key = models.CharField(max_length=64, unique=True)
    holder = models.CharField(max_length=160, blank=True)
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("一次性凭据")

    def __str__(self) -> str:
        return self.key[:8]


class LastCode(models.Model):
    """The time step of the last code of somebody's authenticator app: only a later one is heard. RFC 6238 5.2."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="+")
    step = models.BigIntegerField()

    class Meta:
        verbose_name = _("验证器用码")

    def __str__(self) -> str:
        return str(self.user_id)


class OpenSession(models.Model):
    """A session of somebody, so that they see where they are signed in and can end it. The machine's clock, like the
    session's own limits.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(_("设备"), max_length=80, blank=True)
    address = models.CharField(_("网络地址"), max_length=45, blank=True)
    begun_at = models.DateTimeField(_("登录时间"))
    seen_at = models.DateTimeField(_("最近使用"))

    class Meta:
        verbose_name = _("登录会话")

    def __str__(self) -> str:
        return f"{self.user_id}·{self.device}"


class PairwiseSubject(models.Model):
    """By which opaque name one department system knows one person: two systems cannot put their lists together.
    OpenID Connect Core 8.1.
    """

    client_id = models.CharField(max_length=100)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=43, unique=True)

    class Meta:
        verbose_name = _("系统用户标识")
        constraints = [models.UniqueConstraint(fields=["client_id", "user"], name="one_subject_per_client")]

    def __str__(self) -> str:
        return self.subject[:8]


class ProvinceLink(SealedRow):
    """By which name the province's identity platform knows a resident; one for each, and never an official.

    `subject` is issuer and name together; a platform may use a number of the person for it, so it is sealed.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="province_link")
    subject = EncryptedText(_("省平台用户标识"), index="subject_index")
    subject_index = BlindIndex(of="subject", unique=True)
    linked_at = models.DateTimeField(_("关联时间"))

    person = "user_id"

    class Meta:
        verbose_name = _("省平台关联")

    def __str__(self) -> str:
        return str(self.user_id)


class AccountRecovery(models.Model):
    """That a resident who lost the way into their account stood at a window: who saw their card, and who else confirmed it.

    Taking second factors away (`factors`) needs a second person; a new password and phone do not. It is carried out by whoever saw
    the card, while the person stands there (`recovery.operations.OPEN_FOR`).
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    factors = models.BooleanField(_("取消第二重验证"), default=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("核对时间"))
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("复核时间"), null=True)
    done_at = models.DateTimeField(_("办理时间"), null=True)

    class Meta:
        verbose_name = _("窗口找回账号")
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | (~Q(confirmed_by=models.F("asked_by")) & ~Q(confirmed_by=models.F("user"))),
                name="recovery_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(asked_by=models.F("user")), name="recovery_of_another"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(factors=False) | Q(confirmed_by__isnull=False),
                name="recovery_of_factors_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"user:{self.user_id}"

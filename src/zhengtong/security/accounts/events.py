"""Facts about accounts. They carry ids and codes, never a name, a number or an address."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class AccountEvent(Event):
    """Base of facts whose subject is one account."""

    label: ClassVar[Any] = _("账号变动")
    subject_kind: ClassVar[str] = "user"
    subject_field: ClassVar[str] = "user_id"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class ResidentRegistered(AccountEvent):
    """A person got an account, by themselves or at a window."""

    label: ClassVar[Any] = _("居民注册")
    assurance_level: int


@dataclass(frozen=True, kw_only=True)
class OfficialCreated(AccountEvent):
    """An official got an account at a body."""

    label: ClassVar[Any] = _("建立工作人员账号")
    organization_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ContactChanged(AccountEvent):
    """Contact data changed; `changed` names the fields."""

    label: ClassVar[Any] = _("变更联系方式")
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class IdentityProven(AccountEvent):
    """The assurance level of an account rose, on the evidence named by its code."""

    label: ClassVar[Any] = _("核验身份")
    level: int
    evidence: str


@dataclass(frozen=True, kw_only=True)
class AccountDeactivated(AccountEvent):
    """An account was closed; its sessions end with the next request."""

    label: ClassVar[Any] = _("停用账号")
    reason: str


@dataclass(frozen=True, kw_only=True)
class AccountReactivated(AccountEvent):
    """A closed account was opened again."""

    label: ClassVar[Any] = _("恢复账号")


@dataclass(frozen=True, kw_only=True)
class PasswordReset(AccountEvent):
    """An official gave the person a one-time password, which must be changed at the next sign-in."""

    label: ClassVar[Any] = _("重置密码")


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(AccountEvent):
    """The person chose a new password; every other session ended."""

    label: ClassVar[Any] = _("修改密码")


@dataclass(frozen=True, kw_only=True)
class SignedIn(AccountEvent):
    """Somebody signed in; `methods` are the factors used, such as password, totp, passkey."""

    label: ClassVar[Any] = _("登录")
    methods: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SignInLocked(AccountEvent):
    """Too many wrong passwords: the account refuses sign-ins for a while."""

    label: ClassVar[Any] = _("登录锁定")


@dataclass(frozen=True, kw_only=True)
class SecondFactorAdded(AccountEvent):
    """A second factor was set up; `factor` is its kind."""

    label: ClassVar[Any] = _("设置第二重验证")
    factor: str


@dataclass(frozen=True, kw_only=True)
class SecondFactorRemoved(AccountEvent):
    """A second factor was removed."""

    label: ClassVar[Any] = _("取消第二重验证")
    factor: str


@dataclass(frozen=True, kw_only=True)
class FactorsReset(AccountEvent):
    """Somebody lost their second factors: an official saw who they are and took them away. `evidence` says what was seen."""

    label: ClassVar[Any] = _("核验后取消第二重验证")
    evidence: str
    count: int


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(AccountEvent):
    """The person ended sessions of theirs from elsewhere; `count` says how many."""

    label: ClassVar[Any] = _("结束登录会话")
    count: int


@dataclass(frozen=True, kw_only=True)
class ProvinceLinked(AccountEvent):
    """A resident's account was linked to their account at the province's identity platform."""

    label: ClassVar[Any] = _("关联省平台账号")


@dataclass(frozen=True, kw_only=True)
class ProvinceNameDiffers(AccountEvent):
    """The province's platform knows the person by another name than the county; the county's name was kept."""

    label: ClassVar[Any] = _("省平台姓名不一致")


@dataclass(frozen=True, kw_only=True)
class ProvinceRefused(Event):
    """A sign-in through the province's platform was refused; `reason` is a code, `user_id` whose account it aimed at."""

    label: ClassVar[Any] = _("拒绝省平台登录")

    reason: str
    user_id: int | None = None

    @property
    def subject(self) -> str:
        """The account it aimed at, when one was found."""
        return f"user:{self.user_id}" if self.user_id else ""


@dataclass(frozen=True, kw_only=True)
class ClientEvent(Event):
    """Base of facts whose subject is one department system that signs people in here."""

    label: ClassVar[Any] = _("接入系统变动")
    subject_kind: ClassVar[str] = "client"
    subject_field: ClassVar[str] = "client_id"

    client_id: str


@dataclass(frozen=True, kw_only=True)
class ClientRegistered(ClientEvent):
    """A department system may ask who somebody is."""

    label: ClassVar[Any] = _("登记接入系统")


@dataclass(frozen=True, kw_only=True)
class ClientClosed(ClientEvent):
    """A department system may no longer; every token it holds ended."""

    label: ClassVar[Any] = _("停用接入系统")


@dataclass(frozen=True, kw_only=True)
class TokensEnded(ClientEvent):
    """A refresh token or a code came back: everything this system held for the person ended."""

    label: ClassVar[Any] = _("重放令牌被拒绝")
    user_id: int


@dataclass(frozen=True, kw_only=True)
class ConsentTakenBack(ClientEvent):
    """The person took back what they had allowed this system; everything it held for them ended."""

    label: ClassVar[Any] = _("撤回对系统的授权")
    user_id: int


@dataclass(frozen=True, kw_only=True)
class EnterpriseEvent(Event):
    """Base of facts whose subject is one enterprise."""

    label: ClassVar[Any] = _("企业账号变动")
    subject_kind: ClassVar[str] = "enterprise"
    subject_field: ClassVar[str] = "enterprise_id"

    enterprise_id: int


@dataclass(frozen=True, kw_only=True)
class EnterpriseRegistered(EnterpriseEvent):
    """An enterprise was registered with its first member."""

    label: ClassVar[Any] = _("企业注册")


@dataclass(frozen=True, kw_only=True)
class MemberAdded(EnterpriseEvent):
    """A person may act for an enterprise."""

    label: ClassVar[Any] = _("添加企业成员")
    user_id: int
    capacity: str


@dataclass(frozen=True, kw_only=True)
class MemberEnded(EnterpriseEvent):
    """A person may no longer act for an enterprise."""

    label: ClassVar[Any] = _("结束企业成员")
    user_id: int


@dataclass(frozen=True, kw_only=True)
class MandateEvent(Event):
    """Base of facts about one mandate; `principal` is "user:ID" or "enterprise:ID"."""

    label: ClassVar[Any] = _("委托变动")
    subject_kind: ClassVar[str] = "mandate"
    subject_field: ClassVar[str] = "mandate_id"

    mandate_id: int
    agent_id: int
    principal: str


@dataclass(frozen=True, kw_only=True)
class MandateGranted(MandateEvent):
    """A principal empowered an agent."""

    label: ClassVar[Any] = _("授权委托")


@dataclass(frozen=True, kw_only=True)
class MandateRevoked(MandateEvent):
    """The mandate ended before its time."""

    label: ClassVar[Any] = _("撤销委托")


@dataclass(frozen=True, kw_only=True)
class RecoveryBegun(AccountEvent):
    """At a window an official held the card of somebody who lost the way into their account against their face and the number."""

    label: ClassVar[Any] = _("窗口核对身份，找回账号")
    recovery_id: int
    factors: bool


@dataclass(frozen=True, kw_only=True)
class RecoveryConfirmed(AccountEvent):
    """A second official confirmed that the lost second factors may be taken away."""

    label: ClassVar[Any] = _("复核找回账号")
    recovery_id: int


@dataclass(frozen=True, kw_only=True)
class AccountRecovered(AccountEvent):
    """The person left the window with a one-time password; `changed` says what else was renewed: phone, factors."""

    label: ClassVar[Any] = _("窗口找回账号")
    recovery_id: int
    changed: tuple[str, ...]

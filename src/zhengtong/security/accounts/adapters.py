"""allauth in the house: its decisions become our operations, its sentences ours."""

import base64
import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import visitors
from zhengtong.security.accounts import operations, queries, sessions

WRONG = _("账号或密码不正确，请核对后重试。连续输错会暂时锁定。")
LOCKED = _("密码输错次数太多，请10分钟后再试。忘记密码的，请用“忘记密码”，或带身份证到政务大厅窗口重置。")


class AccountAdapter(DefaultAccountAdapter):
    """Signing in, with a lock-out that lives in the database and a fact for every sign-in."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("这个账号已停用，请联系政务大厅窗口或本单位管理员。"),
        "username_password_mismatch": WRONG,
        "email_password_mismatch": WRONG,
        "phone_password_mismatch": WRONG,
        "too_many_login_attempts": LOCKED,
        "enter_current_password": _("请输入现在的密码。"),
        "incorrect_code": _("验证码不正确，请输入应用里正在显示的6位数字。"),
        "incorrect_password": _("密码不正确。"),
        "rate_limited": _("操作太频繁，请稍后再试。"),
        "invalid_password_reset": _("重置链接已失效，请重新申请。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Residents register on the house's own page; allauth's is closed."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address behind the county's own proxies (ASVS 15.3.4)."""
        return visitors.address_of(request) or "0.0.0.0"  # noqa: S104 - an unknown visitor, not a place to listen

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before any hashing, and refuse it when account or address tried too often."""
        tried = {"login": credentials.get("username", ""), "address": self.get_client_ip(request)}
        if not operations.begin_try(action="password", **tried, at=official_now()):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """The account the password fits, if any; a right password is not held against anybody."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            tried = {"login": credentials.get("username", ""), "address": self.get_client_ip(request)}
            operations.try_succeeded(action="password", **tried)
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The wrong password stays counted."""
        tried = {"login": credentials.get("username", ""), "address": self.get_client_ip(request)}
        operations.try_failed(action="password", **tried, at=official_now())

    def _rollback_login_failed_rl_usage(self) -> None:
        """allauth gives back a try of its own count; ours is in the database."""

    def login(self, request: HttpRequest, user: Any) -> None:
        """Publish that somebody signed in, with the factors they used, and open the session: both or neither."""
        with transaction.atomic():
            operations.record_sign_in(user=user, methods=sessions.methods_of(request), at=official_now())
            super().login(request, user)
            sessions.enter(request, user)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the page that the one-time password stood before, else to the account."""
        return str(request.session.pop("asked_for", "")) or reverse("account_profile")

    def set_password(self, user: Any, password: str) -> None:
        """A new password: every other session ends, because sessions are bound to the password's hash."""
        operations.change_password(user=user, password=password, at=official_now())


class MfaAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted at rest, with a key derived from the installation's secret."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "unverified_email": _("请先核实电子邮箱，再设置第二重验证。"),
        "add_email_blocked": _("设置第二重验证后不能更换电子邮箱，请先取消第二重验证。"),
        "cannot_delete_authenticator": _("这是最后一个第二重验证方式，不能取消。"),
        "cannot_generate_recovery_codes": _("还没有设置第二重验证，不能生成恢复码。"),
        "incorrect_code": _("验证码不正确，请输入应用里正在显示的6位数字；刚用过的验证码要等下一个。"),
    }

    def encrypt(self, text: str) -> str:
        """Encrypted secret as text."""
        return vault_for("mfa").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again."""
        return vault_for("mfa").decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: Any) -> str:
        """What the authenticator app shows beside the code: the login name, which says nothing about the person."""
        return str(user.username)

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """How a passkey names the account."""
        return {**super().get_public_key_credential_user_entity(user), "display_name": user.display_name}

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """Name of a passkey nobody named."""
        return str(_("通行密钥"))


class ProviderAdapter(DefaultOIDCAdapter):
    """What department systems learn: an opaque name, and with the person's consent name, department and assurance."""

    scope_display = {"openid": _("本系统专用的用户标识"), "profile": _("姓名、所在单位、实名等级")}

    def get_issuer(self) -> str:
        """The public address of the county's site."""
        return str(settings.PUBLIC_URL)

    def generate_client_id(self) -> str:
        """A name nobody guesses."""
        return secrets.token_hex(12)

    def get_user_sub(self, client: Any, user: Any) -> str:
        """Pairwise: two systems cannot put their lists together. OpenID Connect Core 8.1."""
        from zhengtong.security.accounts import clients

        return clients.subject_of(client, user)

    def get_user_by_sub(self, client: Any, sub: str) -> Any:
        """Whom that client knows by that name."""
        from zhengtong.security.accounts import clients

        return clients.user_of(client, sub)

    def get_claims(self, purpose: Any, user: Any, client: Any, scopes: Any, email: Any = None, **kwargs: Any) -> Any:
        """个人信息保护法 第六条: no number, no phone, no address."""
        claims: dict[str, Any] = {"sub": self.get_user_sub(client, user)}
        if "profile" in scopes:
            claims |= {"name": user.display_name, "assurance_level": user.assurance_level}
            department = queries.department_of(user, on=official_today())
            if department:
                claims["department"] = department
        return claims

    def list_private_keys(self, **asked: Any) -> list[Any]:
        """The one key of the installation."""
        from allauth.idp.oidc.models import PrivateKey

        from zhengtong.security.accounts import clients

        return [PrivateKey(pem=clients.signing_key())]


def vault_for(purpose: str) -> Fernet:
    """What keeps small secrets of accounts, by a key for each purpose derived from the installation's secret."""
    words = (f"zhengtong.accounts.{purpose}", "secret")
    key = salted_hmac(*words, secret=settings.SECRET_KEY, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))

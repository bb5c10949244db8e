"""What people type about accounts. Every rule lives in the operations; forms carry their sentences to the fields."""

import base64
import json
from datetime import date
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn import forms as webauthn_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel.forms import OperationForm
from zhengtong.kernel.identifiers.values import normalise
from zhengtong.security.accounts import operations
from zhengtong.security.accounts.models import EnterpriseMember


def _password(label: Any, help_text: Any = "", autocomplete: str = "new-password") -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, help_text=help_text, strip=False, widget=widget, max_length=128)


PASSWORD_HINT = _("至少10个字符，不要用姓名、手机号或太常见的密码。一句好记的话也可以。")


class SignInForm(allauth_forms.LoginForm):
    """One box for who, one for the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, login.help_text = _("账号"), _("手机号、身份证号、电子邮箱或登录名")
        login.max_length = 254
        login.widget.attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        password.label, password.help_text = _("密码"), ""
        password.widget.attrs = {"autocomplete": "current-password"}


class RegistrationForm(OperationForm):
    """A resident opens an account."""

    name = forms.CharField(
        label=_("姓名"),
        help_text=_("与身份证一致"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    resident_id = forms.CharField(
        label=_("公民身份号码"),
        help_text=_("18位，最后一位可能是X"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label=_("手机号"),
        help_text=_("办理进度会发到这个号码"),
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    password = _password(_("设置密码"), PASSWORD_HINT)


class _Worded:
    """allauth's form with our words: field → (label, hint, autocomplete); its placeholders are dropped."""

    words: dict[str, tuple[Any, Any, str]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, hint, autocomplete) in self.words.items():
            if name in self.fields:
                self.fields[name].label, self.fields[name].help_text = label, hint
                self.fields[name].widget.attrs = {"autocomplete": autocomplete}


class ChangePasswordForm(_Worded, allauth_forms.ChangePasswordForm):
    """The old password once, the new one twice."""

    words = {
        "oldpassword": (_("现在的密码"), "", "current-password"),
        "password1": (_("新密码"), PASSWORD_HINT, "new-password"),
        "password2": (_("再输一遍新密码"), "", "new-password"),
    }


class SetPasswordForm(_Worded, allauth_forms.SetPasswordForm):
    """The first password of an account that was opened through the province's platform."""

    words = {
        "password1": (_("设置密码"), PASSWORD_HINT, "new-password"),
        "password2": (_("再输一遍密码"), "", "new-password"),
    }


class ResetPasswordForm(_Worded, allauth_forms.ResetPasswordForm):
    """Where the link is sent."""

    words = {"email": (_("账号里登记的电子邮箱"), "", "email")}


class ResetPasswordKeyForm(_Worded, allauth_forms.ResetPasswordKeyForm):
    """The new password after following the link."""

    words = ChangePasswordForm.words


class PasswordAgainForm(_Worded, allauth_forms.ReauthenticateForm):
    """The password once more, before something that matters."""

    words = {"password": (_("密码"), "", "current-password")}


CODE = (_("验证码"), _("打开手机上的验证器，输入正在显示的6位数字；也可以输入一个恢复码"), "one-time-code")


class _CodeOnce(_Worded):
    """A code is heard a few times only, and accepted once, whichever worker hears it: both are kept in the database."""

    user: Any
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def clean_code(self) -> str:
        """The code. Refuses a wrong one, a used one, and any while too many were wrong."""
        tried = {"login": self.user.username, "address": get_account_adapter().get_client_ip(context.request)}
        if not operations.begin_try(action="code", **tried, at=official_now()):
            raise get_account_adapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
            if not self._first_use(code):
                raise get_mfa_adapter().validation_error("incorrect_code")
        except forms.ValidationError:
            operations.try_failed(action="code", **tried, at=official_now())
            raise
        operations.try_succeeded(action="code", **tried)
        return code

    def _first_use(self, code: str) -> bool:
        if self.authenticator.type == Authenticator.Type.TOTP:
            secret = get_mfa_adapter().decrypt(self.authenticator.data["secret"])
            return operations.use_code_step(user=self.user, step=step_of(secret, code))
        used = f"{self.authenticator.pk} {normalise(code)}"
        return operations.use_once(kind="recovery", value=used, at=official_now())


class CodeForm(_CodeOnce, mfa_forms.AuthenticateForm):
    """The code of the authenticator app at sign-in."""

    words = {"code": CODE}


class CodeAgainForm(_CodeOnce, mfa_forms.ReauthenticateForm):
    """The code once more, before something that matters."""

    words = {"code": CODE}


class ActivateTotpForm(_Worded, totp_forms.ActivateTOTPForm):
    """The first code proves that the app was set up; it is used up by that."""

    words = {"code": (_("验证码"), _("验证器里显示的6位数字"), "one-time-code")}

    def clean_code(self) -> str:
        """The code. Refuses a wrong one."""
        code: str = super().clean_code()
        operations.use_code_step(user=self.user, step=step_of(self.secret, code))
        return code


def step_of(secret: str, code: str) -> int:
    """The time step whose code this is, the latest when several fit; -1 for none."""
    steps = sorted(totp.yield_hotp_counters_from_time(), reverse=True)
    fitting = (s for s in steps if totp.format_hotp_value(totp.hotp_value(secret, s)) == code.strip())
    return next(fitting, -1)


def made_here(credential: Any) -> bool:
    """True when a passkey answered the very page that asked: the origin it signed is the request's to the letter (scheme,
    name, port), and no other page had framed it. That the origin is https, or http://localhost, is asked by the library.
    WebAuthn Level 2, 7.1 step 9, 7.2 step 13.
    """
    try:
        said = json.loads(_decoded(credential["response"]["clientDataJSON"]))
        foreign = said.get("crossOrigin") or "topOrigin" in said
        return not foreign and said["origin"] == f"{context.request.scheme}://{context.request.get_host()}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Passkey:
    """A passkey answers the page that asked, and one that counts its uses counts up: a count that stands still or steps
    back means a copied key. WebAuthn Level 2, 6.1.1.
    """

    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Any:
        """The passkey that signed."""
        if not made_here(self.cleaned_data["credential"]):
            raise get_mfa_adapter().validation_error("incorrect_code")
        signed = self.data.get("credential", "")  # type: ignore[attr-defined]
        found: Any = super().clean_credential()  # type: ignore[misc]
        if not operations.count_passkey(authenticator=found, count=passkey_count(signed)):
            raise get_mfa_adapter().validation_error("incorrect_code")
        return found


def passkey_count(credential: str) -> int:
    """The signature counter in an authentication response (bytes 33–36 of its authenticator data)."""
    data = _decoded(json.loads(credential)["response"]["authenticatorData"])
    return int.from_bytes(data[33:37], "big")


class PasskeyForm(_Passkey, webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey as the second factor."""


class PasskeySignInForm(_Passkey, webauthn_forms.LoginWebAuthnForm):
    """A passkey instead of the password."""


class PasskeyAgainForm(_Passkey, webauthn_forms.ReauthenticateWebAuthnForm):
    """The passkey once more, before something that matters."""


class AddPasskeyForm(_Worded, webauthn_forms.AddWebAuthnForm):
    """A passkey or security key gets a name."""

    words = {
        "name": (_("名称"), _("用来分辨几个设备，如“我的手机”"), "off"),
        "passwordless": (_("以后只用它登录，不再输密码（设备要验证指纹、人脸或PIN）"), "", "off"),
    }

    def clean_credential(self) -> Any:
        """What the device made for this very page."""
        credential = self.cleaned_data["credential"]
        if not made_here(credential):
            raise get_mfa_adapter().validation_error("incorrect_code")
        return credential


class EditPasskeyForm(_Worded, webauthn_forms.EditWebAuthnForm):
    """Another name."""

    words = {"name": (_("名称"), "", "off")}


class ContactForm(OperationForm):
    """How a person is reached."""

    phone = forms.CharField(
        label=_("手机号"), max_length=20, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    email = forms.CharField(
        label=_("电子邮箱"),
        required=False,
        max_length=254,
        help_text=_("忘记密码时，可以用它重置"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    address = forms.CharField(
        label=_("住址"),
        required=False,
        max_length=200,
        help_text=_("用于邮寄证照，填表时会自动带出"),
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )


class EnterpriseForm(OperationForm):
    """A body joins."""

    uscc = forms.CharField(
        label=_("统一社会信用代码"),
        help_text=_("18位，在营业执照右上方"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("企业名称"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    legal_representative = forms.CharField(label=_("法定代表人姓名"), help_text=_("个体工商户填经营者"), max_length=60)
    phone = forms.CharField(label=_("企业电话"), max_length=20, widget=forms.TextInput(attrs={"type": "tel"}))
    address = forms.CharField(label=_("住所"), max_length=200, required=False)
    capacity = forms.ChoiceField(
        label=_("您在企业的身份"),
        choices=[("legal", _("法定代表人（经营者）")), ("manager", _("管理员"))],
        initial="legal",
        widget=forms.RadioSelect,
    )


class _NamedPersonForm(OperationForm):
    """Another person is named by two things only they and their acquaintances know, so that nobody browses residents."""

    person_name = forms.CharField(
        label=_("对方姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    person_id = forms.CharField(
        label=_("对方公民身份号码"),
        help_text=_("对方须已注册账号；两项都相符才能添加"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class MemberForm(_NamedPersonForm):
    """A head of an enterprise adds a member."""

    capacity = forms.ChoiceField(
        label=_("成员身份"), choices=EnterpriseMember.CAPACITIES, initial="handler", widget=forms.RadioSelect
    )
    valid_until = forms.DateField(
        label=_("有效期至"), required=False, help_text=_("不填表示长期"), widget=forms.DateInput(attrs={"type": "date"})
    )


class MandateForm(_NamedPersonForm):
    """A principal empowers an agent. `principals` are (key, words) of those the person may speak for."""

    principal = forms.ChoiceField(label=_("委托人"), widget=forms.RadioSelect)
    valid_from = forms.DateField(label=_("从哪天起"), widget=forms.DateInput(attrs={"type": "date"}))
    valid_until = forms.DateField(
        label=_("到哪天止"), help_text=_("最长三年，可随时撤销"), widget=forms.DateInput(attrs={"type": "date"})
    )
    scope = forms.CharField(
        label=_("事项编码"),
        required=False,
        max_length=2000,
        help_text=_("只委托办理个别事项的，每行写一个事项编码；不填表示全部事项"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    field_order = ["principal", "person_name", "person_id", "valid_from", "valid_until", "scope"]

    def __init__(self, *args: Any, principals: list[tuple[str, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["principal"]
        choice.choices = principals
        choice.initial = principals[0][0] if principals else ""
        self.fields["valid_from"].initial = today

    def matter_keys(self) -> list[str]:
        """The matters named, one a line."""
        return [line.strip() for line in self.cleaned_data["scope"].splitlines() if line.strip()]


class ClientForm(OperationForm):
    """A department system joins the county's sign-in."""

    name = forms.CharField(label=_("系统名称"), help_text=_("登录的人会看到它"), max_length=100)
    addresses = forms.CharField(
        label=_("返回地址"),
        help_text=_("登录后回到哪里，https开头，每行一个，与系统里配置的一字不差"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    who = forms.ChoiceField(
        label=_("谁可以登录"),
        choices=[("officials", _("只有工作人员")), ("everybody", _("工作人员和居民"))],
        initial="officials",
        widget=forms.RadioSelect,
    )
    refresh = forms.BooleanField(label=_("允许长时间保持登录（最长12小时，不必每10分钟重新登录）"), required=False)

    def clean_addresses(self) -> list[str]:
        """One a line."""
        return [line.strip() for line in self.cleaned_data["addresses"].splitlines() if line.strip()]


class CertificateForm(OperationForm):
    """Certificate, signature over the page's challenge, password."""

    certificate = forms.CharField(
        label=_("证书"),
        help_text=_("PEM格式，以BEGIN CERTIFICATE开头"),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    signature = forms.CharField(
        label=_("签名"),
        help_text=_("用证书的私钥对上面整段文字签名，Base64"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off"}),
    )
    password = _password(_("密码"), autocomplete="current-password")


class FromProvinceForm(OperationForm):
    """What the province did not say: how the person is reached."""

    phone = forms.CharField(
        label=_("手机号"),
        help_text=_("办理进度会发到这个号码"),
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class JoinProvinceForm(OperationForm):
    """That the county's account is one's own."""

    password = _password(_("本县账号的密码"), autocomplete="current-password")

"""What the county office types about officials and their authority."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.forms import OperationForm
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi.policy import PERMISSIONS, ROLES

_DATE = forms.DateInput(attrs={"type": "date"})


class _InBody(OperationForm):
    """A form with a body to choose among those the person administers."""

    organization = forms.ModelChoiceField(label=_("单位"), queryset=Organization.objects.none())

    def __init__(self, *args: Any, organizations: Iterable[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["organization"]
        choice.queryset = organizations
        choice.empty_label = _("请选择单位")


class OfficialForm(_InBody):
    """A new official account."""

    name = forms.CharField(label=_("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    username = forms.CharField(
        label=_("登录名"),
        help_text=_("本人登录时使用，如 zhang.min，建立后不能修改"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label=_("手机号"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    field_order = ["name", "username", "phone", "organization"]


class GrantForm(_InBody):
    """A role at a body for a time."""

    role = forms.ChoiceField(label=_("岗位"))
    include_subtree = forms.BooleanField(label=_("包括下级单位"), required=False)
    valid_from = forms.DateField(label=_("从哪天起"), widget=_DATE)
    valid_until = forms.DateField(label=_("到哪天止"), required=False, help_text=_("不填表示长期"), widget=_DATE)
    field_order = ["role", "organization", "include_subtree", "valid_from", "valid_until"]

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["role"]
        choice.choices = [("", _("请选择岗位")), *((key, role.label) for key, role in ROLES.items())]
        self.fields["valid_from"].initial = today


class AppointmentForm(_InBody):
    """Membership of a body from a day on."""

    valid_from = forms.DateField(label=_("从哪天起"), widget=_DATE)


class StandInForm(OperationForm):
    """Who stands in, when and why."""

    stand_in = forms.CharField(label=_("代理人登录名"), help_text=_("代理期间拥有被代理人的全部岗位"), max_length=60)
    valid_from = forms.DateField(label=_("从哪天起"), widget=_DATE)
    valid_until = forms.DateField(label=_("到哪天止"), help_text=_("最长半年"), widget=_DATE)
    reason = forms.CharField(label=_("事由"), help_text=_("例如外出学习、休产假"), max_length=200)


class ClosingForm(OperationForm):
    """Why an account is closed."""

    reason = forms.ChoiceField(label=_("停用原因"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["reason"]
        choice.choices = list(accounts.DEACTIVATION_REASONS.items())


class WhyForm(_InBody):
    """Who, what, where: the question that the decision service answers."""

    person = forms.CharField(label=_("谁"), required=False, max_length=60, help_text=_("登录名；不填就是查您自己"))
    action = forms.ChoiceField(label=_("要做什么"))
    field_order = ["person", "action", "organization"]

    def __init__(self, *args: Any, me: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.me = me
        choice: Any = self.fields["action"]
        choice.choices = [("", _("请选择")), *PERMISSIONS.items()]
        body: Any = self.fields["organization"]
        body.required, body.empty_label = False, _("任何单位")

    def clean_person(self) -> Any:
        """The official with that login name; the one who asks when nothing was typed."""
        name = str(self.cleaned_data["person"]).strip()
        if not name or name == self.me.username:
            return self.me
        found = get_user_model().objects.filter(username=name, kind="official").first()
        if found is None:
            raise forms.ValidationError(_("没有这个登录名，请核对。"))
        return found

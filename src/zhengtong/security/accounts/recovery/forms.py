"""What is asked at the window."""

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.forms import OperationForm


class BeginForm(OperationForm):
    """The person's card, as the official reads it."""

    number = forms.CharField(
        label=_("本人身份证上的号码"),
        max_length=18,
        help_text=_("照身份证输入完整的号码；查找会记入日志，本人看得到。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    factors = forms.BooleanField(
        label=_("手机验证器或密钥也没有了，取消第二重验证（须另一位工作人员确认）"), required=False
    )
    seen = forms.BooleanField(label=_("身份证是原件，人证一致"), required=False)


class HandOutForm(OperationForm):
    """What is renewed with the password."""

    phone = forms.CharField(
        label=_("新手机号"),
        required=False,
        max_length=20,
        help_text=_("原来的手机还在用的，不填。"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )

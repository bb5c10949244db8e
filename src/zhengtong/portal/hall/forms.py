"""The forms of the hall that are not questions of a matter."""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, also when it is nothing at all; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


class ProgressForm(forms.Form):
    """Number and query code, as they stand on the receipt."""

    number = forms.CharField(
        label=_("办件编号"),
        max_length=60,
        help_text=_("在回执或短信里，如 431321-260911-00012-7。"),
        error_messages={"required": _("请填写办件编号。")},
    )
    code = forms.CharField(
        label=_("查询码"),
        max_length=20,
        help_text=_("在回执上编号的旁边，不分大小写。"),
        error_messages={"required": _("请填写查询码。")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )


class VerifyForm(forms.Form):
    """A verification code or a licence number."""

    code = forms.CharField(
        label=_("验证码或证号"),
        max_length=80,
        help_text=_("验证码在文书或证照的二维码下方，12位；也可以填证号。"),
        error_messages={"required": _("请填写验证码或证号。")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class StartForm(forms.Form):
    """For whom, and in which township."""

    principal = forms.ChoiceField(
        label=_("给谁办？"), widget=forms.RadioSelect, error_messages={"required": _("请选择给谁办。")}
    )
    township = forms.ChoiceField(
        label=_("户籍或经营地在哪个乡镇（街道）？"),
        help_text=_("由该乡镇（街道）先审核。"),
        error_messages={"required": _("请选择乡镇（街道）。")},
    )

    def __init__(
        self, *args: Any, principals: list[tuple[str, str]], townships: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        chooser, place = self.fields["principal"], self.fields["township"]
        assert isinstance(chooser, forms.ChoiceField)
        assert isinstance(place, forms.ChoiceField)
        chooser.choices = principals
        if len(principals) == 1:
            chooser.initial = principals[0][0]
        if townships:
            place.choices = [("", _("请选择")), *townships]
        else:
            del self.fields["township"]


class WithdrawForm(forms.Form):
    """Why, and that one means it."""

    reason = forms.CharField(
        label=_("撤回的原因"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("可以不填。"),
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)

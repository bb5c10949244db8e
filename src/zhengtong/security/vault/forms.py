"""What is asked about an erasure."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.forms import OperationForm
from zhengtong.security.vault.models import ErasureRequest, RetentionChange


class ErasureForm(OperationForm):
    """A person asks for their own data to be erased."""

    ground = forms.ChoiceField(label=_("依据"), choices=[("", _("请选择")), *ErasureRequest.GROUNDS])
    note = forms.CharField(label=_("说明"), required=False, max_length=200)


class ErasureForOtherForm(ErasureForm):
    """An official enters what a person asked for at the counter or in writing."""

    number = forms.CharField(label=_("本人的公民身份号码"), max_length=18)
    field_order = ("number", "ground", "note")

    def clean_number(self) -> Any:
        """The resident with this number."""
        found = get_user_model()._default_manager.filter(resident_id=self.cleaned_data["number"].strip().upper())
        person = found.first()
        if person is None:
            raise ValidationError(_("没有这个号码的账号，请核对。"))
        return person


class DecisionForm(OperationForm):
    """The second person: confirm, or refuse with a reason."""

    refusal = forms.CharField(label=_("不删除的理由"), max_length=200)


class RetentionForm(OperationForm):
    """How long one kind of data is to be kept from now on, and by which source."""

    amount = forms.IntegerField(label=_("保存多久"), min_value=0, max_value=36500, required=False)
    unit = forms.ChoiceField(label=_("单位"), choices=RetentionChange.UNITS)
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("法律、标准或者县里规定的名称和条款。"))
    dated = forms.DateField(
        label=_("依据的日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("公布、修订或者核对这条依据的日期。"),
    )
    reason = forms.CharField(label=_("修改理由"), max_length=200)

    def clean_amount(self) -> int:
        """Nought where nothing was typed: it says nothing for what is kept for ever, and is refused elsewhere."""
        return int(self.cleaned_data["amount"] or 0)

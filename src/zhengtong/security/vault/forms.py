"""What is asked about an erasure."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.forms import OperationForm
from zhengtong.security.vault.models import ErasureRequest


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

"""What the security administrator asks and decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.forms import OperationForm
from zhengtong.security.pki.values import KINDS, REASONS, STATES


class SearchForm(forms.Form):
    """Which certificates."""

    q = forms.CharField(label=_("名称或序列号"), required=False, max_length=80)
    kind = forms.ChoiceField(label=_("种类"), required=False, choices=[("", _("全部")), *KINDS.items()])
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部")), *((key, words) for key, words in STATES.items() if key != "future")],
    )

    def wanted(self) -> dict[str, Any]:
        """The question, as far as it could be read."""
        answers = self.cleaned_data if self.is_valid() else {}
        return {"text": answers.get("q", ""), "kind": answers.get("kind", ""), "state": answers.get("state", "")}


class RevocationForm(OperationForm):
    """Why a certificate is revoked."""

    reason = forms.ChoiceField(label=_("吊销原因"), choices=[("", _("请选择")), *REASONS.items()])

"""What an auditor asks about stamps."""

from django import forms
from django.utils.translation import gettext_lazy as _


class EventForm(forms.Form):
    """One event, by its number in the outbox."""

    event = forms.IntegerField(
        label=_("事件编号"), min_value=1, max_value=2**63 - 1, required=False, help_text=_("审计记录里的事件编号")
    )

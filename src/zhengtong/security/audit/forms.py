"""What an auditor asks."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.security.audit import queries

_DATE = forms.DateInput(attrs={"type": "date"})


class SearchForm(forms.Form):
    """Who did what to which thing, when."""

    actor = forms.CharField(label=_("谁"), help_text=_("姓名或登录名"), required=False, max_length=60)
    subject = forms.CharField(label=_("对象"), help_text=_("如 case:12 或 case"), required=False, max_length=80)
    action = forms.ChoiceField(label=_("做了什么"), required=False)
    since = forms.DateField(label=_("从"), required=False, widget=_DATE)
    until = forms.DateField(label=_("到"), required=False, widget=_DATE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["action"]
        choice.choices = [("", _("全部")), *queries.actions()]

    def wanted(self) -> queries.Filter:
        """The question, as far as it could be read."""
        answers = self.cleaned_data if self.is_valid() else {}
        text = {key: str(answers.get(key, "")).strip() for key in ("actor", "subject", "action")}
        since: date | None = answers.get("since")
        until: date | None = answers.get("until")
        return queries.Filter(**text, since=since, until=until)


class RangeForm(forms.Form):
    """A stretch of the chain."""

    first = forms.IntegerField(label=_("从第几条"), min_value=1)
    last = forms.IntegerField(label=_("到第几条"), min_value=1)

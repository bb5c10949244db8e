"""What an administrator types about working days, and the clock of a demo."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.calendars import announcement
from zhengtong.foundation.calendars.values import CLOSURE, HOLIDAY, KINDS, MAKEUP, Change, Day, Document
from zhengtong.kernel.forms import OperationForm

ORDINARY = "ordinary"
LONGEST = 31


def _reason(example: Any) -> forms.CharField:
    return forms.CharField(label=_("变更说明"), help_text=example, max_length=200)


class DaysForm(OperationForm):
    """One day or a few days in a row that become holiday, make-up working days, closed, or ordinary again."""

    first = forms.DateField(label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label=_("到哪一天"),
        help_text=_("只改一天的不填"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    state = forms.ChoiceField(
        label=_("改为"),
        choices=[
            *[(kind, KINDS[kind]) for kind in (HOLIDAY, MAKEUP, CLOSURE)],
            (ORDINARY, _("恢复平常（周一至周五上班）")),
        ],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("名称"), help_text=_("例如“国庆节”；恢复平常的不填"), max_length=30, required=False)
    reason = _reason(_("例如“县政府通知：因防汛停止对外办公”"))

    def clean(self) -> dict[str, Any]:
        """The range in order and not too long; a name where one is needed."""
        data = dict(super().clean() or {})
        first, last = data.get("first"), data.get("last") or data.get("first")
        if first and last and not timedelta() <= last - first < timedelta(days=LONGEST):
            self.add_error("last", _now("结束日期应在开始日期之后、一个月以内。"))
        if data.get("state") not in (None, ORDINARY) and not data.get("name", "").strip():
            self.add_error("name", _now("请填写名称，例如“国庆节”。"))
        return data

    def change(self, document: Document) -> Change:
        """The change as the operation wants it."""
        data = self.cleaned_data
        first: date = data["first"]
        length = ((data["last"] or first) - first).days + 1
        days = [(first + timedelta(days=n)).isoformat() for n in range(length)]
        info: Day = {"workday": data["state"] == MAKEUP, "name": data["name"].strip(), "kind": data["state"]}
        return Change(dict.fromkeys(days, None if data["state"] == ORDINARY else info), {})


class ImportForm(OperationForm):
    """A whole year, from the text of the State Council notice or from JSON."""

    year = forms.IntegerField(label=_("年份"), min_value=1990, max_value=2100)
    text = forms.CharField(
        label=_("放假通知正文"),
        help_text=_("粘贴“一、元旦：……”各条；也可以粘贴JSON"),
        max_length=60000,
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    source = forms.CharField(label=_("文号或来源"), help_text=_("正文里有文号的不用填"), max_length=100, required=False)
    reason = _reason(_("例如“录入国办关于2027年放假安排的通知”"))

    def change(self, document: Document) -> Change:
        """The year replaced as a whole. Raises `Invalid` with the sentence that cannot be read."""
        year = str(self.cleaned_data["year"])
        found = announcement.read(self.cleaned_data["text"], year=int(year))
        old: dict[str, Day | None] = dict.fromkeys(document.get(year, {}).get("days", {}))
        source = self.cleaned_data["source"].strip() or found.source or _now("未注明文号")
        return Change({**old, **found.days}, {year: source})


class ClockForm(OperationForm):
    """The day to which a demo's clock is set; work begins at nine."""

    day = forms.DateField(label=_("拨到哪一天"), widget=forms.DateInput(attrs={"type": "date"}))

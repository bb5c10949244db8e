"""The small forms around a version: begin a matter, give a reason, choose a file."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.matters import elements
from zhengtong.security.pmi import public as pmi


class NewMatterForm(forms.Form):
    """A new matter: its name and who handles it; everything else follows section by section."""

    name = forms.CharField(label=_("事项名称"), max_length=200, help_text=_("用法律法规里的名称，群众的说法以后另填"))
    key = forms.RegexField(
        label=_("键"),
        regex=r"^[a-z0-9-]{2,80}$",
        help_text=_("网址里用的名字，如 food-business-licence，定了就不能改"),
        error_messages={"invalid": _("只能用小写字母、数字和短横线，2到80个。")},
    )
    department = forms.ChoiceField(label=_("实施主体"))
    type_code = forms.ChoiceField(label=_("事项类型"), choices=elements.TYPE_CODES)
    reason = forms.CharField(
        label=_("变更说明"), max_length=300, required=False, help_text=_("为什么新增，例如依据的文件")
    )

    def __init__(self, *args: Any, user: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bodies = pmi.organizations_where(user, "matters.edit", on=on)
        self.fields["department"].choices = [(body.code, body.label) for body in bodies]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why a version is sent back or a matter ends."""

    reason = forms.CharField(
        label=_("原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300})
    )


class ImportForm(forms.Form):
    """A file exported from here and changed by hand, or by another system."""

    file = forms.FileField(label=_("JSON文件或XLSX工作簿"), help_text=_("最大8MB。先看会改动什么，确认后才导入。"))

"""The form of the page on which a file is verified."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class FileForm(forms.Form):
    """One file; it is read and thrown away."""

    file = forms.FileField(
        label=_("要验的文件"),
        max_length=200,
        # What was cut off on arrival is empty as well: `clean_file` tells the two apart.
        allow_empty_file=True,
        help_text=_("从本网站下载的PDF原文件，或接口返回的JSON、时间戳文件，不超过20 MB。照片、扫描件和打印件验不了。"),
        error_messages={
            "required": _("请选择要验的文件。"),
            "max_length": _("文件名太长，请改短后再试。"),
        },
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.json,.tst,.tsr,.jws"}),
    )

    def clean_file(self) -> Any:
        """The file, unless it is empty by itself."""
        file = self.cleaned_data["file"]
        if not file.size and getattr(file, "refusal", None) is None:
            raise ValidationError(_("这个文件是空的，请重新选择。"))
        return file

"""The forms of projects: beginning one, and the acts on its page."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.greenway.models import JointCase, Project, SiteVisit
from zhengtong.approvals.greenway.operations import visits
from zhengtong.approvals.greenway.states import BRANCH_ENDED
from zhengtong.kernel.errors import NotFound


def _required(sentence: Any) -> dict[str, Any]:
    return {"required": sentence, "invalid": sentence}


class StartForm(forms.Form):
    """For whom, and for an investment project what it is."""

    principal = forms.ChoiceField(
        label=gettext_lazy("为谁办理"),
        widget=forms.RadioSelect,
        error_messages=_required(gettext_lazy("请选择为谁办理。")),
    )
    name = forms.CharField(
        label=gettext_lazy("项目名称"), max_length=120, error_messages=_required(gettext_lazy("请填写项目名称。"))
    )
    code = forms.CharField(
        label=gettext_lazy("投资项目代码"),
        max_length=40,
        help_text=gettext_lazy("投资项目在线平台给出的24个字符，写法如2606-431321-04-01-123456。"),
        error_messages=_required(gettext_lazy("请填写投资项目代码。")),
    )
    site = forms.CharField(
        label=gettext_lazy("建设地点"), max_length=200, error_messages=_required(gettext_lazy("请填写建设地点。"))
    )
    investment = forms.DecimalField(
        label=gettext_lazy("总投资（万元）"),
        min_value=0,
        max_digits=14,
        decimal_places=2,
        error_messages=_required(gettext_lazy("总投资应填数字，单位万元。")),
    )
    township = forms.ChoiceField(
        label=gettext_lazy("所在乡镇（街道）"), error_messages=_required(gettext_lazy("请选择所在乡镇。"))
    )

    def __init__(
        self, *args: Any, principals: list[tuple[str, str]], townships: list[tuple[str, str]], kind: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if principals:
            self.fields["principal"].choices = principals  # type: ignore[attr-defined]
        else:
            del self.fields["principal"]
        if townships:
            self.fields["township"].choices = [("", _("请选择")), *townships]  # type: ignore[attr-defined]
        else:
            del self.fields["township"]
        if kind != "project":
            for name in ("name", "code", "site", "investment"):
                del self.fields[name]


class ActForm(forms.Form):
    """Base of the acts: carries the row version the page was made from."""

    seen = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages=_required(gettext_lazy("页面不完整，操作没有生效。请返回项目页面后再试。")),
    )

    def __init__(self, *args: Any, project: Project, thing: int, user: Any, at: datetime, **kwargs: Any) -> None:
        self.project, self.thing, self.user, self.at = project, thing, user, at
        super().__init__(*args, **kwargs)
        self.shape()

    def shape(self) -> None:
        """Fill choices from the project."""


def _text(label: Any, sentence: Any, *, rows: int = 3, length: int = 300, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=length,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages=_required(sentence),
    )


class NotifyForm(ActForm):
    """Something wrong in the answers themselves; the papers come from the judging."""

    extra = _text(gettext_lazy("申请内容中需要更正的地方"), "", required=False)


class ExtendForm(ActForm):
    """How long, and why."""

    workdays = forms.IntegerField(
        label=gettext_lazy("延长几个工作日"),
        min_value=1,
        max_value=15,
        error_messages=_required(gettext_lazy("请填写1至15的整数。")),
    )
    reason = _text(gettext_lazy("延长的理由"), gettext_lazy("请写明延长的理由，理由会告知申请人。"))


class ReplyForm(ActForm):
    """What the superior authority or another system answered."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("办理结果"),
        choices=[("granted", gettext_lazy("准予")), ("refused", gettext_lazy("不予"))],
        widget=forms.RadioSelect,
        error_messages=_required(gettext_lazy("请选择办理结果。")),
    )
    number = forms.CharField(
        label=gettext_lazy("批准文号或回复编号"),
        max_length=80,
        error_messages=_required(gettext_lazy("请填写批准文号或回复编号。")),
    )
    decided_on = forms.DateField(
        label=gettext_lazy("决定日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages=_required(gettext_lazy("请填写决定日期，如2026-10-01。")),
    )


class ProposeVisitForm(ActForm):
    """Which branches, where, what for."""

    branches = forms.TypedMultipleChoiceField(
        label=gettext_lazy("一起勘验的事项"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_required(gettext_lazy("请至少选择两个事项。")),
    )
    address = forms.CharField(
        label=gettext_lazy("勘验地点"), max_length=200, error_messages=_required(gettext_lazy("请填写勘验地点。"))
    )
    purpose = forms.CharField(
        label=gettext_lazy("勘验目的"), max_length=200, error_messages=_required(gettext_lazy("请填写勘验目的。"))
    )

    def shape(self) -> None:
        """The branches of the stage that still run; the site of the project."""
        joint = JointCase.objects.filter(pk=self.thing, project=self.project).first()
        if joint is None:
            raise NotFound(_("没有找到这个联合办理。"))
        rows = joint.branches.exclude(state__in=BRANCH_ENDED).select_related("department")
        self.fields["branches"].choices = [  # type: ignore[attr-defined]
            (branch.pk, f"{branch.label}（{branch.department.short_label}）") for branch in rows
        ]
        self.initial.setdefault("address", self.project.site)
        self.initial.setdefault("purpose", _("现场核查"))


class FixVisitForm(ActForm):
    """When, and who goes along for each body."""

    slot = forms.ChoiceField(
        label=gettext_lazy("时间"),
        widget=forms.RadioSelect,
        error_messages=_required(gettext_lazy("请从列出的时间中选择一个。")),
    )
    officers = forms.TypedMultipleChoiceField(
        label=gettext_lazy("参加人员"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_required(gettext_lazy("请选择参加人员，每个部门至少两人。")),
    )

    def shape(self) -> None:
        """The proposed times and those who inspect at the bodies concerned."""
        visit = SiteVisit.objects.filter(pk=self.thing, joint__project=self.project).first()
        if visit is None:
            raise NotFound(_("没有这次联合勘验。"))
        self.fields["slot"].choices = [(slot, _moment(slot)) for slot in visit.slots]  # type: ignore[attr-defined]
        rows = list(visit.branches.select_related("department"))
        names = {branch.department_id: branch.department.short_label for branch in rows}
        found = visits.candidates(rows, on=timezone.localdate(self.at))
        self.fields["officers"].choices = [  # type: ignore[attr-defined]
            (user.pk, f"{names[body]} {user.display_name}") for body, users in found.items() for user in users
        ]


def _moment(slot: str) -> str:
    moment = parse_datetime(slot)
    return formats.date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else slot


class RecordVisitForm(ActForm):
    """The one record."""

    record = _text(gettext_lazy("勘验记录"), gettext_lazy("请写明现场情况和各部门意见。"), rows=8, length=4000)


class AppointForm(ActForm):
    """Whom, and until when."""

    login = forms.CharField(
        label=gettext_lazy("代办员的登录名"),
        max_length=60,
        error_messages=_required(gettext_lazy("请填写代办员的登录名。")),
    )
    valid_until = forms.DateField(
        label=gettext_lazy("委托到哪一天"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages=_required(gettext_lazy("请填写日期，如2027-06-30。")),
    )


class DismissForm(ActForm):
    """Nothing to fill in; knows the project."""

    def clean(self) -> dict[str, Any]:
        """The operation wants the project beside the mandate."""
        data = super().clean() or {}
        return {**data, "project_id": self.project.pk}


class ImportForm(forms.Form):
    """The workbook of running projects."""

    file = forms.FileField(
        label=gettext_lazy("XLSX表格"),
        error_messages=_required(gettext_lazy("请选择填好的表格文件。")),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )

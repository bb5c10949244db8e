"""The gallery of components: every one with its states, from invented examples; shown at /design/ in a demo."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.foundation.calendars.public import builtin
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.legal_clock import Budget, Pause, ledger

TODAY = date(2026, 9, 21)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=gettext_lazy("经营者姓名"), help_text=gettext_lazy("与身份证上的姓名一致"))
    phone = forms.CharField(
        label=gettext_lazy("手机号码"), widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    area = forms.DecimalField(label=gettext_lazy("经营面积"), required=False)
    opened_on = forms.DateField(label=gettext_lazy("计划开业日期"), widget=forms.DateInput())
    town = forms.ChoiceField(
        label=gettext_lazy("所在乡镇"), choices=[("", gettext_lazy("请选择")), ("1", gettext_lazy("永丰街道"))]
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("主体业态"),
        widget=forms.RadioSelect,
        choices=[("a", gettext_lazy("食品销售经营者")), ("b", gettext_lazy("餐饮服务经营者"))],
    )
    extras = forms.MultipleChoiceField(
        label=gettext_lazy("经营项目"),
        widget=forms.CheckboxSelectMultiple,
        choices=[("x", gettext_lazy("热食类食品制售")), ("y", gettext_lazy("冷食类食品制售"))],
        required=False,
    )
    reason = forms.CharField(
        label=gettext_lazy("情况说明"), widget=forms.Textarea(attrs={"maxlength": 200}), required=False
    )
    paper = forms.FileField(label=gettext_lazy("健康证明"), help_text=gettext_lazy("照片或PDF，不超过20 MB"))
    promise = forms.BooleanField(label=gettext_lazy("我承诺所填内容真实"))


def _clocks() -> list[tuple[str, Any]]:
    pauses = (Pause(date(2026, 9, 23), date(2026, 9, 28), _("现场核查整改"), "《中华人民共和国行政许可法》第四十五条"),)
    days = builtin()
    return [
        (_("法定时限"), ledger(Budget(date(2026, 9, 11), 20, pauses), days, today=TODAY)),
        (_("承诺时限"), ledger(Budget(date(2026, 9, 17), 5), days, today=TODAY)),
        (_("暂停中的时限"), ledger(Budget(date(2026, 9, 10), 10, (Pause(date(2026, 9, 16)),), 5), days, today=TODAY)),
    ]


def _path() -> list[dict[str, Any]]:
    return [
        {"label": _("窗口"), "steps": [{"label": _("收件受理"), "who": _("县政务服务中心"), "state": "done"}]},
        {
            "mode": "parallel",
            "label": _("三个部门同时办理"),
            "steps": [
                {"label": _("材料审查"), "who": _("县市场监管局"), "state": "current", "note": _("还有3个工作日")},
                {"label": _("现场核查"), "who": _("县卫生健康局"), "state": "paused"},
                {"label": _("消防意见"), "who": _("县消防救援大队"), "state": "problem", "note": _("已超期1个工作日")},
            ],
        },
        {"label": _("决定"), "steps": [{"label": _("批准"), "who": _("县市场监管局"), "state": "todo"}]},
        {"label": _("送达"), "steps": [{"label": _("制证发证"), "who": _("县政务服务中心"), "state": "todo"}]},
    ]


def _timeline() -> list[dict[str, Any]]:
    at = datetime(2026, 9, 11, 10, 5, tzinfo=SHANGHAI)
    return [
        {"at": at, "title": _("提交申请"), "actor": "张*三"},
        {
            "at": at,
            "title": _("受理"),
            "actor": _("县政务服务中心"),
            "text": _("材料齐全，当场受理。"),
            "url": "#",
            "action": _("受理决定书"),
        },
        {"at": at, "title": _("现场核查"), "actor": _("县市场监管局"), "state": "current"},
        {"title": _("补正材料"), "state": "problem", "text": _("缺健康证明，请补正。")},
        {"title": _("决定"), "state": "todo"},
    ]


def examples() -> dict[str, Any]:
    """Everything the gallery's template draws."""
    page = Paginator(range(1, 215), 10).page(4)
    return {
        "form": ExampleForm({"name": "", "phone": "12", "kind": "b"}),
        "options": [
            {"value": "1", "label": _("本人办理"), "hint": _("需要本人身份证")},
            {"value": "2", "label": _("委托他人办理")},
        ],
        "clocks": _clocks(),
        "today": TODAY,
        "due_days": [(date(2026, 12, 3), 12), (date(2026, 9, 23), 2), (TODAY, 0), (date(2026, 9, 15), -4)],
        "groups": _path(),
        "entries": _timeline(),
        "step_names": [_("主体信息"), _("经营场所"), _("上传材料"), _("核对"), _("提交")],
        "facts": [
            {"label": _("申请人"), "value": "张*三", "url": "#"},
            {"label": _("联系电话"), "value": "138****1234", "url": "#", "hint": _("用于接收办理通知")},
            (_("备注"), ""),
        ],
        "tasks": [
            {"label": _("主体信息"), "url": "#", "status": _("已完成"), "tone": "ok"},
            {
                "label": _("上传材料"),
                "url": "#",
                "status": _("还缺2份"),
                "tone": "soon",
                "hint": _("可以用手机拍照上传"),
            },
            {"label": _("提交"), "status": _("还不能开始")},
        ],
        "tab_items": [
            {"label": _("待办"), "url": "#", "current": True, "count": 12},
            {"label": _("在办"), "url": "#", "count": 40},
            {"label": _("已办"), "url": "#"},
        ],
        "state_options": [("", _("全部")), ("open", _("在办"))],
        "facets": [
            {"value": "a", "label": _("县市场监管局"), "count": 24},
            {"value": "b", "label": _("县公安局"), "count": 18},
        ],
        "figures": [
            (_("永丰街道"), 12345),
            (_("荷叶镇"), 8200),
            {"label": _("梓门桥镇"), "value": 640, "tone": "overdue"},
        ],
        "page": page,
        "rows": [
            (_("食品经营许可"), "431321-260911-00012-7", "张*三", date(2026, 9, 15), -4, "is-overdue"),
            (_("公共场所卫生许可"), "431321-260914-00031-2", "李*", date(2026, 9, 22), 1, "is-soon"),
            (_("建筑工程施工许可"), "431321-260917-00008-5", "双峰县某某农机有限公司", date(2026, 10, 20), 14, ""),
        ],
        "at": datetime(2026, 9, 21, 9, 12, tzinfo=SHANGHAI),
    }


def _draw(request: HttpRequest, template: str, **more: Any) -> HttpResponse:
    if not (settings.DEMO or settings.DEBUG):
        raise NotFound(_("组件样例只在演示环境中提供。"))
    return render(request, template, {**examples(), **more, "back_url": "#"})


@access.official
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component with its states; `?layout=public` draws them in the public layout."""
    layout = "layouts/public.html" if request.GET.get("layout") == "public" else "layouts/office.html"
    return _draw(request, "design/gallery.html", layout=layout)


@access.official
def question(request: HttpRequest) -> HttpResponse:
    """The question layout with an error."""
    return _draw(request, "design/question.html", multipart=True)


@access.official
def paper(request: HttpRequest) -> HttpResponse:
    """The print layout."""
    return _draw(request, "design/paper.html")


urlpatterns = [
    path("", gallery, name="design"),
    path("question/", question, name="design_question"),
    path("paper/", paper, name="design_paper"),
]

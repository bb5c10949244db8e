"""What an administrator types about bodies, posts and members; every rule is the operation's."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization, Post, Succession
from zhengtong.kernel import official_time
from zhengtong.kernel.forms import OperationForm


def _text(label: Any, hint: Any = "", *, required: bool = True, longest: int = 100) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=required, max_length=longest)


def _day(label: Any, hint: Any = "", *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"})
    return forms.DateField(label=label, help_text=hint, required=required, widget=widget)


class _BodyChoice(forms.ModelChoiceField):
    """A body that exists today, set in as deep as it stands in the tree."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Organization.objects.none(), empty_label=_("请选择"), **kwargs)

    def label_from_instance(self, obj: Organization) -> str:
        return "　" * max(0, obj.path.count("/") - 2) + obj.label


class BodyForm(OperationForm):
    """A form about one body (None: a new one)."""

    def __init__(self, *args: Any, organization: Organization | None = None, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization = organization
        bodies = Organization.objects.active(today)
        if organization is not None:
            bodies = bodies.exclude(path__startswith=organization.path)
        for field in self.fields.values():
            if isinstance(field, _BodyChoice):
                field.queryset = bodies
        for name in ("on", "valid_from"):
            if name in self.fields:
                self.fields[name].initial = today


class EstablishForm(BodyForm):
    """A new body."""

    name = _text(_("名称"), _("与批准设立的文件一致"))
    code = _text(_("代码"), _("字母、数字和短横线，设立后不再变，例如 market-regulation"), longest=60)
    kind = forms.ChoiceField(label=_("类别"), choices=Organization.KINDS)
    parent = _BodyChoice(label=_("上级机构"), required=False)
    short_name = _text(_("简称"), required=False, longest=40)
    name_en = _text(_("英文名称"), required=False, longest=200)
    uscc = _text(_("统一社会信用代码"), required=False, longest=30)
    division_code = _text(_("区划代码"), _("乡镇9位，村12位"), required=False, longest=12)
    phone = _text(_("电话"), required=False, longest=40)
    address = _text(_("地址"), required=False, longest=200)


class DescribeForm(BodyForm):
    """What describes a body; its name has a form of its own, because the old name must stay findable."""

    short_name = _text(_("简称"), required=False, longest=40)
    name_en = _text(_("英文名称"), required=False, longest=200)
    division_code = _text(_("区划代码"), required=False, longest=12)
    phone = _text(_("电话"), required=False, longest=40)
    address = _text(_("地址"), required=False, longest=200)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        for name, field in self.fields.items():
            field.initial = getattr(organization, name)


class RenameForm(BodyForm):
    """A new name from a day on."""

    name = _text(_("新名称"))
    short_name = _text(_("新简称"), required=False, longest=40)
    name_en = _text(_("新英文名称"), required=False, longest=200)
    on = _day(_("生效日期"))
    document = _text(_("依据文件"), _("例如“双编发〔2026〕3号”"), required=False, longest=200)


class MoveForm(BodyForm):
    """Another superior."""

    parent = _BodyChoice(label=_("新的上级机构"), help_text=_("下级机构一起移动"))


class DissolveForm(BodyForm):
    """Who takes over, from when."""

    successor = _BodyChoice(label=_("承接机构"), help_text=_("在办事项和今后的查询都转到这里"))
    second_successor = _BodyChoice(label=_("另一承接机构"), help_text=_("职责分给两家时填写"), required=False)
    kind = forms.ChoiceField(
        label=_("方式"), choices=[row for row in Succession.KINDS if row[0] != "renamed"], widget=forms.RadioSelect
    )
    on = _day(_("撤销日期"), _("从这一天起机构不再存在"))
    document = _text(_("依据文件"), required=False, longest=200)

    def clean(self) -> dict[str, Any]:
        """The heirs as one list, as the operation wants them."""
        data = dict(super().clean() or {})
        heirs = [data.pop("successor", None), data.pop("second_successor", None)]
        return {**data, "successors": list(dict.fromkeys(heir for heir in heirs if heir))}


class AliasForm(BodyForm):
    """A name of the past, or how people say it."""

    name = _text(_("曾用名或俗称"), _("例如“县国土局”；群众按这个名字也能找到本机构"))
    valid_until = _day(_("使用至"), required=False)


class PostForm(BodyForm):
    """A new post."""

    name = _text(_("岗位名称"), _("例如“行政审批股股长”"), longest=60)
    name_en = _text(_("英文名称"), required=False, longest=120)
    is_head = forms.BooleanField(label=_("本机构负责人"), required=False)


class AppointForm(BodyForm):
    """Who, in which post, for how long."""

    user = _text(_("登录名"), _("工作人员账号的登录名"), longest=60)
    post = forms.ModelChoiceField(
        label=_("岗位"), queryset=Post.objects.none(), required=False, empty_label=_("不设岗位")
    )
    valid_from = _day(_("任职起"))
    valid_until = _day(_("任职止"), _("没有期限的不填"), required=False)

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        posts: Any = self.fields["post"]
        posts.queryset = organization.posts.order_by("-is_head", "name")

    def clean_user(self) -> Any:
        """The account with that name."""
        found = get_user_model().objects.filter(username=self.cleaned_data["user"].strip()).first()
        if found is None:
            raise forms.ValidationError(_now("没有这个登录名，请核对，或先建立工作人员账号。"))
        return found


class EndForm(OperationForm):
    """The last day of a membership."""

    until = _day(_("任职的最后一天"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = official_time.today()

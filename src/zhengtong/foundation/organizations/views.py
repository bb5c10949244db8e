"""Pages of bodies: the tree, one body, and a form for every change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.foundation.organizations import forms, operations, queries
from zhengtong.foundation.organizations.values import PANELS
from zhengtong.kernel import access, official_time
from zhengtong.kernel.errors import NotFound, ZhengtongError


@access.official
def index(request: HttpRequest) -> HttpResponse:
    """Every body as a tree; with `q` or `state=dissolved` a list."""
    text, dissolved = request.GET.get("q", "").strip(), request.GET.get("state") == "dissolved"
    context: dict[str, Any] = {"text": text, "dissolved": dissolved}
    if text or dissolved:
        rows = queries.listed(text, dissolved=dissolved, on=official_time.today())
        context["page"] = Paginator(rows, 30).get_page(request.GET.get("page"))
    else:
        context["groups"] = queries.grouped(on=official_time.today())
    return render(request, "organizations/index.html", context)


@access.official
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One body: what it is, who is there, what it does, what it was."""
    organization = queries.get_by_code(code)
    sheet = queries.sheet_of(organization, on=official_time.today())
    panels = [(panel.title, panel.links(organization), panel.empty) for panel in PANELS.values()]
    context = {"organization": organization, "sheet": sheet, "panels": panels}
    return render(request, "organizations/detail.html", context)


@dataclass(frozen=True)
class Change:
    """A change to a body as a page: its form, the operation behind it, its words."""

    form: type[forms.BodyForm]
    operation: Callable[..., Any]
    title: str | Promise
    button: str | Promise
    lead: str | Promise = ""
    danger: bool = False


CHANGES: dict[str, Change] = {
    "describe": Change(forms.DescribeForm, operations.describe, gettext_lazy("修改资料"), gettext_lazy("保存")),
    "rename": Change(
        forms.RenameForm,
        operations.rename,
        gettext_lazy("机构更名"),
        gettext_lazy("保存新名称"),
        gettext_lazy("旧名称留作曾用名，群众按旧名称仍能找到本机构。"),
    ),
    "move": Change(
        forms.MoveForm,
        operations.move,
        gettext_lazy("调整上级"),
        gettext_lazy("调整"),
        gettext_lazy("下级机构随之移动，按机构范围授予的权限也随之变化。"),
    ),
    "dissolve": Change(
        forms.DissolveForm,
        operations.dissolve,
        gettext_lazy("撤销或合并"),
        gettext_lazy("确认撤销"),
        gettext_lazy("撤销后不能恢复：名称留给承接机构作曾用名，本机构的任职在前一天结束。"),
        danger=True,
    ),
    "alias": Change(forms.AliasForm, operations.add_alias, gettext_lazy("增加曾用名"), gettext_lazy("增加")),
    "post": Change(forms.PostForm, operations.create_post, gettext_lazy("增加岗位"), gettext_lazy("增加")),
    "appoint": Change(
        forms.AppointForm,
        operations.appoint,
        gettext_lazy("登记任职"),
        gettext_lazy("登记"),
        gettext_lazy("任职说明此人属于本机构；能办哪些事由授权决定。"),
    ),
}


@access.requires("organizations.manage")
def change(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """One change to one body."""
    organization, kind = queries.get_by_code(code), CHANGES.get(action)
    if kind is None:
        raise NotFound(_("没有这项操作，请从机构页面进入。"))
    form = kind.form(request.POST or None, organization=organization, today=official_time.today())
    done = _attempt(request, form, kind.operation, organization=organization)
    if done is not None:
        messages.success(request, _("已保存。"))
        return redirect("organizations:detail", code=organization.code)
    context = {"form": form, "change": kind, "organization": organization}
    return render(request, "organizations/form.html", context, status=422 if form.errors else 200)


def _attempt(request: HttpRequest, form: Any, operation: Callable[..., Any], **given: Any) -> bool | None:
    """True when the form was posted, valid, and the operation agreed; else None, with the reasons in the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        operation(by=request.user.pk, at=official_time.now(), **given, **form.cleaned_data)
    except ZhengtongError as refusal:
        form.refuse(refusal)
        return None
    return True


@access.requires("organizations.manage")
def establish(request: HttpRequest) -> HttpResponse:
    """A new body."""
    form = forms.EstablishForm(request.POST or None, today=official_time.today(), initial=request.GET.dict())
    if _attempt(request, form, operations.establish):
        messages.success(request, _("机构已设立。"))
        return redirect("organizations:detail", code=form.cleaned_data["code"].strip())
    kind = Change(forms.EstablishForm, operations.establish, _("设立机构"), _("设立"))
    context = {"form": form, "change": kind, "organization": None}
    return render(request, "organizations/form.html", context, status=422 if form.errors else 200)


@access.requires("organizations.manage")
def end_membership(request: HttpRequest, code: str, membership_id: int) -> HttpResponse:
    """End one membership."""
    organization = queries.get_by_code(code)
    membership = queries.get_membership(organization, membership_id)
    form = forms.EndForm(request.POST or None)
    if _attempt(request, form, operations.end_membership, membership=membership):
        messages.success(request, _("任职已结束。"))
        return redirect("organizations:detail", code=code)
    lead = _("{name}在“{body}”的任职到这一天为止，记录保留。").format(
        name=membership.user.display_name, body=organization.label
    )
    kind = Change(forms.BodyForm, operations.end_membership, _("结束任职"), _("结束任职"), lead)
    context = {"form": form, "change": kind, "organization": organization}
    return render(request, "organizations/form.html", context, status=422 if form.errors else 200)

"""账号与授权: officials, where they serve, what they may do and until when."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Membership, Organization
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotAllowed, NotFound, ZhengtongError
from zhengtong.kernel.forms import OperationForm, number_of
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import decisions, operations, queries
from zhengtong.security.pmi.forms import AppointmentForm, ClosingForm, GrantForm, OfficialForm, StandInForm, WhyForm
from zhengtong.security.pmi.models import RoleGrant
from zhengtong.security.pmi.policy import CONFLICTS, DUTIES, PERMISSIONS, ROLES, SENSITIVE

MANAGE, GRANT = "accounts.manage", "roles.grant"
PAGE = 30


@access.requires(MANAGE)
def officials(request: HttpRequest) -> HttpResponse:
    """Search officials by name, login name, body and state."""
    today = official_today()
    body = organizations.get(number_of(request.GET["body"], 0)) if request.GET.get("body", "").isdigit() else None
    active = {"active": True, "closed": False}.get(request.GET.get("state", "active"))
    found = queries.officials(request.GET.get("q", ""), organization=body, active=active)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    roles = queries.roles_by_user([user.pk for user in page], on=today)
    rows = [(user, roles.get(user.pk, [])) for user in page]
    bodies = _bodies(request, MANAGE)
    return render(request, "pmi/officials.html", {"page": page, "rows": rows, "bodies": bodies, "today": today})


@access.requires(MANAGE)
def new_official(request: HttpRequest) -> HttpResponse:
    """Open an account; the one-time password is shown once on the next page."""
    form = OfficialForm(request.POST or None, organizations=_bodies(request, MANAGE))

    def change() -> Any:
        user = accounts.create_official(**form.cleaned_data, by=_me(request), at=official_now())
        _show_password_once(request, user)
        return user.pk

    return _form_page(request, form, change, "pmi/official_new.html", _("账号已建立，接下来请授权。"))


@access.requires(MANAGE)
@never_cache
def official(request: HttpRequest, user_id: int) -> HttpResponse:
    """One official: where they serve, every grant with its time, what can be done."""
    user, today = queries.get_official(user_id), official_today()
    grants = list(queries.grants_of(user))
    context = {
        "official": user,
        "memberships": user.memberships.select_related("organization", "post").order_by("-valid_from"),
        "grants": [(grant, grant.in_force(today), grant.valid_from > today) for grant in grants],
        "permissions": _permissions_of(user),
        "once": request.session.pop(f"password_once_{user.pk}", ""),
        "may_grant": decisions.can(request.user, GRANT, on=today),
        "today": today,
    }
    return render(request, "pmi/official.html", context)


@access.requires(GRANT)
def grant(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a role."""
    user = queries.get_official(user_id)
    form = GrantForm(request.POST or None, organizations=_bodies(request, GRANT), today=official_today())

    def change() -> Any:
        operations.grant_role(user=user, **form.cleaned_data, by=_me(request).pk, at=official_now())
        return user.pk

    return _form_page(
        request,
        form,
        change,
        "pmi/grant.html",
        _("已授权，从生效日期起有效；重要岗位须另一人确认后才生效。"),
        official=user,
    )


@access.requires(GRANT)
@require_POST
def revoke(request: HttpRequest, grant_id: int) -> HttpResponse:
    """End a grant today."""
    found = RoleGrant.objects.select_related("user", "organization").filter(pk=grant_id).first()
    if found is None:
        raise NotFound(_("没有这项授权。"))
    operations.revoke_role(grant=found, by=_me(request).pk, at=official_now(), on=official_today())
    messages.success(request, _("授权已撤销，立即生效。"))
    return redirect("pmi:official", user_id=found.user_id)


@access.requires(GRANT)
@require_POST
def confirm(request: HttpRequest, grant_id: int) -> HttpResponse:
    """The second signature under a sensitive grant."""
    found = RoleGrant.objects.filter(pk=grant_id).first()
    if found is None:
        raise NotFound(_("没有这项授权。"))
    operations.confirm_grant(grant=found, by=_me(request).pk, at=official_now())
    messages.success(request, _("已确认，授权从生效日期起有效。"))
    return redirect("pmi:official", user_id=found.user_id)


@access.requires(GRANT)
def stand_in(request: HttpRequest, user_id: int) -> HttpResponse:
    """Appoint who stands in while somebody is away."""
    absent = queries.get_official(user_id)
    form = StandInForm(request.POST or None, initial={"valid_from": official_today()})

    def change() -> Any:
        answers = dict(form.cleaned_data)
        deputy = queries.get_official_by_username(answers.pop("stand_in"))
        operations.appoint_stand_in(absent=absent, stand_in=deputy, **answers, by=_me(request).pk, at=official_now())
        return deputy.pk

    return _form_page(request, form, change, "pmi/stand_in.html", _("代理已生效，到期自动失效。"), official=absent)


@access.requires(MANAGE)
def appoint(request: HttpRequest, user_id: int) -> HttpResponse:
    """Make somebody a member of a body."""
    user, today = queries.get_official(user_id), official_today()
    bodies = _bodies(request, MANAGE)
    form = AppointmentForm(request.POST or None, organizations=bodies, initial={"valid_from": today})

    def change() -> Any:
        organizations.appoint(user=user, **form.cleaned_data, by=_me(request).pk, at=official_now())
        return user.pk

    return _form_page(request, form, change, "pmi/appoint.html", _("任职已登记。"), official=user)


@access.requires(MANAGE)
@require_POST
def end_membership(request: HttpRequest, membership_id: int) -> HttpResponse:
    """End a membership with yesterday, or with today when it began today."""
    found = Membership.objects.select_related("organization").filter(pk=membership_id).first()
    if found is None:
        raise NotFound(_("没有这项任职。"))
    decisions.require(request.user, MANAGE, organization=found.organization, on=official_today())
    until = max(official_today() - timedelta(days=1), found.valid_from)
    organizations.end_membership(membership=found, until=until, by=_me(request).pk, at=official_now())
    messages.success(request, _("任职已结束。岗位授权另行撤销。"))
    return redirect("pmi:official", user_id=found.user_id)


@access.requires(MANAGE)
def close(request: HttpRequest, user_id: int) -> HttpResponse:
    """Close an account."""
    user = queries.get_official(user_id)
    decisions.demand(request.user, MANAGE, user, at=official_today())
    form = ClosingForm(request.POST or None)

    def change() -> Any:
        accounts.deactivate(user=user, **form.cleaned_data, by=_me(request), at=official_now())
        return user.pk

    return _form_page(request, form, change, "pmi/close.html", _("账号已停用，正在使用的登录立即失效。"), official=user)


@access.requires(MANAGE)
@require_POST
def reopen(request: HttpRequest, user_id: int) -> HttpResponse:
    """Open a closed account again."""
    user = queries.get_official(user_id)
    decisions.demand(request.user, MANAGE, user, at=official_today())
    accounts.reactivate(user=user, by=_me(request), at=official_now())
    messages.success(request, _("账号已恢复。"))
    return redirect("pmi:official", user_id=user.pk)


@access.requires(MANAGE)
@require_POST
def reset_password(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a one-time password after checking who asks."""
    user = queries.get_official(user_id)
    decisions.demand(request.user, MANAGE, user, at=official_today())
    _show_password_once(request, user)
    return redirect("pmi:official", user_id=user.pk)


@access.requires(MANAGE)
@require_POST
def reset_factors(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take away lost second factors after seeing who asks."""
    user = queries.get_official(user_id)
    decisions.demand(request.user, MANAGE, user, at=official_today())
    seen = "window" if request.POST.get("seen") else ""
    accounts.reset_factors(user=user, evidence=seen, by=_me(request), at=official_now())
    messages.success(request, _("第二重验证已取消，原来的登录都已结束。请本人登录后马上重新设置。"))
    return redirect("pmi:official", user_id=user.pk)


@access.requires("desk.view")
def policy(request: HttpRequest) -> HttpResponse:
    """Who may do what: every role with its permissions and duty, and the roles one person may not hold together."""
    rows = [
        {
            "key": key,
            "label": role.label,
            "duty": DUTIES.get(role.duty, ""),
            "permissions": [PERMISSIONS.get(code, code) for code in sorted(role.permissions)],
        }
        for key, role in ROLES.items()
    ]
    conflicts = sorted(_("、").join(sorted(str(ROLES[name].label) for name in pair)) for pair in CONFLICTS)
    sensitive = _("、").join(str(ROLES[name].label) for name in ROLES if name in SENSITIVE)
    return render(request, "pmi/policy.html", {"rows": rows, "conflicts": conflicts, "sensitive": sensitive})


@access.requires("desk.view")
def why(request: HttpRequest) -> HttpResponse:
    """Why was this refused? A person, an action and a body; the decision, its rule, who could do it. About others only
    for whoever administers accounts.
    """
    today = official_today()
    everybody = decisions.can(request.user, MANAGE, on=today) or decisions.can(request.user, "audit.view", on=today)
    form = WhyForm(
        request.GET or None, organizations=Organization.objects.filter(dissolved_on__isnull=True), me=_me(request)
    )
    context: dict[str, Any] = {"form": form, "everybody": everybody}
    if form.is_valid():
        person = form.cleaned_data["person"]
        if person.pk != request.user.pk and not everybody:
            raise NotAllowed(_("您只能查自己的权限。查别人的，请联系县政务办。"))
        action, body = form.cleaned_data["action"], form.cleaned_data["organization"]
        context |= {
            "decision": decisions.decide(person, action, body, at=today),
            "person": person,
            "action": PERMISSIONS[action],
            "grants": [(one, one.in_force(today)) for one in queries.grants_of(person) if action in one.permissions],
            "holders": queries.who_may(action, body, on=today)[:20],
        }
    return render(request, "pmi/why.html", context, status=form.status)


def _me(request: HttpRequest) -> Any:
    return request.user


def _bodies(request: HttpRequest, permission: str) -> Any:
    today = official_today()
    found: Any = queries.organizations_where(request.user, permission, on=today)
    return found.filter(dissolved_on__isnull=True).exclude(kind=Organization.VILLAGE).order_by("path")


def _permissions_of(user: Any) -> list[str]:
    codes = {code for held in queries.held_by(user, on=official_today()) for code in ROLES[held.role].permissions}
    return [str(PERMISSIONS[code]) for code in PERMISSIONS if code in codes]


def _show_password_once(request: HttpRequest, user: Any) -> None:
    password = accounts.reset_password(user=user, by=_me(request), at=official_now())
    request.session[f"password_once_{user.pk}"] = password


def _form_page(
    request: HttpRequest, form: OperationForm, change: Callable[[], Any], template: str, done: str, **context: Any
) -> HttpResponse:
    """Show the form; on a valid post do the one change and go to the official it concerns, or show the refusal at its
    fields.
    """
    if request.method == "POST" and form.is_valid():
        try:
            user_id = change()
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, done)
            return redirect("pmi:official", user_id=user_id)
    return render(request, template, {"form": form, **context}, status=form.status)

"""Pages of one's own account."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.views import LoginView
from allauth.core import ratelimit
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError
from zhengtong.kernel.forms import OperationForm
from zhengtong.security.accounts import certificates, operations, queries, sessions
from zhengtong.security.accounts.forms import (
    CertificateForm,
    ClientForm,
    ContactForm,
    EnterpriseForm,
    MandateForm,
    MemberForm,
    RegistrationForm,
)


@access.signed_in
def welcome(request: HttpRequest) -> HttpResponse:
    """Where a person goes after signing in: staff to their desk, residents to their affairs."""
    user: Any = request.user
    return redirect("/desk/" if user.is_official else "/my/")


class SignInView(LoginView):
    """allauth's sign-in page; in a demo it lists the accounts that try it out."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With `demo_accounts`, and the name of the province's platform where one is configured."""
        more = {"demo_accounts": queries.demo_accounts(), "province": queries.province_name()}
        return {**super().get_context_data(**kwargs), **more}


sign_in = access.public(SignInView.as_view())


@access.public
@never_cache
def sign_in_with_certificate(request: HttpRequest) -> HttpResponse:
    """Certificate and password: sign the challenge on the page with the key of one's certificate."""
    if request.user.is_authenticated:
        return redirect("account_welcome")
    form = CertificateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = _certified(request, **form.cleaned_data)
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            for method in ("password", "certificate"):
                record_authentication(request, user, method)
            get_adapter(request).login(request, user)
            return redirect("account_welcome")
    challenge = certificates.new_challenge(host=request.get_host(), at=official_now())
    request.session["certificate_challenge"] = challenge
    context = {"form": form, "challenge": challenge}
    return render(request, "accounts/certificate.html", context, status=form.status)


def _certified(request: HttpRequest, *, certificate: str, signature: str, password: str) -> Any:
    """The official who signed and knows the password. Refuses (`Invalid`) with what to mend."""
    at, adapter = official_now(), get_adapter(request)
    tried = {"action": "certificate", "login": "", "address": adapter.get_client_ip(request)}
    if not operations.begin_try(**tried, at=at):
        raise Invalid(_("操作太频繁，请稍后再试。"))
    challenge = str(request.session.pop("certificate_challenge", ""))
    user = certificates.holder_of(certificate=certificate, signature=signature, challenge=challenge, at=at)
    try:
        known = adapter.authenticate(request, username=user.username, password=password)
    except ValidationError as locked:
        raise Invalid(" ".join(locked.messages)) from None
    if known is None or known.pk != user.pk:
        raise Invalid(_("密码不正确。"), fields={"password": _("密码不正确。")})
    operations.try_succeeded(**tried)
    return known


@access.public
@never_cache
def register(request: HttpRequest) -> HttpResponse:
    """A resident opens an account and is signed in with it."""
    if request.user.is_authenticated:
        return redirect("account_welcome")
    form = RegistrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        refused = ratelimit.consume_or_429(request, action="signup")
        if refused:
            return refused
        try:
            user = operations.register_resident(**form.cleaned_data, at=official_now())
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            return perform_login(
                request, Login(user=user, signup=True)
            )  # leads to `next` when that is an address of ours
    return render(request, "accounts/register.html", {"form": form}, status=form.status)


@access.signed_in
@never_cache
def profile(request: HttpRequest) -> HttpResponse:
    """Who I am here, for whom I may act, who may act for me, how I sign in."""
    today = official_today()
    user: Any = request.user
    context = {
        "memberships": [m for m in queries.memberships_of(user) if m.in_force(today)],
        "given": [m for m in queries.mandates_given_by(user, today) if m.revoked_at is None and m.valid_until >= today],
        "held": [m for m in queries.mandates_held_by(user) if m.in_force(today)],
        "factors": queries.factors_of(user),
        "province": queries.province_name() if queries.is_linked_to_province(user) else "",
        "today": today,
    }
    return render(request, "accounts/profile.html", context)


@access.signed_in
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """Where an official with one factor is led: choose a second one. With two, on to the page they wanted."""
    user: Any = request.user
    if not sessions.must_show_more(request, user):
        return redirect(str(request.session.pop("asked_for", "")) or "account_welcome")
    return render(request, "accounts/second_factor.html", {"factors": queries.factors_of(user)})


@access.signed_in
@never_cache
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Where I am signed in, and which systems may ask here about me."""
    user: Any = request.user
    rows = [(row, row.session_key == request.session.session_key) for row in queries.sessions_of(user)]
    context = {"rows": rows, "others": sum(not here for _row, here in rows), "systems": queries.systems_of(user)}
    return render(request, "accounts/sessions.html", context)


@access.signed_in
@require_POST
def leave_system(request: HttpRequest, client_id: str) -> HttpResponse:
    """Take back what a department system was allowed: what it holds for this person ends."""
    from zhengtong.security.accounts import clients

    user: Any = request.user
    clients.take_back(client_id=client_id, user=user, at=official_now())
    messages.success(request, _("已撤回，这个系统手里的令牌同时失效。"))
    return redirect("account_sessions")


def _ask_again(request: HttpRequest) -> None:
    """Before something that whoever finds an open screen must not do: ask for a factor again, then go on with it."""
    if not sessions.proved_lately(request):
        raise ReauthenticationRequired


@access.signed_in
@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of one's own sessions."""
    user: Any = request.user
    _ask_again(request)
    if not operations.end_sessions(user=user, only=session_id, at=official_now()):
        raise NotFound(_("没有这个登录，或者它已经结束。"))
    messages.success(request, _("已结束这个登录。"))
    return redirect("account_sessions")


@access.signed_in
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End every session but this one."""
    user: Any = request.user
    _ask_again(request)
    operations.end_sessions(user=user, keep=str(request.session.session_key), at=official_now())
    messages.success(request, _("其他设备上的登录都已结束。"))
    return redirect("account_sessions")


@access.signed_in
def contact(request: HttpRequest) -> HttpResponse:
    """Change phone, e-mail and address: where a forgotten password is reset to, so a factor is asked for again before."""
    user: Any = request.user
    if request.method == "POST" and not sessions.proved_lately(request):
        messages.info(request, _("您有一段时间没有操作，请再次验证身份后重新填写，刚才的内容没有保存。"))
        return redirect("account_contact")
    _ask_again(request)
    form = ContactForm(
        request.POST or None, initial={"phone": user.phone, "email": user.email, "address": user.address}
    )
    form.fields["phone"].required = not user.is_official

    def change() -> None:
        operations.change_contact(user=user, **form.cleaned_data, by=user, at=official_now())

    return _form_page(request, form, change, "accounts/contact.html", _("联系方式已更新。"))


@access.signed_in
def register_enterprise(request: HttpRequest) -> HttpResponse:
    """Register an enterprise the person heads."""
    user: Any = request.user
    form = EnterpriseForm(request.POST or None)

    def change() -> None:
        operations.register_enterprise(**form.cleaned_data, by=user, at=official_now())

    return _form_page(request, form, change, "accounts/enterprise_new.html", _("企业已登记，现在可以为它办事。"))


@access.signed_in
def enterprise(request: HttpRequest, enterprise_id: int) -> HttpResponse:
    """Members of an enterprise the person heads; add one."""
    user: Any = request.user
    today = official_today()
    body = queries.get_headed_enterprise(user, enterprise_id, on=today)
    form = MemberForm(request.POST or None)

    def change() -> None:
        answers = dict(form.cleaned_data)
        person = queries.get_named_resident(name=answers.pop("person_name"), resident_id=answers.pop("person_id"))
        operations.add_member(enterprise=body, user=person, **answers, by=user, at=official_now())

    members = [member for member in queries.members_of(body) if member.in_force(today)]
    context = {"enterprise": body, "members": members}
    return _form_page(request, form, change, "accounts/enterprise.html", _("成员已添加。"), context, back=request.path)


@access.signed_in
@require_POST
def end_member(request: HttpRequest, enterprise_id: int, member_id: int) -> HttpResponse:
    """End a membership."""
    user: Any = request.user
    body = queries.get_headed_enterprise(user, enterprise_id, on=official_today())
    member = queries.members_of(body).filter(pk=member_id).first()
    if member is None:
        raise NotFound(_("没有这位成员。"))
    operations.end_member(member=member, by=user, at=official_now())
    messages.success(request, _("已结束这位成员的代办资格。"))
    return redirect("account_enterprise", enterprise_id=body.pk)


@access.signed_in
def new_mandate(request: HttpRequest) -> HttpResponse:
    """Empower somebody to act for oneself or for an enterprise one heads."""
    user: Any = request.user
    today = timezone.localdate(official_now())
    speakers = queries.may_speak_for(user, on=today)
    words = [(key, name) for key, (name, _principal) in speakers.items()]
    form = MandateForm(request.POST or None, principals=words, today=today)

    def change() -> None:
        answers = form.cleaned_data
        agent = queries.get_named_resident(name=answers["person_name"], resident_id=answers["person_id"])
        terms = {"valid_from": answers["valid_from"], "valid_until": answers["valid_until"]}
        principal = speakers[answers["principal"]][1]
        operations.grant_mandate(
            agent=agent, **principal, **terms, scope=form.matter_keys(), by=user, at=official_now()
        )

    return _form_page(request, form, change, "accounts/mandate_new.html", _("授权委托已生效，对方现在可以代为办理。"))


@access.signed_in
@require_POST
def revoke_mandate(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """Revoke a mandate one gave, or lay down one that one holds."""
    user: Any = request.user
    mandate = queries.get_mandate(user, mandate_id, on=official_today())
    operations.revoke_mandate(mandate=mandate, by=user, at=official_now())
    messages.success(request, _("委托已撤销，立即生效。"))
    return redirect("account_profile")


@access.requires("clients.manage")
@never_cache
def client_systems(request: HttpRequest) -> HttpResponse:
    """Department systems that sign people in here; the secret of a new one is shown once."""
    from zhengtong.security.accounts import clients

    context = {"clients": clients.all_clients(), "once": request.session.pop("client_once", None)}
    context["issuer"] = settings.PUBLIC_URL
    return render(request, "accounts/clients.html", context)


@access.requires("clients.manage")
def new_client(request: HttpRequest) -> HttpResponse:
    """Register a system."""
    from zhengtong.security.accounts import clients

    user: Any = request.user
    form = ClientForm(request.POST or None)

    def change() -> None:
        client, secret = clients.register(**form.cleaned_data, by=user, at=official_now())
        request.session["client_once"] = {"name": client.name, "id": client.pk, "secret": secret}

    return _form_page(request, form, change, "accounts/client_new.html", _("系统已登记。"), back="account_clients")


@access.requires("clients.manage")
@require_POST
def close_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """A system may no longer ask."""
    from zhengtong.security.accounts import clients

    user: Any = request.user
    clients.close(client_id=client_id, by=user, at=official_now())
    messages.success(request, _("已停用，这个系统手里的令牌同时失效。"))
    return redirect("account_clients")


def _form_page(
    request: HttpRequest,
    form: OperationForm,
    change: Any,
    template: str,
    done: str,
    context: dict[str, Any] | None = None,
    back: str = "account_profile",
) -> HttpResponse:
    """Show the form; on a valid post do the one change, and carry its refusal back to the fields."""
    if request.method == "POST" and form.is_valid():
        try:
            change()
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, done)
            return redirect(back)
    return render(request, template, {"form": form, **(context or {})}, status=form.status)

"""The way to the province's identity platform and back: three addresses that answer only where the platform is configured."""

import json
import secrets
from dataclasses import asdict
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError
from zhengtong.security.accounts import operations, queries
from zhengtong.security.accounts.forms import FromProvinceForm, JoinProvinceForm
from zhengtong.security.accounts.models import User
from zhengtong.security.accounts.values import Statement

TRY, SAID, METHOD = "province_try", "province_said", "province"
SECONDS = 600


@access.public
@never_cache
@require_GET
def leave(request: HttpRequest) -> HttpResponse:
    """To the province's sign-in page, with a state, a nonce and a verifier that only this session knows."""
    province = _province()
    if request.user.is_authenticated:
        return redirect("account_welcome")
    tried = {"action": METHOD, "login": "", "address": get_adapter(request).get_client_ip(request)}
    if not operations.begin_try(**tried, at=official_now()):
        return _to_sign_in(request, _("操作太频繁，请稍后再试。"))
    state, nonce, verifier = (secrets.token_urlsafe(32) for part in range(3))
    try:
        target = province.address_of_sign_in(state=state, nonce=nonce, verifier=verifier, back=_back())
    except ZhengtongError as away:
        return _to_sign_in(request, away.message)
    begun = {"state": state, "nonce": nonce, "verifier": verifier, "at": timezone.now().timestamp()}
    request.session[TRY] = {**begun, "next": request.GET.get("next", "")}
    return redirect(target)


@access.public
@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """From the province: signed in, asked for what is missing, or told in a sentence why not."""
    _province()
    if request.user.is_authenticated:
        return redirect("account_welcome")
    begun = request.session.pop(TRY, {})
    try:
        statement = _statement(request, begun)
        if statement is None:
            return _to_sign_in(request, _("您没有完成省平台的登录。可以再试一次，也可以用下面的其他方式登录。"))
        user = operations.recognise(statement=statement, at=official_now())
    except ZhengtongError as refusal:
        if begun:
            _put_on_record(refusal)
        return _to_sign_in(request, refusal.message)
    if user is None or operations.awaits_password(user=user):
        request.session[SAID] = _sealed(statement, user, begun["next"])
        return redirect("account_province_finish")
    return _enter(request, user, statement, begun["next"])


def _statement(request: HttpRequest, begun: dict[str, Any]) -> Statement | None:
    """What the province says; None when the person went no further there. Refuses what does not belong to this session."""
    province, answer, now = _province(), request.GET, timezone.now()
    state = answer.get("state", "")
    if not begun or not secrets.compare_digest(state.encode(), str(begun["state"]).encode()):
        raise province.NotBelieved("state")
    if now.timestamp() - begun["at"] > SECONDS:
        raise province.NotBelieved("late")
    if not operations.use_once(kind=METHOD, value=state, at=official_now()):
        raise province.NotBelieved("replayed")
    province.check_sender(answer.get("iss"))
    if "error" in answer:
        return None
    if len(answer.getlist("code")) != 1 or not answer["code"]:
        raise province.NotBelieved("code")
    words = {"nonce": begun["nonce"], "verifier": begun["verifier"], "back": _back()}
    found: Statement = province.statement(code=answer["code"], **words, now=now)
    return found


@access.public
@never_cache
def finish(request: HttpRequest) -> HttpResponse:
    """The last step of the first time: a phone for a new account, or the password of one that nobody proved yet."""
    _province()
    said = _opened(request.session.get(SAID, ""))
    if said is None or request.user.is_authenticated:
        return redirect("account_welcome" if request.user.is_authenticated else "account_login")
    statement, user, leads = said
    form: Any = (
        JoinProvinceForm(request.POST or None)
        if user
        else FromProvinceForm(request.POST or None, initial={"phone": statement.phone})
    )
    if request.method == "POST" and form.is_valid():
        try:
            user = _joined(request, user, statement, **form.cleaned_data)
        except ZhengtongError as refusal:
            form.refuse(refusal)
            if isinstance(refusal, operations.CannotLink):
                _put_on_record(refusal)
        else:
            del request.session[SAID]
            return _enter(request, user, statement, leads)
    context = {"form": form, "statement": statement, "known": user, "platform": settings.PROVINCE["name"]}
    return render(request, "accounts/province_finish.html", context, status=form.status)


def _joined(request: HttpRequest, user: User | None, statement: Statement, **answers: str) -> User:
    at = official_now()
    if user is None:
        return operations.register_from_province(statement=statement, **answers, at=at)
    try:
        known = get_adapter(request).authenticate(request, username=user.username, password=answers["password"])
    except ValidationError as locked:
        raise Invalid(" ".join(locked.messages)) from None
    if known is None or known.pk != user.pk:
        raise Invalid(_("密码不正确。"), fields={"password": _("密码不正确。")})
    operations.link_province(user=user, statement=statement, at=at)
    record_authentication(request, user, "password")
    return user


def _enter(request: HttpRequest, user: User, statement: Statement, leads: str) -> HttpResponse:
    """Sign in; who set up a second factor shows it as ever."""
    if statement.level > 1 and statement.name and statement.name != user.display_name:
        messages.warning(
            request, _("省平台登记的姓名与本县账号不一致。改过姓名的，请带身份证和户口簿到政务大厅窗口更正。")
        )
    record_authentication(request, user, METHOD)
    safe = leads if get_adapter(request).is_safe_url(leads) else None
    return perform_login(request, Login(user=user, redirect_url=safe or None))


def _put_on_record(refusal: ZhengtongError) -> None:
    reason = getattr(refusal, "why", refusal.code)
    operations.record_province_refusal(reason=reason, user_id=getattr(refusal, "user_id", None), at=official_now())


def _to_sign_in(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("account_login")


def _back() -> str:
    """Where the province sends people: registered there letter by letter, so never taken from the request."""
    return settings.PUBLIC_URL + reverse("account_province_back")


def _province() -> Any:
    """The client of the platform. Raises `NotFound` where none is configured."""
    if not queries.province_name():
        raise NotFound(_("本县没有接入省统一身份认证平台。"))
    from zhengtong.security.accounts import province

    return province


def _sealed(statement: Statement, user: User | None, leads: str) -> str:
    """What was said, for the next page of this session alone; unreadable in the database."""
    from zhengtong.security.accounts.adapters import vault_for

    words = {"statement": asdict(statement), "user": user.pk if user else None, "next": leads}
    return vault_for(METHOD).encrypt(json.dumps(words).encode()).decode()


def _opened(sealed: str) -> tuple[Statement, User | None, str] | None:
    from cryptography.fernet import InvalidToken

    from zhengtong.security.accounts.adapters import vault_for

    try:
        words = json.loads(vault_for(METHOD).decrypt(sealed.encode(), ttl=SECONDS))
    except InvalidToken:
        return None
    user = queries.get_user(words["user"]) if words["user"] else None
    return Statement(**words["statement"]), user, str(words["next"])

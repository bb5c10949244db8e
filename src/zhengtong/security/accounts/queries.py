"""Whose accounts exist, and for whom a person may act."""

import json
import re
from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars.values import DemoLink
from zhengtong.kernel.errors import NotAllowed, NotFound
from zhengtong.kernel.identifiers.values import normalise
from zhengtong.security.accounts.models import Enterprise, EnterpriseMember, Mandate, OpenSession, ProvinceLink, User
from zhengtong.security.accounts.values import DemoAccount, Principal

_PHONE = re.compile(r"\+?\d{7,19}")
_RESIDENT_ID = re.compile(r"\d{17}[\dXx]")
SHARED_PHONE_LIMIT = 5


def get_user(user_id: int) -> User:
    """One account. Raises `NotFound`."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("没有这个账号。"))
    return user


def principals_of(user: User, on: date, matter_key: str = "") -> list[Principal]:
    """Everybody in whose name `user` may file on `on`: themselves, their enterprises, who gave them a mandate (for
    the matter).

    Three queries, however many there are.
    """
    if not user.is_active:
        return []
    found = [person(user)] if user.kind == User.RESIDENT else []
    found += [enterprise(m.enterprise, capacity=m.capacity) for m in memberships_of(user) if m.in_force(on)]
    for mandate in mandates_held_by(user):
        covered = mandate.covers(matter_key, on) if matter_key else mandate.in_force(on)
        if covered and _principal_is_active(mandate):
            found.append(_by_mandate(mandate))
    return found


def person(user: User, *, capacity: str = "self", mandate_id: int | None = None) -> Principal:
    """A person as somebody a case is filed for."""
    return Principal(
        "person",
        user.pk,
        None,
        user.display_name,
        user.resident_id or "",
        user.phone,
        user.address,
        capacity,
        mandate_id,
    )


def enterprise(body: Enterprise, *, capacity: str, mandate_id: int | None = None) -> Principal:
    """An enterprise as somebody a case is filed for."""
    return Principal("enterprise", None, body.pk, body.name, body.uscc, body.phone, body.address, capacity, mandate_id)


def _by_mandate(mandate: Mandate) -> Principal:
    if mandate.principal_user is not None:
        return person(mandate.principal_user, capacity="agent", mandate_id=mandate.pk)
    assert mandate.principal_enterprise is not None
    return enterprise(mandate.principal_enterprise, capacity="agent", mandate_id=mandate.pk)


def _principal_is_active(mandate: Mandate) -> bool:
    return mandate.principal_user is None or mandate.principal_user.is_active


def require_principal(user: User, key: str, *, on: date, matter_key: str = "") -> Principal:
    """The principal with that `key` among those `user` may file for. Raises `NotAllowed`."""
    for principal in principals_of(user, on, matter_key):
        if principal.key == key:
            return principal
    raise NotAllowed(_("您不能代这位申请人办理。请让对方在“我的账号”里授权委托您，或带委托书到窗口办理。"))


def memberships_of(user: User) -> QuerySet[EnterpriseMember]:
    """The enterprises `user` belongs to, past ones included."""
    return EnterpriseMember.objects.filter(user=user).select_related("enterprise").order_by("enterprise__name")


def members_of(body: Enterprise) -> QuerySet[EnterpriseMember]:
    """Everybody who belongs to the enterprise, past members included."""
    return EnterpriseMember.objects.filter(enterprise=body).select_related("user").order_by("capacity", "pk")


def mandates_held_by(user: User) -> QuerySet[Mandate]:
    """Mandates by which `user` acts for others, newest first."""
    return _mandates().filter(agent=user)


def mandates_given_by(user: User, on: date) -> QuerySet[Mandate]:
    """Mandates `user` gave, also for the enterprises they head, newest first."""
    headed = [m.enterprise_id for m in memberships_of(user) if m.capacity in ("legal", "manager") and m.in_force(on)]
    return _mandates().filter(Q(principal_user=user) | Q(principal_enterprise__in=headed))


def _mandates() -> QuerySet[Mandate]:
    return Mandate.objects.select_related("agent", "principal_user", "principal_enterprise").order_by("-pk")


def get_mandate(user: User, mandate_id: int, *, on: date) -> Mandate:
    """A mandate `user` gave or holds. Raises `NotFound` for anybody else's: nobody learns that it exists."""
    found = (mandates_held_by(user) | mandates_given_by(user, on)).filter(pk=mandate_id).first()
    if found is None:
        raise NotFound(_("没有这项委托。"))
    return found


def may_speak_for(user: User, *, on: date) -> dict[str, tuple[str, dict[str, Any]]]:
    """In whose name `user` may empower others: key → (words, arguments of `grant_mandate`)."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    if user.kind == User.RESIDENT:
        found[f"user:{user.pk}"] = (_("本人（{name}）").format(name=user.display_name), {"principal_user": user})
    for member in memberships_of(user):
        if member.capacity in ("legal", "manager") and member.in_force(on):
            body = member.enterprise
            found[f"enterprise:{body.pk}"] = (body.name, {"principal_enterprise": body})
    return found


def factors_of(user: User) -> dict[str, int]:
    """How many of each second factor the account has: totp, webauthn, recovery_codes."""
    rows = Authenticator.objects.filter(user_id=user.pk).values_list("type").annotate(n=Count("pk"))
    return dict(rows)


def department_of(user: User, *, on: date) -> str:
    """The body the official serves on `on`, the newest membership first; empty for residents."""
    held = user.memberships.select_related("organization").order_by("-valid_from", "-pk")
    serving = (m for m in held if m.valid_from <= on and (m.valid_until is None or on <= m.valid_until))
    return next((m.organization.name for m in serving), "")


def sessions_of(user: User) -> QuerySet[OpenSession]:
    """Where the person is signed in, the most recently used first; what ended by itself is left out."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return OpenSession.objects.filter(user=user, session_key__in=alive).order_by("-seen_at", "-pk")


def systems_of(user: User) -> list[tuple[str, str, list[str]]]:
    """Department systems that hold something for the person at this moment: number, name, what they may ask about."""
    from allauth.idp.oidc.models import Token

    scopes: dict[tuple[str, str], set[str]] = {}
    held = Token.objects.filter(user_id=user.pk).select_related("client")
    for token in held.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())):
        scopes.setdefault((token.client.pk, token.client.name), set()).update(token.get_scopes())
    return [(pk, name, sorted(asked)) for (pk, name), asked in sorted(scopes.items(), key=lambda one: one[0][1])]


def get_headed_enterprise(user: User, enterprise_id: int, *, on: date) -> Enterprise:
    """An enterprise `user` heads. Raises `NotFound` for any other."""
    for member in memberships_of(user):
        if member.enterprise_id == enterprise_id and member.capacity in ("legal", "manager") and member.in_force(on):
            return member.enterprise
    raise NotFound(_("没有这家企业，或者您不是它的法定代表人、管理员。"))


def find_by_login(login: str) -> list[User]:
    """Accounts a person may mean by what they typed: login name, phone, identity number or e-mail.

    Several share a phone.
    """
    login = login.strip()
    exact = User.objects.filter(username=login)
    if _RESIDENT_ID.fullmatch(login):
        exact = exact | User.objects.filter(resident_id=login.upper())
    elif "@" in login:
        exact = exact | User.objects.filter(email__iexact=login)
    elif _PHONE.fullmatch(login):
        exact = exact | User.objects.filter(phone=login)
    return list(exact.order_by("pk")[:SHARED_PHONE_LIMIT])


def find_by_number(number: str) -> list[User]:
    """Residents with exactly this identity number or phone; nothing looser, so that nobody browses people."""
    number = number.strip().upper()
    residents = User.objects.filter(kind=User.RESIDENT, is_active=True)
    if _RESIDENT_ID.fullmatch(number):
        return list(residents.filter(resident_id=number))
    if _PHONE.fullmatch(number):
        return list(residents.filter(phone=number).order_by("pk")[:SHARED_PHONE_LIMIT])
    return []


def get_named_resident(*, name: str, resident_id: str) -> User:
    """The resident whose name and identity number both fit. Raises `NotFound` with one sentence for every misfit."""
    number = normalise(resident_id)
    found = User.objects.filter(
        kind=User.RESIDENT, is_active=True, resident_id=number, display_name=name.strip()
    ).first()
    if found is None:
        raise NotFound(_("没有找到姓名和身份证号都相符的账号。请核对，或请对方先注册账号。"))
    return found


def find_enterprise(uscc: str) -> Enterprise | None:
    """The enterprise with this unified social credit code."""
    return Enterprise.objects.filter(uscc=uscc.strip().upper()).first()


def province_name() -> str:
    """What the province's identity platform is called on the sign-in page; empty where none is configured."""
    configured = settings.PROVINCE
    return str(configured["name"]) if configured["issuer"] and configured["client_id"] else ""


def province_keys() -> int:
    """How many usable keys the province's platform publishes at this moment. Raises `Unavailable` when it does not answer."""
    from zhengtong.security.accounts import province

    province.forget()
    return province.usable_keys()


def is_linked_to_province(user: User) -> bool:
    """Whether the account is linked to the province's platform."""
    return ProvinceLink.objects.filter(user_id=user.pk).exists()


def demo_accounts() -> list[DemoAccount]:
    """The demo county's accounts by role, from DATA/demo-accounts.json; nothing outside a demo."""
    listed = settings.DATA / "demo-accounts.json"
    if not settings.DEMO or not listed.exists():
        return []
    rows = json.loads(listed.read_text(encoding="utf-8"))
    return [DemoAccount(str(r["role"]), str(r["name"]), str(r["login"]), str(r["password"])) for r in rows]


def demo_links() -> list[DemoLink]:
    """The demo accounts for the demo page: signing out leads to the sign-in page, where each is one click."""
    leave = f"{reverse('account_logout')}?next={reverse('account_login')}"
    return [DemoLink(f"{row.role} · {row.name}", leave, row.login) for row in demo_accounts()]

"""What a session knows about itself: by which factors it was opened, from where, and whether two were shown."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from zhengtong.security.accounts import operations

RECORDS, ADDED = "account_authentication_methods", "second_factor_added"
SECOND = {"totp", "recovery_codes", "webauthn", "certificate"}
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def methods_of(request: HttpRequest) -> list[str]:
    """The factors shown in this session, in order: password, totp, recovery_codes, webauthn, certificate."""
    return [str(record.get("type") or record.get("method")) for record in request.session.get(RECORDS, [])]


def showed_two_factors(request: HttpRequest) -> bool:
    """Something known and something held.

    A passkey that opened the session without a password checked its holder (fingerprint, face, PIN) itself: allauth
    demands user verification for it, so it is two factors. One set up in this session was shown by that.
    """
    if request.session.get(ADDED):
        return True
    records = request.session.get(RECORDS, [])
    if any(record.get("passwordless") for record in records):
        return True
    methods = set(methods_of(request))
    return "password" in methods and bool(methods & SECOND)


def must_show_more(request: HttpRequest, user: Any) -> bool:
    """An official with one factor where two are demanded, after the days of grace since the account was opened.
    GB/T 22239-2019 8.1.4.1 d).
    """
    if not user.is_official or settings.STAFF_SECOND_FACTOR != "demanded" or showed_two_factors(request):
        return False
    return timezone.now() >= user.created_at + timedelta(days=settings.STAFF_SECOND_FACTOR_GRACE_DAYS)


def is_over(session: Any, kind: str, *, now: int) -> bool:
    """True when nobody used the session for too long, or it has lasted for a working day (等级保护 8.1.4.1 登录连接超时自动退出).

    `now` in seconds of the machine's clock, like `begun_at` and `seen_at` of the session.
    """
    begun, seen = session.setdefault("begun_at", now), session.get("seen_at", now)
    return bool(now - begun > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS[kind])


def proved_lately(request: HttpRequest) -> bool:
    """Somebody showed a factor of theirs here within the last minutes, by signing in or when asked again. ASVS 7.5.1, 7.5.2."""
    shown = [float(record.get("at", 0)) for record in request.session.get(RECORDS, [])]
    return time.time() - max(shown, default=0.0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def enter(request: HttpRequest, user: Any) -> None:
    """Put the session into the person's list; under its new key when it got another one."""
    if not request.session.session_key:
        request.session.save()
    operations.open_session(
        user=user,
        session_key=str(request.session.session_key),
        device=device_of(request.headers.get("user-agent", "")),
        address=get_adapter().get_client_ip(request),
        at=datetime.now(UTC),
    )
    request.session["listed_as"] = request.session.session_key


def device_of(agent: str) -> str:
    """Browser and system in two words, such as `Chrome · Windows`; nothing that identifies a device."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if re.search(mark, agent)), "")
    return " · ".join(word for word in (browser, system) if word)

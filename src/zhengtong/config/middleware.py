"""Middleware of the house: a refusal becomes a page (or JSON) with its sentence and its status."""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from zhengtong.config import views
from zhengtong.kernel.errors import Invalid, ZhengtongError

log = logging.getLogger(__name__)


class RefusalMiddleware:
    """Show what an operation refused; anything unforeseen keeps being a 500 with a sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        # No person types it and PostgreSQL keeps no text with it: said once here, whatever page was meant.
        values = (value for sent in (request.GET, request.POST) for _key, kept in sent.lists() for value in kept)
        if "\x00" in request.path_info or any("\x00" in value for value in values):
            return views.refused(request, self._unreadable())
        return None

    @staticmethod
    def _unreadable() -> Invalid:
        return Invalid(_("内容里有系统不能保存的字符，或数字、文字过长，操作没有生效。请返回上一页改正后再试。"))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ZhengtongError):
            return views.refused(request, exception)
        if isinstance(exception, DataError | OverflowError):
            log.warning("the database cannot keep what was sent", extra={"path": request.path_info})
            return views.refused(request, self._unreadable())
        if isinstance(exception, OperationalError) or (isinstance(exception, OSError) and exception.errno == 28):
            log.exception("storage failed")
            return views.storage_failed(request)
        return None


class EdgeMiddleware:
    """What every answer tells the browser beyond Django's own headers: no other site may embed it, no device of the
    visitor is asked for, and what a signed-in person saw is kept by no cache (ASVS 3.2.1, 14.3.1, 14.3.2).
    """

    HEADERS = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for header, value in self.HEADERS.items():
            response.headers.setdefault(header, value)
        user = getattr(request, "user", None)
        if getattr(user, "is_authenticated", False) and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        match = getattr(request, "resolver_match", None)
        if match is not None and match.url_name == "account_logout" and request.method == "POST":
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class DisplayMiddleware:
    """How a visitor wants the site shown: `?ui=elder|normal`, `?contrast=high|normal`, `?lang=en|zh-hans`, kept in cookies.

    Works without scripts and on every address. The county answers in Chinese until a person asks for another language: what a
    browser sends by itself (Accept-Language) is often the language of an imported machine, not of its user.
    """

    YEAR = 365 * 24 * 3600
    CHOICES = {
        "ui": (f"{settings.COOKIE_PREFIX}ui", ("normal", "elder")),
        "contrast": (f"{settings.COOKIE_PREFIX}contrast", ("normal", "high")),
        "lang": (settings.LANGUAGE_COOKIE_NAME, tuple(code for code, _ in settings.LANGUAGES)),
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        changed, chosen = {}, {}
        for parameter, (cookie, allowed) in self.CHOICES.items():
            asked = request.GET.get(parameter, "")
            if asked in allowed:
                changed[cookie] = asked
            kept = changed.get(cookie) or request.COOKIES.get(cookie, "")
            chosen[parameter] = request.COOKIES[cookie] = kept if kept in allowed else self._default(cookie)
        request.ui, request.contrast = chosen["ui"], chosen["contrast"]  # type: ignore[attr-defined]
        response = self.get_response(request)
        for cookie, value in changed.items():
            response.set_cookie(
                cookie, value, max_age=self.YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
            )
        return response

    @staticmethod
    def _default(cookie: str) -> str:
        return settings.LANGUAGE_CODE if cookie == settings.LANGUAGE_COOKIE_NAME else "normal"

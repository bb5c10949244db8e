"""A session ends when nobody is there, and after a working day; a one-time password must be changed first, and staff
show a second factor.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from zhengtong.security.accounts import operations, sessions

SEEN_EVERY = 60


class SessionMiddleware:
    """Idle and absolute limits of a session (等级保护 8.1.4.1 登录连接超时自动退出), by the machine's clock, not the
    county's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated:
            if self._is_over(request, user):
                logout(request)
                messages.info(request, _("您有一段时间没有操作，为了安全已自动退出，请重新登录。"))
            elif user.must_change_password and not request.path.startswith("/account/"):
                request.session["asked_for"] = (
                    request.get_full_path() if request.method == "GET" else "/account/welcome/"
                )
                messages.info(request, _("您使用的是一次性密码，请先设置自己的密码。"))
                return redirect("account_change_password")
            elif not request.path.startswith("/account/") and sessions.must_show_more(request, user):
                return self._ask_for_second_factor(request)
        return self.get_response(request)

    @staticmethod
    def _ask_for_second_factor(request: HttpRequest) -> HttpResponse:
        """Lead to setting one up; nothing else of the office opens before. An interface gets the sentence alone."""
        if request.path.startswith("/api/"):
            words = _("工作人员须用两种方式验证身份，请在浏览器里重新登录并完成第二重验证。")
            return JsonResponse({"error": "second_factor", "message": words, "fields": {}}, status=403)
        if request.method == "GET":
            request.session["asked_for"] = request.get_full_path()
        return redirect("account_second_factor")

    @staticmethod
    def _is_over(request: HttpRequest, user: Any) -> bool:
        now, session = int(time.time()), request.session
        if session.get("listed_as") != session.session_key:
            # A full disk is told by what the person came to do, not by the list of their sessions.
            with suppress(OperationalError):
                sessions.enter(request, user)
        if sessions.is_over(session, user.kind, now=now):
            return True
        if now - session.get("seen_at", 0) >= SEEN_EVERY:
            # While nothing can be written the session is left as it is: keeping it would fail too, and take the answer with it.
            with suppress(OperationalError):
                operations.see_session(session_key=str(session.session_key), at=datetime.fromtimestamp(now, UTC))
                session["seen_at"] = now
        return False

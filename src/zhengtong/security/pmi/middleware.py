"""Every route is decided before its view runs: a view without an access mark, or a visitor without the right, is
refused. What an official was refused, here or deeper inside, is put on record.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel.access import Access
from zhengtong.kernel.errors import NotAllowed
from zhengtong.security.pmi import decisions, operations

log = logging.getLogger(__name__)


def access_of(view: Any) -> Access | None:
    """The mark of a view, also behind class-based and wrapped views."""
    for candidate in (view, getattr(view, "view_class", None), getattr(view, "__wrapped__", None)):
        mark = getattr(candidate, "access", None)
        if isinstance(mark, Access):
            return mark
    return None


class AuthorizationMiddleware:
    """Deny by default. Anonymous visitors are sent to the login page, others get 403 with a sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        refused: tuple[str, str] | None = getattr(request, "refused_by", None)
        if refused or response.status_code == 403:
            self._record(request, *(refused or ("", "view")))
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        mark = access_of(view)
        decision = decisions.decide_route(request.user, mark, at=official_today())
        if decision.allowed:
            return None
        if decision.rule == decisions.SIGN_IN_FIRST:
            return redirect_to_login(request.get_full_path())
        request.refused_by = (mark.permission or mark.level if mark else "", decision.rule)  # type: ignore[attr-defined]
        raise PermissionDenied(decision.reason)  # here Django turns only its own exception into a page

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember which rule refused inside the view; the page is drawn by others."""
        rule = getattr(exception, "rule", "") or ("view" if isinstance(exception, NotAllowed) else "")
        if rule:
            request.refused_by = (getattr(exception, "action", ""), rule)  # type: ignore[attr-defined]

    @staticmethod
    def _record(request: HttpRequest, action: str, rule: str) -> None:
        user: Any = getattr(request, "user", None)
        match = request.resolver_match
        if not getattr(user, "is_authenticated", False) or not user.is_official or match is None:
            return
        numbers = ",".join(f"{name}={value}" for name, value in match.kwargs.items() if isinstance(value, int))
        try:
            operations.record_refusal(
                user_id=user.pk,
                action=action,
                rule=rule,
                route=match.route[:200],
                method=(request.method or "")[:10],
                target=numbers,
                at=official_now(),
            )
        except DatabaseError as error:  # the refusal stands; what cannot be kept is at least in the log
            log.error("a refusal could not be recorded", extra={"error": type(error).__name__, "rule": rule})

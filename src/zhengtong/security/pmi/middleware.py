"""Every route is decided before its view runs: a view without an access mark, or a visitor without the right, is
refused.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from zhengtong.foundation.calendars.public import official_today
from zhengtong.kernel.access import Access
from zhengtong.kernel.errors import NotAllowed
from zhengtong.security.pmi.queries import require


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
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        mark = access_of(view)
        if mark is None:
            raise PermissionDenied(_("这个地址没有登记访问规则，已拒绝访问。请联系系统管理员。"))
        if mark.level == "public":
            return None
        user: Any = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if mark.level == "official" and not user.is_official:
            raise PermissionDenied(_("这是工作人员使用的页面。您要办的事请从首页搜索。"))
        if mark.permission:
            try:
                require(user, mark.permission, on=official_today())
            except NotAllowed as refusal:  # here Django turns only its own exception into a page
                raise PermissionDenied(refusal.message) from refusal
        return None

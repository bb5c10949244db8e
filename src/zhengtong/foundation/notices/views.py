"""The inbox, and the page of what did not arrive."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhengtong.foundation.calendars.public import official_now
from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices import operations, queries
from zhengtong.kernel import access


def _layout(request: HttpRequest) -> str:
    return "layouts/office.html" if getattr(request.user, "is_official", False) else "layouts/public.html"


@access.signed_in
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The notices of the person who is signed in."""
    unread_only = request.GET.get("show") == "unread"
    page = queries.inbox(request.user, page=request.GET.get("page", "1"), unread_only=unread_only)
    unread = queries.unread_count(request.user)
    context = {"page": page, "unread": unread, "unread_only": unread_only, "layout": _layout(request)}
    return render(request, "notices/inbox.html", context)


@access.signed_in
@require_safe
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """One notice; opening it marks it as read."""
    found = queries.get_notice(request.user, notice_id)
    operations.mark_read(user_id=found.to_user_id or 0, notice_id=found.pk, at=official_now())
    return render(request, "notices/notice.html", {"notice": found, "layout": _layout(request)})


@access.signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark every notice as read."""
    operations.mark_read(user_id=request.user.pk or 0, at=official_now())
    messages.success(request, _("全部消息已标为已读。"))
    return redirect("notices:inbox")


@access.requires("events.view")
@require_safe
def troubles(request: HttpRequest) -> HttpResponse:
    """What did not arrive: facts for other systems, notices for people."""
    return render(request, "notices/troubles.html", {"troubles": queries.troubles()})


@access.requires("events.retry")
@require_POST
def retry_event(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try a failed delivery of a fact again."""
    arrived = events.retry_by_hand(delivery_id=delivery_id, by=request.user.pk or 0, at=official_now())
    return _told(request, arrived)


@access.requires("events.retry")
@require_POST
def retry_notice(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try a failed notice again."""
    return _told(request, operations.retry_by_hand(delivery_id=delivery_id, by=request.user.pk or 0, at=official_now()))


def _told(request: HttpRequest, arrived: bool) -> HttpResponse:
    if arrived:
        messages.success(request, _("已重新投递，对方已收到。"))
    else:
        messages.error(request, _("重新投递没有成功，原因见下表。请联系系统管理员排除后再试。"))
    return redirect("notices:troubles")

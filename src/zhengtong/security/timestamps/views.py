"""Pages of the auditor and the security administrator, and the time-stamp service as a route."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from zhengtong.kernel import access, official_time
from zhengtong.security.timestamps import http, operations, queries
from zhengtong.security.timestamps.refusals import sentence


@access.requires("timestamps.view")
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """How the clock is, what waits, when the last stamp was given, and the last outages."""
    condition = queries.condition()
    waiting, since = queries.waiting()
    context: dict[str, Any] = {
        "condition": condition,
        "sentence": sentence(condition),
        "by_hand": condition.state in queries.MENDED_BY_HAND,
        "waiting": waiting,
        "since": since,
        "last": queries.latest(),
        "outages": [(row, queries.REASONS.get(row.reason, row.reason)) for row in queries.outages()],
    }
    return render(request, "timestamps/overview.html", context)


@access.requires("timestamps.trust")
@require_http_methods(["GET", "POST"])
@never_cache
def trust(request: HttpRequest) -> HttpResponse:
    """The security administrator has compared the clock with the standard time."""
    if request.method == "POST":
        condition = operations.trust_clock(by=request.user, at=official_time.now())
        if condition.refuses:
            messages.warning(request, sentence(condition))
        else:
            messages.success(request, _("已确认服务器时钟。等待的内容将在一分钟内补盖时间戳。"))
        return redirect("timestamps:overview")
    condition = queries.condition()
    context = {
        "by_hand": condition.state in queries.MENDED_BY_HAND,
        "sentence": sentence(condition),
        "now": timezone.localtime().strftime("%Y-%m-%d %H:%M:%S"),  # the machine's clock: it is the one in question
    }
    return render(request, "timestamps/trust.html", context)


@access.public
@csrf_exempt
def service(request: HttpRequest, algorithm: str) -> HttpResponse:
    """The time-stamp service below Django, for a server that does not come through `config.wsgi`."""
    length = request.META.get("CONTENT_LENGTH") or ""
    path = f"{http.PREFIX}{algorithm}"
    status, kind, body = http.reply(request.method or "", path, request.content_type or "", length, request.read)
    return HttpResponse(body, status=int(status[:3]), content_type=kind, headers={"Cache-Control": "no-store"})

"""Pages of the auditor and the security administrator, and the time-stamp service as a route."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from zhengtong.kernel import access, official_time
from zhengtong.security.timestamps import http, operations, queries
from zhengtong.security.timestamps.forms import EventForm
from zhengtong.security.timestamps.refusals import sentence

PAGE = 20


@access.requires("timestamps.view")
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """How the clock is, what waits, the last batches and outages; where one event stands."""
    condition = queries.condition()
    waiting, since = queries.waiting()
    form = EventForm(request.GET or None)
    asked = form.cleaned_data["event"] if form.is_valid() else None
    context: dict[str, Any] = {
        "condition": condition,
        "covered": operations.events_are_covered(),
        "sentence": sentence(condition),
        "by_hand": condition.state in queries.MENDED_BY_HAND,
        "waiting": waiting,
        "since": since,
        "page": Paginator(queries.stamps(), PAGE).get_page(request.GET.get("page")),
        "outages": [(row, queries.REASONS.get(row.reason, row.reason)) for row in queries.outages()],
        "form": form,
        "asked": asked,
        "place": queries.place_of(asked) if asked else None,
    }
    return render(request, "timestamps/overview.html", context)


@access.requires("timestamps.view")
def stamp(request: HttpRequest, pk: int) -> HttpResponse:
    """One batch: its events, and the files with which anybody checks it."""
    found = queries.get_stamp(pk)
    info, problem = queries.checked(found)
    accuracy = info.accuracy_ms if info else None
    context = {
        "stamp": found,
        "problem": problem,
        "accuracy": _("没有接入时间源，未注明") if accuracy is None else _("{ms}毫秒").format(ms=accuracy),
        "sha256": bytes(found.sha256).hex(),
        "sm3": bytes(found.sm3).hex(),
        "places": queries.events_of(found),
        "listed": queries.LISTED,
    }
    return render(request, "timestamps/stamp.html", context)


@access.requires("timestamps.view")
def batch_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What was stamped, to be hashed again."""
    return _download(queries.get_stamp(pk).content(), f"batch-{pk}.txt", "text/plain; charset=us-ascii")


@access.requires("timestamps.view")
def token_file(request: HttpRequest, pk: int, algorithm: str) -> HttpResponse:
    """A token of the batch, for `openssl ts -verify -token_in`."""
    found = queries.get_stamp(pk)
    token = bytes(found.sm2 if algorithm == "sm2" else found.p256)
    return _download(token, f"batch-{pk}-{algorithm}.tst", "application/timestamped-data")


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


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

"""Pages that belong to no system: refusals and errors, each a sentence that says what to do."""

import logging
import sys
from urllib.parse import urlsplit

from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from zhengtong.kernel.errors import NotAllowed, NotFound, Unavailable, ZhengtongError

log = logging.getLogger(__name__)


def refused(request: HttpRequest, refusal: ZhengtongError) -> HttpResponse:
    """A refusal as a page; as JSON for API paths."""
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"error": refusal.code, "message": refusal.message, "fields": refusal.fields}, status=refusal.status
        )
    try:
        response = render(
            request, "errors/refused.html", {"refusal": refusal, "back": _back(request)}, status=refusal.status
        )
    except (
        DatabaseError
    ):  # the page asks who is signed in and what waits for them; without a database only the sentence is left
        log.exception("the refusal could not be drawn")
        return _plain(refusal.message, refusal.status)
    if (
        request.headers.get("HX-Request") == "true"
    ):  # a part of a page was asked for: show the refusal instead of the whole
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    return response


def _back(request: HttpRequest) -> str:
    """The page the person came from, when it is one of ours and another one."""
    address = request.headers.get("referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    parts = urlsplit(address)
    return (
        ""
        if parts.path == request.path and request.method == "GET"
        else parts.path + (f"?{parts.query}" if parts.query else "")
    )


def _plain(sentence: str, status: int) -> HttpResponse:
    """A page that needs neither templates nor a database."""
    return HttpResponse(
        format_html(
            "<!doctype html><html lang='zh-Hans'><meta charset='utf-8'>"
            "<meta name='viewport' content='width=device-width'><title>{0}</title><h1>{0}</h1></html>",
            sentence,
        ),
        status=status,
    )


def storage_failed(request: HttpRequest) -> HttpResponse:
    """The disk or the database cannot take the change (full, read-only, locked too long)."""
    return refused(
        request,
        Unavailable(
            _("系统暂时无法保存，刚才的操作没有生效，已填写的内容请勿关闭页面。请稍后再试，仍不行请拨打12345。")
        ),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return refused(request, NotAllowed(str(exception) or _("您没有权限查看这个页面。")))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return refused(request, NotFound(_("没有找到这个页面。网址可能写错了，或者内容已经移走。请从首页搜索。")))


def _database_is_busy(problem: BaseException | None) -> bool:
    """Whether the database was locked for too long or the disk is full where no view sees it: while a session is read or written.
    Django says of a session that could not be written that it was interrupted.
    """
    while problem is not None and not isinstance(problem, OperationalError):
        problem = problem.__context__
    return problem is not None


def _busy(request: HttpRequest) -> HttpResponse:
    if request.method in ("GET", "HEAD"):
        sentence = _("系统现在很忙，这个页面没有打开。请稍后刷新，仍不行请拨打12345。")
    else:
        sentence = _("系统现在很忙，没能答复。刚才的操作可能已经生效，请先查看结果，再决定是否重新提交。")
    return _plain(sentence, Unavailable.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; 503 when the database was busy."""
    if _database_is_busy(exception):
        return _busy(request)
    return refused(request, ZhengtongError(_("请求不完整或过大，没有处理。请返回上一页重试。")))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose protection code has expired."""
    return refused(
        request, NotAllowed(_("页面打开时间太长，安全校验已失效。请返回上一页刷新后重新提交，已填写的内容不会丢失。"))
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: plain HTML, because templates may be what failed; 503 when the database was locked too long or the disk is full where
    no view sees it: while a session was read or written.
    """
    if _database_is_busy(sys.exception()):
        return _busy(request)
    return _plain(_("系统出错了，刚才的操作没有完成，内容没有改变。请稍后再试，或拨打12345。"), 500)

"""The public interface under /api/: the routers of the systems, one form of refusal, the description at /api/openapi.json.

The browsable documentation of django-ninja loads its scripts from foreign addresses; here the description itself is enough.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from zhengtong.kernel import access
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.portal.hall.api import router as hall

api = NinjaAPI(
    title="政通 Zhengtong",
    version="1",
    description="Matters, guides, progress and verification of a county. Read-only, without an account, without personal data.",
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api",
)
api.add_router("", hall)


def _problem(
    request: HttpRequest, code: str, message: str, status: int, fields: dict[str, str] | None = None
) -> HttpResponse:
    body = {"error": code, "message": message, "fields": fields or {}}
    return api.create_response(request, body, status=status)


@api.exception_handler(ZhengtongError)
def refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    """A refusal with its own status and sentence."""
    return _problem(
        request, refusal.code, refusal.message, refusal.status, {k: str(v) for k, v in refusal.fields.items()}
    )


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Parameters of the wrong form; `fields` says which."""
    fields = {".".join(str(part) for part in one["loc"][1:]) or "body": str(one["msg"]) for one in error.errors}
    return _problem(request, "invalid", _("请求的参数不对，请按接口说明修改。"), 422, fields)


@api.exception_handler(RawPostDataException)
def form_instead_of_json(request: HttpRequest, error: Any) -> HttpResponse:
    """A form with files was sent: it has been read as such, and there is no JSON in it."""
    return _problem(request, "unreadable", _("请求的内容读不出来，请发送JSON。"), 415)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    """A body that is no JSON, and the like."""
    return _problem(request, "unreadable", _("请求的内容读不出来，请发送JSON。"), error.status_code)


def _marked(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """Every address of the interface is public: each answers only what anybody may know."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _marked(pattern.url_patterns)
        else:
            access.public(pattern.callback)
    return patterns


_patterns, _app_name, _namespace = api.urls
urls = (_marked(_patterns), _app_name, _namespace)

"""The WSGI entry for granian."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
_pages = get_wsgi_application()

from zhengtong.security.audit import public as audit  # noqa: E402 — models can be loaded from here on


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Time stamps by the shortest way (no session, no page), everything else by Django."""
    if environ.get("PATH_INFO", "").startswith("/tsa/"):
        from zhengtong.security.timestamps import http

        return http.application(environ, start_response)
    with audit.acting_as(audit.WEB):
        return _pages(environ, start_response)

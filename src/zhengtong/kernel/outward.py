"""Asking another program over HTTP: at the address that was configured and nowhere else.

An answer that points elsewhere is an error like any other (ASVS 5.0 15.3.2): a page that was taken over must not lead us on.
"""

import urllib.request
from http.client import HTTPResponse
from typing import Any, cast


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: 3xx becomes an `HTTPError`."""

    def redirect_request(self, *asked: Any) -> None:
        return None


def ask(asked: urllib.request.Request | str, *, timeout: float) -> HTTPResponse:
    """The answer, to be closed. Raises `urllib.error.HTTPError` (redirects included) and `OSError`; certificates are checked."""
    opener = urllib.request.build_opener(_Stay)
    return cast(HTTPResponse, opener.open(asked, timeout=timeout))

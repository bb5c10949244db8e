"""Asking another program over HTTP: at the address that was configured and nowhere else.

An answer that points elsewhere is an error like any other (ASVS 5.0 15.3.2): a page that was taken over must not lead us on.
"""

import urllib.request
from http.client import HTTPResponse
from typing import Any, cast
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: 3xx becomes an `HTTPError`."""

    def redirect_request(self, *asked: Any) -> None:
        return None


def ask(asked: urllib.request.Request | str, *, timeout: float) -> HTTPResponse:
    """The answer, to be closed. Raises `urllib.error.HTTPError` (redirects included) and `OSError`; certificates are checked.

    What runs on this machine is asked directly, never through a proxy.
    """
    address = asked if isinstance(asked, str) else asked.full_url
    direct = [urllib.request.ProxyHandler({})] if urlsplit(address).hostname in LOOPBACK else []
    opener = urllib.request.build_opener(_Stay, *direct)
    return cast(HTTPResponse, opener.open(asked, timeout=timeout))

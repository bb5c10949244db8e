"""Time stamps over HTTP (RFC 3161, 3.4): POST /tsa/p256 and /tsa/sm2.

A WSGI application of its own, before Django's: a stamp needs neither session nor language nor page, and is asked for a thousand
times a second. It is open to everybody, as time-stamp services are: a digest tells nothing, and a stamp grants nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import close_old_connections

from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.keys import ALGORITHMS

PREFIX = "/tsa/"
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
MOST_BYTES = 16 * 1024


def reply(
    method: str, path: str, content_type: str, length: str, read: Callable[[int], bytes]
) -> tuple[str, str, bytes]:
    """(status line, content type, body) for a request whose body `read` gives. It never raises for what was sent."""
    algorithm = path.removeprefix(PREFIX).rstrip("/")
    if algorithm not in ALGORITHMS:
        return "404 Not Found", "text/plain", b"There is /tsa/p256 and /tsa/sm2.\n"
    if method != "POST":
        return "405 Method Not Allowed", "text/plain", b"POST a time-stamp query (RFC 3161).\n"
    if content_type.partition(";")[0].strip().lower() != QUERY:
        return "415 Unsupported Media Type", "text/plain", b"The content type must be application/timestamp-query.\n"
    if not (length.isascii() and length.isdigit()) or len(length) > 9:
        return "411 Length Required", "text/plain", b"Say how long the query is.\n"
    if int(length) > MOST_BYTES:
        return "413 Content Too Large", "text/plain", b"A query is not longer than 16 KB.\n"
    return "200 OK", REPLY, authority().answer(read(int(length)), algorithm)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """WSGI."""
    loads = authority().loads
    status, kind, body = reply(
        environ["REQUEST_METHOD"],
        environ.get("PATH_INFO", ""),
        environ.get("CONTENT_TYPE", ""),
        environ.get("CONTENT_LENGTH", ""),
        environ["wsgi.input"].read,
    )
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    if status.startswith("405"):
        headers.append(("Allow", "POST"))
    if authority().loads != loads:
        close_old_connections()  # a key was read with the database, whose connection nobody else here looks after
    start_response(status, headers)
    return [body]

"""POST /tsa/p256 and /tsa/sm2: by the short way before Django, and by Django's own route."""

import io
from typing import Any

import pytest

from zhengtong.config.wsgi import application

QUERY = "application/timestamp-query"


def ask(
    path: str, body: bytes = b"", *, method: str = "POST", kind: str = QUERY, **more: Any
) -> tuple[int, dict[str, str], bytes]:
    said: dict[str, Any] = {}
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **more,
    }
    parts = application(environ, lambda status, headers: said.update(status=status, headers=dict(headers)))
    return int(said["status"][:3]), said["headers"], b"".join(parts)


@pytest.mark.parametrize("path", ["/tsa/p256", "/tsa/sm2", "/tsa/p256/"])
def test_whatever_is_posted_is_answered_in_form(path):
    status, headers, body = ask(path, b"hello")
    assert status == 200
    assert headers["Content-Type"] == "application/timestamp-reply"
    assert headers["Cache-Control"] == "no-store"
    assert b"not a time-stamp request" in body


@pytest.mark.parametrize(
    ("status", "path", "more"),
    [
        (404, "/tsa/", {}),
        (404, "/tsa/rsa", {}),
        (404, "/tsa/p256/../sm2", {}),
        (405, "/tsa/p256", {"method": "GET"}),
        (415, "/tsa/p256", {"kind": "application/x-www-form-urlencoded"}),
        (415, "/tsa/p256", {"kind": ""}),
        (411, "/tsa/p256", {"CONTENT_LENGTH": ""}),
        (411, "/tsa/p256", {"CONTENT_LENGTH": "-1"}),
        (411, "/tsa/p256", {"CONTENT_LENGTH": "٣"}),
        (413, "/tsa/p256", {"CONTENT_LENGTH": "16385"}),
        (413, "/tsa/p256", {"CONTENT_LENGTH": "999999999"}),
    ],
)
def test_what_is_no_query_is_refused_unread(status, path, more):
    assert ask(path, b"x" * 20, **more)[0] == status


def test_django_answers_the_same(client, db):
    answered = client.post("/tsa/p256/", b"hello", content_type=QUERY)
    assert (answered.status_code, answered["Content-Type"]) == (200, "application/timestamp-reply")
    assert answered.content == ask("/tsa/p256", b"hello")[2]
    assert client.get("/tsa/p256/").status_code == 405

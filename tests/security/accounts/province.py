"""The province of the tests, started and stopped, and a visitor who goes there and back."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.test import Client

from .province_process import CLIENT, SECRET

PROGRAM = Path(__file__).with_name("province_process.py")
LEAVE, BACK, FINISH = "/account/login/province/", "/account/login/province/back/", "/account/login/province/finish/"


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """The address of a province that runs until the block ends."""
    with subprocess.Popen([sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def configured(issuer: str, **changed: Any) -> dict[str, Any]:
    """The product's settings for this province."""
    names = {"number": "id_number", "name": "name", "phone": "phone_number", "level": "acr"}
    return {
        "issuer": issuer,
        "client_id": CLIENT,
        "secret": SECRET,
        "name": "湖南省统一身份认证",
        **dict.fromkeys(("authorize", "token", "keys", "userinfo"), ""),
        "scope": "openid profile",
        "claims": names,
        "levels": {"real-name": 2, "face": 3},
        **changed,
    }


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *asked: Any) -> None:
        return None


def post(address: str, words: dict[str, str]) -> Any:
    """What the province answers to a form; redirects are shown, not followed."""
    try:
        return urllib.request.build_opener(_Stay()).open(address, urlencode(words).encode(), timeout=10)
    except urllib.error.HTTPError as led:
        return led


def depart(visitor: Client, **asked: str) -> str:
    """Press the button; returns where the browser is led."""
    return str(visitor.get(LEAVE, asked).headers["location"])


def at_the_province(address: str, person: dict[str, Any], trick: str = "") -> str:
    """Sign in there as `person`; returns the address the browser is sent back to, without the host."""
    parts = urlsplit(address)
    words = {"request": parts.query, "person": json.dumps(person), "trick": trick}
    answer = post(f"{parts.scheme}://{parts.netloc}/authorize", words)
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def sign_in(visitor: Client, person: dict[str, Any], trick: str = "", **asked: str) -> Any:
    """There and back; the product's answer."""
    return visitor.get(at_the_province(depart(visitor, **asked), person, trick))

"""From which network address a request comes, when proxies of the county stand between.

Limits and the record rest on it. A proxy appends the address it saw to `X-Forwarded-For`; whatever a visitor wrote there
before lies further left, so the entry of the outermost of our own proxies is counted from the right and nothing else is read.
"""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's address: as the outermost trusted proxy saw it, else as the connection says; empty when neither is one.

    With fewer entries than proxies somebody came past them: then the connection's own address counts.
    """
    direct = _address(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    if proxies < 1:
        return direct
    seen = [entry.strip() for entry in request.headers.get("x-forwarded-for", "").split(",") if entry.strip()]
    return (_address(seen[-proxies]) if len(seen) >= proxies else "") or direct


def _address(text: Any) -> str:
    """The address in its one spelling, without the port some proxies add; empty for anything else."""
    text = str(text).strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)

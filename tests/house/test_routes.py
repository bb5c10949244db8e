"""Every address of the product says who may come."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from zhengtong.security.pmi.middleware import access_of
from zhengtong.security.pmi.policy import ROLES


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    """(address, view) of everything below a resolver."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{prefix}{entry.pattern}", entry.callback
        else:
            yield from routes(entry, f"{prefix}{entry.pattern}")


def all_routes() -> list[tuple[str, Any]]:
    return list(routes(get_resolver()))


def test_every_route_is_marked():
    """A view without a mark is refused by the middleware as well; here its maker learns of it first."""
    assert [address for address, view in all_routes() if access_of(view) is None] == []


def test_marks_ask_for_permissions_that_somebody_can_hold():
    known = {permission for role in ROLES.values() for permission in role.permissions}
    asked = {access_of(view).permission for _, view in all_routes() if access_of(view)} - {""}
    assert asked - known == set()


def test_addresses_end_in_a_slash_or_a_file_name():
    """One form of every address: what an official copies into a letter is what the next one opens."""
    odd = [a for a, _ in all_routes() if not a.endswith(("/", "$", r"\Z")) and "." not in a.rpartition("/")[2]]
    # /api/ has its own form; what a witness fetches is named by C2SP tlog-tiles.
    assert [address for address in odd if not address.startswith(("/api/", "/audit/log/", "/.well-known/"))] == []

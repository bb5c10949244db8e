"""From which address a visitor comes, with the county's proxies in between (ASVS 15.3.4)."""

import ipaddress

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.kernel.visitors import address_of


def asked(direct: str, forwarded: str | None) -> str:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return address_of(RequestFactory().get("/", REMOTE_ADDR=direct, headers=headers))


@pytest.mark.parametrize(
    ("proxies", "direct", "forwarded", "address"),
    [
        (0, "203.0.113.9", None, "203.0.113.9"),
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (1, "127.0.0.1", "203.0.113.9", "203.0.113.9"),
        (1, "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (1, "127.0.0.1", "198.51.100.1,, ,203.0.113.9", "203.0.113.9"),
        (2, "127.0.0.1", "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.2", "203.0.113.9", "10.0.0.2"),
        (1, "127.0.0.1", None, "127.0.0.1"),
        (1, "127.0.0.1", "unknown", "127.0.0.1"),
        (1, "127.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        (1, "127.0.0.1", "[2001:DB8::1]:443", "2001:db8::1"),
        (1, "127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        (0, "", None, ""),
    ],
)
def test_the_entry_of_our_outermost_proxy_counts(settings, proxies, direct, forwarded, address):
    """What a visitor wrote into the header lies to the left of what our proxies appended and is never read."""
    settings.TRUSTED_PROXIES = proxies
    assert asked(direct, forwarded) == address


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_whatever_is_written_it_is_an_address_in_one_spelling(written):
    from django.conf import settings

    before, settings.TRUSTED_PROXIES = settings.TRUSTED_PROXIES, 1
    try:
        found = asked("203.0.113.9", written)
    finally:
        settings.TRUSTED_PROXIES = before
    assert str(ipaddress.ip_address(found)) == found

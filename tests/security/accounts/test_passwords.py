"""What a password may be (ASVS 6.2): long rather than odd, taken exactly as typed."""

import pytest
from django.contrib.auth import authenticate

from zhengtong.kernel.errors import Invalid

from ..people import make_resident

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "password",
    ["aaaa bbbb cccc dddd", "湘江北去橘子洲头看万山红遍", "x" * 40 + " y" * 40, " spaces before and after "],
)
def test_any_long_password_is_taken_as_it_is(password):
    """No rule about kinds of characters, sixty-four and more, spaces and Chinese included; nothing is cut or folded."""
    resident = make_resident(password=password)
    assert authenticate(username=resident.phone, password=password) == resident
    for other in (password.swapcase(), password[:64], password.strip(), password + " "):
        if other != password:
            assert authenticate(username=resident.phone, password=other) is None


@pytest.mark.parametrize("password", ["short", "password123", "1234567890", "qwertyuiop"])
def test_short_and_common_passwords_are_refused(password):
    with pytest.raises(Invalid):
        make_resident(password=password)


def test_the_box_hides_what_is_typed(client):
    for address, fields in (("/account/login/", 1), ("/account/signup/", 1)):
        page = client.get(address).content.decode()
        assert page.count('type="password"') >= fields
        assert 'autocomplete="current-password"' in page or 'autocomplete="new-password"' in page

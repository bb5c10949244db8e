"""What a password may be (ASVS 6.2): long rather than odd, taken exactly as typed."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from allauth.idp.oidc.models import Client
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel.errors import Invalid
from zhengtong.security.accounts import clients, forms, passwords
from zhengtong.security.accounts.models import User

from ..people import PASSWORD, make_resident

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


@pytest.mark.parametrize(
    "password",
    [
        "zhengtong2026",
        "双峰县人民政府123",
        "Shuangfeng-2026!",
        "ADMIN-admin-admin",
        "政务大厅窗口审批",
        "mima431321mima",
    ],
)
def test_words_everybody_here_would_guess_are_refused(password):
    """ASVS 6.2.11: county, product, trade and roles, with digits and signs around them."""
    with pytest.raises(Invalid, match="容易猜到"):
        make_resident(password=password)


@pytest.mark.parametrize("password", ["window under the old camphor", "在政务大厅门口等雨停了再走", "x-admin-y-qvrwtz"])
def test_such_a_word_inside_a_sentence_is_no_harm(password):
    assert make_resident(password=password).check_password(password)


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=12), st.text(max_size=8), st.booleans())
def test_a_known_password_is_found_wherever_it_stands(known, other, ends_with_a_line):
    """Sorted like the public list; each of its lines is found, and nothing else."""
    with NamedTemporaryFile() as file:
        lines = sorted(f"{digest(one)}:{number}" for number, one in enumerate(known))
        file.write(("\r\n".join(lines) + ("\r\n" if ends_with_a_line else "")).encode())
        file.flush()
        assert all(passwords.is_known(one, Path(file.name)) for one in known)
        assert passwords.is_known(other, Path(file.name)) == (other in known)


def test_breached_passwords_are_refused_and_a_missing_list_is_no_consent(settings, tmp_path):
    """ASVS 6.2.12. A list that is named but not there must not let everything pass."""
    leaked = "correct horse battery staple"
    settings.BREACHED_PASSWORDS = str(tmp_path / "known.txt")
    with pytest.raises(ImproperlyConfigured):
        make_resident(password=leaked)
    (tmp_path / "known.txt").write_text("\n".join(sorted(digest(one) for one in (leaked, "a", "b"))))
    with pytest.raises(Invalid, match="泄露"):
        make_resident(password=leaked)
    assert make_resident(password="nobody has written this yet")


def test_a_password_stays_good_for_years(client):
    """ASVS 6.2.10: no change by the calendar."""
    resident = make_resident()
    User.objects.update(created_at=official_now() - timedelta(days=3000))
    client.post("/account/login/", {"login": resident.phone, "password": PASSWORD})
    assert client.get("/my/").status_code == 200


def test_no_hint_and_no_secret_question():
    """ASVS 6.4.2: no form and no column for them."""
    names = [name for form in vars(forms).values() if hasattr(form, "base_fields") for name in form.base_fields]
    names += [field.name for field in User._meta.get_fields()]
    assert len(names) > 30
    assert [name for name in names if re.search(r"hint|question|maiden|secret", name)] == []


def test_what_is_secret_is_in_no_column_as_it_is(official):
    """ASVS 6.5.2, 6.5.3, 6.5.4, 13.3.1: password, seeds, recovery codes, client secrets and tokens, looked for in every table."""
    given = [generate_totp_secret() for _n in range(50)]
    assert len(set(given)) == 50
    assert min(len(one) for one in given) >= 32, "160 bits in base 32"
    TOTP.activate(official, given[0])
    codes = RecoveryCodes.activate(official).get_unused_codes()
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 8 and code.isalnum() for code in codes), "26 bits and more, each good once and counted"
    client, secret = clients.register(
        name="系统", addresses=["https://a.cn/"], who="officials", refresh=False, by=official, at=official_now()
    )
    assert len(secret) >= 43
    secrets = [PASSWORD, given[0], *codes, secret]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            text = str(cursor.fetchall())
            assert [one for one in secrets if one in text] == [], table
    assert check_password(secret, Client.objects.get(pk=client.pk).secret)

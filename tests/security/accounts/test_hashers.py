"""T-AUTH-10: passwords cost what OWASP asks for, and a sign-in no more than that once; how many a second is measured by
`zhengtong bench login`.
"""

import pytest
from django.conf import settings
from django.contrib.auth.hashers import check_password, get_hasher, make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhengtong.foundation.events.values import GATES
from zhengtong.kernel.errors import Unavailable
from zhengtong.security.accounts.hashers import CountyArgon2Hasher

from ..people import PASSWORD, make_resident


def test_passwords_are_hashed_with_argon2id_at_the_owasp_parameters():
    assert settings.PASSWORD_HASHERS[-1] == "zhengtong.security.accounts.hashers.CountyArgon2Hasher"
    encoded = make_password("spring rice in Zi river", hasher="argon2")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("spring rice in Zi river", encoded)
    assert not check_password("spring rice", encoded)


def test_an_older_hash_is_renewed_at_the_next_sign_in():
    hasher = get_hasher("argon2")
    assert hasher.must_update("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaA")


class Counting(CountyArgon2Hasher):
    """The product's own, which counts how often it was asked."""

    asked: list[str] = []

    def verify(self, password, encoded):
        self.asked.append("verify")
        return super().verify(password, encoded)

    def encode(self, password, salt):
        self.asked.append("encode")
        return super().encode(password, salt)


@pytest.mark.django_db
def test_a_sign_in_hashes_once_and_asks_the_database_a_few_times(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    resident = make_resident()
    for login, password, hashed in (
        (resident.phone, PASSWORD, ["verify"]),
        (resident.phone, "not the password", ["verify"]),
        ("13999999999", PASSWORD, ["encode"]),
    ):
        Counting.asked.clear()
        with CaptureQueriesContext(connection) as asked:
            Client().post("/account/login/", {"login": login, "password": password})
        assert Counting.asked == hashed, login
        written = [one["sql"] for one in asked if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert len(written) <= 15, written
        assert sum(sql.startswith('UPDATE "accounts_user"') for sql in written) <= 1


@pytest.mark.django_db
def test_nobody_is_signed_in_whose_sign_in_cannot_be_put_on_record():
    """T-AUD-10 at the door: a log that cannot be written lets nobody in."""

    def refuse() -> None:
        raise Unavailable("the log cannot be written")

    resident = make_resident()
    GATES.append(refuse)
    try:
        visitor = Client()
        assert visitor.post("/account/login/", {"login": resident.phone, "password": PASSWORD}).status_code == 503
        assert "_auth_user_id" not in visitor.session
        assert visitor.get("/account/").status_code == 302
    finally:
        GATES.remove(refuse)

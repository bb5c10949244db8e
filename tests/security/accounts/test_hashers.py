"""Passwords cost what OWASP asks for, and no more than a morning peak can pay."""

from django.conf import settings
from django.contrib.auth.hashers import check_password, get_hasher, make_password


def test_passwords_are_hashed_with_argon2id_at_the_owasp_parameters():
    assert settings.PASSWORD_HASHERS[-1] == "zhengtong.security.accounts.hashers.CountyArgon2Hasher"
    encoded = make_password("spring rice in Zi river", hasher="argon2")
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("spring rice in Zi river", encoded)
    assert not check_password("spring rice", encoded)


def test_an_older_hash_is_renewed_at_the_next_sign_in():
    hasher = get_hasher("argon2")
    assert hasher.must_update("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaA")

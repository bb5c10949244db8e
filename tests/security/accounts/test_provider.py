"""Department systems sign people in here, tried by a client that is not ours (authlib) and by one that cheats."""

import json
import time
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.idp.oidc.models import Client as System
from allauth.idp.oidc.models import Token
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid
from zhengtong.security.accounts import clients
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import public as pmi

from ..people import NOW, PASSWORD, make_official

BACK = "https://health.example.cn/callback"
VERIFIER = "v" * 64


@pytest.fixture
def system(official):
    return clients.register(name="卫健系统", addresses=[BACK], who="officials", refresh=True, by=official, at=NOW)


def session_of(system, **more) -> OAuth2Session:
    client, secret = system
    words = {"redirect_uri": BACK, "scope": "openid profile", "code_challenge_method": "S256", **more}
    return OAuth2Session(client.pk, secret, **words)


def agree(visitor: Client, address: str, action: str = "grant"):
    """Open the consent page and press a button; returns the answer."""
    page = visitor.get(address.replace(settings.PUBLIC_URL, ""))
    if page.status_code != 200:
        return page
    form = page.context["form"]
    words = {"request": form.initial["request"], "scopes": form.fields["scopes"].initial, "action": action}
    return visitor.post(reverse("idp:oidc:authorization"), words)


def code_of(answer) -> str:
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def asked(system, **changed) -> str:
    session = session_of(system)
    address, _state = session.create_authorization_url(f"{settings.PUBLIC_URL}/identity/authorize/", None, VERIFIER)
    parts = urlsplit(address)
    words = {key: values[0] for key, values in parse_qs(parts.query).items()} | changed
    return f"{parts.path}?{urlencode({k: v for k, v in words.items() if v is not None})}"


def exchange(system, **words):
    client, secret = system
    return Client().post("/identity/token/", {"client_id": client.pk, "client_secret": secret, **words})


def exchange_code(system, code, **changed):
    words = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return exchange(system, **words | changed)


@pytest.mark.django_db(transaction=True)
def test_a_foreign_client_signs_an_official_in(live_server, settings, system, official, signed_in):
    settings.PUBLIC_URL = live_server.url
    session = session_of(system)
    told = session.get(f"{live_server.url}/.well-known/openid-configuration", withhold_token=True).json()
    assert (told["response_types_supported"], told["code_challenge_methods_supported"]) == (["code"], ["S256"])
    address, state = session.create_authorization_url(
        told["authorization_endpoint"], None, VERIFIER, nonce="a nonce of the client"
    )
    answer = agree(signed_in(official), address)
    back = answer.headers["location"]
    assert back.startswith(BACK)
    token = session.fetch_token(
        told["token_endpoint"], authorization_response=back, code_verifier=VERIFIER, state=state
    )
    keys = KeySet.import_key_set(session.get(told["jwks_uri"], withhold_token=True).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (live_server.url, system[0].pk, "a nonce of the client")
    said = session.get(told["userinfo_endpoint"]).json()
    assert said == {"sub": claims["sub"], "name": "李华", "assurance_level": 3, "department": "县政务服务中心"}
    assert str(official.pk) != claims["sub"]
    renewed = session.refresh_token(told["token_endpoint"], token["refresh_token"])
    assert renewed["access_token"] != token["access_token"]


@pytest.mark.django_db
class TestRefused:
    """T-AUTH-8."""

    def test_two_systems_know_one_person_by_two_names(self, system, official):
        other = clients.register(name="教育", addresses=[BACK], who="officials", refresh=False, by=official, at=NOW)[0]
        assert clients.subject_of(system[0], official) != clients.subject_of(other, official)
        assert clients.subject_of(system[0], official) == clients.subject_of(system[0], official)
        assert clients.user_of(other, clients.subject_of(system[0], official)) is None

    @pytest.mark.parametrize(
        "address",
        [
            BACK + "/",
            BACK + "?x=1",
            BACK + "/../evil",
            "https://health.example.cn.evil.cn/callback",
            "https://health.example.cn/call",
            "https://health.example.cn:8443/callback",
            "http://health.example.cn/callback",
            "https://HEALTH.example.cn/callback",
            "https://evil@health.example.cn/callback",
            "",
        ],
    )
    def test_a_redirect_address_that_is_not_the_registered_one(self, system, official, signed_in, address):
        answer = signed_in(official).get(asked(system, redirect_uri=address or None))
        assert answer.status_code == 422
        assert "location" not in answer.headers

    @pytest.mark.parametrize(
        "changed",
        [
            {"response_type": "token"},
            {"response_type": "id_token token"},
            {"response_type": "code id_token"},
            {"code_challenge": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": None},
            {"code_challenge": "short"},
            {"prompt": "none"},
            {"response_mode": "fragment"},
        ],
    )
    def test_implicit_grants_and_missing_pkce_go_back_as_errors(self, system, official, signed_in, changed):
        answer = signed_in(official).get(asked(system, **changed))
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(BACK + "?error=")
        assert not Token.objects.exists()

    def test_wrong_pkce_and_a_code_twice(self, system, official, signed_in):
        visitor = signed_in(official)
        code = code_of(agree(visitor, asked(system)))
        assert exchange_code(system, code, code_verifier="w" * 64).status_code == 400
        assert exchange_code(system, code).status_code == 400, "a code is good for one try"
        code = code_of(agree(visitor, asked(system)))
        assert exchange_code(system, code).status_code == 200
        assert Token.objects.count() == 2
        assert exchange_code(system, code).json() == {"error": "invalid_grant"}
        assert not Token.objects.exists(), "what the first use gave ended with the second"
        assert OutboxEvent.objects.filter(name="accounts.TokensEnded").count() == 1

    def test_a_refresh_token_that_comes_back_ends_the_family(self, system, official, signed_in):
        first = exchange_code(system, code_of(agree(signed_in(official), asked(system)))).json()["refresh_token"]
        second = exchange(system, grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
        assert exchange(system, grant_type="refresh_token", refresh_token=first).status_code == 400
        assert exchange(system, grant_type="refresh_token", refresh_token=second).status_code == 400
        assert not Token.objects.exists()

    def test_a_wrong_secret_ends_nothing(self, system, official, signed_in):
        held = exchange_code(system, code_of(agree(signed_in(official), asked(system)))).json()["refresh_token"]
        words = {"grant_type": "refresh_token", "refresh_token": held}
        assert exchange((system[0], "not the secret"), **words).status_code == 401
        assert exchange(system, **words).status_code == 200

    @pytest.mark.parametrize("grant", ["password", "client_credentials", "implicit", ""])
    def test_other_grants(self, system, official, grant):
        answer = exchange(system, grant_type=grant, username=official.username, password=PASSWORD)
        assert answer.json() == {"error": "unsupported_grant_type"}

    def test_a_system_without_the_right_gets_no_refresh_token(self, official, signed_in):
        system = clients.register(name="教育", addresses=[BACK], who="officials", refresh=False, by=official, at=NOW)
        answer = exchange_code(system, code_of(agree(signed_in(official), asked(system)))).json()
        assert "refresh_token" not in answer
        assert [token.type for token in Token.objects.all()] == [Token.Type.ACCESS_TOKEN]

    def test_a_resident_where_only_officials_sign_in(self, system, resident, signed_in):
        assert signed_in(resident).get(asked(system)).status_code == 403

    def test_no_means_no(self, system, official, signed_in):
        answer = agree(signed_in(official), asked(system), action="cancel")
        assert "error=access_denied" in answer.headers["location"]

    def test_a_new_password_ends_what_systems_hold(self, system, official, signed_in):
        exchange_code(system, code_of(agree(signed_in(official), asked(system))))
        accounts.change_password(user=official, password="another long phrase", at=NOW)
        assert not Token.objects.exists()

    def test_a_forged_token_opens_nothing(self, system):
        forged = ".".join(("eyJhbGciOiJub25lIn0", "eyJzdWIiOiIxIn0", ""))
        answer = Client().get("/identity/userinfo/", headers={"authorization": f"Bearer {forged}"})
        assert answer.status_code == 401


@pytest.mark.django_db
class TestRegistering:
    @pytest.mark.parametrize(
        "address",
        [
            "http://health.example.cn/",
            "https://*.example.cn/",
            "https://a@b.cn/",
            "https://b.cn/#x",
            "javascript:alert(1)",
            "https://b.cn/../x",
            "",
        ],
    )
    def test_addresses_that_are_refused(self, official, address):
        with pytest.raises(Invalid) as refusal:
            clients.register(name="x", addresses=[address], who="officials", refresh=False, by=official, at=NOW)
        assert "addresses" in refusal.value.fields
        assert not System.objects.exists()

    def test_the_security_administrator_registers_and_closes(self, county, official, signed_in):
        admin = make_official("an.quan", "安全", organization=county)
        words = {"name": "卫健系统", "addresses": BACK, "who": "officials"}
        assert signed_in(official).post("/account/clients/new/", words).status_code == 403
        pmi.grant_role(
            user=admin,
            role="security_admin",
            organization=county,
            include_subtree=True,
            valid_from=NOW.date(),
            by=None,
            at=NOW,
        )
        visitor = signed_in(admin)
        assert visitor.post("/account/clients/new/", {**words, "addresses": "http://evil.cn/"}).status_code == 422
        page = visitor.post("/account/clients/new/", words, follow=True).content.decode()
        system = System.objects.get()
        assert system.pk in page
        secret = visitor.get("/account/clients/").content.decode()
        assert "只显示这一次" not in secret
        assert json.dumps(system.get_redirect_uris()) == json.dumps([BACK])
        visitor.post(f"/account/clients/{system.pk}/close/")
        assert not System.objects.exists()


def bearer(token: str):
    return Client().get("/identity/userinfo/", headers={"authorization": f"Bearer {token}"})


@pytest.mark.django_db
class TestTokens:
    """What a system holds: for one purpose, for a while, and the person takes it back."""

    def held(self, system, official, signed_in, **changed):
        return exchange_code(system, code_of(agree(signed_in(official), asked(system, **changed)))).json()

    def test_only_an_access_token_opens_what_is_said_of_a_person(self, system, official, signed_in):
        """ASVS 9.2.2, 9.2.3: neither the identity token nor the refresh token nor a code stands in for it."""
        held = self.held(system, official, signed_in)
        code = code_of(agree(signed_in(official), asked(system)))
        assert bearer(held["access_token"]).status_code == 200
        for other in (held["id_token"], held["refresh_token"], code, held["access_token"][:-1], ""):
            assert bearer(other).status_code == 401
        words = {"grant_type": "refresh_token", "refresh_token": held["access_token"]}
        assert exchange(system, **words).status_code == 400

    def test_what_is_said_depends_on_what_was_agreed(self, system, official, signed_in):
        """ASVS 10.3.2, 10.3.3, 10.4.11: without `profile` only the opaque name; a scope nobody registered is refused."""
        narrow = self.held(system, official, signed_in, scope="openid")
        said = bearer(narrow["access_token"]).json()
        assert said == {"sub": clients.subject_of(system[0], official)}
        assert set(system[0].get_scopes()) == {"openid", "profile"}
        answer = signed_in(official).get(asked(system, scope="openid everything"))
        assert answer.status_code != 200

    def test_everything_ends_by_itself(self, system, official, signed_in, monkeypatch):
        """ASVS 10.4.3, 10.4.8: a code within ten minutes, an access token in ten, a refresh token in twelve hours."""
        held = self.held(system, official, signed_in)
        late = code_of(agree(signed_in(official), asked(system)))
        limits = {Token.Type.ACCESS_TOKEN: 600, Token.Type.REFRESH_TOKEN: 12 * 3600}
        for token in Token.objects.all():
            assert (token.expires_at - timezone.now()).total_seconds() <= limits[token.type]
        Token.objects.update(expires_at=timezone.now())
        assert bearer(held["access_token"]).status_code == 401
        words = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
        assert exchange(system, **words).status_code == 400
        then = time.time() + 600
        monkeypatch.setattr(time, "time", lambda: then)
        assert exchange_code(system, late).status_code == 400

    def test_a_token_is_of_its_own_client_and_its_own_secret(self, system, official, signed_in):
        """ASVS 10.4.10, 9.2.4: tokens, revocation and codes of one system are nothing to another."""
        other = clients.register(name="教育", addresses=[BACK], who="officials", refresh=True, by=official, at=NOW)
        held = self.held(system, official, signed_in)
        code = code_of(agree(signed_in(official), asked(system)))
        assert exchange_code(other, code).status_code == 400
        refresh = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
        assert exchange(other, **refresh).status_code == 400
        for client_id, secret in ((other[0].pk, other[1]), (system[0].pk, "guess"), (system[0].pk, "")):
            words = {"client_id": client_id, "client_secret": secret, "token": held["access_token"]}
            Client().post("/identity/revoke/", words)
            assert bearer(held["access_token"]).status_code == 200
        words = {"client_id": system[0].pk, "client_secret": system[1], "token": held["access_token"]}
        assert Client().post("/identity/revoke/", words).status_code == 200
        assert bearer(held["access_token"]).status_code == 401

    def test_the_person_is_told_what_they_agree_to_each_time(self, system, official, signed_in):
        """ASVS 10.7.1, 10.7.2."""
        self.held(system, official, signed_in)
        page = signed_in(official).get(asked(system)).content.decode()
        for word in ("卫健系统", "姓名、所在单位、实名等级", "本系统专用的用户标识"):
            assert word in page

    def test_the_person_sees_and_takes_back_what_they_agreed_to(self, system, official, resident, signed_in):
        """ASVS 10.4.9, 10.7.3."""
        held = self.held(system, official, signed_in)
        visitor, address = signed_in(official), f"/account/systems/{system[0].pk}/end/"
        page = visitor.get("/account/sessions/").content.decode()
        assert "卫健系统" in page
        assert "知道您的姓名" in page
        assert signed_in(resident).post(address).status_code == 404
        assert bearer(held["access_token"]).status_code == 200
        assert "卫健系统" not in visitor.post(address, follow=True).content.decode()
        assert bearer(held["access_token"]).status_code == 401
        words = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
        assert exchange(system, **words).status_code == 400
        assert OutboxEvent.objects.get(name="accounts.ConsentTakenBack").actor_id == official.pk

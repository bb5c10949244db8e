"""Signing in through the province's identity platform, against one that runs as a program of its own and cheats on demand."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from zhengtong.config import checkup
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.identifiers import resident_id
from zhengtong.security.accounts import operations
from zhengtong.security.accounts import province as client
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import ProvinceLink, User
from zhengtong.security.accounts.values import Statement

from ..people import NOW, PASSWORD, make_official, make_resident
from . import province
from .province import BACK, FINISH, LEAVE, at_the_province, configured, depart, sign_in
from .test_second_factors import code, give_app, until_the_step_is_young

pytestmark = pytest.mark.django_db
NUMBER = resident_id.make_synthetic(birth_on=NOW.date().replace(year=1985), serial=7)
SIGN_IN = "/account/login/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with province.running() as address:
        yield address


@pytest.fixture(autouse=True)
def _ours(issuer: str, settings: Any) -> Iterator[None]:
    settings.PROVINCE = configured(issuer)
    client.forget()
    yield
    client.forget()
    province.post(f"{issuer}/control", {"discovery": "{}"})


@pytest.fixture
def visitor() -> Client:
    return Client()


def person(number: str = NUMBER, sub: str = "hn-7", level: str = "real-name", **more: Any) -> dict[str, Any]:
    return {"sub": sub, "id_number": number, "name": "陈静", "acr": level, "phone_number": "13807380001", **more}


def who(visitor: Client) -> str:
    return str(visitor.session.get("_auth_user_id", ""))


def refusals() -> list[str]:
    return [row.payload["reason"] for row in OutboxEvent.objects.filter(name="accounts.ProvinceRefused")]


def told(visitor: Client, answer: Any) -> str:
    assert answer.headers["location"] == SIGN_IN
    return str(visitor.get(SIGN_IN).content.decode())


def proven(**more: Any) -> User:
    found = make_resident(serial=7, **more)
    accounts.prove_identity(user=found, level=2, evidence="window", by=None, at=NOW)
    found.refresh_from_db()
    return found


class TestTheWayThere:
    def test_without_configuration_there_is_no_button_and_no_door(self, visitor, settings):
        settings.PROVINCE = configured("")
        assert LEAVE not in visitor.get(SIGN_IN).content.decode()
        assert [visitor.get(door).status_code for door in (LEAVE, BACK, FINISH)] == [404, 404, 404]

    def test_the_button_leads_to_the_province_with_state_nonce_and_pkce(self, visitor, issuer, settings):
        settings.PROVINCE["name"] = "湖南省统一身份认证"
        page = visitor.get(f"{SIGN_IN}?next=/my/").content.decode()
        assert "通过湖南省统一身份认证登录" in page
        assert f'href="{LEAVE}?next=/my/"' in page
        first, second = depart(visitor), depart(Client())
        assert first.startswith(f"{issuer}/authorize?")
        asked, other = (parse_qs(urlsplit(one).query) for one in (first, second))
        assert asked["redirect_uri"] == [settings.PUBLIC_URL + BACK]
        assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
        assert all(len(asked[name][0]) == 43 for name in ("state", "nonce", "code_challenge"))
        assert all(asked[name] != other[name] for name in ("state", "nonce", "code_challenge"))

    def test_the_address_back_is_never_taken_from_the_request(self, visitor, settings):
        settings.ALLOWED_HOSTS = ["*"]
        answer = visitor.get(LEAVE, headers={"host": "evil.example"})
        assert "evil" not in answer.headers["location"]

    def test_starting_too_often_is_refused_and_the_count_survives_the_cache(self, visitor):
        for _n in range(60):
            depart(visitor)
        cache.clear()
        assert "操作太频繁" in told(visitor, visitor.get(LEAVE))


class TestComingBack:
    def test_who_is_new_leaves_a_phone_and_is_signed_in(self, visitor):
        answer = sign_in(visitor, person(), next="/account/contact/")
        assert answer.headers["location"] == FINISH
        page = visitor.get(FINISH).content.decode()
        assert "陈静" in page
        assert NUMBER not in page
        assert "13807380001" in page
        kept = Session.objects.get(session_key=visitor.session.session_key)
        assert NUMBER not in str(kept.get_decoded())
        assert visitor.post(FINISH, {"phone": "1"}).status_code == 422
        assert not User.objects.exists()
        done = visitor.post(FINISH, {"phone": "13807380001"})
        assert done.headers["location"] == "/account/contact/"
        found = User.objects.get()
        assert (found.resident_id, found.display_name, found.kind) == (NUMBER, "陈静", "resident")
        assert (found.assurance_level, found.has_usable_password()) == (2, False)
        assert who(visitor) == str(found.pk)
        names = list(OutboxEvent.objects.order_by("pk").values_list("name", flat=True))
        assert names == ["accounts.ResidentRegistered", "accounts.ProvinceLinked", "accounts.SignedIn"]
        assert OutboxEvent.objects.get(name="accounts.SignedIn").payload["methods"] == ["province"]
        assert "湖南省统一身份认证" in visitor.get("/account/").content.decode()

    def test_who_is_known_here_by_a_proven_number_is_linked_and_raised(self, visitor):
        found = proven(name="陈静")
        key = visitor.session.session_key
        assert sign_in(visitor, person(found.resident_id, level="face")).headers["location"] == "/account/welcome/"
        assert who(visitor) == str(found.pk)
        assert visitor.session.session_key != key
        found.refresh_from_db()
        assert found.assurance_level == 3
        again = Client()
        sign_in(again, person("", level="weak"))
        assert who(again) == str(found.pk), "linked: the name at the province is enough, and lowers nothing"
        found.refresh_from_db()
        assert found.assurance_level == 3

    def test_an_account_that_nobody_proved_wants_its_password_once(self, visitor):
        """Somebody else may have opened it with this number: it does not become the person's by their signing in."""
        found = make_resident(serial=7, name="陈静")
        assert sign_in(visitor, person(found.resident_id)).headers["location"] == FINISH
        assert not ProvinceLink.objects.exists()
        assert "确认本县账号" in visitor.get(FINISH).content.decode()
        assert visitor.post(FINISH, {"password": "not the password"}).status_code == 422
        assert who(visitor) == ""
        visitor.post(FINISH, {"password": PASSWORD})
        assert who(visitor) == str(found.pk)
        found.refresh_from_db()
        assert found.assurance_level == 2
        again = Client()
        sign_in(again, person(found.resident_id))
        assert who(again) == str(found.pk)

    def test_guesses_at_that_password_are_counted_like_all_others(self, visitor):
        found = make_resident(serial=7)
        sign_in(visitor, person(found.resident_id))
        for _n in range(5):
            visitor.post(FINISH, {"password": "not the password"})
        assert "输错次数太多" in visitor.post(FINISH, {"password": PASSWORD}).content.decode()
        assert who(visitor) == ""

    def test_phone_name_and_email_alone_find_nobody(self, visitor):
        found = proven(name="陈静", phone="13807380001", email="chen@example.cn")
        words = person(NUMBER, email="chen@example.cn")
        assert found.resident_id != NUMBER
        assert sign_in(visitor, words).headers["location"] == FINISH
        assert "开通本县账号" in visitor.get(FINISH).content.decode()
        assert not ProvinceLink.objects.exists()

    def test_a_second_factor_is_asked_for_as_ever(self, visitor):
        until_the_step_is_young()
        found = proven(name="陈静")
        give_app(found)
        answer = sign_in(visitor, person(found.resident_id))
        assert answer.headers["location"] == "/account/factors/authenticate/"
        assert who(visitor) == ""
        visitor.post("/account/factors/authenticate/", {"code": code()})
        assert who(visitor) == str(found.pk)

    def test_another_name_is_kept_told_and_put_on_record(self, visitor):
        found = proven(name="陈小静")
        sign_in(visitor, person(found.resident_id))
        assert "姓名与本县账号不一致" in visitor.get("/account/").content.decode()
        found.refresh_from_db()
        assert found.display_name == "陈小静"
        assert OutboxEvent.objects.filter(name="accounts.ProvinceNameDiffers").count() == 1

    def test_who_cancels_is_told_of_the_other_ways(self, visitor):
        page = told(visitor, sign_in(visitor, person(), "cancel"))
        assert "您没有完成省平台的登录" in page
        assert 'name="password"' in page

    @pytest.mark.parametrize("trick", ["rsa", "userinfo"])
    def test_other_ways_of_saying_the_same(self, visitor, trick):
        found = proven(name="陈静")
        sign_in(visitor, person(found.resident_id), trick)
        assert who(visitor) == str(found.pk)

    def test_keys_that_were_turned_over_are_asked_for_once(self, visitor, issuer):
        found = proven(name="陈静")
        sign_in(visitor, person(found.resident_id))
        province.post(f"{issuer}/control", {"turn": "1"})
        again = Client()
        sign_in(again, person(found.resident_id))
        assert who(again) == str(found.pk)

    def test_addresses_of_the_configuration_and_a_secret_in_the_form(self, visitor, issuer, settings):
        found = proven(name="陈静")
        province.post(
            f"{issuer}/control", {"discovery": '{"token_endpoint_auth_methods_supported": ["client_secret_post"]}'}
        )
        sign_in(visitor, person(found.resident_id))
        assert who(visitor) == str(found.pk)
        client.forget()
        where = {"authorize": f"{issuer}/authorize", "token": f"{issuer}/token", "keys": f"{issuer}/jwks"}
        settings.PROVINCE = configured(issuer, **where)
        province.post(f"{issuer}/control", {"discovery": '{"issuer": "nobody asks"}'})
        again = Client()
        sign_in(again, person(found.resident_id))
        assert who(again) == str(found.pk)

    def test_a_first_password_may_be_set_afterwards(self, visitor):
        sign_in(visitor, person())
        visitor.post(FINISH, {"phone": "13807380001"})
        answer = visitor.get("/account/password/change/", follow=True)
        assert answer.request["PATH_INFO"] == "/account/password/set/"
        assert "设置密码" in answer.content.decode()
        phrase = "another long phrase"
        assert visitor.post("/account/password/set/", {"password1": phrase, "password2": phrase}).status_code == 302
        assert visitor.get("/account/").status_code == 200, "the session stays"
        by_password = Client()
        by_password.post(SIGN_IN, {"login": "13807380001", "password": phrase})
        assert who(by_password) == str(User.objects.get().pk)


BELIEVED_NEVER = {
    "alg_none": "algorithm",
    "hs256_public": "algorithm",
    "crit": "algorithm",
    "stranger": "signature",
    "unknown_kid": "key",
    "wrong_issuer": "issuer",
    "wrong_audience": "audience",
    "two_audiences": "audience",
    "other_party": "audience",
    "expired": "expired",
    "exp_words": "expired",
    "old": "issued_at",
    "future": "issued_at",
    "not_yet": "not_yet",
    "wrong_nonce": "nonce",
    "no_nonce": "nonce",
    "no_subject": "subject",
    "no_id_token": "no_id_token",
    "mix_up": "mix_up",
    "no_iss": "mix_up",
    "userinfo_other": "userinfo_of_another",
    "userinfo_hash": "access_token",
    "broken": "province_away",
    "leads_elsewhere": "province_away",
    "server_error": "province_away",
}


class TestNotBelieved:
    """T-AUTH-8, the client's side."""

    @pytest.mark.parametrize(("trick", "reason"), BELIEVED_NEVER.items())
    def test_what_a_cheating_platform_says(self, visitor, trick, reason):
        found = proven(name="陈静")
        page = told(visitor, sign_in(visitor, person(found.resident_id), trick))
        assert "用账号密码" in page
        assert who(visitor) == ""
        assert not ProvinceLink.objects.exists()
        assert refusals() == [reason]

    def test_an_answer_twice_is_heard_once(self, visitor):
        found = proven(name="陈静")
        back = at_the_province(depart(visitor), person(found.resident_id))
        visitor.get(back)
        assert who(visitor) == str(found.pk)
        visitor.post("/account/logout/")
        assert "没有通过安全检查" in told(visitor, visitor.get(back))
        assert refusals() == [], "nobody fills the log by calling an address that nothing began at"

    def test_two_workers_that_see_one_answer_at_the_same_moment(self, visitor):
        found = proven(name="陈静")
        back = at_the_province(depart(visitor), person(found.resident_id))
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert operations.use_once(kind="province", value=state, at=NOW), "the other worker was faster"
        told(visitor, visitor.get(back))
        assert refusals() == ["replayed"]

    def test_an_answer_that_began_in_another_browser(self, visitor):
        """Somebody's own answer, slipped to a victim: they would work in the attacker's account."""
        found = proven(name="陈静")
        back = at_the_province(depart(Client()), person(found.resident_id))
        depart(visitor)
        told(visitor, visitor.get(back))
        assert (who(visitor), refusals()) == ("", ["state"])

    def test_a_code_of_another_try_fails_at_the_province(self, visitor):
        """The code is somebody else's, the state one's own: PKCE holds it."""
        found = proven(name="陈静")
        foreign = parse_qs(urlsplit(at_the_province(depart(Client()), person(found.resident_id))).query)["code"][0]
        state = parse_qs(urlsplit(depart(visitor)).query)["state"][0]
        told(visitor, visitor.get(BACK, {"state": state, "code": foreign, "iss": client.settings.PROVINCE["issuer"]}))
        assert (who(visitor), refusals()) == ("", ["code"])

    def test_coming_back_late(self, visitor):
        found = proven(name="陈静")
        back = at_the_province(depart(visitor), person(found.resident_id))
        session = visitor.session
        session["province_try"] = {**session["province_try"], "at": timezone.now().timestamp() - 601}
        session.save()
        told(visitor, visitor.get(back))
        assert refusals() == ["late"]

    def test_the_last_step_lapses_and_belongs_to_its_session(self, visitor):
        sign_in(visitor, person())
        assert Client().get(FINISH).headers["location"] == SIGN_IN
        session = visitor.session
        session["province_said"] = session["province_said"][:-2] + "AA"
        session.save()
        assert visitor.post(FINISH, {"phone": "13807380001"}).headers["location"] == SIGN_IN
        assert not User.objects.exists()

    @pytest.mark.parametrize(
        "answer", ["", "state=", "state=x&code=y", "state=%0a&code=%0a", "error=access_denied", "state=x&state=y"]
    )
    def test_addresses_that_somebody_made_up(self, visitor, answer):
        depart(visitor)
        assert visitor.get(f"{BACK}?{answer}").headers["location"] == SIGN_IN
        assert who(visitor) == ""

    def test_where_it_leads_afterwards_stays_at_home(self, visitor):
        found = proven(name="陈静")
        answer = sign_in(visitor, person(found.resident_id), next="https://evil.example/")
        assert answer.headers["location"] == "/account/welcome/"

    def test_a_discovery_document_of_another_issuer(self, visitor, issuer):
        province.post(f"{issuer}/control", {"discovery": '{"issuer": "https://evil.example"}'})
        assert "不一致" in told(visitor, visitor.get(LEAVE))

    def test_an_address_without_tls(self, visitor, issuer):
        province.post(f"{issuer}/control", {"discovery": '{"token_endpoint": "http://province.example/token"}'})
        assert "不是https" in told(visitor, visitor.get(LEAVE))

    def test_a_province_that_is_away(self, visitor, settings):
        with province.running() as gone:
            settings.PROVINCE = configured(gone)
            back = at_the_province(depart(visitor), person())
        page = told(visitor, visitor.get(back))
        assert "暂时没有响应" in page
        assert 'name="password"' in page
        client.forget()
        assert "暂时没有响应" in told(visitor, visitor.get(LEAVE))


class TestWhoseAccount:
    def test_an_official_is_never_entered_this_way(self, visitor):
        staff = make_official()
        staff.resident_id = NUMBER
        staff.save()
        page = told(visitor, sign_in(visitor, person(level="face")))
        assert "工作人员账号" in page
        assert (who(visitor), refusals()) == ("", ["official"])
        ProvinceLink.objects.create(user=staff, subject=f"{client.settings.PROVINCE['issuer']} hn-7", linked_at=NOW)
        told(visitor, sign_in(visitor, person(level="face")))
        assert who(visitor) == ""

    def test_a_closed_account(self, visitor, official):
        found = proven(name="陈静")
        accounts.deactivate(user=found, reason="request", by=official, at=NOW)
        assert "已停用" in told(visitor, sign_in(visitor, person(found.resident_id)))

    @pytest.mark.parametrize(
        "said",
        [
            person(level="weak"),
            person(level=""),
            person(number="431321198500000000"),
            person(number=""),
            {"sub": "hn-7", "acr": "face"},
            person(number=["x"]),
            person(acr={"x": 1}),
        ],
    )
    def test_a_number_that_nobody_proved_opens_nothing(self, visitor, said):
        proven(name="陈静")
        assert "实名认证" in told(visitor, sign_in(visitor, said))
        assert refusals() == ["not_proven"]
        assert User.objects.count() == 1

    def test_two_accounts_of_the_province_for_one_person(self, visitor):
        found = proven(name="陈静")
        sign_in(visitor, person(found.resident_id, sub="hn-1"))
        other = Client()
        assert "另一个省平台账号" in told(other, sign_in(other, person(found.resident_id, sub="hn-2")))
        assert ProvinceLink.objects.count() == 1
        row = OutboxEvent.objects.get(name="accounts.ProvinceRefused")
        assert row.payload == {"reason": "two_accounts", "user_id": found.pk}

    def test_a_linked_name_that_comes_with_another_number(self, visitor):
        found = proven(name="陈静")
        sign_in(visitor, person(found.resident_id))
        other = Client()
        assert "不一致" in told(other, sign_in(other, person(NUMBER)))
        assert refusals() == ["other_person"]

    def test_registering_at_the_same_moment_makes_one_account(self, visitor):
        one, two = Client(), Client()
        for browser in (one, two):
            sign_in(browser, person())
        one.post(FINISH, {"phone": "13807380001"})
        assert two.post(FINISH, {"phone": "13807380001"}).status_code == 422
        assert (User.objects.count(), who(two)) == (1, "")

    def test_the_name_of_the_province_is_not_kept_in_plain(self, visitor):
        found = proven(name="陈静")
        sign_in(visitor, person(found.resident_id, sub=found.resident_id))
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM accounts_provincelink")
            assert found.resident_id.encode() not in b"|".join(bytes(v) for v in cursor.fetchone() if _is_bytes(v))

    def test_the_operation_refuses_another_persons_account(self):
        found = proven(name="陈静")
        said = Statement(issuer="https://p.example", subject="x", level=2, number=NUMBER, name="陈静")
        with pytest.raises(operations.CannotLink):
            operations.link_province(user=found, statement=said, at=NOW + timedelta(days=1))


def _is_bytes(value: Any) -> bool:
    return isinstance(value, (bytes, memoryview))


class TestTheDoctor:
    def answer(self) -> Any:
        return checkup.QUESTIONS["province"]()

    def test_none_and_one_that_works(self, settings, issuer):
        assert self.answer().level == checkup.FINE
        settings.PROVINCE = configured("", client_id="", secret="")
        assert (self.answer().level, self.answer().said) == (checkup.FINE, "没有接入省统一身份认证平台。")

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"client_id": ""}, "不完整"),
            ({"secret": ""}, "不完整"),
            ({"levels": {}}, "核验等级"),
            ({"levels": {"face": 7}}, "核验等级"),
            ({"issuer": "http://127.0.0.1:9"}, "没有响应"),
        ],
    )
    def test_what_is_missing(self, settings, changed, words):
        settings.PROVINCE = {**settings.PROVINCE, **changed}
        found = self.answer()
        assert found.level == checkup.FAULT
        assert words in found.said
        assert found.mend


def test_the_configuration_is_read_from_the_environment():
    given = {
        "ISSUER": "https://sso.example",
        "CLIENT_ID": "county",
        "CLAIMS": "number=idCard, level=loa",
        "LEVELS": "L2=2,L3=3",
    }
    environment = {**os.environ, **{f"ZHENGTONG_PROVINCE_{name}": value for name, value in given.items()}}
    words = "from zhengtong.config import settings as s; p = s.PROVINCE; print(p['claims'], p['levels'])"
    done = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True)
    expected = "{'number': 'idCard', 'name': 'name', 'phone': 'phone_number', 'level': 'loa'} {'L2': 2, 'L3': 3}"
    assert done.stdout.strip() == expected

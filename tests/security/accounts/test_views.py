"""Signing in and one's own pages, through the address bar."""

import time
from datetime import date, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse

from zhengtong.foundation.calendars.public import official_now
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.identifiers import resident_id
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import Enterprise, Mandate, SignInFailure, User

from ..people import NOW, PASSWORD, make_enterprise, make_official, make_resident

pytestmark = pytest.mark.django_db
LOGIN = "/account/login/"


def sign_in(client: Client, login: str, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"login": login, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestSigningIn:
    def test_by_login_name_phone_identity_number_or_email(self, resident):
        accounts.change_contact(
            user=resident, phone=resident.phone, email="wang@example.cn", address="", by=resident, at=NOW
        )
        for login in (
            resident.username,
            resident.phone,
            resident.resident_id,
            "Wang@example.cn",
            f" {resident.phone} ",
        ):
            client = Client()
            assert sign_in(client, login).headers["location"] == "/account/welcome/"
            assert signed_in(client)
        assert client.get("/account/welcome/").headers["location"] == "/my/"

    def test_staff_go_to_their_desk_and_it_is_published(self, client, official):
        sign_in(client, official.username)
        assert client.get("/account/welcome/").headers["location"] == "/desk/"
        fact = OutboxEvent.objects.get(name="accounts.SignedIn")
        assert fact.payload["methods"] == ["password"]

    def test_a_shared_phone_leads_to_the_one_the_password_fits(self, client):
        make_resident(serial=1, phone="13812345678")
        child = make_resident(serial=2, phone="13812345678", password="another long phrase")
        sign_in(client, "13812345678", "another long phrase")
        assert client.session["_auth_user_id"] == str(child.pk)

    def test_a_phone_and_password_that_fit_two_people_open_neither(self, client):
        for serial in (1, 2):
            make_resident(serial=serial, phone="13812345678")
        sign_in(client, "13812345678")
        assert not signed_in(client)

    def test_an_unknown_login_reads_like_a_wrong_password(self, client, resident):
        wrong = sign_in(client, resident.phone, "not the password")
        unknown = sign_in(client, "13999999999", "not the password")
        sentence = "账号或密码不正确"
        assert sentence in wrong.content.decode()
        assert sentence in unknown.content.decode()

    def test_a_closed_account_stays_out(self, client, resident, official):
        accounts.deactivate(user=resident, reason="request", by=official, at=NOW)
        sign_in(client, resident.phone)
        assert not signed_in(client)

    def test_next_leads_back_but_not_abroad(self, resident):
        client = Client()
        answer = client.post(LOGIN, {"login": resident.phone, "password": PASSWORD, "next": "/account/contact/"})
        assert answer.headers["location"] == "/account/contact/"
        client = Client()
        answer = client.post(LOGIN, {"login": resident.phone, "password": PASSWORD, "next": "https://evil.example/"})
        assert "evil" not in answer.headers["location"]

    def test_the_session_has_a_new_key_after_signing_in(self, client, resident):
        """T-AUTH-6."""
        client.get("/account/mandates/new/")
        session = client.session
        session["x"] = 1
        session.save()
        before = session.session_key
        client.cookies["sessionid"] = before
        sign_in(client, resident.phone)
        assert client.session.session_key != before


class TestLockOut:
    def test_five_wrong_passwords_lock_the_account_whatever_login_was_typed(self, resident):
        client = Client()
        for login in (resident.phone, resident.username, resident.resident_id, resident.phone, resident.phone):
            sign_in(client, login, "not the password")
        answer = sign_in(client, resident.phone)
        assert not signed_in(client)
        assert "输错次数太多" in answer.content.decode()
        assert OutboxEvent.objects.filter(name="accounts.SignInLocked").count() == 1
        SignInFailure.objects.update(locked_until=official_now() - timedelta(seconds=1))
        sign_in(client, resident.phone)
        assert signed_in(client)
        assert not SignInFailure.objects.exclude(locked_until=None).exists()

    def test_an_unknown_login_is_locked_too(self, client):
        for _n in range(5):
            sign_in(client, "13999999999", "not the password")
        assert "输错次数太多" in sign_in(client, "13999999999").content.decode()

    def test_four_wrong_ones_do_not_lock(self, client, resident):
        for _n in range(4):
            sign_in(client, resident.phone, "not the password")
        sign_in(client, resident.phone)
        assert signed_in(client)

    def test_a_reset_unlocks(self, client, resident, official):
        for _n in range(5):
            sign_in(client, resident.phone, "not the password")
        given = accounts.reset_password(user=resident, by=official, at=NOW)
        sign_in(client, resident.phone, given)
        assert signed_in(client)


class TestSessions:
    def test_a_new_password_ends_every_other_session(self, resident):
        """T-AUTH-6."""
        here, there = Client(), Client()
        sign_in(here, resident.phone)
        sign_in(there, resident.phone)
        answer = here.post(
            "/account/password/change/",
            {"oldpassword": PASSWORD, "password1": "another long phrase", "password2": "another long phrase"},
        )
        assert answer.status_code == 302
        assert here.get("/account/").status_code == 200
        assert there.get("/account/").headers["location"].startswith(LOGIN)

    @pytest.mark.parametrize(("key", "ago"), [("seen_at", 1801), ("begun_at", 8 * 3600 + 1)])
    def test_idle_and_absolute_limits(self, client, resident, key, ago):
        sign_in(client, resident.phone)
        assert client.get("/account/").status_code == 200
        session = client.session
        session[key] = int(time.time()) - ago
        session.save()
        assert client.get("/account/").headers["location"].startswith(LOGIN)
        assert not signed_in(client)

    def test_a_closed_account_loses_its_session_with_the_next_request(self, client, resident, official):
        sign_in(client, resident.phone)
        accounts.deactivate(user=resident, reason="request", by=official, at=NOW)
        assert client.get("/account/").headers["location"].startswith(LOGIN)

    def test_a_one_time_password_must_be_changed_first(self, client, official):
        other = make_official("zhang.min", "张敏")
        given = accounts.reset_password(user=other, by=official, at=NOW)
        sign_in(client, "zhang.min", given)
        assert client.get("/my/reads/").headers["location"] == "/account/password/change/"
        client.post(
            "/account/password/change/",
            {"oldpassword": given, "password1": "another long phrase", "password2": "another long phrase"},
        )
        assert client.get("/my/reads/").status_code == 200

    def test_signing_out_needs_a_press(self, client, resident):
        sign_in(client, resident.phone)
        assert client.get("/account/logout/").status_code == 200
        assert signed_in(client)
        client.post("/account/logout/")
        assert not signed_in(client)


def code_of(secret: str, steps: int = 0) -> str:
    """The code of this moment's time step, or of one `steps` away."""
    steps_heard = list(totp.yield_hotp_counters_from_time())
    return totp.format_hotp_value(totp.hotp_value(secret, steps_heard[len(steps_heard) // 2] + steps))


class TestSecondFactors:
    def activate(self, client: Client) -> str:
        client.post("/account/reauthenticate/", {"password": PASSWORD})
        page = client.get("/account/factors/totp/activate/")
        secret = page.context["form"].secret
        assert client.post("/account/factors/totp/activate/", {"code": code_of(secret)}).status_code == 302
        return secret

    def test_the_password_is_asked_again_before_anything_changes(self, client, resident):
        sign_in(client, resident.phone)
        answer = client.get("/account/factors/totp/activate/")
        assert answer.headers["location"].startswith("/account/reauthenticate/")

    def test_totp_from_setting_up_to_signing_in(self, resident):
        client = Client()
        sign_in(client, resident.phone)
        secret = self.activate(client)
        kept = Authenticator.objects.get(user=resident, type="totp")
        assert secret not in str(kept.data)

        again = Client()
        answer = sign_in(again, resident.phone)
        assert answer.headers["location"] == "/account/factors/authenticate/"
        assert not signed_in(again)
        assert again.get("/account/").headers["location"].startswith(LOGIN)
        assert again.post("/account/factors/authenticate/", {"code": "000000"}).status_code == 200
        again.post("/account/factors/authenticate/", {"code": code_of(secret)})
        assert not signed_in(again), "the code that set the app up is used up"
        again.post("/account/factors/authenticate/", {"code": code_of(secret, 1)})
        assert signed_in(again)
        assert OutboxEvent.objects.filter(name="accounts.SignedIn").last().payload["methods"] == ["password", "totp"]

    def test_setting_up_and_removing_are_published(self, client, resident, django_capture_on_commit_callbacks):
        sign_in(client, resident.phone)
        with django_capture_on_commit_callbacks(execute=True):
            self.activate(client)
            client.post("/account/factors/totp/deactivate/")
        names = set(OutboxEvent.objects.values_list("name", flat=True))
        assert {"accounts.SecondFactorAdded", "accounts.SecondFactorRemoved"} <= names
        assert not Authenticator.objects.exists()

    def test_a_code_works_once(self, resident):
        client = Client()
        sign_in(client, resident.phone)
        secret = self.activate(client)
        code = code_of(secret, 1)
        outcomes = []
        for _n in range(2):
            visitor = Client()
            sign_in(visitor, resident.phone)
            visitor.post("/account/factors/authenticate/", {"code": code})
            outcomes.append(signed_in(visitor))
        assert outcomes == [True, False]

    def test_a_recovery_code_works_once(self, resident):
        client = Client()
        sign_in(client, resident.phone)
        self.activate(client)
        codes = Authenticator.objects.get(user=resident, type="recovery_codes").wrap().get_unused_codes()
        outcomes = []
        for _n in range(2):
            visitor = Client()
            sign_in(visitor, resident.phone)
            visitor.post("/account/factors/authenticate/", {"code": codes[0]})
            outcomes.append(signed_in(visitor))
        assert outcomes == [True, False]

    def test_every_page_of_it_opens(self, resident):
        client = Client()
        sign_in(client, resident.phone)
        assert client.get("/account/reauthenticate/").status_code == 200
        self.activate(client)
        client.post("/account/factors/totp/deactivate/")
        for name in (
            "mfa_index",
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_list_webauthn",
        ):
            assert client.get(reverse(name)).status_code == 200, name
        self.activate(client)
        for name in (
            "mfa_index",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_deactivate_totp",
            "mfa_reauthenticate",
        ):
            assert client.get(reverse(name)).status_code == 200, name

    def test_the_passkey_page_offers_a_challenge_to_everybody(self, client):
        answer = client.get("/account/factors/webauthn/login/", headers={"accept": "application/json"})
        assert answer.json()["request_options"]["publicKey"]["challenge"]


class TestRegistering:
    WORDS = {"name": "陈静", "resident_id": "43132119900517003X", "phone": "13800000009", "password": PASSWORD}

    def test_a_resident_registers_and_is_signed_in(self, client):
        number = resident_id.make_synthetic(birth_on=date(1990, 5, 17), serial=3)
        answer = client.post("/account/signup/", {**self.WORDS, "resident_id": number})
        assert answer.headers["location"] == "/account/welcome/"
        assert signed_in(client)
        assert User.objects.get().resident_id == number

    @pytest.mark.parametrize(
        ("asked", "leads"),
        [
            ("/my/", "/my/"),
            ("https://evil.example/", "/account/welcome/"),
            ("//evil.example/", "/account/welcome/"),
            ("javascript:alert(1)", "/account/welcome/"),
        ],
    )
    def test_who_registers_is_led_to_no_other_site(self, client, asked, leads):
        number = resident_id.make_synthetic(birth_on=date(1990, 5, 17), serial=3)
        answer = client.post("/account/signup/", {**self.WORDS, "resident_id": number, "next": asked})
        assert answer.headers["location"] == leads

    def test_mistakes_are_shown_at_their_fields_and_nobody_is_registered(self, client):
        answer = client.post("/account/signup/", {**self.WORDS, "resident_id": "431321199005170030", "phone": "1"})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "id_resident_id-error" in page
        assert "id_phone-error" in page
        assert not User.objects.exists()

    def test_nobody_makes_themselves_an_official(self, client):
        extra = {"kind": "official", "assurance_level": "3", "is_active": "1", "username": "admin"}
        client.post("/account/signup/", {**self.WORDS, "resident_id": "431321199005170011", **extra})
        assert not User.objects.filter(kind="official").exists()
        assert not User.objects.filter(assurance_level=3).exists()


class TestOwnPages:
    def test_pages_open(self, client, resident):
        make_enterprise(resident)
        sign_in(client, resident.phone)
        for address in (
            "/account/",
            "/account/contact/",
            "/account/enterprises/new/",
            "/account/mandates/new/",
            "/my/reads/",
        ):
            assert client.get(address).status_code == 200, address

    def test_the_number_is_masked(self, client, resident):
        sign_in(client, resident.phone)
        page = client.get("/account/").content.decode()
        assert resident.resident_id not in page
        assert resident.resident_id[:6] in page

    def test_an_enterprise_and_its_member(self, client, resident, neighbour):
        sign_in(client, resident.phone)
        body = make_enterprise(resident)
        address = f"/account/enterprises/{body.pk}/"
        words = {"person_name": neighbour.display_name, "person_id": neighbour.resident_id, "capacity": "handler"}
        assert client.post(address, {**words, "person_name": "别人"}).status_code == 422
        assert body.members.count() == 1
        assert client.post(address, words).status_code == 302
        member = body.members.get(user=neighbour)
        client.post(f"{address}members/{member.pk}/end/")
        member.refresh_from_db()
        assert member.valid_until is not None

    def test_a_mandate_is_given_and_revoked(self, client, resident, neighbour):
        sign_in(client, resident.phone)
        today = official_now().date()
        words = {
            "principal": f"user:{resident.pk}",
            "person_name": neighbour.display_name,
            "person_id": neighbour.resident_id,
            "valid_from": today.isoformat(),
            "valid_until": (today + timedelta(days=30)).isoformat(),
            "scope": "food-licence\n",
        }
        assert client.post("/account/mandates/new/", words).status_code == 302
        mandate = Mandate.objects.get()
        assert (mandate.agent, mandate.scope) == (neighbour, ["food-licence"])
        client.post(f"/account/mandates/{mandate.pk}/revoke/")
        mandate.refresh_from_db()
        assert mandate.revoked_at is not None


class TestForeignThings:
    """Another person's enterprise, mandate and words: not found, never changed."""

    def test_a_strangers_enterprise_and_mandate_do_not_exist(self, client, resident, neighbour):
        body = make_enterprise(resident)
        mandate = accounts.grant_mandate(
            agent=make_resident(serial=3),
            principal_user=resident,
            valid_from=NOW.date(),
            valid_until=NOW.date() + timedelta(days=300),
            by=resident,
            at=NOW,
        )
        sign_in(client, neighbour.phone)
        assert client.get(f"/account/enterprises/{body.pk}/").status_code == 404
        assert client.post(f"/account/enterprises/{body.pk}/members/{body.members.get().pk}/end/").status_code == 404
        assert client.post(f"/account/mandates/{mandate.pk}/revoke/").status_code == 404
        mandate.refresh_from_db()
        assert mandate.revoked_at is None
        assert Enterprise.objects.get().members.get().valid_until is None

    def test_a_member_of_another_enterprise_cannot_be_ended_through_ones_own(self, client, resident, neighbour):
        mine, other = make_enterprise(neighbour, serial=2), make_enterprise(resident, serial=1)
        sign_in(client, neighbour.phone)
        address = f"/account/enterprises/{mine.pk}/members/{other.members.get().pk}/end/"
        assert client.post(address).status_code == 404
        assert other.members.get().valid_until is None

    def test_one_cannot_speak_for_a_strangers_enterprise(self, client, resident, neighbour):
        body = make_enterprise(resident)
        sign_in(client, neighbour.phone)
        today = official_now().date()
        words = {
            "principal": f"enterprise:{body.pk}",
            "person_name": resident.display_name,
            "person_id": resident.resident_id,
            "valid_from": today.isoformat(),
            "valid_until": today.isoformat(),
        }
        assert client.post("/account/mandates/new/", words).status_code == 422
        assert not Mandate.objects.exists()

    def test_unknown_fields_change_nothing(self, client, resident):
        sign_in(client, resident.phone)
        words = {"phone": "13900000000", "email": "", "address": "", "assurance_level": "3", "kind": "official"}
        client.post("/account/contact/", words)
        resident.refresh_from_db()
        assert (resident.phone, resident.assurance_level, resident.kind) == ("13900000000", 1, "resident")


class TestPasswordReset:
    def test_by_email_from_asking_to_signing_in(self, client, resident, mailoutbox):
        accounts.change_contact(
            user=resident, phone=resident.phone, email="wang@example.cn", address="", by=resident, at=NOW
        )
        client.post("/account/password/reset/", {"email": "wang@example.cn"})
        link = next(word for word in mailoutbox[0].body.split() if "/reset/key/" in word)
        page = client.get("/" + link.split("/", 3)[3], follow=True)
        phrase = "another long phrase"
        done = client.post(page.request["PATH_INFO"], {"password1": phrase, "password2": phrase})
        assert done.status_code == 302
        sign_in(client, resident.phone, phrase)
        assert signed_in(client)

    def test_an_unknown_address_gets_the_same_page(self, client):
        answer = client.post("/account/password/reset/", {"email": "nobody@example.cn"})
        assert answer.headers["location"] == "/account/password/reset/done/"

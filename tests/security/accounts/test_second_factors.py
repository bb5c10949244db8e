"""T-AUTH: what is tried too often, what is used twice, and who must show two factors."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client

from zhengtong.foundation.calendars.public import official_now
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.security.accounts import operations
from zhengtong.security.accounts.limits import LIMITS
from zhengtong.security.accounts.models import LastCode, OpenSession, SignInFailure, User
from zhengtong.security.accounts.sessions import device_of, is_over

from ..people import PASSWORD, make_resident

LOGIN = "/account/login/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - of a test account


def sign_in(client: Client, login: str, password: str = PASSWORD, **extra):
    return client.post(LOGIN, {"login": login, "password": password}, **extra)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def give_app(user) -> None:
    totp.TOTP.activate(user, SECRET)


def code(steps: int = 0) -> str:
    return totp.format_hotp_value(totp.hotp_value(SECRET, int(time.time()) // 30 + steps))


def until_the_step_is_young() -> None:
    """A code must not lapse between two lines of a test."""
    while time.time() % 30 > 20:
        time.sleep(0.2)


@pytest.mark.django_db
class TestLimits:
    def test_six_wrong_passwords_lock_and_ten_minutes_unlock(self, resident):
        """T-AUTH-1."""
        visitor = Client()
        for _n in range(6):
            sign_in(visitor, resident.phone, "not the password")
        cache.clear()
        assert "输错次数太多" in sign_in(visitor, resident.phone).content.decode()
        assert not is_in(visitor)
        row = SignInFailure.objects.exclude(locked_until=None).get()
        lock = row.locked_until - official_now()
        assert timedelta(minutes=9) < lock <= timedelta(minutes=10)
        SignInFailure.objects.update(locked_until=official_now() - timedelta(seconds=1))
        sign_in(visitor, resident.phone)
        assert is_in(visitor)

    def test_one_password_sprayed_over_two_hundred_people_from_one_address(self, db):
        """T-AUTH-2: the password fits one of them, whom the address does not get as far as."""
        kept = make_password("Spring2026!")
        words = {"kind": "official", "display_name": "测试"}
        people = [User(username=f"user{n}", password=kept if n == 150 else "!", **words) for n in range(200)]
        User.objects.bulk_create(people)
        heard, entered = 0, 0
        for one in people:
            visitor = Client()
            heard += "账号或密码不正确" in sign_in(visitor, one.username, "Spring2026!").content.decode()
            entered += is_in(visitor)
        assert heard == next(limit.tries for limit in LIMITS["password"] if limit.per == "address") == 20
        assert entered == 0
        elsewhere = Client(REMOTE_ADDR="10.1.2.3")
        sign_in(elsewhere, "user150", "Spring2026!")
        assert is_in(elsewhere), "the person is not held responsible for the address"

    def test_right_passwords_are_held_against_nobody(self, resident):
        for _n in range(30):
            visitor = Client()
            sign_in(visitor, resident.phone)
            assert is_in(visitor)

    def test_an_unknown_login_reads_the_same_to_the_byte(self, resident):
        """T-AUTH-3; that it takes the same time is measured by `zhengtong bench login`."""
        pages = []
        for login in (resident.phone, "13999999999"):
            visitor = Client()
            page = sign_in(visitor, login, "not the password").content.decode()
            token = visitor.cookies["csrftoken"].value if "csrftoken" in visitor.cookies else ""
            pages.append(_without_tokens(page, token).replace(login, "LOGIN"))
        assert pages[0] == pages[1]

    def test_wrong_codes_are_counted_in_the_database(self, resident):
        give_app(resident)
        visitor = Client()
        sign_in(visitor, resident.phone)
        for _n in range(10):
            visitor.post("/account/factors/authenticate/", {"code": "123"})
            cache.clear()
        visitor.post("/account/factors/authenticate/", {"code": code()})
        assert not is_in(visitor)

    def test_a_refused_try_costs_the_others_nothing(self, resident):
        at = official_now()
        for _n in range(5):
            operations.begin_try(action="password", login=resident.phone, address="10.0.0.1", at=at)
        assert not operations.begin_try(action="password", login=resident.phone, address="10.0.0.2", at=at)
        counts = SignInFailure.objects.values_list("count", flat=True)
        assert sorted(counts) == [5, 5, 5]


def _without_tokens(page: str, token: str) -> str:
    lines = (line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)
    return "\n".join(lines).replace(token or "\0", "")


@pytest.mark.django_db
class TestOnce:
    """T-AUTH-4."""

    def test_a_code_does_not_come_back_with_an_empty_cache(self, resident):
        until_the_step_is_young()
        give_app(resident)
        outcomes = []
        for _n in range(2):
            visitor = Client()
            sign_in(visitor, resident.phone)
            visitor.post("/account/factors/authenticate/", {"code": code()})
            outcomes.append(is_in(visitor))
            cache.clear()
        assert outcomes == [True, False]

    def test_an_earlier_code_is_not_heard_after_a_later_one(self, resident):
        until_the_step_is_young()
        give_app(resident)
        for shown, expected in ((code(1), True), (code(0), False)):
            visitor = Client()
            sign_in(visitor, resident.phone)
            visitor.post("/account/factors/authenticate/", {"code": shown})
            assert is_in(visitor) is expected

    def test_a_passkey_that_counts_back_is_a_copy(self, resident):
        key = Authenticator.objects.create(user=resident, type="webauthn", data={"name": "x"})
        assert [operations.count_passkey(authenticator=key, count=n) for n in (0, 0, 5, 5, 4, 6, 0)] == [
            True,
            True,
            True,
            False,
            False,
            True,
            False,
        ]


ACCEPT = """
import os, sys, time
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from zhengtong.security.accounts import operations
from zhengtong.security.accounts.models import User
user = User.objects.get(pk=int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
print(sum(operations.use_code_step(user=user, step=step) for step in range(1000, 1050)))
"""


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_two_processes_accept_a_code_once():
    """T-AUTH-4, on different workers."""
    user = make_resident()
    LastCode.objects.create(user=user, step=1)
    name = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-c", ACCEPT, name, str(user.pk)]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _n in range(2)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    accepted = [int(child.communicate(timeout=60)[0]) for child in children]
    assert 1 <= sum(accepted) <= 50
    assert not operations.use_code_step(user=user, step=1049)
    assert LastCode.objects.get(user=user).step == 1049


@pytest.fixture
def demanded(settings):
    settings.STAFF_SECOND_FACTOR = "demanded"


@pytest.mark.django_db
class TestStaff:
    def test_one_factor_opens_the_way_to_a_second_and_nothing_else(self, demanded, official):
        visitor = Client()
        sign_in(visitor, official.username)
        assert visitor.get("/desk/?q=1").headers["location"] == "/account/second-factor/"
        assert visitor.get("/account/second-factor/").status_code == 200
        assert visitor.post("/desk/").headers["location"] == "/account/second-factor/"
        assert visitor.get("/api/v1/anything").status_code == 403
        assert visitor.get("/account/factors/").status_code == 200

    def test_both_factors_at_sign_in_are_enough(self, demanded, official):
        give_app(official)
        visitor = Client()
        sign_in(visitor, official.username)
        visitor.post("/account/factors/authenticate/", {"code": code()})
        assert visitor.get("/account/second-factor/").headers["location"] == "/account/welcome/"

    def test_residents_and_days_of_grace(self, demanded, settings, resident, official):
        visitor = Client()
        sign_in(visitor, resident.phone)
        assert visitor.get("/").status_code == 200
        settings.STAFF_SECOND_FACTOR_GRACE_DAYS = 7
        visitor = Client()
        sign_in(visitor, official.username)
        assert visitor.get("/account/second-factor/").status_code == 302

    def test_it_is_demanded_unless_somebody_says_otherwise(self):
        words = "from zhengtong.config import settings; print(settings.STAFF_SECOND_FACTOR)"
        kept = {k: v for k, v in os.environ.items() if k != "ZHENGTONG_STAFF_SECOND_FACTOR"}
        for demo, expected in (("0", "demanded"), ("1", "offered")):
            environment = {**kept, "ZHENGTONG_DEMO": demo}
            done = subprocess.run([sys.executable, "-c", words], env=environment, capture_output=True, text=True)
            assert done.stdout.strip() == expected


@pytest.mark.django_db(transaction=True)
def test_setting_one_up_opens_the_page_that_was_asked_for(demanded, official):
    until_the_step_is_young()
    visitor = Client()
    sign_in(visitor, official.username)
    visitor.get("/desk/")
    visitor.post("/account/reauthenticate/", {"password": PASSWORD})
    secret = visitor.get("/account/factors/totp/activate/").context["form"].secret
    shown = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
    visitor.post("/account/factors/totp/activate/", {"code": shown})
    assert visitor.get("/account/second-factor/").headers["location"] == "/desk/"
    assert visitor.get("/my/reads/").status_code == 200


@pytest.mark.django_db
class TestSessions:
    def test_the_list_and_ending_one_of_them(self, resident, neighbour):
        here, there, foreign = Client(), Client(), Client()
        sign_in(here, resident.phone, headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537"})
        sign_in(there, resident.phone)
        sign_in(foreign, neighbour.phone)
        page = here.get("/account/sessions/").content.decode()
        assert "Chrome · Windows" in page
        assert "当前设备" in page
        other = OpenSession.objects.get(user=neighbour)
        assert here.post(f"/account/sessions/{other.pk}/end/").status_code == 404
        assert foreign.get("/account/").status_code == 200
        mine = OpenSession.objects.get(session_key=there.session.session_key)
        assert here.post(f"/account/sessions/{mine.pk}/end/").status_code == 302
        assert there.get("/account/").headers["location"].startswith(LOGIN)
        assert here.get("/account/").status_code == 200

    def test_ending_all_others(self, resident):
        clients = [Client() for _n in range(3)]
        for client in clients:
            sign_in(client, resident.phone)
        clients[0].post("/account/sessions/end-others/")
        assert [client.get("/account/").status_code for client in clients] == [200, 302, 302]
        assert Session.objects.filter(session_key=clients[0].session.session_key).exists()
        assert OutboxEvent.objects.get(name="accounts.SessionsEnded").payload["count"] == 2

    def test_a_session_opened_before_it_was_listed_is_listed_when_used(self, signed_in, official):
        visitor = signed_in(official)
        visitor.get("/account/")
        assert OpenSession.objects.filter(user=official).count() == 1

    @pytest.mark.parametrize(
        ("agent", "words"),
        [
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile Safari/604.1", "Safari · iPhone"),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537 Edg/140.0", "Edge · Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox · Linux"),
            ("<script>", ""),
        ],
    )
    def test_a_device_in_two_words(self, agent, words):
        assert device_of(agent) == words


DAY_OF_WORK = 8 * 3600


@pytest.mark.parametrize(
    ("kind", "begun", "seen", "over"),
    [
        ("official", 0, 900, False),
        ("official", 0, 901, True),
        ("resident", 0, 1800, False),
        ("resident", 0, 1801, True),
        ("official", DAY_OF_WORK, 0, False),
        ("official", DAY_OF_WORK + 1, 0, True),
        ("resident", DAY_OF_WORK + 1, 0, True),
    ],
)
def test_idle_and_absolute_to_the_second(kind, begun, seen, over):
    """T-AUTH-7: `begun` and `seen` are so many seconds ago."""
    now = 1_790_000_000
    assert is_over({"begun_at": now - begun, "seen_at": now - seen}, kind, now=now) is over
    fresh: dict[str, int] = {}
    assert not is_over(fresh, kind, now=now)
    assert fresh == {"begun_at": now}, "a session without a beginning begins now, and ends after its day"


def test_every_limit_says_whom_how_often_and_for_how_long():
    for limits in LIMITS.values():
        assert all(limit.tries > 0 and limit.refuse_for >= timedelta(minutes=1) for limit in limits)


@pytest.mark.django_db
def test_refused_tries_are_written_down_without_what_was_typed(resident, caplog):
    """ASVS 16.3.1: what, from where, of which account if there is one; six tries, the last of them not heard."""
    for _n in range(6):
        sign_in(Client(), resident.phone, "a wrong secret")
    sign_in(Client(), "13000000000", "a wrong secret")
    said = [record for record in caplog.records if record.name == "zhengtong.security.accounts.operations"]
    assert [record.message for record in said] == ["sign-in refused"] * 5 + ["sign-in not heard", "sign-in refused"]
    assert [said[0].account, said[-1].account] == [resident.pk, None]
    assert {(record.action, record.address) for record in said} == {("password", "127.0.0.1")}
    for typed in ("a wrong secret", resident.phone, "13000000000"):
        assert typed not in str([vars(record) for record in said])


@pytest.mark.django_db
class TestAskedAgain:
    """ASVS 7.5.1, 7.5.2: an open screen that somebody else finds changes neither contact data nor sessions."""

    def wait(self, visitor, seconds):
        session = visitor.session
        for record in session["account_authentication_methods"]:
            record["at"] -= seconds
        session.save()

    def test_a_factor_is_asked_for_before_contact_data_change(self, resident):
        visitor = Client()
        sign_in(visitor, resident.phone)
        assert visitor.get("/account/contact/").status_code == 200
        self.wait(visitor, 901)
        words = {"phone": "13911113333", "email": "", "address": ""}
        assert visitor.post("/account/contact/", words).headers["location"] == "/account/contact/"
        asked = visitor.get("/account/contact/")
        assert asked.headers["location"] == "/account/reauthenticate/?next=%2Faccount%2Fcontact%2F"
        resident.refresh_from_db()
        assert resident.phone != "13911113333"
        assert "13911113333" not in json.dumps(dict(visitor.session))
        visitor.post(asked.headers["location"], {"password": "wrong wrong wrong"})
        assert visitor.get("/account/contact/").status_code == 302
        again = visitor.post(asked.headers["location"], {"password": PASSWORD})
        assert again.headers["location"] == "/account/contact/"
        assert visitor.post("/account/contact/", words).headers["location"] == "/account/"
        resident.refresh_from_db()
        assert resident.phone == "13911113333"

    def test_a_factor_is_asked_for_before_sessions_are_ended(self, resident):
        here, there = Client(), Client()
        sign_in(here, resident.phone)
        sign_in(there, resident.phone)
        self.wait(here, 901)
        asked = here.post("/account/sessions/end-others/")
        assert asked.headers["location"].startswith("/account/reauthenticate/")
        assert there.get("/account/").status_code == 200
        here.post(asked.headers["location"], {"password": PASSWORD})
        assert there.get("/account/").status_code == 302
        assert here.get("/account/").status_code == 200

    def test_of_too_many_sessions_the_one_not_used_longest_ends(self, resident, monkeypatch):
        """ASVS 7.1.2: how many there may be, and what happens to the next."""
        monkeypatch.setattr(operations, "SESSIONS_AT_ONCE", 2)
        visitors = [Client() for _n in range(3)]
        for number, visitor in enumerate(visitors):
            sign_in(visitor, resident.phone)
            OpenSession.objects.filter(session_key=visitor.session.session_key).update(
                seen_at=official_now() + timedelta(minutes=number)
            )
        assert OpenSession.objects.filter(user=resident).count() == 2
        assert visitors[0].get("/account/").headers["location"].startswith(LOGIN)
        assert [visitor.get("/account/").status_code for visitor in visitors[1:]] == [200, 200]

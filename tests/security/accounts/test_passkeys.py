"""T-AUTH-5: a passkey counts at the origin it was made for, with the name it was made for, and never backwards."""

from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings as ours
from django.test import Client

from ..people import PASSWORD
from .device import PRESENT, Device

pytestmark = pytest.mark.django_db
LOCAL, COUNTY = "http://localhost:8000", "https://zwfw.example.gov.cn"
ADD, SIGN_IN = "/account/factors/webauthn/add/", "/account/factors/webauthn/login/"


@pytest.fixture(autouse=True)
def _hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "zwfw.example.gov.cn", "127.0.0.1"]


class Browser:
    """A visitor at one address of the product."""

    def __init__(self, origin: str) -> None:
        scheme, _, host = origin.partition("://")
        self.client, self.given = Client(), {"secure": scheme == "https", "headers": {"host": host}}

    def get(self, address: str) -> Any:
        return self.client.get(address, **self.given)

    def post(self, address: str, words: dict[str, str]) -> Any:
        return self.client.post(address, words, **self.given)

    def ask(self) -> None:
        """What the page's script does before it wakes the device."""
        self.client.get(SIGN_IN, **{**self.given, "headers": {**self.given["headers"], "accept": "application/json"}})

    def challenge(self) -> str:
        return str(self.client.session["mfa.webauthn.state"]["challenge"])

    def add(self, user: Any, device: Device, **more: Any) -> bool:
        """Sign in by password and set the device up; True when it was taken."""
        self.post("/account/login/", {"login": user.username, "password": PASSWORD})
        self.post("/account/reauthenticate/", {"password": PASSWORD})
        self.get(ADD)
        words = {"name": "我的手机", "passwordless": "on", "credential": device.register(self.challenge(), **more)}
        answer = self.post(ADD, words)
        return bool(answer.status_code == 302 and Authenticator.objects.filter(user=user, type="webauthn").exists())

    def sign_in(self, user: Any, device: Device, *, challenge: str = "", **more: Any) -> bool:
        """Sign in by the device alone; True when that opened a session."""
        self.ask()
        holder = user_pk_to_url_str(user).encode()
        self.post(SIGN_IN, {"credential": device.sign(challenge or self.challenge(), holder, **more)})
        return self.client.session.get("_auth_user_id") == str(user.pk)


def device_at(origin: str, **more: Any) -> Device:
    return Device(rp_id=origin.partition("://")[2].partition(":")[0], origin=origin, **more)


@pytest.fixture
def device(official: Any) -> Device:
    """A passkey of the official, set up at the county's address."""
    made = device_at(COUNTY, count=1)
    assert Browser(COUNTY).add(official, made)
    made.count = 2
    return made


def test_no_origin_is_let_through_by_configuration():
    assert ours.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN is False


@pytest.mark.parametrize("origin", [COUNTY, LOCAL])
def test_under_tls_and_on_this_machine_it_signs_in(official, origin):
    made = device_at(origin)
    assert Browser(origin).add(official, made)
    assert Browser(origin).sign_in(official, made)


@pytest.mark.parametrize("origin", ["http://zwfw.example.gov.cn", "http://127.0.0.1:8000"])
def test_over_plain_http_none_is_set_up_and_none_signs_in(official, origin):
    made = device_at(origin)
    assert not Browser(origin).add(official, made)
    Authenticator.objects.all().delete()
    assert Browser(COUNTY).add(official, device_at(COUNTY, key=made.key))
    assert not Browser(origin).sign_in(official, made)


WRONG = [
    "https://evil.example",
    "https://zwfw.example.gov.cn.evil.example",
    "https://a.zwfw.example.gov.cn",
    "https://zwfw.example.gov.cn:8443",
    "http://zwfw.example.gov.cn",
    "https://ZWFW.example.gov.cn",
    "https://zwfw.example.gov.cn/",
    "android:apk-key-hash:x",
    "null",
    "",
]


@pytest.mark.parametrize("origin", WRONG)
def test_a_wrong_origin(official, device, origin):
    device.origin = origin
    assert not Browser(COUNTY).sign_in(official, device)


@pytest.mark.parametrize("origin", WRONG)
def test_setting_up_for_a_wrong_origin(official, origin):
    made = device_at(COUNTY)
    made.origin = origin
    assert not Browser(COUNTY).add(official, made)
    made.origin = COUNTY
    assert Browser(COUNTY).add(official, made)


@pytest.mark.parametrize("rp_id", ["example.gov.cn", "evil.example", "localhost", "gov.cn"])
def test_a_wrong_name(official, device, rp_id):
    device.rp_id = rp_id
    assert not Browser(COUNTY).sign_in(official, device)


@pytest.mark.parametrize(
    "more", [{"crossOrigin": True}, {"topOrigin": "https://evil.example"}, {"type": "webauthn.create"}]
)
def test_framed_by_another_page_or_meant_for_something_else(official, device, more):
    assert not Browser(COUNTY).sign_in(official, device, **more)


def test_a_counter_that_stands_still_or_steps_back(official, device):
    outcomes = []
    for count in (5, 5, 4, 0, 6):
        device.count = count
        outcomes.append(Browser(COUNTY).sign_in(official, device))
    assert outcomes == [True, False, False, False, True]


def test_a_challenge_of_another_page_and_nobody_before_the_device(official, device):
    other = Browser(COUNTY)
    other.ask()
    assert not Browser(COUNTY).sign_in(official, device, challenge=other.challenge())
    device.flags = PRESENT
    assert not Browser(COUNTY).sign_in(official, device), "its holder was not verified"


def test_another_persons_name_beside_ones_own_key(official, device, resident):
    browser = Browser(COUNTY)
    assert not browser.sign_in(resident, device)
    assert "_auth_user_id" not in browser.client.session


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", '{"response": {}}', '{"response": {"clientDataJSON": "!"}}']
)
def test_answers_that_are_none(official, device, credential):
    browser = Browser(COUNTY)
    browser.ask()
    assert browser.post(SIGN_IN, {"credential": credential}).status_code < 500
    assert "_auth_user_id" not in browser.client.session

"""A clerk sets up a passkey and signs in without a password; the authenticator is Chromium's virtual one."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Product
from tests.journeys.people import press


@pytest.fixture
def passkeys(open_page: Callable[..., Page]) -> Iterator[Callable[..., Page]]:
    """`passkeys(page)`: the page's browser has a device with a fingerprint reader that says yes."""

    def plug_in(page: Page, **more: Any) -> Any:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        device = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            **more,
        }
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
        return session, added["authenticatorId"]

    yield plug_in


def password_of(product: Product, role: str) -> str:
    return product.account(role).password


def test_a_clerk_sets_up_a_passkey_and_signs_in_without_a_password(
    product: Product, open_page: Callable[..., Page], passkeys: Callable[..., Any]
) -> None:
    page = open_page(sign_in="窗口")
    page.goto(page.url.replace("127.0.0.1", "localhost"))
    page = _at_localhost(product, page)
    session, device = passkeys(page)
    page.goto("/account/factors/webauthn/add/")
    page.locator("input[type=password]:visible").fill(password_of(product, "窗口"))
    page.locator("input[type=password]:visible").press("Enter")
    page.get_by_label(re.compile("以后只用它登录")).check()
    page.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_url(re.compile(r"/account/factors/"))
    page.goto("/account/factors/")
    expect(page.get_by_text("已设置").first).to_be_visible()

    page.goto("/account/logout/")
    page.locator("main").get_by_role("button", name=re.compile("退出")).click()
    page.goto("/account/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url(re.compile(r"/desk/"))
    page.goto("/account/sessions/")
    expect(page.get_by_text("当前设备")).to_be_visible()

    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert len(kept) == 1

    page.goto("/account/logout/")
    page.locator("main").get_by_role("button", name=re.compile("退出")).click()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto("/account/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("[data-passkey-problem]")).to_be_visible()
    assert press is not None

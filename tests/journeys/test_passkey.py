"""A clerk sets up a passkey and signs in without a password; the authenticator is Chromium's virtual one."""

import re
from collections.abc import Callable

from playwright.sync_api import CDPSession, Page, expect

from tests.journeys.conftest import Product
from tests.journeys.people import go, send


def plug_in(page: Page) -> tuple[CDPSession, str]:
    """Give the page's browser a device with a fingerprint reader that says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    yes = ("hasResidentKey", "hasUserVerification", "isUserVerified", "automaticPresenceSimulation")
    device = {"protocol": "ctap2", "transport": "internal", **dict.fromkeys(yes, True)}
    added = session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    return session, str(added["authenticatorId"])


def test_a_clerk_sets_up_a_passkey_and_signs_in_without_a_password(
    product: Product, open_page: Callable[..., Page]
) -> None:
    page, home = open_page(), product.url.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, not a number
    clerk = product.account("窗口")
    page.goto(f"{home}/account/login/")
    page.locator("input[name=login]:visible").fill(clerk.login)
    page.locator("input[name=password]:visible").fill(clerk.password)
    send(page.locator("input[name=password]:visible"))
    page.wait_for_url(lambda address: "/account/login" not in address)
    session, device = plug_in(page)
    page.goto(f"{home}/account/factors/webauthn/add/")
    page.locator("input[type=password]:visible").fill(clerk.password)
    send(page.locator("input[type=password]:visible"))
    page.get_by_label(re.compile("以后只用它登录")).check()
    go(page.get_by_role("button", name="添加", exact=True))
    page.wait_for_url(lambda address: "/add/" not in address)
    page.goto(f"{home}/account/factors/")
    expect(page.get_by_text("已设置").first).to_be_visible()

    page.goto(f"{home}/account/logout/")
    go(page.locator("main").get_by_role("button", name=re.compile("退出")))
    page.wait_for_url(lambda address: "/logout/" not in address)
    page.goto(f"{home}/account/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url(re.compile(r"/desk/"))
    page.goto(f"{home}/account/sessions/")
    expect(page.get_by_text("当前设备")).to_be_visible()

    kept = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert len(kept) == 1

    page.goto(f"{home}/account/logout/")
    go(page.locator("main").get_by_role("button", name=re.compile("退出")))
    page.wait_for_url(lambda address: "/logout/" not in address)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto(f"{home}/account/login/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("[data-passkey-problem]")).to_be_visible()

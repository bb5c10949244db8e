"""The first pages anybody sees, at the three widths, in both languages, with and without scripts."""

import pytest


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("address", ["/", "/account/login/"])
def test_a_newcomer_opens_it(open_page, axe, fits, address, width):
    page = open_page(width=width)
    answer = page.goto(address)
    assert answer.ok
    assert page.locator("h1").count() == 1
    assert page.title().strip()
    axe(page)
    fits(page)


def test_in_english(open_page, axe):
    page = open_page(language="en-GB")
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "en"
    axe(page)


def test_without_scripts(open_page, fits):
    page = open_page(width=360, javascript=False)
    assert page.goto("/").ok
    assert page.locator("h1").is_visible()


def test_every_demo_account_can_sign_in_and_lands_somewhere(open_page, product):
    for account in product.accounts:
        page = open_page(sign_in=account.role)
        assert page.locator("h1").is_visible(), account

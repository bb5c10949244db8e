"""A resident signs in through the province's identity platform, which is a program of its own with a page of its own."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Product, running
from tests.journeys.people import go, resident_id, told
from tests.security.accounts import province
from tests.security.accounts.province_process import CLIENT, SECRET

NUMBER = resident_id("43132119850302007")
PEOPLE = {
    "陈静": {"sub": "hn-1", "id_number": NUMBER, "name": "陈静", "acr": "real-name", "phone_number": "13807380001"},
    "没有实名的人": {"sub": "hn-2", "id_number": NUMBER, "name": "陈静", "acr": "sms"},
}


@pytest.fixture(scope="module")
def product(loaded_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The county beside a province that knows two people."""
    folder = tmp_path_factory.mktemp("province")
    (folder / "people.json").write_text(json.dumps(PEOPLE), encoding="utf-8")
    with province.running(str(folder / "people.json")) as issuer:
        words = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "SECRET": SECRET, "LEVELS": "real-name=2,face=3"}
        configured = {f"ZHENGTONG_PROVINCE_{name}": value for name, value in words.items()}
        with running(loaded_county, folder / "data", **configured) as county:
            yield county


def to_the_province(page: Page) -> None:
    page.goto("/account/login/")
    go(page.get_by_role("link", name="通过湖南省统一身份认证登录"))
    expect(page.get_by_role("heading", name="省统一身份认证（测试）")).to_be_visible()


def test_from_the_province_and_back(
    open_page: Callable[..., Page], axe: Callable[[Page], None], fits: Callable[[Page], None]
) -> None:
    page = open_page(width=360)
    to_the_province(page)
    go(page.get_by_role("button", name="取消"))
    expect(page.get_by_text("您没有完成省平台的登录")).to_be_visible()
    axe(page)
    fits(page)

    to_the_province(page)
    go(page.get_by_role("button", name="没有实名的人"))
    expect(page.get_by_text(re.compile("请先在省平台完成实名认证"))).to_be_visible()

    to_the_province(page)
    go(page.get_by_role("button", name="陈静"))
    expect(page.get_by_role("heading", name="开通本县账号")).to_be_visible()
    assert NUMBER not in told(page)
    axe(page)
    fits(page)
    expect(page.get_by_label("手机号")).to_have_value("13807380001")
    go(page.get_by_role("button", name="开通并登录"))
    page.wait_for_url(re.compile("/my/"))
    page.goto("/account/")
    expect(page.get_by_text("已核验身份")).to_be_visible()
    expect(page.get_by_text("湖南省统一身份认证")).to_be_visible()

    again = open_page(width=1440)
    to_the_province(again)
    go(again.get_by_role("button", name="陈静"))
    again.wait_for_url(re.compile("/my/"))

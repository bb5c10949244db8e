"""One thing, once: a restaurant from one form, and a factory from its open stage to the notice of completion. Every page is looked at."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import enter
from tests.journeys.test_open_a_restaurant import answer_what_is_asked, press
from zhengtong.kernel.identifiers import uscc


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo as a phone takes it."""
    path = tmp_path_factory.mktemp("photos") / "平面图.jpg"
    Image.effect_noise((800, 600), 60).convert("RGB").save(path, "JPEG", quality=80)
    return path


def follow(page: Page, words: str) -> None:
    page.get_by_role("link", name=words).first.click()


MINE = {
    "uscc": uscc.make_synthetic(kind="92", division_code="431321", serial=77),
    "floor_area": "120",
    "kitchen_area": "40",
    "from_on": "2026-10-12",
    "to_on": "2027-09-30",
    "bank_account": "6217001234567890123",
}


def answer_what_others_would_not(page: Page) -> None:
    """Numbers, and what only makes sense together."""
    for box in page.locator("main input:visible").all():
        name = box.get_attribute("name") or ""
        wanted = MINE.get(name) or ("6" if box.get_attribute("inputmode") == "decimal" else "")
        if wanted and not box.input_value():
            box.fill(wanted)


def give_every_paper(page: Page, photo: Path) -> int:
    """Each paper of the one set, once."""
    listing, given = page.url, 0
    while page.get_by_text("还没有上传").count():
        row = page.locator("li, tr").filter(has_text="还没有上传").first
        row.get_by_role("link").first.click()
        page.locator("input[type=file]").set_input_files(photo)
        press(page, "上传")
        page.goto(listing)
        given += 1
    return given


def fill_in_and_submit(page: Page, photo: Path, fits) -> str:
    """A restaurant from its guide to 统一提交; returns the address of the project."""
    page.goto("/one/")
    fits(page)
    follow(page, "开办餐饮店")
    fits(page)
    follow(page, "开始办理")
    page.locator("main input[type=radio]").first.check()
    press(page, "开始填写")
    pages = 0
    while "/page/" in page.url:
        if page.url.endswith("/page/s-q-assembly/") or page.url.endswith("/page/s-q-has_staff/"):
            page.locator("main input[value=false]").check()
        answer_what_others_would_not(page)
        answer_what_is_asked(page, photo)
        fits(page)
        before = page.url
        press(page, "继续")
        assert page.url != before, page.locator("main").inner_text()
        pages += 1
    assert pages > 10
    assert give_every_paper(page, photo) >= 4
    follow(page, "继续")
    page.get_by_role("checkbox").check()
    press(page, "统一提交")
    expect(page.get_by_text("已统一提交").first).to_be_visible()
    expect(page.get_by_text("等待统一受理").first).to_be_visible()
    return page.url


def accept_all(clerk: Page, project: str) -> None:
    """The window judges the one set and accepts all in one act."""
    clerk.goto(project)
    follow(clerk, "核验材料并统一受理")
    press(clerk, "全部合格，统一受理并转办")
    expect(clerk.get_by_text("并联办理中").first).to_be_visible()


def test_a_restaurant_from_one_form(open_page, axe, fits, photo):
    # On a phone, without scripts: everything works.
    phone = open_page(width=360, sign_in="Resident", javascript=False)
    project = fill_in_and_submit(phone, photo, fits)
    clerk = open_page(sign_in="Window clerk")
    clerk.goto(project)
    follow(clerk, "核验材料并统一受理")
    axe(clerk)
    accept_all(clerk, project)
    axe(clerk)
    # The applicant sees whom it waits for, and that it costs nothing.
    desk = open_page(width=360, sign_in="Resident")
    desk.goto(project)
    expect(desk.get_by_text("现在在等谁")).to_be_visible()
    expect(desk.get_by_text("等：个体工商户设立登记").first).to_be_visible()
    expect(desk.get_by_text("不收费").first).to_be_visible()
    axe(desk)
    fits(desk)


ROAD = {"law": "城市道路管理条例", "article": "第三十七条", "article_no": "37", "version": "2019-03-24"}
SEWAGE = {"law": "城镇排水与污水处理条例", "article": "第三十二条", "article_no": "32", "version": "2013-10-02"}
RULES = (
    (
        "urban-management",
        "outdoor-sign-permit",
        "城市道路占用费（招牌占道，演示标准）",
        ROAD,
        "occupied_area",
        "0.5",
        "元/平方米",
    ),
    ("housing", "drainage-permit", "污水处理费（自备水源，演示标准）", SEWAGE, "discharge", "1.4", "元/立方米"),
)
"""The shipped catalogue charges nothing for a restaurant. What a sign that stands on a city road and waste water that comes from
an own well may cost stands in these two regulations; the rates are fiction, and say so in the name of the line.
"""


def begin_version(page: Page, matter: str) -> str:
    """A new version of a matter; returns where it is edited."""
    page.goto(f"/catalogue/{matter}/")
    press(page, "修改（新建一版）")
    page.wait_for_url(re.compile(r"/catalogue/versions/\d+/"))
    found = re.search(r"/catalogue/versions/\d+/", page.url)
    assert found
    return found.group()


def add_row(page: Page, table: str, cells: dict[str, str]) -> None:
    """A new row in a table of the section, with what is written into it."""
    page.locator(f"button[name=add][value='{table}']").click()
    row = page.locator("details[open]").last
    for name, text in cells.items():
        box = row.locator(f"[name$='.{name}']")
        if box.evaluate("one => one.tagName") == "SELECT":
            box.select_option(text)
        else:
            box.fill(text)


def save(page: Page) -> None:
    page.get_by_role("button", name="保存", exact=True).last.click()
    expect(page.get_by_text("已保存").first).to_be_visible()


def charge_by_rule(
    editor: Page, matter: str, name: str, law: dict[str, str], quantity: str, rate: str, unit: str
) -> str:
    """The editor writes a fee rule with its law, and what it is counted by, and hands it in."""
    draft = begin_version(editor, matter)
    if quantity == "occupied_area":
        editor.goto(f"{draft}edit/form/")
        asked = {
            "key": quantity,
            "label": "招牌占用城市道路的面积（平方米）",
            "label_en": "City road the sign stands on (m²)",
        }
        add_row(editor, "form.fields", {**asked, "type": "number"})
        save(editor)
    editor.goto(f"{draft}edit/outcome/")
    editor.locator("[name='s.fees.charged']").check()
    for key, text in {**law, "anchor": ""}.items():
        editor.locator(f"[name='s.fees.basis.{key}']").fill(text)
    editor.locator("[name='s.fees.basis.checked']").uncheck()
    wanted = {"name": name, "rule": "by_area", "amount": rate, "unit": unit}
    add_row(editor, "fees.items", {**wanted, "applies_if": f"{quantity} > 0", "quantity": quantity})
    save(editor)
    editor.goto(draft)
    press(editor, "提交审核")
    expect(editor.get_by_text("等县政务办审核").first).to_be_visible()
    return draft


def publish_rules(open_page, product) -> None:
    """Two departments write what may cost into their matters; the county office publishes it."""
    somebody = product.account("Matter editor")
    office = open_page(sign_in="County office")
    for department, *rule in RULES:
        editor = open_page()
        enter(editor, replace(somebody, login=f"{department}.editor"))
        draft = charge_by_rule(editor, *rule)
        office.goto(f"{draft}review/")
        press(office, "同意并发布")
        expect(office.get_by_text("已发布").first).to_be_visible()


def test_a_restaurant_paid_with_one_bill(open_page, axe, fits, photo, product):
    publish_rules(open_page, product)
    phone = open_page(width=360, sign_in="Resident")
    project = fill_in_and_submit(phone, photo, fits)
    clerk = open_page(sign_in="Window clerk")
    accept_all(clerk, project)
    # One bill for all of it, with a line and a law per department, drawn up by the worker.
    bill = phone.get_by_role("link", name="一张缴款单，看明细或缴款").first
    come_again(phone, project, bill)
    axe(phone)
    fits(phone)
    bill.click()
    lines = phone.locator("table", has=phone.get_by_text("收费项目和依据"))
    for name, law, body, amount in (
        ("城市道路占用费", "《城市道路管理条例》第三十七条", "城管", "3.00"),
        ("污水处理费", "《城镇排水与污水处理条例》第三十二条", "住建", "8.40"),
    ):
        line = lines.locator("tr", has_text=name)
        for words in (law, body, amount):
            expect(line).to_contain_text(words)
    expect(phone.locator(".fee-amount")).to_contain_text("11.40")
    axe(phone)
    fits(phone)
    address = phone.url
    # To the provider and back; the same page in another tab was opened before.
    other = phone.context.new_page()
    other.goto(address)
    press(phone, "去缴款")
    phone.wait_for_url("**/pay/local/**")
    expect(phone.get_by_text("没有真实的钱款往来").first).to_be_visible()
    there = phone.url
    press(phone, "确认支付（演示）")
    phone.wait_for_url(f"**{re.sub('^https?://[^/]+', '', address)}")
    expect(phone.get_by_text("缴款成功").first).to_be_visible()
    expect(phone.get_by_text("已缴清").first).to_be_visible()
    # A second click pays nothing: not at the provider, not from the tab that still shows the button.
    phone.goto(there)
    expect(phone.get_by_text("已支付").first).to_be_visible()
    expect(phone.get_by_role("button", name="确认支付（演示）")).to_have_count(0)
    press(other, "去缴款")
    expect(other.get_by_text("已缴清").first).to_be_visible()
    assert "/pay/local/" not in other.url
    phone.goto(address)
    receipts = phone.get_by_role("link", name="电子缴款凭证")
    expect(receipts).to_have_count(1)
    axe(phone)
    fits(phone)
    answer = phone.request.get(receipts.get_attribute("href"))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    # The case goes on as it would have: no clock knew of the bill.
    officer = open_page(sign_in="市监局 承办")
    officer.goto(project)
    expect(officer.get_by_text("已缴清").first).to_be_visible()
    press(officer, "签收")
    expect(officer.get_by_text("审查中").first).to_be_visible()


def come_again(page: Page, address: str, wanted: Locator, tries: int = 40) -> None:
    """Look again until the worker has been there."""
    for _ in range(tries):
        page.goto(address)
        if wanted.count():
            return
        page.wait_for_timeout(500)
    expect(wanted).to_be_visible()


def test_a_factory_to_its_notice(open_page, axe, fits):
    """The project that was filed this morning: from one door to the notice of its first stage."""
    clerk = open_page(sign_in="Window clerk")
    clerk.goto("/projects/?q=永丰辣酱")
    clerk.locator("main table a").first.click()
    project = clerk.url
    follow(clerk, "核验材料并统一受理")
    press(clerk, "全部合格，统一受理并转办")
    cases = {
        name: clerk.get_by_role("link", name=name).first.get_attribute("href")
        for name in ("企业投资项目核准", "建设用地规划许可证核发")
    }
    lead = open_page(sign_in="Lead department")
    lead.goto(project)
    press(lead, "签收")
    expect(lead.get_by_text("审查中").first).to_be_visible()
    axe(lead)
    lead.goto(cases["建设用地规划许可证核发"])
    expect(lead.get_by_text("所属项目").first).to_be_visible()
    expect(lead.get_by_text("等：企业投资项目核准").first).to_be_visible()
    axe(lead)
    head = open_page(sign_in="County head")
    head.goto(project)
    follow(head, "延长联合办理期限")
    axe(head)
    head.locator("input[name=workdays]").fill("5")
    head.locator("textarea[name=reason]").fill("项目情况复杂，需要补充论证。")
    press(head, "延长联合办理期限")
    expect(head.get_by_text("联合办理期限已延长").first).to_be_visible()
    # The other factory has been told of its first stage: the notice is a signed paper.
    investor = open_page(width=360, sign_in="Investor")
    investor.goto("/projects/")
    investor.locator("main table a").first.click()
    expect(investor.get_by_text("特别程序中").first).to_be_visible()
    expect(investor.get_by_text("关键").first).to_be_visible()
    axe(investor)
    fits(investor)
    link = investor.get_by_role("link", name=re.compile("办结告知书")).first.get_attribute("href")
    answer = investor.request.get(link)
    assert answer.headers["content-type"] == "application/pdf"
    agent = open_page(width=360, sign_in="Project agent")
    agent.goto("/projects/")
    expect(agent.get_by_text("农机智能装备").first).to_be_visible()

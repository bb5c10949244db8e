"""One thing, once: a restaurant from one form, and a factory from its open stage to the notice of completion. Every page is looked at."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.people import follow, go_on, press
from tests.journeys.test_open_a_restaurant import answer_what_is_asked
from zhengtong.kernel.identifiers import uscc


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo as a phone takes it."""
    path = tmp_path_factory.mktemp("photos") / "平面图.jpg"
    Image.effect_noise((800, 600), 60).convert("RGB").save(path, "JPEG", quality=80)
    return path


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


def test_a_restaurant_from_one_form(open_page, axe, fits, photo):
    # On a phone, without scripts: everything works.
    phone = open_page(width=360, sign_in="Resident", javascript=False)
    phone.goto("/one/")
    fits(phone)
    follow(phone, "开办餐饮店")
    fits(phone)
    follow(phone, "开始办理")
    phone.locator("main input[type=radio]").first.check()
    press(phone, "开始填写")
    pages = 0
    while "/page/" in phone.url:
        if phone.url.endswith("/page/s-q-assembly/") or phone.url.endswith("/page/s-q-has_staff/"):
            phone.locator("main input[value=false]").check()
        answer_what_others_would_not(phone)
        answer_what_is_asked(phone, photo)
        fits(phone)
        go_on(phone)
        pages += 1
    assert pages > 10
    assert give_every_paper(phone, photo) >= 4
    follow(phone, "继续")
    phone.get_by_role("checkbox").check()
    press(phone, "统一提交")
    expect(phone.get_by_text("已统一提交").first).to_be_visible()
    expect(phone.get_by_text("等待统一受理").first).to_be_visible()
    project = phone.url
    # The window judges the one set and accepts all in one act.
    clerk = open_page(sign_in="Window clerk")
    clerk.goto(project)
    follow(clerk, "核验材料并统一受理")
    axe(clerk)
    press(clerk, "全部合格，统一受理并转办")
    expect(clerk.get_by_text("并联办理中").first).to_be_visible()
    axe(clerk)
    # The applicant sees whom it waits for, and that it costs nothing.
    desk = open_page(width=360, sign_in="Resident")
    desk.goto(project)
    expect(desk.get_by_text("现在在等谁")).to_be_visible()
    expect(desk.get_by_text("等：个体工商户设立登记").first).to_be_visible()
    expect(desk.get_by_text("不收费").first).to_be_visible()
    axe(desk)
    fits(desk)


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

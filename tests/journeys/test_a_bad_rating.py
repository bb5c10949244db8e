"""A visitor scans the code of a window and is dissatisfied; the county answers; the visitor, who has no account, rates once more."""

import json
import re

from playwright.sync_api import Page, expect

from tests.journeys.people import follow, go, press


def link_sent(page: Page, product) -> str:
    """The address in the text message that asks the visitor to rate again; the worker sends it within seconds."""
    log = product.data / "sms.log"
    for _try in range(240):
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        texts = [told["text"] for told in map(json.loads, lines) if told["phone"] == "138****1234"]
        found = [re.search(r"/rate/[^/]+/", text).group(0) for text in texts if "再评价一次" in text]
        if found:
            return found[-1]
        page.wait_for_timeout(500)
    raise AssertionError("no message was sent")


def test_a_bad_rating_by_qr_code_is_answered_and_rated_again(open_page, product, axe, fits):
    clerk = open_page(sign_in="Window clerk")
    clerk.goto("/window/visits/")
    clerk.get_by_label("窗口号").fill("5")
    press(clerk, "生成评价码")
    expect(clerk.get_by_role("img", name="扫码评价本次来访")).to_be_visible()
    axe(clerk)
    address = re.search(r"/rate/[^/]+/", clerk.locator("copy-button").get_attribute("data-text")).group(0)

    visitor = open_page(width=360, javascript=False)
    visitor.goto(address)
    fits(visitor)
    visitor.get_by_role("radio", name="非常不满意").check()
    visitor.locator("summary", has_text="哪里不好").click()
    visitor.get_by_label("办得慢").check()
    visitor.get_by_label("还想说点什么？").fill("五号窗口等了一上午没有人")
    visitor.get_by_label("联系电话").fill("13800001234")
    press(visitor, "提交评价")
    expect(visitor.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
    expect(visitor.get_by_text("最迟2026年9月22日")).to_be_visible()
    fits(visitor)

    # The service centre has no head: the county office sees it on its list and answers for it.
    office = open_page(sign_in="County office")
    office.goto("/ratings/orders/")
    go(office.locator("tr", has_text="5号窗口").get_by_role("link"))
    expect(office.get_by_text("13800001234")).to_be_visible()
    axe(office)
    follow(office, "记录联系情况")
    axe(office)
    office.get_by_role("radio", name="联系上了", exact=True).check()
    office.get_by_role("radio", name="电话").check()
    office.get_by_label("联系记录").fill("九点半电话联系，致歉，说明当天有人请假。")
    press(office, "记录联系情况")
    follow(office, "整改并答复")
    office.get_by_label("原因").fill("有人请假，没有安排替班。")
    office.get_by_label("整改措施").fill("每个窗口排定替班人员。")
    office.get_by_label("给评价人的答复").fill("抱歉让您久等，五号窗口已排定替班。")
    press(office, "整改并答复")
    expect(office.get_by_text("已答复，待回访").first).to_be_visible()

    visitor.goto(link_sent(office, product))
    expect(visitor.get_by_text("五号窗口已排定替班")).to_be_visible()
    fits(visitor)
    visitor.get_by_role("radio", name="非常满意").check()
    press(visitor, "提交回访评价")
    expect(visitor.get_by_role("heading", name="谢谢您的回访评价")).to_be_visible()
    office.reload()
    expect(office.get_by_text("已办结").first).to_be_visible()

    # Nothing is public before an official has released it.
    reader = open_page(width=360)
    reader.goto("/ratings/")
    expect(reader.get_by_text("五号窗口等了一上午")).to_have_count(0)
    office.goto("/ratings/review/")
    go(office.get_by_role("link", name=re.compile("五号窗口等了一上午")))
    axe(office)
    office.get_by_role("radio", name="公开", exact=True).check()
    press(office, "保存")
    reader.reload()
    expect(reader.get_by_text("五号窗口等了一上午")).to_be_visible()
    axe(reader)
    fits(reader)

"""An old phone whose browser runs no scripts: the whole way of a citizen, 360 px wide."""

import re

from playwright.sync_api import expect

from tests.journeys.people import (
    apply_for,
    ask_progress,
    fill_in,
    follow,
    give_papers,
    go_on,
    press,
    send,
    submit,
    told,
)


def test_the_whole_way_without_scripts(open_page, fits):
    phone = open_page(width=360, sign_in="Resident", javascript=False)
    phone.goto("/")
    phone.locator("main input[type=search]").first.fill("办居住证")
    send(phone.locator("main input[type=search]").first)
    expect(phone.get_by_text(re.compile("找到\\d+个事项"))).to_be_visible()
    fits(phone)
    follow(phone, "居住证申领")
    expect(phone.get_by_role("heading", name="要准备什么材料")).to_be_visible()
    fits(phone)

    # Am I eligible? First nothing is answered, then one “no”, then all “yes”.
    follow(phone, "我能办吗？")
    press(phone, "看结果")
    expect(phone.get_by_role("alert")).to_be_visible()
    for group in phone.locator("main fieldset").all():
        group.get_by_label("是", exact=True).check()
    phone.locator("main fieldset").last.get_by_label("否", exact=True).check()
    press(phone, "看结果")
    expect(phone.get_by_text("现在申请可能办不成")).to_be_visible()
    follow(phone, "重新回答")
    for group in phone.locator("main fieldset").all():
        group.get_by_label("是", exact=True).check()
    press(phone, "看结果")
    expect(phone.get_by_text("您的情况可以申请。")).to_be_visible()
    follow(phone, "开始办理")

    # Begin, save, come back tomorrow.
    phone.locator("main input[type=radio]").first.check()
    press(phone, "开始填写")
    fill_in(phone, {})
    press(phone, "保存，以后再填")
    expect(phone.get_by_text("已保存。").first).to_be_visible()
    follow(phone, "居住证申领")
    while "/page/" in phone.url:
        fits(phone)
        fill_in(phone, {})
        press(phone, "继续")
    give_papers(phone, fits)
    number, code = submit(phone)
    fits(phone)
    receipt = phone.get_by_role("link", name=re.compile("回执")).get_attribute("href")
    assert phone.context.request.get(receipt).headers["content-type"] == "application/pdf"
    follow(phone, "看办理进度")
    fits(phone)

    # Whoever holds the receipt asks without an account.
    visitor = open_page(width=360, javascript=False)
    ask_progress(visitor, number, code)
    expect(visitor.get_by_role("heading", name="居住证申领")).to_be_visible()
    expect(visitor.get_by_text("下一步由谁办")).to_be_visible()
    fits(visitor)
    assert "王小民" not in told(visitor)


def test_rows_are_added_without_scripts(open_page, fits):
    phone = open_page(width=360, sign_in="Enterprise head", javascript=False)
    phone.goto("/apply/food-business-licence/")
    phone.locator("main input[type=radio]").last.check()
    press(phone, "开始填写")
    while not phone.get_by_role("button", name="再加一项").count():
        fill_in(phone, {"floor_area": "120", "kitchen_area": "40"})
        boxes = phone.locator("main input[type=checkbox]")
        if boxes.count() and not any(box.is_checked() for box in boxes.all()):
            boxes.first.check()
        go_on(phone)
    boxes = phone.locator("main input:visible").count()
    first = phone.locator("main input[type=text]:visible").first
    first.fill("周新民")
    press(phone, "再加一项")
    assert phone.locator("main input:visible").count() > boxes
    assert first.input_value() == "周新民"
    press(phone, "删除第2项")
    assert phone.locator("main input:visible").count() == boxes
    fits(phone)


def test_a_form_for_a_village_matter(open_page, fits):
    """A matter that the township reviews first asks for the township."""
    phone = open_page(width=360, sign_in="Resident", javascript=False)
    apply_for(
        phone, "old-age-allowance", answers={"birth_on": "1940-05-06", "account": "6217000010001234567"}, each=fits
    )
    assert "/materials/" in phone.url

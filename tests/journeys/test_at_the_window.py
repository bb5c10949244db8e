"""At the window: a person without an account is served by keyboard, a defect is told once, the papers come later; and a
township window takes an application of its people.
"""

import re

from playwright.sync_api import Page, expect

from tests.journeys.people import (
    NUMBER,
    PHOTO,
    arriving,
    ask_progress,
    file_online,
    fill_in,
    follow,
    go,
    open_case,
    press,
    resident_id,
    told,
)

WALK_IN = resident_id("43132119680412052")


def type_into(page: Page, label: str, words: str) -> None:
    """Go to a box with the Tab key and type."""
    box = page.get_by_role("textbox", name=re.compile(f"^{label}")).first
    for _ in range(60):
        if box.evaluate("one => one === document.activeElement"):
            page.keyboard.type(words)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"“{label}” is not reached by Tab")


def key(page: Page, name: str) -> None:
    """A key that leads to another page."""
    with arriving(page):
        page.keyboard.press(name)


def find_nobody(page: Page, number: str) -> None:
    """The number box has the focus; nobody is registered under this number."""
    page.goto("/window/")
    box = page.get_by_role("textbox", name=re.compile("^身份证号、手机号"))
    expect(box).to_be_focused()
    page.keyboard.type(number)
    expect(box).to_have_value(number)
    key(page, "Enter")
    expect(page.get_by_text("没有找到已登记的办事人").first).to_be_visible()


def write_down(page: Page, name: str) -> None:
    type_into(page, "姓名", name)
    type_into(page, "手机", "13874410000")
    key(page, "Enter")
    expect(page.get_by_role("heading", name="办什么事")).to_be_visible()


def choose(page: Page, words: str, label: str) -> None:
    """Search in the person's words; the first that fits is key 1."""
    page.keyboard.type(words)
    key(page, "Enter")
    expect(page.get_by_text(re.compile(r"找到\d+个事项")).first).to_be_visible()
    expect(page.locator("main tbody tr").first).to_contain_text(label)
    page.locator("main h1").click()
    key(page, "1")
    assert re.search(r"/window/\d+/$", page.url)


def scan(page: Page) -> None:
    """Lay every paper that is wanted on the scanner."""
    for upload in page.locator("main input[type=file]").all():
        upload.set_input_files(PHOTO)


def paper_opens(page: Page, words: str | re.Pattern[str]) -> None:
    """A paper of the case opens as PDF."""
    papers = page.locator("a[href*='/papers/']")
    address = papers.and_(page.get_by_role("link", name=words)).first.get_attribute("href")
    answer = page.context.request.get(address or "")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")


def find_a_defect(page: Page, problem: str = "不清晰") -> None:
    """All in order but one."""
    row = page.locator("main tr", has=page.get_by_role("radio", name="需补正")).filter(has=page.get_by_role("link"))
    row.first.get_by_text("需补正", exact=True).click()
    row.first.locator("select").select_option(index=1)
    row.first.get_by_label(re.compile("补正要求")).fill("请重新拍摄，四角齐全。")
    press(page, "全部合格")


def test_somebody_without_an_account(open_page, axe, fits):
    clerk = open_page(sign_in="Window clerk")
    find_nobody(clerk, WALK_IN)
    axe(clerk)
    write_down(clerk, "彭秋菊")
    axe(clerk)
    choose(clerk, "居住证", "居住证申领")
    scan(clerk)
    clerk.locator("main h1").click()
    key(clerk, "d")
    expect(clerk.get_by_role("alert")).to_be_visible()
    axe(clerk)
    fill_in(clerk, {})
    expect(clerk.get_by_role("link", name="证明材料.jpg").first).to_be_visible()
    clerk.locator("main h1").click()
    key(clerk, "d")
    expect(clerk.get_by_text("已收件，编号").first).to_be_visible()
    number = NUMBER.search(told(clerk)).group()
    paper_opens(clerk, "接收凭证")

    # A photo is not clear: everything is told at once, in writing, and only once.
    find_a_defect(clerk)
    follow(clerk, "一次性告知补正")
    expect(clerk.get_by_text("请重新拍摄，四角齐全。").first).to_be_visible()
    axe(clerk)
    clerk.locator("main h1").click()
    key(clerk, "d")
    expect(clerk.get_by_text("补正通知书已发出。")).to_be_visible()
    paper_opens(clerk, re.compile("^打印.*补正"))
    axe(clerk)
    fits(clerk)

    # Days later the person is back with a better photo.
    clerk.goto("/demo/")
    press(clerk, "下一个工作日")
    open_case(clerk, number)
    follow(clerk, "代交补正材料")
    scan(clerk)
    press(clerk, "代交补正材料")
    expect(clerk.get_by_text("补正材料已收").first).to_be_visible()
    if clerk.get_by_role("button", name="全部合格").count():
        press(clerk, "全部合格")
    press(clerk, "受理并转办")
    expect(clerk.get_by_text("已受理并转到承办部门。")).to_be_visible()


def test_told_once_and_answered_on_the_phone(open_page, axe, fits):
    phone = open_page(width=360, sign_in="Resident")
    number, _code = file_online(phone, "residence-permit")
    follow(phone, "看办理进度")
    mine = phone.url

    clerk = open_page(sign_in="Window clerk")
    open_case(clerk, number)
    press(clerk, "收件")
    find_a_defect(clerk)
    follow(clerk, "一次性告知补正")
    press(clerk, "一次性告知补正")
    expect(clerk.get_by_text("补正通知书已发出。")).to_be_visible()

    # The notice is in the inbox and on the case; it cannot be answered before the paper is there.
    phone.goto(mine)
    axe(phone)
    follow(phone, "去补正")
    expect(phone.get_by_text("请重新拍摄，四角齐全。").first).to_be_visible()
    axe(phone)
    fits(phone)
    press(phone, "提交补正")
    expect(phone.get_by_role("alert")).to_contain_text("还没有上传")
    go(phone.locator("main .task-list a").first)
    expect(phone.get_by_text("补正通知的要求")).to_be_visible()
    phone.locator("main input[type=file]").set_input_files(PHOTO)
    axe(phone)
    press(phone, "上传")
    phone.goto(f"{mine}supplement/")
    press(phone, "提交补正")
    expect(phone.get_by_text("补正材料已提交").first).to_be_visible()

    # The clerk finds another defect: a second notice is locked, and says what to do.
    open_case(clerk, number)
    find_a_defect(clerk)
    follow(clerk, "一次性告知补正")
    press(clerk, "一次性告知补正")
    expect(clerk.get_by_role("alert")).to_contain_text("告知")
    assert "负责人" in told(clerk)
    axe(clerk)
    open_case(clerk, number)
    assert len(clerk.get_by_role("heading", name="一次性告知").all()) == 1


def test_the_township_window(open_page, axe, fits):
    clerk = open_page(sign_in="Township window")
    find_nobody(clerk, resident_id("43132119520305011"))
    write_down(clerk, "贺月娥")
    choose(clerk, "临时救助", "临时救助给付")
    fill_in(clerk, {"amount_needed": "3000"})
    scan(clerk)
    fits(clerk)
    press(clerk, "提交并收件")
    expect(clerk.get_by_text("已收件，编号").first).to_be_visible()
    number = NUMBER.search(told(clerk)).group()
    press(clerk, "全部合格")
    press(clerk, "受理并转办")
    expect(clerk.get_by_text("已受理并转到承办部门。")).to_be_visible()
    # The county delegated the acceptance; the township reviews first.
    expect(clerk.get_by_text("永丰街道").first).to_be_visible()
    paper_opens(clerk, "受理")
    axe(clerk)
    visitor = open_page(width=360)
    ask_progress(visitor, number, "22222222")
    expect(visitor.get_by_role("alert")).to_be_visible()

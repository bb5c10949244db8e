"""The county office and those who prepare for it: a matter changes by approval, the calendar moves due days, accounts are
opened with separated duties, bodies are described, and nothing that got stuck is hidden.
"""

import re
import time

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Account, enter
from tests.journeys.people import file_online, follow, go, open_case, press, send, told

DUE = re.compile(r"最迟(2026年\d+月\d+日)")
MATTER = "food-business-licence"


def set_promise(page: Page, days: str) -> None:
    """Write the promise into the section on law and limits."""
    page.get_by_label("承诺时限（工作日）").first.fill(days)
    go(page.get_by_role("button", name="保存", exact=True).last)
    expect(page.get_by_text("已保存").first).to_be_visible()


def draft_of(page: Page) -> str:
    page.goto(f"/catalogue/{MATTER}/")
    press(page, "修改（新建一版）")
    page.wait_for_url(re.compile(r"/catalogue/versions/\d+/"))
    return re.search(r"/catalogue/versions/\d+/", page.url).group()


def promised(page: Page) -> str:
    """What the receipt says of the promise."""
    found = re.search(r"承诺(\d+)个工作日办结", told(page))
    assert found, told(page)
    return found.group(1)


def begun_application(page: Page) -> str:
    """A draft of the matter: its version is the one of today."""
    page.goto(f"/apply/{MATTER}/")
    page.locator("main input[type=radio]").last.check()
    press(page, "开始填写")
    return re.search(r"/case/(\d+)/", page.url).group(1)


def test_a_matter_changes_by_approval(open_page, axe, fits):
    applicant = open_page(width=360, sign_in="Resident")
    applicant.goto("/my/?tab=open")
    before = in_hand(open_page(sign_in="承办 Officer"), "食品经营许可")
    limit = before.locator("tr", has_text="承诺办结时限").first.inner_text()

    # The editor promises more than the law allows, then less than the steps need: each is said in a sentence.
    editor = open_page(sign_in="Matter editor")
    draft = draft_of(editor)
    editor.goto(f"{draft}edit/law/")
    axe(editor)
    set_promise(editor, "60")
    expect(editor.locator("#findings")).to_contain_text(re.compile(r"承诺时限60个工作日超过了法定时限\d+个工作日"))
    editor.goto(draft)
    press(editor, "提交审核")
    expect(editor.get_by_role("alert").or_(editor.locator(".refused, .messages")).first).to_contain_text("改正")
    editor.goto(f"{draft}edit/law/")
    set_promise(editor, "2")
    editor.goto(draft)
    expect(editor.locator("#findings")).to_contain_text(
        re.compile(r"\d+个工作日，超过.*承诺时限|承诺时限2个工作日|超过了?承诺")
    )
    editor.goto(f"{draft}edit/law/")
    set_promise(editor, "9")
    editor.goto(draft)
    axe(editor)
    press(editor, "提交审核")
    expect(editor.get_by_text("等县政务办审核").first).to_be_visible()

    # The county office sees old beside new, and publishes.
    office = open_page(sign_in="County office")
    office.goto("/catalogue/waiting/")
    axe(office)
    follow(office, "食品经营许可（餐饮服务）")
    row = office.locator("table.diff tr", has_text="承诺时限")
    expect(row.locator("del")).to_have_text("7")
    expect(row.locator("ins")).to_have_text("9")
    axe(office)
    fits(office)
    press(office, "同意并发布")
    expect(office.get_by_text("发布").first).to_be_visible()
    visitor = open_page(width=360)
    visitor.goto(f"/services/{MATTER}/")
    assert "9个工作日" in told(visitor)

    # Cases under way keep what they were promised.
    before.reload()
    assert before.locator("tr", has_text="承诺办结时限").first.inner_text() == limit
    editor.goto(draft)
    follow(editor, "与上一版的差异")
    expect(editor.locator("table.diff tr", has_text="承诺时限")).to_be_visible()
    axe(editor)


def in_hand(page: Page, words: str) -> Page:
    """A case in process of this matter, on the officer's screen."""
    page.goto("/cases/?scope=all&state=in_process")
    go(page.locator("main tbody tr", has_text=words).first.get_by_role("link").first)
    expect(page.get_by_role("heading", name="时限")).to_be_visible()
    return page


def test_the_calendar_moves_due_days(open_page, axe, fits):
    phone = open_page(width=360, sign_in="Resident")
    number, _code = file_online(phone, "residence-permit")
    follow(phone, "看办理进度")
    mine = phone.url
    clerk = open_page(sign_in="Window clerk")
    open_case(clerk, number)
    press(clerk, "收件")
    press(clerk, "全部合格")
    press(clerk, "受理并转办")
    expect(clerk.get_by_text("已受理并转到承办部门。")).to_be_visible()
    phone.goto(mine)
    due = due_day(phone)
    assert due == due_day(clerk)

    office = open_page(sign_in="County office")
    office.goto("/calendars/")
    axe(office)
    office.goto("/calendars/edit/")
    office.get_by_label("日期").first.fill("2026-09-23")
    office.get_by_label("到哪一天").fill("2026-09-24")
    press(office, "看看改了什么")
    expect(office.get_by_role("alert")).to_be_visible()
    office.get_by_label(re.compile("放假|停止|闭")).first.check()
    office.get_by_label("名称").fill("防汛")
    office.get_by_label("变更说明").fill("县政府通知：因防汛停止对外办公")
    press(office, "看看改了什么")
    expect(office.get_by_role("heading", name="核对改动")).to_be_visible()
    axe(office)
    fits(office)
    press(office, "发布新版本")
    expect(office.get_by_role("heading", name=re.compile("工作日历")).first).to_be_visible()

    # The worker counts anew; the applicant and the official read the same day, two working days later.
    moved = wait_for_another_day(phone, due)
    clerk.reload()
    assert due_day(clerk) == moved
    assert day_of(moved) > day_of(due)
    assert "防汛" in told(phone)
    axe(phone)


def due_day(page: Page) -> str:
    """The last day of the promise, as the drawing of the clock says it."""
    found = DUE.search(page.locator(".clock__caption").first.inner_text())
    assert found, told(page)
    return found.group(1)


def day_of(words: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", words))


def wait_for_another_day(page: Page, due: str) -> str:
    """Look again until the worker has counted anew."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        page.reload()
        found = due_day(page)
        if found != due:
            return found
        page.wait_for_timeout(500)
    raise AssertionError(f"still {due}")


def test_an_official_gets_an_account(open_page, product, axe, fits):
    office = open_page(sign_in="County office")
    office.goto("/authority/")
    axe(office)
    office.goto("/authority/new/")
    office.get_by_label("姓名").fill("苏远航")
    office.get_by_label("登录名").fill("su.yuanhang")
    office.get_by_label("单位").select_option(label="双峰县政务服务中心")
    go(office.locator("main form button[type=submit], main form .button").first)
    expect(office.get_by_text("账号已建立").first).to_be_visible()
    axe(office)
    password = office.locator(".panel .lead b").inner_text()
    give(office, "窗口受理人员")
    expect(office.get_by_text("已授权").first).to_be_visible()

    # Who audits does not administer: the separation of the three is refused in a sentence.
    give(office, "审计员")
    expect(office.get_by_text("已授权").first).to_be_visible()
    give(office, "系统管理员")
    expect(office.get_by_role("alert")).to_contain_text("三员分离")
    axe(office)
    fits(office)

    # The one-time password opens the door to its own change, then the window is open.
    fresh = open_page()
    fresh.goto("/account/login/")
    enter(fresh, Account("", "", "su.yuanhang", password))
    fresh.goto("/window/")
    expect(fresh.get_by_label("现在的密码")).to_be_visible()
    axe(fresh)
    fresh.get_by_label("现在的密码").fill(password)
    fresh.get_by_label("新密码", exact=True).fill("在水一方-2026-九月")
    fresh.get_by_label("再输一遍新密码").fill("在水一方-2026-九月")
    go(fresh.locator("main form button").last)
    fresh.wait_for_url(lambda address: "/password/change" not in address)
    fresh.goto("/window/")
    expect(fresh.get_by_role("heading", name="窗口收件")).to_be_visible()


def give(page: Page, role: str) -> None:
    page.goto(re.sub(r"(/authority/\d+/).*", r"\1grant/", page.url))
    page.locator("main").get_by_label("岗位").select_option(label=role)
    page.locator("main").get_by_label("单位", exact=True).select_option(label="双峰县政务服务中心")
    go(page.locator("main form .button").first)


def test_bodies_figures_and_what_is_stuck(open_page, axe, fits):
    office = open_page(sign_in="County office")
    office.goto("/organizations/")
    office.locator("main input[type=search]").fill("国土局")
    send(office.locator("main input[type=search]"))
    expect(office.get_by_text("自然资源局").first).to_be_visible()
    go(office.locator("main table a").first)
    axe(office)
    address = re.sub(r"\?.*", "", office.url)
    office.goto(f"{address}describe/")
    office.get_by_label("电话").fill("0738-6820000")
    go(office.locator("main form .button").first)
    expect(office.get_by_text("0738-6820000").first).to_be_visible()

    office.goto("/office/deliveries/")
    expect(office.get_by_role("heading", name="系统之间")).to_be_visible()
    axe(office)
    office.goto("/cases/figures/")
    axe(office)
    for words in ("G2", "G3"):
        assert words in told(office) or "网办" in told(office)
    stat = office.locator("main .stats a", has_text="办件总数").or_(office.locator("main .stats a").last).first
    number = re.search(r"\d+", stat.inner_text()).group()
    go(stat)
    expect(office.get_by_text(re.compile(rf"(共|全部).*{number}")).first).to_be_visible()
    fits(office)

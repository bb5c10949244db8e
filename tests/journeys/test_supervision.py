"""A late case goes from warning to red, is appealed against and revoked on evidence; everybody sees the same ledger."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.people import PHOTO, file_online, follow, go, press, told
from tests.journeys.test_open_a_restaurant import next_workday

CARD = re.compile(r"监2026-\d{6}")


MOST_DAYS = 30


def has_card(supervisor: Page, number: str, *words: str) -> bool:
    """Whether the supervisor's list shows a card of the case with these words."""
    supervisor.goto(f"/supervision/cards/?scope=all&q={number}")
    rows = supervisor.locator("main tbody tr")
    for one in words:
        rows = rows.filter(has_text=one)
    return rows.count() > 0


def until_card(visitor: Page, supervisor: Page, number: str, *words: str) -> None:
    """Day after day, until the worker has put the card."""
    for _day in range(MOST_DAYS):
        for _again in range(6):
            if has_card(supervisor, number, *words):
                return
            supervisor.wait_for_timeout(500)
        next_workday(visitor)
    raise AssertionError(f"no card with {words} for {number}: {told(supervisor)}")


def test_from_warning_to_red_appealed_and_revoked(open_page, axe, fits):
    applicant = open_page(width=360, sign_in="Resident")
    number, _code = file_online(applicant, "individual-business-registration")
    visitor, supervisor = open_page(), open_page(sign_in="Supervisor")
    # Nobody acts. The system receives, the law accepts, and the days since the filing are over at once.
    until_card(visitor, supervisor, number, "网上预审超期", "预警")
    until_card(visitor, supervisor, number, "视为受理", "黄牌")
    until_card(visitor, supervisor, number, "超过法定期限一个工作日", "红牌")
    supervisor.goto("/supervision/")
    expect(supervisor.get_by_role("heading", name="谁逾期了")).to_be_visible()
    axe(supervisor)
    assert has_card(supervisor, number, "超过法定期限一个工作日")
    go(supervisor.locator("main tbody tr", has_text="超过法定期限一个工作日").first.get_by_role("link").first)
    supervisor.wait_for_url(re.compile(r"/supervision/cards/\d+/"))
    card = supervisor.url
    expect(supervisor.get_by_role("heading", name="生成时的台账")).to_be_visible()
    axe(supervisor)
    follow(supervisor, "打开来源")
    expect(supervisor.get_by_role("heading", level=1)).to_be_visible()

    # The head of the department answers on a phone: an appeal with a picture.
    head = open_page(width=360, sign_in="负责人 Department head")
    head.goto(card)
    fits(head)
    follow(head, "申诉")
    head.get_by_label("申诉的事实和理由").fill("系统停机三天，停机通知和恢复记录见附件。")
    head.locator("main input[type=file]").set_input_files(PHOTO)
    axe(head)
    press(head, "申诉")
    expect(head.get_by_text("申诉已提交")).to_be_visible()

    # The supervisor reads the evidence and revokes; nothing disappears.
    supervisor.goto(card)
    expect(supervisor.get_by_text("证明材料.jpg")).to_be_visible()
    follow(supervisor, "处理申诉")
    supervisor.get_by_label("申诉成立，撤销监察卡").check()
    supervisor.get_by_label("处理理由").fill("核对停机记录，申诉属实，撤销。")
    press(supervisor, "处理申诉")
    supervisor.goto(card)
    assert "已撤销" in told(supervisor)
    assert "核对停机记录" in supervisor.locator("body").inner_text()
    assert CARD.search(supervisor.locator("h1 + p").inner_text())
    head.goto("/my/inbox/")
    expect(head.get_by_text(re.compile("监察卡已撤销")).first).to_be_visible()

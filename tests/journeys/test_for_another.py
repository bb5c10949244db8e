"""Acting for somebody else: an enterprise empowers a resident, everything says for whom, and a revoked mandate opens nothing."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import Account, enter
from tests.journeys.people import file_online, follow, go, open_case, press, told


def number_of_the_resident(page: Page) -> tuple[str, str]:
    """Name and identity number, as the form brings them along; the draft is thrown away again."""
    page.goto("/apply/residence-permit/")
    page.locator("main input[type=radio]").first.check()
    press(page, "开始填写")
    while not page.get_by_label("居民身份号码").count():
        follow(page, "返回上一步")
    name = page.get_by_label("申请人姓名").input_value()
    number = page.get_by_label("居民身份号码").input_value()
    draft = re.search(r"/case/(\d+)/", page.url).group(1)
    page.goto(f"/my/cases/{draft}/")
    follow(page, "删除这份草稿")
    press(page, "删除草稿")
    expect(page.get_by_text("已撤回申请").first).to_be_visible()
    return name, number


def my_enterprise(page: Page) -> str:
    """The body this person heads."""
    page.goto("/account/")
    return page.locator("section", has_text="我的企业").locator("li a").first.inner_text()


def empower(page: Page, enterprise: str, name: str, number: str) -> None:
    page.goto("/account/")
    follow(page, "授权委托")
    page.get_by_role("radio", name=re.compile(enterprise)).check()
    page.get_by_label("对方姓名").fill(name)
    page.get_by_label("对方公民身份号码").fill(number)
    page.get_by_label("到哪天止").fill("2027-06-30")
    press(page, "确认委托")


def a_resident_who_has_nothing_to_do_with_it(open_page, product) -> Page:
    """One more resident of the demo county, who is no member of the enterprise."""
    page = open_page(width=360)
    enter(page, Account("", "", "resident3", product.account("Resident").password))
    return page


def test_an_agent_files_for_an_enterprise(open_page, product, axe, fits):
    agent = a_resident_who_has_nothing_to_do_with_it(open_page, product)
    name, number = number_of_the_resident(agent)
    head = open_page(sign_in="Enterprise head")
    enterprise = my_enterprise(head)

    # A name that does not fit the number is refused; nobody can look up people here.
    empower(head, enterprise, "张无名", number)
    expect(head.get_by_role("alert")).to_be_visible()
    axe(head)
    empower(head, enterprise, name, number)
    expect(head.get_by_text("授权委托已生效").first).to_be_visible()
    axe(head)
    expect(head.get_by_text(re.compile(f"{name} 代 {enterprise} 办事"))).to_be_visible()

    # The agent chooses for whom; the receipt, the list and the officials' page name the enterprise.
    agent.goto("/account/")
    axe(agent)
    fits(agent)
    expect(agent.get_by_text(enterprise).first).to_be_visible()
    filed, _code = file_online(agent, "scrap-metal-filing", on_behalf=enterprise)
    follow(agent, "看办理进度")
    mine = agent.url
    expect(agent.get_by_text(enterprise).first).to_be_visible()
    axe(agent)
    clerk = open_page(sign_in="Window clerk")
    open_case(clerk, filed)
    assert enterprise in told(clerk)
    assert f"由{name}代为提交" in told(clerk)

    # The enterprise sees its case too; a stranger learns not even that it exists.
    head.goto("/my/?tab=all")
    expect(head.get_by_text(filed).first).to_be_visible()
    address = re.sub(r"^https?://[^/]+", "", mine)
    clerk.context.clear_cookies()
    assert clerk.goto(address).url.endswith(f"/account/login/?next={address}")
    assert head.goto(address).status == 200
    other = open_page(sign_in="Resident")
    other.goto("/my/?tab=all")
    foreign = foreign_case(head, other)
    answer = other.goto(foreign)
    assert answer.status == 404
    assert other.goto("/my/cases/999999/").status == 404
    expect(other.get_by_role("heading", name="没有找到")).to_be_visible()

    # The mandate ends at once: no case, no choice.
    head.goto("/account/")
    given = head.locator("li", has_text=re.compile(f"{name} 代 {enterprise}"))
    given.locator("summary").click()
    go(given.get_by_role("button", name="确认撤销"))
    expect(head.get_by_text("委托已撤销，立即生效。")).to_be_visible()
    agent.goto("/apply/scrap-metal-filing/")
    assert not agent.get_by_role("radio", name=re.compile(enterprise)).count()
    gone = agent.goto(mine)
    assert gone.status in (403, 404), gone.status
    assert enterprise not in told(agent)
    axe(agent)

    # The enterprise takes the application back.
    head.goto(mine)
    follow(head, "撤回申请")
    axe(head)
    head.get_by_label("撤回的原因").fill("暂不经营")
    press(head, "确认撤回")
    expect(head.get_by_text("已撤回申请").first).to_be_visible()
    expect(head.get_by_text(re.compile("撤回")).first).to_be_visible()
    head.goto(f"{mine}withdraw/")
    assert "不能" in told(head) or "已" in told(head)


def foreign_case(owner: Page, other: Page) -> str:
    """A case of `owner` that is not on the list of `other`."""
    owner.goto("/my/?tab=all")
    theirs = set(re.findall(r'href="(/my/cases/\d+/)"', other.content()))
    return next(one for one in re.findall(r'href="(/my/cases/\d+/)"', owner.content()) if one not in theirs)

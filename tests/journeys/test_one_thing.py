"""One thing, once: a restaurant from one form, and a factory from its open stage to the notice of completion. Every page is looked at."""

import re
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import enter
from tests.journeys.people import follow, go, go_on, press
from tests.journeys.test_open_a_restaurant import answer_what_is_asked, confirm
from zhengtong.approvals.greenway.plans import shipped
from zhengtong.kernel.identifiers import project_code, uscc


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo as a phone takes it."""
    path = tmp_path_factory.mktemp("photos") / "平面图.jpg"
    Image.effect_noise((800, 600), 60).convert("RGB").save(path, "JPEG", quality=80)
    return path


@pytest.fixture
def official(open_page, product):
    """`official("housing.approver")`: an official of the demo who is not on the list of the sign-in page."""

    def sign_in(login: str) -> Page:
        page = open_page()
        enter(page, replace(product.account("Matter editor"), login=login))
        return page

    return sign_in


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
        go(row.get_by_role("link").first)
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
        go_on(page)
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
    go(page.get_by_role("button", name="保存", exact=True).last)
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


def publish_rules(open_page, official) -> None:
    """Two departments write what may cost into their matters; the county office publishes it."""
    office = open_page(sign_in="County office")
    for department, *rule in RULES:
        editor = official(f"{department}.editor")
        draft = charge_by_rule(editor, *rule)
        office.goto(f"{draft}review/")
        press(office, "同意并发布")
        expect(office.get_by_text("已发布").first).to_be_visible()


def test_a_restaurant_paid_with_one_bill(open_page, official, axe, fits, photo):
    publish_rules(open_page, official)
    phone = open_page(width=360, sign_in="Resident")
    project = fill_in_and_submit(phone, photo, fits)
    clerk = open_page(sign_in="Window clerk")
    accept_all(clerk, project)
    # One bill for all of it, with a line and a law per department, drawn up by the worker.
    bill = phone.get_by_role("link", name="一张缴款单，看明细或缴款").first
    come_again(phone, project, bill)
    axe(phone)
    fits(phone)
    go(bill)
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
    go(clerk.locator("main table a").first)
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
    go(investor.locator("main table a").first)
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


def case_of(page: Page, project: str, matter: str) -> None:
    """From the project to the case of one of its matters."""
    page.goto(project)
    go(page.locator("main").get_by_role("link", name=matter).first)
    page.wait_for_url("**/cases/**")


def agree(page: Page, project: str, matter: str) -> None:
    """Sign the open step."""
    case_of(page, project, matter)
    go(page.get_by_role("link", name=re.compile("签署意见")).first)
    page.get_by_role("radio", name="同意", exact=True).check()
    page.locator("textarea[name=opinion]").fill("经核对，符合规定条件。")
    confirm(page)
    expect(page.get_by_text("意见已签署").first).to_be_visible()


def grant(page: Page, project: str, matter: str) -> None:
    """Decide on one of its matters."""
    case_of(page, project, matter)
    follow(page, "作出决定")
    page.locator("input[name=outcome][value=grant]").check()
    page.locator("textarea[name=opinion]").fill("符合法定条件，准予。")
    confirm(page)


def issue_notice(clerk: Page, project: str) -> None:
    """When every branch has ended, the window tells of it. What the worker notes meanwhile makes the page stale: it is looked at again."""
    for _ in range(5):
        come_again(clerk, project, clerk.get_by_role("button", name="发办结告知"))
        go(clerk.get_by_role("button", name="发办结告知").first)
        if not clerk.get_by_text("您看到的页面已过时").count():
            break
    expect(clerk.get_by_text("已发出办结告知书，一张告知书列明所有事项。").first).to_be_visible()


def download_notice(page: Page, product, folder: Path) -> str:
    """Take the notice down as the applicant does, have its signatures checked by the command, and read its words."""
    link = page.get_by_role("link", name=re.compile("办结告知书")).first.get_attribute("href")
    answer = page.request.get(link)
    assert answer.headers["content-type"] == "application/pdf"
    path = folder / "notice.pdf"
    path.write_bytes(answer.body())
    assert "是真的" in product.manage("verify", str(path))
    return "".join("".join(p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(path)).split())


def test_a_factory_from_one_door_to_its_notice(open_page, official, axe, fits, photo, product, tmp_path):
    investor = open_page(sign_in="Investor")
    investor.goto("/one/enterprise-industrial-project/")
    axe(investor)
    follow(investor, "开始办理")
    investor.locator("main input[type=radio]").last.check()
    code = project_code.make_synthetic(division_code="431321", on=date(2026, 9, 1), serial=30077)
    for name, text in {
        "name": "农机零部件铸造车间",
        "code": code,
        "site": "双峰经济开发区",
        "investment": "860",
    }.items():
        investor.locator(f"main [name={name}]").fill(text)
    press(investor, "开始填写")
    while "/page/" in investor.url:
        if investor.url.endswith("/page/s-q-energy/"):
            investor.locator("main input[value=false]").check()
        for name, day in {"start_on": "2026-11-02", "finish_on": "2027-10-29"}.items():
            if investor.locator(f"main [name={name}]").count():
                investor.locator(f"main [name={name}]").fill(day)
        answer_what_others_would_not(investor)
        answer_what_is_asked(investor, photo)
        before = investor.url
        press(investor, "继续")
        assert investor.url != before, investor.locator("main").inner_text()
    give_every_paper(investor, photo)
    follow(investor, "继续")
    investor.get_by_role("checkbox").check()
    press(investor, "统一提交")
    expect(investor.get_by_text("已统一提交").first).to_be_visible()
    project = investor.url
    # One window takes it in and hands it to both departments in the same act.
    clerk = open_page(sign_in="Window clerk")
    accept_all(clerk, project)
    # The second department reviews while it waits; it grants the moment the first result is there.
    land = open_page(sign_in="Lead department")
    land.goto(project)
    press(land, "签收")
    agree(land, project, "建设用地规划许可证核发")
    grant(official("development-reform.approver"), project, "企业投资项目备案")
    come_again(investor, project, investor.get_by_text("已准予"))
    grant(official("natural-resources.approver"), project, "建设用地规划许可证核发")
    issue_notice(clerk, project)
    axe(clerk)
    # One notice with every branch, on the investor's screen and as a signed paper.
    investor.goto(project)
    expect(investor.get_by_text("已办结告知").first).to_be_visible()
    axe(investor)
    words = download_notice(investor, product, tmp_path)
    for told in ("联合办理办结告知书", code, "企业投资项目备案", "建设用地规划许可证核发", "工程建设许可"):
        assert told in words


UNDER_WAY = "completion-acceptance-filing"
NEEDED = {
    "enterprise-investment-project-filing": "双发改备〔2025〕31号",
    "construction-land-planning-permit": "地字第431321202500031号",
    "construction-project-planning-permit": "建字第431321202500031号",
    "soil-water-conservation-plan-approval": "双水许〔2025〕12号",
    "construction-permit": "431321202506180101",
    "planning-verification": "双自然资规核〔2026〕9号",
    "fire-acceptance-filing": "双住建消备〔2026〕21号",
}


def workbook_of(empty: bytes, code: str, number: str) -> bytes:
    """The empty workbook of the page, filled in: a factory that is built, of which the last filing is under way."""
    book = load_workbook(BytesIO(empty))
    book["项目"].append([code, "碗厂二期厂房", "enterprise-industrial-project", number, "双峰县杏子铺镇", 3600])
    plan = next(one for one in shipped() if one.key == "enterprise-industrial-project")
    for place, stage in enumerate(plan.stages):
        for branch in stage.branches:
            days = [date(2026, 2 + place, 2), date(2026, 2 + place, 9)]
            row = ["不需要", None, None, None]
            if branch.matter == UNDER_WAY:
                row = ["办理中", date(2026, 9, 17), None, None]
            elif branch.matter in NEEDED:
                row = ["已办结", *days, NEEDED[branch.matter]]
            book["事项"].append([code, stage.key, branch.matter, *row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_built_factory_taken_over_and_ended(open_page, official, axe, fits, product, tmp_path):
    """先移植后改造: it comes in from a workbook at its true stage, and ends here with one notice."""
    investor = open_page(width=360, sign_in="Investor")
    investor.goto("/account/")
    number = investor.locator("main").get_by_text(re.compile(r"^9\w{17}$")).first.inner_text()
    office = open_page(sign_in="County office")
    office.goto("/projects/import/")
    empty = office.request.get("/projects/import/empty.xlsx").body()
    code = project_code.make_synthetic(division_code="431321", on=date(2025, 3, 1), serial=30078)
    filled = {
        "name": "在办项目.xlsx",
        "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "buffer": workbook_of(empty, code, number),
    }
    office.locator("input[type=file]").set_input_files(filled)
    press(office, "读取文件")
    axe(office)
    press(office, "移植1个项目")
    expect(office.get_by_text("已移植1个项目").first).to_be_visible()
    go(office.get_by_role("link", name=re.compile(r"431321-LB")).first)
    project = office.url
    axe(office)
    matter = "房屋建筑和市政基础设施工程竣工验收备案"
    agree(official("housing.case-officer"), project, matter)
    grant(official("housing.approver"), project, matter)
    issue_notice(open_page(sign_in="Window clerk"), project)
    investor.goto(project)
    expect(investor.get_by_text("已办结告知").first).to_be_visible()
    axe(investor)
    fits(investor)
    words = download_notice(investor, product, tmp_path)
    for told in (matter, "建设工程规划核实", NEEDED["planning-verification"], NEEDED["fire-acceptance-filing"]):
        assert told in words

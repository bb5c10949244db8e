"""王小民 opens a restaurant: from the search on a phone to the licence in hand, through a window, two departments at once, two
inspectors, a reviewer, an approver and a special procedure — and everybody sees the same clock.
"""

import re
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.people import follow, go, go_on, press, send

ANSWERS = {
    "entity_name": "永丰记米粉店",
    "legal_rep": "王小民",
    "phone": "13800001234",
    "premises": "永丰街道国藩路88号",
    "floor_area": "120",
    "kitchen_area": "40",
    "staff_count": "6",
    "health_certs": "6",
}


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo as a phone takes it."""
    path = tmp_path_factory.mktemp("photos") / "平面图.jpg"
    Image.effect_noise((800, 600), 60).convert("RGB").save(path, "JPEG", quality=80)
    return path


def confirm(page: Page) -> None:
    """The one main button of an action's page."""
    go(page.locator("form[data-act] button").first)
    page.wait_for_url(lambda there: "/do/" not in there)


def answer_what_is_asked(page: Page, photo: Path) -> None:
    """Fill in one page of questions as a person would, from left to right."""
    for box in page.locator("main input:visible, main textarea:visible, main select:visible").all():
        name, kind = box.get_attribute("name") or "", box.get_attribute("type") or ""
        if kind in ("hidden", "submit", "radio", "checkbox", "search"):
            continue
        if kind == "file":
            box.set_input_files(photo)
        elif not box.input_value():
            box.fill(ANSWERS.get(name.split("-")[-1], plausible(name, kind)))
    for name in {radio.get_attribute("name") for radio in page.locator("main input[type=radio]:visible").all()}:
        group = page.locator(f"main input[type=radio][name='{name}']")
        if not any(one.is_checked() for one in group.all()):
            group.first.check()
    boxes = page.locator("main input[type=checkbox]:visible")
    if boxes.count() and not any(one.is_checked() for one in boxes.all()):
        boxes.first.check()


def plausible(name: str, kind: str) -> str:
    if kind == "date" or name.endswith("_on"):
        return "2026-12-01" if "open" in name else "2026-08-01"
    if "phone" in name:
        return "13800001234"
    return "6" if kind == "number" else "周新民"


def next_workday(page: Page, times: int = 1) -> None:
    """Move the demo's clock."""
    for _ in range(times):
        page.goto("/demo/")
        press(page, "下一个工作日")


def open_case(page: Page, number: str) -> None:
    page.goto(f"/cases/?q={number}")
    go(page.get_by_role("link", name=number).first)
    expect(page.get_by_text(number).first).to_be_visible()


def sign(page: Page, number: str) -> None:
    """Sign the open step with an opinion."""
    open_case(page, number)
    go(page.get_by_role("link", name=re.compile("签署意见")).first)
    page.get_by_role("radio", name="同意", exact=True).check()
    page.locator("textarea[name=opinion]").fill("经核对，符合规定条件。")
    confirm(page)
    expect(page.get_by_text("意见已签署").first).to_be_visible()


def test_the_whole_way(open_page, axe, fits, photo, product):
    # On a phone: search in plain words, read the guide, apply.
    phone = open_page(width=360, sign_in="Resident")
    phone.goto("/")
    phone.locator("main input[type=search]").first.fill("我想开个饭店")
    send(phone.locator("main input[type=search]").first)
    follow(phone, "食品经营许可（餐饮服务）")
    axe(phone)
    fits(phone)
    follow(phone, "开始办理")
    phone.locator("main input[type=radio]").last.check()
    axe(phone)
    press(phone, "开始填写")
    while "/page/" in phone.url:
        answer_what_is_asked(phone, photo)
        axe(phone)
        fits(phone)
        go_on(phone)
    give_papers(phone, photo)
    follow(phone, "继续")
    axe(phone)
    phone.get_by_role("checkbox").check()
    press(phone, "提交申请")
    expect(phone.get_by_role("heading", name="申请已提交")).to_be_visible()
    axe(phone)
    number = re.search(r"431321-\d{6}-\d{5}-\w", phone.locator("main").inner_text()).group()
    code = phone.locator(".hall-code").inner_text()
    follow(phone, "看办理进度")
    mine = phone.url

    # Progress without an account, by number and code; a wrong code learns nothing.
    stranger = open_page(width=360)
    ask_progress(stranger, number, "AAAAAAAA")
    expect(stranger.get_by_text("编号和查询码不符").first).to_be_visible()
    ask_progress(stranger, number, code)
    expect(stranger.get_by_text("食品经营许可").first).to_be_visible()

    # The window receives, judges, accepts and hands over.
    clerk = open_page(sign_in="Window clerk")
    open_case(clerk, number)
    press(clerk, "收件")
    press(clerk, "全部合格")
    axe(clerk)
    press(clerk, "受理并转办")
    expect(clerk.get_by_text("办理中").first).to_be_visible()

    # Two departments at once; a special procedure over two days; two inspectors on site.
    officer = open_page(sign_in="市监局 承办")
    axe(officer)
    sign(officer, number)
    sign(open_page(sign_in="2nd department"), number)
    head = open_page(sign_in="Department head")
    open_case(head, number)
    follow(head, "开始特别程序")
    head.locator("input[name=kind]").first.check()
    head.locator("input[name=planned_workdays]").fill("3")
    head.locator("textarea[name=reason]").fill("现场核查，需要两名工作人员到场。")
    confirm(head)
    phone.goto(mine)
    expect(phone.get_by_text("特别程序中").first).to_be_visible()
    next_workday(head, 2)
    open_case(head, number)
    follow(head, "结束特别程序")
    head.locator("textarea[name=result]").fill("现场布局与申报一致，核查合格。")
    confirm(head)
    sign(open_page(sign_in="勘验一"), number)
    sign(open_page(sign_in="勘验二"), number)
    sign(open_page(sign_in="Section head"), number)

    # The approver decides, the certificate is made, the window delivers.
    approver = open_page(sign_in="Approver")
    open_case(approver, number)
    follow(approver, "作出决定")
    axe(approver)
    approver.locator("input[name=outcome][value=grant]").check()
    approver.locator("textarea[name=opinion]").fill("符合法定条件，准予许可。")
    confirm(approver)
    maker = open_page(sign_in="Certificates")
    open_case(maker, number)
    press(maker, "制作结果文书")
    open_case(clerk, number)
    go(clerk.locator("main a.button", has_text=re.compile(r"^\s*送达")).first)
    clerk.locator("input[name=method]").first.check()
    confirm(clerk)

    # The same clock for everybody: weekend, festival and the special procedure stand in the ledger.
    open_case(officer, number)
    ledger_of(officer, "承诺办结时限")
    told = officer.locator("main").inner_text()
    assert "中秋节" in told
    assert "现场核查" in told
    axe(officer)

    # The licence is on the phone, its QR code leads to a page that says it is genuine; the resident rates.
    phone.goto(mine)
    axe(phone)
    with phone.expect_download() as download:
        phone.get_by_role("link", name="下载（PDF）").first.click()
    address = qr_code_of(Path(download.value.path()))
    assert address.startswith(f"{product.url}/verify/")
    stranger.goto(address)
    expect(stranger.get_by_text("有效").first).to_be_visible()
    axe(stranger)
    phone.goto(mine)
    follow(phone, "去评价")
    phone.locator("main input[type=radio]").first.check(force=True)
    go(phone.locator("main button[type=submit]").first)
    phone.goto(mine)
    expect(phone.get_by_text("您的评价")).to_be_visible()


def give_papers(page: Page, photo: Path) -> None:
    """Every paper that is asked for, one after the other."""
    assert "/materials/" in page.url
    papers = [link.get_attribute("href") for link in page.locator("main .task-list a, main ul a").all()]
    for address in [one for one in papers if re.search(r"/materials/\d+/$", one or "")]:
        page.goto(address)
        page.locator("input[type=file]").set_input_files(photo)
        press(page, "上传")
        page.wait_for_url(lambda there, here=address: not there.endswith(here))
    page.goto(re.sub(r"materials/.*", "materials/", page.url))


def ask_progress(page: Page, number: str, code: str) -> None:
    page.goto("/progress/")
    page.locator("main input[name=number]").fill(number)
    page.locator("main input[name=code]").fill(code)
    go(page.locator("main button[type=submit]").last)


def ledger_of(page: Page, clock: str) -> None:
    row = page.locator("tr", has_text=clock).first
    go(row.get_by_role("link").first)


def qr_code_of(path: Path) -> str:
    """What the QR code on the first page of a PDF says, read by a program that is not ours."""
    import pypdfium2

    page = pypdfium2.PdfDocument(path)[0]
    picture = Image.open(BytesIO(_png(page)))
    return zxingcpp.read_barcodes(picture)[0].text


def _png(page) -> bytes:
    buffer = BytesIO()
    page.render(scale=3).to_pil().save(buffer, "PNG")
    return buffer.getvalue()

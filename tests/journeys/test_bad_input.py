"""What goes wrong is said in a sentence that tells what to do, with the right status, and nothing is lost."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import enter
from tests.journeys.people import PHOTO, apply_for, ask_progress, file_online, fill_in, go, open_case, press, send, told

A_PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
BAD = {
    "a programme": ({"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": b"MZ\x90\x00" + b"\0" * 4000}, 415, 422),
    "half a photo": ({**PHOTO, "name": "半张.jpg", "buffer": PHOTO["buffer"][:2000]}, 415, 422),
    "half a document": ({"name": "合同.pdf", "mimeType": "application/pdf", "buffer": A_PDF}, 415, 422),
    "another name": ({"name": "合同.pdf", "mimeType": "application/pdf", "buffer": PHOTO["buffer"]}, 415, 422),
    "nothing": ({"name": "空.jpg", "mimeType": "image/jpeg", "buffer": b""}, 415, 422),
    "too much": (
        {"name": "录像.jpg", "mimeType": "image/jpeg", "buffer": PHOTO["buffer"] + b"\0" * 21_000_000},
        413,
        413,
    ),
}


def upload(page: Page, file: object) -> int:
    """Send one file; returns the status of the answer."""
    page.locator("main input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        press(page, "上传")
    expect(page.get_by_role("alert").first).to_be_visible()
    return answer.value.status


def test_files_that_are_not_taken(open_page, axe):
    phone = open_page(width=360, sign_in="Resident")
    apply_for(phone, "residence-permit")
    material = next(link.get_attribute("href") for link in phone.locator("main a[href*='/materials/']").all())
    phone.goto(material)
    phone.locator("main input[type=file]").set_input_files(PHOTO)
    press(phone, "上传，还要继续加")
    expect(phone.get_by_role("link", name="证明材料.jpg").first).to_be_visible()
    for words, (file, *statuses) in BAD.items():
        assert upload(phone, file) in statuses, words
        assert re.search(r"[\u4e00-\u9fff]{4,}", phone.get_by_role("alert").first.inner_text()), words
        axe(phone)
        # What was given before is still there.
        phone.goto(material)
        expect(phone.get_by_role("link", name="证明材料.jpg").first).to_be_visible()
        assert len(phone.locator("main .hall-files li").all()) == 1, words


def test_two_officials_on_one_case(open_page, axe):
    phone = open_page(width=360, sign_in="Resident")
    number, code = file_online(phone, "residence-permit")
    first, second = open_page(sign_in="Window clerk"), open_page(sign_in="Window clerk")
    for clerk in (first, second):
        open_case(clerk, number)
    press(first, "收件")
    expect(first.get_by_text("已收件").first).to_be_visible()
    refused(second, lambda: press(second, "收件"), 409)
    axe(second)

    # Both have the page on which it can be accepted; the second is told that somebody was faster.
    open_case(first, number)
    press(first, "全部合格")
    expect(first.get_by_text("材料核验结果已保存。")).to_be_visible()
    open_case(second, number)
    press(first, "受理并转办")
    expect(first.get_by_text("已受理并转到承办部门。")).to_be_visible()
    refused(second, lambda: press(second, "受理并转办"), 409)
    ask_progress(phone, number, code)
    assert told(phone).count("受理通知书") <= 2


def refused(page: Page, act: Callable[[], None], status: int) -> None:
    """An act that is refused with a sentence and this status."""
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        act()
    assert answer.value.status == status
    page.wait_for_load_state()
    assert re.search(r"刷新|其他人|已被|别人|重新|不能", told(page)), told(page)[:300]


def test_an_address_typed_by_hand(open_page, axe):
    phone = open_page(width=360, sign_in="Resident")
    number, code = file_online(phone, "residence-permit")
    clerk = open_page(sign_in="Window clerk")
    open_case(clerk, number)
    case = clerk.url
    press(clerk, "收件")
    expect(clerk.get_by_text("已收件").first).to_be_visible()
    state = clerk.locator("main .tag").first.inner_text()

    # A page of an action that the present phase does not allow says why, and has no form.
    for key in ("deliver", "decide", "certify", "archive", "resume"):
        clerk.goto(f"{case}do/{key}/")
        assert not clerk.locator("form[data-act]").count(), key
        assert re.search(r"不能|没有|由", told(clerk)), key
    axe(clerk)
    token = clerk.context.request.get(case).text()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', token).group(1)
    for key, more in (("deliver", {"method": "pickup", "recipient": "王"}), ("archive", {}), ("accept", {})):
        form = {"csrfmiddlewaretoken": token, "seen": "1", **more}
        answer = clerk.context.request.post(f"{case}do/{key}/", form=form, headers={"referer": case})
        assert answer.status in (403, 409, 422), (key, answer.status)
    clerk.goto(case)
    assert clerk.locator("main .tag").first.inner_text() == state
    assert clerk.goto(f"{case}do/explode/").status == 404
    assert clerk.goto("/cases/9999999/").status == 404
    expect(clerk.get_by_role("heading", name="没有找到")).to_be_visible()

    # A resident has no business on the officials' pages, a clerk none with the accounts.
    assert phone.goto(case).status in (403, 404)
    axe(phone)
    assert clerk.goto("/authority/").status == 403
    axe(clerk)


def test_forged_numbers(open_page, axe):
    visitor = open_page(width=360)
    for number, code in (("431321-260921-00001-0", "AAAAAAAA"), ("abc", "???"), ("4313212609210000", "A")):
        ask_progress(visitor, number, code)
        expect(visitor.get_by_role("alert")).to_be_visible()
        assert visitor.get_by_label("办件编号").input_value() == number
    axe(visitor)
    visitor.goto("/verify/")
    visitor.get_by_label("验证码或证号").fill("ABCD1234EFGH")
    go(visitor.get_by_role("button", name="验证", exact=True))
    expect(visitor.get_by_role("heading", name="没有查到")).to_be_visible()
    axe(visitor)
    for address in ("/papers/1.pdf", "/progress/1/", "/files/00000000-0000-4000-8000-000000000000/", "/my/cases/1/"):
        answer = visitor.context.request.get(address, max_redirects=0)
        assert answer.status in (302, 403, 404), address


def test_signed_out_in_the_middle_of_a_form(open_page, product):
    phone = open_page(width=360, sign_in="Resident")
    phone.goto("/apply/residence-permit/")
    phone.locator("main input[type=radio]").first.check()
    press(phone, "开始填写")
    fill_in(phone, {})
    press(phone, "继续")
    here = phone.url
    fill_in(phone, {})
    phone.context.clear_cookies(name="sessionid")
    press(phone, "继续")
    phone.wait_for_url("**/account/login/**")
    phone.locator("input[name=login]:visible").fill(product.account("Resident").login)
    phone.locator("input[name=password]:visible").fill(product.account("Resident").password)
    send(phone.locator("input[name=password]:visible"))
    phone.wait_for_url(here)
    # The page before was kept; the way goes on where it broke off.
    fill_in(phone, {})
    press(phone, "继续")
    phone.wait_for_url(lambda address: address != here)
    stranger = open_page(width=360)
    enter(stranger, product.account("Enterprise head"))
    assert stranger.goto(here).status == 404

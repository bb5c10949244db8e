"""What the people of the stories do on most of their ways, found by what stands on the page."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from PIL import Image
from playwright.sync_api import Error, JSHandle, Locator, Page, expect

PATIENCE_SECONDS = 60
NUMBER = re.compile(r"431321-\d{6}-\d{5}-\w")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _photo() -> bytes:
    """A picture as a phone takes it."""
    buffer = BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


PHOTO: Any = {"name": "证明材料.jpg", "mimeType": "image/jpeg", "buffer": _photo()}


def resident_id(first: str) -> str:
    """An identity number of 17 digits with its check character (GB 11643)."""
    return first + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, WEIGHTS, strict=True)) % 11]


@contextmanager
def arriving(page: Page) -> Iterator[None]:
    """What is done inside leads to another page; go on once that has arrived. A click only begins the way: until then the old page
    is still there to be looked at, and going elsewhere would take back what was sent. An upload that shows its progress
    writes the answer in the place of the page, so a browser tells of no navigation: the old page's root is watched instead.
    """
    before = page.evaluate_handle("document.documentElement")
    until = time.monotonic() + PATIENCE_SECONDS
    yield
    while not (_gone(before) and _complete(page)):
        assert time.monotonic() < until, f"nothing came after {page.url}:\n{told(page)}"
        page.wait_for_timeout(20)


def _gone(root: JSHandle) -> bool:
    try:
        return not root.evaluate("root => root.isConnected")
    except Error:  # its page has ended
        return True


def _complete(page: Page) -> bool:
    try:
        return bool(page.evaluate("document.readyState === 'complete'"))
    except Error:  # between two pages
        return False


def go(there: Locator) -> None:
    """Press what leads to another page, and be there."""
    with arriving(there.page):
        there.click()


def send(box: Locator) -> None:
    """Send the form of a box with the Enter key, and be on the page that answers."""
    with arriving(box.page):
        box.press("Enter")


def press(page: Page, words: str) -> None:
    go(page.get_by_role("button", name=words).first)


def follow(page: Page, words: str) -> None:
    go(page.get_by_role("link", name=words).first)


def go_on(page: Page) -> None:
    """To the next page of a form."""
    before = page.url
    press(page, "继续")
    assert page.url != before, told(page)


def fill_in(page: Page, answers: dict[str, str]) -> None:
    """Answer every question on the page that is still open; `answers` by the name of the question."""
    for box in page.locator("main").locator("input:visible, textarea:visible, select:visible").all():
        _fill_one(box, answers)
    for name in {one.get_attribute("name") for one in page.locator("main input[type=radio]:visible").all()}:
        group = page.locator(f"main input[type=radio][name='{name}']")
        if not any(one.is_checked() for one in group.all()):
            group.first.check()


def _fill_one(box: Locator, answers: dict[str, str]) -> None:
    name, kind = box.get_attribute("name") or "", box.get_attribute("type") or ""
    if kind in ("hidden", "submit", "radio", "checkbox", "search", "file"):
        return
    if box.evaluate("one => one.tagName") == "SELECT":
        if not box.input_value():
            box.select_option(index=1)
    elif not box.input_value():
        box.fill(answers.get(name, _plausible(name, kind, box.get_attribute("inputmode") or "")))


def _plausible(name: str, kind: str, keys: str) -> str:
    if kind == "date":
        return "2026-08-01"
    if "phone" in name:
        return "13800001234"
    return "6" if keys in ("numeric", "decimal") else "永丰街道国藩路88号"


def apply_for(
    page: Page, key: str, *, on_behalf: str = "", answers: dict[str, str] | None = None, each: Any = None
) -> None:
    """From “start” to the list of materials; `each` looks at every page on the way."""
    page.goto(f"/apply/{key}/")
    if on_behalf:
        page.get_by_role("radio", name=re.compile(on_behalf)).check()
    elif page.locator("main input[type=radio]").count():
        page.locator("main input[type=radio]").first.check()
    towns = page.locator("main select[name=township]")
    if towns.count():
        towns.select_option(index=1)
    press(page, "开始填写")
    while "/page/" in page.url:
        fill_in(page, answers or {})
        if each:
            each(page)
        go_on(page)


def give_papers(page: Page, each: Any = None) -> None:
    """Every paper that is asked for, one after the other."""
    papers = [link.get_attribute("href") or "" for link in page.locator("main a").all()]
    listed = page.url
    for address in dict.fromkeys(one for one in papers if re.search(r"/materials/\d+/$", one)):
        page.goto(address)
        page.locator("main input[type=file]").set_input_files(PHOTO)
        if each:
            each(page)
        press(page, "上传")
        expect(page.get_by_text(re.compile("已上传\\d+个文件")).first).to_be_visible()
    page.goto(listed)


def submit(page: Page) -> tuple[str, str]:
    """Check the answers, declare, submit; returns the number and the query code."""
    follow(page, "继续")
    page.get_by_role("checkbox").check()
    press(page, "提交申请")
    expect(page.get_by_role("heading", name="申请已提交")).to_be_visible()
    found = NUMBER.search(page.locator("main").inner_text())
    assert found
    return found.group(), page.locator(".hall-code").inner_text()


def file_online(page: Page, key: str, **more: Any) -> tuple[str, str]:
    """A whole application; the page shows the receipt afterwards."""
    apply_for(page, key, **more)
    give_papers(page)
    return submit(page)


def open_case(page: Page, number: str) -> None:
    """An official finds a case by its number."""
    page.goto(f"/cases/?scope=all&q={number}")
    go(page.get_by_role("link", name=number).first)


def ask_progress(page: Page, number: str, code: str) -> None:
    """Anybody with the receipt asks how it stands."""
    page.goto("/progress/")
    page.get_by_label("办件编号").fill(number)
    page.get_by_label("查询码").fill(code)
    go(page.get_by_role("button", name="查询", exact=True))


def told(page: Page) -> str:
    """What the page says."""
    return page.locator("main").inner_text()

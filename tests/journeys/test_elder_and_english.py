"""The main pages of a citizen in large type and in English, on a phone."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.people import NUMBER, go

SMALL = 60 - 0.5
BUTTONS = "button, input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), select, .choice, .button"
FRAGMENTS = Path(__file__).resolve().parents[2] / "src" / "zhengtong" / "locale" / "en"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def own_words() -> list[re.Pattern[str]]:
    """Every Chinese sentence of the product, as it would look on a page: what stands in its place may be anything."""
    found = []
    for path in FRAGMENTS.glob("*.po"):
        for quoted in re.findall(r'^msgid ((?:"[^\n]*"\s*)+)', path.read_text(encoding="utf-8"), re.MULTILINE):
            words = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', quoted)).replace('\\"', '"').strip()
            pieces = re.split(r"%\(\w+\)[sd]|\{\w*\}|<[^>]+>", words)
            if max(len(CHINESE.findall(piece)) for piece in pieces) >= 2:
                found.append(re.compile(".*?".join(re.escape(piece) for piece in pieces)))
    return found


def find_pages(page: Page) -> list[str]:
    """The way of a citizen, page by page: without an account, at the form, with a case."""
    page.goto("/my/?tab=all")
    cases = re.findall(r'href="(/my/cases/\d+/)"', page.content())
    found = []
    for address in cases:
        page.goto(address)
        text = page.content()
        wanted = [
            *re.findall(rf'href="({address}(?:clock/\d+|rate|withdraw)/)"', text),
            *re.findall(r'href="(/verify/\w+)"', text),
        ]
        if wanted:
            found += [address, *wanted[:3]]
        if len(found) > 6:
            break
    page.goto("/apply/residence-permit/")
    page.locator("main input[type=radio]").first.check()
    go(page.locator("main form button[type=submit]").last)
    page.wait_for_url("**/page/**")
    form = re.search(r"/apply/case/\d+/", page.url).group()
    application = [f"{form}page/{re.search('/page/([^/]+)/', page.url).group(1)}/"]
    application += [f"{form}materials/", f"{form}materials/2/", f"{form}check/"]
    page.goto("/my/inbox/")
    notices = re.findall(r'href="(/my/inbox/\d+/)"', page.content())[:1]
    return [
        "/",
        "/services/?q=residence",
        "/services/residence-permit/",
        "/services/residence-permit/eligible/",
        "/apply/residence-permit/",
        *application,
        "/my/",
        *found,
        "/my/inbox/",
        *notices,
        "/progress/",
        "/verify/",
        "/account/",
        "/account/contact/",
        "/account/mandates/new/",
        "/account/enterprises/new/",
        "/my/reads/",
    ]


def small_targets(page: Page) -> list[str]:
    """Things to press that are lower than 60 px; a link inside a sentence is text."""
    found = (
        page.locator("main")
        .locator(BUTTONS)
        .evaluate_all(
            "all => all.filter(e => e.checkVisibility() && !e.closest('.visually-hidden'))"
            ".map(e => [e.tagName + ' ' + e.className + ' ' + (e.innerText || e.name || '').slice(0, 20), e.getBoundingClientRect().height])"
        )
    )
    return [f"{name}: {height:.0f} px" for name, height in found if height < SMALL]


def left_in_chinese(page: Page, own: list[re.Pattern[str]]) -> list[str]:
    """Sentences of the product that a reader of English meets in Chinese; names, laws and what people wrote stay."""
    texts = page.locator("body").evaluate(
        """body => {
            const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT), found = [];
            while (walker.nextNode()) {
                const node = walker.currentNode, element = node.parentElement;
                if (element.checkVisibility() && !element.closest('[lang^=zh]') && !element.closest('script, style'))
                    found.push(node.textContent.trim());
            }
            for (const one of document.querySelectorAll('[placeholder], [aria-label], [title], [alt]'))
                for (const name of ['placeholder', 'aria-label', 'title', 'alt']) found.push(one.getAttribute(name) || '');
            found.push(document.title);
            return found;
        }"""
    )
    chinese = {text for text in texts if CHINESE.search(text)}
    return sorted(text for text in chinese if any(one.fullmatch(text) for one in own))


def test_in_large_type(open_page, axe, fits):
    page = open_page(width=360, sign_in="Resident")
    addresses = find_pages(page)
    page.goto("/?ui=elder")
    assert page.locator("html").get_attribute("data-ui") == "elder"
    small = {}
    for address in addresses:
        page.goto(address)
        axe(page)
        fits(page)
        if found := small_targets(page):
            small[address] = found
    assert small == {}
    page.goto("/?ui=normal")
    assert page.locator("html").get_attribute("data-ui") == "normal"


def test_in_english(open_page, axe, fits):
    page = open_page(width=360, sign_in="Resident", language="en-GB")
    left, own = {}, own_words()
    assert len(own) > 1000
    for address in find_pages(page):
        page.goto(address)
        axe(page)
        fits(page)
        if found := left_in_chinese(page, own):
            left[address] = found
    assert left == {}, "\n".join(f"{address}: {words}" for address, words in left.items())


def test_a_visitor_reads_english(open_page, axe, fits):
    page, own = open_page(width=360, language="en-GB"), own_words()
    for address in (
        "/",
        "/services/",
        "/services/food-business-licence/",
        "/account/login/",
        "/account/signup/",
        "/progress/",
    ):
        page.goto(address)
        axe(page)
        fits(page)
        assert left_in_chinese(page, own) == [], address
    page.goto("/progress/")
    page.locator("main input[name=number]").fill("431321-260921-00001-1")
    page.locator("main input[name=code]").fill("AAAAAAAA")
    go(page.get_by_role("button", name="Check").or_(page.locator("main form button[type=submit]")).last)
    expect(page.get_by_role("alert")).to_be_visible()
    assert left_in_chinese(page, own) == []
    assert NUMBER.search(page.locator("main input[name=number]").input_value())

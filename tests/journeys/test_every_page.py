"""Every page there is, opened by somebody who may open it.

Each role goes from link to link, one example of every kind of page. All of them answer with one heading and a title; the
first example of every kind is looked at on a phone and at a desk, in Chinese, in English and in the elders' edition. At the
end every route of the product was seen, or stands in `NOT_OPENED` with the reason.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.conftest import DESKTOP, PHONE, TABLET, Product, Watch, enter
from tests.journeys.people import go

ROLES = (
    "Resident",
    "Enterprise head",
    "Lead department",
    "Window clerk",
    "Township window",
    "承办 Officer",
    "勘验一",
    "Section head",
    "Approver",
    "Certificates",
    "Department head",
    "Matter editor",
    "County office",
    "申请退款",
    "Supervisor",
    "County head",
    "Auditor",
    "Security administrator",
    "系统管理员",
)
STATES = [
    "submitted",
    "pre_review",
    "supplement_pending",
    "received",
    "accepted",
    "in_process",
    "suspended",
    "decided",
    "certified",
    "delivered",
    "archived",
    "not_accepted",
]
POSTED = "only answers a form"
NOT_OPENED = {
    "account/enterprises/<int:enterprise_id>/members/<int:member_id>/end/": POSTED,
    "account/mandates/<int:mandate_id>/revoke/": POSTED,
    "account/login/province/": "only where a province is connected: its journey",
    "account/login/province/back/": "only where a province is connected: its journey",
    "account/login/province/finish/": "only where a province is connected: its journey",
    "pki/keys/renew/": POSTED,
    "pki/keys/renew/<int:number>/confirm/": POSTED,
    "pki/keys/renew/<int:number>/withdraw/": POSTED,
    "vault/rotate/": POSTED,
    "vault/retention/changes/<int:number>/": POSTED,
    "vault/erasures/<int:number>/": "only after somebody asked: tests of the vault",
    "audit/log/changes": "text for witnesses",
    "window/amend/": POSTED,
    "my/cases/<int:case_id>/amend/": POSTED,
    "one/apply/<int:joint_id>/materials/": "only when every question is answered: the journeys of one thing",
    "one/apply/<int:joint_id>/materials/<int:no>/": "only when every question is answered: the journeys of one thing",
    "one/apply/<int:joint_id>/check/": "only when every paper is there: the journeys of one thing",
    "progress/<int:case_id>/rate/": "only while it may be rated: tests of the ratings",
    "account/email/": "leads back to the account",
    "account/inactive/": "only shown to somebody whose account was closed while signing in",
    "account/reauthenticate/": "leads on when the person has just signed in",
    "account/password/set/": "leads to the change of the password: everybody has one",
    "account/password/reset/key/done/": "needs the link of a letter: tests of the accounts",
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "needs the link of a letter: tests of the accounts",
    "account/factors/authenticate/": "needs a second factor at sign-in: tests of the accounts",
    "account/factors/reauthenticate/": "needs a second factor: tests of the accounts",
    "account/factors/totp/deactivate/": "needs a second factor: tests of the accounts",
    "account/factors/recovery-codes/": "needs a second factor: tests of the accounts",
    "account/factors/recovery-codes/generate/": "needs a second factor: tests of the accounts",
    "account/factors/recovery-codes/download/": "needs a second factor: tests of the accounts",
    "account/factors/webauthn/reauthenticate/": "needs a passkey: tests of the accounts",
    "account/factors/webauthn/keys/<int:pk>/remove/": "needs a passkey: tests of the accounts",
    "account/factors/webauthn/keys/<int:pk>/edit/": "needs a passkey: tests of the accounts",
    "account/factors/webauthn/login/": "JSON for the script of the sign-in page",
    "authority/<int:user_id>/reopen/": POSTED,
    "authority/<int:user_id>/reset-password/": POSTED,
    "authority/<int:user_id>/reset-factors/": POSTED,
    "authority/grants/<int:grant_id>/confirm/": POSTED,
    "authority/grants/<int:grant_id>/revoke/": POSTED,
    "authority/memberships/<int:membership_id>/end/": POSTED,
    "calendars/begin/": POSTED,
    "organizations/<slug:code>/members/<int:membership_id>/end/": POSTED,
    "my/inbox/read/": POSTED,
    "office/deliveries/events/<int:delivery_id>/retry/": POSTED,
    "office/deliveries/notices/<int:delivery_id>/retry/": POSTED,
    "catalogue/import/<int:import_id>/": "needs an uploaded table: tests of the matters",
    "catalogue/versions/<int:version_id>/submit/": POSTED,
    "catalogue/versions/<int:version_id>/discard/": POSTED,
    "catalogue/versions/<int:version_id>/edit/<slug:section_key>/check/": POSTED,
    "catalogue/<slug:key>/revise/": POSTED,
    "cases/<int:case_id>/judge/": POSTED,
    "projects/templates/<slug:key>/revise/": POSTED,
    "projects/templates/versions/<int:version_id>/compare/": "needs a second version: tests of the templates",
    "one/apply/<int:joint_id>/": "leads on to the page to fill in",
    "projects/import/<int:import_id>/": "needs an uploaded table: tests of the projects",
    "pay/notify/<slug:provider>/": "for providers: tests of the fees",
    "pay/<slug:code>/begin/": POSTED,
    "pay/<slug:code>/back/<slug:number>/": "leads back to the bill",
    "pay/local/<str:token>/": "only after a payment was begun: tests of the fees",
    "bills/differences/<int:difference_id>/": "only where a statement differs: tests of the fees",
    "bills/<int:bill_id>/lines/<int:line_id>/assess/": "only on a draft of one's own body: tests of the fees",
    "bills/<int:bill_id>/lines/<int:line_id>/reduce/": "only on an unpaid line of one's own body: tests of the fees",
    "bills/<int:bill_id>/correct/": "only on an unpaid bill of one's own body: tests of the fees",
    "bills/<int:bill_id>/cancel/": "only on an unpaid bill of one's own body: tests of the fees",
    "bills/<int:bill_id>/collect/": "only on an unpaid bill: tests of the fees",
    "bills/<int:bill_id>/refund/<int:share_id>/": "only on a paid line: tests of the fees",
    "window/begin/": POSTED,
    "window/<int:case_id>/materials/<int:material_no>/": POSTED,
    "apply/case/<int:case_id>/files/<uuid:public_id>/remove/": POSTED,
    "apply/case/<int:case_id>/": "leads on to the page to fill in",
    "account/sessions/end-others/": POSTED,
    "account/recovery/<int:number>/": "only while somebody stands at the window: tests of the accounts",
    "account/recovery/<int:number>/confirm/": POSTED,
    "account/sessions/<int:session_id>/end/": POSTED,
    "account/systems/<str:client_id>/end/": POSTED,
    "account/clients/<str:client_id>/close/": POSTED,
    "audit/log/cosign": POSTED,
    "identity/authorize/": "for programs, with a request of their own: tests of the provider",
    "identity/token/": "for programs: tests of the provider",
    "identity/revoke/": "for programs: tests of the provider",
    "identity/userinfo/": "for programs: tests of the provider",
    ".well-known/openid-configuration": "JSON: tests of the provider",
    ".well-known/jwks.json": "JSON: tests of the provider",
    "pki/crl/<str:shard>.crl": "for programs: tests of the certificates",
    "pki/ocsp/": "for programs: tests of the certificates",
    "pki/trust.json": "JSON: tests of the certificates",
    "pki/ca/<str:name>.cer": "for programs: tests of the certificates",
    "audit/entries/<int:seq>/proof/": "a file: tests of the audit",
    "audit/entries/<int:seq>/stamped-proof/": "a file: tests of the audit",
    "audit/log/checkpoint": "for witnesses: tests of the audit",
    "audit/log/checkpoint/<int:size>": "a file: tests of the audit",
    "audit/log/checkpoint/<int:size>/p256.tst": "a file: tests of the audit",
    "audit/log/checkpoint/<int:size>/sm2.tst": "a file: tests of the audit",
    "audit/log/key": "for witnesses: tests of the audit",
    "audit/log/consistency/<int:old>/<int:new>": "for witnesses: tests of the audit",
    "audit/log/tile/<path:path>": "for witnesses: tests of the audit",
    "my/reads/<int:seq>/qr.png": "a picture: tests of the audit",
    "tsa/<stamp_algorithm:algorithm>/": "for programs: tests of the time stamps",
    "api/openapi.json": "JSON: tests of the hall",
    "account/factors/webauthn/": "needs a passkey: tests of the accounts",
    "rate/<str:token>/": "needs a single-use link: the journey of a bad rating",
    "my/ratings/<int:rating_id>/": "only for who rated: tests of the ratings",
    "ratings/thanks/": "only after a rating: the journey of a bad rating",
    "my/ratings/<int:rating_id>/again/": "only after an answer: tests of the ratings",
    "my/ratings/<int:rating_id>/object/": "only while it is disputed: tests of the ratings",
    "supervision/rules/begin/": POSTED,
    "supervision/rules/<int:rule_set_id>/publish/": POSTED,
    "supervision/rules/<int:rule_set_id>/discard/": POSTED,
    "api/": "the root of the API has no page",
    "api/matters": "JSON: tests of the hall",
    "api/matters/<key>": "JSON: tests of the hall",
    "api/progress": "JSON: tests of the hall",
    "api/verification/<code>": "JSON: tests of the hall",
}
SEVERAL = {
    "cases/<int:case_id>/": 14,
    "my/cases/<int:case_id>/": 12,
    "bills/<int:bill_id>/": 4,
    "projects/<int:project_id>/": 6,
}
"""How many examples a role opens of a kind of page whose links differ from one to the next; one of all others."""
LEAVES = ("/static/",)
PAPERS = (".pdf", ".zip", ".csv", ".xlsx", ".json", "/files/")


@dataclass
class Seen:
    """What was opened so far: routes by anybody, kinds of pages looked at, and what was wrong."""

    routes: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen() -> Seen:
    return Seen()


def kind_of(address: str) -> tuple[str, str]:
    """(route, kind): pages of one kind look alike; the forms of actions and of sections each are a kind of their own."""
    parts = urlsplit(address)
    match = resolve(parts.path)
    names = ("key", "section_key", "action") if not match.route.startswith(("services", "apply", "catalogue/<")) else ()
    chosen = [str(match.kwargs[name]) for name in names if name in match.kwargs]
    queries = sorted(key for key, _value in parse_qsl(parts.query) if key in ("print", "tab", "scope"))
    return match.route, " ".join([match.route, *chosen, *queries])


def links_of(address: str, text: str) -> Iterator[str]:
    """The product's own pages this page links to."""
    for found in re.findall(r'<a\b[^>]*?\bhref="([^"]+)"', text):
        target = urldefrag(urljoin(address, html.unescape(found)))[0]
        if target.startswith(("http", "/")) and not re.search(r"[?&](lang|ui|contrast|page)=", target):
            yield target


class Walk:
    """One role going from link to link."""

    def __init__(self, product: Product, context: BrowserContext, seen: Seen, who: str) -> None:
        self.product, self.context, self.seen, self.who = product, context, seen, who
        self.opened: dict[str, int] = {}
        self.known: set[str] = set()
        self.waiting: list[str] = []
        self.fresh: list[str] = []

    def add(self, *addresses: str) -> None:
        """Open these too, when no page of the kind was opened yet."""
        for one in addresses:
            address = urljoin(self.product.url, one)
            path = urlsplit(address).path
            if address.startswith(self.product.url) and address not in self.known and not path.startswith(LEAVES):
                self.known.add(address)
                self.waiting.append(address)

    def go(self) -> None:
        """Open what waits, and what it leads to."""
        while self.waiting:
            address = self.waiting.pop(0)
            try:
                route, kind = kind_of(address)
            except Resolver404:
                self.problem(address, "a link to a page that does not exist")
                continue
            if self.opened.get(kind, 0) < SEVERAL.get(route, 1) or "state=" in address:
                self.opened[kind] = self.opened.get(kind, 0) + 1
                self.open(address, route, kind)

    def open(self, address: str, route: str, kind: str) -> None:
        """One page: it answers, it has a heading and a title; its links wait."""
        answer = self.context.request.get(address)
        self.seen.routes.add(route)
        if answer.status != 200:
            self.problem(address, f"status {answer.status}")
            return
        if "text/html" not in answer.headers["content-type"]:
            return
        text, landed = answer.text(), answer.url
        self.seen.routes.add(kind_of(landed)[0])
        if len(re.findall(r"<h1\b", text)) != 1:
            self.problem(address, f"{len(re.findall(r'<h1', text))} headings of the first level")
        if not re.search(r"<title>[^<]*\w[^<]*</title>", text):
            self.problem(address, "no title")
        landed_kind = kind_of(landed)[1]
        if landed_kind not in self.seen.kinds:
            self.seen.kinds.add(landed_kind)
            self.fresh.append(landed)
        self.add(*links_of(landed, text))

    def problem(self, address: str, words: str) -> None:
        self.seen.problems.append(f"{self.who}: {address}: {words}")


def look(
    page: Page, addresses: list[str], checks: list[Callable[[Page], None]], sizes: list[dict[str, int]]
) -> list[str]:
    """Look at each page at each size; returns what was wrong."""
    problems = []
    for address in addresses:
        page.goto(address, wait_until="load")
        for size in sizes:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for check in checks:
                try:
                    check(page)
                except AssertionError as found:
                    problems.append(f"{size['width']} px: {str(found).splitlines()[0]} … {str(found)[-300:]}")
    return problems


def open_context(browser: Browser, product: Product, watch: Watch, state: object = None, **cookies: str) -> Page:
    context = browser.new_context(
        base_url=product.url,
        viewport=PHONE,
        timezone_id="Asia/Shanghai",
        storage_state=state,  # type: ignore[arg-type]
    )
    context.add_cookies([{"name": name, "value": value, "url": product.url} for name, value in cookies.items()])
    page = context.new_page()
    watch.on(page)
    return page


@pytest.mark.parametrize("role", ["", *ROLES], ids=lambda role: role or "visitor")
def test_every_page_of(role, product, browser, seen, axe, fits):
    watch = Watch()
    page = open_context(browser, product, watch)
    if role:
        enter(page, product.account(role))
    walk = Walk(product, page.context, seen, role or "visitor")
    walk.add(*PREPARED.get(role, lambda page: [])(page))
    walk.add("/", "/desk/", "/my/", "/demo/") if role else walk.add(
        "/",
        "/demo/",
        "/account/signup/",
        "/account/login/",
        "/account/password/reset/done/",
        "/design/",
        "/design/question/",
        "/design/paper/",
    )
    if role and role not in ROLES[:2] and "cases" in page.content():
        walk.add(*(f"/cases/?scope=all&state={state}" for state in STATES))
    if role in ROLES[2:]:
        walk.known.update(urljoin(product.url, one) for one in ("/my/",))
        walk.waiting = [one for one in walk.waiting if not one.endswith("/my/")]
    elif role:
        walk.waiting = [one for one in walk.waiting if not one.endswith("/desk/")]
    walk.go()
    state = page.context.storage_state()
    problems = look(page, walk.fresh, [axe, fits], [PHONE, DESKTOP])
    english = open_context(browser, product, watch, state, django_language="en")
    # The same elements with other words: what may differ is their width.
    problems += look(english, walk.fresh, [fits], [PHONE, TABLET])
    elder = open_context(browser, product, watch, state, ui="elder")
    problems += look(elder, walk.fresh, [axe, fits], [PHONE])
    for one in (page, english, elder):
        one.context.close()
    mine = [one for one in seen.problems if one.startswith(walk.who)] + problems + watch.problems
    assert mine == [], "\n".join(mine)


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Every route, as the resolver writes it."""
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern):
            yield before + str(one.pattern)
        else:
            yield from routes(one, before + str(one.pattern))


def test_no_page_was_left_out(seen):
    if not seen.routes:
        pytest.fail("run it together with the walks above")
    left = [route for route in routes(get_resolver()) if route not in seen.routes and route not in NOT_OPENED]
    assert not left, "\n".join(left)


# --- What must exist before it can be opened ------------------------------------------------------------------------


def a_draft_and_a_case(page: Page) -> list[str]:
    """A resident has begun an application, has submitted others, and follows one by its code."""
    page.goto("/apply/food-business-licence/")
    page.locator("main input[type=radio]").last.check()
    go(page.get_by_role("button", name="开始填写"))
    page.wait_for_url("**/page/**")
    number = re.search(r"/case/(\d+)/", page.url).group(1)
    found = [page.url, *(f"/apply/case/{number}/{part}/" for part in ("materials", "materials/1", "check"))]
    page.goto("/my/?tab=all")
    cases = re.findall(r'href="(/my/cases/\d+/)"', page.content())
    for address in cases[:3]:
        page.goto(address)
        code = page.locator("dt", has_text="查询码").locator("xpath=following-sibling::dd")
        if code.count() and page.locator("a[href*='/rate/']").count():
            break
    found.extend(["/account/welcome/", "/account/logout/"])
    number, code_words = re.search(r"431321-\d{6}-\d{5}-\w", page.content()).group(), code.inner_text()
    found.append(re.sub(r"/my/cases/(\d+)/", r"/apply/case/\1/done/", page.url))
    page.goto("/progress/")
    page.get_by_label("办件编号").fill(number)
    page.get_by_label("查询码").fill(code_words)
    go(page.get_by_role("button", name="查询", exact=True))
    page.wait_for_url(re.compile(r"/progress/\d+/"))
    return [*found, page.url, followed_by_code(page)]


def followed_by_code(page: Page) -> str:
    """One thing that was filed, followed by the number and code of its receipt."""
    page.goto("/projects/")
    mine = re.findall(r'href="(/projects/\d+/)"', page.content())
    page.goto(next(f"{one}receipt/" for one in mine if page.request.get(f"{one}receipt/").ok))
    number, code = (
        page.locator("dt", has_text=name).first.locator("xpath=following-sibling::dd").inner_text()
        for name in ("编号", "查询码")
    )
    page.goto("/progress/")
    page.get_by_label("办件编号").fill(number)
    page.get_by_label("查询码").fill(code)
    go(page.get_by_role("button", name="查询", exact=True))
    page.wait_for_url(re.compile(r"/progress/projects/\d+/"))
    return page.url


def a_person_at_the_window(page: Page) -> list[str]:
    """A clerk has taken down a person and begun a form for them."""
    page.goto("/window/")
    page.locator("summary", has_text="没有账号的办事人").click()
    page.get_by_label("姓名").fill("周新民")
    page.get_by_label("公民身份号码").fill("431321199001011230"[:17] + check_digit("43132119900101123"))
    go(page.get_by_role("button", name="登记并选择事项"))
    expect(page.get_by_role("heading", name="办什么事")).to_be_visible()
    go(page.get_by_role("button", name="填写").first)
    page.wait_for_url(re.compile(r"/window/\d+/"))
    return [page.url, "/window/matters/"]


def check_digit(first: str) -> str:
    """The 18th character of an identity number (GB 11643)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11]


def drafts_of_a_matter_and_a_template(page: Page) -> list[str]:
    """A matter editor has begun a new version of a matter, and of one thing that is done at once."""
    page.goto("/catalogue/food-business-licence/")
    go(page.get_by_role("button", name="修改（新建一版）"))
    page.wait_for_url("**/versions/**")
    matter = page.url
    page.goto("/projects/templates/open-a-restaurant/")
    go(page.get_by_role("button", name="修改（新建一版）"))
    page.wait_for_url("**/drafts/**")
    return [matter, page.url]


def a_second_factor(page: Page) -> list[str]:
    """The page on which an official sets one up."""
    return ["/account/second-factor/"]


def a_draft_of_rules(page: Page) -> list[str]:
    """A supervisor has begun a draft of the rules and replays a period against it."""
    page.goto("/supervision/rules/")
    page.locator("main input[type=radio]").last.check()
    go(page.get_by_role("button", name="开始起草"))
    page.wait_for_url(re.compile(r"/supervision/rules/\d+/"))
    draft = page.url
    page.goto(f"{draft}back-test/")
    go(page.locator("main form button[type=submit]").last)
    page.wait_for_url(re.compile(r"/supervision/back-tests/\d+/"))
    return [draft, page.url, "/supervision/stuck/"]  # the last is linked from the board while a clock is stuck


PREPARED: dict[str, Callable[[Page], list[str]]] = {
    "Resident": a_draft_and_a_case,
    "Window clerk": a_person_at_the_window,
    "Matter editor": drafts_of_a_matter_and_a_template,
    "Approver": a_second_factor,
    "Supervisor": a_draft_of_rules,
}

"""T-PI-4: whole numbers of a person are shown to staff only with a purpose on record; lists, searches, exports and logs hold masked ones.

Staff of every kind follow every link they are shown, from their desk on. Whenever a page, a table or a file names a planted identity
number, phone or address whole, this very request has written a read with its purpose and its legal basis into the audit log.
"""

import io
import re
import zipfile
from html import unescape
from urllib.parse import urldefrag, urljoin

import pytest
from django.test import Client

from tests.approvals.cases.play import Play, elements
from tests.factories import make_officer, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.notices.models import Notice
from zhengtong.security.audit.models import AuditEntry

ADDRESS = "双峰县永丰街道书院路七十七号三单元"
MOST_PAGES = 90
FORM = {
    "fields": [
        {"key": "shop", "label": "店名", "type": "text"},
        {"key": "area", "label": "面积", "type": "number"},
        {"key": "home", "label": "住址", "type": "address", "personal": True, "required": False},
        {"key": "contact", "label": "联系人电话", "type": "phone", "required": False},
        {"key": "partner", "label": "合伙人身份证号", "type": "resident_id", "required": False},
    ]
}


@pytest.fixture
def planted(small_county, deliver, caplog):
    """A person whose case is being worked on, and one whose delivered case got a bad rating with a phone of its own."""
    from zhengtong.security.accounts import public as accounts
    from zhengtong.security.vault.retention import operations as retention

    person, partner = make_resident(1, name="欧阳思远", address=ADDRESS), make_resident(2, name="赵敏")
    play = Play(small_county, person, form=FORM)

    def filed() -> None:
        play.draft()
        given = {"home": ADDRESS, "contact": "13955556666", "partner": str(partner.resident_id)}
        cases.save_answers(case_id=play.case.pk, answers=given, by=person, at=play.now)

    assert elements(form=FORM).form.fields[4].type == "resident_id"
    filed()
    cases.submit(case_id=play.case.pk, by=person, at=play.now)
    cases.receive(case_id=play.case.pk, by=small_county.window_officer, at=play.now)
    other = Play.__new__(Play)
    other.county, other.applicant, other.now, other.matter = small_county, person, play.now, play.matter
    other.case = None
    other.delivered()
    ratings.rate_case(case_id=other.case.pk, code=5, comment="等了很久", by=None, at=other.now, phone="13977778888")
    closed = make_resident(3)
    accounts.deactivate(user=closed, reason="request", by=None, at=play.now)
    retention.carry_out(at=other.now, machine=other.now)
    deliver(now=other.now)
    return [str(person.resident_id), str(person.phone), str(partner.resident_id), ADDRESS, "13955556666", "13977778888"]


def words_of(answer) -> str:
    """What the answer says, a workbook unpacked, without what the visitor typed themselves."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace")


def walk(client: Client, start: list[str]):
    """Every page behind the links, one example of a kind and four of what is numbered."""
    waiting, seen, kinds = list(start), set(), {}
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0)
        kind = re.sub(r"\d+", "N", address.split("?")[0])
        if address in seen or kinds.get(kind, 0) >= 4 or "logout" in address:
            continue
        seen.add(address)
        kinds[kind] = kinds.get(kind, 0) + 1
        before = AuditEntry.objects.count()
        answer = client.get(address)
        text = words_of(answer)
        fresh = list(AuditEntry.objects.order_by("pk")[before:])
        yield address, text, [one for one in fresh if one.purpose and one.basis]
        for link in re.findall(r'href="([^"#][^"]*)"', text):
            found = urldefrag(urljoin(address, unescape(link)))[0]
            if found.startswith("/") and not found.startswith(("/static/", "/account/factors", "/design")):
                waiting.append(found)


@pytest.mark.parametrize(
    "who",
    [
        "window_officer",
        "case_officer",
        "approver",
        "department_head",
        "county_office",
        "county_head",
        "auditor",
        "security",
    ],
)
def test_whole_values_are_shown_with_a_purpose_on_record_alone(small_county, planted, signed_in, who):
    user = getattr(small_county, who, None) or make_officer(
        "anquan", "周正", "security_admin", small_county.government, subtree=True
    )
    start = [
        "/desk/",
        "/cases/",
        "/cases/?q=欧阳思远",
        "/bills/",
        "/bills/export.csv",
        "/bills/export.xlsx",
        "/search/?q=欧阳",
    ]
    start += [
        "/cases/export.csv",
        "/ratings/orders/",
        "/authority/",
        "/vault/erasures/",
        "/vault/retention/",
        "/office/deliveries/",
    ]
    shown, pages, with_purpose = [], 0, set()
    for address, text, reads in walk(signed_in(user), start):
        pages += 1
        whole = [value for value in planted if value in text]
        if whole and not reads:
            shown.append((address, whole))
        with_purpose |= set(whole) if reads else set()
    assert shown == []
    assert pages > 8
    # The walk does see whole values where they are needed: who works on the case reads its answers, the department may call.
    if who == "case_officer":
        assert {ADDRESS, "13955556666"} <= with_purpose
    if who == "department_head":
        assert "13977778888" in with_purpose
    if who in ("county_head", "auditor", "security"):
        assert with_purpose == set()


def test_nothing_that_lies_about_holds_them(planted, caplog):
    """Outbox, audit log, notices' words and the program's own log: numbers of rows, never of people."""
    lying = str(list(OutboxEvent.objects.values_list("payload", flat=True)))
    lying += str(list(AuditEntry.objects.values_list("detail", flat=True)))
    lying += str(list(Notice.objects.values_list("params", "subject", "url")))
    lying += caplog.text
    assert [value for value in planted if value in lying] == []


def test_a_person_found_at_the_window_is_masked_and_the_look_up_on_record(small_county, planted, signed_in):
    number = planted[0]
    page = signed_in(small_county.window_officer).post("/window/", {"number": number}).content.decode()
    assert page.count(number) <= page.count(f'value="{number}"')  # only what the clerk typed
    assert planted[1] not in page
    assert ADDRESS not in page
    assert AuditEntry.objects.filter(
        actor_id=small_county.window_officer.pk, subject__startswith="user:", action="read"
    ).exists()

"""The officials' pages against forged addresses, wrong people, stale pages and bad uploads: a sentence, the right status, nothing changed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils import timezone

from tests.approvals.cases.play import Play, another
from tests.factories import at, make_body, make_officer, make_resident
from tests.foundation.files.samples import PDF
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import CaseEvent, Clock, Paper
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.identifiers import resident_id
from zhengtong.security.audit.models import AuditEntry
from zhengtong.security.pmi.middleware import access_of

pytestmark = pytest.mark.django_db
BIG = 9_223_372_036_854_775_808  # one more than a database number holds
FORGED = (0, 424242, BIG, 10**30)


@pytest.fixture(autouse=True)
def _county_time(settings: Any, db: None) -> Any:
    """The pages act on Tuesday 22 September 2026, whatever the machine's clock says."""
    settings.DEMO = True
    offset = round((at("2026-09-22 09:00") - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
    calendars.forget_demo_clock()
    yield
    calendars.forget_demo_clock()


@pytest.fixture
def clerk(signed_in: Any, small_county: Any) -> Client:
    return signed_in(small_county.window_officer)


@pytest.fixture
def officer(signed_in: Any, small_county: Any) -> Client:
    return signed_in(small_county.case_officer)


def row(case: Any) -> tuple:
    fresh = cases.get(case.pk)
    return (
        cases.Case.objects.filter(pk=case.pk).values().get(),
        CaseEvent.objects.filter(case=case).count(),
        Paper.objects.filter(case=case).count(),
        list(Clock.objects.filter(case=case).order_by("pk").values()),
        list(fresh.tasks.order_by("pk").values_list("state", flat=True)),
        list(fresh.checklist.order_by("pk").values_list("judgement", flat=True)),
        Attachment.objects.filter(removed_at__isnull=True).count(),
        Todo.objects.filter(done_at__isnull=True).count(),
    )


def words(response: Any) -> str:
    """The visible words of a page; a page of any status has a sentence and no machine talk."""
    text = response.content.decode()
    assert "Traceback" not in text
    assert "。" in text
    return text


def page_of(case: Any) -> str:
    return reverse("cases:case", args=[case.pk])


def act(case: Any, key: str, task: int | None = None) -> str:
    return reverse("cases:step", args=[case.pk, key, task]) if task else reverse("cases:act", args=[case.pk, key])


def every_address(case_id: int) -> list[tuple[str, str]]:
    """(method, address) of every route about one case."""
    named = {
        "case": "get",
        "judge": "post",
        "evidence": "get",
        "window_fill": "get",
    }
    plain = [(method, reverse(f"cases:{name}", args=[case_id])) for name, method in named.items()]
    acts = [("post", reverse("cases:act", args=[case_id, key])) for key in ("receive", "accept", "void")]
    more = [
        ("get", reverse("cases:act", args=[case_id, "accept"])),
        ("post", reverse("cases:step", args=[case_id, "step", 1])),
        ("get", reverse("cases:clock", args=[case_id, 1])),
        ("post", reverse("cases:window_material", args=[case_id, 1])),
    ]
    return [*plain, *acts, *more]


# --- who may come ----------------------------------------------------------------------


def test_every_page_is_marked_and_only_for_officials():
    resolver = next(r for r in get_resolver().url_patterns if getattr(r, "app_name", "") == "cases")
    marks = {pattern.name: access_of(pattern.callback) for pattern in resolver.url_patterns}
    assert len(marks) >= 13
    assert all(mark is not None and mark.permission for mark in marks.values()), marks
    assert {marks[name].permission for name in marks if name.startswith("window")} == {"window.serve"}


def test_residents_and_visitors_meet_a_closed_door(play, signed_in, client):
    play.received()
    before = row(play.case)
    addresses = [*every_address(play.case.pk), ("get", reverse("cases:list")), ("get", reverse("cases:window"))]
    addresses += [("get", reverse("cases:figures")), ("post", reverse("cases:window_begin"))]
    applicant = signed_in(play.applicant)
    for method, address in addresses:
        answer = getattr(applicant, method)(address)
        assert answer.status_code == 403, address
        words(answer)
        answer = getattr(client, method)(address)
        assert answer.status_code == 302, address
        assert "/account/login/" in answer["Location"]
    assert row(play.case) == before


def test_the_window_is_for_window_officers(play, officer, signed_in):
    play.draft()
    for name, args in (("window", []), ("window_matters", []), ("window_fill", [play.case.pk])):
        assert officer.get(reverse(f"cases:{name}", args=args)).status_code == 403
    assert signed_in(play.county.auditor).get(reverse("cases:window")).status_code == 403


def test_an_officer_of_another_department_finds_nothing(play, signed_in, small_county):
    """Fire rescue takes no part in this matter: for its people the case does not exist."""
    play.received().judge()
    before = row(play.case)
    stranger = signed_in(small_county.fire_officer)
    for method, address in every_address(play.case.pk):
        answer = getattr(stranger, method)(address)
        assert answer.status_code in (403, 404), address
        assert "王小明" not in words(answer)
    assert "王小明" not in stranger.get(reverse("cases:list") + "?scope=all").content.decode()
    assert stranger.get(page_of(play.case)).status_code == 404
    assert row(play.case) == before


def test_another_window_of_another_township_may_not_add_papers(play, signed_in, small_county):
    play.draft()
    elsewhere = make_body("heye", "荷叶镇", "township", small_county.government)
    stranger = signed_in(make_officer("heye", "荷叶窗口", "township_officer", elsewhere))
    before = row(play.case)
    upload = SimpleUploadedFile("图.pdf", PDF, content_type="application/pdf")
    answer = stranger.post(reverse("cases:window_material", args=[play.case.pk, 1]), {"file": upload})
    assert answer.status_code in (403, 404)
    assert row(play.case) == before


def test_another_clerks_draft_is_not_mine(play, signed_in, small_county):
    play.draft()
    cases.Case.objects.filter(pk=play.case.pk).update(assisted_by=small_county.window_officer)
    second = signed_in(another(small_county, "window_officer", "窗口二", small_county.centre))
    answer = second.get(reverse("cases:window_fill", args=[play.case.pk]))
    assert answer.status_code == 404
    words(answer)


@pytest.mark.parametrize("forged", FORGED)
def test_forged_numbers_of_cases_are_not_found(clerk, forged, calendar):
    for method, address in every_address(forged):
        answer = getattr(clerk, method)(address, {"seen": "1"})
        assert answer.status_code in (403, 404), address
        words(answer)


@pytest.mark.parametrize("forged", [*FORGED, "other"])
def test_forged_numbers_of_steps_clocks_and_materials(play, officer, clerk, forged):
    other = play.accepted()
    if forged == "other":
        foreign_task, foreign_clock = play.task("review").pk, Clock.objects.filter(case=play.case).latest("id").pk
    else:
        foreign_task = foreign_clock = forged
    play.accepted()
    before = row(play.case)
    assert other
    answer = officer.get(reverse("cases:clock", args=[play.case.pk, foreign_clock]))
    assert answer.status_code == 404
    answer = officer.post(
        reverse("cases:step", args=[play.case.pk, "step", foreign_task]),
        {"seen": play.fresh.row_version, "conclusion": "agree", "opinion": "同意办理"},
    )
    assert answer.status_code in (404, 409, 422)
    words(answer)
    if forged != "other":
        upload = SimpleUploadedFile("图.pdf", PDF, content_type="application/pdf")
        answer = clerk.post(reverse("cases:window_material", args=[play.case.pk, forged]), {"file": upload})
        assert answer.status_code in (404, 409, 422)
        words(answer)
    assert row(play.case) == before


@pytest.mark.parametrize("text", ["A" * 5000, "'; DROP TABLE--", "％００", "🙂", "%"])
def test_forged_codes_are_answered_with_a_sentence(play, text):
    play.certified()
    for ask in (
        cases.verify,
        cases.verify_licence,
        lambda t: cases.by_query_code(t, t),
        lambda t: cases.by_query_code(play.case.spoken_number, t),
    ):
        with pytest.raises(NotFound) as refusal:
            ask(text)
        assert "。" in refusal.value.message


@pytest.mark.parametrize(
    "query",
    [
        "page=x",
        "page=999999",
        "page=-1",
        "state=nonsense",
        "q=%00",
        "scope=%00",
        "department=%00",
        "clock=x",
        "q=" + "长" * 500,
    ],
)
def test_lists_survive_forged_queries(play, clerk, query):
    play.received()
    answer = clerk.get(reverse("cases:list") + "?" + query)
    assert answer.status_code in (200, 400, 404, 422)
    assert "Traceback" not in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/verify/%00/",
        "/verify/?code=%00",
        "/progress/?number=%00&code=%00",
        "/services/?q=%00",
        "/services/%00/",
        "/cases/?q=a%00",
    ],
)
def test_a_character_no_database_keeps(clerk, client, address, calendar):
    """PostgreSQL refuses it where SQLite does not: the answer is the same sentence on both."""
    for browser in (clerk, client):
        answer = browser.get(address)
        assert answer.status_code in (302, 404, 422)
        if answer.status_code != 302:
            words(answer)


# --- illegal transitions and stale pages ----------------------------------------------------


@pytest.mark.parametrize(
    ("who", "key", "more"),
    [
        ("window_officer", "accept", {}),
        ("window_officer", "receive", {}),
        ("window_officer", "deliver", {"method": "pickup", "recipient": "王"}),
        ("window_officer", "archive", {}),
        ("window_officer", "begin_pre_review", {}),
        ("approver", "decide", {"outcome": "grant", "opinion": "准予许可"}),
        ("department_head", "resume", {"result": "笔录"}),
        ("certificate_clerk", "certify", {}),
    ],
)
def test_an_illegal_transition_by_address(play, signed_in, who, key, more):
    """The case is under way; none of these is next."""
    play.accepted()
    before = row(play.case)
    client = signed_in(getattr(play.county, who))
    answer = client.post(act(play.case, key), {"seen": play.fresh.row_version, **more})
    assert answer.status_code == 409, words(answer)[:3000]
    assert re.search("不能|还没有|前面的环节", words(answer))
    assert row(play.case) == before
    # And the page of that form says so before anything is typed, without offering it.
    assert client.get(act(play.case, key)).status_code in (200, 409)


def test_an_act_that_does_not_exist(play, clerk):
    play.received()
    before = row(play.case)
    for key in ("explode", "deem_accept", "auto_receive", "lapse_supplement", "delete", "__init__"):
        answer = clerk.post(act(play.case, key), {"seen": play.fresh.row_version})
        assert answer.status_code == 404
        words(answer)
    assert row(play.case) == before


def test_an_act_without_the_office_for_it(play, clerk, signed_in):
    """Right permission to come, wrong office for the act."""
    play.received().judge()
    seen = {"seen": play.fresh.row_version}
    before = row(play.case)
    assert signed_in(play.county.section_head).post(act(play.case, "accept"), seen).status_code == 403
    assert clerk.post(act(play.case, "void"), {**seen, "reason": "重复"}).status_code == 403
    assert signed_in(play.county.county_office).post(act(play.case, "accept"), seen).status_code == 403
    assert row(play.case) == before


def test_a_stale_page_submitted_twice(play, clerk):
    play.received().judge()
    seen = {"seen": play.fresh.row_version}
    assert clerk.post(act(play.case, "accept"), seen).status_code == 302
    before = row(play.case)
    again = clerk.post(act(play.case, "accept"), seen)
    assert again.status_code == 409
    assert "刷新" in words(again) or "过时" in words(again)
    assert row(play.case) == before


def test_a_step_signed_from_a_stale_page(play, officer, signed_in):
    """The colleague of another department has signed meanwhile: look again first, then sign."""
    play.accepted()
    task, seen = play.task("review").pk, play.fresh.row_version
    play.done("health", play.county.health_officer)
    before = row(play.case)
    typed = {"seen": seen, "conclusion": "agree", "opinion": "现场一致，同意"}
    answer = officer.post(act(play.case, "step", task), typed)
    assert answer.status_code == 409
    assert "现场一致，同意" in words(answer)
    assert row(play.case) == before
    typed["seen"] = play.fresh.row_version
    assert officer.post(act(play.case, "step", task), typed).status_code == 302


@pytest.mark.parametrize("seen", ["", "x", "-1", "1.5", str(BIG), "9" * 30])
def test_a_forged_version_of_the_page(play, clerk, seen):
    play.received().judge()
    before = row(play.case)
    for address in (act(play.case, "accept"), reverse("cases:judge", args=[play.case.pk])):
        answer = clerk.post(address, {"seen": seen, "judgement-1": "defective", "problem-1": "missing"})
        assert answer.status_code in (409, 422), address
        words(answer)
    assert row(play.case) == before


@pytest.mark.parametrize(
    "posted",
    [
        {"judgement-1": "nonsense"},
        {"judgement-1": "defective", "problem-1": "nonsense"},
        {"judgement-1": "defective"},
        {"judgement-1": "deferred"},
        {"judgement-1": "shared"},
    ],
)
def test_forged_judgements(play, clerk, posted):
    """Not even a clerk can say that the county fetches by itself what it cannot."""
    play.received()
    before = row(play.case)
    answer = clerk.post(reverse("cases:judge", args=[play.case.pk]), {"seen": play.fresh.row_version, **posted})
    assert answer.status_code in (409, 422)
    words(answer)
    assert row(play.case) == before


def test_words_longer_than_a_paper_takes(play, officer):
    play.accepted()
    before = row(play.case)
    answer = officer.post(
        act(play.case, "step", play.task("review").pk),
        {"seen": play.fresh.row_version, "conclusion": "agree", "opinion": "长" * 100_000},
    )
    assert answer.status_code in (413, 422)
    words(answer)
    assert row(play.case) == before


def test_scripts_typed_into_an_opinion_are_words(play, officer):
    play.accepted()
    evil = "<script>alert(1)</script>不符"
    task = play.task("review").pk
    typed = {"seen": play.fresh.row_version, "conclusion": "disagree", "opinion": evil}
    assert officer.post(act(play.case, "step", task), typed).status_code == 302
    assert "<script>alert" not in officer.get(page_of(play.case)).content.decode()


def test_no_act_by_following_a_link(play, clerk):
    """GET shows, only POST acts: a link in a letter accepts nothing."""
    play.received().judge()
    before = row(play.case)
    clerk.get(act(play.case, "accept"))
    assert clerk.get(reverse("cases:judge", args=[play.case.pk])).status_code == 405
    assert clerk.get(reverse("cases:window_begin")).status_code == 405
    assert row(play.case) == before


def test_the_guard_against_foreign_pages_is_on(play, small_county):
    play.received().judge()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(small_county.window_officer)
    answer = browser.post(act(play.case, "accept"), {"seen": play.fresh.row_version})
    assert answer.status_code == 403
    assert play.fresh.state == "received"


# --- uploads ------------------------------------------------------------------------------


EXE = b"MZ" + b"\x00" * 200
BAD_UPLOADS = [
    ("程序.exe", EXE, "application/octet-stream"),
    ("图.pdf", EXE, "application/pdf"),
    ("图.pdf", b"", "application/pdf"),
    ("照片.jpg", PDF, "image/jpeg"),
    ("照片.png", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "image/png"),
    ("../../etc/passwd", b"root:x:0:0", "text/plain"),
]


@pytest.fixture
def window_draft(play: Play, clerk: Client) -> Any:
    """A draft that this clerk opened for a walk-in, by the pages."""
    person = {
        "walk_in": "1",
        "name": "刘大伯",
        "id_number": resident_id.make_synthetic(birth_on=at("1950-03-03").date(), serial=77),
        "phone": "",
        "address": "荷叶村",
    }
    assert clerk.post(reverse("cases:window"), person).status_code == 302
    answer = clerk.post(reverse("cases:window_begin"), {"matter": "test-licence"})
    assert answer.status_code == 302
    return cases.Case.objects.latest("id")


def fill(case: Any) -> str:
    return reverse("cases:window_fill", args=[case.pk])


@pytest.mark.parametrize(("name", "content", "mime"), BAD_UPLOADS)
@pytest.mark.parametrize("where", ["material", "page"])
def test_bad_uploads_at_the_window(window_draft, clerk, name, content, mime, where):
    case, before = window_draft, row(window_draft)
    upload = SimpleUploadedFile(name, content, content_type=mime)
    if where == "material":
        answer = clerk.post(reverse("cases:window_material", args=[case.pk, 1]), {"file": upload})
    else:
        answer = clerk.post(fill(case), {"shop": "永丰米粉", "area": "60", "material-1": upload, "file": "1"})
    assert answer.status_code in (413, 415, 422)
    words(answer)
    after = row(case)
    assert after[0]["state"] == "draft"
    assert after[1:] == before[1:]


@pytest.mark.parametrize("where", ["material", "page"])
def test_an_oversize_upload_at_the_window(window_draft, clerk, settings, where):
    settings.FILES_MAX_MB = 1
    before = row(window_draft)
    upload = SimpleUploadedFile("图.pdf", PDF + b"\n" * 1_200_000, content_type="application/pdf")
    if where == "material":
        answer = clerk.post(reverse("cases:window_material", args=[window_draft.pk, 1]), {"file": upload})
    else:
        answer = clerk.post(fill(window_draft), {"shop": "永丰米粉", "area": "60", "material-1": upload})
    assert answer.status_code == 413
    assert "1MB" in words(answer)
    assert row(window_draft)[1:] == before[1:]


def test_evidence_of_a_refused_procedure_is_not_kept(play, signed_in):
    play.accepted()
    before = row(play.case)
    head = signed_in(play.county.department_head)
    typed = {"seen": play.fresh.row_version, "kind": "site", "planned_workdays": "99", "reason": "核查"}
    upload = SimpleUploadedFile("通知.pdf", PDF, content_type="application/pdf")
    answer = head.post(act(play.case, "suspend"), {**typed, "evidence": upload})
    assert answer.status_code in (409, 422)
    assert row(play.case) == before
    stale = {**typed, "planned_workdays": "3", "seen": 0}
    upload = SimpleUploadedFile("通知.pdf", PDF, content_type="application/pdf")
    assert head.post(act(play.case, "suspend"), {**stale, "evidence": upload}).status_code == 409
    assert row(play.case) == before


# --- the window -------------------------------------------------------------------------------


def test_filed_at_the_window_and_posted_again(window_draft, clerk):
    """The second click on a slow line: no second case, no second number, and the clerk is told the first."""
    upload = SimpleUploadedFile("图.pdf", PDF, content_type="application/pdf")
    typed = {"shop": "永丰米粉", "area": "60", "file": "1"}
    first = clerk.post(fill(window_draft), {**typed, "material-1": upload})
    assert first.status_code == 302, words(first)[:4000]
    case = cases.get(window_draft.pk)
    assert case.state == "received"
    before = row(case)
    again = clerk.post(fill(window_draft), typed)
    assert again.status_code == 409
    assert case.spoken_number in words(again)
    assert row(case) == before
    assert cases.Case.objects.count() == 1


def test_wrong_answers_at_the_window_keep_the_draft(window_draft, clerk):
    before = row(window_draft)
    answer = clerk.post(fill(window_draft), {"shop": "", "area": "9999", "file": "1"})
    assert answer.status_code == 422
    assert "9999" in words(answer)
    assert row(window_draft) == before


def test_an_identity_number_that_cannot_be(clerk, calendar):
    for number in ("431321199004311234", "11010519491231002X1", "abc", "\x00"):
        answer = clerk.post(reverse("cases:window"), {"walk_in": "1", "name": "王", "id_number": number})
        assert answer.status_code == 422, number
    assert cases.Case.objects.count() == 0


def test_matters_that_do_not_exist_open_nothing(window_draft, clerk):
    for key in ("nonsense", "\x00", "x" * 5000):
        assert clerk.post(reverse("cases:window_begin"), {"matter": key}).status_code in (404, 422)
    assert cases.Case.objects.count() == 1


# --- what is read is on record -------------------------------------------------------------


def test_reading_a_case_and_taking_its_evidence_is_recorded(play, officer):
    play.accepted()
    officer.get(page_of(play.case))
    answer = officer.get(reverse("cases:evidence", args=[play.case.pk]))
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    read = AuditEntry.objects.filter(
        action="read", subject=f"case:{play.case.pk}", actor_id=play.county.case_officer.pk
    )
    assert read.count() == 2
    assert all(entry.purpose and entry.basis for entry in read)


# --- as many rows as may be ---------------------------------------------------------------


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    # The demo county's clock is read once a second, whoever asks: it is no query of the page.
    return sum("democlock" not in query["sql"] for query in captured)


def more_cases(play: Play, count: int, make: Callable[[], Any]) -> None:
    first = 300 + cases.Case.objects.count()
    for serial in range(first, first + count):
        play.applicant = make_resident(serial, f"周{serial}")
        make()


@pytest.mark.parametrize("query", ["", "?scope=all", "?q=小餐饮", "?scope=overdue"])
def test_the_list_asks_as_often_for_fifty_cases_as_for_one(play, clerk, query):
    play.accepted()
    address = reverse("cases:list") + query
    one = queries_of(clerk, address)
    more_cases(play, 49, play.submitted)
    assert queries_of(clerk, address) == one


def test_the_case_page_asks_as_often_for_a_long_history_as_for_a_short_one(play, signed_in):
    play.accepted()
    client = signed_in(play.county.department_head)
    short = queries_of(client, page_of(play.case))
    for _round in range(8):
        play.later(minutes=1)
        common = {"case_id": play.case.pk, "by": play.county.department_head, "at": play.now}
        cases.suspend(**common, kind="site", planned_workdays=2, reason="核查")
        cases.resume(**common, result="合格")
    for number in range(20):
        play.paper(1 + number % 3)
    assert queries_of(client, page_of(play.case)) <= short + 1


def test_other_peoples_cases_do_not_slow_the_case_page(play, clerk):
    play.accepted()
    case = play.case
    more_cases(play, 1, play.submitted)
    one = queries_of(clerk, page_of(case))
    more_cases(play, 30, play.submitted)
    assert queries_of(clerk, page_of(case)) == one

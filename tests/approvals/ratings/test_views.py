"""The pages: rating by code without account, thanks, one's own rating, the department's orders, the office's review, what is public."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from tests.approvals.ratings.conftest import Told
from tests.factories import at, make_resident
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings.models import Publication, Rating, Rule, WorkOrder
from zhengtong.approvals.ratings.operations import ruling
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.security.audit import public as audit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_day_after(settings, db):
    """The pages act on the Monday after the Thursday on which it was rated."""
    settings.DEMO = True
    offset = round((at("2026-09-28 09:00") - timezone.now()).total_seconds())
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
    calendars.forget_demo_clock()
    yield
    calendars.forget_demo_clock()


@pytest.fixture
def office(signed_in, small_county):
    return signed_in(small_county.county_office)


@pytest.fixture
def head(signed_in, small_county):
    return signed_in(small_county.department_head)


def text(response):
    return response.content.decode()


def seen(page):
    return re.search(r'name="seen" value="(\d+)"', text(page)).group(1)


def test_a_visit_is_rated_from_the_window_to_the_thanks(small_county, signed_in):
    window = signed_in(small_county.window_officer)
    assert window.post("/window/visits/", {"counter": "x"}).status_code == 422
    shown = text(window.post("/window/visits/", {"counter": "3"}))
    assert "3号窗口" in shown
    address = re.search(r"/rate/[^/]+/", shown).group(0)
    person = Client()
    page = text(person.get(address))
    assert "联系电话" in page
    assert "办得慢" in page
    assert person.post(address, {}).status_code == 422
    assert person.post(address, {"stars": "1", "phone": "1"}).status_code == 422
    given = {"stars": "1", "bad": ["slow"], "comment": "等了一上午", "phone": "0738-6820001"}
    assert person.post(address, given).url == "/ratings/thanks/"
    assert "最迟2026年9月29日" in text(person.get("/ratings/thanks/"))
    rating = Rating.objects.get()
    assert (rating.code, rating.tags, rating.channel) == (5, ["slow"], "qr")
    again = person.get(address)
    assert again.status_code == 409
    assert "已经用过" in text(again)
    assert person.get("/rate/no-such-token/").status_code == 409
    assert Client().get("/ratings/thanks/").url == "/ratings/"
    assert window.get(address).status_code in (403, 409)


def test_one_follows_ones_own_rating(told, signed_in):
    mine, stranger = signed_in(told.play.applicant), signed_in(make_resident(7, "旁人"))
    address = f"/my/ratings/{told.rating.pk}/"
    assert "部门还没有联系您" in text(mine.get(address))
    assert stranger.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    assert "已经评价过" not in text(mine.get(f"/my/cases/{told.play.case.pk}/"))
    told.replied().disputed()
    page = text(mine.get(address))
    assert "再评价一次" in page
    assert told.county.case_officer.display_name not in page
    assert mine.post(f"{address}object/", {"objection": ""}).status_code == 422
    assert mine.post(f"{address}object/", {"objection": "没有点错"}).url == address
    assert mine.post(f"{address}again/", {"stars": "4"}).url == address
    assert WorkOrder.objects.get().ending == "satisfied"
    assert mine.post(f"{address}again/", {"stars": "4"}).status_code == 409


def test_links_of_messages_lead_to_their_pages(told):
    told.replied().disputed()
    tokens = notices()
    person = Client()
    assert "整改以后" in text(person.get(tokens["rating.replied"]))
    assert "您怎么看" in text(person.get(tokens["rating.disputed"]))
    assert "已收到" in text(person.post(tokens["rating.disputed"], {"objection": "没有点错"}))
    assert person.post(tokens["rating.replied"], {}).status_code == 422
    assert "谢谢" in text(person.post(tokens["rating.replied"], {"stars": "2"}))
    assert WorkOrder.objects.get().follow_up_code == 4


def notices():
    from zhengtong.foundation.notices.models import Notice

    return dict(Notice.objects.filter(template__startswith="rating.").values_list("template", "url"))


def test_the_department_works_through_its_order(told, head, signed_in, small_county):
    listed = head.get("/ratings/orders/")
    assert "小餐饮经营许可" in text(listed)
    page = f"/ratings/orders/{told.rating.pk}/"
    assert "记录联系情况" in text(head.get(page))
    assert signed_in(small_county.health_officer).get(page).status_code == 404
    form = head.get(f"{page}do/assign/")
    given = {"seen": seen(form), "assignee_id": small_county.case_officer.pk}
    assert head.post(f"{page}do/assign/", given).url == page
    assert head.post(f"{page}do/assign/", given).status_code == 409
    officer = signed_in(small_county.case_officer)
    assert "不能进行" in text(officer.get(f"{page}do/reply/"))
    contact = {"seen": seen(officer.get(f"{page}do/contact/")), "reached": "1", "how": "phone", "note": "说了"}
    assert officer.post(f"{page}do/contact/", {**contact, "note": ""}).status_code == 422
    assert officer.post(f"{page}do/contact/", contact).url == page
    reply = {"seen": seen(officer.get(f"{page}do/reply/")), "cause": "新人", "measure": "培训", "reply": "抱歉"}
    assert officer.post(f"{page}do/reply/", reply).url == page
    shown = text(officer.get(page))
    assert "按期" in shown
    assert "培训" in shown
    assert officer.get(f"{page}do/dance/").status_code == 404
    assert list(audit.reads_about(told.play.applicant))


def test_the_office_decides_and_publishes(told, office, head):
    told.go("2026-09-25 09:00").disputed()
    page = text(office.get("/ratings/review/"))
    assert "9月30日前可提异议" in page
    assert "■■" in page
    order = f"/ratings/orders/{told.rating.pk}/"
    early = {"seen": seen(office.get(f"{order}do/rule/")), "upheld": "1", "reason": "录音"}
    assert office.post(f"{order}do/rule/", early).status_code == 409
    words = Publication.objects.get()
    address = f"/ratings/review/texts/{words.pk}/"
    assert "138-1234-5678" in text(office.get(address))
    assert list(audit.reads_about(told.play.applicant))
    assert office.post(address, {"what": "withhold", "reason": ""}).status_code == 422
    assert office.post(address, {"what": "release", "hide": "材料 电话"}).url == "/ratings/review/"
    assert office.post(address, {"what": "release"}).status_code == 422
    assert head.get("/ratings/review/").status_code == 403
    public = text(Client().get("/ratings/?department=market-regulation&level=5"))
    assert "■■交了两次" in public
    assert "最迟2026年10月9日" in public
    assert "王小明" not in public
    assert "没有符合条件" in text(Client().get("/ratings/?level=1"))


def test_the_rule_page(office):
    page = text(office.get("/ratings/rule/"))
    assert "产品自带" in page
    assert office.post("/ratings/rule/", {**ruling.BUILT_IN, "contact_days": "0"}).status_code == 422
    assert office.post("/ratings/rule/", {**ruling.BUILT_IN, "contact_days": "2"}).url == "/ratings/rule/"
    assert Rule.objects.get().contact_days == 2
    assert "现行第1版" in text(office.get("/ratings/rule/"))


def test_figures_live_and_as_files(told, office, head):
    county = text(office.get("/cases/figures/"))
    assert "办事人满意" in county
    assert "差评答复率" in county
    page = text(office.get("/ratings/figures/"))
    assert "市场监督管理局" in page
    assert office.get("/ratings/figures.csv").content.startswith(b"\xef\xbb\xbf")
    assert office.get("/ratings/figures.xlsx").content.startswith(b"PK")
    assert head.get("/ratings/figures/").status_code == 403


@pytest.mark.parametrize("level", ["²", "9" * 5000, "-1", "6"], ids=["squared", "long", "negative", "six"])
def test_a_strange_level_is_passed_over(told, level):
    assert Client().get("/ratings/", {"level": level}).status_code == 200


def test_lists_take_the_same_queries_for_one_or_many(play, small_county, django_assert_max_num_queries):
    Told(play)
    for _n in range(4):
        _visit, token = ratings.open_visit(
            organization=small_county.centre, counter=1, by=small_county.window_officer, at=at("2026-09-24")
        )
        ratings.rate_by_link(token=token, code=5, comment="慢", at=at("2026-09-24 11:00"))
    for words in Publication.objects.all():
        ratings.release(publication_id=words.pk, by=small_county.county_office, at=at("2026-09-25"))
    with django_assert_max_num_queries(14):
        Client().get("/ratings/")
    browser = Client()
    browser.force_login(small_county.county_office)
    with django_assert_max_num_queries(40):
        browser.get("/ratings/orders/")

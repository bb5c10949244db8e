"""Home, catalogue, guide and eligibility, for anybody."""

import pytest

from tests.approvals.cases.play import elements
from zhengtong.approvals.matters import public as matters

KEY = "test-licence"


def page(client, url, status=200):
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def test_the_home_page_asks_what_to_do_and_leads_to_services_progress_and_verification(client, play):
    text = page(client, "/")
    assert "您想办什么事？" in text
    for address in ("/services/", "/progress/", "/verify/", f"/services/{KEY}/"):
        assert address in text


def test_the_home_page_of_an_empty_county_is_no_error(client, calendar):
    assert "事项还没有发布。" in page(client, "/")


def test_the_elder_version_is_the_same_address_with_tiles(client, play):
    assert "打12345问人工" in page(client, "/?ui=elder")


def test_open_cases_stand_on_the_home_page_of_their_owner_only(client, browser, play):
    play.submitted()
    assert "您正在办的事" in page(browser, "/")
    assert "您正在办的事" not in page(client, "/")


def test_services_are_found_by_words_and_narrowed_by_filters(client, play):
    assert "小餐饮经营许可" in page(client, "/services/?q=小餐饮")
    assert "小餐饮经营许可" in page(client, "/services/?audience=person&department=market-regulation&type=01")
    assert "小餐饮经营许可" not in page(client, "/services/?department=health").split("大家常办")[0]


@pytest.mark.parametrize("asked", ["q=qwxzk", "theme=没有", "page=99999", "audience=x", "q=" + "长" * 500])
def test_a_search_without_hits_or_sense_still_helps(client, play, asked):
    assert "12345" in page(client, f"/services/?{asked}")


def test_the_number_of_queries_does_not_grow_with_the_catalogue(client, play, django_assert_num_queries):
    def count():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client.get("/services/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/services/")
        return len(seen)

    before = count()
    for n in range(4):
        document = elements(
            key=f"other-{n}",
            implementation_code=f"11431321DEM00025X94430124005W0{n + 1}",
            basic_code=f"430124005W0{n + 1}",
        )
        matters.publish_as_system(document=document, at=play.now, reason="测试")
    assert count() == before


def test_the_guide_says_materials_limits_fees_law_steps_and_remedies(client, play):
    text = page(client, f"/services/{KEY}/")
    for words in (
        "布局图",
        "7个工作日",
        "20个工作日",
        "不收费",
        "《行政许可法》第十二条",
        "行政复议",
        "开始办理",
        "工作日不包括周末",
    ):
        assert words in text
    assert "不用您交" in text
    assert "小餐饮经营许可证（有效期3年）" in text


def test_the_guide_can_be_printed_and_read_in_english(client, play):
    assert "小餐饮经营许可" in page(client, f"/services/{KEY}/?print=1")
    assert "Small catering licence" in page(client, f"/services/{KEY}/?lang=en")


@pytest.mark.parametrize("tail", ["", "eligible/"])
def test_an_unknown_or_retired_matter_is_not_found(client, play, tail):
    page(client, f"/services/no-such-matter/{tail}", 404)
    matters.retire(matter_id=play.matter.pk, by=play.county.county_office, at=play.now, reason="停办")
    page(client, f"/services/{KEY}/{tail}", 404)


def test_eligibility_says_yes_no_and_asks_again_for_what_is_open(client, play):
    address = f"/services/{KEY}/eligible/"
    assert client.post(address, {"q0": "yes"}).status_code == 200
    assert "可以办" in client.post(address, {"q0": "yes"}).content.decode()
    assert "有固定经营场所" in client.post(address, {"q0": "no"}).content.decode()
    refused = client.post(address, {"x": "1"})
    assert refused.status_code == 422
    assert "请选择是或否。" in refused.content.decode()

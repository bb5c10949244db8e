"""One index over everything: two-character words never missed, pinyin, synonyms, plain words, errors forgiven."""

from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.factories import make_body
from zhengtong.foundation.search import operations
from zhengtong.foundation.search import public as search
from zhengtong.foundation.search.analysis import runs
from zhengtong.foundation.search.engines import index as engine
from zhengtong.foundation.search.models import Document

pytestmark = pytest.mark.django_db

MATTERS = [
    ("食品经营许可（餐饮服务）", "Food business licence (catering)", "申请人应当提交食品经营场所平面图"),
    ("药品零售企业经营许可", "Retail pharmacy licence", "开办药店应当具备执业药师"),
    ("农村村民宅基地申请审批", "Homestead approval", "农户建房向村委会提出书面申请"),
    ("居民身份证申领、换领、补领", "Resident identity card", "公安机关在法定期限内发放证件"),
    ("最低生活保障对象认定", "Minimum living allowance", "家庭成员人均收入低于当地标准"),
    ("5G基站建设备案", "5G base station filing", "电信企业备案"),
]


@pytest.fixture
def matters() -> None:
    for number, (title, title_en, body) in enumerate(MATTERS):
        search.index(kind="matter", object_id=number, title=title, title_en=title_en, body=body, url=f"/m/{number}/")


def titles(text: str, **more: Any) -> list[str]:
    return [hit.title for hit in search.find(text, **more).hits]


@pytest.mark.parametrize("title", [title for title, _, _ in MATTERS])
@pytest.mark.usefixtures("matters")
def test_every_word_of_one_or_two_characters_in_a_title_finds_it(title: str) -> None:
    for length in (1, 2, 3):
        for start in range(len(title) - length + 1):
            word = title[start : start + length]
            if runs(word):
                assert title in titles(word, limit=100), word


ALPHABET = st.sampled_from("食品经营许可证双峰县办理身份医保5Gab 、（")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(ALPHABET, min_size=2, max_size=16), st.integers(0, 14))
@example("办理", 0)
@example("我想怎么办理", 0)
@example("开个证", 0)
@example("a 5", 1)
def test_any_two_characters_of_any_title_find_it(title: str, start: int) -> None:
    search.index(kind="any", object_id=1, title=title, url="/")
    word = title[start : start + 2]
    if runs(word):
        assert search.find(word, kinds=["any"]).total == 1, (title, word)


@pytest.mark.usefixtures("matters")
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("我想开个饭店需要什么证", "食品经营许可（餐饮服务）"),
        ("请问怎么开药店？", "药品零售企业经营许可"),
        ("盖房子", "农村村民宅基地申请审批"),
        ("身份证丢了", "居民身份证申领、换领、补领"),
        ("吃低保", "最低生活保障对象认定"),
        ("spjy", "食品经营许可（餐饮服务）"),
        ("shipinjingying", "食品经营许可（餐饮服务）"),
        ("ＳＨＩＰＩＮ", "食品经营许可（餐饮服务）"),
        ("食品 许可", "食品经营许可（餐饮服务）"),
        ("how do I get a food licence", "食品经营许可（餐饮服务）"),
        ("执业药师", "药品零售企业经营许可"),
    ],
)
def test_plain_words_pinyin_and_english(typed: str, found: str) -> None:
    results = search.find(typed)
    assert results.hits[0].title == found
    assert not results.approximate


@pytest.mark.usefixtures("matters")
def test_a_wrong_character_is_forgiven_and_said() -> None:
    results = search.find("食品经赢许可")
    assert results.approximate
    assert results.hits[0].title == "食品经营许可（餐饮服务）"


@pytest.mark.usefixtures("matters")
@pytest.mark.parametrize(
    "typed", ["", "   ", "？！", '"', "'", "* AND", "🙂", "火箭发射场", "'xq':*", "a" * 5000, "\x00"]
)
def test_odd_input_is_an_ordinary_question(typed: str) -> None:
    assert search.find(typed).total == 0


def test_titles_before_keywords_before_body() -> None:
    search.index(kind="m", object_id=1, title="甲事项", body="需要营业执照复印件", url="/")
    search.index(kind="m", object_id=2, title="乙事项", keywords=["营业执照"], url="/")
    search.index(kind="m", object_id=3, title="营业执照设立登记", url="/")
    assert titles("营业执照") == ["营业执照设立登记", "乙事项", "甲事项"]


def test_a_heavier_entry_comes_first() -> None:
    for number, weight in ((1, 1.0), (2, 3.0)):
        search.index(kind="m", object_id=number, title="采伐许可", url=f"/{number}/", weight=weight)
    assert [hit.url for hit in search.find("采伐").hits] == ["/2/", "/1/"]


def test_the_public_never_comes_upon_what_is_for_officials() -> None:
    health, market = make_body("health", "卫健局"), make_body("market", "市监局")
    search.index(
        kind="case", object_id=1, title="王某申请食品经营", url="/", audience="official", organization_id=market.pk
    )
    search.index(kind="matter", object_id=2, title="食品经营许可", url="/")
    assert titles("食品经营") == ["食品经营许可"]
    assert search.find("食品经营").total == 1
    assert [hit.title for hit in search.suggest("食品")] == ["食品经营许可"]
    assert search.find("王某申清食品").total == 0
    assert len(titles("食品经营", audience="official")) == 2
    assert len(titles("食品经营", audience="official", organization_ids=[market.pk])) == 2
    assert titles("食品经营", audience="official", organization_ids=[health.pk]) == ["食品经营许可"]
    assert titles("食品经营", audience="official", organization_ids=[]) == ["食品经营许可"]


def test_kinds_narrow() -> None:
    search.index(kind="matter", object_id=1, title="林业许可", url="/")
    search.index(kind="body", object_id=1, title="林业局", url="/")
    assert titles("林业", kinds=["body"]) == ["林业局"]
    assert len(titles("林业", kinds=["body", "matter"])) == 2


def test_a_changed_entry_is_found_by_its_new_words_only() -> None:
    search.index(kind="body", object_id="land", title="国土资源局", url="/")
    search.index(kind="body", object_id="land", title="自然资源部门", url="/")
    assert titles("自然资源") == ["自然资源部门"]
    assert search.find("国土资源").total == 0
    search.forget(kind="body", object_id="land")
    search.forget(kind="body", object_id="land")
    assert search.find("自然资源").total == 0
    assert not Document.objects.exists()


def test_the_county_adds_a_synonym() -> None:
    search.index(kind="matter", object_id=1, title="水域滩涂养殖证核发", url="/")
    assert search.find("龙虾塘").total == 0
    search.add_synonym(plain="龙虾塘", official="水域滩涂养殖")
    assert titles("我想搞个龙虾塘") == ["水域滩涂养殖证核发"]


@pytest.mark.usefixtures("matters")
def test_the_index_can_be_written_afresh() -> None:
    for document in Document.objects.all():
        engine().drop(document.pk)
    assert search.find("食品").total == 0
    assert operations.rebuild() == len(MATTERS)
    assert search.find("食品").total == 1


def test_hits_are_counted_and_paged() -> None:
    for number in range(25):
        search.index(kind="m", object_id=number, title=f"第{number}号采砂许可", url=f"/{number}/")
    first, second = search.find("采砂", limit=20), search.find("采砂", limit=20, offset=20)
    assert (first.total, len(first.hits), len(second.hits)) == (25, 20, 5)
    assert not {h.url for h in first.hits} & {h.url for h in second.hits}
    assert search.find("采砂", offset=100).total == 25


@pytest.mark.usefixtures("matters")
def test_what_was_looked_for_is_marked_and_the_rest_escaped() -> None:
    search.index(kind="m", object_id=99, title="<b>矿产</b>开采", body="前言" * 60 + "矿产资源法 & 条例", url="/")
    (hit,) = search.find("矿产").hits
    assert hit.title_marked == "&lt;b&gt;<mark>矿产</mark>&lt;/b&gt;开采"
    assert "<mark>矿产</mark>资源法 &amp; 条例" in hit.snippet_marked
    assert len(hit.snippet) < 100


@pytest.mark.usefixtures("matters")
def test_titles_in_the_readers_language() -> None:
    with translation.override("en"):
        assert titles("食品") == ["Food business licence (catering)"]


@pytest.mark.usefixtures("matters")
def test_suggestions_while_typing() -> None:
    assert [h.title for h in search.suggest("身份")] == ["居民身份证申领、换领、补领"]
    assert [h.title for h in search.suggest("sfz")] == ["居民身份证申领、换领、补领"]
    assert search.suggest("执业药师") == []
    assert search.suggest("") == []


@pytest.mark.usefixtures("matters")
def test_a_search_costs_the_same_number_of_queries_for_any_number_of_hits(django_assert_max_num_queries: Any) -> None:
    search.find("预热")
    with django_assert_max_num_queries(3):
        assert search.find("许可").total == 2

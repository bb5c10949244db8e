"""What everybody may read: numbers hidden however they are written, an official's release, nothing rewritten, figures by department."""

import re
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tests.approvals.ratings.conftest import Told
from tests.factories import at
from zhengtong.approvals.ratings import figures, queries
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings.models import Publication, Rating
from zhengtong.approvals.ratings.refusals import CannotRelease
from zhengtong.approvals.ratings.values import VEIL, hide_numbers, hide_words
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound

TODAY = at("2026-09-28").date()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打13812345678没人接", f"打{VEIL}没人接"),
        ("打138-1234-5678没人接", f"打{VEIL}没人接"),
        ("打１３８ １２３４ ５６７８没人接", f"打{VEIL}没人接"),  # noqa: RUF001 - as people type them
        ("打一三八一二三四五六七八没人接", f"打{VEIL}没人接"),
        ("电话(0738)682-0001", f"电话({VEIL}"),
        ("身份证43132119900517002X", f"身份证{VEIL}"),
        ("写信到 wang.xm@example.com 也不回", f"写信到 {VEIL} 也不回"),
        ("2026-09-21下午来的，等了2个小时，花了300元", "2026-09-21下午来的，等了2个小时，花了300元"),
        ("跑了三趟，一次也没办成", "跑了三趟，一次也没办成"),
    ],
)
def test_numbers_are_hidden(text, shown):
    assert hide_numbers(text)[0] == shown


SEPARATORS = st.sampled_from(["", "", "", "-", " ", "·", "—", ". "])


@given(
    st.text("0123456789", min_size=11, max_size=18), st.lists(SEPARATORS, min_size=18, max_size=18), st.text(max_size=8)
)
def test_no_phone_or_identity_number_survives(digits, separators, around):
    written = "".join(d + s for d, s in zip(digits, separators, strict=False))
    shown, hidden = hide_numbers(f"电话{written}号{around}")
    assert hidden >= 1
    assert digits not in re.sub(r"\D", "", shown)


@given(st.text(max_size=60))
def test_hiding_twice_hides_no_more(text):
    once = hide_numbers(text)[0]
    assert hide_numbers(once)[0] == once


def test_words_are_hidden_longest_first():
    assert hide_words("王小明和王小", ["王小", "王小明", ""]) == (f"{VEIL}和{VEIL}", 2)


@pytest.mark.django_db
class TestRelease:
    def test_a_comment_waits_masked_and_is_released_with_names_hidden(self, told):
        text = Publication.objects.get()
        assert text.text == f"材料交了两次，打我电话{VEIL}没人回"
        assert list(queries.published({})) == []
        ratings.release(publication_id=text.pk, by=told.county.county_office, at=told.now, hide=["材料"])
        shown = queries.published({})[0]
        assert shown.texts[0].text == f"{VEIL}交了两次，打我电话{VEIL}没人回"
        assert Rating.objects.get().comment == told.rating.comment
        self.refused(told, CannotRelease, ratings.release, text)
        self.refused(told, CannotRelease, ratings.withhold, text, reason="abuse")

    def refused(self, told, refusal, act, text, by=None, **given):
        before = Publication.objects.values().get(pk=text.pk)
        with pytest.raises(refusal):
            act(publication_id=text.pk, by=by or told.county.county_office, at=told.now, **given)
        assert Publication.objects.values().get(pk=text.pk) == before

    def test_not_liked_is_no_reason(self, told):
        text = Publication.objects.get()
        self.refused(told, NotAllowed, ratings.release, text, by=told.county.department_head)
        self.refused(told, Invalid, ratings.withhold, text, reason="not liked")
        ratings.withhold(publication_id=text.pk, reason="abuse", by=told.county.county_office, at=told.now)
        assert list(queries.published({})) == []
        assert ratings.satisfaction(today=TODAY)[0].rated == 1
        with pytest.raises(NotFound):
            ratings.release(publication_id=0, by=told.county.county_office, at=told.now)

    def test_the_reply_is_reviewed_on_its_own_and_filters_work(self, told):
        told.replied()
        reply = Publication.objects.get(part="reply")
        ratings.release(publication_id=reply.pk, by=told.county.county_office, at=told.now)
        for query in ({}, {"department": "market-regulation"}, {"matter": "test-licence"}, {"level": "5"}):
            assert [r.pk for r in queries.published(query)] == [told.rating.pk], query
        for query in ({"department": "health"}, {"matter": "other"}, {"level": "1"}):
            assert list(queries.published(query)) == [], query

    def test_figures_by_department_and_as_files(self, told, small_county):
        for code in (1, 3):
            _v, token = ratings.open_visit(
                organization=small_county.centre, counter=1, by=small_county.window_officer, at=told.now
            )
            ratings.rate_by_link(token=token, code=code, at=told.now)
        rows = figures.by_department(today=TODAY)
        assert [(body.code, row.rated, row.satisfied_percent) for body, row in rows] == [
            ("government-service-centre", 2, 100.0),
            ("market-regulation", 1, 0.0),
        ]
        assert rows[1][1].taking_part_percent == 100.0
        county = ratings.satisfaction(today=TODAY)[0]
        assert (county.rated, county.satisfied_percent) == (3, 66.7)
        assert figures.part(TODAY).goals[0][1:3] == (66.7, 90)
        book = load_workbook(BytesIO(figures.to_xlsx(today=TODAY))).active
        assert [book["A3"].value, book["B3"].value, book["D3"].value] == ["双峰县市场监督管理局", 1, 0]
        assert (
            figures.to_csv(today=TODAY).decode("utf-8-sig").splitlines()[1].startswith("双峰县政务服务中心,2,2,100.0")
        )

    def test_the_county_figures_take_the_same_queries_for_any_number(self, told, django_assert_num_queries):
        with django_assert_num_queries(3):
            ratings.satisfaction(today=TODAY, by_body=True)


@pytest.mark.django_db
def test_who_rated_badly_later_is_in_the_home_figures(play):
    Told(play, code=4)
    assert ratings.satisfied_between(at("2026-01-01"), at("2026-09-24 10:00")) == (1, 0)
    assert ratings.satisfied_between(at("2026-09-24 10:00"), at("2026-12-31")) == (0, 0)

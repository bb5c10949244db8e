"""Forms as data: pages, what is asked, what is refused and in which words."""

from functools import partial

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.approvals.matters.factories import TODAY, answers, document, food_answers
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.values import Form
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.kernel.identifiers import resident_id

FORM = document().form


def form(*fields, **more):
    return Form.model_validate({"fields": fields, **more})


def field(kind, key="f", **more):
    return {"key": key, "label": more.pop("label", "内容"), "type": kind, **more}


def problems(found, given, page=None, **more):
    check = partial(matters.validate_page, found, page) if page else partial(matters.validate_all, found)
    with pytest.raises(Invalid) as refused:
        check(given, today=TODAY, **more)
    return refused.value.fields


def test_pages_are_derived_one_thing_at_a_time():
    found = form(
        field("text", "entity_name"),
        field("phone", "phone"),
        field("address", "address"),
        field("number", "area"),
        field("date", "from_on"),
        field("choice", "kind", options=[{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]),
        field("date", "to_on"),
        field("file", "plan"),
        field("text", "extra", shown_if="kind = 'b'"),
    )
    shape = [(page.key, [f.key for f in page.fields]) for page in matters.pages(found)]
    assert shape == [
        ("who", ["entity_name"]),
        ("contact", ["phone"]),
        ("place", ["address"]),
        ("details-1", ["area"]),
        ("dates", ["from_on", "to_on"]),
        ("q-kind", ["kind"]),
        ("q-extra", ["extra"]),
        ("files", ["plan"]),
    ]


def test_named_pages_keep_their_order_and_headings():
    found = form(
        field("text", "a", page="two"),
        field("text", "b", page="one"),
        pages=[{"key": "one", "title": "一"}, {"key": "two", "title": "二"}],
    )
    assert [(page.key, page.label) for page in matters.pages(found)] == [("one", "一"), ("two", "二")]


def test_a_page_nobody_made_is_not_found():
    with pytest.raises(NotFound):
        matters.page(FORM, "nowhere")


def test_conditional_questions_come_and_go_with_the_answer():
    assert [p.key for p in matters.pages_for(FORM, answers(), today=TODAY)] == ["details-1", "q-kind"]
    assert [p.key for p in matters.pages_for(FORM, answers(kind="b"), today=TODAY)] == [
        "details-1",
        "q-kind",
        "q-meals",
    ]
    assert matters.next_page(FORM, "q-kind", answers(kind="b"), today=TODAY).key == "q-meals"
    assert matters.next_page(FORM, "q-kind", answers(), today=TODAY) is None
    assert matters.previous_page(FORM, "q-kind", answers(), today=TODAY).key == "details-1"


def test_answers_to_questions_no_longer_asked_are_dropped():
    assert "meals" not in matters.validate_all(FORM, answers(meals=50), today=TODAY)
    assert matters.validate_all(FORM, answers(kind="b", meals="50"), today=TODAY)["meals"] == 50


def test_every_problem_is_said_at_its_field():
    found = problems(FORM, {"area": "3", "kind": "c"})
    assert found == {
        "name": "请填写姓名。",
        "area": "经营面积应在5到20000之间。",
        "kitchen": "请填写后厨面积。",
        "kind": "业态：请从列出的选项中选择一项。",
    }


def test_comparison_names_both_fields():
    assert problems(FORM, answers(kitchen=90)) == {"kitchen": "后厨面积不能大于经营面积。"}


def test_a_page_sees_the_answers_given_before():
    found = form(field("number", "area", page="a", label="面积"), field("number", "kitchen", page="b", label="后厨", validation={"rule": "compare", "lte": "area"}),
                 pages=[{"key": "a", "title": "一"}, {"key": "b", "title": "二"}])  # fmt: skip
    assert problems(found, {"kitchen": "9"}, page="b", answers={"area": 5}) == {"kitchen": "后厨不能大于面积。"}
    assert matters.validate_page(found, "b", {"kitchen": "9"}, today=TODAY, answers={"area": 10}) == {"kitchen": 9}


@pytest.mark.parametrize(
    ("kind", "raw", "cleaned"),
    [
        ("number", "１，２００.５", 1200.5),
        ("number", " 12 ", 12),
        ("date", "2026年3月4日", "2026-03-04"),
        ("date", "2026/3/4", "2026-03-04"),
        ("boolean", "true", True),
        ("boolean", "否", False),
        ("phone", "+86 138-0000-1234", "138-0000-1234"),
        ("text", "  好\u202e 味\x00道 ", "好 味道"),
        ("textarea", "一\r\n二", "一\n二"),
        ("file", ["a", "b"], ["a", "b"]),
    ],
)
def test_answers_are_tidied(kind, raw, cleaned):
    assert matters.validate_all(form(field(kind)), {"f": raw}, today=TODAY) == {"f": cleaned}


@pytest.mark.parametrize(
    ("kind", "raw", "rule", "words"),
    [
        ("number", "十二", None, "应填数字"),
        ("number", "1e5", None, "应填数字"),
        ("number", "9" * 30, None, "太大"),
        ("number", True, None, "应填数字"),
        ("date", "2026-02-30", None, "不是有效的日期"),
        ("date", "20260230", None, "不是有效的日期"),
        ("date", "2026-09-22", {"rule": "not_future"}, "不能晚于今天"),
        ("date", "2026-09-20", {"rule": "not_past"}, "不能早于今天"),
        ("text", "长" * 201, None, "最多200个字，现有201个字"),
        ("text", "长长长", {"rule": "length", "maxlen": 2}, "最多2个字，现有3个字"),
        ("text", "短", {"rule": "length", "minlen": 2}, "至少2个字"),
        ("text", "x", {"rule": "pattern", "pattern": "^\\d+$", "message": "只填数字。"}, "只填数字。"),
        ("text", {"x": 1}, None, "读不出来"),
        ("phone", "12345678", None, "11位手机号"),
        ("resident_id", "43132119900401", None, "18位"),
        ("uscc", "X", None, "18位"),
        ("boolean", "maybe", None, "是或否"),
        ("number", "3", {"rule": "range", "min": 5}, "不能小于5"),
        ("number", "9", {"rule": "range", "max": 5}, "不能大于5"),
        ("file", [{"x": 1}], None, "没有上传成功"),
    ],
)
def test_wrong_answers_get_a_sentence(kind, raw, rule, words):
    assert words in problems(form(field(kind, validation=rule)), {"f": raw})["f"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text", "请填写"),
        ("choice", "请选择"),
        ("choices", "可选多项"),
        ("date", "2026-10-01"),
        ("file", "请上传"),
        ("boolean", "是或否"),
    ],
)
def test_a_missing_answer_is_asked_for_in_its_own_words(kind, words):
    options = [{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]
    found = form(field(kind, options=options if kind.startswith("choice") else ()))
    assert words in problems(found, {})["f"]
    assert words in problems(found, {"f": "  "})["f"]


def test_optional_questions_may_stay_empty():
    assert matters.validate_all(form(field("number", required=False)), {"f": ""}, today=TODAY) == {}


def test_citizen_numbers_are_checked_and_normalised():
    number = resident_id.make_synthetic(birth_on=TODAY.replace(year=1990), serial=12)
    assert matters.validate_all(form(field("resident_id")), {"f": f" {number.lower()} "}, today=TODAY) == {"f": number}


def test_choices_come_from_a_posted_form():
    found = form(field("choices", options=[{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]))
    assert matters.validate_page(found, "q-f", QueryDict("f=b&f=a"), today=TODAY) == {"f": ["a", "b"]}
    assert problems(found, QueryDict("f=z"), page="q-f")


def test_checks_over_the_whole_form_are_said_at_the_last_field_they_look_at():
    found = form(field("number", "a"), field("number", "b"), checks=[["a + b <= 10", "合计不能超过10。"]])
    assert problems(found, {"a": 6, "b": 6}) == {"b": "合计不能超过10。"}
    assert matters.validate_all(found, {"a": 6, "b": 4}, today=TODAY)


class TestRepeatedGroups:
    found = form(
        field(
            "group",
            "staff",
            label="人员",
            max_items=2,
            fields=[field("text", "name", label="姓名"), field("phone", "phone", label="电话", required=False)],
        )
    )

    def test_rows_are_read_from_a_posted_form(self):
        raw = QueryDict("staff-0-name=甲&staff-0-phone=&staff-3-name=乙&staff-3-phone=13800001234")
        cleaned = matters.validate_page(self.found, "q-staff", raw, today=TODAY)
        assert cleaned == {"staff": [{"name": "甲", "phone": None}, {"name": "乙", "phone": "13800001234"}]}

    def test_a_row_with_a_gap_says_so_at_its_input(self):
        raw = QueryDict("staff-0-name=&staff-0-phone=13800001234")
        assert problems(self.found, raw, page="q-staff") == {"staff-0-name": "请填写姓名。"}

    def test_empty_rows_do_not_count(self):
        assert "请至少填写一项" in problems(self.found, QueryDict("staff-0-name="), page="q-staff")["staff"]

    def test_no_more_rows_than_allowed(self):
        raw = QueryDict("&".join(f"staff-{n}-name=x" for n in range(5)))
        assert "最多2项" in problems(self.found, raw, page="q-staff")["staff"]

    def test_add_and_remove_work_without_scripts(self):
        raw = QueryDict("staff-0-name=甲&add=staff")
        assert matters.only_rows_changed(raw)
        assert [row.get("name") for row in matters.typed(self.found, "q-staff", raw)["staff"]] == ["甲", None]
        raw = QueryDict("staff-0-name=甲&staff-1-name=乙&remove=staff-0")
        assert [row["name"] for row in matters.typed(self.found, "q-staff", raw)["staff"]] == ["乙"]

    def test_errors_stand_at_the_inputs_of_the_row(self):
        page = matters.questions(
            self.found, "q-staff", answers={"staff": [{"name": "甲"}]}, errors={"staff-0-phone": "不对。"}, today=TODAY
        )
        html = render_to_string("matters/question.html", {"q": page[0]})
        assert 'name="staff-0-phone"' in html
        assert 'aria-describedby="id_staff-0-phone-error"' in html


def test_uploaded_files_count_as_the_answer():
    found = form(field("file", "plan", label="平面图"))
    assert matters.validate_page(found, "files", {}, today=TODAY, files={"plan": ["mark"]}) == {"plan": ["mark"]}
    assert problems(found, {}, page="files", files={"plan": []}) == {"plan": "请上传平面图。"}


def test_where_a_saved_application_goes_on():
    assert matters.first_unanswered(FORM, {"name": "张三", "area": 80, "kitchen": 20}, today=TODAY).key == "q-kind"
    assert matters.first_unanswered(FORM, answers(), today=TODAY) is None


def test_what_is_known_of_the_applicant_is_filled_in():
    assert matters.prefill(FORM, {"applicant.name": "张三", "applicant.phone": "1"}) == {"name": "张三"}


def test_shared_and_filled_in_papers_are_never_demanded():
    found = {m.no: (m.required, demanded) for m, demanded in matters.materials_for(document(), answers(), today=TODAY)}
    assert found == {1: (True, False), 2: (True, False), 3: (True, True), 4: (False, False)}
    found = {
        m.no: (m.required, demanded)
        for m, demanded in matters.materials_for(document(), answers(area=300), today=TODAY)
    }
    assert found[4] == (True, True)


def test_personal_answers_are_masked_unless_needed():
    found = form(
        field("text", "name", label="姓名", personal=True), field("phone", "phone"), field("resident_id", "id"),
        field("address", "home", personal=True), field("choice", "kind", options=[{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]),
        field("boolean", "agree"), field("file", "plan"),
    )  # fmt: skip
    given = {
        "name": "张三丰",
        "phone": "13800001234",
        "id": "431321199001010010",
        "home": "永丰街道国藩路88号",
        "kind": "a",
        "agree": True,
        "plan": ["x"],
    }

    def words(**more):
        return {
            row.key: row.value
            for section in matters.in_words(found, given, today=TODAY, **more)
            for row in section.rows
        }

    assert words() == {**given, "kind": "甲", "agree": "是", "plan": "已上传1个文件"}
    masked = words(masked=True)
    assert masked["name"] == "**丰"
    assert masked["phone"] == "138****1234"
    assert masked["id"] == "431321**********10"
    assert masked["home"] == "永丰街道国藩****"
    assert masked["kind"] == "甲"


def test_labels_follow_the_reader():
    with translation.override("en"):
        assert matters.questions(FORM, "details-1", answers={}, today=TODAY)[0].label == "Name"


def test_a_question_alone_on_its_page_is_its_heading():
    page = matters.questions(FORM, "q-kind", answers={"kind": "a"}, today=TODAY)
    html = render_to_string("matters/question.html", {"q": page[0]})
    assert "<h1>业态</h1>" in html
    assert "checked" in html


def test_the_food_licence_asks_for_the_raw_food_room_only_when_raw_food_is_made():
    from demo.load_matters import document as demo_document

    food = demo_document("food-business-licence").form
    assert matters.validate_all(food, food_answers(), today=TODAY)["floor_area"] == 120
    assert problems(food, food_answers(items=["raw"])) == {"raw_room": "请填写生食专用操作间面积。"}
    assert "后厨面积太小" in problems(food, food_answers(kitchen_area=5))["kitchen_area"]


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["name", "area", "kitchen", "kind", "meals", "managers", "items"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
            max_leaves=4,
        ),
    )
)
def test_whatever_comes_back_is_cleaned_or_refused_at_its_field(raw):
    from demo.load_matters import document as demo_document

    for found in (FORM, demo_document("food-business-licence").form):
        try:
            cleaned = matters.validate_all(found, raw, today=TODAY)
        except Invalid as refused:
            assert all(str(sentence) for sentence in refused.fields.values())  # noqa: PT017
        else:
            assert matters.validate_all(found, cleaned, today=TODAY) == cleaned

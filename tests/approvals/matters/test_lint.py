"""The check before publishing."""

import pytest

from tests.approvals.matters.factories import document, raw_document
from zhengtong.approvals.matters.lint import ERROR, lint
from zhengtong.approvals.matters.values import MatterDocument

BODIES = {"market-regulation", "health"}


def found(raw):
    return {(f.level, f.code) for f in lint(MatterDocument.model_validate(raw), bodies=BODIES)}


def changed(path, value):
    """The sound document with one element changed; `path` such as `steps.1.no` or `form.fields.2.shown_if`."""
    raw = raw_document()
    place = raw
    *way, last = path.split(".")
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return raw


def special(**more):
    return [
        {
            "kind": "site",
            "name": "现场核查",
            "basis": {"law": "县级设定"},
            "max_workdays": 5,
            "clocks": ["promised"],
            **more,
        }
    ]


def test_a_sound_matter_has_no_findings():
    assert lint(document(), bodies=BODIES) == []


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("legal_basis", [], "no_legal_basis"),
        ("promised_workdays", 21, "promise_exceeds_statute"),
        ("promised_workdays", 4, "steps_exceed_promise"),
        ("statutory_limit", {"days": None}, "limit_without_reason"),
        ("statutory_limit", {"days": 20}, "limit_without_law"),
        ("acceptance_workdays", 7, "acceptance_too_long"),
        ("delivery_workdays", 15, "delivery_too_long"),
        ("special_procedures", special(clocks=["statutory"]), "stops_statute_without_law"),
        ("special_procedures", special(clocks=[]), "special_without_clock"),
        ("special_procedures", special() * 2, "special_twice"),
        (
            "fees",
            {"charged": True, "items": [{"name": "工本费", "rule": "fixed", "amount": "20"}]},
            "fee_without_basis",
        ),
        ("fees", {"charged": True, "basis": {"law": "某法"}}, "fee_without_items"),
        ("fees", {"charged": False, "items": [{"name": "工本费", "rule": "fixed"}]}, "free_with_items"),
        ("basic_code", "4301240010", "bad_code"),
        ("implementation_code", "1" * 31, "codes_disagree"),
        ("department", "nowhere", "unknown_department"),
        ("steps", [], "no_steps"),
        ("steps.1.no", 1, "steps_cycle"),
        ("steps.1.no", 9, "step_unreachable"),
        ("steps.1.steps.0.key", "review", "step_twice"),
        ("steps.0.steps", [], "group_empty"),
        ("steps.0.mode", "all", "parallel_alone"),
        ("steps.1.steps.0.kind", "handle", "decide_not_one"),
        ("steps.0.steps.0.kind", "decide", "decide_not_one"),
        ("steps.2.steps.0.kind", "handle", "work_after_decision"),
        ("steps.0.steps.0.kind", "certify", "result_before_decision"),
        ("steps.0.steps.0.role", "wizard", "unknown_role"),
        ("steps.0.steps.0.role", "site_inspector", "site_visit_alone"),
        ("steps.0.steps.0.department", "nowhere", "unknown_department"),
        ("steps.0.steps.0.min_officers", 0, "no_officer"),
        ("accept_role", "", "no_accept_role"),
        ("materials.2.no", 1, "material_number_twice"),
        ("materials.1.copies", 1, "shared_and_demanded"),
        ("materials.1.shared_by", None, "shared_by_nobody"),
        ("materials.1.shared_by", "nowhere", "unknown_department"),
        ("materials.3.needed_if", "size > 200", "unsound_expression"),
        ("materials.3.required", True, "always_and_sometimes"),
        ("remedies", " ", "no_remedies"),
        ("level", "9", "unknown_level"),
        ("audiences", [], "unknown_audience"),
        ("handling_type", "7", "unknown_handling"),
        ("visits", 1, "not_end_to_end"),
        ("name", " ", "no_name"),
        ("form.fields.1.key", "name", "field_twice"),
        ("form.fields.1.key", "面积", "field_key"),
        ("form.fields.3.options", [], "choice_without_options"),
        ("form.fields.0.prefill", "applicant.password", "unknown_prefill"),
        ("form.pages", [{"key": "one", "title": "一"}], "field_without_page"),
        ("form.fields.4.shown_if", "kind = 5", "unsound_expression"),
        ("form.fields.4.shown_if", "meals > 1", "condition_on_itself"),
        ("form.fields.1.shown_if", "kind = 'a'", "condition_looks_ahead"),
        ("form.checks", [["nothing = 1", "x"]], "unsound_expression"),
        ("form.checks", [["area > 1", " "]], "check_without_sentence"),
        ("form.fields.1.validation", {"rule": "magic"}, "unknown_rule"),
        ("form.fields.0.validation", {"rule": "range", "min": 1}, "rule_does_not_fit"),
        ("form.fields.0.validation", {"rule": "pattern", "pattern": "("}, "bad_pattern"),
        ("form.fields.0.validation", {"rule": "pattern", "pattern": "^(a+)+$"}, "dangerous_pattern"),
        ("form.fields.0.validation", {"rule": "pattern", "pattern": "^a*a*a*b$"}, "dangerous_pattern"),
        ("form.fields.1.validation", {"rule": "range", "min": 9, "max": 1}, "range_reversed"),
        ("form.fields.2.validation", {"rule": "compare", "lte": "nothing"}, "compare_unknown"),
        ("form.fields.2.validation", {"rule": "compare", "lte": "name"}, "compare_types"),
        ("form.fields.2.validation", {"rule": "compare"}, "compare_with_nothing"),
        ("form.fields.2", {"key": "g", "label": "组", "type": "group"}, "group_without_fields"),
    ],
)
def test_errors_that_block_publishing(path, value, code):
    assert (ERROR, code) in found(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("legal_basis", [{"law": "某条例"}], "basis_unchecked"),
        ("handling_type", "1", "immediate_takes_days"),
        ("special_procedures", special(max_workdays=None), "special_without_limit"),
        (
            "special_procedures",
            special(basis={"law": "行政许可法", "article": "第三十四条"}, clocks=["statutory"]),
            "not_in_article_45",
        ),
        (
            "fees",
            {"charged": True, "basis": {"law": "某法"}, "items": [{"name": "x", "rule": "fixed"}]},
            "fee_rate_missing",
        ),
        ("steps.1.steps.0.role", "case_officer", "decided_by_other_duty"),
        ("materials.2.originals", 0, "material_without_count"),
        ("materials.3.condition", None, "condition_without_words"),
        ("remedies", "可以投诉。", "remedies_incomplete"),
        ("conditions", [], "no_conditions"),
        ("enquiry_phone", "", "no_phone"),
        ("name_en", "", "no_english"),
        ("synonyms", [], "no_synonyms"),
        ("type_code", "05", "type_disagrees"),
        ("level", "5", "level_disagrees"),
    ],
)
def test_warnings_that_are_shown(path, value, code):
    result = found(changed(path, value))
    assert ("warning", code) in result
    assert not [pair for pair in result if pair[0] == ERROR]


def test_a_lead_group_has_exactly_one_lead():
    group = {"no": 1, "mode": "lead", "steps": [
        {"key": "a", "name": "甲", "role": "case_officer", "workdays": 1, "lead": True},
        {"key": "b", "name": "乙", "role": "case_officer", "workdays": 2, "department": "health"},
    ]}  # fmt: skip
    assert found(changed("steps.0", group)) == set()
    group["steps"][1]["lead"] = True
    assert (ERROR, "lead_not_one") in found(changed("steps.0", group))


def test_parallel_steps_take_as_long_as_the_longest():
    group = {
        "no": 1,
        "mode": "all",
        "steps": [{"key": k, "name": k, "role": "case_officer", "workdays": 5} for k in ("a", "b")],
    }
    assert found(changed("steps.0", group)) == set()


def test_the_demo_catalogue_has_no_errors():
    from demo.load_matters import documents
    from demo.load_organizations import DATA

    bodies = {row["code"] for row in __import__("json").loads(DATA.read_text(encoding="utf-8"))["organizations"]}
    assert len(documents()) == 180
    assert [(d.key, f.message) for d in documents() for f in lint(d, bodies=bodies) if f.level == ERROR] == []

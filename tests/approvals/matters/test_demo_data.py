"""The demo county's catalogue and bodies load by the real operations, once."""

from datetime import timedelta

import pytest
from demo import load_matters, load_organizations

from tests.approvals.matters.factories import AT, official
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.pmi import public as pmi

pytestmark = pytest.mark.django_db
quiet = lambda text: None  # noqa: E731


def test_bodies_and_matters_load_and_loading_again_changes_nothing():
    assert load_organizations.load(AT, quiet) == 100
    some = frozenset(
        {"food-business-licence", "homestead-approval", "homestead-approval-431321201", "minimum-living-allowance"}
    )
    assert load_matters.load(AT, quiet, only=some) == 4
    assert load_organizations.load(AT, quiet) == load_matters.load(AT, quiet, only=some) == 0
    assert Organization.objects.get(code="town-431321201").parent.code == "county"
    assert matters.guide("homestead-approval-431321201").department.short_name == "沙塘乡"


def test_the_catalogue_covers_what_a_county_does():
    documents = load_matters.documents()
    assert len(documents) == 180
    assert sum(bool(d.synonyms) for d in documents) >= 40
    assert sum(bool(d.eligibility) for d in documents) >= 20
    modes = {group.mode for d in documents for group in d.steps}
    assert modes == {"single", "all", "any", "lead"}
    assert all("演示" in d.enquiry_phone for d in documents)


def test_the_food_licence_runs_in_parallel_and_keeps_its_promise():
    food = load_matters.document("food-business-licence")
    assert [(g.mode, [s.department or food.department for s in g.steps]) for g in food.steps][0] == (
        "all",
        ["market-regulation", "urban-management"],
    )
    assert food.steps[1].steps[0].min_officers == 2
    assert sum(group.workdays for group in food.steps) <= food.promised_workdays == 7


def test_every_form_can_be_walked_page_by_page():
    for found in load_matters.documents():
        pages = matters.pages(found.form)
        assert sorted(f.key for page in pages for f in page.fields) == sorted(f.key for f in found.form.fields)
        assert all(page.label for page in pages)


def test_changes_under_way_show_history_approval_and_return():
    load_organizations.load(AT, quiet)
    keys = {"pesticide-business-licence", "drug-retail-licence", "nurse-registration", "tobacco-retail-licence"}
    load_matters.load(AT - timedelta(days=60), quiet, only=frozenset(keys))
    people = {}

    def who(role, body):
        if (role, body.pk) not in people:
            user = official(f"{role}-{body.code}")
            day = (AT - timedelta(days=60)).date()
            pmi.grant_role(
                user=user, role=role, organization=body, by=None, at=AT, valid_from=day, include_subtree=True
            )
            people[role, body.pk] = user
        return people[role, body.pk]

    load_matters.leave_changes(who, AT)
    load_matters.leave_changes(who, AT)
    states = sorted(matters.MatterVersion.objects.filter(number=2).values_list("state", flat=True))
    assert states == ["draft", "published", "returned", "submitted"]
    assert matters.guide("pesticide-business-licence").elements.promised_workdays == 7


def test_what_a_reader_of_english_needs_is_in_english():
    missing = []
    for found in load_matters.documents():
        if len(found.conditions_en) != len(found.conditions):
            missing.append(f"{found.key}: conditions")
        for material in found.materials:
            pairs = [
                (material.name, material.name_en),
                (material.issuer, material.issuer_en),
                (material.condition, material.condition_en),
            ]
            missing += [f"{found.key}: {chinese}" for chinese, english in pairs if chinese and not english]
        for field in found.form.fields:
            missing += [f"{found.key}: {o.label}" for o in field.options if not o.label_en and not o.label.isascii()]
            if not field.label_en:
                missing.append(f"{found.key}: {field.label}")
        if not found.result.name_en:
            missing.append(f"{found.key}: {found.result.name}")
    assert missing == []

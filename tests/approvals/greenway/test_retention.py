"""Projects and bundles: a draft nobody touches goes with its branches, what was filed stays with its cases, its person takes it along."""

import json

import pytest

from tests.factories import at
from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.greenway.models import JointCase, Project, ProjectEvent
from zhengtong.approvals.greenway.states import JointState
from zhengtong.security.vault import operations
from zhengtong.security.vault.retention import operations as retention

pytestmark = pytest.mark.django_db


def delete(when: str) -> int:
    return retention.carry_out(at=at(when), machine=at("2026-01-01"))


def fresh(shop) -> Project:
    return Project.objects.get(pk=shop.project.pk)


def test_a_draft_goes_after_a_year_and_its_branches_with_it(shop):
    shop.filled()
    delete("2027-09-21")
    assert fresh(shop).answers == {"shop": "永丰米粉", "area": 60}
    assert all(case.answers for case in Case.objects.all())
    delete("2027-09-22")
    delete("2027-09-23")
    gone = fresh(shop)
    assert (gone.answers, str(gone.applicant_phone)) == ({}, "已按规定删除")
    assert {(case.state, case.applicant_name) for case in Case.objects.all()} == {("withdrawn", "已按规定删除")}


def test_what_was_filed_stays_until_thirty_years_after_its_end(shop, signed_in):
    shop.submitted()
    said = json.loads(signed_in(shop.applicant).get("/my/data/export/").content)
    assert said["projects"][0]["applicant_id_number"] == str(shop.applicant.resident_id)
    delete("2070-01-01")
    assert fresh(shop).answers != {}  # not ended, however old
    JointCase.objects.update(state=JointState.CLOSED)
    last = ProjectEvent.objects.latest("effective_at").effective_at.date()
    parts = {part.label: part for part in operations.outcome(person_id=shop.applicant.pk, at=at("2040-01-01"))}
    assert not parts["提交过的项目和一件事"].goes
    assert "30年" in parts["提交过的项目和一件事"].why
    delete(f"{last.replace(year=last.year + 30)} 23:00")
    assert fresh(shop).answers != {}
    delete(f"{last.replace(year=last.year + 30, day=last.day + 1)} 00:10")
    assert fresh(shop).answers == {}

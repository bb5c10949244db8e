"""The register of impact assessments (个人信息保护法 第五十五条、第五十六条; T-PI-5): no sensitive field without an entry."""

import csv

from tests.house.code import ROOT
from zhengtong.kernel.sealed import sealed_fields, sealed_models

REGISTER = ROOT / "docs" / "evidence" / "impact-assessment.csv"
COLUMNS = ["field", "what", "purpose", "basis", "seen_by", "kept", "kept_by", "risk", "measures"]
"""第五十六条: whether purpose and manner are lawful and needed; what it may do to the person; whether the measures fit the risk."""


def entries() -> list[dict[str, str]]:
    with REGISTER.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_sealed_field_has_its_assessment_and_nothing_else_has():
    declared = [f"{model._meta.label}.{field.name}" for model in sealed_models() for field in sealed_fields(model)]
    assert sorted(entry["field"] for entry in entries()) == sorted(declared), (
        "assess the field in docs/evidence/impact-assessment.csv before it holds anything"
    )


def test_every_assessment_is_whole():
    for entry in entries():
        assert list(entry) == COLUMNS
        assert all(value.strip() for value in entry.values()), entry["field"]
        assert "第" in entry["basis"], "an article of law"
        assert entry["risk"][0] in "高中低", entry["field"]


def test_grave_risks_carry_the_stronger_measures():
    for entry in entries():
        if entry["risk"].startswith("高"):
            assert "加密" in entry["measures"], entry["field"]
            assert "留痕" in entry["measures"] or "记入审计" in entry["measures"], entry["field"]

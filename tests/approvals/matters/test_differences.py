"""Differences between versions, element by element."""

from tests.approvals.matters.factories import document, raw_document
from zhengtong.approvals.matters.differences import differences


def test_what_changed_is_named_with_old_and_new():
    raw = raw_document()
    raw["promised_workdays"] = 5
    raw["materials"][2]["originals"] = 2
    raw["materials"].pop(3)
    raw["handling_type"] = "1"
    new = document(**raw)
    found = {(d.section, d.row, d.label): (d.old, d.new) for d in differences(document(), new)}
    assert found.pop(("依据和时限", "", "承诺时限（工作日）")) == ("7", "5")
    assert found.pop(("基本信息", "", "办件类型")) == ("承诺件", "即办件")
    assert found.pop(("申请材料", "平面图", "原件份数")) == ("1", "2")
    gone = found.pop(("申请材料", "消防证明", ""))
    assert gone[1] == ""
    assert "什么情况要交：面积超过200平方米时" in gone[0]
    assert found == {}


def test_the_same_document_has_no_differences():
    assert differences(document(), document()) == []


def test_without_an_old_version_everything_is_new():
    assert all(d.old == "" for d in differences(None, document()))

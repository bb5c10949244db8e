"""The catalogue as JSON and as a workbook: round trips, and problems named by sheet, row and column."""

import json
import zipfile
from io import BytesIO

import pytest
from demo.load_matters import document as demo_document
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tests.approvals.matters.factories import AT, TODAY, document, official, organization
from zhengtong.approvals.matters import exchange, imports, rows
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.matters.models import Matter, MatterVersion
from zhengtong.approvals.matters.refusals import CannotImport
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.security.pmi import public as pmi

KEYS = (
    "food-business-licence",
    "minimum-living-allowance",
    "employment-hardship-determination",
    "real-estate-transfer-registration",
)


def some():
    return tuple(demo_document(key) for key in KEYS)


@pytest.mark.parametrize(("name", "write"), [("a.json", exchange.to_json), ("a.xlsx", exchange.to_xlsx)])
def test_what_goes_out_comes_back_the_same(name, write):
    found = exchange.read(name, write(some()))
    assert found.problems == []
    assert tuple(found.documents) == some()


def test_every_demo_matter_survives_rows_and_cells():
    from demo.load_matters import documents

    for original in documents():
        again, problems = rows.assemble(rows.flatten(original))
        assert (again, problems) == (original, [])


def edited(changes, documents=None):
    """A workbook in which some cells were changed by hand: (sheet, row, column heading) → value."""
    book = load_workbook(BytesIO(exchange.to_xlsx(documents or [document()])))
    for (sheet, row, head), value in changes.items():
        heads = [cell.value for cell in book[sheet][1]]
        book[sheet].cell(row=row, column=heads.index(head) + 1).value = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("sheet", "row", "head", "value", "words"),
    [
        ("事项", 2, "承诺时限（工作日）", "七天", "不是整数"),
        ("事项", 2, "承诺时限（工作日）", None, "必须填写"),
        ("事项", 2, "事项类型", "许可证", "不在可选的值里"),
        ("事项", 2, "服务对象", "自然人；火星人", "“火星人”不在可选的值里"),
        ("事项", 2, "仅提供指南", "也许", "应填“是”或“否”"),
        ("申请材料", 4, "原件份数", "一份", "不是整数"),
        ("申请材料", 3, "材料名称", None, "必须填写"),
        ("办理环节", 3, "环节种类", "拍板", "不在可选的值里"),
        ("办理环节", 2, "第几组", None, "请填写第几组"),
        ("表单字段", 3, "校验规则", "range min", "应写成：名称=值"[:3]),
        ("表单字段", 3, "校验规则", "range; min", "应写成：名称=值"),
        ("表单字段", 5, "选项", "a", "应写成：值 | 名称 | 英文"),
        ("表单字段", 5, "所属重复项", "nothing", "前面没有键为“nothing”的重复项"),
        ("表单字段", 2, "字段类型", None, "必须填写"),
    ],
)
def test_a_wrong_cell_is_named_by_sheet_row_and_column(sheet, row, head, value, words):
    found = exchange.read("a.xlsx", edited({(sheet, row, head): value}))
    if head == "校验规则" and value == "range min":
        assert found.documents  # an unknown rule is for the check to find, not for the reader
        return
    assert [(p.sheet, p.row, p.column) for p in found.problems] == [(sheet, row, head)]
    assert words in found.problems[0].message
    assert str(found.problems[0]).startswith(f"工作表“{sheet}”第{row}行“{head}”")


def test_unknown_columns_and_orphans_are_named():
    book = load_workbook(BytesIO(exchange.to_xlsx([document()])))
    book["事项"].cell(row=1, column=2).value = "神秘列"
    book["申请材料"].cell(row=3, column=1).value = "nobody"
    out = BytesIO()
    book.save(out)
    found = exchange.read("a.xlsx", out.getvalue())
    assert ("事项", 1, "神秘列") in [(p.sheet, p.row, p.column) for p in found.problems]
    assert ("申请材料", 3, "事项键") in [(p.sheet, p.row, p.column) for p in found.problems]


def test_labels_are_read_like_codes():
    found = exchange.read(
        "a.xlsx", edited({("事项", 2, "事项类型"): "行政许可", ("事项", 2, "服务对象"): "自然人；企业法人"})
    )
    assert tuple(found.documents) == (document(),)


def test_formulas_do_not_leave_in_a_workbook():
    content = exchange.to_xlsx([document(name='=HYPERLINK("http://x","y")')])
    sheet = load_workbook(BytesIO(content))["事项"]
    assert {cell.data_type for cell in sheet[2] if cell.value is not None} == {"s"}
    assert exchange.read("a.xlsx", content).documents[0].name.startswith("=HYPERLINK")


def bomb():
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (exchange.LARGEST_UNPACKED + 1))
    return out.getvalue()


def other_workbook():
    out = BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"x", "请上传"),
        ("a.json", b"{", "读不出来"),
        ("a.json", b"\xff\xfe", "读不出来"),
        ("a.json", b'{"x": 1}', "不是事项目录"),
        ("a.json", b'{"format": "other/1", "matters": []}', "不是事项目录"),
        ("a.json", b"[" * 100_000, "读不出来"),
        ("a.xlsx", b"PK\x03\x04", "打不开"),
        ("a.xlsx", b"", "打不开"),
        ("a.json", b" " * (exchange.LARGEST_FILE + 1), "太大"),
    ],
)
def test_files_that_are_not_ours_are_refused_in_a_sentence(name, content, words):
    with pytest.raises(Invalid, match=words):
        exchange.read(name, content)


def test_zip_bombs_and_foreign_workbooks_are_refused():
    with pytest.raises(Invalid, match="展开后太大"):
        exchange.read("a.xlsx", bomb())
    with pytest.raises(Invalid, match="没有“事项”工作表"):
        exchange.read("a.xlsx", other_workbook())


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["key", "name", "steps", "form", "fields", "materials", "matters"]), x, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_is_read_or_refused(data):
    try:
        found = exchange.read("a.json", json.dumps(data).encode())
    except Invalid:
        return
    assert all(str(problem) for problem in found.problems)


@pytest.mark.django_db
class TestImporting:
    @pytest.fixture
    def editor(self):
        user = official("editor")
        pmi.grant_role(user=user, role="matter_editor", organization=organization(), by=None, at=AT, valid_from=TODAY)
        return user

    def take(self, editor, documents, name="a.json"):
        return imports.read_file(name=name, content=exchange.to_json(documents), by=editor, at=AT)

    def actions(self, found, editor):
        return [item.action for item in imports.plan(found, by=editor, on=TODAY)]

    def test_reading_changes_nothing_and_confirming_makes_drafts(self, editor):
        matters.publish_as_system(document=document(), at=AT)
        same, changed, new = document(), document(promised_workdays=5), document("second", 2)
        assert self.actions(self.take(editor, [same]), editor) == ["same"]
        found = self.take(editor, [changed, new])
        assert self.actions(found, editor) == ["change", "new"]
        assert Matter.objects.count() == 1
        made = imports.carry_out(import_id=found.pk, by=editor, at=AT)
        assert [(v.matter.key, v.state, v.number) for v in made] == [
            ("test-licence", "draft", 2),
            ("second", "draft", 1),
        ]
        assert matters.guide("test-licence").elements.promised_workdays == 7
        assert OutboxEvent.objects.filter(name="matters.MattersImported").get().payload["drafts"] == 2
        with pytest.raises(CannotImport, match="已经导入过"):
            imports.carry_out(import_id=found.pk, by=editor, at=AT)

    def test_one_bad_matter_stops_all_unless_told_to_skip(self, editor):
        organization("health")
        found = self.take(
            editor, [document(), document("other", 2, department="health"), document("third", 3, department="nowhere")]
        )
        plan = imports.plan(found, by=editor, on=TODAY)
        assert [item.action for item in plan] == ["new", "blocked", "blocked"]
        assert "没有编辑" in plan[1].obstacle
        assert "不在机构目录" in plan[2].obstacle
        with pytest.raises(CannotImport, match="2处问题"):
            imports.carry_out(import_id=found.pk, by=editor, at=AT)
        assert not MatterVersion.objects.exists()
        assert len(imports.carry_out(import_id=found.pk, by=editor, at=AT, skip_bad=True)) == 1

    def test_a_bad_row_stops_all_too(self, editor):
        content = edited({("申请材料", 4, "原件份数"): "一份"}, [document(), document("second", 2)])
        found = imports.read_file(name="a.xlsx", content=content, by=editor, at=AT)
        assert [p.column for p in imports.problems_of(found)] == ["原件份数"]
        with pytest.raises(CannotImport):
            imports.carry_out(import_id=found.pk, by=editor, at=AT)
        made = imports.carry_out(import_id=found.pk, by=editor, at=AT, skip_bad=True)
        assert [v.matter.key for v in made] == ["second"]

    def test_codes_are_not_shared_and_submitted_versions_not_touched(self, editor):
        matters.publish_as_system(document=document(), at=AT)
        found = self.take(editor, [document("thief", 1)])
        assert "已被另一个事项使用" in imports.plan(found, by=editor, on=TODAY)[0].obstacle
        draft = matters.create_draft(document=document(promised_workdays=6), by=editor, at=AT)
        matters.submit(version_id=draft.pk, by=editor, at=AT)
        found = self.take(editor, [document(promised_workdays=5)])
        assert "待审核" in imports.plan(found, by=editor, on=TODAY)[0].obstacle

    def test_an_open_draft_is_changed_in_place(self, editor):
        draft = matters.create_draft(document=document(), by=editor, at=AT)
        found = self.take(editor, [document(promised_workdays=5)])
        assert [v.pk for v in imports.carry_out(import_id=found.pk, by=editor, at=AT)] == [draft.pk]

    def test_another_persons_upload_does_not_exist(self, editor):
        found = self.take(editor, [document()])
        with pytest.raises(NotFound):
            imports.carry_out(import_id=found.pk, by=official("stranger"), at=AT)

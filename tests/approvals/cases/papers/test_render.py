"""Papers as PDF/A-2b: every kind, every hand they pass through."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.approvals.cases.papers.samples import SAMPLES, URL, sample
from zhengtong.approvals.cases.papers import values
from zhengtong.approvals.cases.papers.render import KINDS, check_printable, paper_title, printable, render
from zhengtong.approvals.papers.glyphs import FALLBACK, FONTS, CannotPrint, missing_glyphs


def pages(pdf: bytes) -> list[str]:
    """The text of each page, without white space."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [re.sub(r"\s", "", page.get_textpage().get_text_bounded()) for page in document]


def text(pdf: bytes) -> str:
    """The whole text, without white space."""
    return "".join(pages(pdf))


def test_there_is_a_sample_for_every_kind() -> None:
    assert set(SAMPLES) == set(KINDS)


def test_the_set_of_papers_is_numbered_as_the_catalogue_says() -> None:
    codes = sorted(kind.code for kind in KINDS.values() if kind.code)
    assert codes == [f"{number:02d}" for number in range(1, 15)] + ["21"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_who_what_and_its_number(kind: str) -> None:
    data = sample(kind)
    printed = text(render(kind, data))
    for key in ("number", "case_number", "applicant_name", "organ", "query_code"):
        assert re.sub(r"\s", "", str(data[key])) in printed, key
    assert str(data.get("title") or paper_title(kind)) in printed
    assert "演示数据" in printed


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_pdf_a_2b_with_its_fonts_inside(kind: str) -> None:
    with pikepdf.open(io.BytesIO(render(kind, sample(kind)))) as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "2B"
        intents = pdf.Root.OutputIntents
        assert intents[0].S == "/GTS_PDFA1"
        assert "/DestOutputProfile" in intents[0]
        assert "/Names" not in pdf.Root or "/JavaScript" not in pdf.Root.Names
        fonts = [font for page in pdf.pages for font in page.resources.get("/Font", {}).values()]
        assert fonts
        for font in fonts:
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert "NotoSerifCJKsc" in str(descriptor.FontName)
            assert "/FontFile3" in descriptor


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_on_every_kind_leads_to_its_verification(kind: str) -> None:
    found = []
    with pypdfium2.PdfDocument(render(kind, sample(kind))) as document:
        for page in document:
            found += [code.text for code in zxingcpp.read_barcodes(page.render(scale=2).to_pil())]
    assert found == [URL]


@pytest.mark.parametrize("name", ["王𠮷", "李㙦", "刘䶮"])
@pytest.mark.parametrize("kind", ["acceptance", "licence"])
def test_rare_names_are_printed(kind: str, name: str) -> None:
    assert name in text(render(kind, sample(kind, applicant_name=name)))


@pytest.mark.parametrize(
    "words",
    [
        '#import "/base.typ": *',
        "#panic()",
        "] #text(red)[x",
        "$ x^2 $",
        "*bold* _it_ `raw` = head",
        "- list / term: <label> @ref ~ \\ // c",
        "#sys.inputs",
        '"); #read("/etc/passwd")',
    ],
)
def test_what_people_write_is_never_taken_for_markup(words: str) -> None:
    data = sample("not_accepted", reason=words, applicant_name=words, where_to_apply=words)
    assert text(render("not_accepted", data)).count(re.sub(r"\s", "", words)) >= 3


def test_a_character_no_font_has_is_refused_before_issuing() -> None:
    data = sample("decision", applicant_name="张😀")
    with pytest.raises(CannotPrint, match="U\\+1F600"):
        check_printable("decision", data)
    with pytest.raises(CannotPrint):
        render("decision", data)


def test_a_character_hidden_deep_in_the_data_is_found() -> None:
    defects = [{"material": "申请书", "problem": "缺\u202e页", "requirement": "补"}]
    with pytest.raises(CannotPrint, match="U\\+202E"):
        render("defect_notice", sample("defect_notice", defects=defects))


def test_records_for_the_file_are_made_whatever_people_wrote() -> None:
    data = sample("event_log", state="已办结😀")
    check_printable("event_log", data)
    assert "已办结〔U+1F600〕" in text(render("event_log", data))


def test_leftovers_of_copying_are_dropped_and_line_ends_kept_apart() -> None:
    data = sample("not_accepted", reason="第一\u200b行\r\n第二行", applicant_name=" 张\ufeff三 ")
    printed = text(render("not_accepted", data))
    assert "第一行第二行" in printed
    assert "张三" in printed


def test_the_same_data_give_the_same_bytes() -> None:
    assert render("acceptance", sample("acceptance")) == render("acceptance", sample("acceptance"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_paper_printed_from_its_kept_data_is_the_same(kind: str) -> None:
    model = KINDS[kind].model.model_validate(sample(kind))
    assert render(kind, model.model_dump(mode="json")) == render(kind, model)


def test_times_are_those_of_the_county() -> None:
    data = sample("receipt", received_at=datetime(2026, 9, 20, 18, 5, tzinfo=UTC))
    assert "2026年9月21日02时05分" in text(render("receipt", data))


def test_an_unknown_field_or_kind_is_an_error_not_a_gap_on_the_paper() -> None:
    with pytest.raises(ValueError, match="reasn"):
        render("not_accepted", sample("not_accepted", reasn="x"))
    with pytest.raises(ValueError, match="unknown kind"):
        render("poem", sample("receipt"))


def test_a_refusal_cannot_be_printed_without_its_remedies_and_reasons() -> None:
    for missing in ({"remedies": ""}, {"reasons": ()}):
        with pytest.raises(ValueError, match="refusal"):
            render("refusal", sample("refusal", **missing))


def test_an_inspection_by_one_officer_cannot_be_printed() -> None:
    with pytest.raises(ValueError, match="inspectors"):
        render("site_visit", sample("site_visit", inspectors=("李卫东",)))


def test_another_kind_of_act_changes_the_words() -> None:
    printed = text(render("decision", sample("decision", act="行政确认")))
    assert "准予行政确认决定书" in printed
    assert "决定准予行政确认。" in printed
    assert "行政许可决定" not in printed


def test_deemed_acceptance_says_why_and_from_when() -> None:
    printed = text(render("acceptance", sample("acceptance", deemed=True)))
    assert "视为受理" in printed
    assert "第三十二条第一款第四项" in printed


@pytest.mark.parametrize("count", range(6, 24, 2))
def test_a_signature_never_stands_alone_on_a_page(count: int) -> None:
    lines = [{"name": f"材料{number}", "originals": 1, "form": "纸质"} for number in range(count)]
    last = pages(render("receipt", sample("receipt", materials=lines)))[-1]
    assert "扫码查验真伪" in last
    assert "法律依据" in last


def test_a_long_paper_numbers_its_pages_and_repeats_the_head_of_its_table() -> None:
    lines = [{"name": f"材料{number}", "copies": 1} for number in range(90)]
    printed = pages(render("receipt", sample("receipt", materials=lines)))
    assert len(printed) > 2
    for number, page in enumerate(printed, start=1):
        assert f"第{number}页共{len(printed)}页" in page
    assert "材料名称" in printed[1]


def test_a_paper_without_any_optional_field_is_still_a_paper() -> None:
    bare = {
        "organ": "双峰县民政局",
        "number": "双民终〔2026〕1号",
        "case_number": "431321-260921-00001-3",
        "matter_name": "临时救助",
        "applicant_name": "张三",
        "issued_on": "2026年9月21日",
        "reason": "申请人撤回",
    }
    printed = text(render("termination", bare))
    assert "张三" in printed
    assert "演示数据" not in printed
    assert "扫码" not in printed


def test_the_clock_that_stands_still_says_so() -> None:
    assert "暂停中，尚不能确定" in text(render("clock_ledger", sample("clock_ledger", due="")))


def test_many_threads_at_once() -> None:
    names = [f"申请人{number:03d}" for number in range(24)]

    def made(name: str) -> str:
        return text(render("withdrawal", sample("withdrawal", applicant_name=name)))

    with ThreadPoolExecutor(8) as pool:
        for name, printed in zip(names, pool.map(made, names), strict=True):
            assert name in printed


def test_every_character_of_our_font_is_printed() -> None:
    pairs = [line.split("-") for line in (FONTS / "NotoSerifSC-Regular.txt").read_text().split()]
    every = "".join(chr(point) for first, last in pairs for point in range(int(first, 16), int(last, 16) + 1))
    assert missing_glyphs(every, fallback=False) == ""
    for start in range(0, len(every), 5000):
        assert render("termination", sample("termination", reason=every[start : start + 5000]))


def test_a_character_of_debians_fonts_is_printed_where_they_are_installed() -> None:
    data = sample("termination", applicant_name="김철수")
    if not any(path.exists() for path in FALLBACK):
        with pytest.raises(CannotPrint):
            render("termination", data)
    else:
        assert "김철수" in text(render("termination", data))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec="gb18030", max_codepoint=0x9FFF), min_size=1, max_size=40), st.text(max_size=80))
def test_any_text_is_printed_or_refused(name: str, reason: str) -> None:
    model = values.Termination.model_validate(sample("termination", applicant_name=name, reason=reason))
    # Invisible leftovers, and white space at the ends, are dropped and need no glyph.
    kept = printable(KINDS["termination"], {"name": name, "reason": reason})
    missing = missing_glyphs(f"{kept['name']}{kept['reason']}")
    if missing:
        with pytest.raises(CannotPrint) as refusal:
            render("termination", model)
        assert set(refusal.value.characters) <= set(missing)
    else:
        assert render("termination", model).startswith(b"%PDF-1.7")


def test_a_licence_with_very_many_items_gets_a_second_sheet() -> None:
    items = "热食类食品制售；冷食类食品制售（不含生食、冷加工糕点）；自制饮品制售；" * 12
    printed = pages(render("licence", sample("licence", items=items)))
    assert len(printed) == 2
    assert "详见附页" in printed[0]
    assert printed[1].count("自制饮品制售") == 12


@pytest.mark.parametrize("kind", ["licence", "decision"])
def test_a_result_without_an_end_says_so(kind: str) -> None:
    assert "自2026年9月29日起长期有效" in text(render(kind, sample(kind, valid_until="")))

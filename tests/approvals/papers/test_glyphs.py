"""What can be printed, and what is refused before a paper is issued."""

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.approvals.papers.glyphs import FONTS, CannotPrint, bold_has, describe, missing_glyphs
from zhengtong.kernel.errors import Refusal


@pytest.mark.parametrize(
    "text", ["王𠮷", "李㙦", "刘䶮", "喆堃燊", "食品经营许可〔2026〕12号①—…“”《》·", "Müller & Иванов, 3℃", ""]
)
def test_names_and_signs_of_papers_can_be_printed_with_the_fonts_we_carry(text: str) -> None:
    assert missing_glyphs(text, fallback=False) == ""


def test_each_missing_character_is_named_once_and_in_order() -> None:
    assert missing_glyphs("张😀三𪚥😀", fallback=False) == "😀𪚥"


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x00", "\x1b", "\ue000", "\ud800"])
def test_invisible_and_direction_changing_characters_are_missing(character: str) -> None:
    assert missing_glyphs(f"张{character}三") == character


def test_leftovers_of_copying_are_no_reason_to_refuse() -> None:
    assert missing_glyphs("张\u200b三\ufeff\n\t") == ""


def test_the_refusal_names_the_characters_and_says_what_to_do() -> None:
    refusal = CannotPrint("😀\u202e")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 409
    assert "😀（U+1F600）、U+202E" in refusal.message
    assert "请" in refusal.message


def test_a_harmful_character_is_described_by_its_code_alone() -> None:
    assert describe("\u202e") == "U+202E"


def test_the_list_of_characters_is_that_of_the_font() -> None:
    points = TTFont(FONTS / "NotoSerifSC-Regular.otf", lazy=True).getBestCmap()
    pairs = [line.split("-") for line in (FONTS / "NotoSerifSC-Regular.txt").read_text().split()]
    listed = {point for first, last in pairs for point in range(int(first, 16), int(last, 16) + 1)}
    assert listed == set(points)
    assert sum(0x4E00 <= point <= 0x9FFF for point in listed) >= 20971


@given(st.text(max_size=60))
def test_what_is_missing_is_a_part_of_the_text_without_repeats(text: str) -> None:
    missing = missing_glyphs(text, fallback=False)
    assert len(set(missing)) == len(missing)
    assert set(missing) <= set(text)


def test_a_name_is_set_in_one_weight() -> None:
    assert bold_has("双峰县永丰街道禾青饭店")
    assert not bold_has("𠮷祥饭店")

"""Identifiers: the standards' own samples, the traps, and that what is made is accepted and what is altered is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.identifiers import case_number, division, matter_code, project_code, resident_id, uscc

births = st.dates(date(1900, 1, 1), date(2025, 12, 31))
serials = st.integers(0, 999)
UNALIKE = "0123456789X"


class TestResidentId:
    def test_the_sample_of_the_standard(self) -> None:
        found = resident_id.check("11010519491231002X")
        assert found.ok
        assert not found.warnings
        assert found.facts["birth_on"] == date(1949, 12, 31)
        assert found.facts["sex"] == "female"

    @pytest.mark.parametrize(
        "text",
        [
            "11010519491231002x",
            " 110105 19491231 002X ",
            "１１０１０５１９４９１２３１００２Ｘ",
            "110105\u200b19491231002×",
        ],
    )
    def test_what_a_keyboard_does_is_put_right(self, text: str) -> None:
        found = resident_id.check(text)
        assert (found.ok, found.value) == (True, "11010519491231002X")

    def test_a_wrong_check_character_is_an_error_that_names_the_right_one(self) -> None:
        found = resident_id.check("110105194912310021")
        assert not found.ok
        assert "第18位校验码应为X" in found.errors[0]

    def test_the_county_before_its_code_is_a_warning_only(self) -> None:
        first17 = "43132119850101001"
        found = resident_id.check(first17 + resident_id.check_character(first17))
        assert found.ok
        assert "432522" in found.warnings[0]

    def test_the_old_code_is_right_for_those_born_before(self) -> None:
        number = resident_id.make_synthetic(birth_on=date(1985, 1, 1), serial=1)
        assert number.startswith("432522")
        assert resident_id.check(number).warnings == ()

    def test_the_old_code_is_odd_for_those_born_after(self) -> None:
        number = resident_id.make_synthetic(division_code="432522", birth_on=date(2005, 1, 1), serial=1)
        found = resident_id.check(number)
        assert found.ok
        assert "431321" in found.warnings[0]

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("", "请填写"),
            ("110105491231002", "15位"),
            ("1101051949123100", "应为18位"),
            ("1101051949123100ZX", "应为数字"),
            ("٣١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "应为数字"),
            ("110105194913310025", "出生日期"),
            ("110105194902290027", "出生日期"),
            ("990105194912310025", "区划代码"),
            ("000000000000000000", "区划代码"),
        ],
    )
    def test_what_is_wrong_is_said(self, text: str, word: str) -> None:
        found = resident_id.check(text)
        assert not found.ok
        assert any(word in sentence for sentence in found.errors)

    def test_a_birth_in_the_future_is_an_error_on_that_day(self) -> None:
        number = resident_id.make_synthetic(birth_on=date(2030, 1, 1), serial=1)
        assert resident_id.check(number).ok
        assert not resident_id.check(number, on=date(2026, 10, 12)).ok

    def test_a_residence_permit_of_hong_kong_is_accepted(self) -> None:
        first17 = "81000019900101001"
        found = resident_id.check(first17 + resident_id.check_character(first17))
        assert found.ok
        assert found.facts["kind"] == "residence_permit"

    @given(births, serials)
    def test_what_is_made_is_right_and_says_what_it_was_made_from(self, born: date, serial: int) -> None:
        found = resident_id.check(resident_id.make_synthetic(birth_on=born, serial=serial))
        assert found.ok
        assert found.facts["birth_on"] == born
        assert found.facts["sex"] == ("male" if serial % 2 else "female")

    @given(births, serials, st.integers(0, 17), st.sampled_from(UNALIKE))
    def test_one_altered_character_is_always_found(self, born: date, serial: int, place: int, other: str) -> None:
        number = resident_id.make_synthetic(birth_on=born, serial=serial)
        altered = number[:place] + other + number[place + 1 :]
        assert resident_id.check(altered).ok == (altered == number)

    def test_masked_it_keeps_six_and_two(self) -> None:
        assert resident_id.mask("11010519491231002X") == "110105**********2X"
        assert resident_id.mask("123") == "***"


class TestUscc:
    @pytest.mark.parametrize("code", ["11430902006728916M", "91110000600037341L", "91350100M000100Y43"])
    def test_real_codes(self, code: str) -> None:
        assert uscc.check(code).ok

    def test_codes_of_collective_economic_organisations_are_valid(self) -> None:
        for kind in ("N1", "N2", "N3"):
            found = uscc.check(uscc.make_synthetic(kind=kind, serial=7))
            assert found.ok
            assert found.facts["registrar"] == "农业农村部门"

    def test_a_lawful_code_with_a_wrong_check_character_passes_with_its_reason(self) -> None:
        found = uscc.check("91350100M0001TGQXM")
        assert found.ok
        assert "合法例外" in found.warnings[0]
        assert found.facts["exception"]

    def test_a_county_adds_its_own_exceptions_with_a_reason(self) -> None:
        wrong = "11430902006728916N"
        assert not uscc.check(wrong).ok
        found = uscc.check(wrong, lawful_exceptions={wrong: "登记机关来函确认"})
        assert found.ok
        assert "登记机关来函确认" in found.warnings[0]
        assert not uscc.check(wrong, lawful_exceptions={wrong: ""}).ok

    @pytest.mark.parametrize(("letter", "likely"), [("I", "1"), ("O", "0"), ("Z", "2"), ("S", "5"), ("V", "U")])
    def test_a_letter_that_is_not_used_is_named_with_its_place(self, letter: str, likely: str) -> None:
        found = uscc.check(f"1143090200672891{letter}M")
        assert "第17位" in found.errors[0]
        assert f"可能应为{likely}" in found.errors[0]

    def test_full_width_lower_case_and_dashes_are_put_right(self) -> None:
        assert uscc.check("１１４３０９０２－006728916m").value == "11430902006728916M"

    def test_the_subject_part_with_a_wrong_sum_is_only_odd(self) -> None:
        first17 = "91431321DEM000015"
        found = uscc.check(first17 + uscc.check_character(first17))
        assert found.ok
        assert "主体标识码" in found.warnings[0]

    @pytest.mark.parametrize("text", ["", "1143", "Q1430902006728916M", "11A30902006728916M", "1143090200672891?M"])
    def test_other_shapes_are_refused(self, text: str) -> None:
        assert not uscc.check(text).ok

    @given(st.integers(0, 99999), st.integers(0, 17), st.sampled_from(uscc.ALPHABET))
    def test_one_altered_character_is_always_found(self, serial: int, place: int, other: str) -> None:
        code = uscc.make_synthetic(serial=serial)
        altered = code[:place] + other + code[place + 1 :]
        assert uscc.check(code).ok
        assert not uscc.check(code).warnings
        assert uscc.check(altered).ok == (altered == code)


class TestMatterCode:
    def test_the_real_sample(self) -> None:
        found = matter_code.check("11430902006728916M4431004129W00")
        assert found.ok
        assert found.facts["uscc"] == "11430902006728916M"
        assert (found.facts["level"], found.facts["basic"]) == ("4", "431004129W00")
        assert (found.facts["type"], found.facts["department"], found.facts["main"]) == ("10", "04", "129")

    @pytest.mark.parametrize("code", ["431004129W00", "430125001000", "432001003002"])
    def test_basic_codes_with_a_letter_or_a_digit_in_the_sub_item(self, code: str) -> None:
        assert matter_code.check(code).ok

    def test_made_from_its_parts(self) -> None:
        basic = matter_code.make_basic(type_code="01", department="25", main=3)
        body = uscc.make_synthetic(kind="11", serial=25)
        assert basic == "430125003000"
        assert matter_code.check(matter_code.make_implementation(body_uscc=body, level=4, basic=basic)).ok

    @pytest.mark.parametrize(
        ("code", "word"),
        [
            ("11430902006728916N4431004129W00", "第18位"),
            ("11430902006728916M8431004129W00", "第19位"),
            ("11430902006728916M4991004129W00", "第20至31位"),
            ("4310041290000", "应为12位"),
            ("43A004129W00", "写法"),
            ("", "请填写"),
        ],
    )
    def test_what_is_wrong_is_said(self, code: str, word: str) -> None:
        found = matter_code.check(code)
        assert not found.ok
        assert any(word in sentence for sentence in found.errors)

    def test_a_type_of_local_extension_is_a_warning(self) -> None:
        assert matter_code.check("431104129W00").warnings

    def test_two_more_characters_are_accepted_with_a_warning(self) -> None:
        found = matter_code.check("11430902006728916M4431004129W0001")
        assert found.ok
        assert found.warnings


class TestDivision:
    @pytest.mark.parametrize(
        ("code", "level"),
        [
            ("430000", "province"),
            ("431300", "city"),
            ("431321", "county"),
            ("431321101", "township"),
            ("431321101201", "village"),
        ],
    )
    def test_levels(self, code: str, level: str) -> None:
        found = division.check(code)
        assert found.ok
        assert found.facts["level"] == level

    @pytest.mark.parametrize(
        "code", ["", "43132", "4313211", "99132100", "431321000201", "430000101", "43132A", "991321"]
    )
    def test_refused(self, code: str) -> None:
        assert not division.check(code).ok

    def test_the_code_of_the_past_is_a_warning(self) -> None:
        assert "431321" in division.check("432522").warnings[0]

    def test_one_level_up(self) -> None:
        chain = ["431321101201"]
        while division.parent(chain[-1]):
            chain.append(division.parent(chain[-1]))
        assert chain == ["431321101201", "431321101000", "431321000000", "431300000000", "430000000000"]


class TestCaseNumber:
    @given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(1, 99999))
    def test_made_checked_and_taken_apart(self, on: date, serial: int) -> None:
        number = case_number.make_spoken(division_code="431321", on=on, serial=serial)
        assert case_number.check(number).ok
        assert case_number.parse(number) == case_number.CaseNumber("431321", on, serial)
        assert str(case_number.parse(number.replace("-", ""))) == number

    @given(st.integers(1, 99999), st.integers(0, 17), st.sampled_from("0123456789"))
    def test_one_wrong_digit_is_always_found(self, serial: int, place: int, other: str) -> None:
        digits = case_number.make_spoken(division_code="431321", on=date(2026, 10, 12), serial=serial).replace("-", "")
        altered = digits[:place] + other + digits[place + 1 :]
        assert case_number.check(altered).ok == (altered == digits)

    def test_other_dashes_and_full_width_digits_are_put_right(self) -> None:
        number = case_number.make_spoken(division_code="431321", on=date(2026, 10, 12), serial=42)
        assert case_number.check(number.replace("-", "—")).value == number
        assert case_number.check("４" + number[1:]).value == number

    def test_the_wrong_last_digit_is_named(self) -> None:
        number = case_number.make_spoken(division_code="431321", on=date(2026, 10, 12), serial=42)
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        assert f"应为{number[-1]}" in case_number.check(wrong).errors[0]

    def test_the_machine_number_has_44_characters(self) -> None:
        code = "11430902006728916M4431004129W00"
        number = case_number.make_machine(implementation_code=code, on=date(2026, 10, 12), serial=42)
        assert len(number) == 44
        assert case_number.check(number).facts["implementation_code"] == code
        assert not case_number.check(number[:31] + "20261332" + number[39:]).ok
        assert not case_number.check(number[:39] + "00000").ok

    @pytest.mark.parametrize("serial", [0, -1, 100000])
    def test_a_serial_that_does_not_fit_is_refused(self, serial: int) -> None:
        with pytest.raises(Invalid):
            case_number.make_spoken(division_code="431321", on=date(2026, 10, 12), serial=serial)

    @pytest.mark.parametrize(
        "text", ["", "431321", "431321-269912-00042-0", "hello", "11430902006728916M4431004129W002026101200042X"]
    )
    def test_what_is_no_number_is_refused_with_a_sentence(self, text: str) -> None:
        with pytest.raises(Invalid) as refusal:
            case_number.parse(text)
        assert str(refusal.value)

    def test_query_codes_have_no_look_alikes_and_differ(self) -> None:
        codes = {case_number.query_code() for _n in range(200)}
        assert len(codes) == 200
        assert all(case_number.check_query_code(code).ok for code in codes)
        assert not set("".join(codes)) & set("0O1IL2Z5S8BUV")

    def test_a_query_code_is_read_as_typed(self) -> None:
        assert case_number.check_query_code(" ac3d-w7xk ").value == "AC3DW7XK"
        assert not case_number.check_query_code("AC3DW7X").ok
        assert not case_number.check_query_code("AC3DW7X0").ok
        assert case_number.mask_query_code("AC3DW7XK") == "AC******"


@given(st.text(max_size=60))
def test_whatever_is_typed_gets_a_finding(text: str) -> None:
    for check in (resident_id.check, uscc.check, matter_code.check, division.check, case_number.check):
        found = check(text)
        assert found.ok or all(found.errors)


class TestProjectCode:
    """投资项目代码: the layout is known, the algorithm of the check character is not."""

    @pytest.mark.parametrize("algorithm", ["mod-11-10", "mod-11-2"])
    @given(serial=st.integers(0, 99_999))
    def test_made_codes_hold_and_no_single_wrong_digit_passes(self, algorithm, serial):
        code = project_code.make_synthetic(
            division_code="431321", on=date(2026, 6, 1), serial=serial, algorithm=algorithm
        )
        assert len(code) == project_code.LENGTH
        found = project_code.check(code.replace("-", ""), algorithm=algorithm)
        assert (found.ok, found.value, found.facts["verified"], found.warnings) == (True, code, True, ())
        wrong = code[:18] + str((int(code[18]) + 1) % 10) + code[19:]
        assert not project_code.check(wrong, algorithm=algorithm).ok

    def test_without_an_algorithm_only_the_layout_is_checked_and_it_says_so(self):
        found = project_code.check("2606-431321-04-01-123456")
        assert (found.ok, found.facts["verified"]) == (True, False)
        assert "没有核实" in str(found.warnings[0])

    @pytest.mark.parametrize(
        "value", ["", "2606-431321-04-01-12345", "2613-431321-04-01-123456", "2606-991321-04-01-123456"]
    )
    def test_what_is_no_code_is_refused(self, value):
        assert not project_code.check(value).ok

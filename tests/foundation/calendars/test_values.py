"""Calendar documents read, compared, amended and laid out."""

from datetime import date

import pytest

from zhengtong.foundation.calendars.values import amended, builtin, builtin_document, differences, parse, year_of
from zhengtong.kernel.errors import Invalid

HOLIDAY = {"workday": False, "name": "防汛停止办公", "kind": "county_closure"}


@pytest.mark.parametrize(
    "document",
    [
        {"year": {"days": {}}},
        {"2026": []},
        {"2026": {"days": []}},
        {"2026": {"days": {"2026-02-30": HOLIDAY}}},
        {"2026": {"days": {"2025-02-03": HOLIDAY}}},
        {"2026": {"days": {"2026-02-03": {"workday": "no", "name": "x"}}}},
        {"2026": {"days": {"2026-02-03": {"workday": False, "name": " "}}}},
        {"99999": {"days": {}}},
    ],
)
def test_what_cannot_be_read_is_refused(document: dict) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(document, version=1)
    assert str(refusal.value)


def test_a_year_without_special_days_is_a_year_with_data() -> None:
    assert parse({"2030": {"days": {}}}, version=1).is_workday(date(2030, 1, 1))


def test_amended_leaves_the_old_document_alone() -> None:
    old = builtin_document()
    new = amended(old, {"2026-09-22": HOLIDAY, "2026-10-01": None}, {})
    assert old == builtin_document()
    assert not parse(new, version=2).is_workday(date(2026, 9, 22))
    assert parse(new, version=2).is_workday(date(2026, 10, 1))


def test_single_days_of_a_year_without_data_are_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        amended(builtin_document(), {"2027-01-01": HOLIDAY}, {})
    assert "2027年" in str(refusal.value)


def test_differences_say_what_limits_gain_and_lose() -> None:
    old = builtin_document()
    new = amended(
        old, {"2026-09-22": HOLIDAY, "2026-10-01": None, "2026-10-10": None, "2027-01-01": HOLIDAY}, {"2027": "来源"}
    )
    found = [(d.day and d.day.isoformat(), d.effect) for d in differences(old, new)]
    assert found == [
        ("2026-09-22", "loses"),
        ("2026-10-01", "gains"),
        ("2026-10-10", "loses"),
        (None, "begins"),
        ("2027-01-01", "loses"),
    ]
    assert differences(new, new) == ()
    assert differences(old, new)[0].before_words == "工作日"
    assert differences(old, new)[0].after_words == "防汛停止办公 本县停止办公"


@pytest.mark.parametrize("number", range(2010, 2027))
def test_a_year_laid_out_counts_the_same_days_as_the_clock(number: int) -> None:
    year = year_of(builtin_document(), number)
    assert year is not None
    cells = [cell for month in year.months for week in month.weeks for cell in week if cell]
    assert len(cells) == (date(number + 1, 1, 1) - date(number, 1, 1)).days
    assert all(len(week) == 7 for month in year.months for week in month.weeks)
    assert year.workdays == builtin().count(date(number - 1, 12, 31), date(number, 12, 31))
    assert [c.day for c in cells if c.state in ("workday", "makeup")] == [
        c.day for c in cells if builtin().is_workday(c.day)
    ]


def test_special_days_are_gathered_into_spans() -> None:
    spans = {(s.name, s.first, s.last, s.workday) for s in year_of(builtin_document(), 2026).holidays}
    assert ("国庆节", date(2026, 10, 1), date(2026, 10, 7), False) in spans
    assert ("国庆节", date(2026, 10, 10), date(2026, 10, 10), True) in spans


def test_a_year_without_data_is_not_laid_out() -> None:
    assert year_of(builtin_document(), 2027) is None

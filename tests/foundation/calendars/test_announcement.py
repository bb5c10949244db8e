"""Reading a holiday notice: every year's wording that was in use, and what is refused instead of guessed."""

import json
from datetime import date, timedelta

import pytest

from zhengtong.foundation.calendars import announcement
from zhengtong.foundation.calendars.values import amended, builtin, builtin_document, parse
from zhengtong.kernel.errors import Invalid

NOTICE_2026 = """
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
"""


def workdays(document: dict, year: int) -> list[bool]:
    days = parse(document, version=0)
    return [days.is_workday(date(year, 1, 1) + timedelta(days=n)) for n in range(365)]


def test_the_notice_of_2026_gives_the_very_days_that_ship_with_the_product() -> None:
    found = announcement.read(NOTICE_2026, year=2026)
    document = amended({}, found.days, {"2026": "国办发明电〔2025〕7号"})
    assert workdays(document, 2026) == workdays(builtin_document(), 2026)
    assert found.days["2026-02-14"] == {"workday": True, "name": "春节", "kind": "makeup_workday"}


@pytest.mark.parametrize(
    ("text", "year", "rest", "work"),
    [
        ("一、元旦：1月1日放假，与周末连休。", 2024, ["2024-01-01"], []),
        ("一、元旦：1月1日（周三）放假1天，不调休。", 2025, ["2025-01-01"], []),
        (
            "三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。",
            2024,
            ["2024-04-04", "2024-04-05", "2024-04-06"],
            ["2024-04-07"],
        ),
        (
            "一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。",
            2023,
            ["2022-12-31", "2023-01-01", "2023-01-02"],
            [],
        ),
        (
            "1. 端午节：5月31日（周六）至6月2日（周一）放假，共3天。",
            2025,
            ["2025-05-31", "2025-06-01", "2025-06-02"],
            [],
        ),
        (
            "二、春节：2月10日至12日放假调休，共3天。2月4日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。",
            2024,
            ["2024-02-10", "2024-02-11", "2024-02-12"],
            ["2024-02-04"],
        ),
    ],
)
def test_the_wordings_of_other_years(text: str, year: int, rest: list[str], work: list[str]) -> None:
    days = announcement.read(text, year=year).days
    assert [day for day, info in days.items() if not info["workday"]] == rest
    assert [day for day, info in days.items() if info["workday"]] == work


def test_the_number_of_the_notice_is_its_source() -> None:
    assert announcement.read("国办发明电 〔2025〕 7号\n" + NOTICE_2026, year=2026).source == "国办发明电〔2025〕7号"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "请粘贴"),
        ("今天天气很好", "没有在文字中找到"),
        ("一、元旦：1月1日（周五）放假。", "应为周四"),
        ("一、元旦：1月1日至3日放假，共5天。", "写的是5天"),
        ("一、元旦：1月3日至1日放假。", "顺序"),
        ("一、春节：2月30日放假。", "不存在"),
        ("一、春节：除夕至初七放假。", "没有读到日期"),
        ("一、元旦：3日放假。", "不存在"),
        ("{", "JSON格式有误"),
        ('{"2025": {"days": {}}}', "days"),
        ('{"2026": {"days": {}}}', "没有在文字中找到"),
        ('[{"name": "元旦"}]', "date"),
        ('{"2026": {"days": {"2026-13-01": {"workday": false, "name": "x"}}}}', "不是日期"),
        ('{"2026": {"days": {"2026-01-01": {"name": "元旦"}}}}', "没有写明放假还是上班"),
        ('{"2026": 5}', "days"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_sentence(text: str, word: str) -> None:
    with pytest.raises(Invalid) as refusal:
        announcement.read(text, year=2026)
    assert word in str(refusal.value)


def test_json_as_the_product_writes_it_and_as_a_list() -> None:
    own = announcement.read(json.dumps(builtin_document()), year=2026)
    rows = [{"date": day, **info} for day, info in own.days.items()]
    listed = announcement.read(json.dumps({"document_no": "国办发明电〔2025〕7号", "days": rows}), year=2026)
    assert listed.days == own.days
    assert listed.source == "国办发明电〔2025〕7号"
    assert own.source == builtin_document()["2026"]["source"]


def test_builtin_years_are_whole() -> None:
    assert builtin().years == frozenset(range(2010, 2027))

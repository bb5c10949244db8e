"""Pages of the working days and of the demo clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import CalendarVersion

pytestmark = pytest.mark.django_db

DAYS = {
    "first": "2026-09-22",
    "last": "2026-09-23",
    "state": "county_closure",
    "name": "防汛停止办公",
    "reason": "县政府通知",
}


@pytest.fixture
def manager(small_county, signed_in):
    return signed_in(small_county.county_office)


def test_the_year_shows_holidays_and_make_up_days_in_words(manager) -> None:
    page = manager.get("/calendars/2026/").content.decode()
    assert "全年248个工作日" in page
    assert "国庆节 放假" in page
    assert "国庆节 上班" in page


def test_a_year_without_data_says_so_and_where_to_go(manager) -> None:
    page = manager.get("/calendars/2031/").content.decode()
    assert "2031年没有工作日数据" in page
    assert "/calendars/import/" in page


def test_an_officer_reads_but_may_not_change(small_county, signed_in) -> None:
    client = signed_in(small_county.case_officer)
    assert client.get("/calendars/2026/").status_code == 200
    for path in ("/calendars/edit/", "/calendars/import/", "/calendars/begin/"):
        assert client.post(path, {**DAYS, "publish": "1", "base": "1"}).status_code == 403
    assert CalendarVersion.objects.count() == 1


def test_preview_first_then_a_new_version(manager) -> None:
    preview = manager.post("/calendars/edit/", DAYS)
    assert preview.status_code == 200
    assert "少一个工作日" in preview.content.decode()
    assert CalendarVersion.objects.count() == 1
    done = manager.post("/calendars/edit/", {**DAYS, "publish": "1", "base": "1"}, follow=True)
    assert done.redirect_chain[-1][0] == "/calendars/versions/2/"
    assert "县政府通知" in done.content.decode()
    assert "第2版" in manager.get("/calendars/versions/").content.decode()


def test_back_from_the_preview_keeps_what_was_typed(manager) -> None:
    page = manager.post("/calendars/edit/", {**DAYS, "back": "1"})
    assert page.status_code == 200
    assert "防汛停止办公" in page.content.decode()
    assert CalendarVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"first": ""}, "必填"),
        ({"last": "2026-09-01"}, "结束日期"),
        ({"last": "2027-09-01"}, "结束日期"),
        ({"name": ""}, "请填写名称"),
        ({"first": "2031-01-02", "last": ""}, "2031年还没有数据"),
    ],
)
def test_wrong_input_is_422_with_a_sentence(manager, change: dict[str, str], word: str) -> None:
    page = manager.post("/calendars/edit/", {**DAYS, **change})
    assert page.status_code == 422
    assert word in page.content.decode() or word == "必填"
    assert CalendarVersion.objects.count() == 1


@pytest.mark.parametrize("base", ["0", "7", "", "x", "²"])
def test_a_stale_or_forged_base_changes_nothing(manager, base: str) -> None:
    page = manager.post("/calendars/edit/", {**DAYS, "publish": "1", "base": base})
    assert page.status_code == 422
    assert "请重新打开" in page.content.decode()
    assert CalendarVersion.objects.count() == 1


def test_a_year_is_read_in_from_the_notice(manager) -> None:
    text = "一、元旦：1月1日（周五）至3日（周日）放假，共3天。"
    given = {"year": "2027", "text": text, "source": "演示", "reason": "录入2027年"}
    assert "2027年全年" in manager.post("/calendars/import/", given).content.decode()
    assert manager.post("/calendars/import/", {**given, "publish": "1", "base": "1"}).status_code == 302
    assert "依据：演示" in manager.get("/calendars/2027/").content.decode()
    wrong = manager.post("/calendars/import/", {**given, "text": "一、元旦：1月1日（周一）放假。"})
    assert wrong.status_code == 422
    assert "应为周五" in wrong.content.decode()


def test_a_county_without_a_version_begins_with_the_builtin_years(small_county, signed_in) -> None:
    CalendarVersion.objects.all().delete()
    client = signed_in(small_county.county_office)
    assert "没有工作日历" in client.get("/calendars/").content.decode()
    client.post("/calendars/begin/")
    client.post("/calendars/begin/")
    assert CalendarVersion.objects.count() == 1


def test_an_unknown_version_is_404(manager) -> None:
    assert manager.get("/calendars/versions/99/").status_code == 404


class TestDemoPage:
    def test_there_is_none_outside_a_demo(self, calendar, client) -> None:
        assert client.get("/demo/").status_code == 404
        assert client.post("/demo/", {"step": "hour"}).status_code == 404

    @pytest.mark.parametrize(("step", "days"), [("workday", 1), ("five_workdays", 5)])
    def test_working_days_on_at_nine(self, calendar, client, settings, step: str, days: int) -> None:
        settings.DEMO = True
        expected = calendars.current().nth_after(calendars.official_today(), days)
        assert client.post("/demo/", {"step": step}).status_code == 302
        now = timezone.localtime(calendars.official_now())
        assert (now.date(), now.hour, now.minute) == (expected, 9, 0)

    def test_an_hour_on(self, calendar, client, settings) -> None:
        settings.DEMO = True
        before = calendars.official_now()
        client.post("/demo/", {"step": "hour"})
        assert calendars.official_now() - before >= timedelta(minutes=59)

    def test_a_chosen_day_and_never_backwards(self, calendar, client, settings) -> None:
        settings.DEMO = True
        wanted = calendars.official_today() + timedelta(days=10)
        assert client.post("/demo/", {"day": wanted.isoformat()}).status_code == 302
        assert calendars.official_today() == wanted
        page = client.post("/demo/", {"day": "2020-01-01"})
        assert "只能向前" in page.content.decode()
        assert calendars.official_today() == wanted

    @pytest.mark.parametrize("given", [{"day": "昨天"}, {"day": ""}, {"step": "year"}, {}])
    def test_nonsense_moves_nothing(self, calendar, client, settings, given: dict[str, str]) -> None:
        settings.DEMO = True
        today = calendars.official_today()
        assert client.post("/demo/", given).status_code in (200, 422)
        assert calendars.official_today() == today

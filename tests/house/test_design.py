"""Rules of the design system: small files, nothing inline, everything documented; and what its parts say."""

import gzip
import re
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.template.loader import get_template
from django.test import Client, RequestFactory

from zhengtong.config import gallery, middleware, views
from zhengtong.config.context import Navigation
from zhengtong.config.templatetags import ui
from zhengtong.foundation.calendars.public import builtin
from zhengtong.kernel import navigation
from zhengtong.kernel.errors import CalendarYearMissing, NotFound, Refusal
from zhengtong.kernel.legal_clock import Budget, Pause, ledger

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "zhengtong"
TEMPLATES = sorted(PACKAGE.rglob("templates/**/*.html"))
REFERENCE = (ROOT / "docs" / "reference" / "design-system.md").read_text(encoding="utf-8")


def draw(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(("name", "kilobytes"), [("ui.css", 20), ("ui.js", 12)])
def test_static_files_stay_within_their_budget(name: str, kilobytes: int) -> None:
    content = (PACKAGE / "static" / "ui" / name).read_bytes()
    assert len(gzip.compress(content, 9)) <= kilobytes * 1024


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_is_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text), "a style attribute is refused by the content security policy"
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<script\b(?![^>]*\b(?:src=|type=\"application/json\"))", text)
    assert not re.search(r"\son[a-z]+\s*=|hx-on|javascript:", text)
    assert not re.search(r"(?:src|href)=[\"']https?://", text), "nothing is loaded from or sent to a foreign address"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_template_compiles(path: Path) -> None:
    get_template(path.as_posix().split("/templates/")[-1])


@pytest.mark.parametrize("name", sorted(ui.register.tags))
def test_every_tag_is_documented_and_used(name: str) -> None:
    assert re.search(rf"\{{% {name}\b", REFERENCE), f"{name} is missing in design-system.md"
    assert any(re.search(rf"\{{% {name}\b", path.read_text(encoding="utf-8")) for path in TEMPLATES)


@pytest.mark.parametrize("name", sorted(ui.register.filters))
def test_every_filter_is_documented(name: str) -> None:
    assert f"`{name}" in REFERENCE


def test_every_component_belongs_to_a_tag_or_a_layout() -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in (PACKAGE / "templates").rglob("*.html"))
    text += (PACKAGE / "config" / "templatetags" / "ui.py").read_text(encoding="utf-8")
    for path in (PACKAGE / "templates" / "components").glob("*.html"):
        assert f"components/{path.name}" in text


# --- what the parts say ---


@pytest.mark.parametrize(
    ("due", "left", "words", "tone"),
    [
        (date(2026, 12, 3), 12, "最迟2026年12月3日（周四） · 还有12个工作日", "ok"),
        (date(2026, 12, 3), 2, "最迟2026年12月3日（周四） · 还有2个工作日", "soon"),
        (date(2026, 12, 3), 0, "最迟2026年12月3日（周四） · 今天到期", "soon"),
        (date(2026, 12, 3), -3, "最迟2026年12月3日（周四） · 已超期3个工作日", "overdue"),
        (None, 5, "计时暂停，恢复后重新计算最迟日期", "paused"),
    ],
)
def test_a_deadline_is_said_in_words(due: date | None, left: int, words: str, tone: str) -> None:
    assert ui.due_words(due, left) == (words, tone)


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("43321119900101123X", "id", "433211**********3X"),
        ("13812341234", "phone", "138****1234"),
        ("张三", "name", "张*"),
        ("欧阳小三", "name", "欧**三"),
        ("123", "id", "1**"),
        ("", "id", ""),
        (None, "phone", ""),
    ],
)
def test_personal_data_is_masked(value: str | None, kind: str, shown: str) -> None:
    assert ui.mask(value, kind) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(1234, "1,234"), (12345, "1.2万"), (20000, "2万"), (450000000, "4.5亿"), (0, "0")]
)
def test_large_numbers_have_units(value: int, shown: str) -> None:
    assert ui.big_number(value) == shown


def test_times_are_the_county_s() -> None:
    assert ui.time_zh(datetime(2026, 9, 21, 1, 12, tzinfo=ZoneInfo("UTC"))) == "2026年9月21日 周一 09:12"


def test_the_clock_strip_says_of_each_day_why_it_counts_or_not() -> None:
    pauses = (Pause(date(2026, 9, 23), date(2026, 9, 24), "检验", "第四十五条"),)
    html = draw(
        "{% clock_strip book today=today %}",
        book=ledger(Budget(date(2026, 9, 17), 8, pauses), builtin()),
        today=date(2026, 9, 21),
    )
    for word in ("起算", "暂停", "调休", "中秋节", "最迟", "今天", "第四十五条", "工作日历第0版"):
        assert word in html
    assert html.count("clock__number") == 8


def test_a_strip_of_a_clock_that_stands_still_says_so() -> None:
    book = ledger(Budget(date(2026, 9, 10), 10, (Pause(date(2026, 9, 16)),)), builtin(), today=date(2026, 9, 21))
    html = draw("{% clock_strip book %}", book=book)
    assert "现在暂停计时" in html
    assert "尚未恢复" in html
    assert "clock__day--due" not in html


def test_no_calendar_no_strip() -> None:
    with pytest.raises(CalendarYearMissing):
        ledger(Budget(date(2031, 9, 17), 8), builtin())


class Question(forms.Form):
    name = forms.CharField(label="姓名", help_text="与证件一致")
    town = forms.ChoiceField(label="乡镇", choices=[("", "请选择"), ("1", "荷叶镇")])
    born_on = forms.DateField(label="出生日期", initial=date(1990, 1, 2))
    extras = forms.MultipleChoiceField(
        label="项目", choices=[("a", "甲"), ("b", "乙")], widget=forms.CheckboxSelectMultiple, required=False
    )


def test_errors_stand_in_the_summary_and_at_the_field_in_the_same_words() -> None:
    form = Question({"extras": ["b"]})
    html = draw("{% error_summary form %}{% fields form %}", form=form)
    assert '<a href="#id_name">请填写：姓名</a>' in html
    assert html.count("请填写：姓名") == 2
    assert html.count("请选择：乡镇") == 2
    assert 'aria-describedby="id_name-hint id_name-error"' in html
    assert 'aria-invalid="true"' in html
    assert re.search(r'value="b" checked', html)


def test_a_form_that_is_not_yet_sent_has_no_errors_and_its_first_values() -> None:
    html = draw("{% error_summary form %}{% fields form %}", form=Question())
    assert "error" not in html
    assert 'value="1990-01-02"' in html


def test_a_field_without_a_django_form() -> None:
    html = draw(
        "{% field name='kind' label='业态' kind='radios' options=options value='b' error='请选择' %}",
        options=[("a", "销售"), {"value": "b", "label": "餐饮", "hint": "含食堂"}],
    )
    assert "<fieldset" in html
    assert "含食堂" in html
    assert html.count(" checked") == 1
    assert "请选择" in html


def test_what_a_person_typed_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    html = draw(
        "{% field name='a' label=evil value=evil error=evil hint=evil %}{% tag evil %}{% notification evil %}{% summary_list rows %}"
        "{% timeline entries %}{% error_summary errors %}{% qr evil evil %}{% breadcrumb evil %}{% search_box evil %}",
        evil=evil,
        rows=[(evil, evil)],
        entries=[{"title": evil, "text": evil, "actor": evil}],
        errors={"a": evil},
    )
    assert "<script" not in html


def test_links_keep_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/desk/", {"state": "open", "page": "3", "ui": "elder"})
    html = Template("{% query page=4 %}").render(Context({"request": request}))
    assert html == "?state=open&amp;page=4"


# --- how a visitor wants to see the site ---


def _shown(query: str, **cookies: str) -> tuple[object, object]:
    request = RequestFactory().get("/" + query)
    request.COOKIES.update(cookies)
    seen = SimpleNamespace()

    def page(request: object) -> object:
        seen.request = request
        from django.http import HttpResponse

        return HttpResponse()

    return middleware.DisplayMiddleware(page)(request), seen.request  # type: ignore[arg-type]


def test_a_choice_of_view_is_kept_in_a_cookie() -> None:
    response, request = _shown("?ui=elder&contrast=high&lang=en")
    assert (request.ui, request.contrast) == ("elder", "high")
    assert {name: morsel.value for name, morsel in response.cookies.items()} == {
        "ui": "elder",
        "contrast": "high",
        "django_language": "en",
    }
    _, later = _shown("", ui="elder")
    assert later.ui == "elder"


def test_an_unknown_choice_is_ignored() -> None:
    response, request = _shown("?ui=neon&lang=xx", ui="neon")
    assert request.ui == "normal"
    assert request.COOKIES["django_language"] == "zh-hans"
    assert not response.cookies


@pytest.mark.django_db
def test_pages_are_chinese_until_a_person_asks_for_english(client: Client) -> None:
    assert '<html lang="zh-Hans"' in client.get("/nothing/", headers={"accept-language": "en"}).content.decode()
    assert '<html lang="en"' in client.get("/nothing/?lang=en").content.decode()
    assert '<html lang="en"' in client.get("/nothing/").content.decode()
    assert 'data-ui="elder"' in client.get("/nothing/?ui=elder").content.decode()


# --- refusals as pages ---


@pytest.mark.django_db
def test_a_page_that_does_not_exist_offers_the_search(client: Client) -> None:
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert 'role="search"' in response.content.decode()


@pytest.mark.django_db
def test_a_refusal_says_its_sentence_and_leads_back(rf: RequestFactory) -> None:
    request = rf.post("/cases/1/accept/", headers={"referer": "http://testserver/cases/1/?tab=clock"})
    request.user = AnonymousUser()
    response = views.refused(request, Refusal("本件已经受理，不能再次受理。"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "本件已经受理" in page
    assert 'href="/cases/1/?tab=clock"' in page


@pytest.mark.django_db
def test_a_refusal_never_leads_to_a_foreign_address(rf: RequestFactory) -> None:
    request = rf.post("/cases/1/", headers={"referer": "http://evil.example/"})
    request.user = AnonymousUser()
    assert "evil" not in views.refused(request, NotFound("没有")).content.decode()


@pytest.mark.django_db
def test_a_refusal_of_a_part_replaces_the_page(rf: RequestFactory) -> None:
    request = rf.get("/desk/part/", headers={"hx-request": "true"})
    request.user = AnonymousUser()
    assert views.refused(request, Refusal("不行"))["HX-Retarget"] == "body"


def test_the_interface_gets_refusals_as_data(rf: RequestFactory) -> None:
    response = views.refused(rf.get("/api/matters/x/"), NotFound("没有这个事项。"))
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json"


# --- navigation ---


def test_navigation_shows_only_pages_that_exist(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})
    navigation.register(navigation.Entry("样例", "design", section="channels", badge=lambda user: 3))
    navigation.register(navigation.Entry("没有的", "nowhere:at_all", section="channels"))
    navigation.register(navigation.Entry("要权限", "design_paper", permission="desk.view", section="desk"))
    request = rf.get("/design/question/")
    request.user = AnonymousUser()
    shown = Navigation(request)
    assert [(link.url, link.count, link.current) for link in shown.channels] == [("/design/", 3, True)]
    assert shown.sections == []


def test_a_section_that_does_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="unknown navigation section"):
        navigation.register(navigation.Entry("x", "x", section="elsewhere"))


def test_the_gallery_draws_every_component() -> None:
    context = {**gallery.examples(), "layout": "layouts/base.html"}
    assert "组件样例" in get_template("design/gallery.html").render(context)

"""Every visible word is wrapped, and its English is there; the machinery that says so is tested on small trees."""

from pathlib import Path

import polib
import pytest
from django import forms
from django.utils import translation

from zhengtong.config.commands import messages
from zhengtong.config.templatetags import ui


@pytest.fixture
def small_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with one app of two messages and one template."""
    app = tmp_path / "approvals" / "cases"
    (app / "templates").mkdir(parents=True)
    app.joinpath("views.py").write_text(
        "from django.utils.translation import gettext as _, ngettext\n"
        "a = _('受理')\nb = ngettext('还有{n}天', '还有{n}天', 2)\nc = '不收集'\n",
        encoding="utf-8",
    )
    app.joinpath("templates/page.html").write_text(
        '  {% translate "标题" %}\n{% tag _("草稿") "ok" %}\n {% blocktranslate %}共{{ n }}件{% endblocktranslate %}\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(messages, "PACKAGE", tmp_path)
    monkeypatch.setattr(messages, "ENGLISH", tmp_path / "locale" / "en")
    monkeypatch.setattr(messages, "COMPILED", tmp_path / "locale" / "en" / "LC_MESSAGES" / "django.mo")
    return tmp_path


def test_the_english_catalogue_is_complete() -> None:
    assert list(messages.check().lines()) == []


def test_words_are_collected_from_code_and_templates(small_tree: Path) -> None:
    found = {key.msgid for key in messages.collect()}
    assert found == {"受理", "还有{n}天", "标题", "草稿", "共%(n)s件"}


def test_missing_messages_are_filled_into_the_fragment_of_their_app(small_tree: Path) -> None:
    assert messages.fill() == 5
    report = messages.check()
    assert not report.missing
    assert len(report.untranslated) == 5
    assert [path.name for path in messages.fragments()] == ["approvals.cases.po"]
    assert messages.fill() == 0


def test_a_translation_that_nobody_uses_is_reported_and_can_be_removed(small_tree: Path) -> None:
    messages.fill()
    with (messages.ENGLISH / "approvals.cases.po").open("a", encoding="utf-8") as out:
        out.write('\nmsgid "旧词"\nmsgstr "Old"\n')
    assert len(messages.check().obsolete) == 1
    assert messages.prune() == 1
    assert not messages.check().obsolete


def test_two_fragments_may_not_disagree(small_tree: Path) -> None:
    messages.ENGLISH.mkdir(parents=True)
    (messages.ENGLISH / "kernel.po").write_text('msgid "受理"\nmsgstr "Accept"\n', encoding="utf-8")
    (messages.ENGLISH / "config.po").write_text('msgid "受理"\nmsgstr "Take in"\n', encoding="utf-8")
    assert len(messages.check().disagreeing) == 1


def test_a_translation_may_not_ask_for_what_the_source_does_not_offer(small_tree: Path) -> None:
    messages.ENGLISH.mkdir(parents=True)
    (messages.ENGLISH / "kernel.po").write_text('msgid "受理"\nmsgstr "Accept {case}"\n', encoding="utf-8")
    assert len(messages.check().placeholders) == 1


def test_bare_chinese_in_a_template_is_reported(small_tree: Path) -> None:
    (small_tree / "approvals" / "cases" / "templates" / "bare.html").write_text(
        '<p lang="zh-Hans">中文</p>\n{# 注释 #}\n<b>裸字</b>\n', encoding="utf-8"
    )
    assert [line.split(" ")[0] for line in messages.check().unwrapped] == ["approvals/cases/templates/bare.html:3"]


def test_fragments_compile_into_one_catalogue(small_tree: Path) -> None:
    messages.ENGLISH.mkdir(parents=True)
    text = 'msgid "受理"\nmsgstr "Accept"\n\nmsgid "还有{n}天"\nmsgid_plural "还有{n}天"\nmsgstr[0] "{n} day"\nmsgstr[1] "{n} days"\n'
    (messages.ENGLISH / "approvals.cases.po").write_text(text, encoding="utf-8")
    compiled = polib.mofile(str(messages.compile_catalogue()))
    assert {entry.msgid for entry in compiled} == {"受理", "还有{n}天"}
    assert messages.COMPILED.exists()


def test_django_speaks_chinese_by_itself() -> None:
    with translation.override("zh-hans"):
        assert forms.CharField().error_messages["required"] == "这个字段是必填项。"


def test_a_person_reads_either_language() -> None:
    messages.compile_if_stale()
    from datetime import date

    with translation.override("en"):
        assert ui.date_zh(date(2026, 12, 3)) == "Thu 3 Dec 2026"
    with translation.override("zh-hans"):
        assert ui.date_zh(date(2026, 12, 3)) == "2026年12月3日 周四"

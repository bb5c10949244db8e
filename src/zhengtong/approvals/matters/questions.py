"""The questions of a matter: which are asked, on which pages, and whether the answers hold.

The form is data (`values.Form`); this room turns it into pages with one thing on each, reads what came back, and says at every
field, in plain words, what is missing or wrong.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.approvals.matters import answers as answer
from zhengtong.approvals.matters.answers import Answers, in_reader_language, label_of
from zhengtong.approvals.matters.values import Form, FormField, Material, MatterDocument
from zhengtong.kernel import expressions
from zhengtong.kernel.errors import NotFound
from zhengtong.kernel.expressions import Expression

TYPES = {
    "number": expressions.NUMBER,
    "date": expressions.DATE,
    "boolean": expressions.BOOLEAN,
    "choices": expressions.LIST,
    "group": expressions.LIST,
    "file": expressions.FILE,
}
"""Type of a field in expressions; everything else is text."""

WHO = (
    "entity_name",
    "company_name",
    "org_name",
    "uscc",
    "legal_rep",
    "legal_rep_name",
    "legal_rep_id",
    "applicant_name",
    "applicant_id",
    "worker_name",
    "worker_id",
)
TITLES = {
    "who": gettext_noop("谁来申请"),
    "contact": gettext_noop("怎么联系您"),
    "place": gettext_noop("地点"),
    "dates": gettext_noop("时间"),
    "details": gettext_noop("具体情况"),
    "files": gettext_noop("上传文件"),
}
MOST_ON_A_PAGE = 4


@dataclass(frozen=True)
class Page:
    """One page of questions. `key` stands in the address."""

    key: str
    fields: tuple[FormField, ...]
    title: str = ""
    title_en: str = ""

    @property
    def label(self) -> str:
        """The heading in the reader's language; a page with a single question is headed by it."""
        if self.title:
            return in_reader_language(self.title, self.title_en)
        if len(self.fields) == 1:
            return label_of(self.fields[0])
        return _(TITLES[self.key.partition("-")[0]])


# --- expressions over a form --------------------------------------------------------------------------------------------


def declared(fields: Iterable[FormField]) -> dict[str, str]:
    """Name → type of the fields, as expressions know them."""
    return {field.key: TYPES.get(field.type, expressions.TEXT) for field in fields}


def condition(text: str, fields: Iterable[FormField], *, expects: str = expressions.BOOLEAN) -> Expression:
    """A condition (or what else is expected) over the fields. Raises `Invalid` with its place when it is unsound."""
    return expressions.parse(text, declared(fields), expects=expects)


def is_shown(field: FormField, fields: Iterable[FormField], answers: Answers, *, today: dt.date) -> bool:
    """True when the field is asked for these answers."""
    return not field.shown_if or expressions.holds(condition(field.shown_if, fields), answers, today=today)


def visible_fields(form: Form, answers: Answers, *, today: dt.date) -> tuple[FormField, ...]:
    """The fields that are asked for these answers, in order of the pages."""
    return tuple(
        field for page in pages(form) for field in page.fields if is_shown(field, form.fields, answers, today=today)
    )


# --- pages --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _pages_of(fields: tuple[tuple[str, str, str, bool], ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Keys of fields by page: who applies, how to reach them, the place, dates together, each choice alone, files last."""
    grouped: dict[str, list[str]] = {}
    details = 0
    for key, kind, page, conditional in fields:
        name = page or _page_of(key, kind, conditional)
        if name == "details":
            name = f"details-{details // MOST_ON_A_PAGE + 1}"
            details += 1
        grouped.setdefault(name, []).append(key)
    order = {"who": -3, "contact": -2, "place": -1, "files": 1}
    names = sorted(grouped, key=lambda name: order.get(name, 0))
    return tuple((name, tuple(grouped[name])) for name in names)


def _page_of(key: str, kind: str, conditional: bool) -> str:
    if conditional or kind in ("choice", "choices", "boolean", "group", "textarea"):
        return f"q-{key}"
    if key in WHO:
        return "who"
    return {"phone": "contact", "address": "place", "date": "dates", "file": "files"}.get(kind, "details")


def pages(form: Form) -> tuple[Page, ...]:
    """All pages of a form: those the data names, in their order, else derived so that each asks one thing."""
    fields = {field.key: field for field in form.fields}
    if form.pages:
        grouped = [(page, [f for f in form.fields if f.page == page.key]) for page in form.pages]
        return tuple(Page(page.key, tuple(found), page.title, page.title_en) for page, found in grouped if found)
    shape = tuple((field.key, field.type, "", bool(field.shown_if)) for field in form.fields)
    return tuple(Page(name, tuple(fields[key] for key in keys)) for name, keys in _pages_of(shape))


def pages_for(form: Form, answers: Answers, *, today: dt.date) -> tuple[Page, ...]:
    """The pages on which something is asked for these answers, each with only what is asked."""
    asked = {field.key for field in visible_fields(form, answers, today=today)}
    narrowed = (
        Page(page.key, tuple(f for f in page.fields if f.key in asked), page.title, page.title_en)
        for page in pages(form)
    )
    return tuple(page for page in narrowed if page.fields)


def page(form: Form, page_key: str) -> Page:
    """One page. Raises `NotFound`."""
    for found in pages(form):
        if found.key == page_key:
            return found
    raise NotFound(_("没有这一页问题，请从申请的开头继续。"))


def next_page(form: Form, page_key: str, answers: Answers, *, today: dt.date) -> Page | None:
    """The page after `page_key` for these answers; None after the last."""
    order = [found.key for found in pages(form)]
    place = order.index(page_key) if page_key in order else -1
    return next((p for p in pages_for(form, answers, today=today) if order.index(p.key) > place), None)


def previous_page(form: Form, page_key: str, answers: Answers, *, today: dt.date) -> Page | None:
    """The page before `page_key` for these answers; None before the first."""
    order = [found.key for found in pages(form)]
    place = order.index(page_key) if page_key in order else 0
    earlier = [p for p in pages_for(form, answers, today=today) if order.index(p.key) < place]
    return earlier[-1] if earlier else None


# --- what is known, what is needed --------------------------------------------------------------------------------------


def prefill(form: Form, values: Mapping[str, str]) -> dict[str, Any]:
    """First answers from what is known of the applicant, by the path each field names (`applicant.name`, `enterprise.uscc`)."""
    return {field.key: values[field.prefill] for field in form.fields if field.prefill and values.get(field.prefill)}


def materials_for(document: MatterDocument, answers: Answers, *, today: dt.date) -> list[tuple[Material, bool]]:
    """(material, demanded) in order; one whose condition is met comes back as required.

    Never demanded: what the county fetches itself (在线政务服务规定 第七条) and the form that was filled in here.
    """
    return [_needed(document.form, material, answers, today=today) for material in document.materials]


def _needed(form: Form, material: Material, answers: Answers, *, today: dt.date) -> tuple[Material, bool]:
    if material.by_data_sharing or material.from_form:
        return material, False
    if not material.needed_if:
        return material, True
    met = expressions.holds(condition(material.needed_if, form.fields), answers, today=today)
    return (material.model_copy(update={"required": True}), True) if met else (material, False)


# --- showing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One answer in words."""

    key: str
    label: str
    value: str


@dataclass(frozen=True)
class Section:
    """The answers of one page in words, for “check your answers” and for officials."""

    key: str
    title: str
    rows: tuple[Row, ...]


def in_words(form: Form, answers: Answers, *, today: dt.date, masked: bool = False) -> list[Section]:
    """All answers in words, page by page; with `masked`, personal data as far as needed to recognise it."""
    found = []
    for asked in pages_for(form, answers, today=today):
        rows = (Row(f.key, label_of(f), answer.in_words(f, answers.get(f.key), masked=masked)) for f in asked.fields)
        found.append(Section(asked.key, asked.label, tuple(rows)))
    return found

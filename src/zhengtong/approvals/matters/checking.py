"""What came back from a page of questions: read, checked in order, and refused at the field with a plain sentence."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from zhengtong.approvals.matters import answers as answer
from zhengtong.approvals.matters.answers import Answers, Wrong
from zhengtong.approvals.matters.questions import Page, condition, is_shown, page, pages, pages_for
from zhengtong.approvals.matters.values import Form, FormField
from zhengtong.kernel import expressions
from zhengtong.kernel.errors import Invalid


def read(field: FormField, raw: Mapping[str, Any], *, prefix: str = "") -> Any:
    """What was typed for a field, unchecked: from a posted form (names `key`, groups `key-0-inner`) or a mapping of answers."""
    name = f"{prefix}{field.key}"
    if field.type == "group":
        return _read_rows(field, raw, name)
    if field.type in ("choices", "file") and hasattr(raw, "getlist"):
        return raw.getlist(name)
    return raw.get(name)


def _read_rows(field: FormField, raw: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    if isinstance(raw.get(name), (list, tuple)):
        return [dict(row) for row in raw[name] if isinstance(row, Mapping)]
    numbers = {int(m[1]) for key in raw if (m := re.match(rf"{re.escape(name)}-(\d{{1,3}})-", str(key)))}
    return [{f.key: read(f, raw, prefix=f"{name}-{n}-") for f in field.fields} for n in sorted(numbers)][
        : field.max_items + 1
    ]


def typed(form: Form, page_key: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed on a page, unchecked, to show it again; `add` and `remove` buttons of repeated groups are obeyed."""
    found = {field.key: read(field, raw) for field in page(form, page_key).fields}
    for field in page(form, page_key).fields:
        if field.type == "group":
            rows = found[field.key]
            removed = re.fullmatch(rf"{re.escape(field.key)}-(\d{{1,3}})", str(raw.get("remove", "")))
            if removed:
                rows = [row for n, row in enumerate(rows) if n != int(removed[1])]
            if raw.get("add") == field.key and len(rows) < field.max_items:
                rows = [*rows, {}]
            found[field.key] = rows
    return found


def only_rows_changed(raw: Mapping[str, Any]) -> bool:
    """True when the form came back by an “add” or “remove” button: show it again, do not check it yet."""
    return "add" in raw or "remove" in raw


# --- checking -----------------------------------------------------------------------------------------------------------


class _Check:
    """Goes through fields in order, so that conditions and comparisons see the answers before them."""

    def __init__(
        self, form: Form, answers: Answers, *, today: dt.date, files: Mapping[str, Sequence[str]] | None
    ) -> None:
        self.form, self.today, self.files = form, today, files
        self.fields = {field.key: field for field in form.fields}
        self.answers = dict(answers)
        self.problems: dict[str, object] = {}

    def field(self, field: FormField, raw: Mapping[str, Any]) -> None:
        if not is_shown(field, self.form.fields, self.answers, today=self.today):
            self.answers.pop(field.key, None)
            return
        if field.type == "group":
            self.answers[field.key] = self.rows(field, read(field, raw))
            return
        value = (
            self.files[field.key]
            if field.type == "file" and self.files and field.key in self.files
            else read(field, raw)
        )
        try:
            self.answers[field.key] = answer.clean(
                field, value, today=self.today, fields=self.fields, answers=self.answers
            )
        except Wrong as wrong:
            self.answers.pop(field.key, None)
            self.problems[field.key] = str(wrong)

    def rows(self, group: FormField, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        filled = [row for row in rows if any(value not in (None, "", [], False) for value in row.values())]
        label = answer.spoken_label(group)
        if group.required and not filled:
            self.problems[group.key] = _("请至少填写一项{label}。").format(label=label)
        if len(filled) > group.max_items:
            self.problems[group.key] = _("{label}最多{n}项。").format(label=label, n=group.max_items)
            filled = filled[: group.max_items]
        return [self.row(group, number, row) for number, row in enumerate(filled)]

    def row(self, group: FormField, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        around = {**self.fields, **{field.key: field for field in group.fields}}
        cleaned: dict[str, Any] = {}
        for field in group.fields:
            known = {**self.answers, **cleaned}
            if not is_shown(field, around.values(), known, today=self.today):
                continue
            try:
                cleaned[field.key] = answer.clean(
                    field, row.get(field.key), today=self.today, fields=around, answers=known
                )
            except Wrong as wrong:
                self.problems[f"{group.key}-{number}-{field.key}"] = str(wrong)
        return cleaned

    def whole(self, *, only: set[str] | None = None) -> None:
        """The form's own checks; on one page only those that look at a field of the page."""
        for text, sentence in self.form.checks:
            expression = condition(text, self.form.fields)
            names = expression.names if only is None else expression.names & only
            if names and expressions.fails(expression, self.answers, today=self.today):
                order = [key for key in self.fields if key in names]
                self.problems.setdefault(order[-1], sentence)

    def finish(self) -> None:
        if self.problems:
            n = len(self.problems)
            raise Invalid(
                ngettext("有{n}处需要改正，请按提示修改。", "有{n}处需要改正，请按提示修改。", n).format(n=n),
                fields=self.problems,
            )


def validate_page(
    form: Form,
    page_key: str,
    raw: Mapping[str, Any],
    *,
    today: dt.date,
    answers: Answers | None = None,
    files: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """The cleaned answers of one page. `answers`: those given before; `files`: field → marks of what was uploaded.

    Raises `Invalid` whose `fields` maps names of inputs to sentences. Fields that are not asked are left out.
    """
    found = page(form, page_key)
    check = _Check(form, answers or {}, today=today, files=files)
    for field in found.fields:
        check.field(field, raw)
    check.whole(only={field.key for field in found.fields})
    check.finish()
    return {field.key: check.answers[field.key] for field in found.fields if field.key in check.answers}


def validate_all(
    form: Form, answers: Answers, *, today: dt.date, files: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """All answers, cleaned; answers to questions that are not asked (any more) are dropped. Raises `Invalid` as for a page."""
    check = _Check(form, {}, today=today, files=files)
    for found in pages(form):
        for field in found.fields:
            check.field(field, answers)
    check.whole()
    check.finish()
    return {key: value for key, value in check.answers.items() if value is not None}


def first_unanswered(form: Form, answers: Answers, *, today: dt.date) -> Page | None:
    """The first page whose answers do not hold yet: where a saved application goes on. None when everything is answered."""
    for found in pages_for(form, answers, today=today):
        try:
            validate_page(form, found.key, answers, today=today, answers=answers)
        except Invalid:
            return found
    return None

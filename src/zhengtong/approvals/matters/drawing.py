"""Questions as a page draws them: label, hint, kind of control, options, what is known and what is wrong."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.matters import answers as answer
from zhengtong.approvals.matters.answers import Answers, in_reader_language, label_of
from zhengtong.approvals.matters.questions import is_shown, page
from zhengtong.approvals.matters.values import Form, FormField

KINDS = {
    "textarea": "textarea",
    "address": "text",
    "date": "date",
    "choice": "radios",
    "choices": "checkboxes",
    "boolean": "radios",
    "phone": "tel",
    "file": "file",
}
AUTOCOMPLETE = {
    "applicant.name": "name",
    "applicant.phone": "tel",
    "applicant.address": "street-address",
    "enterprise.name": "organization",
}
WIDTHS = {"number": 10, "resident_id": 20, "uscc": 20, "phone": 20}
MANY_OPTIONS = 12


@dataclass(frozen=True)
class Question:
    """A field as the page draws it: `templates/matters/question.html`. `rows` and `template` only for repeated groups."""

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    value: Any = ""
    error: str = ""
    heading: bool = False
    options: tuple[tuple[str, str], ...] = ()
    width: int | str = ""
    inputmode: str | None = None
    autocomplete: str | None = None
    maxlength: int | None = None
    accept: str | None = None
    multiple: bool = False
    max: str | None = None
    min: str | None = None
    rows: tuple[tuple["Question", ...], ...] = ()
    can_add: bool = False


def questions(
    form: Form,
    page_key: str,
    *,
    answers: Answers,
    errors: Mapping[str, object] | None = None,
    today: dt.date,
) -> list[Question]:
    """The questions of a page with what is known or was typed (`answers`) and the sentences at the fields (`errors`)."""
    asked = page(form, page_key)
    found = [f for f in asked.fields if is_shown(f, form.fields, answers, today=today)]
    heading = asked.label if len(asked.fields) == 1 else ""
    return [question(field, answers.get(field.key), errors or {}, today=today, heading=heading) for field in found]


def question(
    field: FormField,
    value: Any,
    errors: Mapping[str, object],
    *,
    today: dt.date,
    name: str = "",
    heading: str = "",
) -> Question:
    """One field ready to draw. `heading`: it stands alone on its page and carries the page's heading."""
    name = name or field.key
    kind = KINDS.get(field.type, "group" if field.type == "group" else "text")
    if field.type == "choice" and len(field.options) > MANY_OPTIONS:
        kind = "select"
    rule = dict(field.validation or {})
    rows: tuple[tuple[Question, ...], ...] = ()
    if field.type == "group":
        given = list(value or []) or [{}]
        rows = tuple(
            tuple(question(f, row.get(f.key), errors, today=today, name=f"{name}-{n}-{f.key}") for f in field.fields)
            for n, row in enumerate(given)
        )
    return Question(
        name=name,
        label=heading or label_of(field),
        hint=in_reader_language(field.help, field.help_en),
        kind=kind,
        required=field.required,
        value=_shown_value(field, value),
        error=str(errors.get(name, "")),
        heading=bool(heading),
        options=_options(field),
        width=WIDTHS.get(field.type, ""),
        inputmode="decimal" if field.type == "number" else None,
        autocomplete=AUTOCOMPLETE.get(field.prefill or ""),
        maxlength=rule.get("maxlen") if field.type == "textarea" else None,  # type: ignore[arg-type]
        accept=",".join(f".{kind}" for kind in rule.get("accept", [])) or None if field.type == "file" else None,  # type: ignore[attr-defined]
        multiple=field.type == "file",
        max=today.isoformat() if rule.get("rule") == "not_future" else None,
        min=today.isoformat() if rule.get("rule") == "not_past" else None,
        rows=rows,
        can_add=len(rows) < field.max_items,
    )


def _options(field: FormField) -> tuple[tuple[str, str], ...]:
    if field.type == "boolean":
        return (("true", _("是")), ("false", _("否")))
    empty = (("", _("请选择")),) if field.type == "choice" and len(field.options) > MANY_OPTIONS else ()
    return (*empty, *((option.value, answer.option_label(option)) for option in field.options))


def _shown_value(field: FormField, value: Any) -> Any:
    if field.type == "boolean" and isinstance(value, bool):
        return "true" if value else "false"
    return [] if value is None and field.type in ("choices", "file") else "" if value is None else value

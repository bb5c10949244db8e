"""One answer to one question: read as it was typed, cleaned, checked; masked and put into words when it is shown.

A cleaned answer is a plain JSON value: text, int or float, ISO date, true/false, a list of option values, a list of file marks,
or for a repeated group a list of such answers by key.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from zhengtong.approvals.matters.values import FormField, Option
from zhengtong.kernel.identifiers import resident_id, uscc
from zhengtong.security.accounts.values import masked_name, masked_phone

Answers = Mapping[str, Any]
LONGEST_TEXT, LONGEST_TEXTAREA = 200, 2000
LARGEST_NUMBER = Decimal(10) ** 13
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ASIDE = re.compile(r"[（(][^（）()]*[）)]$")
_PHONE = re.compile(r"^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{5})$")
_YES, _NO = {"true", "yes", "on", "1", "是"}, {"false", "no", "off", "0", "否"}


class Wrong(Exception):  # noqa: N818
    """An answer that cannot stay; the argument is the sentence for the field."""


def in_reader_language(chinese: str, english: str) -> str:
    """The English text for readers of English when there is one."""
    return english if english and (translation.get_language() or "").startswith("en") else chinese


def label_of(field: FormField) -> str:
    """The question in the reader's language."""
    return in_reader_language(field.label, field.label_en)


def spoken_label(field: FormField) -> str:
    """The label as it is said inside a sentence: 其中后厨面积（平方米） → 后厨面积."""
    return _ASIDE.sub("", label_of(field).strip()).removeprefix("其中") or label_of(field)


def option_label(option: Option) -> str:
    """A choice in the reader's language."""
    return in_reader_language(option.label, option.label_en)


# --- reading and cleaning -----------------------------------------------------------------------------------------------


def clean(field: FormField, raw: Any, *, today: dt.date, fields: Mapping[str, FormField], answers: Answers) -> Any:
    """The cleaned answer, None when left empty. Raises `Wrong` with the sentence to show at the field.

    `fields` and `answers` are those around it, for comparisons.
    """
    if _is_empty(raw):
        if field.required:
            raise Wrong(_missing(field))
        return None
    value = _CLEANERS[field.type](field, raw, today)
    if value is None and field.required:
        raise Wrong(_missing(field))
    if value is not None and field.validation:
        _check_rule(field, value, today=today, fields=fields, answers=answers)
    return value


def _is_empty(raw: Any) -> bool:
    if isinstance(raw, str):
        return not raw.strip()
    return raw is None or (isinstance(raw, Sequence) and not raw)


def _missing(field: FormField) -> str:
    words = {
        "choice": _("请选择{label}。"),
        "choices": _("请选择{label}，可选多项。"),
        "boolean": _("请选择{label}：是或否。"),
        "date": _("请填写{label}，如2026-10-01。"),
        "file": _("请上传{label}。"),
    }
    return words.get(field.type, _("请填写{label}。")).format(label=spoken_label(field))


def _tidy(raw: Any, *, lines: bool = False) -> str:
    text = _CONTROL.sub("", unicodedata.normalize("NFC", str(raw))).replace("\r\n", "\n").replace("\r", "\n")
    return text.strip() if lines else " ".join(text.split())


def _text(field: FormField, raw: Any, today: dt.date) -> str | None:
    if not isinstance(raw, (str, int, float)) or isinstance(raw, bool):
        raise Wrong(_("{label}的内容读不出来，请重新填写。").format(label=spoken_label(field)))
    text = _tidy(raw, lines=field.type == "textarea")
    longest = LONGEST_TEXTAREA if field.type == "textarea" else LONGEST_TEXT
    if len(text) > longest:
        raise Wrong(
            _("{label}最多{n}个字，现有{have}个字。").format(label=spoken_label(field), n=longest, have=len(text))
        )
    return text or None


def _number(field: FormField, raw: Any, today: dt.date) -> int | float:
    text = re.sub(r"[,，\s]", "", unicodedata.normalize("NFKC", str(raw)))[:40]
    if isinstance(raw, bool) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise Wrong(_("{label}应填数字，如120或12.5。").format(label=spoken_label(field)))
    number = Decimal(text)
    if abs(number) >= LARGEST_NUMBER or -int(number.as_tuple().exponent) > 6:
        raise Wrong(_("{label}的数字太大或小数太长，请核对。").format(label=spoken_label(field)))
    return int(number) if number == number.to_integral_value() else float(number)


def _date(field: FormField, raw: Any, today: dt.date) -> str:
    text = unicodedata.normalize("NFKC", str(raw)).strip()
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    try:
        return dt.date(*(int(part) for part in parts.groups())).isoformat() if parts else _no_date()
    except ValueError:
        sentence = _("{label}不是有效的日期，请写成2026-10-01的样子。")
        raise Wrong(sentence.format(label=spoken_label(field))) from None


def _no_date() -> str:
    raise ValueError


def _choice(field: FormField, raw: Any, today: dt.date) -> str:
    value = raw[0] if isinstance(raw, (list, tuple)) and len(raw) == 1 else raw
    if value not in [option.value for option in field.options]:
        raise Wrong(_("{label}：请从列出的选项中选择一项。").format(label=spoken_label(field)))
    return str(value)


def _choices(field: FormField, raw: Any, today: dt.date) -> list[str]:
    asked = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, Sequence) else []
    known = [option.value for option in field.options]
    if not asked or any(value not in known for value in asked):
        raise Wrong(_("{label}：请从列出的选项中选择。").format(label=spoken_label(field)))
    return [value for value in known if value in asked]


def _boolean(field: FormField, raw: Any, today: dt.date) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in _YES | _NO:
        raise Wrong(_missing(field))
    return word in _YES


def _phone(field: FormField, raw: Any, today: dt.date) -> str:
    number = re.sub(r"^\+?86(?=1)", "", re.sub(r"[\s()（）]", "", unicodedata.normalize("NFKC", str(raw))))
    if not _PHONE.fullmatch(number) and not _PHONE.fullmatch(number.replace("-", "")):
        raise Wrong(_("{label}应为11位手机号，或带区号的座机号，如0738-6821234。").format(label=spoken_label(field)))
    return number


def _resident_id(field: FormField, raw: Any, today: dt.date) -> str:
    finding = resident_id.check(str(raw)[:60], on=today)
    if not finding.ok:
        raise Wrong(finding.errors[0])
    return finding.value


def _uscc(field: FormField, raw: Any, today: dt.date) -> str:
    finding = uscc.check(str(raw)[:60])
    if not finding.ok:
        raise Wrong(finding.errors[0])
    return finding.value


def _file(field: FormField, raw: Any, today: dt.date) -> list[str]:
    marks = [raw] if isinstance(raw, str) else list(raw) if isinstance(raw, Sequence) else []
    if any(not isinstance(mark, str) or len(mark) > 200 for mark in marks):
        raise Wrong(_("{label}没有上传成功，请重新上传。").format(label=spoken_label(field)))
    return marks


_CLEANERS: dict[str, Callable[[FormField, Any, dt.date], Any]] = {
    "text": _text,
    "textarea": _text,
    "address": _text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "choices": _choices,
    "boolean": _boolean,
    "phone": _phone,
    "resident_id": _resident_id,
    "uscc": _uscc,
    "file": _file,
}


# --- rules --------------------------------------------------------------------------------------------------------------


def _check_rule(
    field: FormField, value: Any, *, today: dt.date, fields: Mapping[str, FormField], answers: Answers
) -> None:
    rule = dict(field.validation or {})
    name = rule.get("rule")
    if name == "compare":
        _compare(field, value, rule, fields, answers)
    elif name in _RULES:
        _RULES[str(name)](field, value, rule, today)


def _range(field: FormField, value: Any, rule: Mapping[str, Any], today: dt.date) -> None:
    low, high, label = rule.get("min"), rule.get("max"), spoken_label(field)
    below, above = low is not None and value < low, high is not None and value > high
    if (below or above) and low is not None and high is not None:
        raise Wrong(_("{label}应在{low}到{high}之间。").format(label=label, low=low, high=high))
    if below:
        raise Wrong(_("{label}不能小于{low}。").format(label=label, low=low))
    if above:
        raise Wrong(_("{label}不能大于{high}。").format(label=label, high=high))


def _length(field: FormField, value: Any, rule: Mapping[str, Any], today: dt.date) -> None:
    low, high, have = int(rule.get("minlen") or 0), int(rule.get("maxlen") or LONGEST_TEXTAREA), len(str(value))
    if have > high:
        raise Wrong(_("{label}最多{n}个字，现有{have}个字。").format(label=spoken_label(field), n=high, have=have))
    if have < low:
        raise Wrong(_("{label}至少{n}个字，现有{have}个字。").format(label=spoken_label(field), n=low, have=have))


def _pattern(field: FormField, value: Any, rule: Mapping[str, Any], today: dt.date) -> None:
    if re.search(str(rule.get("pattern", "")), str(value)[:LONGEST_TEXT]):
        return
    given = in_reader_language(str(rule.get("message") or ""), str(rule.get("message_en") or ""))
    raise Wrong(given or _("{label}的格式不对，请核对后重填。").format(label=spoken_label(field)))


def _not_future(field: FormField, value: Any, rule: Mapping[str, Any], today: dt.date) -> None:
    if value > today.isoformat():
        raise Wrong(_("{label}不能晚于今天。").format(label=spoken_label(field)))


def _not_past(field: FormField, value: Any, rule: Mapping[str, Any], today: dt.date) -> None:
    if value < today.isoformat():
        raise Wrong(_("{label}不能早于今天。").format(label=spoken_label(field)))


_RULES: dict[str, Callable[[FormField, Any, Mapping[str, Any], dt.date], None]] = {
    "range": _range,
    "length": _length,
    "pattern": _pattern,
    "not_future": _not_future,
    "not_past": _not_past,
}

_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "lte": lambda a, b: a <= b,
    "gte": lambda a, b: a >= b,
    "after": lambda a, b: a >= b,
    "before": lambda a, b: a <= b,
}


def _compare(
    field: FormField, value: Any, rule: Mapping[str, Any], fields: Mapping[str, FormField], answers: Answers
) -> None:
    words = {
        "lte": _("{label}不能大于{other}。"),
        "gte": _("{label}不能小于{other}。"),
        "after": _("{label}不能早于{other}。"),
        "before": _("{label}不能晚于{other}。"),
    }
    for how, holds in _COMPARES.items():
        other = fields.get(str(rule.get(how, "")))
        against = answers.get(other.key) if other else None
        if other is None or against is None or isinstance(against, str) != isinstance(value, str):
            continue
        if not holds(value, against):
            raise Wrong(words[how].format(label=spoken_label(field), other=spoken_label(other)))


# --- showing ------------------------------------------------------------------------------------------------------------


def in_words(field: FormField, value: Any, *, masked: bool = False) -> str:
    """An answer as a reader sees it; with `masked`, personal fields show no more than is needed to recognise them."""
    if value is None or value == "" or value == []:
        return ""
    if masked and is_personal(field):
        return mask(field, value)
    if field.type in ("choice", "choices"):
        labels = {option.value: option_label(option) for option in field.options}
        chosen = [value] if isinstance(value, str) else list(value)
        return "、".join(labels.get(one, str(one)) for one in chosen)
    if field.type == "boolean":
        return _("是") if value else _("否")
    if field.type == "file":
        return _("已上传{n}个文件").format(n=len(value))
    if field.type == "group":
        return "；".join(_row_in_words(field, row, masked=masked) for row in value)
    return str(value)


def _row_in_words(group: FormField, row: Mapping[str, Any], *, masked: bool) -> str:
    shown = [in_words(inner, row.get(inner.key), masked=masked) for inner in group.fields]
    return "，".join(text for text in shown if text)


def is_personal(field: FormField) -> bool:
    """True when the answer is personal data; numbers of persons and phones always are."""
    return field.personal or field.type in ("resident_id", "phone")


def mask(field: FormField, value: Any) -> str:
    """A personal answer with its middle hidden."""
    text = str(value)
    if field.type == "resident_id":
        return resident_id.mask(text)
    if field.type == "phone":
        return masked_phone(text)
    if field.type == "address":
        return text[:6] + "****" if len(text) > 6 else "****"
    if len(text) <= 4:
        return masked_name(text)
    return text[:2] + "*" * (len(text) - 4) + text[-2:]

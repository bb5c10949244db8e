"""Checks of the form: fields, pages, conditions, rules."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.matters import questions
from zhengtong.approvals.matters.lint.findings import Finding, error, warning
from zhengtong.approvals.matters.prefill import PATHS
from zhengtong.approvals.matters.values import Form, FormField, MatterDocument
from zhengtong.kernel import expressions
from zhengtong.kernel.errors import Invalid

RULE_TYPES: dict[str, tuple[str, ...]] = {
    "range": ("number",),
    "length": ("text", "textarea", "address"),
    "pattern": ("text", "phone"),
    "one_of": ("choice", "choices"),
    "compare": ("number", "date"),
    "not_future": ("date",),
    "not_past": ("date",),
    "gb11643_check_digit": ("resident_id",),
    "gb32100_check_character": ("uscc",),
    "file": ("file",),
}
"""Which types of field a rule fits."""
COMPARES = ("lte", "gte", "after", "before")
LONGEST_PATTERN, MOST_OPEN_REPEATS = 120, 2
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_REPEATED_GROUP = re.compile(r"\)\s*(?:[*+]|\{)")
_OPEN_REPEAT = re.compile(r"(?<!\\)[*+]|\{\d+,\}")


def fields(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Keys once, choices with options, repeated groups one level deep."""
    yield from _fields(document.form.fields, "form")
    for group in document.form.fields:
        if group.type != "group":
            continue
        yield from _fields(group.fields, f"form.{group.key}")
        if not group.fields:
            yield error(
                "group_without_fields", _("重复项“{label}”里没有字段。").format(label=group.label), f"form.{group.key}"
            )
        if any(inner.type in ("group", "file") for inner in group.fields):
            yield error(
                "group_too_deep",
                _("重复项“{label}”里不能再放重复项或文件。").format(label=group.label),
                f"form.{group.key}",
            )


def _fields(found: tuple[FormField, ...], where: str) -> Iterator[Finding]:
    keys = [field.key for field in found]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield error("field_twice", _("字段“{key}”用了两次。").format(key=key), f"{where}.{key}")
    for field in found:
        place = f"{where}.{field.key}"
        if not _KEY.fullmatch(field.key) or field.key in ("add", "remove", "save"):
            yield error("field_key", _("字段的键“{key}”只能用小写字母、数字和下划线。").format(key=field.key), place)
        values = [option.value for option in field.options]
        if field.type in ("choice", "choices") and len(values) < 2:
            yield error("choice_without_options", _("“{label}”至少要有两个选项。").format(label=field.label), place)
        if len(set(values)) != len(values):
            yield error("option_twice", _("“{label}”有重复的选项值。").format(label=field.label), place)
        if field.prefill and field.prefill not in PATHS:
            yield error(
                "unknown_prefill",
                _("“{label}”的预填来源“{path}”不存在。").format(label=field.label, path=field.prefill),
                place,
            )


def pages(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """When pages are named, every field stands on one of them."""
    form = document.form
    known = [page.key for page in form.pages]
    if len(set(known)) != len(known):
        yield error("page_twice", _("有两页问题用了同一个键。"), "form")
    for field in form.fields if known else ():
        if field.page not in known:
            yield error(
                "field_without_page",
                _("“{label}”没有放在任何一页上，申请人看不到它。").format(label=field.label),
                f"form.{field.key}",
            )
    for page in form.pages:
        if not any(field.page == page.key for field in form.fields):
            yield warning("page_empty", _("“{title}”这一页没有问题。").format(title=page.title), "form")


def conditions(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Conditions and checks read declared fields; a condition only looks back."""
    form = document.form
    order = [field.key for page in questions.pages(form) for field in page.fields]
    for field in form.fields:
        if field.shown_if:
            yield from _condition(form, field, order)
        for inner in field.fields:
            around = (*form.fields, *field.fields)
            yield from _sound(inner.shown_if, around, inner.label, f"form.{field.key}.{inner.key}")
    for number, (text, sentence) in enumerate(form.checks, 1):
        yield from _sound(text, form.fields, _("检查{n}").format(n=number), "form")
        if not sentence.strip():
            yield error("check_without_sentence", _("检查{n}没有写不满足时的提示。").format(n=number), "form")


def _condition(form: Form, field: FormField, order: list[str]) -> Iterator[Finding]:
    where = f"form.{field.key}"
    problems = list(_sound(field.shown_if, form.fields, field.label, where))
    yield from problems
    if problems or field.key not in order:
        return
    names = questions.condition(field.shown_if or "", form.fields).names
    if field.key in names:
        yield error("condition_on_itself", _("“{label}”的显示条件用到了它自己。").format(label=field.label), where)
    elif any(order.index(name) > order.index(field.key) for name in names if name in order):
        yield error(
            "condition_looks_ahead", _("“{label}”的显示条件用到了排在它后面的问题。").format(label=field.label), where
        )


def _sound(
    text: str | None, fields: tuple[FormField, ...], label: str, where: str, *, expects: str = expressions.BOOLEAN
) -> Iterator[Finding]:
    if not text:
        return
    try:
        questions.condition(text, fields, expects=expects)
    except Invalid as problem:
        message = _("“{label}”的条件读不懂：{problem}").format(label=label, problem=problem.message)
        yield error("unsound_expression", message, where)


def fee_expressions(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """When a fee is charged, how many units, and what lets it off can be computed from the answers."""
    fields = document.form.fields
    for item in document.fees.items:
        where = f"fees.{item.name}"
        yield from _sound(item.applies_if, fields, item.name, where)
        yield from _sound(item.quantity, fields, item.name, where, expects=expressions.NUMBER)
    for reduction in document.fees.reductions:
        yield from _sound(reduction.when, fields, reduction.name, f"fees.{reduction.name}")


def rules(document: MatterDocument, bodies: Collection[str]) -> Iterator[Finding]:
    """Validation rules are known, fit their field, and cannot make the machine think for ever."""
    for field in document.form.fields:
        around = {other.key: other for other in document.form.fields}
        yield from _rule(field, around, f"form.{field.key}")
        for inner in field.fields:
            yield from _rule(inner, {**around, **{f.key: f for f in field.fields}}, f"form.{field.key}.{inner.key}")


def _rule(field: FormField, around: Mapping[str, FormField], where: str) -> Iterator[Finding]:
    if not field.validation:
        return
    rule: dict[str, Any] = dict(field.validation)
    name = str(rule.get("rule", ""))
    if name not in RULE_TYPES:
        yield error(
            "unknown_rule", _("“{label}”的校验规则“{rule}”不存在。").format(label=field.label, rule=name), where
        )
    elif field.type not in RULE_TYPES[name]:
        yield error(
            "rule_does_not_fit",
            _("“{label}”的类型用不了校验规则“{rule}”。").format(label=field.label, rule=name),
            where,
        )
    elif name == "pattern":
        yield from _pattern(field, str(rule.get("pattern", "")), where)
    elif name == "compare":
        yield from _compare(field, rule, around, where)
    elif name in ("range", "length") and _reversed(rule):
        yield error("range_reversed", _("“{label}”的最小值大于最大值。").format(label=field.label), where)


def _reversed(rule: Mapping[str, Any]) -> bool:
    low, high = rule.get("min", rule.get("minlen")), rule.get("max", rule.get("maxlen"))
    return low is not None and high is not None and low > high


def _pattern(field: FormField, pattern: str, where: str) -> Iterator[Finding]:
    try:
        re.compile(pattern)
    except re.error:
        yield error("bad_pattern", _("“{label}”的格式写法不对。").format(label=field.label), where)
        return
    greedy = _REPEATED_GROUP.search(pattern) or len(_OPEN_REPEAT.findall(pattern)) > MOST_OPEN_REPEATS
    if not pattern or len(pattern) > LONGEST_PATTERN or greedy or re.search(r"\\[1-9]|\(\?", pattern):
        message = _("“{label}”的格式太复杂：不能重复括号，不限次数的重复最多两处。").format(label=field.label)
        yield error("dangerous_pattern", message, where)


def _compare(
    field: FormField, rule: Mapping[str, Any], around: Mapping[str, FormField], where: str
) -> Iterator[Finding]:
    asked = [(how, str(rule[how])) for how in COMPARES if how in rule]
    if not asked:
        yield error("compare_with_nothing", _("“{label}”没有写与哪个字段比较。").format(label=field.label), where)
    for _how, other in asked:
        if other not in around or other == field.key:
            yield error(
                "compare_unknown",
                _("“{label}”要比较的字段“{other}”不存在。").format(label=field.label, other=other),
                where,
            )
        elif around[other].type != field.type:
            yield error(
                "compare_types",
                _("“{label}”与“{other}”类型不同，不能比较。").format(label=field.label, other=around[other].label),
                where,
            )


RULES = (fields, pages, conditions, rules, fee_expressions)

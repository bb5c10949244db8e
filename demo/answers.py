"""Plausible answers to any form of the catalogue, so that its own validation accepts them."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from zhengtong.approvals.matters import public as matters
from zhengtong.kernel.identifiers import resident_id, uscc

WORDS = {
    "name": "周新民",
    "person": "刘海燕",
    "project": "县城老旧小区改造配套工程",
    "place": "双峰县永丰街道国藩路88号",
    "content": "按照批准的方案组织实施，落实安全和环保措施。",
    "reason": "因生产生活需要，申请办理本事项。",
}


def fill(form: Any, known: Mapping[str, Any], rng: random.Random, *, today: date) -> dict[str, Any]:
    """Answers to every question that is asked, keeping what is known."""
    answers: dict[str, Any] = dict(known)
    for page in matters.pages(form):
        for field in page.fields:
            if answers.get(field.key) in (None, "", []):
                answers[field.key] = _answer(field, answers, rng, today)
    return answers


def _answer(field: Any, answers: Mapping[str, Any], rng: random.Random, today: date) -> Any:
    rule = dict(field.validation or {})
    match field.type:
        case "number":
            return _number(rule, answers, rng)
        case "date":
            return _date(field, rule, answers, today).isoformat()
        case "choice":
            return rng.choice(field.options).value
        case "choices":
            return [field.options[0].value]
        case "boolean":
            return True
        case "phone":
            return f"139{rng.randint(10000000, 99999999)}"
        case "resident_id":
            return resident_id.make_synthetic(
                division_code="432522", birth_on=date(1979, 5, 6), serial=rng.randint(1, 900)
            )
        case "uscc":
            return uscc.make_synthetic(kind="91", division_code="431321", serial=rng.randint(1, 8000))
        case "file":
            return ["demo"]
        case "group":
            return [{inner.key: _answer(inner, {}, rng, today) for inner in field.fields}]
    return _text(field, rule)


def _number(rule: Mapping[str, Any], answers: Mapping[str, Any], rng: random.Random) -> Any:
    low, high = rule.get("min", 1), rule.get("max", 500)
    for key in ("lte", "gte"):
        other = answers.get(rule.get(key, ""))
        if other not in (None, ""):
            return other
    return rng.randint(int(low) + 1 if low != high else int(low), max(int(min(high, low + 200)), int(low) + 1))


def _date(field: Any, rule: Mapping[str, Any], answers: Mapping[str, Any], today: date) -> date:
    after = answers.get(rule.get("after", ""))
    if after:
        return date.fromisoformat(str(after)) + timedelta(days=90)
    if rule.get("rule") == "not_past":
        return today + timedelta(days=40)
    return today - timedelta(days=400) if rule.get("rule") == "not_future" else today + timedelta(days=20)


PATTERNS = {
    r"^[\u4e00-\u9fa5][A-Z][A-Z0-9]{5,6}$": "湘K12345",
    r"^[A-Z]\d{9}$": "K202600001",
    r"^\d{2,7}-\d{2}-\d$": "64-17-5",
    r"^\d{12,19}$": "621700123456789012",
    r"^\d{17}[0-9X]\d{2}$": "43252219790506001142",
    r"^\d{8,30}$": "4313210001",
    r"^\d{6}[A-Z0-9]{22}$": "431321104001GB00001F00010001",
    r"^\d{8,20}$": "4313210001",
    r"^\d{12,30}$": "431321000100",
}
"""One text that fits each pattern of the catalogue."""


def _text(field: Any, rule: Mapping[str, Any]) -> str:
    pattern = rule.get("pattern")
    if pattern:
        return PATTERNS[str(pattern)]
    text = next((words for key, words in WORDS.items() if key in field.key), None)
    if text is None:
        text = (
            WORDS["content"]
            if field.type == "textarea"
            else WORDS["place"]
            if field.type == "address"
            else "双峰县示例内容"
        )
    return text[: int(rule.get("maxlen") or 200)]

"""The catalogue of the demo county, published by the real operations from `data/matters.json`."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations import public as organizations

DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def documents() -> tuple[matters.MatterDocument, ...]:
    """All matters of the demo county as typed documents."""
    rows = json.loads((DATA / "matters.json").read_text(encoding="utf-8"))["matters"]
    words = json.loads((DATA / "english.json").read_text(encoding="utf-8"))["words"]
    for row in rows:
        _in_english(row, words)
        row["conditions_en"] = [words[condition] for condition in row["conditions"] if condition in words]
    return tuple(matters.MatterDocument.model_validate(row) for row in rows)


TRANSLATED = ("name", "issuer", "condition", "validity", "otherwise", "label", "help", "visit_reason")


def _in_english(part: Any, words: dict[str, str]) -> None:
    """Write the English beside every text of a document that has one in the list and none of its own."""
    if isinstance(part, list):
        for one in part:
            _in_english(one, words)
        return
    if not isinstance(part, dict):
        return
    for key in TRANSLATED:
        if isinstance(part.get(key), str) and part[key] in words and not part.get(f"{key}_en"):
            part[f"{key}_en"] = words[part[key]]
    for key, value in part.items():
        if key not in ("legal_basis", "fees", "places", "remedies"):
            _in_english(value, words)


def document(key: str) -> matters.MatterDocument:
    """One of them."""
    return next(found for found in documents() if found.key == key)


def load(at: datetime, progress: Callable[[str], None] = print, *, only: frozenset[str] | None = None) -> int:
    """Publish every matter that is not there yet (`only`: these keys); the number published. Running it again changes nothing."""
    there = set(matters.Matter.objects.values_list("key", flat=True))
    wanted = [d for d in documents() if d.key not in there and (only is None or d.key in only)]
    with transaction.atomic():
        for number, found in enumerate(wanted, 1):
            matters.publish_as_system(document=found, at=at, reason="首次发布")
            if number % 60 == 0:
                progress(f"事项 {number}/{len(wanted)}")
    if wanted:
        progress(f"事项 {len(wanted)} 项")
    return len(wanted)


def leave_changes(who: Callable[..., Any], at: datetime) -> None:
    """Changes under way, so that the catalogue has history, something to approve, something returned and a draft.

    `who(role, body)` names the official. Running it again changes nothing.
    """
    if matters.MatterVersion.objects.filter(state__in=matters.MatterVersion.OPEN).exists():
        return
    office = who("county_office", organizations.get_by_code("county"))
    begun, done = at - timedelta(days=40), at - timedelta(days=38)
    with transaction.atomic():
        faster = _draft(who, "pesticide-business-licence", begun, "压缩承诺时限", promised_workdays=7)
        matters.submit(version_id=faster.pk, by=faster.edited_by, at=begun)
        matters.approve_and_publish(version_id=faster.pk, by=office, at=done)
        words = document("drug-retail-licence").synonyms
        waits = _draft(
            who,
            "drug-retail-licence",
            at,
            "压缩承诺时限，补充群众说法",
            synonyms=(*words, "开大药房"),
            promised_workdays=9,
        )
        matters.submit(version_id=waits.pk, by=waits.edited_by, at=at)
        back = _draft(who, "nurse-registration", begun, "取消体检日期", visits=0, complaint_phone="")
        matters.submit(version_id=back.pk, by=back.edited_by, at=begun)
        matters.return_(version_id=back.pk, by=office, at=done, reason="监督投诉电话不能删去，请补上。")
        _draft(who, "tobacco-retail-licence", at, "试改办理环节", promised_workdays=5)


def _draft(who: Callable[..., Any], key: str, at: datetime, reason: str, **changes: Any) -> matters.MatterVersion:
    changed = document(key).model_copy(update=changes)
    editor = who("matter_editor", organizations.get_by_code(changed.department))
    return matters.create_draft(document=changed, by=editor, at=at, reason=reason)

"""What the page of a card shows: its evidence in words, its life as a timeline, and every action with why it may not be taken."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.kernel.legal_clock import Budget, Ledger, LedgerDay
from zhengtong.oversight.supervision import rules
from zhengtong.oversight.supervision.fact_words import FACT_LABELS, FACT_WORDS, LABELS
from zhengtong.oversight.supervision.listing import drawn
from zhengtong.oversight.supervision.models import Appeal, Card
from zhengtong.oversight.supervision.readers import APPEAL
from zhengtong.oversight.supervision.states import (
    CARD_ARROWS,
    Act,
    AppealState,
    Basis,
    CardState,
    Mode,
    OrderState,
    Watching,
)

BODY = ("acknowledge", "explain", "correct", "appeal")
ACTS: dict[str, Act] = {
    "confirm": Act.CONFIRM,
    "cancel": Act.CANCEL,
    "acknowledge": Act.ACKNOWLEDGE,
    "explain": Act.EXPLAIN,
    "correct": Act.CORRECT,
    "appeal": Act.APPEAL,
    "decide_appeal": Act.REJECT,
    "send_back": Act.SEND_BACK,
    "verify": Act.VERIFY,
    "close": Act.CLOSE,
    "uphold": Act.UPHOLD,
    "order": Act.ORDER,
    "revoke": Act.REVOKE,
}


def rule_in_words(rule: dict[str, Any]) -> str:
    """What the rule asks for: “承诺办结时限 · 剩余2个工作日”."""
    mode, value = rule.get("mode", ""), rule.get("value", 0)
    kind = Watching(rule["kind"]).label if rule.get("kind") in Watching.values else ""
    words = {
        Mode.LEFT: _("剩余{n}个工作日时"),
        Mode.OVERDUE: _("期限届满时") if not value else _("超过{n}个工作日时"),
        Mode.PERCENT: _("期限用到百分之{n}时"),
        Mode.FACT: _("行为发生时") if not value else _("行为发生时（数值{n}）"),
    }
    return f"{kind} · {words[Mode(mode)].format(n=value)}" if mode in Mode.values else ""


def card_context(card: Card, user: Any, *, at: datetime, today: date) -> dict[str, Any]:
    """Everything the page of a card draws."""
    appeal = card.appeals.select_related("filed_by", "decided_by", "reported_by").first()
    return {
        "card": drawn(card),
        "facts": facts_of(card),
        "ledger": ledger_of(card),
        "proof": proof_of(card),
        "entries": timeline_of(card),
        "appeal": appeal,
        "appeal_files": _files(appeal, user),
        "orders": list(card.orders.all()),
        "others": [
            drawn(one) for one in Card.objects.filter(subject=card.subject).exclude(pk=card.pk).order_by("-level", "id")
        ],
        "actions": actions_for(card, appeal, user, today=today),
        "today": today,
    }


def _files(appeal: Appeal | None, user: Any) -> list[Any]:
    return list(files.attachments_of(APPEAL, appeal.pk)) if appeal is not None else []


def facts_of(card: Card) -> list[tuple[Any, Any]]:
    """The head of a card as labelled lines."""
    rule, ledger = card.evidence.get("rule", {}), card.evidence.get("ledger", {})
    limits = card.evidence.get("limits", {})
    rows: list[tuple[Any, Any]] = [
        (_("规则"), f"{card.code} {card.rule_name}"),
        (_("触发条件"), rule_in_words(rule)),
        (_("时限依据"), Basis(rule["basis"]).label if rule.get("basis") in Basis.values else ""),
        (_("法律依据"), rule.get("law", "")),
        (_("规则版本"), card.evidence.get("rules_version", "")),
        (_("到期日"), ledger.get("due_on", "")),
        (_("承诺时限"), _workdays(limits.get("promised"))),
        (_("法定时限"), _workdays(limits.get("statutory"))),
        (_("特别程序"), _special(card)),
    ]
    return [(label, value) for label, value in rows if value]


def _workdays(n: int | None) -> str:
    return _("{n}个工作日").format(n=n) if n else ""


def _special(card: Card) -> str:
    found = card.evidence.get("special", [])
    return _("；").join(f"{one['name']} {one['start']}–{one['end'] or '…'}" for one in found)


def ledger_of(card: Card) -> Ledger | None:
    """The ledger as it was when the card was drawn: what proves it, day by day."""
    kept = card.evidence.get("ledger")
    if not kept:
        return None
    days = tuple(
        LedgerDay(date.fromisoformat(day), bool(number), number, why, kind) for day, number, why, kind in kept["days"]
    )
    due = date.fromisoformat(kept["due_on"]) if kept["due_on"] else None
    budget = Budget(date.fromisoformat(kept["start"]), kept["limit"], (), kept["extension"])
    used = max((row.number for row in days), default=0)
    return Ledger(budget, due, days, kept["calendar_version"], used, budget.total - used)


def proof_of(card: Card) -> list[tuple[str, str]]:
    """The facts a detector named, in words."""
    facts = card.evidence.get("facts", {})
    return [
        (str(FACT_LABELS.get(name, name)), _value(value)) for name, value in facts.items() if value not in ("", [], {})
    ]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _("；").join(f"{name}：{_value(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return _("、").join(_value(one) for one in value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    text = str(value)
    return str(FACT_WORDS[text]) if text in FACT_WORDS else text[:16].replace("T", " ") if _is_moment(text) else text


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def timeline_of(card: Card) -> list[dict[str, Any]]:
    """The life of a card, oldest first; what waits now comes last."""
    entries: list[dict[str, Any]] = []
    for event in card.log.select_related("actor"):
        text = event.text
        if event.data.get("raised_by"):
            text = _("三十日内重复触发，级别上调一级。")
        entries.append(
            {
                "at": event.at,
                "title": Act(event.act).label,
                "actor": event.actor.display_name if event.actor else _("系统"),
                "text": text,
                "state": "done",
            }
        )
    waits = _waiting_for(card)
    if waits:
        entries.append({"title": waits, "state": "current"})
    return entries


def _waiting_for(card: Card) -> str:
    words = {
        CardState.PENDING: _("等监察员确认是否发出"),
        CardState.ISSUED: _("等单位签收并说明"),
        CardState.ACKNOWLEDGED: _("等单位说明或整改"),
        CardState.EXPLAINED: _("等监察员核实"),
        CardState.ACTED: _("等监察员核实"),
        CardState.VERIFIED: _("等监察员办结"),
    }
    return words.get(CardState(card.state), "")


def actions_for(card: Card, appeal: Appeal | None, user: Any, *, today: date) -> list[dict[str, Any]]:
    """Every action of this moment: may this person take it, and if not, why. Those of the other side are left out."""
    found = []
    for key, act in ACTS.items():
        why = why_not(card, appeal, key, user, today=today)
        if (card.state, act) in CARD_ARROWS and _fits(card, appeal, key):
            mine = not why
            if mine or _same_side(key, card, user, today):
                found.append({"key": key, "label": LABELS[key], "allowed": mine, "why_not": why})
    return found


def _fits(card: Card, appeal: Appeal | None, key: str) -> bool:
    if key == "decide_appeal":
        return appeal is not None and appeal.state in (AppealState.FILED, AppealState.REPORTED_UP)
    if key == "uphold":
        return bool(card.doubt)
    return key != "appeal" or appeal is None


def _same_side(key: str, card: Card, user: Any, today: date) -> bool:
    if key in BODY:
        return _allowed(rules.may_answer, card, user, today)
    return _allowed(rules.may_supervise, user, card.organization, today)


def _allowed(rule: Any, *args: Any) -> bool:
    try:
        rule(*args)
    except ZhengtongError:
        return False
    return True


def why_not(card: Card, appeal: Appeal | None, key: str, user: Any, *, today: date) -> str:
    """Why this person may not take this action now; "" when they may."""
    if (card.state, ACTS[key]) not in CARD_ARROWS or not _fits(card, appeal, key):
        return _("监察卡现在是“{state}”，不能这样处理。").format(state=CardState(card.state).label)
    try:
        if key in BODY:
            rules.may_answer(card, user, today)
        elif key == "decide_appeal" and appeal is not None and appeal.state == AppealState.REPORTED_UP:
            rules.may_decide_above(user, card.organization, today)
        else:
            rules.may_supervise(user, card.organization, today)
    except ZhengtongError as refusal:
        return refusal.message
    if key == "appeal" and card.appeal_until and today > card.appeal_until:
        return _("申诉期限已过。")
    if key == "close" and appeal is not None and appeal.state in (AppealState.FILED, AppealState.REPORTED_UP):
        return _("申诉还没有处理完。")
    if key == "close" and card.orders.exclude(state=OrderState.ACCEPTED).exists():
        return _("督办还没有验收。")
    return ""

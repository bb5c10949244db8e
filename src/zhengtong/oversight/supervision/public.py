"""The door of supervision: operations are called through it as `supervision.explain(…)`."""

from zhengtong.oversight.supervision.models import Appeal, Card, CorrectionOrder, Rule, RuleSet, Watch
from zhengtong.oversight.supervision.operations.appeals import appeal, decide_appeal
from zhengtong.oversight.supervision.operations.backtesting import begin_back_test
from zhengtong.oversight.supervision.operations.cards import (
    acknowledge,
    cancel,
    close,
    confirm,
    correct,
    explain,
    issue_by_hand,
    revoke,
    send_back,
    uphold,
    verify,
)
from zhengtong.oversight.supervision.operations.gathering import gather_on
from zhengtong.oversight.supervision.operations.orders import accept_order, answer_order, issue_order, return_order
from zhengtong.oversight.supervision.operations.rule_sets import (
    begin_draft,
    change_rule,
    change_settings,
    discard_draft,
    publish_rules,
)
from zhengtong.oversight.supervision.operations.watching import fire, refresh
from zhengtong.oversight.supervision.sources import Source, register_charges, register_source
from zhengtong.oversight.supervision.states import CardState, Level

__all__ = [
    "Appeal",
    "Card",
    "CardState",
    "CorrectionOrder",
    "Level",
    "Rule",
    "RuleSet",
    "Source",
    "Watch",
    "accept_order",
    "acknowledge",
    "answer_order",
    "appeal",
    "begin_back_test",
    "begin_draft",
    "cancel",
    "change_rule",
    "change_settings",
    "close",
    "confirm",
    "correct",
    "decide_appeal",
    "discard_draft",
    "explain",
    "fire",
    "gather_on",
    "issue_by_hand",
    "issue_order",
    "publish_rules",
    "refresh",
    "register_charges",
    "register_source",
    "return_order",
    "revoke",
    "send_back",
    "uphold",
    "verify",
]

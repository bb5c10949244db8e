"""Supervision in the demo county: rules in force since its founding, and cards that were answered, appealed, corrected or left lying.

Every card comes from the real rules over the real ledgers of the cases; what officials did with them is played here.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from demo.cast import Cast
from zhengtong.foundation.organizations import public as organizations
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.oversight.supervision import public as supervision

EXPLANATIONS = (
    "经办人休假，没有及时移交，已指定专人接替。",
    "现场核查时间与申请人多次协商，耽误了两天，已办结。",
    "系统待办没有及时查看，已要求每天两次查看待办。",
)
CORRECTIONS = ("已办结该件，并调整了本股室的派件规则。", "已补办并向申请人致歉，本周起每日晨会通报临期件。")
CHECKED = ("调阅台账和意见，情况属实，整改到位。", "电话回访申请人，反映属实，同意。")


def found(at: datetime) -> None:
    """Bring the rules into force before the first case is filed."""
    draft = supervision.begin_draft(by=None, at=at, profile="hunan-kc-2018")
    supervision.publish_rules(rule_set_id=draft.pk, by=None, at=at)


def play(people: Cast, present: datetime, rng: random.Random) -> None:
    """Let the thresholds of the past months put their cards, then let people deal with most of them, each at its own time."""
    while supervision.fire(now=present):
        pass
    supervisor = people.officials[("supervisor", organizations.get_by_code("county").pk)][0]
    cards = supervision.Card.objects.filter(state__in=("issued", "pending")).select_related("organization")
    appealed = ordered = 0
    for card in cards.order_by("threshold_at", "id"):
        story = rng.random()
        if card.state == "pending":
            if story < 0.5:
                _try(supervision.confirm, card, supervisor, card.drawn_at + timedelta(hours=3), present)
            continue
        head = _answering(people, card)
        if head is None or story < 0.35:
            continue
        if story < 0.42 and appealed < 4 and card.level > 1:
            appealed += 1
            _appeal(card, head, supervisor, appealed, present)
            continue
        at = card.drawn_at + timedelta(hours=rng.choice((9, 26, 50)))
        if not _try(supervision.acknowledge, card, head, at, present):
            continue
        if story < 0.5:
            continue
        text = rng.choice(EXPLANATIONS if story < 0.75 else CORRECTIONS)
        answer = supervision.explain if story < 0.75 else supervision.correct
        if not _try(answer, card, head, at + timedelta(hours=2), present, text=text) or story < 0.6:
            continue
        if card.level == 3 and ordered < 2:
            ordered += 1
            _order(card, supervisor, at + timedelta(hours=5), present)
        done = _try(supervision.verify, card, supervisor, at + timedelta(hours=22), present, text=rng.choice(CHECKED))
        if done and not card.orders.exists():
            _try(supervision.close, card, supervisor, at + timedelta(hours=23), present)
    while supervision.fire(now=present):
        pass


def _answering(people: Cast, card: Any) -> Any:
    """Who answers for the body: its head, or the post the card names."""
    for role in ("department_head", card.role):
        if (role, card.organization_id) in people.officials:
            return people.officials[(role, card.organization_id)][0]
    return None


def _try(operation: Any, card: Any, by: Any, at: datetime, present: datetime, **more: Any) -> bool:
    """Do it unless it lies in the future, or the card has moved on by itself."""
    if at >= present:
        return False
    try:
        operation(card_id=card.pk, by=by, at=at, **more)
    except ZhengtongError:
        return False
    return True


def _appeal(card: Any, head: Any, supervisor: Any, number: int, present: datetime) -> None:
    at = card.drawn_at + timedelta(hours=20)
    text = "申请人当日补交材料，窗口已收，系统未及时更新，请核对收件记录。"
    if not _try(supervision.appeal, card, head, at, present, text=text):
        return
    if number == 1:
        _try(
            supervision.decide_appeal, card, supervisor, at + timedelta(hours=6), present,
            result="revoke", text="核对收件记录和监控录像，申诉属实，撤销。",
        )  # fmt: skip
    elif number == 2:
        _try(
            supervision.decide_appeal, card, supervisor, at + timedelta(hours=6), present,
            result="send_back", text="收件记录显示当日没有补交材料，维持。",
        )  # fmt: skip
    elif number == 3:
        _try(
            supervision.decide_appeal, card, supervisor, at + timedelta(hours=6), present,
            result="report_up", text="涉及两个部门的交接时间，提请县政府裁决。",
        )  # fmt: skip


def _order(card: Any, supervisor: Any, at: datetime, present: datetime) -> None:
    if at < present:
        supervision.issue_order(
            organization=card.organization,
            title="清理超期办件并说明责任",
            demand="逐件列出超期原因和责任人，三日内全部办结，书面报告。",
            workdays=5,
            by=supervisor,
            at=at,
            card_id=card.pk,
        )

"""Supervision in the demo county: rules in force since its founding, and cards that were answered, appealed, corrected or left lying.

Every card comes from the real rules over the real ledgers of the cases; what officials did with them is played here.
"""

import contextlib
import heapq
import random
from dataclasses import dataclass, field
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


@dataclass
class Days:
    """The county's days, one after the other: thresholds put their cards, people answer them at their own time."""

    people: Cast
    supervisor: Any
    rng: random.Random
    waiting: list[tuple[datetime, int, Any, Any, dict[str, Any]]] = field(default_factory=list)
    last: int = 0
    appealed: int = 0
    ordered: int = 0

    def until(self, moment: datetime) -> None:
        """Fire what is due, let everybody act whose time has come, and plan what is done about the new cards."""
        while supervision.fire(now=moment):
            pass
        while self.waiting and self.waiting[0][0] <= moment:
            at, _number, operation, by, more = heapq.heappop(self.waiting)
            # Somebody else was faster, or the card has moved on by itself.
            with contextlib.suppress(ZhengtongError):
                operation(**more, by=by, at=at)
        for card in supervision.Card.objects.filter(pk__gt=self.last).select_related("organization").order_by("pk"):
            self.last = card.pk
            _plan(self, card)

    def later(self, hours: float, card: Any, operation: Any, by: Any, **more: Any) -> None:
        """Somebody will do this so many hours after the card went out."""
        at = card.drawn_at + timedelta(hours=hours)
        heapq.heappush(
            self.waiting, (at, len(self.waiting) + 1000 * card.pk, operation, by, {"card_id": card.pk, **more})
        )


def play(people: Cast, present: datetime, rng: random.Random) -> None:
    """From the first threshold to the present, day by day."""
    supervisor = people.officials[("supervisor", organizations.get_by_code("county").pk)][0]
    days = Days(people, supervisor, rng)
    first = supervision.Watch.objects.filter(next_threshold_at__isnull=False).order_by("next_threshold_at").first()
    if first is None or first.next_threshold_at is None:
        return
    moment: datetime = first.next_threshold_at
    while moment < present:
        days.until(moment)
        moment += timedelta(days=1)
    days.until(present)


def _plan(days: Days, card: Any) -> None:
    """What becomes of a card: most are answered, some are left lying, a few are appealed against."""
    story, head, judge = days.rng.random(), _answering(days.people, card), days.supervisor
    if card.state == "pending":
        if story < 0.5:
            days.later(3, card, supervision.confirm, judge)
        return
    if head is None or story < 0.3:
        return
    first = days.rng.choice((9, 26, 33))
    if story < 0.42 and days.appealed < 4 and card.level > 1:
        days.appealed += 1
        _appeal(days, card, head)
        return
    days.later(first, card, supervision.acknowledge, head)
    if story < 0.4:
        return
    explains = story < 0.75
    text = days.rng.choice(EXPLANATIONS if explains else CORRECTIONS)
    days.later(first + 2, card, supervision.explain if explains else supervision.correct, head, text=text)
    if story < 0.5:
        return
    if card.level == 3 and days.ordered < 2:
        days.ordered += 1
        _order(days, card, first + 5)
    days.later(first + 22, card, supervision.verify, judge, text=days.rng.choice(CHECKED))
    days.later(first + 23, card, supervision.close, judge)


def _answering(people: Cast, card: Any) -> Any:
    """Who answers for the body: its head, or the post the card names."""
    for role in ("department_head", card.role):
        if (role, card.organization_id) in people.officials:
            return people.officials[(role, card.organization_id)][0]
    return None


def _appeal(days: Days, card: Any, head: Any) -> None:
    text = "申请人当日补交材料，窗口已收，系统未及时更新，请核对收件记录。"
    days.later(20, card, supervision.appeal, head, text=text)
    answers = {
        1: ("revoke", "核对收件记录和监控录像，申诉属实，撤销。"),
        2: ("send_back", "收件记录显示当日没有补交材料，维持。"),
        3: ("report_up", "涉及两个部门的交接时间，提请县政府裁决。"),
    }
    if days.appealed in answers:
        result, words = answers[days.appealed]
        days.later(26, card, supervision.decide_appeal, days.supervisor, result=result, text=words)


def _order(days: Days, card: Any, hours: float) -> None:
    days.later(
        hours,
        card,
        supervision.issue_order,
        days.supervisor,
        organization=card.organization,
        title="清理超期办件并说明责任",
        demand="逐件列出超期原因和责任人，三日内全部办结，书面报告。",
        workdays=5,
    )

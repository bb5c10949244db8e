"""The periods and limits of ratings: a new version for what opens from now on; what runs keeps the one it began under."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.ratings.events import RatingRulePublished
from zhengtong.approvals.ratings.models import UNITS, Rule, WorkOrder
from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.security.pmi import public as pmi

BUILT_IN: dict[str, Any] = {
    "contact_days": 1,
    "contact_unit": "workdays",
    "correct_days": 15,
    "correct_unit": "days",
    "follow_up_workdays": 10,
    "object_workdays": 3,
    "link_days": 30,
    "visit_hours": 24,
    "visits_a_day": 200,
    "source": "差评1个工作日内联系、15天内整改、回访一次：浙江省好差评做法（摘录，2026年查阅，未核原文），安阳市第52条1个工作日；"
    "异议和回访期限、链接有效期、每日上限由县自定",
}
"""What counts before a county has published its own, with its source."""
MOST = {
    "contact_days": 30,
    "correct_days": 90,
    "follow_up_workdays": 60,
    "object_workdays": 30,
    "link_days": 365,
    "visit_hours": 168,
    "visits_a_day": 2000,
}


def in_force() -> Rule:
    """The newest version; before there is one, the built-in values as version 0 (not saved)."""
    return Rule.objects.order_by("-version").first() or Rule(version=0, **BUILT_IN)


def rule_of(order: WorkOrder) -> Rule:
    """The periods an order began under: the version it names, or what was built in before there was one."""
    return order.rule or Rule(version=0, **BUILT_IN)


def due_day(start: date, count: int, unit: str, days: WorkingDays) -> date:
    """The last day of a period that begins on `start`, which is not counted.

    Working days by the calendar; calendar days strictly, without rolling over a holiday: the promise is to a person who waits.
    """
    return days.nth_after(start, count) if unit == "workdays" else start + timedelta(days=count)


@transaction.atomic
def publish_rule(*, by: Any, at: datetime, source: str, **periods: Any) -> Rule:
    """Publish a version: every period and limit, and the document it stands in. Raises `Invalid` with the fields."""
    pmi.require(by, "ratings.review", on=timezone.localdate(at))
    _check(periods, source)
    version = (Rule.objects.aggregate(n=Max("version"))["n"] or 0) + 1
    rule = Rule.objects.create(version=version, source=source.strip(), published_by=by, published_at=at, **periods)
    events.publish(RatingRulePublished(version=version, actor_id=by.pk), at=at)
    return rule


def _check(periods: dict[str, Any], source: str) -> None:
    wrong: dict[str, object] = {}
    for name, most in MOST.items():
        if not 1 <= int(periods.get(name, 0)) <= most:
            wrong[name] = _("请填1到{most}之间的整数。").format(most=most)
    for name in ("contact_unit", "correct_unit"):
        if periods.get(name) not in dict(UNITS):
            wrong[name] = _("请选择按工作日还是自然日。")
    if not source.strip():
        wrong["source"] = _("请写明依据的文件，没有依据的期限不能发布。")
    if wrong:
        raise Invalid(_("规则没有发布，请改正标出的内容。"), fields=wrong)

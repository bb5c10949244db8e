"""The clocks of work orders after a bad rating: reach the person, then correct and answer.

Their periods may be calendar days. Every threshold of supervision is the close of a working day, so such a period ends here with its
last day when that is a working day, else with the next one: nobody gets a card before the day that was promised is over.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import Budget, WorkingDays
from zhengtong.oversight.supervision.sources import Source, register_source
from zhengtong.oversight.supervision.sources.cases import number_of
from zhengtong.oversight.supervision.states import Watching
from zhengtong.oversight.supervision.values import Watched

NAME = "ratings"
TITLES = {
    "contact": {"zh": "差评须联系评价人：{what}", "en": "Reach the person who rated badly: {what}"},
    "correct": {"zh": "差评须整改并答复：{what}", "en": "Correct and answer a bad rating: {what}"},
}


def _watched(clock: ratings.OrderClock, days: WorkingDays) -> Watched:
    titles = TITLES[clock.kind]
    workdays, unknown = _workdays(clock, days)
    return Watched(
        source=NAME,
        key=f"{clock.kind}:{clock.rating_id}",
        subject=f"rating:{clock.rating_id}",
        kind=Watching.WORK_ORDER,
        organization_id=clock.department_id,
        role="department_head",
        officer_id=clock.assignee_id,
        title={language: titles[language].format(what=clock.what[language]) for language in ("zh", "en")},
        topic=clock.what,
        number=clock.number,
        url=clock.url,
        budget=Budget(clock.started_on, workdays),
        stopped_at=clock.stopped_at,
        unknown=unknown,
    )


def _workdays(clock: ratings.OrderClock, days: WorkingDays) -> tuple[int, CalendarYearMissing | None]:
    """How many, or why that is not known yet: a period of calendar days may end in a year without a calendar."""
    if clock.workdays is not None:
        return clock.workdays, None
    try:
        whole = days.count(clock.started_on, clock.due_on)
        return whole if days.is_workday(clock.due_on) else whole + 1, None
    except CalendarYearMissing as error:
        return 0, error


def of(subjects: Iterable[str], since: datetime | None) -> list[Watched]:
    """The clocks of the work orders of these ratings (`rating:5`)."""
    days = calendars.current()
    clocks = ratings.order_clocks(number_of(subject) for subject in subjects)
    seen = (one for one in clocks if one.stopped_at is None or since is None or one.stopped_at >= since)
    return [_watched(one, days) for one in seen]


def find(keys: Iterable[str]) -> list[Watched]:
    """The clocks with these keys (`contact:5`, `correct:5`)."""
    wanted = set(keys)
    return [one for one in of({f"rating:{number_of(key)}" for key in wanted}, None) if one.key in wanted]


def running(after: str, limit: int) -> list[str]:
    """The next ratings whose work order has a running clock, by number."""
    found = ratings.ratings_with_open_clocks(after=number_of(after) if after else 0, limit=limit)
    return [f"rating:{pk}" for pk in found]


def register() -> None:
    """Watch the clocks of work orders."""
    register_source(Source(NAME, _("好差评"), frozenset({Watching.WORK_ORDER}), of, find, running))

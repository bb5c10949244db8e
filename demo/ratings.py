"""Ratings of the demo: most people are content; what became of the bad ones, in every state a work order can be in."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from demo.cast import Cast
from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.organizations import public as organizations

if TYPE_CHECKING:
    from demo.stories import Story

CONTENT = (
    ("窗口的同志讲得很清楚，一次就办好了。", ("clear", "once")),
    ("网上提交，没有跑腿，比承诺的时间还早两天。", ("online", "quick")),
    ("态度好，老人家不会用手机，工作人员一步步教。", ("kind",)),
    ("总体满意，等的时间稍长。", ("kind", "slow")),
)
WANTING = (
    ("同一份材料交了两次，第二次才说格式不对。打我电话13812345678没有人回。", ("papers", "trips")),
    ("咨询电话打了三天没人接，只好自己跑一趟。", ("unclear", "trips")),
    ("等了很久，窗口只开一个。", ("slow",)),
)
ANSWERS = (
    (
        "窗口新人不熟悉材料规范。",
        "已组织窗口人员重新培训，材料样张贴在窗口。",
        "给您添麻烦了。材料已按首次提交的为准，样张已公布。",
    ),
    (
        "咨询电话当天无人值守。",
        "咨询电话改为双人值守，未接来电当天回拨。",
        "抱歉让您白打电话。现在未接来电当天回拨，欢迎监督。",
    ),
)


def give(story: "Story", code: int) -> None:
    """The applicant rates a finished case; some say why."""
    by = story.case.applicant_user or story.case.filed_by
    if by is None:
        return
    if story.case.pk % 16 == 5:
        code = 4  # enough of them for every state of a work order
    rng = random.Random(story.case.pk)  # noqa: S311 - fiction, and the same each time
    said = WANTING if code >= 4 else CONTENT
    comment, tags = rng.choice(said) if code >= 4 or rng.random() < 0.2 else ("", ())
    ratings.rate_case(
        case_id=story.case.pk, code=code, by=by, at=story.time.some(), tags=tags, comment=comment, channel="account"
    )


def load(people: Cast, present: datetime, progress: Callable[..., None]) -> None:
    """Visits rated at the windows of the service centre, then each bad rating as far as its turn says, then what is published."""
    progress("好差评 Ratings")
    _visits(people, present)
    bad = list(ratings.WorkOrder.objects.select_related("rating", "department").order_by("-opened_at"))
    for order, tell in zip(
        bad,
        (_fresh, _assigned, _contacted, _disputed, _replied, _closed, _again, _late, _closed, _closed),
        strict=False,
    ):
        tell(people, order, present)
    office = people.who("county_office", organizations.get_by_code("county"))
    for number, text in enumerate(ratings.Publication.objects.filter(state="waiting").order_by("made_at")):
        if number % 5 != 4:
            ratings.release(publication_id=text.pk, by=office, at=min(text.made_at + timedelta(hours=3), present))
    ratings.fire(now=present)


def _visits(people: Cast, present: datetime) -> None:
    centre = next(body for role, body in people.officials if role == "window_officer")
    clerk = people.officials[("window_officer", centre)][0]
    body = organizations.get(centre)
    for number, (code, words, tags, phone) in enumerate(
        (
            (1, "排队不久，问什么答什么。", ("kind", "clear"), ""),
            (2, "", (), ""),
            (4, "取号机坏了，没有人引导，等了一个多小时。", ("slow",), "0738-6820001"),
        )
    ):
        at = present - timedelta(days=3 - number, hours=-number)
        _visit, token = ratings.open_visit(organization=body, counter=number + 1, by=clerk, at=at)
        ratings.rate_by_link(
            token=token, code=code, tags=tags, comment=words, phone=phone, at=at + timedelta(minutes=20)
        )


def _at(order: Any, days: int, present: datetime) -> datetime:
    """Ten in the morning, some working days after the rating, and never after the demo's present."""
    day = calendars.current().nth_after(order.opened_on, days) if days else order.opened_on
    found = datetime.combine(day, order.opened_at.astimezone(present.tzinfo).timetz()) + timedelta(hours=1)
    return min(found, present)


def _head(people: Cast, order: Any) -> Any:
    return (people.officials.get(("department_head", order.department_id)) or [_office(people)])[0]


def _office(people: Cast) -> Any:
    return people.who("county_office", organizations.get_by_code("county"))


def _fresh(people: Cast, order: Any, present: datetime) -> None:
    """Nobody has looked at it yet."""


def _assigned(people: Cast, order: Any, present: datetime) -> None:
    officers = people.officials.get(("case_officer", order.department_id)) or people.officials.get(
        ("section_head", order.department_id), []
    )
    if officers:
        at = _at(order, 0, present)
        ratings.assign(rating_id=order.rating_id, assignee_id=officers[0].pk, by=_head(people, order), at=at)


def _contacted(people: Cast, order: Any, present: datetime) -> None:
    _assigned(people, order, present)
    ratings.contact(
        rating_id=order.rating_id,
        how="phone",
        reached=True,
        note="电话联系，对方说明了经过，希望以后一次说清。",
        by=_head(people, order),
        at=_at(order, 1, present),
    )


def _disputed(people: Cast, order: Any, present: datetime) -> None:
    _contacted(people, order, present)
    ratings.dispute(
        rating_id=order.rating_id,
        kind="mistaken",
        reason="评价人电话中说点错了，本意是满意。",
        evidence="通话录音存部门值班室，编号见登记簿。",
        by=_head(people, order),
        at=_at(order, 2, present),
    )


def _replied(people: Cast, order: Any, present: datetime, number: int = 0) -> None:
    _contacted(people, order, present)
    cause, measure, reply = ANSWERS[number % len(ANSWERS)]
    ratings.reply(
        rating_id=order.rating_id,
        cause=cause,
        measure=measure,
        reply=reply,
        by=_head(people, order),
        at=_at(order, 5, present),
    )


def _rated_again(people: Cast, order: Any, present: datetime, code: int, number: int) -> None:
    _replied(people, order, present, number)
    by = order.rating.rated_by
    if by is not None:
        ratings.follow_up(rating_id=order.rating_id, code=code, comment="", by=by, at=_at(order, 6, present))


def _closed(people: Cast, order: Any, present: datetime) -> None:
    _rated_again(people, order, present, 2, order.pk)


def _again(people: Cast, order: Any, present: datetime) -> None:
    _rated_again(people, order, present, 4, 0)


def _late(people: Cast, order: Any, present: datetime) -> None:
    """The department let it lie: the county office is told."""

"""How every operation on a rating begins and ends: lock it, write its record, publish the fact."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.approvals.ratings.events import RatingFact
from zhengtong.approvals.ratings.models import Rating, RatingEvent, WorkOrder
from zhengtong.approvals.ratings.states import Entry
from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import NotFound, StaleVersion


def lock(rating_id: int, *, seen: int | None = None) -> Rating:
    """The rating, locked until the transaction ends; its order, dispute and texts change only under this lock.

    Raises `NotFound`, and `StaleVersion` when somebody acted since the page (row version `seen`) was made.
    """
    rating = Rating.objects.select_for_update().filter(pk=rating_id).first()
    if rating is None:
        raise NotFound(_("没有找到这条评价。"))
    if seen is not None and seen != rating.row_version:
        raise StaleVersion(_("这条评价刚才已有新的办理记录，本次操作没有生效。请刷新页面，看过最新情况后再办理。"))
    return rating


def order_of(rating: Rating) -> WorkOrder:
    """The work order of a rating the caller has locked. Raises `NotFound` for one that opened none."""
    found = WorkOrder.objects.select_related("department", "assignee", "rating__case").filter(rating=rating).first()
    if found is None:
        raise NotFound(_("这条评价没有整改单。"))
    return found


def record(
    rating: Rating,
    kind: Entry,
    fact: RatingFact | None,
    *,
    at: datetime,
    by: Any = None,
    states: tuple[str, str] = ("", ""),
    data: dict[str, Any] | None = None,
) -> None:
    """Append to the record, count the row version up, publish the fact."""
    rating.row_version += 1
    rating.save(update_fields=["row_version"])
    RatingEvent.objects.create(
        rating=rating,
        seq=rating.row_version,
        kind=kind,
        from_state=states[0],
        to_state=states[1],
        actor_id=by.pk if by else None,
        at=at,
        data=data or {},
    )
    if fact is not None:
        events.publish(fact, at=at)

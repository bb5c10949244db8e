"""The door of ratings: operations are called through it as `ratings.rate_case(…)`."""

from zhengtong.approvals.ratings.forms import RatingForm, remember
from zhengtong.approvals.ratings.models import Dispute, Publication, Rating, Rule, Visit, WorkOrder
from zhengtong.approvals.ratings.operations.disputes import apply as dispute
from zhengtong.approvals.ratings.operations.disputes import object_by_link, object_to, rule
from zhengtong.approvals.ratings.operations.giving import rate_by_link, rate_case
from zhengtong.approvals.ratings.operations.invitations import address_of, invite, open_visit
from zhengtong.approvals.ratings.operations.orders import assign, close, contact, follow_up, follow_up_by_link, reply
from zhengtong.approvals.ratings.operations.publishing import release, withhold
from zhengtong.approvals.ratings.operations.ruling import in_force, publish_rule
from zhengtong.approvals.ratings.operations.timers import fire
from zhengtong.approvals.ratings.queries import (
    about,
    get,
    of_case,
    open_clocks,
    order_clocks,
    ratings_with_open_clocks,
    satisfaction,
    satisfied_between,
)
from zhengtong.approvals.ratings.values import OpenClock, OrderClock, Satisfaction

__all__ = [
    "Dispute",
    "OpenClock",
    "OrderClock",
    "Publication",
    "Rating",
    "RatingForm",
    "Rule",
    "Satisfaction",
    "Visit",
    "WorkOrder",
    "about",
    "address_of",
    "assign",
    "close",
    "contact",
    "dispute",
    "fire",
    "follow_up",
    "follow_up_by_link",
    "get",
    "in_force",
    "invite",
    "object_by_link",
    "object_to",
    "of_case",
    "open_clocks",
    "order_clocks",
    "open_visit",
    "publish_rule",
    "rate_by_link",
    "rate_case",
    "ratings_with_open_clocks",
    "release",
    "remember",
    "reply",
    "rule",
    "satisfaction",
    "satisfied_between",
    "withhold",
]

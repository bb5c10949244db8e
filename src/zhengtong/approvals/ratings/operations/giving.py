"""Giving a rating: by account, by number and query code, by a link after completion, by the code of a visit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.ratings import rules
from zhengtong.approvals.ratings.events import RatingGiven
from zhengtong.approvals.ratings.models import CODES, Invitation, Publication, Rating, Visit
from zhengtong.approvals.ratings.operations import invitations, orders, publishing
from zhengtong.approvals.ratings.operations.recording import record
from zhengtong.approvals.ratings.states import Entry
from zhengtong.approvals.ratings.values import tags as known_tags
from zhengtong.kernel.errors import Invalid

PHONE_DIGITS = range(7, 16)


@transaction.atomic
def rate_case(
    *,
    case_id: int,
    code: int,
    by: Any,
    at: datetime,
    tags: Sequence[str] = (),
    comment: str = "",
    phone: str = "",
    channel: str = "account",
) -> Rating:
    """Rate a finished case, once, by the applicant's side; `by` None: somebody who gave its number and query code.

    A bad rating opens its work order in the same transaction. Raises `cases.CannotRate` the second time.
    """
    rules.is_no_official(by)
    words = _checked(code, tags, comment, phone)
    case = cases.note_rating(case_id=case_id, code=code, by=by, at=at)
    Invitation.objects.filter(case=case, used_at__isnull=True).update(used_at=at)
    rating = Rating(case=case, department_id=case.department_id, rated_by=by, channel=channel, rated_at=at, **words)
    return _given(rating, phone=phone, at=at, by=by)


@transaction.atomic
def rate_by_link(
    *,
    token: str,
    code: int,
    at: datetime,
    tags: Sequence[str] = (),
    comment: str = "",
    phone: str = "",
    by: Any = None,
) -> Rating:
    """Rate by a single-use link or QR code, without an account. The token is used up only when the rating stands."""
    rules.is_no_official(by)
    words = _checked(code, tags, comment, phone)
    invitation = invitations.take(token, purpose=Invitation.RATE, at=at)
    if invitation.case_id is not None:
        return rate_case(
            case_id=invitation.case_id,
            code=code,
            by=None,
            at=at,
            tags=tags,
            comment=comment,
            phone=phone,
            channel="link",
        )
    visit: Visit | None = invitation.visit
    assert visit is not None
    rating = Rating(visit=visit, department_id=visit.organization_id, rated_by=by, channel="qr", rated_at=at, **words)
    return _given(rating, phone=phone, at=at, by=by)


def _checked(code: int, tags: Sequence[str], comment: str, phone: str) -> dict[str, Any]:
    """The words of a rating as they are kept. Raises `Invalid` with the fields."""
    wrong: dict[str, object] = {}
    if code not in dict(CODES):
        wrong["code"] = _("请选择一个满意程度。")
    if len(comment) > Rating._meta.get_field("comment").max_length:  # type: ignore[operator]
        wrong["comment"] = _("请写在500字以内。")
    if phone and sum(c.isdigit() for c in phone) not in PHONE_DIGITS:
        wrong["phone"] = _("请填写完整的电话号码，或者不填。")
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return {"code": code, "tags": [key for key in known_tags() if key in set(tags)], "comment": comment.strip()}


def _given(rating: Rating, *, phone: str, at: datetime, by: Any) -> Rating:
    rating.save(force_insert=True)
    fact = RatingGiven(
        rating_id=rating.pk,
        code=rating.code,
        department_id=rating.department_id,
        case_id=rating.case_id,
        visit_id=rating.visit_id,
        actor_id=by.pk if by else None,
    )
    record(rating, Entry.GIVEN, fact, at=at, by=by, data={"code": rating.code})
    if rating.comment:
        publishing.propose(rating, Publication.COMMENT, rating.comment, at=at)
    if rating.is_bad:
        orders.open_order(rating, phone=phone.strip(), at=at)
    return rating

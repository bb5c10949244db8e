"""What of a rating everybody may read: personal numbers hidden by the machine, names by the official who releases it. Nobody rewrites a text."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.ratings.events import RatingTextReviewed
from zhengtong.approvals.ratings.models import Publication, Rating
from zhengtong.approvals.ratings.operations.recording import lock, record
from zhengtong.approvals.ratings.refusals import CannotRelease
from zhengtong.approvals.ratings.states import Entry, Release
from zhengtong.approvals.ratings.values import hide_numbers, hide_words
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.security.pmi import public as pmi


def propose(rating: Rating, part: str, text: str, *, at: datetime) -> Publication:
    """Lay a text before whoever releases it; what the machine knows as personal is hidden already."""
    shown, hidden = hide_numbers(text)
    return Publication.objects.create(rating=rating, part=part, text=shown, hidden=hidden, made_at=at)


def _waiting(publication_id: int, by: Any, at: datetime) -> tuple[Rating, Publication]:
    """The text under its rating's lock, still to be reviewed, by somebody who may."""
    rating_id = Publication.objects.filter(pk=publication_id).values_list("rating_id", flat=True).first()
    if rating_id is None:
        raise NotFound(_("没有找到这条待公开的内容。"))
    rating = lock(rating_id)
    found = Publication.objects.get(pk=publication_id)
    pmi.require(by, "ratings.review", organization=rating.department, on=timezone.localdate(at))
    if found.state != Release.WAITING:
        raise CannotRelease(_("这条内容已经审核过：{state}。").format(state=Release(found.state).label))
    return rating, found


@transaction.atomic
def release(*, publication_id: int, by: Any, at: datetime, hide: Sequence[str] = ()) -> Publication:
    """Let everybody read it, without the words in `hide` (names, addresses). More can be hidden, nothing can be changed."""
    rating, found = _waiting(publication_id, by, at)
    text, hidden = hide_words(found.text, hide)
    found.text, found.hidden = text[:1000], found.hidden + hidden
    found.state, found.reviewed_by, found.reviewed_at = Release.RELEASED, by, at
    found.save(update_fields=["text", "hidden", "state", "reviewed_by", "reviewed_at"])
    fact = RatingTextReviewed(rating_id=rating.pk, part=found.part, released=True, actor_id=by.pk)
    record(rating, Entry.RELEASED, fact, at=at, by=by, data={"part": found.part, "hidden": found.hidden})
    return found


@transaction.atomic
def withhold(*, publication_id: int, reason: str, by: Any, at: datetime) -> Publication:
    """Keep a text from the public, for one of the listed reasons; that it is not liked is none. The rating itself still counts."""
    rating, found = _waiting(publication_id, by, at)
    if reason not in dict(Publication.REASONS):
        raise Invalid(_("请选择不公开的理由。"), fields={"reason": _("请选择不公开的理由。")})
    found.state, found.reason, found.reviewed_by, found.reviewed_at = Release.WITHHELD, reason, by, at
    found.save(update_fields=["state", "reason", "reviewed_by", "reviewed_at"])
    fact = RatingTextReviewed(rating_id=rating.pk, part=found.part, released=False, actor_id=by.pk)
    record(rating, Entry.WITHHELD, fact, at=at, by=by, data={"part": found.part, "reason": reason})
    return found

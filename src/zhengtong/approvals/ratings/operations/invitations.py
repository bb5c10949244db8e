"""Single-use rights to rate: a link after completion, a code for a visit. Only the digest is kept; whoever holds the token may speak once."""

import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.ratings import notifications, rules
from zhengtong.approvals.ratings.events import VisitOpened
from zhengtong.approvals.ratings.models import Invitation, Rating, Visit
from zhengtong.approvals.ratings.operations.ruling import in_force
from zhengtong.approvals.ratings.refusals import CannotOpenVisit, CannotUseLink
from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid
from zhengtong.security.pmi import public as pmi

HIGHEST_COUNTER = 99


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_of(token: str) -> str:
    """The whole address of a token, as a QR code or a message holds it."""
    return f"{settings.PUBLIC_URL}/rate/{token}/"


def make(purpose: str, *, at: datetime, expires_at: datetime, **about: Any) -> str:
    """A new token about a case, a visit or a rating; inside the transaction of whatever calls for it."""
    token = secrets.token_urlsafe(16)
    Invitation.objects.create(digest=digest_of(token), purpose=purpose, made_at=at, expires_at=expires_at, **about)
    return token


def _hold_subject(token: str) -> None:
    """Lock what a token is about before the token itself: everybody locks in this order, so that two tokens about one case
    never wait for each other.
    """
    case_id, rating_id = (
        Invitation.objects.filter(digest=digest_of(token)).values_list("case_id", "rating_id").first()
    ) or (None, None)
    for model, pk in ((Case, case_id), (Rating, rating_id)):
        if pk is not None:
            list(model._default_manager.select_for_update().filter(pk=pk).values_list("pk"))


def take(token: str, *, purpose: str, at: datetime) -> Invitation:
    """Use a token up, under a lock: of two who come at once, one is refused. Raises `CannotUseLink`."""
    _hold_subject(token)
    found = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("case", "visit__organization", "rating")
        .filter(digest=digest_of(token), purpose=purpose)
        .first()
    )
    check(found, at=at)
    assert found is not None
    found.used_at = at
    found.save(update_fields=["used_at"])
    return found


def check(found: Invitation | None, *, at: datetime) -> None:
    """Raises `CannotUseLink` for a token that is unknown, used or too old."""
    if found is None:
        raise CannotUseLink(_("这个评价链接无效。请核对网址，或登录后在“我的办件”中评价。"))
    if found.used_at is not None:
        raise CannotUseLink(_("这个链接已经用过。每个链接只能用一次，您的评价已经记录。"))
    if at >= found.expires_at:
        raise CannotUseLink(_("这个链接已过期。可以登录后在“我的办件”中评价，或拨打12345。"))


@transaction.atomic
def open_visit(*, organization: Organization, counter: int, by: Any, at: datetime) -> tuple[Visit, str]:
    """Note a visit at a window and make the code it can be rated by: single use, short-lived.

    A window makes no more codes a day than the rule allows, so that no figure can be flooded. Raises `CannotOpenVisit`.
    """
    today = timezone.localdate(at)
    pmi.require(by, "window.serve", organization=organization, on=today)
    if not 1 <= counter <= HIGHEST_COUNTER:
        wrong = _("请填窗口号，1到{most}。").format(most=HIGHEST_COUNTER)
        raise Invalid(wrong, fields={"counter": wrong})
    rule = in_force()
    # The body's row is the lock: two clerks at one counter cannot both take the last code.
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    if visits_of_day(organization, counter, today) >= rule.visits_a_day:
        raise CannotOpenVisit(
            _("{counter}号窗口今天已生成{most}个评价码，达到每日上限，明天再生成。办件评价不受影响。").format(
                counter=counter, most=rule.visits_a_day
            )
        )
    visit = Visit.objects.create(organization=organization, counter=counter, on=today, at=at, opened_by=by)
    token = make(Invitation.RATE, at=at, expires_at=at + timedelta(hours=rule.visit_hours), visit=visit)
    events.publish(VisitOpened(visit_id=visit.pk, actor_id=by.pk), at=at)
    return visit, token


def visits_of_day(organization: Organization, counter: int, day: date) -> int:
    """How many codes a window has had on a day."""
    return Visit.objects.filter(organization=organization, counter=counter, on=day).count()


@transaction.atomic
def invite(*, case_id: int, at: datetime) -> bool:
    """After completion: send the applicant (and whoever filed for them) one single-use link. False when it was rated or sent before."""
    case = Case.objects.select_related("version", "applicant_user", "filed_by").get(pk=case_id)
    if Rating.objects.filter(case=case).exists() or Invitation.objects.filter(case=case).exists():
        return False
    if not rules.applicant_can_be_reached(case):
        return False
    token = make(Invitation.RATE, at=at, expires_at=at + timedelta(days=in_force().link_days), case=case)
    notifications.tell_case("rating.invite", case, at=at, token=token)
    return True


def renew(purpose: str, rating: Rating, *, at: datetime, expires_at: datetime) -> str:
    """A token about a rating; earlier ones for the same purpose end."""
    Invitation.objects.filter(rating=rating, purpose=purpose, used_at__isnull=True).update(expires_at=at)
    return make(purpose, at=at, expires_at=expires_at, rating=rating)

"""Rating by link or QR code, thanks, one's own rating with what became of it, the follow-up, the objection. All without JavaScript."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.approvals.ratings import forms, queries, rules, screens
from zhengtong.approvals.ratings.models import Invitation, Rating
from zhengtong.approvals.ratings.operations import disputes, giving, orders
from zhengtong.approvals.ratings.refusals import CannotUseLink
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import Invalid


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _user(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None


@access.public
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """What a single-use link or a QR code is for: a rating, a follow-up, an objection."""
    try:
        invitation = queries.by_token(token, at=official_now())
        rules.is_no_official(_user(request))
        if invitation.purpose == Invitation.RATE:
            return _rate(request, token, invitation)
        rating = queries.get(invitation.rating_id or 0)
        return (_again if invitation.purpose == Invitation.AGAIN else _object)(request, rating, token)
    except CannotUseLink as refusal:
        return render(request, "ratings/no_link.html", {"why": refusal.message}, status=refusal.status)


def _rate(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    case, visit = invitation.case, invitation.visit
    form = forms.RatingForm(_posted(request), reachable=bool(case and rules.applicant_can_be_reached(case)))
    if form.is_bound and form.is_valid():
        try:
            rating = giving.rate_by_link(token=token, at=official_now(), by=_user(request), **form.given())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            forms.remember(request.session, rating)
            return redirect("ratings:thanks")
    if case is not None:
        about, number = str(case.version.label), case.spoken_number
    else:
        assert visit is not None
        about, number = screens.window(visit), ""
    context = {"about": about, "number": number, "form": form, "visit": visit}
    return render(request, "ratings/rate.html", context, status=form.status)


@access.public
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """Thanks, and what happens next."""
    found = Rating.objects.filter(pk=request.session.get(forms.REMEMBERED, 0)).first()
    if found is None:
        return redirect("ratings:published")
    order = getattr(found, "order", None)
    mine = bool(_user(request) and found.rated_by_id == request.user.pk)
    return render(request, "ratings/thanks.html", {"rating": found, "order": order, "mine": mine})


def _of(request: HttpRequest, rating_id: int) -> Rating:
    rating = queries.get(rating_id)
    rules.is_rater(rating, request.user, official_today())
    return rating


@access.signed_in
@require_safe
def mine(request: HttpRequest, rating_id: int) -> HttpResponse:
    """One's own rating: what the department did, its answer, what can still be said."""
    rating = _of(request, rating_id)
    return render(request, "ratings/mine.html", screens.rater_context(rating, today=official_today()))


@access.signed_in
@require_http_methods(["GET", "POST"])
def again(request: HttpRequest, rating_id: int) -> HttpResponse:
    """The one follow-up rating, by account."""
    return _again(request, _of(request, rating_id), "")


@access.signed_in
@require_http_methods(["GET", "POST"])
def object_to(request: HttpRequest, rating_id: int) -> HttpResponse:
    """The objection, by account."""
    return _object(request, _of(request, rating_id), "")


def _again(request: HttpRequest, rating: Rating, token: str) -> HttpResponse:
    form = forms.FollowUpForm(_posted(request))
    if form.is_bound and form.is_valid():
        if token:
            orders.follow_up_by_link(token=token, at=official_now(), by=_user(request), **form.given())
            return render(request, "ratings/said.html", {"title": _("谢谢您的回访评价")})
        orders.follow_up(rating_id=rating.pk, by=request.user, at=official_now(), **form.given())
        messages.success(request, _("谢谢您的回访评价。"))
        return redirect("ratings:mine", rating.pk)
    context = {**screens.rater_context(rating, today=official_today()), "form": form}
    return render(request, "ratings/again.html", context, status=form.status)


def _object(request: HttpRequest, rating: Rating, token: str) -> HttpResponse:
    form = forms.ObjectionForm(_posted(request))
    if form.is_bound and form.is_valid():
        given = form.cleaned_data["objection"]
        if token:
            disputes.object_by_link(token=token, objection=given, at=official_now(), by=_user(request))
            return render(request, "ratings/said.html", {"title": _("您的意见已收到")})
        disputes.object_to(rating_id=rating.pk, objection=given, by=request.user, at=official_now())
        messages.success(request, _("您的意见已收到。"))
        return redirect("ratings:mine", rating.pk)
    context = {**screens.rater_context(rating, today=official_today()), "form": form}
    return render(request, "ratings/object.html", context, status=form.status)

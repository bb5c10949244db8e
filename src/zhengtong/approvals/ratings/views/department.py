"""The department's side: codes for visits at a window, the list of work orders, one order, its acts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.approvals.ratings import acts, forms, queries, rules, screens
from zhengtong.approvals.ratings.models import Rating
from zhengtong.approvals.ratings.operations import invitations
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.security.audit import public as audit
from zhengtong.security.pmi import public as pmi

COUNTER = "ratings.counter"


@access.requires("window.serve")
@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest) -> HttpResponse:
    """Make the code of one visit: shown large for the person to scan, or printed on a slip."""
    today = official_today()
    body = pmi.organizations_where(request.user, "window.serve", on=today)
    window = next(iter(body), None)
    if window is None:
        raise NotFound(_("没有找到您的窗口，请联系县政务办授权。"))
    form = forms.VisitForm(request.POST or None, initial={"counter": request.session.get(COUNTER, "")})
    context = {"window": window, "form": form}
    if form.is_bound and form.is_valid():
        counter = form.cleaned_data["counter"]
        try:
            opened, token = invitations.open_visit(
                organization=window, counter=counter, by=request.user, at=official_now()
            )
        except ZhengtongError as refusal:
            form.refuse(refusal)
        else:
            request.session[COUNTER] = counter
            made = invitations.visits_of_day(window, counter, today)
            context |= {"visit": opened, "address": invitations.address_of(token), "made": made}
            context |= {"rule": screens.rule_in_force()}
    return render(request, "ratings/visit.html", context, status=form.status)


@access.requires("ratings.view")
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The work orders of the bodies this official serves, most urgent first."""
    today = official_today()
    visible = queries.orders_for(request.user, on=today)
    counts = queries.order_counts(visible, today=today)
    page = queries.order_page(visible, request.GET, today=today)
    context = {
        "page": page,
        "rows": [screens.order_row(one, today=today) for one in page],
        "tabs": screens.order_tabs(counts, request.GET.get("scope", "open")),
    }
    return render(request, "ratings/orders.html", context)


def _rating(request: HttpRequest, rating_id: int) -> Rating:
    """The rating with its order, for an official who may see it; the read is put on record."""
    rating = queries.get(rating_id)
    rules.may_view(rating, request.user, official_today())
    if getattr(rating, "order", None) is None:
        raise NotFound(_("这条评价没有整改单。"))
    audit.record_read(
        by=request.user.pk,
        subject=rating.subject,
        purpose="差评核实整改",
        basis="国办发〔2019〕51号",
        fields=("comment", "phone"),
        at=official_now(),
    )
    return rating


@access.requires("ratings.view")
@require_safe
def order(request: HttpRequest, rating_id: int) -> HttpResponse:
    """One work order: what was said, the clocks, what was done, what can be done now."""
    rating = _rating(request, rating_id)
    context = screens.order_context(rating, request.user, today=official_today())
    return render(request, "ratings/order.html", context)


@access.requires("ratings.view")
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, rating_id: int, key: str) -> HttpResponse:
    """One act: its form beside the facts; posting it runs the one operation."""
    today, doing = official_today(), acts.get(key)
    rating = _rating(request, rating_id)
    form = acts.form_for(key, rating, request.POST or None, on=today)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                acts.perform(key, rating, form, by=request.user, at=official_now())
            except ZhengtongError as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, str(doing.done))
                return redirect("ratings:order", rating.pk)
    context = screens.order_context(rating, request.user, today=today)
    if status == 200:
        context["why_not"] = acts.why_not(key, rating, rating.order, request.user, on=today)
    context |= {"form": form, "doing": doing, "key": key}
    return render(request, "ratings/act.html", context, status=status)

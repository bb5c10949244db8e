"""The board, the list of cards, a card with its evidence and its actions, a card by hand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.oversight.supervision import board as boards
from zhengtong.oversight.supervision import forms, listing, rules, screens
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.operations.cards import issue_by_hand
from zhengtong.oversight.supervision.states import Level
from zhengtong.security.pmi import public as pmi

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@access.requires("supervision.view")
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Who is late now, what is about to be, whose it is; the live part is fetched again every half minute."""
    context = boards.board(now=official_now(), today=official_today(), bodies=overseen(request.user))
    template = "supervision/board_live.html" if getattr(request, "htmx", False) else "supervision/board.html"
    return render(request, template, context)


def overseen(user: Any) -> list[int] | None:
    """The bodies this official oversees; None: the whole county, so that no list of them is put into every question."""
    held = pmi.held_by(user, on=official_today())
    if any(h.subtree and h.path.count("/") <= 2 and rules.VIEW in pmi.ROLES[h.role].permissions for h in held):
        return None
    return [body.pk for body in pmi.organizations_where(user, rules.VIEW, on=official_today())]


@access.requires("supervision.answer")
@require_safe
def card_list(request: HttpRequest) -> HttpResponse:
    """The cards this official may see, newest first."""
    mine = listing.visible(request.user, on=official_today())
    page = listing.page(mine, request.GET)
    context = {
        "page": page,
        "tabs": listing.tabs(mine, request.GET),
        "scope": listing.scope_of(request.GET),
        "filters": request.GET,
        "levels": Level.choices,
        "departments": list(listing.departments(mine)),
        "today": official_today(),
    }
    return render(request, "supervision/cards.html", context)


@access.requires("supervision.answer")
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same list as a file for spreadsheet programs."""
    cards = listing.narrowed(listing.visible(request.user, on=official_today()), request.GET)
    name = f"cards-{official_today():%Y%m%d}.{kind}"
    if kind == "xlsx":
        response = HttpResponse(listing.workbook(listing.lines(cards), _("监察卡")), content_type=XLSX)
    else:
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        listing.write_csv(response, listing.lines(cards))
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def get_card(request: HttpRequest, card_id: int) -> Card:
    """The card, if this official may see it. Raises `NotFound`."""
    card = Card.objects.select_related("organization", "officer", "rule", "raised_by").filter(pk=card_id).first()
    if card is None:
        raise NotFound(_("没有找到这张监察卡，或者它不归您的岗位处理。"))
    rules.may_view(card, request.user, official_today())
    return card


@access.requires("supervision.answer")
@require_safe
def card_page(request: HttpRequest, card_id: int) -> HttpResponse:
    """What was broken, the ledger that proves it, what was said since, and what can be done now."""
    card = get_card(request, card_id)
    context = screens.card_context(card, request.user, at=official_now(), today=official_today())
    return render(request, "supervision/card.html", context)


@access.requires("supervision.answer")
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, card_id: int, key: str) -> HttpResponse:
    """One action: its form on a page of its own; posting it runs the one operation."""
    card, chosen = get_card(request, card_id), forms.CARD_ACTS.get(key)
    if chosen is None:
        raise NotFound(_("没有这个操作。请返回监察卡页面。"))
    initial: dict[str, Any] = {"seen": card.row_version, "title": card.rule_name[:120]}
    form = chosen.form(request.POST or None, request.FILES or None, initial=initial)
    if chosen.label and "text" in form.fields:
        form.fields["text"].label = chosen.label
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                chosen.perform(card, form, request.user, official_now())
            except ZhengtongError as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, str(chosen.done))
                return redirect("supervision:card", card.pk)
    return render(request, "supervision/act.html", _act_context(request, card, key, form, status), status=status)


def _act_context(request: HttpRequest, card: Card, key: str, form: Any, status: int) -> dict[str, Any]:
    appeal = card.appeals.select_related("filed_by").first()
    why = screens.why_not(card, appeal, key, request.user, today=official_today()) if status == 200 else ""
    return {
        "card": listing.drawn(card),
        "act": forms.CARD_ACTS[key],
        "key": key,
        "heading": screens.LABELS[key],
        "form": form,
        "why_not": why,
        "appeal": appeal,
        "facts": screens.facts_of(card),
    }


@access.requires("supervision.supervise")
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest) -> HttpResponse:
    """人工发卡."""
    bodies = pmi.organizations_where(request.user, rules.SUPERVISE, on=official_today())
    form = forms.ManualCardForm(request.POST or None, bodies=answering_bodies(bodies))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
            try:
                card = issue_by_hand(**data, by=request.user, at=official_now())
            except ZhengtongError as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, _("监察卡已发出。"))
                return redirect("supervision:card", card.pk)
    return render(request, "supervision/by_hand.html", {"form": form}, status=status)


def answering_bodies(bodies: Any) -> Any:
    """Bodies that have somebody to answer: departments, institutions and townships."""
    kinds = (Organization.DEPARTMENT, Organization.INSTITUTION, Organization.TOWNSHIP)
    return bodies.active(official_today()).filter(kind__in=kinds).order_by("kind", "code")

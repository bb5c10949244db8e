"""Correction orders: the list, one order with its answers, a new one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.oversight.supervision import forms, rules
from zhengtong.oversight.supervision.models import CorrectionOrder
from zhengtong.oversight.supervision.operations.orders import issue_order
from zhengtong.oversight.supervision.states import ORDER_ARROWS, OrderState
from zhengtong.oversight.supervision.views.cards import answering_bodies
from zhengtong.security.pmi import public as pmi

TONES = {OrderState.ISSUED: "soon", OrderState.ANSWERED: "info", OrderState.ACCEPTED: "ok"}


@access.requires("supervision.answer")
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """The orders of the bodies this official answers for or oversees: open ones first."""
    rows = rules.visible_orders(request.user, on=official_today()).select_related("organization")
    chosen = request.GET.get("show", "open")
    if chosen == "open":
        rows = rows.filter(ended_at__isnull=True).order_by("due_on", "id")
    page = Paginator(rows, 25).get_page(request.GET.get("page"))
    for order in page.object_list:
        order.tone = TONES[OrderState(order.state)]  # type: ignore[attr-defined]
    tabs = [
        {"label": _("未验收"), "url": "?show=open", "current": chosen == "open"},
        {"label": _("全部"), "url": "?show=all", "current": chosen != "open"},
    ]
    return render(request, "supervision/orders.html", {"page": page, "tabs": tabs, "today": official_today()})


def _order(request: HttpRequest, order_id: int) -> CorrectionOrder:
    mine = rules.visible_orders(request.user, on=official_today())
    order = mine.select_related("organization", "card", "issued_by").filter(pk=order_id).first()
    if order is None:
        raise NotFound(_("没有找到这件督办，或者它不归您的单位落实。"))
    order.tone = TONES[OrderState(order.state)]  # type: ignore[attr-defined]
    return order


def _possible(order: CorrectionOrder, request: HttpRequest) -> list[tuple[str, object]]:
    """What this official can do with the order now."""
    permission = {"answer": rules.BODY, "accept": rules.SUPERVISE, "return": rules.SUPERVISE}
    return [
        (verb, forms.ORDER_ACTS[verb][0])
        for verb in forms.ORDER_ACTS
        if (order.state, verb) in ORDER_ARROWS
        and pmi.can(request.user, permission[verb], organization=order.organization, on=official_today())
    ]


@access.requires("supervision.answer")
@require_safe
def order_page(request: HttpRequest, order_id: int) -> HttpResponse:
    """What is demanded until when, and what was said."""
    order = _order(request, order_id)
    names = {"issue": _("发出督办"), "answer": _("报告落实情况"), "return": _("不予验收"), "accept": _("验收")}
    names["reproject"] = _("重算期限")
    entries = [
        {
            "at": entry.at,
            "title": names[entry.act],
            "actor": entry.actor.display_name if entry.actor else _("系统"),
            "text": entry.text,
        }
        for entry in order.log.select_related("actor")
    ]
    context = {"order": order, "entries": entries, "actions": _possible(order, request), "today": official_today()}
    return render(request, "supervision/order.html", context)


@access.requires("supervision.answer")
@require_http_methods(["GET", "POST"])
def order_act(request: HttpRequest, order_id: int, key: str) -> HttpResponse:
    """Answer, accept or return."""
    order = _order(request, order_id)
    if key not in forms.ORDER_ACTS:
        raise NotFound(_("没有这个操作。请返回督办页面。"))
    label, perform, done = forms.ORDER_ACTS[key]
    form = forms.OrderSay(request.POST or None, initial={"seen": order.row_version})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                perform(order, form, request.user, official_now())
            except ZhengtongError as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, str(done))
                return redirect("supervision:order", order.pk)
    return render(request, "supervision/order_act.html", {"order": order, "form": form, "label": label}, status=status)


@access.requires("supervision.supervise")
@require_http_methods(["GET", "POST"])
def new_order(request: HttpRequest) -> HttpResponse:
    """An order of the supervisor's own, without a card."""
    bodies = pmi.organizations_where(request.user, rules.SUPERVISE, on=official_today())
    form = forms.NewOrderForm(
        request.POST or None, bodies=answering_bodies(bodies), initial={"once": get_random_string(16)}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
            try:
                order = issue_order(**data, by=request.user, at=official_now())
            except ZhengtongError as refusal:
                form.refuse(refusal)
                status = refusal.status
            else:
                messages.success(request, _("督办已发出。"))
                return redirect("supervision:order", order.pk)
    return render(request, "supervision/new_order.html", {"form": form}, status=status)

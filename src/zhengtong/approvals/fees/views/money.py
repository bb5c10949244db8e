"""The finance office: refunds to approve, statements to reconcile."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.approvals.fees import forms, providers, queries, rules, screens
from zhengtong.approvals.fees.models import Discrepancy, Message, Reconciliation, Refund
from zhengtong.approvals.fees.operations import reconciling, refunding, stranded
from zhengtong.approvals.fees.states import RefundState
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import access, money
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import OperationForm

A_PAGE = 20


@access.requires("fees.view")
@require_safe
def refunds(request: HttpRequest) -> HttpResponse:
    """Refunds of the bills this official sees: those to approve first."""
    today = official_today()
    mine = Refund.objects.filter(payment__bill__in=queries.visible(request.user, on=today).values("pk"))
    chosen = request.GET.get("state", "")
    counts = {state: mine.filter(state=state).count() for state in RefundState.values}
    chosen = chosen if chosen in counts else RefundState.REQUESTED.value
    related = ("payment__bill", "share__line", "requested_by", "decided_by")
    found = mine.filter(state=chosen).select_related(*related).order_by("-pk")
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    tabs = [
        {"label": RefundState(s).label, "url": f"?state={s}", "count": counts[s], "current": s == chosen}
        for s in RefundState.values
    ]
    rows = [{**screens.refund_row(r), "title": screens.title_of(r.payment.bill)} for r in page]
    return render(request, "fees/refunds.html", {"page": page, "rows": rows, "tabs": tabs})


@access.requires("fees.view")
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, refund_id: int) -> HttpResponse:
    """One refund: decide it; hand it back at the window."""
    found = _refund(request, refund_id)
    form, run, done = _refund_form(request, found)
    status = form.status if form else 200
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            run(form.cleaned_data)
        except ZhengtongError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, done)
            return redirect("fees:refund", found.pk)
    context = {**screens.refund_row(found), "bill": found.payment.bill, "form": form}
    context["may_open_proof"] = _may(rules.handles_stranded, found, request.user)
    context["title"] = screens.title_of(found.payment.bill)
    return render(request, "fees/refund.html", context, status=status)


def _refund(request: HttpRequest, refund_id: int) -> Refund:
    related = (
        "payment__bill__organization",
        "payment__order",
        "share__line",
        "requested_by",
        "decided_by",
        "elsewhere_by",
        "elsewhere_agreed_by",
        "elsewhere_proof__stored",
    )
    found = Refund.objects.select_related(*related).filter(pk=refund_id).first()
    if found is None:
        raise NotFound(_("没有找到这笔退款。"))
    queries.get_for_official(found.payment.bill_id, request.user, on=official_today())
    return found


def _refund_form(request: HttpRequest, found: Refund) -> tuple[OperationForm | None, Any, str]:
    """The form of the moment, what it runs, and what is said afterwards."""
    common: dict[str, Any] = {"refund_id": found.pk, "by": request.user, "at": official_now()}
    if found.state == RefundState.REQUESTED:

        def decide(given: dict[str, Any]) -> Refund:
            if given["decision"] == "approve":
                return refunding.approve_refund(reason=given["reason"], **common)
            return refunding.refuse_refund(reason=given["reason"], **common)

        return (
            forms.DecideRefundForm(request.POST or None, must_go_back=found.share is None),
            decide,
            _("退款决定已记录。"),
        )
    if found.state == RefundState.APPROVED and screens.refund_row(found)["by_hand"]:
        form = forms.ProofForm(request.POST or None)
        return form, lambda given: refunding.confirm_by_hand(**given, **common), _("退款已登记。")
    if stranded.is_stranded(found) and _may(rules.handles_stranded, found, request.user):
        other = forms.ElsewhereForm(request.POST or None, request.FILES or None)
        return other, lambda given: stranded.record_elsewhere(**given, **common), _("已登记，等另一位人员核准。")
    if found.state == RefundState.ELSEWHERE and _may(rules.handles_stranded, found, request.user):

        def judge(given: dict[str, Any]) -> Refund:
            if given["decision"] == "agree":
                return stranded.agree_elsewhere(**common)
            return stranded.return_elsewhere(reason=given["reason"], **common)

        return forms.AgreeForm(request.POST or None), judge, _("决定已记录。")
    return None, None, ""


def _may(rule: Callable[..., None], found: Refund, user: Any) -> bool:
    try:
        rule(found, user, official_today())
    except ZhengtongError:
        return False
    return True


@access.requires("fees.reconcile")
@require_http_methods(["GET", "POST"])
def reconciliations(request: HttpRequest) -> HttpResponse:
    """Statements compared so far; compare another."""
    form = forms.StatementForm(request.POST or None, request.FILES or None)
    status = form.status
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        content = given["file"].read() if given["file"] else None
        try:
            done = reconciling.reconcile(
                provider=given["provider"], day=given["day"], content=content, by=request.user, at=official_now()
            )
        except ZhengtongError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return redirect("fees:reconciliation", done.pk)
    page = Paginator(Reconciliation.objects.select_related("done_by"), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": [_reconciliation_row(one) for one in page],
        "strange": Message.objects.exclude(verdict__in=("booked", "repeated")).select_related("bill")[:20],
    }
    return render(request, "fees/reconciliations.html", context, status=status)


def _reconciliation_row(one: Reconciliation) -> dict[str, Any]:
    return {
        "one": one,
        "label": providers.channel_label(one.provider),
        "received": money.shown(one.received),
        "returned": money.shown(one.returned),
        "open": one.discrepancies.filter(settled_at__isnull=True).count(),
        "all": one.discrepancies.count(),
    }


@access.requires("fees.reconcile")
@require_safe
def reconciliation(request: HttpRequest, reconciliation_id: int) -> HttpResponse:
    """One comparison with its differences."""
    found = Reconciliation.objects.select_related("file__stored", "done_by").filter(pk=reconciliation_id).first()
    if found is None:
        raise NotFound(_("没有找到这次对账。"))
    context = {
        **_reconciliation_row(found),
        "differences": [_difference_row(d) for d in found.discrepancies.select_related("settled_by")],
    }
    return render(request, "fees/reconciliation.html", context)


def _difference_row(one: Discrepancy) -> dict[str, Any]:
    return {
        "difference": one,
        "ours": money.shown(one.ours) if one.ours is not None else "",
        "theirs": money.shown(one.theirs) if one.theirs is not None else "",
    }


@access.requires("fees.reconcile")
@require_http_methods(["GET", "POST"])
def difference(request: HttpRequest, difference_id: int) -> HttpResponse:
    """Settle one difference, with a note."""
    found = Discrepancy.objects.select_related("reconciliation", "settled_by").filter(pk=difference_id).first()
    if found is None:
        raise NotFound(_("没有找到这条对账差异。"))
    form = forms.DifferenceForm(request.POST or None)
    if found.kind != Discrepancy.HERE or found.entry != "pay":
        del form.fields["book_it"]
    status = form.status
    if request.method == "POST" and form.is_valid():
        try:
            reconciling.settle_difference(
                difference_id=found.pk, by=request.user, at=official_now(), **form.cleaned_data
            )
        except ZhengtongError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, _("差异已处理。"))
            return redirect("fees:reconciliation", found.reconciliation_id)
    context = {**_difference_row(found), "form": form if found.settled_at is None else None}
    context["label"] = providers.channel_label(found.reconciliation.provider)
    return render(request, "fees/difference.html", context, status=status)

"""Pay a bill: by its address, without an account; and the messages of the providers."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from zhengtong.approvals.fees import providers, queries, screens
from zhengtong.approvals.fees.models import Bill, BillPaper
from zhengtong.approvals.fees.operations import papers, paying
from zhengtong.approvals.fees.readers import reads_bill
from zhengtong.approvals.fees.refusals import NotGenuine
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.files import public as files
from zhengtong.kernel import access
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.kernel.forms import number_of
from zhengtong.security.audit import public as audit

LONGEST_MESSAGE = 16_384


@access.public
@require_safe
def bill(request: HttpRequest, code: str) -> HttpResponse:
    """What is owed and where it stands, to whoever has the address; the lines and papers only to who pays."""
    found = queries.by_pay_code(code)
    own = queries.is_payer(found, request.user, on=official_today())
    return render(request, "fees/pay.html", screens.payer_page(found, own=own, today=official_today()))


@access.public
@require_POST
def pay(request: HttpRequest, code: str) -> HttpResponse:
    """Begin an order for what is owed and go to the provider; pressed twice it is the same order."""
    found, now = queries.by_pay_code(code), official_now()
    provider = request.POST.get("provider", "")
    own = queries.is_payer(found, request.user, on=official_today())
    wanted = [no for n in request.POST.getlist("line") if (no := number_of(n, 0))] if own else None
    order = paying.begin_order(bill_id=found.pk, provider=provider, by=request.user, at=now, line_ids=wanted or None)
    back = reverse("fees:back", args=[found.pay_code, order.number])
    address = providers.get(provider).begin(order, title=found.title, return_path=back, at=now)
    if address.startswith("/"):
        return redirect(address)
    # The content security policy lets no form end on a foreign page: a link does.
    return render(request, "fees/go.html", {"bill": found, "order": order, "address": address})


@access.public
@require_safe
def back(request: HttpRequest, code: str, number: str) -> HttpResponse:
    """The payer comes back, before or after the provider's message: ask, say how it stands."""
    found = queries.by_pay_code(code)
    order = found.orders.filter(number=number).first()
    if order is None:
        raise NotFound(_("没有找到这次支付。请从缴款页面重新进入。"))
    try:
        arrived = paying.ask(order, at=official_now())
    except ZhengtongError:  # the provider cannot say: its message or the next question will
        arrived = False
    if arrived:
        messages.success(request, _("缴款成功，已经到账。"))
    else:
        messages.info(request, _("还没有收到这笔款。如果已经付了，请稍等一会儿再看，不要重复付。"))
    return redirect("fees:pay", found.pay_code)


@csrf_exempt  # no session stands behind it: the signature of the provider does
@access.public
@require_POST
def notify(request: HttpRequest, provider: str) -> HttpResponse:
    """A provider's message that something was paid; confirmed only when it is in the books."""
    if request.content_type != "application/json":
        return JsonResponse({"received": False, "problem": "not_json"}, status=415)
    body = request.body
    if len(body) > LONGEST_MESSAGE:
        return JsonResponse({"received": False, "problem": "too_long"}, status=413)
    try:
        verdict = paying.take_message(provider=provider, body=body, headers=request.headers, at=official_now())
    except NotGenuine as refusal:
        return JsonResponse({"received": False, "problem": refusal.code}, status=refusal.status)
    good = verdict in ("booked", "repeated")
    return JsonResponse({"received": good, "problem": "" if good else verdict}, status=200 if good else 422)


@access.public
@require_safe
def paper(request: HttpRequest, paper_id: int) -> FileResponse:
    """Notice or receipt as PDF, to who pays and to officials of the bodies on the bill; read by an official, it is on record."""
    found = BillPaper.objects.select_related("bill").filter(pk=paper_id).first()
    if found is None or not _may_read(request, found.bill):
        raise NotFound(_("没有找到这份文书。请登录缴款人的账号。"))
    if request.user.is_authenticated and request.user.is_official:
        audit.record_read(
            by=request.user.pk,
            subject=f"bill:{found.bill_id}",
            purpose="查看缴款文书",
            basis="行政许可法第五十九条",
            fields=["paper"],
            at=official_now(),
        )
    attachment = papers.printed(paper_id=paper_id, at=official_now())
    response = FileResponse(
        files.open_(attachment),
        as_attachment="save" in request.GET,
        filename=attachment.name,
        content_type="application/pdf",
    )
    response["Cache-Control"] = "private, no-cache"
    return response


def _may_read(request: HttpRequest, bill: Bill) -> bool:
    return reads_bill(request.user, bill)

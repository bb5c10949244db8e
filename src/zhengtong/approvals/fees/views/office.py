"""Bills for officials: the list, one bill, assess, reduce, correct, cancel, take money at the window, ask for a refund."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhengtong.approvals.fees import forms, listing, queries, screens
from zhengtong.approvals.fees.models import Bill, BillLine
from zhengtong.approvals.fees.operations import bills, paying, refunding
from zhengtong.approvals.fees.operations import by_hand as by_hands
from zhengtong.approvals.fees.operations.papers import plain
from zhengtong.approvals.fees.readers import PROOF
from zhengtong.approvals.fees.recording import new_code
from zhengtong.approvals.fees.values import Line, Payer
from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.foundation.files import public as files
from zhengtong.kernel import access, money
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError
from zhengtong.kernel.forms import OperationForm
from zhengtong.security.accounts import public as accounts
from zhengtong.security.audit import public as audit

A_PAGE = 20


@access.requires("fees.view")
@require_safe
def bill_list(request: HttpRequest) -> HttpResponse:
    """The bills of the bodies this official serves: by state, words, department."""
    today = official_today()
    page = Paginator(listing.bills(request.user, request.GET, today=today), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [listing.bill_row(bill) for bill in page],
        "tabs": listing.tabs(request.user, request.GET, today=today),
        "scope": listing.scope_of(request.GET),
        "departments": listing.departments(request.user, today=today),
        "filters": request.GET,
    }
    return render(request, "fees/list.html", context)


@access.requires("fees.assess")
@require_http_methods(["GET", "POST"])
def by_hand(request: HttpRequest) -> HttpResponse:
    """开缴款单: choose a matter that charges, say how many units, for whom and why."""
    found = by_hands.chargeable(request.user, on=official_today())
    chosen = next((one for one in found if one.key == request.GET.get("matter", "")), None)
    if chosen is None or chosen.current is None:
        return render(request, "fees/by_hand.html", {"matters": found})
    rules = chosen.current.elements.fees
    items = [screens.charge(item, rules.basis) for item in rules.items]
    form = forms.ByHandForm(request.POST or None, items=items, initial={"once": new_code(16)})
    status = form.status
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            bill = by_hands.open_by_hand(
                matter=chosen,
                quantities=form.quantities(),
                payer=_payer(request.user, given["number"].strip(), given["name"].strip()),
                reason=given["reason"],
                once=given["once"],
                by=request.user,
                at=official_now(),
            )
        except ZhengtongError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, _("缴款单已开。") if bill.issued_at else _("缴款单已建立，核定以后发出。"))
            return redirect("fees:bill", bill.pk)
    context = {"matters": found, "chosen": chosen, "items": items, "form": form}
    return render(request, "fees/by_hand.html", context, status=status)


def _payer(user: Any, number: str, name: str) -> Payer:
    """The one whose number it is (a recorded read), else somebody by name alone."""
    if not number:
        return Payer(name)
    body = accounts.find_enterprise(number)
    if body is not None:
        return Payer(body.name, enterprise_id=body.pk, phone=body.phone)
    people = accounts.find_person(number=number, by=user, at=official_now(), purpose="收费：核对缴款人身份")
    if len(people) != 1:
        problem = _("没有找到唯一的缴款人，请核对号码，或者只填姓名。")
        raise Invalid(problem, fields={"number": problem})
    return Payer(people[0].name, user_id=people[0].user_id, phone=people[0].phone)


@access.requires("fees.view")
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same list as CSV or workbook."""
    today = official_today()
    rows = listing.bill_cells(listing.bills(request.user, request.GET, today=today)[: listing.MOST])
    return _file(rows, kind, name=f"bills-{today:%Y%m%d}", title=_("缴款单"))


def _file(rows: Any, kind: str, *, name: str, title: str) -> HttpResponse:
    if kind == "xlsx":
        mime = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(listing.workbook(title, rows), content_type=mime)
    else:
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        listing.write_csv(response, rows)
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


@access.requires("fees.view")
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """What arrived in a month, by department and treasury account, and line by line."""
    today = official_today()
    shares = listing.settled_lines(request.user, request.GET, today=today)
    page = Paginator(shares, A_PAGE).get_page(request.GET.get("page"))
    first, _after = listing.month_of(request.GET, today)
    context = {
        "page": page,
        "rows": [
            {"share": s, "name": screens.in_language(s.line.name, s.line.name_en), "amount": money.shown(s.amount)}
            for s in page
        ],
        "accounts": listing.accounts(shares),
        "month": f"{first:%Y-%m}",
        "first": first,
        "departments": listing.departments(request.user, today=today),
        "filters": request.GET,
    }
    return render(request, "fees/lines.html", context)


@access.requires("fees.view")
@require_safe
def export_lines(request: HttpRequest, kind: str) -> HttpResponse:
    """The settled lines as CSV or workbook."""
    today = official_today()
    rows = listing.line_cells(listing.settled_lines(request.user, request.GET, today=today)[: listing.MOST])
    first, _after = listing.month_of(request.GET, today)
    return _file(rows, kind, name=f"fees-{first:%Y%m}", title=_("分账"))


def _bill(request: HttpRequest, bill_id: int) -> Bill:
    return queries.get_for_official(bill_id, request.user, on=official_today())


@access.requires("fees.view")
@require_safe
def bill(request: HttpRequest, bill_id: int) -> HttpResponse:
    """One bill; the payer's name is a recorded read."""
    found = _bill(request, bill_id)
    audit.record_read(
        by=request.user.pk,
        subject=f"bill:{found.pk}",
        purpose="办理收费",
        basis="行政许可法第五十九条",
        fields=("payer",),
        at=official_now(),
    )
    return render(request, "fees/bill.html", screens.bill_page(found, request.user, today=official_today()))


def _act(
    request: HttpRequest,
    bill: Bill,
    form: OperationForm,
    run: Callable[[dict[str, Any]], Any],
    *,
    heading: str,
    button: str,
    done: str,
    note: str = "",
    danger: bool = False,
) -> HttpResponse:
    """A form of its own page; posting it runs the one operation and comes back to the bill (or the one in its place)."""
    status = form.status
    if request.method == "POST" and form.is_valid():
        try:
            after = run(form.cleaned_data)
        except ZhengtongError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            messages.success(request, done)
            return redirect("fees:bill", after.pk if isinstance(after, Bill) else bill.pk)
    context = {
        "bill": bill,
        "title": screens.title_of(bill),
        "tone": screens.tone(bill),
        "lines": screens.line_rows(bill),
        "total": money.shown(bill.total),
        "form": form,
        "heading": heading,
        "button": button,
        "note": note,
        "danger": danger,
    }
    return render(request, "fees/act.html", context, status=status)


def _line(bill: Bill, line_id: int) -> BillLine:
    found = bill.lines.select_related("department").filter(pk=line_id).first()
    if found is None:
        raise NotFound(_("没有找到这一项收费。"))
    return found


@access.requires("fees.assess")
@require_http_methods(["GET", "POST"])
def assess(request: HttpRequest, bill_id: int, line_id: int) -> HttpResponse:
    """核定 one line."""
    found = _bill(request, bill_id)
    line = _line(found, line_id)
    initial = {"seen": found.row_version, "quantity": plain(line.quantity), "rate": plain(line.rate)}
    return _act(
        request,
        found,
        forms.AssessForm(request.POST or None, initial=initial),
        lambda given: bills.assess_line(line_id=line.pk, by=request.user, at=official_now(), **given),
        heading=_("核定：{name}").format(name=line.name),
        button=_("核定"),
        done=_("已核定。全部核定后系统自动发出缴款通知书。"),
        note=_("依据：{basis}。{unit}").format(basis=line.basis, unit=line.unit),
    )


@access.requires("fees.assess")
@require_http_methods(["GET", "POST"])
def reduce(request: HttpRequest, bill_id: int, line_id: int) -> HttpResponse:
    """减免 of one line, decided with reason and proof."""
    found = _bill(request, bill_id)
    line = _line(found, line_id)
    share = money.rounded(line.amount * line.claim_percent / 100) if line.claim else None
    initial = {"seen": found.row_version, "basis": line.claim_basis, "amount": share}

    def run(given: dict[str, Any]) -> Bill:
        now, upload = official_now(), given.pop("proof", None)
        kept = (
            files.receive(upload=upload, owner_kind=PROOF, owner_id=line.pk, by=request.user.pk, at=now)
            if upload
            else None
        )
        grant = given.pop("decision") == "grant"
        return bills.decide_reduction(line_id=line.pk, grant=grant, proof=kept, by=request.user, at=now, **given)

    note = (
        _("申请内容符合“{name}”（{basis}），证明材料：{proof}。").format(
            name=line.claim_name, basis=line.claim_basis, proof=line.claim_proof or "—"
        )
        if line.claim
        else _("已发出的缴款通知书不能改动：同意减免会作废原通知书，并发出新通知书。")
    )
    return _act(
        request,
        found,
        forms.ReduceForm(request.POST or None, request.FILES or None, line=line, initial=initial),
        run,
        heading=_("减免：{name}").format(name=line.name),
        button=_("决定"),
        done=_("减免决定已记录。"),
        note=note,
    )


@access.requires("fees.assess")
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, bill_id: int) -> HttpResponse:
    """更正: a new notice with other quantities or rates in place of this one."""
    found = _bill(request, bill_id)
    rows = list(found.lines.select_related("department"))

    def run(given: dict[str, Any]) -> Bill:
        fresh = [_corrected(row, given) for row in rows]
        return bills.supersede(
            bill_id=found.pk,
            lines=fresh,
            reason=given["reason"],
            by=request.user,
            at=official_now(),
            seen=given["seen"],
        )

    return _act(
        request,
        found,
        forms.CorrectForm(request.POST or None, lines=rows, initial={"seen": found.row_version}),
        run,
        heading=_("更正缴款通知书"),
        button=_("发出新通知书"),
        done=_("新的缴款通知书已发出，原通知书作废。"),
        note=_("原通知书作废，缴款人会收到消息。已决定的减免要在新通知书上重新决定。"),
        danger=True,
    )


def _corrected(row: BillLine, given: dict[str, Any]) -> Line:
    return Line(
        name=row.name,
        name_en=row.name_en,
        department=row.department.code,
        basis=row.basis,
        quantity=given[f"quantity-{row.no}"],
        rate=given[f"rate-{row.no}"],
        unit=row.unit,
        code=row.code,
        account=row.account,
        source=row.source,
    )


@access.requires("fees.assess")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, bill_id: int) -> HttpResponse:
    """取消缴款单."""
    found = _bill(request, bill_id)
    return _act(
        request,
        found,
        forms.ReasonForm(request.POST or None, initial={"seen": found.row_version}),
        lambda given: bills.cancel(bill_id=found.pk, by=request.user, at=official_now(), **given),
        heading=_("取消缴款单"),
        button=_("取消缴款单"),
        done=_("缴款单已取消，缴款人不用再缴。"),
        danger=True,
    )


@access.requires("fees.collect")
@require_http_methods(["GET", "POST"])
def collect(request: HttpRequest, bill_id: int) -> HttpResponse:
    """窗口收款: cash or card, with the number of the receipt or slip."""
    found = _bill(request, bill_id)
    return _act(
        request,
        found,
        forms.CollectForm(request.POST or None, initial={"seen": found.row_version}),
        lambda given: paying.record_at_window(bill_id=found.pk, by=request.user, at=official_now(), **given),
        heading=_("窗口收款：{amount}元").format(amount=money.shown(found.outstanding)),
        button=_("已收{amount}元，登记").format(amount=money.shown(found.outstanding)),
        done=_("收款已登记，电子缴款凭证已生成。"),
        note=_("金额由系统计算，请先收款、开票，再登记。"),
    )


@access.requires("fees.refund")
@require_http_methods(["GET", "POST"])
def ask_refund(request: HttpRequest, bill_id: int, share_id: int) -> HttpResponse:
    """申请退款: of what was paid for one line."""
    found = _bill(request, bill_id)
    row = next((r for r in screens.line_rows(found) if r["share"] and r["share"].pk == share_id), None)
    if row is None:
        raise NotFound(_("没有找到这笔缴款。"))
    left = row["share"].amount - row["share"].going_back
    return _act(
        request,
        found,
        forms.RefundForm(request.POST or None, initial={"seen": found.row_version, "amount": left}),
        lambda given: refunding.request_refund(share_id=share_id, by=request.user, at=official_now(), **given),
        heading=_("申请退款：{name}").format(name=row["name"]),
        button=_("提出申请"),
        done=_("退款申请已提出，由另一位人员批准后原路退回。"),
        note=_("这一项已缴{paid}元，还可以退{left}元。").format(
            paid=money.shown(row["share"].amount), left=money.shown(left)
        ),
    )

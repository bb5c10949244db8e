"""The lists of the finance office: bills, lines by department and treasury account; on the page, as CSV, as a workbook."""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.fees import providers, queries, screens
from zhengtong.approvals.fees.models import Bill, Share
from zhengtong.approvals.fees.states import OPEN, PAYABLE, State
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import cells, money
from zhengtong.security.pmi import public as pmi

MOST = 20_000
SCOPES = {
    "open": gettext_lazy("未结清"),
    "overdue": gettext_lazy("过期未缴"),
    "draft": gettext_lazy("待核定"),
    "settled": gettext_lazy("已结清"),
    "all": gettext_lazy("全部"),
}


def scope_of(query: Mapping[str, str]) -> str:
    """The asked part of the list."""
    return query["scope"] if query.get("scope") in SCOPES else "open"


def _scopes(today: date) -> dict[str, Q]:
    return {
        "open": Q(state__in=OPEN),
        "overdue": Q(state=State.EXPIRED) | Q(state__in=PAYABLE, due_on__lt=today),
        "draft": Q(state=State.DRAFT),
        "settled": Q(state__in=(State.PAID, State.WAIVED, State.REFUNDED)),
        "all": Q(),
    }


def bills(user: Any, query: Mapping[str, str], *, today: date) -> QuerySet[Bill]:
    """The bills of the asked part that fit `q` (number, matter, payer) and `department`; newest first."""
    found = worded(queries.visible(user, on=today), query)
    return found.filter(_scopes(today)[scope_of(query)]).select_related("organization").order_by("-id")


def worded(found: QuerySet[Bill], query: Mapping[str, str]) -> QuerySet[Bill]:
    """By words and department."""
    text, department = query.get("q", "").strip()[:60], query.get("department", "").strip()
    if text:
        named = Q(title__icontains=text) | Q(payer_name__contains=text) | Q(subject=text)
        found = found.filter(Q(number__startswith=text) | named)
    if department:
        # A bill stands in the list once, however many of its lines are the department's.
        found = found.filter(pk__in=Bill.objects.filter(lines__department__code=department).values("pk"))
    return found


def tabs(user: Any, query: Mapping[str, str], *, today: date) -> list[dict[str, Any]]:
    """The parts of the list with their counts."""
    found, chosen = worded(queries.visible(user, on=today), query), scope_of(query)
    kept = "".join(f"&{key}={query[key]}" for key in ("q", "department") if query.get(key))
    return [
        {
            "label": label,
            "url": f"?scope={key}{kept}",
            "count": found.filter(_scopes(today)[key]).count(),
            "current": key == chosen,
        }
        for key, label in SCOPES.items()
    ]


def bill_row(bill: Bill) -> dict[str, Any]:
    """A bill as a row of the list."""
    return {
        "bill": bill,
        "title": screens.title_of(bill),
        "payer": screens.masked_payer(bill),
        "tone": screens.tone(bill),
        "total": money.shown(bill.total),
        "outstanding": money.shown(bill.outstanding) if bill.outstanding else "",
    }


def departments(user: Any, *, today: date) -> list[Organization]:
    """The bodies whose lines this official sees, as far as they charge anything."""
    bodies = pmi.organizations_where(user, "fees.view", on=today)
    charging = Bill.objects.values("lines__department")
    return list(Organization.objects.filter(pk__in=bodies).filter(pk__in=charging).order_by("path"))  # type: ignore[misc]


def bill_cells(found: Iterable[Bill]) -> Iterable[list[Any]]:
    """The list as rows of a file: natural persons' names masked."""
    yield [
        _("缴款码"),
        _("事项"),
        _("缴款人"),
        _("开单单位"),
        _("状态"),
        _("应缴"),
        _("已缴"),
        _("已退"),
        _("发出"),
        _("期限"),
    ]
    for bill in found:
        yield [
            bill.number,
            screens.title_of(bill),
            screens.masked_payer(bill),
            bill.organization.short_label,
            str(bill.get_state_display()),
            bill.total,
            bill.paid,
            bill.refunded,
            timezone.localdate(bill.issued_at).isoformat() if bill.issued_at else "",
            bill.due_on.isoformat() if bill.due_on else "",
        ]


# --- what arrived, by department and account --------------------------------------------------------------------------


def month_of(query: Mapping[str, str], today: date) -> tuple[date, date]:
    """First day of the asked month and of the next."""
    try:
        first = date.fromisoformat(f"{query.get('month', '')}-01")
        return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        first = today.replace(day=1)
        return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def settled_lines(user: Any, query: Mapping[str, str], *, today: date) -> QuerySet[Share]:
    """What was settled in a month, of the departments this official sees."""
    first, after = month_of(query, today)
    bodies = pmi.organizations_where(user, "fees.view", on=today)
    found = Share.objects.filter(
        line__department__in=bodies,
        payment__paid_at__date__gte=first,
        payment__paid_at__date__lt=after,
    )
    if query.get("department"):
        found = found.filter(line__department__code=query["department"])
    related = ("line__department", "line__bill", "payment")
    return found.select_related(*related).order_by("-payment__paid_at", "line__no")


def accounts(shares: Iterable[Share]) -> list[dict[str, Any]]:
    """What goes to which treasury account, by department (行政许可法 第五十九条: all of it)."""
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for share in shares:
        line = share.line
        key = (line.department.short_label, line.account or "—", line.code)
        kept = sums.setdefault(key, [money.ZERO, money.ZERO])
        kept[0] += share.amount
        kept[1] += share.going_back
    return [
        {
            "department": department,
            "account": account,
            "code": code,
            "amount": money.shown(amount),
            "back": money.shown(back) if back else "",
            "net": money.shown(amount - back),
        }
        for (department, account, code), (amount, back) in sorted(sums.items())
    ]


def line_cells(shares: Iterable[Share]) -> Iterable[list[Any]]:
    """The settled lines as rows of a file."""
    yield [
        _("缴款时间"),
        _("缴款码"),
        _("收费项目"),
        _("执收单位"),
        _("收入科目"),
        _("渠道"),
        _("金额"),
        _("退款（含待退）"),
    ]
    for share in shares:
        line = share.line
        yield [
            timezone.localtime(share.payment.paid_at).strftime("%Y-%m-%d %H:%M"),
            line.bill.number,
            line.name,
            line.department.short_label,
            line.account,
            str(providers.channel_label(share.payment.channel)),
            share.amount,
            share.going_back,
        ]


# --- files ------------------------------------------------------------------------------------------------------------


def write_csv(target: Any, rows: Iterable[list[Any]]) -> None:
    """For spreadsheet programs: UTF-8 with a mark; no cell that begins like a formula is run."""
    target.write("\ufeff")
    writer = csv.writer(target)
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])


def workbook(title: str, rows: Iterable[list[Any]]) -> bytes:
    """The same as a workbook; amounts are numbers with two decimals."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in rows:
        sheet.append([_safe(cell) for cell in row])
    packed = BytesIO()
    book.save(packed)
    return packed.getvalue()


def _safe(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return cell
    return cells.safe(str(cell))

"""Issue the notice and the receipts: numbered, frozen as data; printed and signed when they are first wanted, then kept."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from zhengtong.approvals.fees import providers
from zhengtong.approvals.fees.models import Bill, BillLine, BillPaper, Payment
from zhengtong.approvals.fees.papers import printing
from zhengtong.approvals.fees.recording import new_code, next_number
from zhengtong.foundation.files import public as files
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel import money
from zhengtong.kernel.errors import NotFound
from zhengtong.security.signatures import public as signatures

OWNER = "bill_paper"
WORDS = {BillPaper.NOTICE: "缴", BillPaper.RECEIPT: "缴凭"}


def issue_notice(bill: Bill, *, by: Any, at: datetime) -> BillPaper:
    """The 缴款通知书 of a bill that is going out."""
    older = bill.supersedes
    notice = older.papers.filter(kind=BillPaper.NOTICE).first() if older else None
    last = older.log.order_by("-seq").first() if older else None
    return _issue(
        bill,
        BillPaper.NOTICE,
        {
            **_common(bill, list(bill.lines.select_related("department")), bill.total, at),
            "due_on": bill.due_on,
            "pay_url": pay_url(bill),
            "gate": bill.gate_note,
            "supersedes": notice.number if notice else "",
            "supersedes_reason": last.reason.rstrip("。") if notice and last else "",
        },
        by=by,
        at=at,
    )


def issue_receipt(bill: Bill, payment: Payment, lines: Sequence[BillLine], *, at: datetime) -> BillPaper:
    """The 电子缴款凭证 of a payment, for the lines it settled."""
    notice = bill.papers.filter(kind=BillPaper.NOTICE).first()
    with override("zh-hans"):
        channel = str(providers.channel_label(payment.channel))
    return _issue(
        bill,
        BillPaper.RECEIPT,
        {
            **_common(bill, lines, payment.amount - payment.excess, at),
            "notice_number": notice.number if notice else "",
            "paid_at": payment.paid_at,
            "channel": channel,
            "transaction": payment.transaction,
            "excess": money.shown(payment.excess) if payment.excess else "",
        },
        payment=payment,
        by=payment.recorded_by,
        at=at,
    )


def _common(bill: Bill, lines: Sequence[BillLine], total: Decimal, at: datetime) -> dict[str, Any]:
    return {
        "organ": bill.organization.name,
        "case_number": bill.number,
        "bill_number": bill.number,
        "subject": bill.title,
        "payer": bill.payer_name,
        "issued_on": timezone.localdate(at),
        "contact": bill.organization.phone,
        "lines": [_line(line) for line in lines],
        "total": money.shown(total),
        "total_capital": money.capital(total),
        "demo": settings.DEMO,
    }


def _line(line: BillLine) -> dict[str, str]:
    return {
        "name": line.name,
        "department": line.department.short_name or line.department.name,
        "basis": line.basis,
        "quantity": f"{plain(line.quantity)} {unit_of(line)}".strip(),
        "rate": plain(line.rate),
        "amount": money.shown(line.amount),
        "reduction": money.shown(line.reduction) if line.reduction else "",
        "reduction_basis": line.claim_basis if line.reduction else "",
        "payable": money.shown(line.payable),
        "account": line.account,
    }


def unit_of(line: BillLine) -> str:
    """What is counted: 平方米 of 元/平方米（省级标准）."""
    return line.unit.removeprefix("元/").partition("（")[0]


def plain(number: Decimal | None) -> str:
    """A quantity or rate without trailing zeros: 120.5, 80."""
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _issue(
    bill: Bill, kind: str, content: dict[str, Any], *, by: Any, at: datetime, payment: Payment | None = None
) -> BillPaper:
    number, code = _paper_number(bill.organization, kind, at), new_code(12)
    with override("zh-hans"):
        data = printing.frozen(kind, {**content, "number": number, "verify_url": _verify_url(code)})
    return BillPaper.objects.create(
        bill=bill,
        payment=payment,
        kind=kind,
        number=number,
        organization=bill.organization,
        data=data,
        verify_code=code,
        issued_at=at,
        issued_by_id=by.pk if by else None,
    )


def _paper_number(organization: Organization, kind: str, at: datetime) -> str:
    year = timezone.localdate(at).year
    n = next_number(f"paper:{organization.pk}:{kind}:{year}")
    return f"双{organization.short_name or organization.name}{WORDS[kind]}〔{year}〕{n}号"


def pay_url(bill: Bill) -> str:
    """The public address at which a bill is paid; what the QR code at the window says."""
    return f"{settings.PUBLIC_URL}/pay/{bill.pay_code}/"


def _verify_url(code: str) -> str:
    return f"{settings.PUBLIC_URL}/verify/{code}/"


def printed(*, paper_id: int, at: datetime) -> files.Attachment:
    """The PDF of a notice or receipt, made, signed and kept on first request. Raises `NotFound`, `CannotSign` without keys."""
    paper = BillPaper.objects.select_related("attachment__stored", "organization").filter(pk=paper_id).first()
    if paper is None:
        raise NotFound(_("没有找到这份文书。"))
    if paper.attachment is not None:
        return paper.attachment
    drawn = printing.render(paper.kind, paper.data)
    return _keep(paper_id, signatures.sign_pdf(drawn, department=paper.organization, at=at), at=at)


@transaction.atomic
def _keep(paper_id: int, content: bytes, *, at: datetime) -> files.Attachment:
    paper = BillPaper.objects.select_for_update(of=("self",)).select_related("attachment__stored").get(pk=paper_id)
    if paper.attachment is not None:  # somebody else was faster
        return paper.attachment
    kept = files.keep_bytes(
        content=content,
        name=f"{printing.TITLES[paper.kind][0]}{paper.number}.pdf",
        mime="application/pdf",
        owner_kind=OWNER,
        owner_id=paper.pk,
        by=None,
        at=at,
    )
    paper.attachment = kept
    paper.save(update_fields=["attachment"])
    signatures.enter(subject=f"{OWNER}:{paper.pk}", content=content, at=at)
    return kept

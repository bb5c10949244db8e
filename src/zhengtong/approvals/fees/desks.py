"""Put a bill or a refund on the right to-do lists, and take it off."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_noop

from zhengtong.approvals.fees.models import Bill, BillLine, Refund
from zhengtong.foundation.worklists import public as worklists

SYSTEM = "fees"
ASSESS, APPROVE = gettext_noop("核定收费和减免：{matter}"), gettext_noop("批准退款：{matter}")
STUCK, AGREE = gettext_noop("退款退不回去，请处理：{matter}"), gettext_noop("核准另行退回：{matter}")


def ask(bill: Bill, lines: Iterable[BillLine], *, at: datetime) -> None:
    """A to-do for each department whose lines are still open; those that are done come off."""
    waiting = {line.department_id for line in lines}
    worklists.close(subject=f"bill:{bill.pk}", at=at)
    for department_id in sorted(waiting):
        worklists.open(
            system=SYSTEM,
            kind="assess",
            subject=f"bill:{bill.pk}",
            title=ASSESS,
            url=f"/bills/{bill.pk}/",
            organization_id=department_id,
            role="section_head",
            params=_params(bill),
            number=bill.number,
            at=at,
        )


def done(bill: Bill, *, at: datetime) -> None:
    """Nothing about the bill waits any more."""
    worklists.close(subject=f"bill:{bill.pk}", at=at)


def ask_approval(refund: Refund, *, at: datetime) -> None:
    """A to-do for the finance officers of the county."""
    _open_refund(refund, "refund", APPROVE, at=at)


def ask_where_it_goes(refund: Refund, *, at: datetime) -> None:
    """A to-do for the finance officers: the refund waits, because its provider is switched off."""
    _open_refund(refund, "refund_stuck", STUCK, at=at)


def ask_agreement(refund: Refund, *, at: datetime) -> None:
    """A to-do for the finance officers: somebody recorded another path, a second person has to agree."""
    refund_done(refund, at=at)
    _open_refund(refund, "refund_elsewhere", AGREE, at=at)


def _open_refund(refund: Refund, kind: str, title: str, *, at: datetime) -> None:
    bill = refund.payment.bill
    worklists.open(
        system=SYSTEM,
        kind=kind,
        subject=f"refund:{refund.pk}",
        title=title,
        url=f"/bills/refunds/{refund.pk}/",
        organization_id=_finance_id(bill),
        role="finance_officer",
        params=_params(bill),
        number=refund.number,
        at=at,
    )


def refund_done(refund: Refund, *, at: datetime) -> None:
    """The refund is decided."""
    worklists.close(subject=f"refund:{refund.pk}", at=at)


def _finance_id(bill: Bill) -> int:
    """The body whose finance officers approve: the county itself, at the top of the issuing body's path."""
    return int(bill.organization.path.strip("/").split("/")[0])


def _params(bill: Bill) -> dict[str, object]:
    return {"matter": {"zh": bill.title, "en": bill.title_en or bill.title}}

"""Put a bill or a refund on the right to-do lists, and take it off."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_noop

from zhengtong.approvals.fees.models import Bill, BillLine, Refund
from zhengtong.foundation.worklists import public as worklists

SYSTEM = "fees"
ASSESS, APPROVE = gettext_noop("核定收费和减免：{matter}"), gettext_noop("批准退款：{matter}")


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
    bill = refund.payment.bill
    worklists.open(
        system=SYSTEM,
        kind="refund",
        subject=f"refund:{refund.pk}",
        title=APPROVE,
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

"""What fees do when they report themselves: write to the payer; what of them concerns a person."""

from zhengtong.approvals.fees import notifications
from zhengtong.approvals.fees.events import BillFact
from zhengtong.approvals.fees.models import Bill
from zhengtong.foundation.events.public import Envelope, receives
from zhengtong.security.audit import public as audit


@receives(notifications.WRITTEN_TO, name="fees.notices")
def tell_payer(envelope: Envelope) -> None:
    """Send the payer the notice that belongs to the fact."""
    assert isinstance(envelope.event, BillFact)
    notifications.tell(envelope.event, at=envelope.effective_at)


audit.receipted("fees.BillIssued", "fees.BillPaid", "fees.BillRefunded")


@audit.concerns(name="fees")
def bills_of_person(user_id: int) -> list[str]:
    """What of fees concerns a person: the bills they are asked to pay."""
    return [f"bill:{pk}" for pk in Bill.objects.filter(payer_user_id=user_id).values_list("pk", flat=True)]

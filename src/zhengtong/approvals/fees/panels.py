"""What other apps show of the money on their own pages: free and by which law, or the bill with its state."""

from dataclasses import dataclass

from zhengtong.approvals.fees import computing, queries, screens
from zhengtong.approvals.fees.models import Bill
from zhengtong.approvals.fees.states import PAYABLE, State
from zhengtong.approvals.matters.values import Fees
from zhengtong.kernel import money


@dataclass(frozen=True)
class FeePanel:
    """The card “收费” of a case or a project. `free`: nothing is charged, `basis` says by which law."""

    free: bool
    basis: str
    bill: Bill | None
    tone: str = ""
    amount: str = ""
    refunded: str = ""
    payable: bool = False
    waits: str = ""
    """The sentence when a law lets decision or delivery wait for the payment; empty: nothing waits."""

    @property
    def being_assessed(self) -> bool:
        """True while no notice is out yet."""
        return self.bill is not None and self.bill.state == State.DRAFT


def panel(subject: str, fees: Fees) -> FeePanel:
    """The card of a subject whose matter charges by `fees`."""
    bill = queries.bill_of(subject)
    free = computing.free_by(fees)
    if bill is None:
        return FeePanel(free is not None, free.basis if free else computing.law_of(fees.basis), None)
    return FeePanel(
        free=False,
        basis=computing.law_of(fees.basis),
        bill=bill,
        tone=screens.tone(bill),
        amount=money.shown(bill.outstanding or bill.total),
        refunded=money.shown(bill.refunded) if bill.refunded else "",
        payable=bill.state in PAYABLE,
        waits=bill.gate_note,
    )

"""The refusals of fees, each a sentence that says what to do."""

from zhengtong.kernel.errors import Invalid, NotAllowed, Refusal


class CannotBill(Refusal):
    """The bill may not be drawn up, issued or changed in its present state."""

    code = "cannot_bill"


class CannotPay(Refusal):
    """Nothing can be paid on this bill now, or not in this way."""

    code = "cannot_pay"


class CannotRefund(Refusal):
    """The refund is not possible: more than was paid, or the wrong person."""

    code = "cannot_refund"


class CannotReconcile(Refusal):
    """The statement cannot be taken or was taken already."""

    code = "cannot_reconcile"


class NotGenuine(NotAllowed):
    """A message that claims to come from a provider and does not carry its signature."""

    code = "not_genuine"


class NotOurs(Invalid):
    """A message of a provider about an order or an amount that is not ours."""

    code = "not_ours"

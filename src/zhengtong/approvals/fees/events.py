"""Facts about bills. Ids and amounts only: no name of a person ever leaves the bill in an event."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class BillFact(Event):
    """Base of everything that happens to a bill. `about`: its subject, such as `case:12`."""

    label: ClassVar[Any] = _("缴款单变动")

    subject_kind: ClassVar[str] = "bill"
    subject_field: ClassVar[str] = "bill_id"

    bill_id: int
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class BillDrawnUp(BillFact):
    """A bill was drawn up; something on it still has to be assessed or decided."""

    label: ClassVar[Any] = _("生成缴款单")


@dataclass(frozen=True, kw_only=True)
class LineAssessed(BillFact):
    """An official assessed quantity and rate of a line."""

    label: ClassVar[Any] = _("核定收费")

    line_id: int


@dataclass(frozen=True, kw_only=True)
class ReductionDecided(BillFact):
    """An official granted or declined a reduction, with the reason. `amount`: how much is let off, in 元."""

    label: ClassVar[Any] = _("决定减免")

    line_id: int
    granted: bool
    amount: str


@dataclass(frozen=True, kw_only=True)
class BillIssued(BillFact):
    """The payment notice was issued. `total`: in 元."""

    label: ClassVar[Any] = _("发出缴款通知书")

    total: str


@dataclass(frozen=True, kw_only=True)
class BillWaived(BillFact):
    """Nothing is left to pay: every line was let off."""

    label: ClassVar[Any] = _("全部免缴")


@dataclass(frozen=True, kw_only=True)
class BillSuperseded(BillFact):
    """A new version took the place of the bill."""

    label: ClassVar[Any] = _("由新通知书代替")

    by_bill_id: int


@dataclass(frozen=True, kw_only=True)
class BillCancelled(BillFact):
    """The bill was cancelled, with a reason."""

    label: ClassVar[Any] = _("取消缴款单")


@dataclass(frozen=True, kw_only=True)
class BillExpired(BillFact):
    """The time to pay passed with nothing paid."""

    label: ClassVar[Any] = _("逾期未缴")


@dataclass(frozen=True, kw_only=True)
class PaymentReceived(BillFact):
    """Money arrived. `amount`: all of it; `excess`: what could not be put to a line and goes back."""

    label: ClassVar[Any] = _("收到缴款")

    payment_id: int
    channel: str
    amount: str
    excess: str = "0.00"


@dataclass(frozen=True, kw_only=True)
class BillPaid(BillFact):
    """Nothing is owed on the bill any more."""

    label: ClassVar[Any] = _("缴清")

    total: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(BillFact):
    """A refund waits for approval: of money that came twice or late, or because an official asked."""

    label: ClassVar[Any] = _("申请退款")

    refund_id: int
    amount: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class RefundApproved(BillFact):
    """A second person approved the refund."""

    label: ClassVar[Any] = _("批准退款")

    refund_id: int


@dataclass(frozen=True, kw_only=True)
class RefundRefused(BillFact):
    """The refund was refused, with the reason."""

    label: ClassVar[Any] = _("不予退款")

    refund_id: int


@dataclass(frozen=True, kw_only=True)
class RefundPaidElsewhere(BillFact):
    """The provider is switched off; somebody recorded that the money went back by another path, and a second person has to agree."""

    label: ClassVar[Any] = _("登记另行退回")

    refund_id: int


@dataclass(frozen=True, kw_only=True)
class RefundElsewhereReturned(BillFact):
    """What was recorded of another path was sent back, with the reason; the refund waits as before."""

    label: ClassVar[Any] = _("退回另行退回的登记")

    refund_id: int


@dataclass(frozen=True, kw_only=True)
class BillRefunded(BillFact):
    """Money went back the way it came, or, agreed by a second person, by another path. `whole`: nothing of what was paid is left."""

    label: ClassVar[Any] = _("已退款")

    refund_id: int
    amount: str
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class ProviderContradicted(BillFact):
    """A provider's genuine message does not fit our books (wrong amount); nothing was booked, the finance officer looks."""

    label: ClassVar[Any] = _("支付通知与账目不符")

    provider: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class StatementReconciled(Event):
    """A provider's daily statement was compared with the books."""

    label: ClassVar[Any] = _("对账")

    subject_kind: ClassVar[str] = "reconciliation"
    subject_field: ClassVar[str] = "reconciliation_id"

    reconciliation_id: int
    provider: str
    day: str
    matched: int
    differences: int


@dataclass(frozen=True, kw_only=True)
class DifferenceSettled(Event):
    """A difference between statement and books was settled, with a note."""

    label: ClassVar[Any] = _("处理对账差异")

    subject_kind: ClassVar[str] = "reconciliation"
    subject_field: ClassVar[str] = "reconciliation_id"

    reconciliation_id: int
    difference_id: int

"""The life of a bill, of an order to pay and of a refund: pure data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """Where a bill stands."""

    DRAFT = "draft", _("待核定")
    ISSUED = "issued", _("待缴款")
    PART_PAID = "part_paid", _("部分已缴")
    PAID = "paid", _("已缴清")
    WAIVED = "waived", _("全部免缴")
    REFUNDED = "refunded", _("已全部退款")
    EXPIRED = "expired", _("逾期未缴")
    CANCELLED = "cancelled", _("已取消")
    SUPERSEDED = "superseded", _("已由新通知书代替")


class Kind(models.TextChoices):
    """What happens to a bill."""

    DRAW_UP = "draw_up", _("生成缴款单")
    ASSESS = "assess", _("核定收费")
    REDUCE = "reduce", _("决定减免")
    ISSUE = "issue", _("发出缴款通知书")
    WAIVE = "waive", _("全部免缴")
    PAY_PART = "pay_part", _("部分缴款")
    PAY = "pay", _("缴清")
    REFUND_PART = "refund_part", _("部分退款")
    REFUND = "refund", _("全部退款")
    EXPIRE = "expire", _("逾期未缴")
    CANCEL = "cancel", _("取消缴款单")
    SUPERSEDE = "supersede", _("由新通知书代替")


ARROWS: dict[tuple[str, str], str] = {
    (State.DRAFT, Kind.ASSESS): State.DRAFT,
    (State.DRAFT, Kind.REDUCE): State.DRAFT,
    (State.DRAFT, Kind.ISSUE): State.ISSUED,
    (State.DRAFT, Kind.WAIVE): State.WAIVED,
    (State.DRAFT, Kind.CANCEL): State.CANCELLED,
    (State.ISSUED, Kind.PAY_PART): State.PART_PAID,
    (State.ISSUED, Kind.PAY): State.PAID,
    (State.ISSUED, Kind.EXPIRE): State.EXPIRED,
    (State.ISSUED, Kind.CANCEL): State.CANCELLED,
    (State.ISSUED, Kind.SUPERSEDE): State.SUPERSEDED,
    (State.PART_PAID, Kind.PAY_PART): State.PART_PAID,
    (State.PART_PAID, Kind.PAY): State.PAID,
    (State.PART_PAID, Kind.REFUND_PART): State.PART_PAID,
    (State.PART_PAID, Kind.REFUND): State.REFUNDED,
    (State.PAID, Kind.REFUND_PART): State.PAID,
    (State.PAID, Kind.REFUND): State.REFUNDED,
    (State.EXPIRED, Kind.CANCEL): State.CANCELLED,
    (State.EXPIRED, Kind.SUPERSEDE): State.SUPERSEDED,
}
"""(state, what happens) → the state after it. What is not here cannot happen."""

OPEN = (State.DRAFT, State.ISSUED, State.PART_PAID)
"""Bills somebody still has to act on; a subject has at most one."""
PAYABLE = (State.ISSUED, State.PART_PAID)
"""Bills that take money. Whatever arrives for another goes back."""
SETTLED = (State.PAID, State.WAIVED)
"""Bills on which nothing is owed any more."""
WITH_REASON = (Kind.CANCEL, Kind.SUPERSEDE, Kind.REDUCE, Kind.REFUND, Kind.REFUND_PART)
"""What is never done without a written reason."""


class OrderState(models.TextChoices):
    """An order: one attempt to pay, at one provider."""

    OPEN = "open", pgettext_lazy("order", "等待支付")
    SETTLED = "settled", pgettext_lazy("order", "已到账")
    CLOSED = "closed", pgettext_lazy("order", "已关闭")


class RefundState(models.TextChoices):
    """A refund: asked for, approved by a second person, sent the way the money came, done.

    `elsewhere`: the way back is closed, and somebody recorded that it was paid by another path; a second person has still to agree.
    """

    REQUESTED = "requested", _("待批准")
    APPROVED = "approved", _("已批准，等待退回")
    ELSEWHERE = "elsewhere", _("已登记另行退回，待核准")
    DONE = "done", _("已退回")
    REFUSED = "refused", _("不予退款")


class RefundCause(models.TextChoices):
    """Why money goes back."""

    TWICE = "twice", _("重复缴款")
    LATE = "late", _("缴款单已失效后到账")
    OVERCHARGED = "overcharged", _("多收")
    NOT_DUE = "not_due", _("依法不应收取")
    WITHDRAWN = "withdrawn", _("申请撤回或者没有办理")
    OTHER = "other", _("其他")

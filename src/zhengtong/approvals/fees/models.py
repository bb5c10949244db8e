"""The rows of a bill. Amounts are `MoneyField`s; what was recomputed on the server stands here, never what a browser sent."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.fees.states import OPEN, PAYABLE, Kind, OrderState, RefundCause, RefundState, State
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.columns import CompactJSONField
from zhengtong.kernel.money import ZERO, MoneyField
from zhengtong.security.accounts.models import Enterprise

USER = settings.AUTH_USER_MODEL


class Bill(models.Model):
    """One payment notice for a case, a bundle or a project (一单式). `subject` is `kind:id`, known to whoever issued it.

    A bill is changed by a new `version` that supersedes it. `row_version` grows with every entry: a page made from an older
    one is refused.
    """

    number = models.CharField(_("缴款码"), max_length=24, unique=True)
    pay_code = models.CharField(max_length=20, unique=True)
    subject = models.CharField(_("对象"), max_length=60, db_index=True)
    title = models.CharField(_("事项"), max_length=200)
    title_en = models.CharField(max_length=300, blank=True)
    version = models.PositiveSmallIntegerField(default=1)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("开单单位")
    )
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.DRAFT)
    row_version = models.PositiveIntegerField(default=0)

    payer_name = models.CharField(_("缴款人"), max_length=120)
    payer_user = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    payer_enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    total = MoneyField(_("应缴"), default=ZERO)
    paid = MoneyField(_("已缴"), default=ZERO)
    refunded = MoneyField(_("已退"), default=ZERO)
    pay_workdays = models.PositiveSmallIntegerField(default=15)
    # What the notice says when a law lets decision or delivery wait for the payment; empty: nothing waits.
    gate_note = models.CharField(max_length=300, blank=True)
    drawn_up_at = models.DateTimeField(_("生成时间"))
    issued_at = models.DateTimeField(_("发出时间"), null=True, blank=True)
    due_on = models.DateField(_("缴款期限"), null=True, blank=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("缴款单")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="bill_by_state"),
            models.Index(fields=["payer_user", "-id"], name="bill_of_person"),
            models.Index(fields=["payer_enterprise", "-id"], name="bill_of_enterprise"),
        ]
        constraints = [
            # 一单式: what a subject owes stands on one paper.
            models.UniqueConstraint(fields=["subject"], condition=Q(state__in=OPEN), name="one_open_bill"),
            models.CheckConstraint(condition=Q(paid__lte=F("total")), name="bill_paid_at_most_total"),
            models.CheckConstraint(condition=Q(refunded__lte=F("paid")), name="bill_refunded_at_most_paid"),
            models.CheckConstraint(condition=Q(total__gte=0) & Q(paid__gte=0) & Q(refunded__gte=0), name="bill_signs"),
            models.CheckConstraint(condition=~Q(state=State.PAID) | Q(paid=F("total")), name="bill_paid_is_all"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def outstanding(self) -> Decimal:
        """What is still owed; nothing on a bill that takes no money any more."""
        return self.total - self.paid if self.state in PAYABLE else ZERO

    @property
    def is_payable(self) -> bool:
        """True while money for it is taken."""
        return self.state in PAYABLE


class BillLine(models.Model):
    """One line of a bill: which department charges what by which law. Settled whole, by one payment.

    `amount` is quantity × rate; `reduction` what was let off; `payable` what is left. `claim`: a reduction the answers claim
    and an official has to decide on.
    """

    NONE, CLAIMED, GRANTED, DECLINED = "", "claimed", "granted", "declined"
    CLAIM_STATES = [(CLAIMED, _("待决定")), (GRANTED, _("已减免")), (DECLINED, _("不予减免"))]

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines")
    no = models.PositiveSmallIntegerField()
    code = models.CharField(_("收费项目编码"), max_length=40, blank=True)
    name = models.CharField(_("收费项目"), max_length=120)
    name_en = models.CharField(max_length=200, blank=True)
    department = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", verbose_name=_("执收单位"))
    basis = models.CharField(_("收费依据"), max_length=200)
    quantity = models.DecimalField(_("数量"), max_digits=14, decimal_places=4, null=True)
    unit = models.CharField(_("单位"), max_length=40, blank=True)
    rate = models.DecimalField(_("标准"), max_digits=14, decimal_places=4, null=True)
    amount = MoneyField(_("金额"), default=ZERO)
    account = models.CharField(_("收入科目"), max_length=40, blank=True)
    source = models.CharField(max_length=60, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    assessed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    claim = models.CharField(max_length=8, choices=CLAIM_STATES, blank=True, default=NONE)
    claim_name = models.CharField(_("减免名称"), max_length=120, blank=True)
    claim_basis = models.CharField(_("减免依据"), max_length=200, blank=True)
    claim_percent = models.PositiveSmallIntegerField(default=100)
    claim_proof = models.CharField(_("证明材料"), max_length=120, blank=True)
    reduction = MoneyField(_("减免"), default=ZERO)
    reduction_reason = models.CharField(_("减免理由"), max_length=300, blank=True)
    reduction_proof = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("减免证明")
    )
    reduction_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reduction_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("缴款单明细")
        ordering = ["no"]
        indexes = [models.Index(fields=["source"], name="bill_line_source")]
        constraints = [
            models.UniqueConstraint(fields=["bill", "no"], name="bill_line_no"),
            # S-09 擅自收费: no line without a law, none below zero, none let off beyond its amount.
            models.CheckConstraint(condition=~Q(basis=""), name="bill_line_has_basis"),
            models.CheckConstraint(
                condition=Q(reduction__gte=0) & Q(reduction__lte=F("amount")), name="bill_line_reduction"
            ),
            models.CheckConstraint(
                condition=Q(reduction=0) | ~Q(reduction_reason=""), name="bill_line_reduction_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill_id}/{self.no} {self.name}"

    @property
    def payable(self) -> Decimal:
        """What is to be paid of it."""
        return self.amount - self.reduction

    @property
    def assessed(self) -> bool:
        """True when quantity and rate are known."""
        return self.quantity is not None and self.rate is not None


class BillEntry(models.Model):
    """One thing that happened to a bill, never changed: what, from which state to which, by whom, when, why."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="log", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(_("事件"), max_length=12, choices=Kind.choices)
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    actor = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("缴款单记录")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["bill", "seq"], name="bill_entry_seq")]

    def __str__(self) -> str:
        return f"{self.bill_id}#{self.seq} {self.kind}"


class Order(models.Model):
    """One attempt to pay some lines of a bill at one provider. `number` is the key by which the provider does it once."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(_("支付订单号"), max_length=40, unique=True)
    provider = models.CharField(_("支付渠道"), max_length=30)
    amount = MoneyField(_("金额"))
    state = models.CharField(max_length=8, choices=OrderState.choices, default=OrderState.OPEN)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    asked = models.PositiveSmallIntegerField(default=0)
    begun_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lines = models.ManyToManyField(BillLine, related_name="orders")

    class Meta:
        verbose_name = _("支付订单")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_amount"),
            # A double click on 去缴款 finds the order of the first.
            models.UniqueConstraint(
                fields=["bill", "provider"], condition=Q(state=OrderState.OPEN), name="one_open_order_a_provider"
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_at"], name="order_to_ask")]

    def __str__(self) -> str:
        return self.number


class Payment(models.Model):
    """Money that arrived, once: `transaction` is the number of whoever took it. `excess` could be put to no line and goes back."""

    CASH, POS = "cash", "pos"
    BY_HAND = [(CASH, _("现金")), (POS, _("刷卡（POS）"))]

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    channel = models.CharField(_("渠道"), max_length=30)
    transaction = models.CharField(_("流水号"), max_length=80)
    amount = MoneyField(_("金额"))
    excess = MoneyField(_("待退"), default=ZERO)
    # Promised to go back, refused refunds not counted: never more than came.
    going_back = MoneyField(default=ZERO)
    paid_at = models.DateTimeField(_("缴款时间"))
    recorded_at = models.DateTimeField(_("记账时间"))
    recorded_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("缴款")
        ordering = ["id"]
        indexes = [models.Index(fields=["channel", "paid_at"], name="payment_of_day")]
        constraints = [
            models.UniqueConstraint(fields=["channel", "transaction"], name="payment_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(excess__gte=0) & Q(excess__lte=F("amount")), name="payment_amounts"
            ),
            models.CheckConstraint(
                condition=Q(going_back__gte=0) & Q(going_back__lte=F("amount")), name="payment_goes_back_at_most_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.transaction}"


class Share(models.Model):
    """What of a payment settled which line. A line is settled once: the database holds it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="shares")
    line = models.OneToOneField(BillLine, on_delete=models.PROTECT, related_name="share")
    amount = MoneyField()
    going_back = MoneyField(default=ZERO)

    class Meta:
        verbose_name = _("缴款分账")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="share_amount"),
            models.CheckConstraint(
                condition=Q(going_back__gte=0) & Q(going_back__lte=F("amount")), name="share_goes_back_at_most_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.amount}"


class Refund(models.Model):
    """Money on its way back, the way it came. `share` empty: of what could be put to no line (twice, late).

    Asked for by one person (or the system), approved by another; the database holds that too. When the provider was switched off
    (`stranded_at`), it may be recorded by one person and agreed by another that the money went back by another path (`elsewhere_…`).
    """

    number = models.CharField(_("退款单号"), max_length=40, unique=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    share = models.ForeignKey(Share, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds")
    amount = MoneyField(_("金额"))
    cause = models.CharField(_("原因"), max_length=12, choices=RefundCause.choices)
    reason = models.CharField(_("理由"), max_length=300)
    state = models.CharField(_("状态"), max_length=10, choices=RefundState.choices, default=RefundState.REQUESTED)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_reason = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    proof = models.CharField(_("退款凭证号"), max_length=80, blank=True)
    # Held while a provider is asked, so that nobody records another path meanwhile.
    sending_at = models.DateTimeField(null=True, blank=True)
    stranded_at = models.DateTimeField(null=True, blank=True)
    elsewhere_number = models.CharField(_("另行退回的凭证号"), max_length=80, blank=True, default="")
    elsewhere_on = models.DateField(_("另行退回的日期"), null=True, blank=True)
    elsewhere_how = models.CharField(_("另行退回的方式"), max_length=300, blank=True, default="")
    elsewhere_proof = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    elsewhere_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    elsewhere_at = models.DateTimeField(null=True, blank=True)
    elsewhere_agreed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    elsewhere_agreed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("退款")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="refund_by_state")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount"),
            models.CheckConstraint(condition=~Q(reason=""), name="refund_has_reason"),
            models.CheckConstraint(
                condition=Q(requested_by__isnull=True) | ~Q(requested_by=F("decided_by")), name="refund_two_people"
            ),
            models.CheckConstraint(
                condition=Q(elsewhere_agreed_by__isnull=True) | ~Q(elsewhere_by=F("elsewhere_agreed_by")),
                name="refund_elsewhere_two_people",
            ),
            # One transfer is the proof of one refund.
            models.UniqueConstraint(
                fields=["elsewhere_number"], condition=~Q(elsewhere_number=""), name="refund_elsewhere_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Message(models.Model):
    """A genuine message of a provider and what became of it; the same one twice is known by its digest."""

    VERDICTS = [
        ("booked", _("已入账")),
        ("repeated", _("重复通知")),
        ("amount", _("金额不符")),
        ("unknown", _("没有这个订单")),
    ]

    provider = models.CharField(max_length=30)
    digest = models.CharField(max_length=64)
    order = models.CharField(max_length=40)
    transaction = models.CharField(max_length=80)
    amount = MoneyField()
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    first_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("支付通知")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["provider", "digest"], name="message_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.order}"


class BillPaper(models.Model):
    """A numbered paper of a bill: the payment notice, or the receipt of a payment. Its content is frozen at issue."""

    NOTICE, RECEIPT = "payment_notice", "fee_receipt"
    KINDS = [(NOTICE, _("缴款通知书")), (RECEIPT, _("电子缴款凭证"))]

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="papers")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="receipt")
    kind = models.CharField(max_length=16, choices=KINDS)
    number = models.CharField(_("文号"), max_length=60, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    data = CompactJSONField()
    verify_code = models.CharField(max_length=16, unique=True)
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("缴款文书")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.number


class Reconciliation(models.Model):
    """A provider's statement of one day, compared with the books; the file is kept as it came."""

    provider = models.CharField(_("支付渠道"), max_length=30)
    day = models.DateField(_("日期"))
    round = models.PositiveSmallIntegerField(default=1)
    file = models.ForeignKey(Attachment, on_delete=models.PROTECT, null=True, related_name="+")
    matched = models.PositiveIntegerField(default=0)
    received = MoneyField(_("收款"), default=ZERO)
    returned = MoneyField(_("退款"), default=ZERO)
    done_at = models.DateTimeField(_("对账时间"))
    done_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("对账")
        ordering = ["-day", "-round"]
        constraints = [models.UniqueConstraint(fields=["provider", "day", "round"], name="reconciled_round")]

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"


class Discrepancy(models.Model):
    """One thing on which statement and books disagree; settled by a person, with a note."""

    HERE, THERE, AMOUNT = "missing_here", "missing_there", "amount"
    KINDS = [(HERE, _("渠道有、账上没有")), (THERE, _("账上有、渠道没有")), (AMOUNT, _("金额不同"))]
    ENTRIES = [("pay", _("收款")), ("refund", _("退款"))]

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.PROTECT, related_name="discrepancies")
    kind = models.CharField(max_length=14, choices=KINDS)
    entry = models.CharField(max_length=8, choices=ENTRIES)
    order = models.CharField(max_length=40)
    transaction = models.CharField(max_length=80, blank=True)
    ours = MoneyField(null=True)
    theirs = MoneyField(null=True)
    at = models.DateTimeField(null=True)
    note = models.CharField(_("处理说明"), max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("对账差异")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.order}"


class Serial(models.Model):
    """The last number given in a series; numbers are never used twice, gaps stay."""

    series = models.CharField(max_length=80, unique=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("编号序列")

    def __str__(self) -> str:
        return f"{self.series}:{self.last}"


class Charge(models.Model):
    """The books of the local provider: what was paid or given back there. Stands for the provider's own machine; fees reads it
    only through the provider.
    """

    OPEN, PAID, GIVEN_UP = "open", "paid", "given_up"
    STATES = [(OPEN, _("等待支付")), (PAID, _("已支付")), (GIVEN_UP, _("已放弃"))]

    token = models.CharField(max_length=32, unique=True)
    order = models.CharField(max_length=40, unique=True)
    amount = MoneyField()
    title = models.CharField(max_length=200)
    return_path = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=STATES, default=OPEN)
    transaction = models.CharField(max_length=80, blank=True)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    # When the county was told, or the next attempt is due.
    told_at = models.DateTimeField(null=True, blank=True)
    tell_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("演示渠道收款")
        indexes = [models.Index(fields=["tell_at"], name="charge_to_tell", condition=Q(tell_at__isnull=False))]

    def __str__(self) -> str:
        return self.order


class ChargeBack(models.Model):
    """What the local provider gave back."""

    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="backs")
    refund = models.CharField(max_length=40, unique=True)
    transaction = models.CharField(max_length=80)
    amount = MoneyField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("演示渠道退款")

    def __str__(self) -> str:
        return self.refund

"""What is typed on the pages of fees; the rules are those of the operations."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.fees import providers
from zhengtong.approvals.fees.models import BillLine, Payment
from zhengtong.approvals.fees.operations.papers import plain
from zhengtong.approvals.fees.states import RefundCause
from zhengtong.kernel.forms import OperationForm
from zhengtong.kernel.money import shown

QUANTITY: dict[str, Any] = {"max_digits": 14, "decimal_places": 4, "min_value": 0}
WHOLE: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


def _reason(label: Any, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=300,
        required=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=hint,
        error_messages={"required": _("请写明理由。")},
    )


class SeenForm(OperationForm):
    """Carries the row version the page was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": _("页面不完整，请刷新后再试。")})


class AssessForm(SeenForm):
    """核定一项收费."""

    quantity = forms.DecimalField(
        label=_("数量"),
        help_text=_("不应收的填0，并写明原因。"),
        error_messages={"required": _("请填写数量。")},
        **QUANTITY,
    )
    rate = forms.DecimalField(label=_("标准（元）"), error_messages={"required": _("请填写收费标准。")}, **QUANTITY)
    note = forms.CharField(
        label=_("说明"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("数量和标准从哪里来，例如现场丈量记录、省定标准文号。"),
    )


class ByHandForm(OperationForm):
    """开缴款单: who pays, why, and how many units of what the catalogue charges."""

    once = forms.CharField(max_length=20, widget=forms.HiddenInput)
    number = forms.CharField(
        label=_("缴款人的身份证号或统一社会信用代码"),
        max_length=18,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("查找会记入日志；缴款人登录后能看到这张单。"),
    )
    name = forms.CharField(
        label=_("没有账号的，填姓名或名称"), max_length=120, required=False, help_text=_("凭缴款码或二维码缴款。")
    )
    reason = _reason(_("开单的原因"), _("例如依据的申请或者文件，会写在缴款通知书上。"))

    def __init__(self, *args: Any, items: list[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.items = items
        for place, item in enumerate(items):
            if item.amount is None:
                hint = _("目录里没有录入标准，开单后由部门核定（{unit}）").format(unit=item.unit)
            else:
                hint = _("标准：{rate} {unit}").format(rate=shown(item.amount), unit=item.unit)
            self.fields[f"quantity-{place}"] = forms.DecimalField(
                label=_("{name}：数量").format(name=item.label), required=False, help_text=hint, **QUANTITY
            )
        self.order_fields([*(f for f in self.fields if f.startswith("quantity-")), "number", "name", "reason", "once"])

    def quantities(self) -> dict[str, Any]:
        """Units by the name of the item; what was left empty is not charged."""
        given = self.cleaned_data
        return {item.name: given[f"quantity-{place}"] or 0 for place, item in enumerate(self.items)}


class ReduceForm(SeenForm):
    """减免: granted or declined."""

    decision = forms.ChoiceField(
        label=_("决定"),
        choices=[("grant", _("同意减免")), ("decline", _("不予减免"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择是否同意。")},
    )
    amount = forms.DecimalField(label=_("减免金额（元）"), required=False, **WHOLE)
    basis = forms.CharField(label=_("减免依据"), max_length=200, required=False)
    reason = _reason(_("理由"), _("写明核对了什么、为什么这样决定；会记入缴款单。"))
    proof = forms.FileField(label=_("证明材料"), required=False, help_text=_("同意减免的必须上传。"))

    def __init__(self, *args: Any, line: BillLine, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["amount"].help_text = _("最多{amount}元。").format(amount=shown(line.amount))
        if not line.claim:
            # Nobody claimed it: there is nothing to decline.
            self.fields["decision"].choices = [("grant", _("同意减免"))]  # type: ignore[attr-defined]
            self.fields["decision"].initial = "grant"


class ReasonForm(SeenForm):
    """Why."""

    reason = _reason(_("理由"))


class CorrectForm(SeenForm):
    """更正: quantity and rate of every line, for a new version of the notice."""

    reason = _reason(_("更正的理由"), _("会写在新的缴款通知书上。"))

    def __init__(self, *args: Any, lines: list[BillLine], **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = lines
        for line in lines:
            quantity = forms.DecimalField(label=_("{name}：数量").format(name=line.name), **QUANTITY)
            rate = forms.DecimalField(label=_("{name}：标准（元）").format(name=line.name), **QUANTITY)
            quantity.initial, rate.initial = plain(line.quantity), plain(line.rate)
            self.fields[f"quantity-{line.no}"], self.fields[f"rate-{line.no}"] = quantity, rate
        self.order_fields([*(f for f in self.fields if f not in ("reason", "seen")), "reason", "seen"])


class CollectForm(SeenForm):
    """窗口收款."""

    channel = forms.ChoiceField(
        label=_("怎样收的"),
        choices=Payment.BY_HAND,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择现金或者刷卡。")},
    )
    receipt = forms.CharField(
        label=_("票据号或者POS凭证号"), max_length=80, error_messages={"required": _("请填写票据号或者POS凭证号。")}
    )


class RefundForm(SeenForm):
    """申请退款."""

    amount = forms.DecimalField(label=_("退款金额（元）"), error_messages={"required": _("请填写退款金额。")}, **WHOLE)
    cause = forms.ChoiceField(
        label=_("原因"),
        choices=[(c.value, c.label) for c in RefundCause if c not in (RefundCause.TWICE, RefundCause.LATE)],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择退款原因。")},
    )
    reason = _reason(_("理由"))


class DecideRefundForm(OperationForm):
    """批准退款，或者不予退款."""

    decision = forms.ChoiceField(
        label=_("决定"),
        choices=[("approve", _("批准，原路退回")), ("refuse", _("不予退款"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择。")},
    )
    reason = forms.CharField(
        label=_("意见"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("不予退款的必须写明理由。"),
    )

    def __init__(self, *args: Any, must_go_back: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if must_go_back:
            # What came twice or late is not the county's to keep.
            self.fields["decision"].choices = [("approve", _("批准，原路退回"))]  # type: ignore[attr-defined]
            self.fields["decision"].initial = "approve"
            self.fields["reason"].help_text = ""


class ProofForm(OperationForm):
    """Handed back at the window."""

    proof = forms.CharField(label=_("退款凭证号"), max_length=80, error_messages={"required": _("请填写退款凭证号。")})


class ElsewhereForm(OperationForm):
    """登记另行退回: the way back is closed, and the money went by another path."""

    number = forms.CharField(
        label=_("凭证号"),
        max_length=80,
        help_text=_("银行转账的流水号，或者付款凭证的编号。一个凭证号只能登记一笔退款。"),
        error_messages={"required": _("请填写转账或者付款的凭证号。")},
    )
    day = forms.DateField(
        label=_("退回的日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("请选择日期。")},
    )
    how = _reason(_("怎样退的"), _("例如：财政专户转账到缴款人的银行账户。"))
    proof = forms.FileField(
        label=_("凭证"),
        help_text=_("银行回单，或者收款人的签收凭证。"),
        error_messages={"required": _("请上传银行回单或者收款人的签收凭证。")},
    )
    checked = forms.BooleanField(
        label=_("已向原支付渠道查实，这笔款没有从原渠道退出"),
        error_messages={"required": _("请先向原支付渠道查实没有退出，再勾选。")},
    )


class AgreeForm(OperationForm):
    """核准另行退回，或者退回登记."""

    decision = forms.ChoiceField(
        label=_("决定"),
        choices=[("agree", _("核准，已经退给缴款人")), ("return", _("退回登记，款项没有退到"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择。")},
    )
    reason = forms.CharField(
        label=_("意见"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("退回登记的必须写明理由。"),
    )


class StatementForm(OperationForm):
    """对账: of which day, and the file where it does not come by itself."""

    provider = forms.ChoiceField(label=_("支付渠道"), choices=[])
    day = forms.DateField(
        label=_("日期"), widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": _("请选择日期。")}
    )
    file = forms.FileField(label=_("对账文件（CSV）"), required=False, help_text=_("留空则直接向支付渠道取。"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(key, one.label) for key, one in providers.active().items()]
        self.fields["provider"].choices = known  # type: ignore[attr-defined]


class DifferenceForm(OperationForm):
    """处理一条差异."""

    note = forms.CharField(
        label=_("怎样处理的"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明怎样处理。")},
    )
    book_it = forms.BooleanField(label=_("按对账文件补记这笔收款"), required=False)

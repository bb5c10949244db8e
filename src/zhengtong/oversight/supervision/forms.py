"""Forms of supervision: one for each action on a card or an order, and for the rules."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.oversight.supervision.models import BackTest, Card, CorrectionOrder, Rule
from zhengtong.oversight.supervision.operations import appeals, cards, orders
from zhengtong.oversight.supervision.rulebook import profiles
from zhengtong.oversight.supervision.states import Level, Mode, Recipient


class Seen(forms.Form):
    """Knows the version of the row its page was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def refuse(self, refusal: ZhengtongError) -> None:
        """Show a refusal at the field it names, else above the form."""
        named = {name: words for name, words in refusal.fields.items() if name in self.fields}
        for name, words in named.items():
            self.add_error(name, str(words))
        if not named:
            self.add_error(None, refusal.message)


def _text(label: Any, *, required: bool = True, hint: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), help_text=hint
    )


class Plain(Seen):
    """Nothing to fill in."""


class Say(Seen):
    """One text."""

    text = _text(_("内容"))


class MaySay(Seen):
    """One text that may be left empty."""

    text = _text(_("备注"), required=False)


class AppealForm(Seen):
    """Why the card is wrong, and what proves it."""

    text = _text(_("申诉的事实和理由"))
    evidence = forms.FileField(label=_("证明材料"), required=False)


class DecideAppeal(Seen):
    """What becomes of an appeal."""

    result = forms.ChoiceField(
        label=_("处理结果"),
        choices=[
            ("revoke", _("申诉成立，撤销监察卡")),
            ("send_back", _("申诉不成立，维持")),
            ("report_up", _("上报裁决")),
        ],
        widget=forms.RadioSelect,
    )
    text = _text(_("处理理由"))


class OrderForm(Seen):
    """What has to be put right until when."""

    title = forms.CharField(label=_("督办事项"), max_length=120)
    demand = _text(_("整改要求"))
    workdays = forms.IntegerField(label=_("期限（工作日）"), min_value=1, max_value=60, initial=5)


class NewOrderForm(OrderForm):
    """The same, of any body."""

    organization = forms.ModelChoiceField(
        label=_("督办单位"), queryset=Organization.objects.none(), empty_label=_("请选择单位")
    )
    once = forms.CharField(max_length=32, widget=forms.HiddenInput)
    field_order = ("organization", "title", "demand", "workdays")

    def __init__(self, *args: Any, bodies: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = bodies  # type: ignore[attr-defined]


class ManualCardForm(Seen):
    """A card of the supervisor's own."""

    organization = forms.ModelChoiceField(
        label=_("单位"), queryset=Organization.objects.none(), empty_label=_("请选择单位")
    )
    level = forms.TypedChoiceField(label=_("级别"), coerce=int, choices=Level.choices, widget=forms.RadioSelect)
    number = forms.CharField(label=_("办件编号（没有可不填）"), max_length=40, required=False)
    heading = forms.CharField(label=_("事由"), max_length=120)
    reason = _text(_("事实和理由"), hint=_("会原样告知收卡单位，并作为证据保存。"))

    def __init__(self, *args: Any, bodies: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = bodies  # type: ignore[attr-defined]


Perform = Callable[[Card, Any, Any, datetime], Any]


class CardAct:
    """One action on a card: its form, the words around it, and the operation it calls."""

    def __init__(
        self, form: type[Seen], perform: Perform, done: Any, *, note: Any = "", label: Any = "", danger: bool = False
    ) -> None:
        self.form, self.perform, self.done = form, perform, done
        self.note, self.label, self.danger = note, label, danger


def _common(card: Card, form: Any, user: Any, at: datetime) -> dict[str, Any]:
    return {"card_id": card.pk, "by": user, "at": at, "seen": form.cleaned_data.get("seen")}


def _with(operation: Callable[..., Any], name: str = "") -> Perform:
    def run(card: Card, form: Any, user: Any, at: datetime) -> Any:
        more = {name: form.cleaned_data["text"]} if name else {}
        return operation(**_common(card, form, user, at), **more)

    return run


def _appeal(card: Card, form: Any, user: Any, at: datetime) -> Any:
    uploads = [form.cleaned_data["evidence"]] if form.cleaned_data.get("evidence") else []
    return appeals.appeal(**_common(card, form, user, at), text=form.cleaned_data["text"], uploads=uploads)


def _decide(card: Card, form: Any, user: Any, at: datetime) -> Any:
    data = form.cleaned_data
    return appeals.decide_appeal(**_common(card, form, user, at), result=data["result"], text=data["text"])


def _order(card: Card, form: Any, user: Any, at: datetime) -> Any:
    data = form.cleaned_data
    return orders.issue_order(
        organization=card.organization,
        title=data["title"],
        demand=data["demand"],
        workdays=data["workdays"],
        by=user,
        at=at,
        card_id=card.pk,
    )


CARD_ACTS: dict[str, CardAct] = {
    "confirm": CardAct(
        MaySay,
        _with(cards.confirm, "text"),
        _("监察卡已发出。"),
        note=_("发出后，收卡单位可以在期限内说明、整改或申诉。"),
    ),
    "cancel": CardAct(
        Say, _with(cards.cancel, "reason"), _("已决定不发出，原因留在记录中。"), label=_("不予发出的原因")
    ),
    "acknowledge": CardAct(Plain, _with(cards.acknowledge), _("已签收。"), note=_("签收表示已经看到，不表示认可。")),
    "explain": CardAct(Say, _with(cards.explain, "text"), _("说明已提交，等监察员核实。"), label=_("情况说明")),
    "correct": CardAct(
        Say, _with(cards.correct, "text"), _("整改情况已提交，等监察员核实。"), label=_("整改措施和结果")
    ),
    "appeal": CardAct(
        AppealForm,
        _appeal,
        _("申诉已提交，等监察员处理。"),
        note=_("每张监察卡可以申诉一次。申诉期间，监察卡继续有效，反馈期限照常计算。"),
    ),
    "decide_appeal": CardAct(DecideAppeal, _decide, _("申诉已处理。")),
    "send_back": CardAct(Say, _with(cards.send_back, "reason"), _("已退回，单位须重新答复。"), label=_("退回的原因")),
    "verify": CardAct(
        Say,
        _with(cards.verify, "text"),
        _("已核实。"),
        label=_("核实的方式和结论"),
        note=_("核实后三十日内，同一单位同一事项再次触发本规则的，级别上调一级。"),
    ),
    "close": CardAct(MaySay, _with(cards.close, "text"), _("监察卡已办结。")),
    "uphold": CardAct(Say, _with(cards.uphold, "reason"), _("复核完毕，红牌维持。"), label=_("维持的理由")),
    "order": CardAct(OrderForm, _order, _("督办已发出。"), note=_("督办有自己的期限，逾期由系统发红牌。")),
    "revoke": CardAct(
        Say,
        _with(cards.revoke, "reason"),
        _("监察卡已撤销。"),
        label=_("撤销的理由"),
        note=_("撤销后不再计入考核，记录永久保留。"),
        danger=True,
    ),
}


class OrderSay(Seen):
    """Answer, return or accept an order."""

    text = _text(_("内容"))


def _on_order(operation: Callable[..., Any]) -> Callable[[CorrectionOrder, Any, Any, datetime], Any]:
    def run(order: CorrectionOrder, form: Any, user: Any, at: datetime) -> Any:
        return operation(
            order_id=order.pk, text=form.cleaned_data["text"], by=user, at=at, seen=form.cleaned_data.get("seen")
        )

    return run


ORDER_ACTS: dict[str, tuple[Any, Any, Any]] = {
    "answer": (_("报告落实情况"), _on_order(orders.answer_order), _("已提交，等监察员验收。")),
    "accept": (_("验收"), _on_order(orders.accept_order), _("督办已验收。")),
    "return": (_("不予验收"), _on_order(orders.return_order), _("已退回，单位须继续落实。")),
}


class BeginDraft(forms.Form):
    """From what a new draft of the rules begins."""

    profile = forms.ChoiceField(label=_("从哪里开始"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, in_force: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        from zhengtong.oversight.supervision.models import chosen

        ready = [(one["key"], chosen(one["name"])) for one in profiles()]
        self.fields["profile"].choices = [("", _("施行中的规则")), *ready] if in_force else ready  # type: ignore[attr-defined]
        self.fields["profile"].required = not in_force


class SettingsForm(forms.Form):
    """The document the rules rest on, and the windows."""

    document = forms.CharField(label=_("依据文件（名称、文号、日期）"), max_length=200, required=False)
    note = forms.CharField(label=_("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    feedback_workdays = forms.IntegerField(label=_("反馈期限（工作日）"), min_value=1, max_value=60)
    appeal_workdays = forms.IntegerField(label=_("申诉期限（工作日）"), min_value=1, max_value=60)
    repeat_days = forms.IntegerField(label=_("重复触发的期间（日）"), min_value=1, max_value=60)


class RuleForm(forms.ModelForm):
    """One rule of a draft."""

    level = forms.TypedChoiceField(label=_("级别"), coerce=int, choices=Level.choices)
    automatic = forms.TypedChoiceField(
        label=_("怎样发出"),
        coerce=lambda value: value == "True",
        choices=[("True", _("自动发出")), ("False", _("人工确认后发出"))],
    )
    recipients = forms.MultipleChoiceField(
        label=_("另外抄送"),
        choices=[
            (Recipient.SUPERVISOR, Recipient.SUPERVISOR.label),
            (Recipient.COUNTY_HEAD, Recipient.COUNTY_HEAD.label),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = Rule
        fields = ("enabled", "mode", "value", "level", "automatic", "recipients")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fact = self.instance.mode == Mode.FACT
        self.fields["mode"].choices = [  # type: ignore[attr-defined]
            (mode.value, mode.label) for mode in Mode if (mode == Mode.FACT) == fact
        ]


class BackTestForm(forms.ModelForm):
    """Which past period is replayed."""

    class Meta:
        model = BackTest
        fields = ("first", "last")
        widgets = {"first": forms.DateInput(attrs={"type": "date"}), "last": forms.DateInput(attrs={"type": "date"})}

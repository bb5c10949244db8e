"""The forms: five answers and what was good or bad; the acts on a work order; the review; the rule."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhengtong.approvals.ratings.models import Dispute, Publication, Rating, Rule, WorkOrder
from zhengtong.approvals.ratings.values import BAD_TAGS, GOOD_TAGS, tags
from zhengtong.kernel.forms import OperationForm

REMEMBERED = "ratings.given"


def remember(session: MutableMapping[str, Any], rating: Rating) -> None:
    """For the page that says thanks: which rating this browser has just given."""
    session[REMEMBERED] = rating.pk


class StarsForm(OperationForm):
    """Five answers; posted as stars, 5 for 非常满意."""

    stars = forms.TypedChoiceField(
        label=_("您对这次办事满意吗？"),
        choices=[(n, str(n)) for n in (5, 4, 3, 2, 1)],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择一个满意程度。"), "invalid_choice": _("请选择一个满意程度。")},
    )
    comment = forms.CharField(
        label=_("还想说点什么？"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("可以不写。内容隐去个人信息、经审核后会公开，请不要写电话和身份证号。"),
    )

    def given(self) -> dict[str, Any]:
        """What the operation takes. GB/T 39046: code 1 is 非常满意; people give stars, five for the best."""
        return {"code": 6 - self.cleaned_data["stars"], "comment": self.cleaned_data["comment"]}


class FollowUpForm(StarsForm):
    """The one follow-up rating."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comment"].help_text = _("可以不写。这段话只给办理部门和县政务办看，不公开。")


class RatingForm(StarsForm):
    """The whole rating: level, what was good, what was bad, words; a telephone where nobody else knows one."""

    field_order = ("stars", "good", "bad", "comment", "phone")
    good = forms.MultipleChoiceField(label=_("哪里好？"), required=False, widget=forms.CheckboxSelectMultiple)
    bad = forms.MultipleChoiceField(label=_("哪里不好？"), required=False, widget=forms.CheckboxSelectMultiple)
    phone = forms.CharField(
        label=_("联系电话"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("可以不填。不满意的，填了电话部门才能联系您；电话加密保存，不公开。"),
    )

    def __init__(self, *args: Any, reachable: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for about in (GOOD_TAGS, BAD_TAGS):
            field = self.fields[about]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [(tag.key, tag.label) for tag in tags().values() if tag.about == about]
        if reachable:
            del self.fields["phone"]

    def given(self) -> dict[str, Any]:
        """What the operation takes."""
        found = self.cleaned_data
        return {
            **super().given(),
            "tags": [*found["good"], *found["bad"]],
            "phone": found.get("phone", ""),
        }


class ObjectionForm(OperationForm):
    """Why the rating stands."""

    objection = forms.CharField(
        label=_("您的意见"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("说说当时的情况。县政务办听取您的意见后作出认定。"),
    )


class VisitForm(OperationForm):
    """Which counter."""

    counter = forms.IntegerField(
        label=_("窗口号"), min_value=1, max_value=99, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )


class ActForm(OperationForm):
    """An act on a rating; `seen` is the row version its page was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


class AssignForm(ActForm):
    """To whom."""

    assignee_id = forms.TypedChoiceField(
        label=_("交给谁办理"), coerce=int, error_messages={"required": _("请选择办理人。")}
    )

    def __init__(self, *args: Any, people: Sequence[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("请选择")), *((user.pk, user.display_name) for user in people)]


class ContactForm(ActForm):
    """When, how, what was said."""

    reached = forms.TypedChoiceField(
        label=_("联系上了吗？"),
        choices=[("1", _("联系上了")), ("0", _("没联系上"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择是否联系上。")},
    )
    how = forms.ChoiceField(label=_("联系方式"), choices=WorkOrder.HOW, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("联系记录"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("何时、和谁、说了什么；没联系上的写明原因。"),
    )


class ReplyForm(ActForm):
    """Cause, measure, answer."""

    cause = forms.CharField(label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    measure = forms.CharField(label=_("整改措施"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    reply = forms.CharField(
        label=_("给评价人的答复"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("评价人会收到；经审核后和评价一起公开。不要写个人信息。"),
    )


class DisputeForm(ActForm):
    """Mistaken or malicious, why, and what proves it."""

    kind = forms.ChoiceField(label=_("申请认定为"), choices=Dispute.KINDS, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    evidence = forms.CharField(
        label=_("证据"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("写明是什么证据、存放在哪里，例如录音编号、监控时段、办件记录。"),
    )


class RulingForm(ActForm):
    """What another body decides."""

    upheld = forms.TypedChoiceField(
        label=_("认定"),
        choices=[("0", _("申请不成立，评价照常统计")), ("1", _("申请成立，评价保留、标明、另外统计"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择认定结果。")},
    )
    reason = forms.CharField(label=_("认定理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class CloseForm(ActForm):
    """What the county office found when it looked again."""

    note = forms.CharField(label=_("复核意见"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class TextForm(OperationForm):
    """Release a text with some words hidden, or withhold it for a reason."""

    what = forms.ChoiceField(
        label=_("怎样处理"),
        choices=[("release", _("公开")), ("withhold", _("不公开"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择公开或不公开。")},
    )
    hide = forms.CharField(
        label=_("还要隐去的词"),
        required=False,
        max_length=300,
        help_text=_("姓名、住址等，用空格分开。电话、证件号码和邮箱系统已自动隐去。"),
    )
    reason = forms.ChoiceField(
        label=_("不公开的理由"), required=False, choices=[("", _("请选择")), *Publication.REASONS]
    )


class RuleForm(OperationForm):
    """A new version of the rule."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in RULE_FIELDS:
            column: Any = Rule._meta.get_field(name)
            if name.endswith("_unit"):
                self.fields[name] = forms.ChoiceField(label=UNIT_LABELS[name], choices=column.choices)
            elif name == "source":
                widget = forms.Textarea(attrs={"rows": 3})
                self.fields[name] = forms.CharField(label=column.verbose_name, max_length=300, widget=widget)
            else:
                number = forms.TextInput(attrs={"inputmode": "numeric"})
                self.fields[name] = forms.IntegerField(label=column.verbose_name, widget=number)


RULE_FIELDS = (
    "contact_days",
    "contact_unit",
    "correct_days",
    "correct_unit",
    "follow_up_workdays",
    "object_workdays",
    "link_days",
    "visit_hours",
    "visits_a_day",
    "source",
)
UNIT_LABELS = {"contact_unit": _("联系评价人：按什么天数"), "correct_unit": _("整改并答复：按什么天数")}

"""The acts of officials on a work order: the form of each, the operation it calls, and why it cannot be taken now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.ratings import forms, queries, rules
from zhengtong.approvals.ratings.models import Rating, WorkOrder
from zhengtong.approvals.ratings.operations import disputes, orders
from zhengtong.approvals.ratings.states import OPEN, Act, Ruling, State
from zhengtong.kernel.errors import NotFound, ZhengtongError
from zhengtong.security.pmi import public as pmi


@dataclass(frozen=True)
class Doing:
    """One act: its words, its form, its operation."""

    label: Any
    form: type[forms.ActForm]
    operation: Callable[..., Any]
    done: Any
    note: Any = ""
    danger: bool = False


DOINGS: dict[str, Doing] = {
    "assign": Doing(gettext_lazy("分办"), forms.AssignForm, orders.assign, gettext_lazy("已分办。")),
    "contact": Doing(
        gettext_lazy("记录联系情况"),
        forms.ContactForm,
        orders.contact,
        gettext_lazy("联系情况已记录。"),
        gettext_lazy("没联系上的也要记录，但计时不停。"),
    ),
    "reply": Doing(
        gettext_lazy("整改并答复"),
        forms.ReplyForm,
        orders.reply,
        gettext_lazy("已答复，评价人会收到消息并可再评价一次。"),
    ),
    "dispute": Doing(
        gettext_lazy("申请认定评价不成立"),
        forms.DisputeForm,
        disputes.apply,
        gettext_lazy("已提出申请，由县政务办认定。"),
        gettext_lazy("评价人会收到通知，可以提出异议。认定以前，联系和整改的期限照常计算。"),
        danger=True,
    ),
    "rule": Doing(
        gettext_lazy("作出认定"),
        forms.RulingForm,
        disputes.rule,
        gettext_lazy("认定已作出，评价人已收到通知。"),
        gettext_lazy("评价不论成立与否都保留在案。"),
    ),
    "close": Doing(gettext_lazy("复核后办结"), forms.CloseForm, orders.close, gettext_lazy("已办结。")),
}


NEXT = {
    State.OPENED: "assign",
    State.ASSIGNED: "contact",
    State.CONTACTED: "reply",
    State.REPLIED: "close",
}
"""What usually comes next: the one primary button of the page."""


def get(key: str) -> Doing:
    """Raises `NotFound`."""
    if key not in DOINGS:
        raise NotFound(_("没有这个操作。请返回整改单。"))
    return DOINGS[key]


def form_for(key: str, rating: Rating, data: Any, *, on: date) -> forms.ActForm:
    """The form of an act, made from the row version that is shown."""
    more: dict[str, Any] = {"people": queries.handlers_of(rating.department, on=on)} if key == "assign" else {}
    return get(key).form(data, initial={"seen": rating.row_version}, **more)


def perform(key: str, rating: Rating, form: forms.ActForm, *, by: Any, at: datetime) -> None:
    """Call the operation with what was typed."""
    get(key).operation(rating_id=rating.pk, by=by, at=at, **form.cleaned_data)


def why_not(key: str, rating: Rating, order: WorkOrder, user: Any, *, on: date) -> str:
    """Why this person cannot take this act now; empty when they can (the operation has the last word)."""
    try:
        _checks(key, rating, order, user, on)
    except ZhengtongError as refusal:
        return refusal.message
    return ""


def offered(rating: Rating, order: WorkOrder, user: Any, *, on: date) -> list[dict[str, Any]]:
    """The acts this person may take now."""
    next_one = NEXT.get(State(order.state), "")
    found = [(key, one) for key, one in DOINGS.items() if not why_not(key, rating, order, user, on=on)]
    rows = [{"key": key, "label": one.label, "danger": one.danger, "next": key == next_one} for key, one in found]
    return sorted(rows, key=lambda row: not row["next"])


def _checks(key: str, rating: Rating, order: WorkOrder, user: Any, on: date) -> None:
    dispute = getattr(rating, "dispute", None)
    if key == "assign":
        rules.may_assign(order, user, on)
        rules.arrow(order, Act.ASSIGN)
    elif key in ("contact", "reply"):
        rules.may_work(order, user, on)
        rules.arrow(order, Act.CONTACT if key == "contact" else Act.REPLY)
    elif key == "dispute":
        rules.may_assign(order, user, on)
        if order.state not in OPEN or dispute is not None:
            raise NotFound(_("整改单已经结束，或者已经申请过一次。"))
    elif key == "rule":
        if dispute is None or dispute.ruling != Ruling.WAITING:
            raise NotFound(_("没有等待认定的申请。"))
        rules.may_rule(dispute, order, user, on)
    else:
        pmi.require(user, "ratings.review", organization=order.department, on=on)
        rules.arrow(order, Act.CLOSE)
        if order.state != State.REPLIED or order.follow_up_code is None:
            raise NotFound(_("评价人还可以作回访评价，期满前不能办结。"))

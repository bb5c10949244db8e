"""督办: what has to be put right until when, the answer, and whether the supervisor accepts it. Its clock is watched."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events
from zhengtong.foundation.notices import public as notices
from zhengtong.foundation.organizations.models import Organization
from zhengtong.foundation.worklists import public as worklists
from zhengtong.kernel.errors import Invalid, NotFound, StaleVersion
from zhengtong.oversight.supervision import recipients, rules
from zhengtong.oversight.supervision.events import OrderFact
from zhengtong.oversight.supervision.models import Card, CorrectionOrder, OrderEntry
from zhengtong.oversight.supervision.operations import watching
from zhengtong.oversight.supervision.operations.moving import lock, put
from zhengtong.oversight.supervision.recipients import Directory
from zhengtong.oversight.supervision.refusals import CannotOrder
from zhengtong.oversight.supervision.states import ORDER_ARROWS, Act, OrderState

ANSWER, ACCEPT = "order", "order_accept"
TITLES = {ANSWER: gettext_noop("落实督办：{title}"), ACCEPT: gettext_noop("验收督办：{title}")}
LONGEST = 60


@transaction.atomic
def issue_order(
    *,
    organization: Organization,
    title: str,
    demand: str,
    workdays: int,
    by: Any,
    at: datetime,
    card_id: int | None = None,
    once: str = "",
) -> CorrectionOrder:
    """Order a body to put something right within so many working days, from a card or on its own.

    `once` names this act: sent twice, the second is refused with the number of the order that is there. From a card, one that is open
    refuses another.
    """
    today = timezone.localdate(at)
    rules.may_supervise(by, organization, today)
    _check(title, demand, workdays)
    card = _of_card(card_id, organization)
    order = _created(
        card=card,
        once=once,
        organization=organization,
        title=title.strip(),
        demand=demand.strip(),
        workdays=workdays,
        issued_at=at,
        issued_by=by,
        due_on=calendars.current().nth_after(today, workdays),
    )
    if card is not None:
        put(card, Act.ORDER, at=at, by=by, text=order.title, data={"order": order.pk})
    _entry(order, "issue", order.demand, by=by, at=at)
    _ask_body(order, at=at)
    for user_id in Directory.of(today).heads.get(organization.pk, ()):
        notices.send(
            template="supervision.order",
            at=at,
            to_user_id=user_id,
            params={"title": order.title, "due": {"date": str(order.due_on)}},
            subject=f"order:{order.pk}",
            url=f"/supervision/orders/{order.pk}/",
        )
    _follow(order, now=at)
    return order


def _created(*, once: str, **fields: Any) -> CorrectionOrder:
    _not_issued_yet(once)
    try:
        with transaction.atomic():
            return CorrectionOrder.objects.create(once=once, **fields)
    except IntegrityError:  # pressed twice at once
        _not_issued_yet(once)
        raise


def _not_issued_yet(once: str) -> None:
    there = CorrectionOrder.objects.filter(once=once).first() if once else None
    if there is not None:
        raise CannotOrder(
            _("这件督办已经发出（{number}），没有重复发出。请在督办列表中查看。").format(number=there.name)
        )


def _check(title: str, demand: str, workdays: int) -> None:
    if len(title.strip()) < 4:
        raise Invalid(_("请写明督办事项。"), fields={"title": _("请写明督办事项，至少四个字。")})
    if len(demand.strip()) < 5:
        raise Invalid(_("请写明整改要求。"), fields={"demand": _("请写明要求做到什么，至少五个字。")})
    if not 1 <= workdays <= LONGEST:
        raise Invalid(
            _("督办期限须在1至{n}个工作日之间。").format(n=LONGEST), fields={"workdays": _("请填写1至60的整数。")}
        )


def _of_card(card_id: int | None, organization: Organization) -> Card | None:
    if card_id is None:
        return None
    card = lock(card_id)
    if card.organization_id != organization.pk:
        raise CannotOrder(_("督办的单位与监察卡的单位不一致，请从监察卡页面发起督办。"))
    if card.orders.filter(ended_at__isnull=True).exists():
        raise CannotOrder(_("这张监察卡已有一件督办在落实，请等它验收后再发。"))
    return card


def locked(order_id: int, verb: str, *, seen: int | None) -> CorrectionOrder:
    """The order, locked, if its table allows `verb` now. Raises `NotFound`, `StaleVersion`, `CannotOrder`."""
    order = CorrectionOrder.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise NotFound(_("没有找到这件督办。"))
    if seen is not None and seen != order.row_version:
        raise StaleVersion(_("这件督办刚才已有新的记录，本次操作没有生效。请刷新页面后再处理。"))
    if (order.state, verb) not in ORDER_ARROWS:
        raise CannotOrder(
            _("督办现在是“{state}”，不能这样处理。请刷新页面查看。").format(state=OrderState(order.state).label)
        )
    return order


def _move(order: CorrectionOrder, verb: str, text: str, *, by: Any, at: datetime) -> CorrectionOrder:
    order.state = ORDER_ARROWS[(order.state, verb)]
    order.row_version += 1
    if order.state == OrderState.ACCEPTED:
        order.ended_at = at
    order.save()
    _entry(order, verb, text, by=by, at=at)
    _follow(order, now=at)
    return order


def _entry(order: CorrectionOrder, verb: str, text: str, *, by: Any, at: datetime) -> None:
    OrderEntry.objects.create(order=order, act=verb, actor=by, at=at, text=text)
    events.publish(OrderFact(order_id=order.pk, state=order.state, actor_id=by.pk if by else None), at=at)


def note_new_day(order: CorrectionOrder, before: date, *, at: datetime) -> None:
    """The calendar moved the last day of a locked order: keep it, write it down, tell the to-do and the clock."""
    order.row_version += 1
    order.save(update_fields=["due_on", "row_version"])
    text = _("工作日历变更，督办期限由{before}改为{after}。").format(before=before, after=order.due_on)
    _entry(order, "reproject", text, by=None, at=at)
    worklists.set_due(subject=f"order:{order.pk}", kind=ANSWER, due_on=order.due_on)
    _follow(order, now=at)


def _follow(order: CorrectionOrder, *, now: datetime) -> None:
    watching.refresh(subjects=[f"order:{order.pk}"], source="own", since=None, at=now)


def _text(text: str, sentence: str) -> str:
    if len(text.strip()) < 5:
        raise Invalid(sentence, fields={"text": sentence})
    return text.strip()


@transaction.atomic
def answer_order(*, order_id: int, text: str, by: Any, at: datetime, seen: int | None = None) -> CorrectionOrder:
    """Report what was done. Stops the clock of the order while the supervisor looks."""
    order = locked(order_id, "answer", seen=seen)
    rules.may_answer_order(order, by, timezone.localdate(at))
    _move(order, "answer", _text(text, _("请写明落实情况，至少五个字。")), by=by, at=at)
    worklists.close(subject=f"order:{order.pk}", kind=ANSWER, at=at)
    for body in {body for body, _user in Directory.of(timezone.localdate(at)).supervisors}:
        _open(order, ACCEPT, organization_id=body, role=recipients.SUPERVISOR, at=at)
    return order


@transaction.atomic
def return_order(*, order_id: int, text: str, by: Any, at: datetime, seen: int | None = None) -> CorrectionOrder:
    """Not good enough, with the reason; the body answers again, and its clock had not stopped for good."""
    order = locked(order_id, "return", seen=seen)
    rules.may_supervise(by, order.organization, timezone.localdate(at))
    _move(order, "return", _text(text, _("请写明不予验收的原因，至少五个字。")), by=by, at=at)
    worklists.close(subject=f"order:{order.pk}", kind=ACCEPT, at=at)
    _ask_body(order, at=at)
    return order


@transaction.atomic
def accept_order(*, order_id: int, text: str, by: Any, at: datetime, seen: int | None = None) -> CorrectionOrder:
    """It was put right: the order ends."""
    order = locked(order_id, "accept", seen=seen)
    rules.may_supervise(by, order.organization, timezone.localdate(at))
    _move(order, "accept", _text(text, _("请写明验收意见，至少五个字。")), by=by, at=at)
    worklists.close(subject=f"order:{order.pk}", at=at)
    return order


def _ask_body(order: CorrectionOrder, *, at: datetime) -> None:
    _open(order, ANSWER, organization_id=order.organization_id, role=recipients.HEAD, at=at)


def _open(order: CorrectionOrder, kind: str, *, organization_id: int, role: str, at: datetime) -> None:
    worklists.open(
        system=recipients.SYSTEM,
        kind=kind,
        subject=f"order:{order.pk}",
        title=TITLES[kind],
        url=f"/supervision/orders/{order.pk}/",
        organization_id=organization_id,
        role=role,
        due_on=order.due_on if kind == ANSWER else None,
        params={"title": order.title},
        number=order.name,
        at=at,
    )

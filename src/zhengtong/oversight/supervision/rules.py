"""Who may do what with cards and orders: the body that got them answers, the supervisor judges, the county head decides above."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import NotAllowed, NotFound
from zhengtong.oversight.supervision.models import Card, CorrectionOrder
from zhengtong.oversight.supervision.states import Act
from zhengtong.security.pmi import public as pmi

VIEW, ANSWER, BODY, SUPERVISE, RULES, SUPERIOR = (
    "supervision.view",
    "supervision.answer",
    "supervision.body",
    "supervision.supervise",
    "supervision.rules",
    "supervision.superior",
)


def visible(user: Any, *, on: date) -> QuerySet[Card]:
    """The cards this official may see: all below the body they oversee, those of the body they head, else their own post's."""
    rows = Card.objects.all()
    overseen = _paths(user, VIEW, on)
    if any(path.count("/") <= 2 for path in overseen):
        return rows
    q = Q(pk__in=[])
    for path in overseen:
        q |= Q(organization__path__startswith=path)
    headed = [body.pk for body in pmi.organizations_where(user, BODY, on=on)]
    mine = Q(organization_id__in=headed) | Q(officer_id=user.pk)
    for body, role in pmi.pools_of(user, on=on):
        mine |= Q(organization_id=body, role=role)
    q |= mine & _let_out()
    return rows.filter(q)


def _let_out() -> Q:
    """Until a card is let out nobody is accused: whom it would be about does not see it, nor one that never went out."""
    return Q(issued_at__isnull=False)


def _paths(user: Any, permission: str, on: date) -> list[str]:
    held = pmi.held_by(user, on=on)
    return [h.path for h in held if h.role in pmi.ROLES and permission in pmi.ROLES[h.role].permissions and h.subtree]


def may_view(card: Card, user: Any, on: date) -> None:
    """Others learn nothing: 404."""
    if not visible(user, on=on).filter(pk=card.pk).exists():
        raise NotFound(_("没有找到这张监察卡，或者它不归您的岗位处理。"))


def may_answer(card: Card, user: Any, on: date) -> None:
    """The officer named on the card, a post it was sent to, or whoever answers for the body."""
    if card.officer_id == user.pk or pmi.can(user, BODY, organization=card.organization, on=on):
        return
    if card.role and pmi.holds(user, card.role, organization=card.organization, on=on):
        return
    raise NotAllowed(
        _("这张监察卡由{body}的承办岗位或负责人答复，您没有这个岗位。").format(body=card.organization.label)
    )


def may_supervise(user: Any, organization: Organization, on: date) -> None:
    """A supervisor of the body."""
    pmi.require(user, SUPERVISE, organization=organization, on=on)


def not_in_own_matter(card: Card, user: Any) -> None:
    """Nobody turns down what is said against their own act: who issued a card by hand may take it back or report the appeal up."""
    if card.manual and card.log.filter(act=Act.ISSUE, actor=user).exists():
        raise NotAllowed(_("这张监察卡是您人工发出的，不能由您驳回申诉。可以撤销这张卡，或者上报，由上级处理。"))


def may_decide_above(user: Any, organization: Organization, on: date) -> None:
    """Whoever decides appeals that were reported up."""
    pmi.require(user, SUPERIOR, organization=organization, on=on)


def visible_orders(user: Any, *, on: date) -> QuerySet[CorrectionOrder]:
    """The orders this official may see: of the bodies they oversee or answer for."""
    bodies = [body.pk for body in pmi.organizations_where(user, VIEW, on=on)]
    bodies += [body.pk for body in pmi.organizations_where(user, BODY, on=on)]
    return CorrectionOrder.objects.filter(organization_id__in=bodies)


def may_answer_order(order: CorrectionOrder, user: Any, on: date) -> None:
    """Whoever answers for the body."""
    pmi.require(user, BODY, organization=order.organization, on=on)

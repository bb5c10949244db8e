"""Who may do what to a rating and its work order."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.ratings.models import Dispute, Rating, WorkOrder
from zhengtong.approvals.ratings.refusals import CannotRule, CannotWorkOnOrder
from zhengtong.approvals.ratings.states import ARROWS, Act, State
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import NotAllowed, NotFound
from zhengtong.security.pmi import public as pmi

HEAD, OFFICE = "department_head", "county_office"


def is_no_official(user: Any) -> None:
    """Officials judge nothing here: the figures are those of the people served."""
    if user is not None and user.is_authenticated and user.is_official:
        raise NotAllowed(_("工作人员账号不能评价，也不能替群众评价。请由办事人自己扫码、用链接或登录后评价。"))


def is_rater(rating: Rating, user: Any, on: date) -> None:
    """Whoever gave it by account, or may follow the case it is about. Strangers learn nothing: 404."""
    if user.is_authenticated and not user.is_official:
        if rating.rated_by_id == user.pk:
            return
        if rating.case is not None and pmi.decide(user, "cases.follow", rating.case, at=on).allowed:
            return
    raise NotFound(_("没有找到这条评价。请用评价时的账号登录，或用消息里的链接打开。"))


def may_view(rating: Rating, user: Any, on: date) -> None:
    """Officials of the department, and the office that oversees all. Others learn nothing."""
    if not pmi.can(user, "ratings.view", organization=rating.department, on=on):
        raise NotFound(_("没有找到这条评价，或者它不归您的岗位办理。"))


def may_assign(order: WorkOrder, user: Any, on: date) -> None:
    """The head of the department; where a body has none, the county office."""
    pmi.require(user, "ratings.assign", organization=order.department, on=on)


def may_work(order: WorkOrder, user: Any, on: date) -> None:
    """Who it was given to, or whoever gives it out."""
    if order.assignee_id == user.pk and pmi.can(user, "ratings.handle", organization=order.department, on=on):
        return
    if pmi.can(user, "ratings.assign", organization=order.department, on=on):
        return
    if order.assignee_id:
        raise NotAllowed(_("这张整改单已分给{name}办理，您不能代办。").format(name=order.assignee))
    pmi.require(user, "ratings.assign", organization=order.department, on=on)


def may_rule(dispute: Dispute, order: WorkOrder, user: Any, on: date) -> None:
    """Another body than the department, and nobody who had a hand in it (国办发〔2019〕51号)."""
    pmi.require(user, "ratings.review", organization=order.department, on=on)
    if user.pk in (dispute.applied_by_id, order.assignee_id):
        raise CannotRule(_("申请人和办理人不能认定自己的申请，请由县政务办其他人员认定。"))
    if any(body.pk == order.department_id for body in organizations.organizations_of(user, on=on)):
        raise CannotRule(_("认定须由部门以外的机构作出，请转县政务办其他人员办理。"))


def arrow(order: WorkOrder, act: Act) -> State:
    """Where `act` leads from here. Raises `CannotWorkOnOrder`."""
    found = ARROWS.get((order.state, act))
    if found is None:
        raise CannotWorkOnOrder(
            _("整改单现在是“{state}”，不能进行“{act}”。页面可能已过时，请刷新后查看。").format(
                state=State(order.state).label, act=act.label
            )
        )
    return found


def pool_of(body: Organization, *, on: date) -> tuple[int, str]:
    """Whose common to-do a matter of `body` is: its head's, or where there is none the county office's."""
    if pmi.holders_of(HEAD, on=on).filter(organization=body).exists():
        return body.pk, HEAD
    return office_pool(on=on)


def office_pool(*, on: date) -> tuple[int, str]:
    """The common list of the county office."""
    grant = pmi.holders_of(OFFICE, on=on).first()
    return (grant.organization_id if grant else organizations.county().pk), OFFICE


def can_be_reached(rating: Rating, order: WorkOrder) -> bool:
    """True when anybody knows how to reach the person: an account, the case, or a number they left."""
    if rating.rated_by_id or order.phone:
        return True
    return rating.case is not None and applicant_can_be_reached(rating.case)


def applicant_can_be_reached(case: cases.Case) -> bool:
    """True when the applicant has an account or gave a telephone."""
    return bool(case.applicant_user_id or case.filed_by_id or case.applicant_phone)


def register() -> None:
    """Say the rules about ratings to the decision service."""
    pmi.register_rule(Rating, "ratings.view", lambda u, r, on: may_view(r, u, on), label=gettext_lazy("查看评价"))
    pmi.register_rule(
        Rating, "ratings.follow", lambda u, r, on: is_rater(r, u, on), label=gettext_lazy("查看自己的评价")
    )

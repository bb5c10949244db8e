"""The states of a work order and of a dispute, and the arrows between them, each with its reason: pure data."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    """Where a work order stands."""

    OPENED = "opened", _("待分办")
    ASSIGNED = "assigned", _("待联系")
    CONTACTED = "contacted", _("整改中")
    REPLIED = "replied", _("已答复，待回访")
    CLOSED = "closed", _("已办结")
    SET_ASIDE = "set_aside", _("评价不成立")


OPEN = (State.OPENED, State.ASSIGNED, State.CONTACTED, State.REPLIED)
"""Somebody still has to act."""


class Act(TextChoices):
    """What can happen to a work order."""

    ASSIGN = "assign", _("分办")
    TRY_CONTACT = "try_contact", _("联系未成")
    CONTACT = "contact", _("联系评价人")
    REPLY = "reply", _("整改并答复")
    FOLLOW_UP = "follow_up", _("回访评价")
    CLOSE = "close", _("办结")
    LAPSE = "lapse", _("回访期满")
    SET_ASIDE = "set_aside", _("认定评价不成立")


ARROWS: dict[tuple[str, str], State] = {
    (State.OPENED, Act.ASSIGN): State.ASSIGNED,  # the head names who answers for it
    (State.ASSIGNED, Act.ASSIGN): State.ASSIGNED,  # somebody falls ill
    (State.CONTACTED, Act.ASSIGN): State.CONTACTED,
    (State.OPENED, Act.TRY_CONTACT): State.OPENED,  # an attempt is written down and is no contact
    (State.ASSIGNED, Act.TRY_CONTACT): State.ASSIGNED,
    (State.OPENED, Act.CONTACT): State.CONTACTED,  # the head may pick up the telephone too
    (State.ASSIGNED, Act.CONTACT): State.CONTACTED,
    (State.CONTACTED, Act.CONTACT): State.CONTACTED,  # a second talk; the first one counts for the clock
    (State.CONTACTED, Act.REPLY): State.REPLIED,  # nobody answers a person they have not heard
    (
        State.REPLIED,
        Act.FOLLOW_UP,
    ): State.REPLIED,  # satisfied: closed in the same act; not satisfied: the county office looks
    (State.REPLIED, Act.CLOSE): State.CLOSED,
    (State.REPLIED, Act.LAPSE): State.CLOSED,  # the person was asked and said nothing
    (State.OPENED, Act.SET_ASIDE): State.SET_ASIDE,
    (State.ASSIGNED, Act.SET_ASIDE): State.SET_ASIDE,
    (State.CONTACTED, Act.SET_ASIDE): State.SET_ASIDE,
    (State.REPLIED, Act.SET_ASIDE): State.SET_ASIDE,
}
"""(state, act) → next state. Nothing leads out of `closed` and `set_aside`."""


class Standing(TextChoices):
    """How a rating counts. Whatever it is, it stays on record and is shown."""

    COUNTED = "counted", _("计入统计")
    MISTAKEN = "mistaken", _("误评，单独统计")
    MALICIOUS = "malicious", _("恶意评价，单独统计")


class Ruling(TextChoices):
    """What became of a department's application."""

    WAITING = "waiting", _("待审核")
    UPHELD = "upheld", _("申请成立")
    REJECTED = "rejected", _("申请不成立")


class Release(TextChoices):
    """Whether a text may be seen by everybody."""

    WAITING = "waiting", _("待审核")
    RELEASED = "released", _("已公开")
    WITHHELD = "withheld", _("不公开")


class Entry(TextChoices):
    """One line of a rating's record."""

    GIVEN = "given", _("作出评价")
    OPENED = "opened", _("生成整改单")
    ASSIGNED = "assigned", _("分办")
    TRIED = "tried", _("联系未成")
    CONTACTED = "contacted", _("已联系")
    REPLIED = "replied", _("整改并答复")
    FOLLOWED_UP = "followed_up", _("回访评价")
    CLOSED = "closed", _("办结")
    ESCALATED = "escalated", _("超期，报县政务办")
    DISPUTED = "disputed", _("部门申请认定评价不成立")
    OBJECTED = "objected", _("评价人提出异议")
    RULED = "ruled", _("县政务办作出认定")
    RELEASED = "released", _("公开")
    WITHHELD = "withheld", _("决定不公开")
    REPROJECTED = "reprojected", _("工作日历变更，期限重算")

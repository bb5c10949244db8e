"""Facts about ratings. Ids and codes only: no word a person wrote ever leaves the rating in an event."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class RatingFact(Event):
    """Base of everything that happens to a rating."""

    label: ClassVar[Any] = _("好差评")

    subject_kind: ClassVar[str] = "rating"
    subject_field: ClassVar[str] = "rating_id"

    rating_id: int


@dataclass(frozen=True, kw_only=True)
class RatingGiven(RatingFact):
    """A case or a visit to a window was rated (GB/T 39046 code, 1 best)."""

    label: ClassVar[Any] = _("作出评价")

    code: int
    department_id: int
    case_id: int | None = None
    visit_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class WorkOrderOpened(RatingFact):
    """A bad rating obliges the department to contact, correct and answer."""

    label: ClassVar[Any] = _("生成差评整改单")

    order_id: int
    department_id: int


@dataclass(frozen=True, kw_only=True)
class WorkOrderAssigned(RatingFact):
    """The head named who answers for a bad rating."""

    label: ClassVar[Any] = _("分办差评整改单")

    order_id: int
    assignee_id: int


@dataclass(frozen=True, kw_only=True)
class RaterContacted(RatingFact):
    """The department spoke with the person who rated badly (`reached`), or tried to."""

    label: ClassVar[Any] = _("联系评价人")

    order_id: int
    reached: bool


@dataclass(frozen=True, kw_only=True)
class WorkOrderReplied(RatingFact):
    """Cause and measure are on record, and the person was answered."""

    label: ClassVar[Any] = _("整改并答复")

    order_id: int


@dataclass(frozen=True, kw_only=True)
class FollowUpRated(RatingFact):
    """The person rated the answer to their bad rating, once."""

    label: ClassVar[Any] = _("回访评价")

    order_id: int
    code: int


@dataclass(frozen=True, kw_only=True)
class WorkOrderClosed(RatingFact):
    """A work order ended: satisfied, reviewed by the county office, or the person said nothing more."""

    label: ClassVar[Any] = _("差评整改办结")

    order_id: int
    ending: str


@dataclass(frozen=True, kw_only=True)
class WorkOrderEscalated(RatingFact):
    """A step of a work order is late (contact or correct); the county office was told."""

    label: ClassVar[Any] = _("差评整改超期")

    order_id: int
    clock: str


@dataclass(frozen=True, kw_only=True)
class RatingDisputed(RatingFact):
    """The department applied to have the rating set aside as mistaken or malicious."""

    label: ClassVar[Any] = _("申请认定评价不成立")

    kind: str


@dataclass(frozen=True, kw_only=True)
class DisputeObjected(RatingFact):
    """The person who rated objected to the application."""

    label: ClassVar[Any] = _("对认定申请提出异议")


@dataclass(frozen=True, kw_only=True)
class DisputeRuled(RatingFact):
    """Another body than the department decided on its application."""

    label: ClassVar[Any] = _("评价认定")

    upheld: bool


@dataclass(frozen=True, kw_only=True)
class RatingTextReviewed(RatingFact):
    """An official released a comment or a reply to the public, or withheld it."""

    label: ClassVar[Any] = _("评价公开审核")

    part: str
    released: bool


@dataclass(frozen=True, kw_only=True)
class VisitOpened(Event):
    """A clerk made a single-use code by which one visit can be rated."""

    label: ClassVar[Any] = _("生成来访评价码")

    subject_kind: ClassVar[str] = "visit"
    subject_field: ClassVar[str] = "visit_id"

    visit_id: int


@dataclass(frozen=True, kw_only=True)
class RatingRulePublished(Event):
    """A new version of the periods and limits of ratings is in force."""

    label: ClassVar[Any] = _("发布好差评规则")

    subject_kind: ClassVar[str] = "rating_rule"
    subject_field: ClassVar[str] = "version"

    version: int

"""Facts about cards, appeals, orders and rules. Ids and codes only."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class CardFact(Event):
    """Base of everything that happens to a card."""

    label: ClassVar[Any] = _("监察卡变动")

    subject_kind: ClassVar[str] = "card"
    subject_field: ClassVar[str] = "card_id"

    card_id: int


@dataclass(frozen=True, kw_only=True)
class CardIssued(CardFact):
    """A card was issued: by a rule, by a confirmation, or by the supervisor's hand."""

    label: ClassVar[Any] = _("发出监察卡")

    code: str
    level: int
    about: str


@dataclass(frozen=True, kw_only=True)
class CardMoved(CardFact):
    """A card was acknowledged, explained, corrected, verified, closed, sent back, cancelled or put before the supervisor."""

    label: ClassVar[Any] = _("监察卡流转")

    act: str
    state: str


@dataclass(frozen=True, kw_only=True)
class CardRevoked(CardFact):
    """A card was taken back. `automatic`: because a late fact changed the ledger, not by a person."""

    label: ClassVar[Any] = _("撤销监察卡")

    level: int
    automatic: bool = False


@dataclass(frozen=True, kw_only=True)
class AppealFiled(CardFact):
    """The body that got the card says that it is wrong."""

    label: ClassVar[Any] = _("监察卡申诉")

    appeal_id: int


@dataclass(frozen=True, kw_only=True)
class AppealDecided(CardFact):
    """An appeal was upheld, sent back, or reported up."""

    label: ClassVar[Any] = _("申诉处理")

    appeal_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class AppealLapsed(CardFact):
    """An appeal ended without a decision, because its card fell by itself."""

    label: ClassVar[Any] = _("申诉终结")

    appeal_id: int


@dataclass(frozen=True, kw_only=True)
class OrderFact(Event):
    """A correction order was issued, answered, returned or accepted."""

    label: ClassVar[Any] = _("督办变动")

    subject_kind: ClassVar[str] = "order"
    subject_field: ClassVar[str] = "order_id"

    order_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class RuleSetPublished(Event):
    """A version of the rules came into force; every watch is derived anew."""

    label: ClassVar[Any] = _("发布监察规则")

    subject_kind: ClassVar[str] = "rule_set"
    subject_field: ClassVar[str] = "rule_set_id"

    rule_set_id: int
    version: int


@dataclass(frozen=True, kw_only=True)
class RuleSetDrafted(Event):
    """A draft of the rules was begun, changed or discarded."""

    label: ClassVar[Any] = _("起草监察规则")

    subject_kind: ClassVar[str] = "rule_set"
    subject_field: ClassVar[str] = "rule_set_id"

    rule_set_id: int
    change: str

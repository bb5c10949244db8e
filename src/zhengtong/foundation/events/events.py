"""The one fact about facts."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class DeliveryRetried(Event):
    """A person set a failed delivery going again by hand."""

    label: ClassVar[Any] = _("重新投递")

    subject_kind: ClassVar[str] = "delivery"
    subject_field: ClassVar[str] = "delivery_id"

    delivery_id: int
    receiver: str

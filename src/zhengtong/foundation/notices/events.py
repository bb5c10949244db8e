"""Facts about notices."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class NoticeRetried(Event):
    """A person set a failed notice going again by hand."""

    label: ClassVar[Any] = _("重发通知")

    subject_kind: ClassVar[str] = "notice_delivery"
    subject_field: ClassVar[str] = "delivery_id"

    delivery_id: int

"""Facts about files."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class AttachmentRead(Event):
    """Somebody other than its giver opened an attachment (个人信息保护法 第五十一条: access is recorded)."""

    label: ClassVar[Any] = _("打开附件")
    is_read: ClassVar[bool] = True

    subject_kind: ClassVar[str] = "attachment"
    subject_field: ClassVar[str] = "attachment_id"

    attachment_id: int
    owner_kind: str
    owner_id: int

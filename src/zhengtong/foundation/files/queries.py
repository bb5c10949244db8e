"""Attachments of something; one attachment for somebody who may read it."""

from typing import Any, BinaryIO
from uuid import UUID

from django.utils.translation import gettext as _

from zhengtong.foundation.files import storage
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.files.rules import can_read
from zhengtong.kernel.errors import NotFound


def attachments_of(owner_kind: str, owner_id: int) -> list[Attachment]:
    """The attachments that were not removed, oldest first; one query."""
    rows = Attachment.objects.filter(owner_kind=owner_kind, owner_id=owner_id, removed_at__isnull=True)
    return list(rows.select_related("stored").order_by("uploaded_at", "id"))


def get_for(user: Any, public_id: UUID) -> Attachment:
    """The attachment, if `user` may read it. Raises `NotFound` otherwise: a stranger does not learn that it exists."""
    attachment = Attachment.objects.select_related("stored").filter(public_id=public_id).first()
    if attachment is None or not can_read(user, attachment):
        raise NotFound(_("没有找到这个文件，或者您不能查看它。请从办件页面重新打开；仍不行请联系受理窗口。"))
    return attachment


def open_(attachment: Attachment) -> BinaryIO:
    """The content of an attachment for reading. Raises `Unavailable` when the disk has lost it."""
    return storage.open_content(attachment.stored.digest)

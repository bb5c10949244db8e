"""Stored content, once per digest; and attachments: that content under a name, belonging to something."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StoredFile(models.Model):
    """Bytes on disk, known by a digest of the plain content. Never changed; the same paper handed in twice is kept once.

    The digest is keyed (HMAC) where the security service seals files: it says nothing about the content to who has no key.
    """

    digest = models.CharField(_("SHA-256"), max_length=64, unique=True)
    size = models.BigIntegerField(_("字节数"))
    mime = models.CharField(_("类型"), max_length=100)

    class Meta:
        verbose_name = _("文件内容")

    def __str__(self) -> str:
        return self.digest[:12]


class Attachment(models.Model):
    """A stored file as people know it: with its name, its owner (a case, a paper …) and who handed it in."""

    public_id = models.UUIDField(_("标识"), default=uuid.uuid4, unique=True, editable=False)
    stored = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(_("文件名"), max_length=120)
    owner_kind = models.CharField(_("所属类别"), max_length=40)
    owner_id = models.BigIntegerField(_("所属编号"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(_("上传时间"))
    removed_at = models.DateTimeField(_("移除时间"), null=True)
    erased_at = models.DateTimeField(_("删除内容时间"), null=True)

    class Meta:
        verbose_name = _("附件")
        indexes = [
            models.Index(
                fields=["owner_kind", "owner_id"], name="attachment_owner", condition=Q(removed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stored.size

    @property
    def mime(self) -> str:
        """The type found in the content."""
        return self.stored.mime

    @property
    def url(self) -> str:
        """Where those who may read it download it."""
        from django.urls import reverse

        return reverse("files:download", args=[self.public_id])

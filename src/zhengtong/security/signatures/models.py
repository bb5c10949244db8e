"""The register of signed documents: what was signed, by whom, when. The document itself lies with its owner."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.columns import CompactJSONField


class SignedDocument(models.Model):
    """One signed file. `subject`: whose it is, as `kind:id`; `digest`: SHA-256 of the file; `signers`: see `values.Signed`.

    `archivable`: the file has places for archive stamps; `archived_until`: the end of the newest one, none yet when empty.
    """

    subject = models.CharField(_("对象"), max_length=60, unique=True)
    digest = models.CharField(max_length=64, db_index=True)
    signers = CompactJSONField()
    signed_at = models.DateTimeField(_("签名时间"))
    archivable = models.BooleanField(default=True)
    archived_until = models.DateTimeField(_("存档时间戳有效至"), null=True, db_index=True)

    class Meta:
        verbose_name = _("已签名文件")

    def __str__(self) -> str:
        return self.subject

"""Facts about signatures."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class DocumentSigned(Event):
    """A paper was signed when it was printed. `paper`: whose it is, as `kind:id`; `digest`: SHA-256 of the signed file."""

    label: ClassVar[Any] = _("签名")

    paper: str
    digest: str

    @property
    def subject(self) -> str:
        """The paper."""
        return self.paper


@dataclass(frozen=True, kw_only=True)
class ArchiveRenewed(Event):
    """A signed paper got another archive stamp. `paper`: whose it is, as `kind:id`; `digest`: SHA-256 of the file as it is now."""

    label: ClassVar[Any] = _("续存档时间戳")

    paper: str
    digest: str

    @property
    def subject(self) -> str:
        """The paper."""
        return self.paper

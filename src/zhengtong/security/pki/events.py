"""Facts about certificates; they hold numbers, no names of people."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class CeremonyHeld(Event):
    """Root and purpose authorities were made."""

    label: ClassVar[Any] = _("密钥仪式")
    subject_kind: ClassVar[str] = "ceremony"
    subject_field: ClassVar[str] = "ceremony_id"

    ceremony_id: int
    authorities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CertificateIssued(Event):
    """A certificate was signed; `holder` is `user:12`, `organization:3` or empty."""

    label: ClassVar[Any] = _("签发证书")
    subject_kind: ClassVar[str] = "certificate"
    subject_field: ClassVar[str] = "serial"

    serial: str
    kind: str
    algorithm: str
    authority: str
    holder: str = ""
    purpose: str = ""


@dataclass(frozen=True, kw_only=True)
class CertificateRevoked(Event):
    """A certificate was revoked."""

    label: ClassVar[Any] = _("吊销证书")
    subject_kind: ClassVar[str] = "certificate"
    subject_field: ClassVar[str] = "serial"

    serial: str
    kind: str
    reason: str
    holder: str = ""


@dataclass(frozen=True, kw_only=True)
class RenewalAsked(Event):
    """Somebody asked that the key of an authority or a purpose be made anew; a second person has to confirm it."""

    label: ClassVar[Any] = _("提出换发密钥")
    subject_kind: ClassVar[str] = "renewal"
    subject_field: ClassVar[str] = "renewal_id"

    renewal_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class RenewalConfirmed(Event):
    """A second person confirmed a renewal; it is carried out as soon as the keys can be reached."""

    label: ClassVar[Any] = _("确认换发密钥")
    subject_kind: ClassVar[str] = "renewal"
    subject_field: ClassVar[str] = "renewal_id"

    renewal_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class RenewalWithdrawn(Event):
    """A renewal that waited for its second person was taken back; nothing was made."""

    label: ClassVar[Any] = _("撤回换发密钥")
    subject_kind: ClassVar[str] = "renewal"
    subject_field: ClassVar[str] = "renewal_id"

    renewal_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class KeyRenewed(Event):
    """The key of an authority or a purpose was made anew. `made`: serial numbers of the new certificates; the old stay known."""

    label: ClassVar[Any] = _("换发密钥")
    subject_kind: ClassVar[str] = "renewal"
    subject_field: ClassVar[str] = "renewal_id"

    renewal_id: int
    what: str
    made: tuple[str, ...] = ()

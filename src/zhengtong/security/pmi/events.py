"""Facts about authority."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Event):
    """A role was given to an official at a body; `stands_for` names the grant of whom they stand in for, if so."""

    label: ClassVar[Any] = _("授权")
    subject_kind: ClassVar[str] = "grant"
    subject_field: ClassVar[str] = "grant_id"

    grant_id: int
    user_id: int
    role: str
    organization_id: int
    stands_for: int | None = None


@dataclass(frozen=True, kw_only=True)
class RoleRevoked(Event):
    """A role of an official was ended."""

    label: ClassVar[Any] = _("撤销授权")
    subject_kind: ClassVar[str] = "grant"
    subject_field: ClassVar[str] = "grant_id"

    grant_id: int
    user_id: int
    role: str

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
class GrantConfirmed(Event):
    """A second official confirmed the grant of a sensitive role; it counts from now on."""

    label: ClassVar[Any] = _("确认授权")
    subject_kind: ClassVar[str] = "grant"
    subject_field: ClassVar[str] = "grant_id"

    grant_id: int
    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleRevoked(Event):
    """A role of an official was ended."""

    label: ClassVar[Any] = _("撤销授权")
    subject_kind: ClassVar[str] = "grant"
    subject_field: ClassVar[str] = "grant_id"

    grant_id: int
    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class AccessRefused(Event):
    """An official asked for something and was refused: the action, the rule that refused it, the pattern of the address.

    `target` holds the numbers in the address (`case_id=12`); no name, no text that was typed.
    """

    label: ClassVar[Any] = _("访问被拒绝")
    subject_kind: ClassVar[str] = "user"
    subject_field: ClassVar[str] = "user_id"

    user_id: int
    action: str
    rule: str
    route: str
    method: str
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class AlarmRaised(Event):
    """Something that looks like an intrusion was told to the security administrators: `what` (locked, refused), how often."""

    label: ClassVar[Any] = _("安全告警")

    what: str
    count: int

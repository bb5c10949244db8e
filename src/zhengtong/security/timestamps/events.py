"""Facts about the clock and the stamps."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class StampingStopped(Event):
    """Something waits for a stamp and none can be given; `reason` is the state of the clock, or `key_gone`."""

    label: ClassVar[Any] = _("时间戳服务中断")
    subject_kind: ClassVar[str] = "timestamps"
    subject_field: ClassVar[str] = "reason"

    reason: str


@dataclass(frozen=True, kw_only=True)
class StampingResumed(Event):
    """Stamps are given again; `reason` is what had stopped them, `waited` how much was stamped late."""

    label: ClassVar[Any] = _("时间戳服务恢复")
    subject_kind: ClassVar[str] = "timestamps"
    subject_field: ClassVar[str] = "reason"

    reason: str
    waited: int


@dataclass(frozen=True, kw_only=True)
class ClockTrusted(Event):
    """A security administrator checked the machine's clock and took it for right; `reason` is the state it was in."""

    label: ClassVar[Any] = _("确认服务器时钟")
    subject_kind: ClassVar[str] = "timestamps"
    subject_field: ClassVar[str] = "reason"

    reason: str
    seconds: str

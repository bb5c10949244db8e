"""Facts about the calendar."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from zhengtong.foundation.events.values import Event


@dataclass(frozen=True, kw_only=True)
class CalendarPublished(Event):
    """A calendar version was published; clocks that are still running are rebuilt from it."""

    label: ClassVar[Any] = _("发布工作日历")

    subject_kind: ClassVar[str] = "calendar"
    subject_field: ClassVar[str] = "version"

    version: int

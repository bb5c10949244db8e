"""The door of calendars."""

from zhengtong.foundation.calendars.operations import CannotMoveClock, amend, move_demo_clock, publish_version
from zhengtong.foundation.calendars.queries import (
    builtin,
    builtin_document,
    current,
    current_version,
    document_in_force,
    forget_demo_clock,
    of_version,
    official_now,
    official_today,
    versions,
    years_missing,
)
from zhengtong.foundation.calendars.values import (
    Change,
    DemoLink,
    DemoPanel,
    Difference,
    Year,
    differences,
    register_demo_panel,
    year_of,
)

__all__ = [
    "CannotMoveClock",
    "Change",
    "DemoLink",
    "DemoPanel",
    "Difference",
    "Year",
    "amend",
    "builtin",
    "builtin_document",
    "current",
    "current_version",
    "differences",
    "document_in_force",
    "forget_demo_clock",
    "move_demo_clock",
    "of_version",
    "official_now",
    "official_today",
    "publish_version",
    "register_demo_panel",
    "versions",
    "year_of",
    "years_missing",
]

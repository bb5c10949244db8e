"""The slot for navigation: an app registers where its pages are, the layouts show each person what that person may open.

Registered in `AppConfig.ready()`; the permission is only named here and decided by `security.pmi` when a page is drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CHANNELS, PERSON = "channels", "person"
SECTIONS: dict[str, str | Promise] = {
    "desk": _("我的工作"),
    "cases": _("办件"),
    "matters": _("事项管理"),
    "county": _("全县管理"),
    "system": _("系统与安全"),
}
"""Headings of the back office's left navigation, in order. `channels` (public header) and `person` have no heading."""


@dataclass(frozen=True)
class Entry:
    """One link. `badge` counts what waits for the person (0: not shown); `permission` empty: everybody the section is for."""

    label: str | Promise
    url_name: str
    permission: str = ""
    order: int = 100
    section: str = "desk"
    badge: Callable[[Any], int] | None = None


_entries: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Add a link; registering the same url name again replaces it."""
    if entry.section not in SECTIONS and entry.section not in (CHANNELS, PERSON):
        raise ValueError(f"unknown navigation section: {entry.section}")
    _entries[entry.url_name] = entry


def entries(section: str) -> tuple[Entry, ...]:
    """The links of one section in their order."""
    return tuple(sorted((e for e in _entries.values() if e.section == section), key=lambda e: (e.order, e.url_name)))

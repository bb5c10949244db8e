"""What every template may ask for."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from zhengtong.foundation.calendars.public import official_now, official_today
from zhengtong.kernel import navigation
from zhengtong.security.pmi import public as pmi


@dataclass(frozen=True)
class Link:
    """A navigation entry as drawn."""

    label: str | Promise
    url: str
    count: int
    current: bool


def path_of(url_name: str) -> str:
    """The address of a route, or an empty text when this installation has no such page."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


class Navigation:
    """The links this visitor may follow; nothing is computed until a layout asks."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = getattr(request, "user", None)

    def _allowed(self, entry: navigation.Entry) -> bool:
        return not entry.permission or pmi.can(self.user, entry.permission, on=official_today())

    def _links(self, entries: Iterable[navigation.Entry]) -> list[tuple[str, Link]]:
        found = [(entry, path_of(entry.url_name)) for entry in entries if self._allowed(entry)]
        found = [(entry, url) for entry, url in found if url]
        here = max((url for _, url in found if self._covers(url)), key=len, default="")
        return [(e.section, Link(e.label, url, e.badge(self.user) if e.badge else 0, url == here)) for e, url in found]

    def _covers(self, url: str) -> bool:
        return self.request.path == url or (url != "/" and self.request.path.startswith(url))

    @cached_property
    def channels(self) -> list[Link]:
        """Main channels of the public header."""
        return [link for _, link in self._links(navigation.entries(navigation.CHANNELS))]

    @cached_property
    def person(self) -> list[Link]:
        """Links of the signed-in person (messages, account)."""
        return [link for _, link in self._links(navigation.entries(navigation.PERSON))]

    @cached_property
    def sections(self) -> list[tuple[str | Promise, list[Link]]]:
        """Headed groups of the back office; empty groups are left out."""
        links = self._links(entry for key in navigation.SECTIONS for entry in navigation.entries(key))
        grouped = [(label, [link for at, link in links if at == key]) for key, label in navigation.SECTIONS.items()]
        return [(label, group) for label, group in grouped if group]

    @cached_property
    def office_home(self) -> str:
        """Where an official's work begins."""
        return path_of("desk:home") or "/"

    @cached_property
    def organization(self) -> str:
        """The body the signed-in official belongs to today."""
        if not getattr(self.user, "is_authenticated", False) or not self.user.is_official:
            return ""
        membership = self.user.memberships.select_related("organization").order_by("-valid_from").first()
        return membership.organization.short_label if membership else ""


def house(request: HttpRequest) -> dict[str, Any]:
    """`ui` (normal or elder), `contrast`, `navigation`, `official_now`, `demo`, `county_name`, addresses of the fixed links."""
    return {
        "ui": getattr(request, "ui", "normal"),
        "contrast": getattr(request, "contrast", "normal"),
        "navigation": Navigation(request),
        "official_now": official_now,
        "demo": settings.DEMO,
        "demo_url": path_of("demo") if settings.DEMO else "",
        "county_name": settings.COUNTY_NAME,
        "search_url": path_of("hall:search") or "/search/",
        "login_url": path_of("account_login") or settings.LOGIN_URL,
        "logout_url": path_of("account_logout") or "/account/logout/",
    }

"""What other apps hang on the page of a body."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from zhengtong.foundation.organizations.models import Organization


@dataclass(frozen=True)
class PanelLink:
    """One line of a panel: what it is called, where it leads, a short note (already in the reader's language)."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Panel:
    """A section on the page of a body, filled by the app that registered it (matters, figures …)."""

    key: str
    title: str | Promise
    links: Callable[[Organization], Sequence[PanelLink]]
    empty: str | Promise = ""


PANELS: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Add a section to the page of a body; the same key again replaces it. Call it in `AppConfig.ready`."""
    PANELS[panel.key] = panel

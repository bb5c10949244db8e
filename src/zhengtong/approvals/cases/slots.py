"""What apps above may say about a case without cases knowing them: may it be decided now, and what belongs on its page.

@slots.gate(name="greenway")          raises a refusal when `by` may not submit, sign or decide now, else passes silently
@slots.panel(name="greenway")         what the page of a case shows beside it: a title with lines and links
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from zhengtong.approvals.cases.models import Case

Gate = Callable[[Case, str, Any, datetime], None]
"""(case, outcome, "" for an opinion or `SUBMIT`, who acts, when)."""
SUBMIT = "submit"


@dataclass(frozen=True)
class PanelLine:
    """One line of a panel: words, an address to open (or none), a status word with its tone."""

    text: str
    url: str = ""
    status: str = ""
    tone: str = ""


@dataclass(frozen=True)
class CasePanel:
    """A box on the page of a case."""

    title: str
    lines: tuple[PanelLine, ...]
    note: str = ""


Panel = Callable[[Case], "CasePanel | None"]
GATES: dict[str, Gate] = {}
PANELS: dict[str, Panel] = {}
G = TypeVar("G", bound=Callable[..., Any])


def gate(name: str) -> Callable[[G], G]:
    """Register a gate, asked inside the transaction of every submission, opinion and decision, before anything is written."""

    def register(function: G) -> G:
        GATES[name] = function
        return function

    return register


def panel(name: str) -> Callable[[G], G]:
    """Register a panel of the case page."""

    def register(function: G) -> G:
        PANELS[name] = function
        return function

    return register


def ask(case: Case, *, outcome: str, by: Any, at: datetime) -> None:
    """Every gate; the first refusal stops the act."""
    for one in GATES.values():
        one(case, outcome, by, at)


def panels_of(case: Case) -> list[CasePanel]:
    """What stands beside a case."""
    found = (one(case) for one in PANELS.values())
    return [one for one in found if one is not None]

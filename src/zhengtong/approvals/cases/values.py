"""What cases hand to other systems and to pages: frozen facts, no rows to change."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from zhengtong.kernel.legal_clock import Ledger


@dataclass(frozen=True)
class NextActor:
    """Who acts next on a case and on what (一条龙: the next actor is always named). `who` empty: nobody, it has ended."""

    who: str
    what: str
    due_on: date | None = None
    is_applicant: bool = False


@dataclass(frozen=True)
class ClockView:
    """One clock as a person reads it. `remaining` is negative when overdue; `due_on` None while it stands still."""

    kind: str
    label: str
    started_on: date
    total: int
    used: int
    remaining: int
    due_on: date | None
    paused: bool
    stopped_on: date | None
    overdue: bool
    basis: str
    clock_id: int


@dataclass(frozen=True)
class ActionView:
    """One action on the case page: may this person do it now, and if not, why."""

    key: str
    label: str
    allowed: bool
    why_not: str
    task_id: int | None = None


@dataclass(frozen=True)
class ProgressLine:
    """One line of the public history: what happened, when it took effect, at which body; no officer's name."""

    what: str
    at: datetime
    where: str
    detail: str = ""


@dataclass(frozen=True)
class Verification:
    """The answer of the public verification page: genuine or not, and what the paper says."""

    number: str
    title: str
    organ: str
    holder: str
    issued_on: date
    valid_until: date | None
    state: str
    state_label: str
    state_reason: str
    matter: str


@dataclass(frozen=True)
class ClockExplained:
    """A clock with its whole ledger."""

    view: ClockView
    ledger: Ledger


@dataclass(frozen=True)
class FigurePart:
    """What a system above adds to 全县实况: goals of the county plan (label, percent, target, detail), and a template with its context."""

    goals: tuple[tuple[str, float, float, str], ...] = ()
    template: str = ""
    context: dict[str, Any] = field(default_factory=dict)

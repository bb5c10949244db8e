"""What projects hand to other systems: frozen facts, no rows to change."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class JointClockView:
    """A joint clock. `remaining` is negative when overdue; `due_on` None while it stands still."""

    clock_id: int
    joint_id: int
    project_id: int
    lead_id: int
    started_on: date
    total: int
    used: int
    remaining: int
    due_on: date | None
    paused: bool
    stopped_on: date | None
    overdue: bool
    next_threshold_at: datetime | None
    calendar_version: int


@dataclass(frozen=True)
class Answer:
    """What a superior authority or another system says about a branch. `outcome` empty: still at work."""

    outcome: str = ""
    result: str = ""
    at: datetime | None = None

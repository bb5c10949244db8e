"""What audit hands out, and the slot by which upper systems say which of their subjects concern a person."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

RECEIPTED: set[str] = set()
"""Names of the events for which the person concerned gets a receipt (凭证)."""


def receipted(*names: str) -> None:
    """Say which events ("cases.CaseAccepted") give the person concerned a receipt. Call it in `receivers.py`."""
    RECEIPTED.update(names)


SubjectsOf = Callable[[int], Iterable[str]]
CONCERNS: dict[str, SubjectsOf] = {}
"""Per system: the subjects ("case:12") that hold personal data of the account with the given id."""


def concerns(*, name: str) -> Callable[[SubjectsOf], SubjectsOf]:
    """Register `function(user_id) -> subjects`; a person then sees who read these. Call it in `receivers.py`."""

    def register(function: SubjectsOf) -> SubjectsOf:
        CONCERNS[name] = function
        return function

    return register


@concerns(name="accounts")
def _own_account(user_id: int) -> list[str]:
    return [f"user:{user_id}"]


@dataclass(frozen=True)
class Fact:
    """An entry before it has its place in the chain."""

    action: str
    effective_at: datetime
    actor_id: int | None = None
    on_behalf_of: str = ""
    subject: str = ""
    purpose: str = ""
    basis: str = ""
    detail: dict[str, Any] | None = None
    outbox_id: int | None = None


@dataclass(frozen=True)
class Verification:
    """Outcome of checking a stretch of the chain.

    `broken_seq` is the first entry that does not fit, `reason` says how.
    """

    first_seq: int
    last_seq: int
    checked: int
    broken_seq: int | None = None
    reason: str = ""
    checkpoints: int = 0  # signed roots that were compared

    @property
    def whole(self) -> bool:
        """True when nothing was found."""
        return self.broken_seq is None


@dataclass(frozen=True)
class ReadRow:
    """One read of a person's data, in words for that person."""

    seq: int
    at: datetime
    reader: str
    office: str
    subject: str
    purpose: str
    basis: str
    fields: tuple[str, ...]

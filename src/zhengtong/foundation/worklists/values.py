"""What the worklist hands to other apps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NotRequired, TypedDict

from zhengtong.kernel.stored_words import in_words

OVERDUE, TODAY, SOON, LATER, UNDATED = "overdue", "today", "soon", "later", "undated"
BUCKETS = (OVERDUE, TODAY, SOON, LATER, UNDATED)
SOON_DAYS = 3

Pool = tuple[int, str]
"""(organisation id, role): a common to-do of whoever holds the role there."""


def bucket_of(due_on: date | None, *, today: date) -> str:
    """Which part of the list a due day falls in; "soon" is the next three days."""
    if due_on is None:
        return UNDATED
    if due_on < today:
        return OVERDUE
    if due_on == today:
        return TODAY
    return SOON if due_on <= today + timedelta(days=SOON_DAYS) else LATER


class NewTodo(TypedDict):
    """What a to-do is described by; see `operations.prepared`."""

    system: str
    kind: str
    subject: str
    title: str
    url: str
    at: datetime
    organization_id: NotRequired[int | None]
    role: NotRequired[str]
    user_id: NotRequired[int | None]
    due_on: NotRequired[date | None]
    detail: NotRequired[str]
    params: NotRequired[Mapping[str, Any] | None]
    number: NotRequired[str]
    person: NotRequired[str]


@dataclass(frozen=True)
class Item:
    """One line of a to-do list; `mine` is False while the to-do is still in the common pool."""

    id: int
    system: str
    kind: str
    subject: str
    url: str
    number: str
    person: str
    due_on: date | None
    created_at: datetime
    bucket: str
    mine: bool
    role: str
    organization_id: int | None
    message: str = ""
    detail_message: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What to do, in the reader's language."""
        return in_words(self.message, self.params)

    @property
    def detail(self) -> str:
        """About what, in the reader's language."""
        return in_words(self.detail_message, self.params)


@dataclass(frozen=True)
class Counts:
    """How many to-dos stand in each part of the list."""

    overdue: int = 0
    today: int = 0
    soon: int = 0
    later: int = 0
    undated: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.overdue + self.today + self.soon + self.later + self.undated

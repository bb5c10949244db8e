"""What supervision hands to others and what it is handed: frozen facts, no rows to change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zhengtong.kernel.errors import CalendarYearMissing
from zhengtong.kernel.legal_clock import Budget

Words = Mapping[str, str]
"""A name in two languages: {"zh": …, "en": …}."""


@dataclass(frozen=True)
class Watched:
    """One clock of another system, as supervision sees it.

    `key` is unique in its `source` and stable; `subject` is what the clock is about (`case:12`, `project:3`). `organization_id` is the
    body that answers, `role` the pool that works there. The due day is never copied: it is derived from `budget`. `extended_at`: when
    the budget's extension was granted; before it the shorter limit held. `stopped_at` None: it runs. `unknown`: the budget cannot be told
    yet, because its last day lies in a year without a calendar.
    """

    source: str
    key: str
    subject: str
    kind: str
    organization_id: int
    title: Words
    url: str
    budget: Budget
    role: str = ""
    officer_id: int | None = None
    topic: Words = field(default_factory=dict)
    number: str = ""
    extended_at: datetime | None = None
    stopped_at: datetime | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    unknown: CalendarYearMissing | None = None


@dataclass(frozen=True)
class Finding:
    """What a detector saw: which rule, about what, when, and the facts that prove it. `mark` tells two findings of a rule apart."""

    code: str
    at: datetime
    facts: Mapping[str, Any]
    mark: str = ""
    organization_id: int | None = None
    role: str = ""


@dataclass(frozen=True)
class Charge:
    """What was asked of an applicant in money for a case: decimal 元 as text, and by which law.

    `asked` False: drawn up, and nobody was asked for it yet (an official has still to assess it).
    """

    name: str
    amount: str
    rule: str = ""
    asked: bool = True

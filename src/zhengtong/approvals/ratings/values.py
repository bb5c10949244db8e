"""What ratings hand to other systems and to pages."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django.utils.translation import get_language

from zhengtong.foundation.organizations.models import Organization

GOOD_TAGS, BAD_TAGS = "good", "bad"


@dataclass(frozen=True)
class Tag:
    """One thing that was good or bad, ready to be ticked."""

    key: str
    about: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """In the reader's language."""
        return self.en if (get_language() or "").startswith("en") else self.zh


@lru_cache(maxsize=1)
def tags() -> dict[str, Tag]:
    """Every tag, by key, in the order of `data/tags.json`."""
    raw = json.loads((Path(__file__).parent / "data" / "tags.json").read_text(encoding="utf-8"))
    return {row["key"]: Tag(**row) for row in raw}


def tag_labels(keys: Iterable[str]) -> list[str]:
    """The words of these tags; one that is no longer offered is left out."""
    return [tags()[key].label for key in keys if key in tags()]


@dataclass(frozen=True)
class OpenClock:
    """One clock of a work order that still runs, for whoever watches over deadlines."""

    subject: str
    kind: str
    body: Organization
    started_on: date
    due_on: date
    url: str
    title: str


@dataclass(frozen=True)
class OrderClock:
    """One clock of a work order, running or stopped (`kind` contact or correct), for whoever keeps a ledger of deadlines.

    `workdays`: its limit where the rule counts working days; None: calendar days, up to and including `due_on`.
    """

    rating_id: int
    kind: str
    department_id: int
    assignee_id: int | None
    started_on: date
    due_on: date
    workdays: int | None
    stopped_at: datetime | None
    url: str
    number: str
    what: dict[str, str]


@dataclass(frozen=True)
class Satisfaction:
    """Counts of ratings and of what became of the bad ones; every share is derived, None while there is nothing to divide by."""

    rated: int = 0
    satisfied: int = 0
    set_aside: int = 0
    finished: int = 0
    finished_rated: int = 0
    orders: int = 0
    answered: int = 0
    contact_due: int = 0
    contact_in_time: int = 0
    correct_due: int = 0
    correct_in_time: int = 0
    followed_up: int = 0
    follow_up_satisfied: int = 0

    @property
    def satisfied_percent(self) -> float | None:
        """满意率: codes 1 to 3 among the ratings that count."""
        return _share(self.satisfied, self.rated)

    @property
    def taking_part_percent(self) -> float | None:
        """参评率: finished cases that were rated."""
        return _share(self.finished_rated, self.finished)

    @property
    def answered_percent(self) -> float | None:
        """差评答复率."""
        return _share(self.answered, self.orders)

    @property
    def contact_percent(self) -> float | None:
        """Contacted in time, among those whose day has come or who were contacted."""
        return _share(self.contact_in_time, self.contact_due)

    @property
    def correct_percent(self) -> float | None:
        """按期整改率."""
        return _share(self.correct_in_time, self.correct_due)

    @property
    def follow_up_percent(self) -> float | None:
        """回访满意率."""
        return _share(self.follow_up_satisfied, self.followed_up)


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


# --- Personal data in a text that may become public ---------------------------------------------------------------------

VEIL = "■■"
_DIGIT = "0-9０-９零〇一二三四五六七八九幺"  # noqa: RUF001 - people write numbers in all of these
_RUN = re.compile(rf"[{_DIGIT}](?:[\s\-—–_.·,，、/()（）]{{0,2}}[{_DIGIT}Xx])*")  # noqa: RUF001
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DAY = re.compile(r"(19|20)\d{2}[-./](0?[1-9]|1[0-2])[-./](0?[1-9]|[12]\d|3[01])")
LONGEST_NUMBER = 6
"""Digits in a row that may stay: a price, a year, a room. Phones, identity, card and case numbers have more."""


def hide_numbers(text: str) -> tuple[str, int]:
    """`text` without phone, identity, card and case numbers and e-mail addresses, however they are spaced; and how many were hidden.

    A date stays. Names are for the official who releases the text: no program knows which words are somebody's name.
    """
    hidden = 0

    def veil(found: re.Match[str]) -> str:
        nonlocal hidden
        run = found.group()
        if sum(c.isalnum() for c in run) <= LONGEST_NUMBER or _DAY.fullmatch(run):
            return run
        hidden += 1
        return VEIL

    without_mail, mails = _MAIL.subn(VEIL, text)
    return _RUN.sub(veil, without_mail), hidden + mails


def hide_words(text: str, words: Iterable[str]) -> tuple[str, int]:
    """`text` without these words; and how many places were hidden."""
    hidden = 0
    for word in sorted({w for w in words if w}, key=len, reverse=True):
        hidden += text.count(word)
        text = text.replace(word, VEIL)
    return text, hidden

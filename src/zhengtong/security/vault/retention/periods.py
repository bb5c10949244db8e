"""The periods: those that ship with the product (`data/retention.json`, our reading of the law), and what two people of the county
changed since. A period's last day is its corresponding day (民法典 第二百零一条、第二百零二条); deleted is from the day after.
"""

import calendar
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path

from django.utils import timezone
from django.utils.translation import get_language

from zhengtong.security.vault.models import RetentionChange, time_words

DATA = Path(__file__).resolve().parents[1] / "data" / "retention.json"
FOREVER = RetentionChange.FOREVER


@dataclass(frozen=True)
class Period:
    """How long one kind of data is kept, since when that runs, and by which source of which day; `changed`: by the county."""

    key: str
    label: str
    label_en: str
    since: str
    since_en: str
    amount: int
    unit: str
    source: str
    source_en: str
    dated: date
    changed: RetentionChange | None = None

    @property
    def name(self) -> str:
        """What is kept, in the reader's language."""
        return _own(self.label, self.label_en)

    @property
    def begins(self) -> str:
        """Since when the time runs, in the reader's language."""
        return _own(self.since, self.since_en)

    @property
    def basis(self) -> str:
        """The source, in the reader's language."""
        return _own(self.source, self.source_en)

    @property
    def words(self) -> str:
        """The time in words."""
        return time_words(self.amount, self.unit)


def _own(chinese: str, english: str) -> str:
    return english if (get_language() or "").startswith("en") else chinese


@cache
def shipped() -> dict[str, Period]:
    """What ships with the product, by key, in the order of the page."""
    said = json.loads(DATA.read_text(encoding="utf-8"))
    rows = ({**one, "dated": date.fromisoformat(one["dated"])} for one in said["periods"])
    return {row["key"]: Period(**row) for row in rows}


def in_force() -> dict[str, Period]:
    """Every period as it is now: the newest change that two people stand behind, else what ships. One query."""
    found = dict(shipped())
    for change in RetentionChange.objects.filter(confirmed_at__isnull=False).order_by("pk"):
        if change.key in found:
            was = shipped()[change.key]
            found[change.key] = Period(
                change.key,
                was.label,
                was.label_en,
                was.since,
                was.since_en,
                change.amount,
                change.unit,
                change.source,
                change.source,
                change.dated,
                change,
            )
    return found


def before(period: Period, at: datetime) -> datetime | None:
    """What began before this moment has been kept long enough at `at`; None: never."""
    if period.unit == FOREVER:
        return None
    day = _back(timezone.localdate(at), period.amount, period.unit)
    return timezone.make_aware(datetime.combine(day, time.min))


def kept_since(key: str, at: datetime) -> datetime:
    """`before` of one period, for apps that ask what is still kept: everything (the year 1) when it is kept for ever."""
    found = before(in_force()[key], at)
    return found or datetime(1, 1, 2, tzinfo=timezone.get_current_timezone())


def _back(today: date, amount: int, unit: str) -> date:
    """The first day whose time is not over yet: so much before today; where there is no such day, the first of the next month."""
    if unit == "days":
        return today - timedelta(days=amount)
    months = today.year * 12 + today.month - 1 - amount * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    if today.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, today.day)
    year, month = divmod(months + 1, 12)
    return date(year, month + 1, 1)


def kept_for(key: str) -> str:
    """How long, in words."""
    return in_force()[key].words

"""Calendar documents: what a version holds, read, compared and amended without a database.

    {"2026": {"source": "国办发明电〔…〕", "days": {"2026-10-01": {"workday": false, "name": "国庆节", "kind": "holiday"}}}}

A year that is a key has data (even when no day differs); a year that is not is refused, never guessed.
"""

import calendar
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.legal_clock import DayException, WorkingDays

BUILTIN = Path(__file__).parent / "data" / "working_days.json"
FIRST_YEAR, LAST_YEAR = 1990, 2100

HOLIDAY, MAKEUP, CLOSURE = "holiday", "makeup_workday", "county_closure"
KINDS: dict[str, str | Promise] = {
    HOLIDAY: gettext_lazy("放假"),
    MAKEUP: gettext_lazy("调休上班"),
    CLOSURE: gettext_lazy("本县停止办公"),
    "statutory_holiday": gettext_lazy("法定节假日"),
    "exchanged_rest": gettext_lazy("调休放假"),
    "weekend_rest": gettext_lazy("假期内的周末"),
}
"""Kinds of day that differ from an ordinary week; the first three are what a person chooses from."""

Day = dict[str, Any]
Document = dict[str, Any]


def parse(document: Mapping[str, Any], *, version: int) -> WorkingDays:
    """`WorkingDays` of a calendar document. Raises `Invalid` naming the first year or day that cannot be read."""
    exceptions: dict[int, dict[date, DayException]] = {}
    for year_text, content in document.items():
        year = _year(year_text)
        listed = content.get("days", {}) if isinstance(content, Mapping) else None
        if not isinstance(listed, Mapping):
            raise Invalid(_("{year}年的内容读不懂，应有“days”一项。").format(year=year))
        exceptions[year] = {_day(text, year): _exception(text, info) for text, info in listed.items()}
    return WorkingDays(exceptions, version=version)


def _year(text: object) -> int:
    shown = str(text)
    if not (shown.isascii() and shown.isdigit() and FIRST_YEAR <= int(shown) <= LAST_YEAR):
        raise Invalid(_("“{text}”不是年份，请写成2027的样子。").format(text=shown))
    return int(shown)


def _day(text: object, year: int) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        raise Invalid(_("“{text}”不是日期，请写成2026-10-01的样子。").format(text=text)) from None
    if day.year != year:
        raise Invalid(_("{text}不在{year}年里，请改正。").format(text=text, year=year))
    return day


def _exception(text: object, info: Any) -> DayException:
    if not isinstance(info, Mapping) or not isinstance(info.get("workday"), bool):
        raise Invalid(_("{text}没有写明放假还是上班（“workday”应为true或false）。").format(text=text))
    name = str(info.get("name", "")).strip()
    if not name:
        raise Invalid(_("请写明{text}是什么日子，例如“国庆节”。").format(text=text))
    return DayException(info["workday"], name, str(info.get("kind", "")))


def builtin_document() -> Document:
    """The years that ship with the product (State Council notices; source per year)."""
    document: Document = json.loads(BUILTIN.read_text(encoding="utf-8"))
    return document


@lru_cache(maxsize=1)
def builtin() -> WorkingDays:
    """Working days that ship with the product, for the command line without a database. Version 0."""
    return parse(builtin_document(), version=0)


def amended(document: Document, changes: Mapping[str, Day | None], sources: Mapping[str, str]) -> Document:
    """A copy of `document` with days set (or, None: made ordinary again) and the sources of years noted.

    A year named in `sources` is begun when it has no data yet; a change in any other year without data is refused.
    """
    result: Document = {year: {**content, "days": dict(content["days"])} for year, content in document.items()}
    for year, source in sources.items():
        content = result.setdefault(str(_year(year)), {"source": "", "days": {}})
        content["source"] = source
    for text, info in changes.items():
        content = result.get(text[:4])
        if content is None:
            problem = _("{year}年还没有数据，请先整年录入国务院办公厅的放假通知，再改个别日子。")
            raise Invalid(problem.format(year=text[:4]))
        if info is None:
            content["days"].pop(text, None)
        else:
            content["days"][text] = dict(info)
    return {year: {**result[year], "days": dict(sorted(result[year]["days"].items()))} for year in sorted(result)}


@dataclass(frozen=True)
class Difference:
    """One day that two documents see differently; a whole year begun is one difference with `day` None."""

    year: int
    day: date | None
    before: DayException | None
    after: DayException | None

    @property
    def before_words(self) -> str:
        """What the day was."""
        return _words(self.day, self.before)

    @property
    def after_words(self) -> str:
        """What the day becomes."""
        return _words(self.day, self.after)

    @property
    def effect(self) -> str:
        """What it means for limits: `loses` a working day, `gains` one, `begins` a year, or `same` (only words)."""
        if self.day is None:
            return "begins"
        was, will = _is_workday(self.day, self.before), _is_workday(self.day, self.after)
        return "same" if was == will else "gains" if will else "loses"


def _words(day: date | None, info: DayException | None) -> str:
    if day is None:
        return ""
    if info is None:
        return _("工作日") if day.weekday() < 5 else _("周末")
    state = _("上班") if info.workday else str(KINDS[CLOSURE]) if info.kind == CLOSURE else _("放假")
    return f"{info.name} {state}"


def _is_workday(day: date, info: DayException | None) -> bool:
    return info.workday if info else day.weekday() < 5


def differences(before: Document, after: Document) -> tuple[Difference, ...]:
    """What changes from one document to the next, in order of days; years only begun come first."""
    found: list[Difference] = []
    for year in sorted(set(before) | set(after)):
        old, new = _exceptions(before, year), _exceptions(after, year)
        if (year in before) != (year in after):
            found.append(Difference(int(year), None, None, None))
        for day in sorted(set(old) | set(new)):
            if old.get(day) != new.get(day):
                found.append(Difference(int(year), day, old.get(day), new.get(day)))
    return tuple(found)


def _exceptions(document: Document, year: str) -> dict[date, DayException]:
    listed = document.get(year, {}).get("days", {})
    return {date.fromisoformat(text): _exception(text, info) for text, info in listed.items()}


@dataclass(frozen=True)
class Cell:
    """One day in a month's grid. `state`: workday, weekend, holiday, makeup or closure."""

    day: date
    state: str
    name: str = ""

    @property
    def sign(self) -> str:
        """One character for the grid, so that colour is never alone."""
        return {"holiday": _("休"), "makeup": _("班"), "closure": _("停")}.get(self.state, "")

    @property
    def words(self) -> str:
        """The state in words, for those who do not see the colour."""
        labels = {"workday": _("工作日"), "weekend": _("周末"), "holiday": _("放假"), "makeup": _("上班")}
        word = labels.get(self.state, _("停止办公"))
        return f"{self.name} {word}" if self.name else word


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday; None where another month's days would stand."""

    first: date
    weeks: tuple[tuple[Cell | None, ...], ...]
    workdays: int


@dataclass(frozen=True)
class Year:
    """A year for reading: its months, its count of working days, where the data comes from."""

    number: int
    source: str
    months: tuple[Month, ...]
    workdays: int
    holidays: tuple["Span", ...]


@dataclass(frozen=True)
class Span:
    """Consecutive special days of one name: 国庆节 10月1日 – 10月7日."""

    name: str
    first: date
    last: date
    workday: bool

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


def year_of(document: Document, number: int) -> Year | None:
    """The year laid out for reading; None when the document has no data for it."""
    content = document.get(str(number))
    if content is None:
        return None
    special = _exceptions(document, str(number))
    months = tuple(_month(number, month, special) for month in range(1, 13))
    return Year(
        number=number,
        source=str(content.get("source", "")),
        months=months,
        workdays=sum(month.workdays for month in months),
        holidays=spans(special),
    )


def _month(year: int, month: int, special: Mapping[date, DayException]) -> Month:
    grid = calendar.Calendar().monthdatescalendar(year, month)
    weeks = tuple(tuple(_cell(day, special) if day.month == month else None for day in week) for week in grid)
    workdays = sum(1 for week in weeks for cell in week if cell and cell.state in ("workday", "makeup"))
    return Month(date(year, month, 1), weeks, workdays)


def _cell(day: date, special: Mapping[date, DayException]) -> Cell:
    info = special.get(day)
    if info is None:
        return Cell(day, "workday" if day.weekday() < 5 else "weekend")
    if info.workday:
        return Cell(day, "makeup", info.name)
    return Cell(day, "closure" if info.kind == CLOSURE else "holiday", info.name)


def spans(special: Mapping[date, DayException]) -> tuple[Span, ...]:
    """Special days gathered into runs of the same name and sort, in order."""
    found: list[Span] = []
    for day in sorted(special):
        info = special[day]
        last = found[-1] if found else None
        together = last is not None and (last.name, last.workday) == (info.name, info.workday)
        if last is not None and together and day - last.last == timedelta(days=1):
            found[-1] = Span(last.name, last.first, day, last.workday)
        else:
            found.append(Span(info.name, day, day, info.workday))
    return tuple(found)


@dataclass(frozen=True)
class Change:
    """A wish to amend: days to set (None: ordinary again) and the source of every year that is replaced as a whole."""

    days: Mapping[str, Day | None]
    sources: Mapping[str, str]


@dataclass(frozen=True)
class DemoLink:
    """One thing to do on the demo page: what it is called, where it leads, a short note."""

    label: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class DemoPanel:
    """A section on the demo page beside the clock (accounts to sign in with …), filled by another app."""

    key: str
    title: str | Promise
    links: Callable[[], Sequence[DemoLink]]


DEMO_PANELS: dict[str, DemoPanel] = {}


def register_demo_panel(panel: DemoPanel) -> None:
    """Add a section to the demo page; the same key again replaces it. Call it in `AppConfig.ready`."""
    DEMO_PANELS[panel.key] = panel

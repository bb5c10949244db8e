"""Read a year's days from the text of a 国务院办公厅 notice, or from JSON.

The text is checked against itself: weekdays in brackets must be right for the year, “共8天” must be the length of the
range. What cannot be understood is refused with the sentence it stands in, never guessed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from zhengtong.foundation.calendars.values import HOLIDAY, MAKEUP, Day, parse
from zhengtong.kernel.errors import Invalid

_ITEM = re.compile(r"^\s*(?:[一二三四五六七八九十]+|\d+)\s*[、.．]\s*(?P<name>[^：:]{1,20})[：:](?P<text>.+)$")
_DATE = re.compile(
    r"(?P<to>[至到—–\-~～]\s*)?(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日"
    r"(?:\s*[（(](?P<note>[^）)]*)[）)])?"
)
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_TOTAL = re.compile(r"(?:共|放假)\s*(\d{1,2})\s*天")
_NUMBER = re.compile(r"国办发明电\s*[〔\[【(（]\s*\d{4}\s*[〕\]】)）]\s*\d+\s*号")


@dataclass
class Announced:
    """What a notice says: days (ISO date → day) and the source."""

    source: str
    days: dict[str, Day] = field(default_factory=dict)


def read(text: str, *, year: int) -> Announced:
    """The days of `year` from pasted notice text or JSON. Raises `Invalid` with the sentence that cannot be read."""
    stripped = text.strip()
    if not stripped:
        raise Invalid(_("请粘贴放假通知的正文，或JSON内容。"))
    found = _read_json(stripped, year) if stripped[0] in "{[" else _read_notice(stripped, year)
    if not found.days:
        raise Invalid(_("没有在文字中找到{year}年的放假安排，请粘贴通知中“一、元旦：……”各条。").format(year=year))
    parse({str(y): {"days": days} for y, days in _by_year(found.days).items()}, version=0)
    return found


def _by_year(days: Mapping[str, Day]) -> dict[str, dict[str, Day]]:
    years: dict[str, dict[str, Day]] = {}
    for text, info in days.items():
        years.setdefault(text[:4], {})[text] = info
    return years


def _read_json(text: str, year: int) -> Announced:
    try:
        content: Any = json.loads(text)
    except ValueError:
        raise Invalid(_("JSON格式有误，请检查括号和引号，或者改为粘贴通知正文。")) from None
    if isinstance(content, dict) and str(year) in content:
        content = content[str(year)]
    source = str(content.get("source") or content.get("document_no") or "") if isinstance(content, dict) else ""
    days = content.get("days") if isinstance(content, dict) else content
    if isinstance(days, list):
        days = dict(_listed(entry) for entry in days)
    if not isinstance(days, dict):
        raise Invalid(_("JSON中没有“days”一项，请按工作日历的格式提供。"))
    return Announced(source, days)


def _listed(entry: Any) -> tuple[str, Day]:
    if not isinstance(entry, dict) or "date" not in entry:
        raise Invalid(_("JSON列表中的每一项都应有“date”，例如{example}。").format(example='{"date": "2027-01-01"}'))
    kind = str(entry.get("kind") or HOLIDAY)
    workday = entry.get("workday", kind == MAKEUP)
    return str(entry["date"]), {"workday": workday, "name": str(entry.get("name", "")), "kind": kind}


def _read_notice(text: str, year: int) -> Announced:
    number = _NUMBER.search(text)
    found = Announced(re.sub(r"\s", "", number.group()) if number else "")
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item is None:
            continue
        for sentence in re.split(r"[。；;]", item["text"]):
            _read_sentence(sentence, item["name"].strip(), year, found.days)
    return found


def _read_sentence(sentence: str, name: str, year: int, days: dict[str, Day]) -> None:
    rest = "放假" in sentence
    work = not rest and "上班" in sentence
    if not rest and not work:
        return
    spoken = _days_of(sentence, year)
    if not spoken:
        raise Invalid(_("这一句里没有读到日期：“{sentence}”。请改写后再试。").format(sentence=sentence.strip()))
    _check_total(sentence, spoken if rest else [])
    for day in spoken:
        days[day.isoformat()] = {"workday": work, "name": name, "kind": MAKEUP if work else HOLIDAY}


def _days_of(sentence: str, year: int) -> list[date]:
    found: list[date] = []
    month = 0
    for match in _DATE.finditer(sentence):
        month = int(match["month"] or month)
        year = int(match["year"] or year)
        day = _date(year, month, int(match["day"]), sentence)
        _check_weekday(day, match["note"] or "", sentence)
        if match["to"] and found:
            found += _between(found[-1], day, sentence)
        else:
            found.append(day)
    return found


def _between(first: date, last: date, sentence: str) -> list[date]:
    length = (last - first).days
    if not 0 < length < 40:
        raise Invalid(_("起止日期的顺序不对：“{sentence}”。请核对年份和日期。").format(sentence=sentence.strip()))
    return [first + timedelta(days=n) for n in range(1, length + 1)]


def _date(year: int, month: int, day: int, sentence: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Invalid(_("这一句里的日期不存在：“{sentence}”。请核对。").format(sentence=sentence.strip())) from None


def _check_weekday(day: date, note: str, sentence: str) -> None:
    said = _WEEKDAY.search(note)
    if said is None:
        return
    place = "一二三四五六日".index("日" if said[1] == "天" else said[1])
    if place != day.weekday():
        right = "一二三四五六日"[day.weekday()]
        problem = _("“{sentence}”中，{day}应为周{right}，与括号里写的不符。请核对通知是不是{year}年的。")
        raise Invalid(problem.format(sentence=sentence.strip(), day=day.isoformat(), right=right, year=day.year))


def _check_total(sentence: str, spoken: list[date]) -> None:
    total = _TOTAL.search(sentence)
    if total and spoken and int(total[1]) != len(spoken):
        problem = _("“{sentence}”写的是{said}天，按起止日期是{counted}天。请核对。")
        raise Invalid(problem.format(sentence=sentence.strip(), said=total[1], counted=len(spoken)))

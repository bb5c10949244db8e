"""The weekly brief as PDF/A: cards, who is late, the on-time rate by body, appeals. Made by typst, offline, from facts of the moment."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from zhengtong.approvals.papers.glyphs import FONTS
from zhengtong.oversight.supervision import board, forecast, performance
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.states import STANDS, Level

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).parent / "brief"
_LOCK = threading.Lock()
"""A typst compiler serves one thread at a time."""


@lru_cache(maxsize=1)
def _compiler() -> "typst.Compiler":
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(root=str(TEMPLATES), font_paths=fonts, ignore_system_fonts=True)


def content(*, until: date, now: datetime) -> dict[str, Any]:
    """What the brief says, as plain data, in Chinese: it is an official paper of the county."""
    first = until - timedelta(days=6)
    since, end = performance.bounds_of(first, until)
    with translation.override("zh-hans"):
        rows = performance.measured(first=first, last=until)
        levels = {
            level: Card.objects.filter(
                level=level, threshold_at__gte=since, threshold_at__lt=end, state__in=STANDS
            ).count()
            for level in Level.values
        }
        return {
            "county": str(settings.COUNTY_NAME),
            "title": _("电子监察周报"),
            "period": _("{first}至{last}").format(first=first, last=until),
            "issued_on": str(timezone.localdate(now)),
            "counts": [[str(Level(level).label), levels[level]] for level in (3, 2, 1)],
            "late": [
                [
                    str(card.get_level_display()),
                    card.organization.short_label,
                    card.rule_name,
                    card.number or card.heading,
                ]
                for card in board.worst(None)
            ],
            "rates": [
                [
                    one.body.short_label if one.body else _("全县"),
                    one.decided,
                    _shown(one.on_time_percent),
                    _number(one.p50),
                    _number(one.p90),
                ]
                for one in rows
                if one.decided or one.late_open
            ],
            "ahead": [
                [
                    timezone.localtime(one.at).strftime("%m-%d"),
                    one.label,
                    one.body.short_label if one.body else "",
                    one.rule,
                    one.watched.number,
                ]
                for one in forecast.coming(now=now)[:15]
            ],
            "appeals": [rows[-1].appeals, rows[-1].upheld] if rows else [0, 0],
        }


def _shown(percent: float | None) -> str:
    return "—" if percent is None else f"{percent}%"


def _number(n: int | None) -> str:
    return "—" if n is None else str(n)


def brief(*, until: date, now: datetime) -> bytes:
    """The seven days up to `until`. What people wrote reaches typst only as strings in JSON."""
    said = content(until=until, now=now)
    with _LOCK:
        made = _compiler().compile(
            input=str(TEMPLATES / "weekly.typ"),
            format="pdf",
            sys_inputs={"data": json.dumps(said, ensure_ascii=False)},
            pdf_standards="a-2b",
            timestamp=datetime(until.year, until.month, until.day, 4, tzinfo=UTC),
        )
    assert isinstance(made, bytes)
    return made

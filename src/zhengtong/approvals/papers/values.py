"""Dates as papers print them, and the base of everything a paper says."""

from datetime import date, datetime
from typing import Annotated

from django.utils import timezone
from pydantic import BaseModel, BeforeValidator, ConfigDict


def local(value: object) -> object:
    """An aware datetime in the county's time zone; anything else as it is."""
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def chinese_date(value: object) -> object:
    """`2026年9月21日` for a date or datetime; anything else is returned as it is."""
    value = local(value)
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return value


def chinese_moment(value: object) -> object:
    """`2026年9月21日 15时04分` for a datetime; anything else as `chinese_date`."""
    value = local(value)
    if isinstance(value, datetime):
        return f"{chinese_date(value)} {value.hour:02d}时{value.minute:02d}分"
    return chinese_date(value)


PaperDate = Annotated[str, BeforeValidator(chinese_date)]
PaperMoment = Annotated[str, BeforeValidator(chinese_moment)]


class Part(BaseModel):
    """Base of all parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

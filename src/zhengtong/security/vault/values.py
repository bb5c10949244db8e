"""What an erasure does with the parts of a person's data, and what ends by itself; slots that the apps that hold them fill."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet


@dataclass(frozen=True)
class Part:
    """One line of what an erasure would do: so many of these go, or stay for this reason; `blocks`: it must end first."""

    label: str
    count: int
    goes: bool
    why: str = ""
    blocks: bool = False


@dataclass(frozen=True)
class Holding:
    """What an app holds of a person: what would become of it, doing it (the number erased), and all of it as plain data."""

    says: Callable[[int, datetime], list[Part]]
    erase: Callable[[int, datetime], int]
    export: Callable[[int], dict[str, Any]]


HOLDINGS: dict[str, Holding] = {}
"""By the name of the app."""

RETAINED: dict[str, Callable[[datetime], Q]] = {}
"""By model (`cases.Case`): which rows the law keeps at that moment; their values are not erased (第四十七条第二款)."""


@dataclass(frozen=True)
class Deleted:
    """What a batch took away: rows (or their values), and attachments."""

    rows: int
    files: int = 0


@dataclass(frozen=True)
class Retention:
    """A kind of data that is kept for a time (`data/retention.json` says how long): the rows whose time began before a moment, and
    taking some of them away. `models`: whose sealed values it ends. `by_machine`: it runs by the machine's clock, not the county's.

    `delete` runs inside a transaction and may leave rows that must stay; it does no harm twice.
    """

    due: Callable[[datetime], "QuerySet[Any]"]
    delete: Callable[[list[Any], datetime], Deleted]
    models: tuple[str, ...] = ()
    by_machine: bool = False


RETENTIONS: dict[str, Retention] = {}
"""By the key of its period."""

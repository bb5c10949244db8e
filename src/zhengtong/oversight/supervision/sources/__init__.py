"""Where clocks come from: one module for every system whose clocks are watched.

A source answers two questions by the door of its system: which clocks do these subjects have, and which subjects have a clock
running. The system itself knows nothing of it: it publishes its facts, `receivers` hears them and asks here. A new system is watched
by one more module here, and one line in `register_all`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zhengtong.oversight.supervision.values import Charge, Watched


@dataclass(frozen=True)
class Source:
    """A system whose clocks are watched.

    `of(subjects, since)`: every clock of these subjects that runs, or stopped at `since` or later (None: ever).
    `find(keys)`: the clocks with these keys, running or not.
    `running(after, limit)`: the next subjects with a running clock, in a stable order, after the one named ("": from the beginning).
    `kinds`: what it can give, so that the page of the rules says for which rule nothing is connected yet.
    """

    name: str
    label: Any
    kinds: frozenset[str]
    of: Callable[[Iterable[str], datetime | None], list[Watched]]
    find: Callable[[Iterable[str]], list[Watched]]
    running: Callable[[str, int], list[str]]


SOURCES: dict[str, Source] = {}
Charges = Callable[[Collection[int]], Mapping[int, Sequence[Charge]]]
"""What was asked of the applicants of these cases in money. A case that is left out is not billed yet: nothing is said of it."""

CHARGES: list[Charges] = []
"""Every system that takes money."""


def register_source(source: Source) -> None:
    """Watch the clocks of a system; the same name again replaces it."""
    SOURCES[source.name] = source


def register_charges(reader: Charges) -> None:
    """Let the rules about fees see what a system of payments asked for."""
    if reader not in CHARGES:
        CHARGES.append(reader)


def connected_kinds() -> frozenset[str]:
    """What some source can give."""
    return frozenset().union(*(source.kinds for source in SOURCES.values()))


def find(keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Watched]:
    """The clocks with these (source, key), by it; one question to each source."""
    wanted: dict[str, list[str]] = {}
    for source, key in keys:
        wanted.setdefault(source, []).append(key)
    found: dict[tuple[str, str], Watched] = {}
    for name, names in wanted.items():
        if name in SOURCES:
            found.update({(one.source, one.key): one for one in SOURCES[name].find(names)})
    return found


def register_all() -> None:
    """Every system of this product that has clocks; called when the app is ready."""
    from zhengtong.oversight.supervision.sources import cases, greenway, own, payments, ratings

    cases.register()
    greenway.register()
    ratings.register()
    own.register()
    payments.register()

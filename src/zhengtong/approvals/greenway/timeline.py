"""The picture of a stage: a bar per branch over working time, what is critical, what waits for whom, today and the last day.

Pure geometry: positions are thousandths of the picture's width, drawn by `greenway/timeline.html` as SVG beside words, so that it can be
read on a phone, printed, and followed without seeing it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from zhengtong.approvals.greenway import critical
from zhengtong.approvals.greenway.models import Branch
from zhengtong.approvals.greenway.states import BranchState

WIDTH = 1000
LEAST_BAR = 12


@dataclass(frozen=True)
class Bar:
    """One branch as it is drawn: the whole bar, the part that lies behind, pauses on it."""

    branch: Branch
    x: int
    width: int
    done: int
    pauses: tuple[tuple[int, int], ...]
    starts_on: date
    ends_on: date
    slack: int
    critical: bool
    ended: bool
    begun: bool
    waits_for: tuple[str, ...]
    holds_up: tuple[str, ...]
    tone: str


@dataclass(frozen=True)
class Picture:
    """All bars on one scale; `due` is where the joint limit lies, None while it stands still or has not begun; `today` None: all have ended."""

    bars: tuple[Bar, ...]
    first: date
    last: date
    today: int | None
    due: int | None
    due_on: date | None
    ends_on: date
    late: bool


TONES = {
    BranchState.GRANTED: "ok",
    BranchState.REFUSED: "overdue",
    BranchState.WAITING: "soon",
    BranchState.SUSPENDED: "paused",
    BranchState.LEFT: "",
    BranchState.PLANNED: "",
}
SHOWN = frozenset(s for s in BranchState if s != BranchState.NOT_NEEDED)


def picture(
    branches: Sequence[Branch],
    path: critical.Path,
    nodes: Sequence[critical.Node],
    names: dict[str, str],
    *,
    due_on: date | None,
    started_on: date | None,
    today: date,
) -> Picture | None:
    """The picture of a stage; None when it has no branch that applies."""
    shown = [b for b in branches if BranchState(b.state) in SHOWN and b.matter_key in path.placed]
    if not shown:
        return None
    by_key = {node.key: node for node in nodes}
    places = [path.placed[branch.matter_key] for branch in shown]
    first = min([*(p.starts_on for p in places), *([started_on] if started_on else [])])
    open_ = any(by_key[b.matter_key].finished is None for b in shown)
    last = max([*([today] if open_ else []), first, *(p.ends_on for p in places), *([due_on] if due_on else [])])
    scale = _Scale(first, last)
    bars = [
        _bar(branch, path.placed[branch.matter_key], by_key[branch.matter_key], names, scale, today) for branch in shown
    ]
    ends_on = max(p.ends_on for p in places)
    return Picture(
        bars=tuple(bars),
        first=first,
        last=last,
        today=scale.at(min(max(today, first), last)) if open_ else None,
        due=scale.at(due_on) if due_on else None,
        due_on=due_on,
        ends_on=ends_on,
        late=due_on is not None and ends_on > due_on,
    )


@dataclass(frozen=True)
class _Scale:
    first: date
    last: date

    def at(self, day: date) -> int:
        """Where the end of a day lies."""
        span = max((self.last - self.first).days + 1, 1)
        return round(WIDTH * ((day - self.first).days + 1) / span)

    def begin(self, day: date) -> int:
        """Where a day begins."""
        span = max((self.last - self.first).days + 1, 1)
        return round(WIDTH * (day - self.first).days / span)


def _bar(
    branch: Branch, place: critical.Placed, node: critical.Node, names: dict[str, str], scale: _Scale, today: date
) -> Bar:
    x = scale.begin(place.starts_on)
    width = max(scale.at(place.ends_on) - x, LEAST_BAR)
    ended = node.finished is not None
    begun = node.start is not None
    behind = scale.at(min(today, place.ends_on)) - x if begun or ended else 0
    pauses = tuple(
        (scale.at(p.start), max(scale.at(min(p.end or today, place.ends_on)) - scale.at(p.start), 0))
        for p in node.pauses
    )
    return Bar(
        branch=branch,
        x=x,
        width=width,
        done=width if ended else max(min(behind, width), 0),
        pauses=tuple(pause for pause in pauses if pause[1]),
        starts_on=place.starts_on,
        ends_on=place.ends_on,
        slack=place.slack,
        critical=place.critical,
        ended=ended,
        begun=begun,
        waits_for=tuple(names.get(key, key) for key in place.waits_for),
        holds_up=tuple(names.get(key, key) for key in place.holds_up),
        tone=TONES.get(BranchState(branch.state), "info"),
    )

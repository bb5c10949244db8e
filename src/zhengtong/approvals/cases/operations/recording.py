"""How every operation begins and ends: lock the row, look the arrow up, write the event, publish the fact."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import rules, states
from zhengtong.approvals.cases.events import CaseFact
from zhengtong.approvals.cases.models import Case, CaseEvent, NumberSeries
from zhengtong.approvals.cases.states import EXITS, Kind, State
from zhengtong.foundation.events import public as events
from zhengtong.kernel import statements
from zhengtong.kernel.errors import NotFound, StaleVersion
from zhengtong.kernel.statements import Param, Statement

MOVING = (
    "state",
    "outcome",
    "deemed_accepted",
    "row_version",
    "number",
    "spoken_number",
    "query_code",
    "answers",
    "corrections",
    "submitted_at",
    "received_at",
    "accepted_at",
    "decided_at",
    "delivered_at",
    "closed_at",
    "due_on",
    "hearing_duty",
)
"""What an event may change on a case; who applied, for what and where is fixed when the draft is opened."""


_LOCKED = Statement(lambda: Case.objects.select_for_update().filter(pk=Param("id")))


def lock(case_id: int, *, seen: int | None = None) -> Case:
    """The case, locked until the transaction ends. `seen` is the row version the page was made from.

    Raises `NotFound`, and `StaleVersion` when somebody acted in between: two officers on one case at once, or a page submitted twice.
    """
    case: Case | None = _LOCKED.first(id=case_id)
    if case is None:
        raise NotFound(_("没有找到这个办件。"))
    case.as_read = _moving(case)
    if seen is not None and seen != case.row_version:
        raise StaleVersion(
            _("这个办件刚才已有新的办理记录，您看到的页面已过时，本次操作没有生效。请刷新页面，看过最新情况后再办理。")
        )
    return case


def record(
    case: Case,
    kind: Kind,
    fact: CaseFact | None,
    *,
    at: datetime,
    by: Any = None,
    on_behalf_of: str = "",
    data: dict[str, Any] | None = None,
) -> CaseEvent:
    """Move `case` along its arrow, append the event, save the row and publish the fact. The caller holds the lock.

    `at` is when it takes effect; the time of writing is kept beside it. Raises `CannotActNow` without an arrow.
    """
    rules.arrow_exists(case, kind)
    before, case.state = case.state, states.ARROWS[(case.state, kind)]
    case.row_version += 1
    if case.state in EXITS and before not in EXITS:
        case.closed_at = at
    statements.update(case, *_changed(case))
    event = CaseEvent(
        case=case,
        seq=case.row_version,
        kind=kind,
        from_state=before,
        to_state=case.state,
        actor_id=by.pk if by else None,
        on_behalf_of=on_behalf_of,
        effective_at=at,
        recorded_at=_recorded_at(at),
        data=data or {},
    )
    statements.insert(event)
    if fact is not None:
        events.publish(fact, at=at)
    return event


def _recorded_at(at: datetime) -> datetime:
    # In a demo the county's clock is moved: there the record is written by that clock too, or history would read as back-dated.
    return max(at, timezone.now()) if not settings.DEMO else at


def _moving(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in MOVING}


def _changed(case: Case) -> list[str]:
    """The columns that differ from what was read under the lock: one short UPDATE instead of the whole row."""
    now = _moving(case)
    changed = [name for name in MOVING if now[name] != case.as_read.get(name)]
    case.as_read = now
    return changed


def next_number(series: str) -> int:
    """The next number of a series, under a row lock: never twice, gaps stay when a transaction fails after it."""
    row, created = NumberSeries.objects.select_for_update().get_or_create(series=series, defaults={"last": 1})
    if not created:
        row.last += 1
        row.save(update_fields=["last"])
    return row.last


def last_seq(case_id: int) -> int:
    """The number of the newest event."""
    return CaseEvent.objects.filter(case_id=case_id).aggregate(n=Max("seq"))["n"] or 0


def is_draft(case: Case) -> bool:
    """True before submission."""
    return case.state == State.DRAFT

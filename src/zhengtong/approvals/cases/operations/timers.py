"""Clocks that run out: what the law lets happen by itself happens, the rest is reported; always dated at the true threshold."""

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from zhengtong.approvals.cases.events import ClockElapsed
from zhengtong.approvals.cases.models import Clock
from zhengtong.approvals.cases.operations import acceptance, desks
from zhengtong.approvals.cases.operations.recording import lock, record
from zhengtong.approvals.cases.states import WHEN_ELAPSED, ClockKind, ElapsedAction, Kind
from zhengtong.kernel.errors import ZhengtongError

log = logging.getLogger(__name__)
BATCH = 50


def fire(*, now: datetime) -> int:
    """Fire the clocks whose threshold has passed, oldest first, up to a batch of them; returns how many fired.

    After a downtime each is dated at its own threshold, not at the restart. A case that cannot be moved (a calendar year without
    data, a row that somebody broke) is reported in the log and tried again; it holds up no other, and many do not use up the batch.
    """
    due = Clock.objects.filter(stopped_at__isnull=True, next_threshold_at__lte=now).order_by("next_threshold_at", "pk")
    fired = 0
    for clock_id in list(due.values_list("pk", flat=True)):
        if fired >= BATCH:
            break
        fired += _try_to_fire(clock_id, now=now)
    return fired


def _try_to_fire(clock_id: int, *, now: datetime) -> int:
    try:
        return _fire(clock_id, now=now)
    except ZhengtongError as refusal:
        log.error("clock could not fire", extra={"clock": clock_id, "code": refusal.code})
    except (OperationalError, InterfaceError):  # the database is away for all of them: the worker waits for it
        raise
    except Exception as error:  # one case may be broken in any way; none may stop the clocks of the others
        log.exception("clock could not fire", extra={"clock": clock_id, "error": type(error).__name__})
    return 0


@transaction.atomic
def _fire(clock_id: int, *, now: datetime) -> int:
    clock = Clock.objects.get(pk=clock_id)
    case = lock(clock.case_id)
    # Read again under the case's lock: somebody may have acted while we came here.
    clock = Clock.objects.get(pk=clock_id)
    at = clock.next_threshold_at
    if clock.stopped_at is not None or at is None or at > now:
        return 0
    clock.elapsed_at, clock.next_threshold_at = at, None
    clock.save(update_fields=["elapsed_at", "next_threshold_at"])
    fact = ClockElapsed(case_id=case.pk, clock_id=clock.pk, clock_kind=clock.kind)
    record(case, Kind.ELAPSED, fact, at=at, data={"clock": clock.pk, "kind": clock.kind, "due_on": str(clock.due_on)})
    action = WHEN_ELAPSED.get(clock.kind, ElapsedAction.REPORT)
    if action == ElapsedAction.RECEIVE:
        acceptance.auto_receive(case_id=case.pk, at=at)
    elif action == ElapsedAction.DEEM_ACCEPT:
        acceptance.deem_accept(case_id=case.pk, at=at)
    elif action == ElapsedAction.LAPSE:
        acceptance.lapse_supplement(case_id=case.pk, at=at)
    elif clock.kind == ClockKind.SUSPENSION:
        desks.for_department(case, "suspension", "department_head", at=at)
    elif clock.kind == ClockKind.DEFERRED:
        desks.for_window(case, "deferred", at=at)
    return 1

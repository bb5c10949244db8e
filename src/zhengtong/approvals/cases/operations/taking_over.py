"""先移植后改造: a case that runs elsewhere already is taken over where it truly stands, with the days it has used."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.events import CaseAccepted, CaseHandedOver
from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.cases.operations import clockwork, filing, steps
from zhengtong.approvals.cases.operations.recording import lock, record
from zhengtong.approvals.cases.refusals import CannotSubmit
from zhengtong.approvals.cases.states import ClockKind, Kind
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.accounts.values import Principal


@transaction.atomic
def take_over(
    *,
    matter: matters.Matter,
    principal: Principal,
    accepted_at: datetime,
    note: str,
    by: Any,
    at: datetime,
    acceptance_point: Organization | None = None,
) -> Case:
    """Open the case as accepted on its true day: its clocks run from then, its first steps open now.

    Its receipts and notices were issued by the former system and are not issued again; every event is marked `taken_over`, takes
    effect when it truly did and is recorded now. Refuses a day to come.
    """
    if accepted_at > at:
        raise CannotSubmit(_("受理日期不能晚于今天。"))
    case = filing.start_draft(
        matter=matter,
        principal=principal,
        by=by,
        at=at,
        acceptance_point=acceptance_point,
        assisted_by=by,
        channel="import",
    )
    case = lock(case.pk)
    filing.settle_checklist(case)
    case.checklist.filter(judgement="pending").update(judgement="ok", remark="原系统已核验", judged_by=by, judged_at=at)
    filing.give_numbers(case, at=at)
    case.submitted_at = case.received_at = case.accepted_at = accepted_at
    data = {"taken_over": True, "note": note}
    record(case, Kind.SUBMIT, None, at=accepted_at, by=by, data=data)
    record(case, Kind.RECEIVE, None, at=accepted_at, by=by, data={**data, "received_at": accepted_at.isoformat()})
    record(case, Kind.ACCEPT, CaseAccepted(case_id=case.pk, actor_id=by.pk), at=accepted_at, by=by, data=data)
    elements, day = case.elements, timezone.localdate(accepted_at)
    promised = clockwork.start(case, ClockKind.PROMISED, on=day, workdays=elements.promised_workdays)
    if elements.statutory_limit.days is not None:
        clockwork.start(case, ClockKind.STATUTORY, on=day, workdays=elements.statutory_limit.days)
    case.due_on = promised.due_on
    record(case, Kind.HAND_OVER, CaseHandedOver(case_id=case.pk, actor_id=by.pk), at=at, by=by, data=data)
    steps.lay_out(case)
    steps.open_next(case, at=at)
    return case

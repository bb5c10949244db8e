"""Renew or change a licence by a case of its own that is linked to it (行政许可法 第四十九条、第五十条)."""

import logging
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from zhengtong.approvals.cases.events import CaseDecided, LicenceExpiring, LicenceStateChanged
from zhengtong.approvals.cases.models import Case, Licence
from zhengtong.approvals.cases.operations import clockwork, desks, steps
from zhengtong.approvals.cases.operations.filing import start_draft
from zhengtong.approvals.cases.operations.paperwork import issue
from zhengtong.approvals.cases.operations.recording import lock, record
from zhengtong.approvals.cases.refusals import CannotActNow, CannotSubmit
from zhengtong.approvals.cases.states import ARROWS, ClockKind, Kind, Outcome, State
from zhengtong.foundation.events import public as events
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid, Refusal
from zhengtong.security.accounts.values import Principal

log = logging.getLogger(__name__)
BATCH = 50
RUNNING = (State.ACCEPTED, State.IN_PROCESS, State.SUSPENDED)


@transaction.atomic
def amend(
    *,
    licence_id: int,
    purpose: str,
    principal: Principal,
    by: Any,
    at: datetime,
    assisted_by: Any = None,
    acceptance_point: Organization | None = None,
    channel: str = "online",
) -> Case:
    """Open the draft that renews (`renew`) or changes (`change`) a licence, filled with what was granted; one begun before is returned.

    Refuses (`CannotSubmit`) a licence that is not the principal's, not valid, or has no end; one that has ended can only be applied
    for afresh.
    """
    licence = Licence.objects.select_for_update(of=("self",)).select_related("case__matter").get(pk=licence_id)
    before = licence.case
    _require_holder(before, principal)
    if (begun := open_amendment(licence)) is not None:
        return begun
    may_amend(licence, purpose, principal, on=timezone.localdate(at))
    case = start_draft(
        matter=before.matter,
        principal=principal,
        by=by,
        at=at,
        acceptance_point=acceptance_point or before.acceptance_point,
        township=before.township,
        assisted_by=assisted_by,
        channel=channel,
        amends=licence,
        purpose=purpose,
    )
    fields = {field.key for field in case.elements.form.fields if field.type != "file"}
    case.answers = {**case.answers, **{key: value for key, value in before.answers.items() if key in fields}}
    case.save(update_fields=["answers"])
    return case


def open_amendment(licence: Licence) -> Case | None:
    """The renewal or change of this licence that is under way, if there is one."""
    ended = (State.WITHDRAWN, State.VOIDED, State.TERMINATED, State.NOT_ACCEPTED, State.TRANSFERRED_UP)
    under_way = Case.objects.filter(amends=licence).exclude(state__in=ended).exclude(outcome=Outcome.REFUSE)
    return under_way.filter(licence__isnull=True).order_by("-id").first()


def _require_holder(before: Case, principal: Principal) -> None:
    """Raises `CannotSubmit` unless the licence of this case is the principal's."""
    same_person = bool(before.applicant_user_id) and before.applicant_user_id == principal.user_id
    same_body = bool(before.applicant_enterprise_id) and before.applicant_enterprise_id == principal.enterprise_id
    same_number = not principal.user_id and not principal.enterprise_id
    same_number = same_number and principal.id_number == before.applicant_id_number
    if not (same_person or same_body or same_number):
        raise CannotSubmit(_("只有证照的持有人可以申请延续或变更。"))


def may_amend(licence: Licence, purpose: str, principal: Principal, *, on: date) -> None:
    """Raises `CannotSubmit` with the sentence why this licence cannot be renewed or changed by them now."""
    before = licence.case
    if purpose not in (Case.RENEW, Case.CHANGE):
        raise Invalid(_("请选择延续还是变更。"))
    _require_holder(before, principal)
    if licence.state != "valid":
        raise CannotSubmit(_("这份证照{state}，不能延续或变更。").format(state=licence.get_state_display()))
    if licence.valid_until is None and purpose == Case.RENEW:
        raise CannotSubmit(_("这份证照长期有效，不需要延续。"))
    if licence.valid_until is not None and licence.valid_until < on:
        raise CannotSubmit(
            _("这份证照的有效期{day}已经届满，不能延续或变更，请重新申请。").format(
                day=date_format(licence.valid_until, "Y-m-d")
            )
        )


def apply_by(licence: Licence) -> date | None:
    """The last day on which a renewal is applied for in time: thirty days before the end (行政许可法 第五十条第一款).

    Whether the days are working days is an open question of law; they are counted as days (RENEWAL_APPLY_DAYS).
    """
    return licence.valid_until - timedelta(days=settings.RENEWAL_APPLY_DAYS) if licence.valid_until else None


def is_protected(case: Case) -> bool:
    """Whether silence until the licence ends grants this renewal: applied for in time."""
    if case.purpose != Case.RENEW or case.amends is None or case.submitted_at is None:
        return False
    last = apply_by(case.amends)
    return last is not None and timezone.localdate(case.submitted_at) <= last


def must_be_undecided_by_law(case: Case, *, at: datetime) -> None:
    """Raises `CannotActNow` once the licence has ended: the law has granted the renewal, even while the worker has still to write it."""
    if is_protected(case) and at >= _ends(case):
        raise CannotActNow(_("原证有效期已届满，依法视为准予延续，系统正在补记。请稍后刷新页面，按准予延续继续办理。"))


def _ends(case: Case) -> datetime:
    assert case.amends is not None
    assert case.amends.valid_until is not None
    return clockwork.close_of(case.amends.valid_until)


def deem_due(*, now: datetime) -> int:
    """Grant by law what was not decided in time, a batch at a time, each dated when its licence ended; how many."""
    found = Case.objects.filter(
        amends__isnull=False, purpose=Case.RENEW, state__in=RUNNING, amends__valid_until__lt=timezone.localdate(now)
    )
    deemed = 0
    # All of them are looked at: one applied for too late stays here until somebody decides, and must not use up the batch.
    for pk in list(found.order_by("pk").values_list("pk", flat=True)):
        if deemed >= BATCH:
            break
        deemed += _try_to_deem(pk, now=now)
    return deemed


def _try_to_deem(case_id: int, *, now: datetime) -> int:
    try:
        return int(deem_renewed(case_id=case_id, now=now) is not None)
    except (OperationalError, InterfaceError):  # the database is away for all of them: the worker waits for it
        raise
    except (
        Exception
    ) as error:  # one case may be broken in any way; none may keep the others from what the law gave them
        log.exception("a renewal could not be written down", extra={"case": case_id, "error": type(error).__name__})
    return 0


@transaction.atomic
def deem_renewed(*, case_id: int, now: datetime) -> Case | None:
    """Grant the renewal by force of 行政许可法 第五十条第二款: applied for in time, not decided when the licence ended.

    None when it was decided in time after all, or was applied for too late for silence to count.
    """
    case = lock(case_id)
    if (case.state, Kind.DEEM_RENEW) not in ARROWS or not is_protected(case) or now < _ends(case):
        return None
    at = _ends(case)
    case.outcome, case.decided_at = Outcome.GRANT, at
    record(case, Kind.DEEM_RENEW, CaseDecided(case_id=case.pk, outcome=Outcome.GRANT, deemed=True), at=at)
    case.suspensions.filter(ended_on__isnull=True).update(ended_on=timezone.localdate(at))
    steps.close_open(case, at=at)
    clockwork.stop_all(case, at=at)
    desks.clear(case, at=at)
    clockwork.start(case, ClockKind.DELIVERY, on=timezone.localdate(at), workdays=case.elements.delivery_workdays)
    assert case.amends is not None
    content = {
        "accepted_on": timezone.localdate(case.accepted_at),
        "decided_on": timezone.localdate(at),
        "renewed_until": case.amends.valid_until,
        "result_name": case.elements.result.name,
    }
    issue(case, "decision", content, by=None, at=at)
    return case


def validity(case: Case, day: date, years: int | None) -> tuple[date, date | None]:
    """From when until when a licence made on `day` is good.

    A renewal begins when the old one ends; a change keeps the end of the old one; else `years` from `day` (None: no end).
    """
    old = case.amends
    if old is not None and case.purpose == Case.CHANGE:
        return day, old.valid_until
    if old is not None and old.valid_until is not None:
        return old.valid_until + timedelta(days=1), years_after(old.valid_until, years)
    return day, years_after(day, years)


def years_after(day: date, years: int | None) -> date | None:
    """The same day `years` later; None for no end."""
    if years is None:
        return None
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def require_amendable(case: Case) -> None:
    """Raises `Refusal` when the licence that was to be renewed or changed was taken back in the meantime."""
    if case.amends is not None and case.amends.state != "valid":
        raise Refusal(
            _("原证{state}，不能据此换发新证。请由本部门负责人核实后处理。").format(
                state=case.amends.get_state_display()
            )
        )


def supersede(case: Case, licence: Licence, *, by: Any, at: datetime) -> None:
    """The new licence takes the old one's place: whoever scans the old one is told so. 行政许可法 第四十九条、第五十条."""
    old = case.amends
    if old is None:
        return
    before = lock(old.case_id)
    old.state, old.state_reason = "superseded", f"已换发，新证号：{licence.number}"
    old.save(update_fields=["state", "state_reason"])
    fact = LicenceStateChanged(
        case_id=before.pk, licence_number=old.number, state="superseded", actor_id=by.pk if by else None
    )
    data = {"licence_state": "superseded", "reason": old.state_reason}
    record(before, Kind.CHANGE_LICENCE, fact, at=at, by=by, data=data)


def remind(*, now: datetime) -> int:
    """Tell holders once that their licence ends, `RENEWAL_REMIND_DAYS` before the last day to apply; how many were told.

    One whose renewal is under way is not told, but asked again the next day, because it may be withdrawn.
    """
    today = timezone.localdate(now)
    horizon = today + timedelta(days=settings.RENEWAL_APPLY_DAYS + settings.RENEWAL_REMIND_DAYS)
    ending = Licence.objects.filter(
        state="valid", reminded_on__isnull=True, valid_until__gte=today, valid_until__lte=horizon
    ).exclude(successors__state__in=(State.SUBMITTED, State.PRE_REVIEW, State.RECEIVED, *RUNNING))
    told = 0
    for pk in list(ending.order_by("valid_until", "pk").values_list("pk", flat=True)[:BATCH]):
        told += _remind(pk, today, now)
    return told


@transaction.atomic
def _remind(licence_id: int, today: date, now: datetime) -> int:
    if not Licence.objects.filter(pk=licence_id, reminded_on__isnull=True).update(reminded_on=today):
        return 0
    case_id = Licence.objects.values_list("case_id", flat=True).get(pk=licence_id)
    events.publish(LicenceExpiring(case_id=case_id, licence_id=licence_id), at=now)
    return 1

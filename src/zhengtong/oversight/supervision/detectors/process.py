"""In the department: papers, money, hearings, limits, special procedures, duties kept apart."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from django.utils import timezone

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.states import ClockKind, Kind
from zhengtong.oversight.supervision.detectors.facts import CaseFacts
from zhengtong.oversight.supervision.detectors.intake import GOOD
from zhengtong.oversight.supervision.models import Card
from zhengtong.oversight.supervision.states import STANDS, Level, Watching
from zhengtong.oversight.supervision.values import Charge, Finding
from zhengtong.security.pmi import public as pmi

DECISIONS = (Kind.DECIDE_GRANT, Kind.DECIDE_REFUSE, Kind.DECIDE_DEFERRED)
HEARING = "hearing"


def ended_without_reason(facts: CaseFacts) -> Iterator[Finding]:
    """I-02: 作废、终止、转报办结无原因."""
    event = facts.last(Kind.VOID, Kind.TERMINATE, Kind.TRANSFER_UP)
    if event is None or event.actor_id is None:
        return
    words = str(event.data.get("reason") or event.data.get("authority") or "").strip()
    if not words:
        yield Finding("I-02", event.effective_at, {"event": event.kind, "reason": words})


def granted_without_papers(facts: CaseFacts) -> Iterator[Finding]:
    """I-03: 必交材料未齐而办结. 容缺 is allowed where the grant says so."""
    event = facts.last(Kind.DECIDE_GRANT, Kind.DECIDE_DEFERRED)
    if event is None:
        return
    allowed = (*GOOD, "deferred") if event.kind == Kind.DECIDE_DEFERRED else GOOD
    missing = {item.name: item.judgement for item in facts.checklist if item.required and item.judgement not in allowed}
    if missing:
        yield Finding("I-03", event.effective_at, {"papers": missing})


def _amount(charge: Charge) -> Decimal:
    try:
        return Decimal(charge.amount)
    except InvalidOperation:
        return Decimal(0)


def charges_differ(facts: CaseFacts) -> Iterator[Finding]:
    """I-04: 不收费却收费, 应收未收: what was asked for against the fees of the matter (行政许可法 58, 59).

    A line that was let off with a reason, or that an official has still to assess, is not forgotten; nor is one that the answers
    of this case do not call for.
    """
    event = facts.last(*DECISIONS)
    if facts.charges is None or event is None:
        return
    asked = [charge for charge in facts.charges if charge.asked and _amount(charge) > 0]
    charged = facts.elements.fees.charged
    forgotten = charged and not facts.charges and bool(cases.lines_of(facts.case, at=event.effective_at))
    if forgotten or (asked and not charged):
        told = {"published": charged, "asked": [[charge.name, charge.amount] for charge in asked]}
        yield Finding("I-04", event.effective_at, told)


def charged_without_basis(facts: CaseFacts) -> Iterator[Finding]:
    """S-09: 擅自收费: a line that no fee item of the matter knows."""
    event = facts.last(*DECISIONS)
    if not facts.charges or event is None:
        return
    known = {item.name for item in facts.elements.fees.items} if facts.elements.fees.charged else set()
    for charge in facts.charges:
        if charge.asked and _amount(charge) > 0 and charge.name not in known:
            yield Finding(
                "S-09", event.effective_at, {"name": charge.name, "amount": charge.amount}, mark=charge.name[:40]
            )


def hearing_missing(facts: CaseFacts) -> Iterator[Finding]:
    """S-05: 应听证未听证: refused against a third party's interest with no hearing, or 已举行 without a record of one."""
    event = facts.last(Kind.DECIDE_REFUSE)
    if event is None:
        return
    duty = event.data.get("hearing", "")
    held = [one for one in facts.suspensions if one.kind == HEARING and one.ended_on]
    known = any(one.kind == HEARING for one in facts.elements.special_procedures)
    told = {"hearing": duty, "reason": event.data.get("reason", ""), "records": [one.pk for one in held]}
    if (
        duty == "held"
        and not held
        or not duty
        or (duty == "not_required" and known and event.data.get("reason") == "third_party_interest")
    ):
        yield Finding("S-05", event.effective_at, told)


def past_the_law(facts: CaseFacts) -> Iterator[Finding]:
    """S-06: 超法定期限: decided after the statutory limit had closed. Not said again where the clock has a red card already."""
    event, clock = facts.last(*DECISIONS), facts.clocks.get(ClockKind.STATUTORY)
    if event is None or clock is None or clock.due_on is None:
        return
    if timezone.localdate(event.effective_at) <= clock.due_on:
        return
    red = Card.objects.filter(
        subject=f"case:{facts.case_id}", kind=Watching.STATUTORY, level=Level.RED, state__in=STANDS
    )
    if not red.exists():
        told = {"due_on": str(clock.due_on), "decided_on": str(timezone.localdate(event.effective_at))}
        yield Finding("S-06", event.effective_at, told)


def suspension_unfounded(facts: CaseFacts) -> Iterator[Finding]:
    """S-11: 特别程序无依据, 补录: not a procedure of the matter, without law or reason, or written down on a later day."""
    listed = {one.kind for one in facts.elements.special_procedures if one.effect == "suspend"}
    begun = {event.data.get("suspension"): event for event in facts.events(Kind.SUSPEND)}
    for one in facts.suspensions:
        event = begun.get(one.pk)
        problems = []
        if one.kind not in listed:
            problems.append("not_listed")
        if not one.basis.strip() or not one.reason.strip():
            problems.append("no_basis")
        if event is None or timezone.localdate(event.recorded_at) > one.started_on:
            problems.append("entered_later")
        if problems:
            at = event.recorded_at if event else facts.log[-1].recorded_at
            told = {"name": one.name, "started_on": str(one.started_on), "problems": problems}
            told["recorded_on"] = str(timezone.localdate(event.recorded_at)) if event else ""
            yield Finding("S-11", at, told, mark=f"{one.pk}:{'+'.join(problems)}")


def one_person_twice(facts: CaseFacts) -> Iterator[Finding]:
    """S-15: 同一人承办 + 批准. Read from the signatures themselves, whatever the database was told about duties."""
    duties: dict[int, set[str]] = {}
    for act in facts.acts:
        role = pmi.ROLES.get(act.task.role)
        if role is not None and role.duty:
            duties.setdefault(act.officer_id, set()).add(role.duty)
    for officer, held in sorted(duties.items()):
        if pmi.APPROVE in held and len(held) > 1:
            event = facts.last(*DECISIONS)
            at = event.effective_at if event else facts.acts[-1].at
            yield Finding("S-15", at, {"officer": officer, "duties": sorted(held)}, mark=str(officer))

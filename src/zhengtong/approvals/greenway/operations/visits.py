"""联合勘验: one visit for several branches, at a time when everybody's shared calendar is free, with one record for all."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import events, recording, rules
from zhengtong.approvals.greenway.models import Attendance, Branch, JointCase, SiteVisit
from zhengtong.approvals.greenway.refusals import CannotVisit
from zhengtong.approvals.greenway.states import BRANCH_ENDED, JointKind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.security.accounts.models import User
from zhengtong.security.pmi import public as pmi

HOURS = (time(9, 0), time(14, 30))
PROPOSED, AHEAD = 4, 15
LEAST = 2
"""行政许可法 第三十四条第三款: two or more officers of every body that checks on the spot."""
INSPECT = ("site_inspector", "case_officer")


def free_slots(bodies: Sequence[int], *, after: date) -> list[datetime]:
    """The next half-days in which none of these bodies is at another visit: the calendar is one for the whole county."""
    days = calendars.current()
    taken = set(
        SiteVisit.objects.filter(state="fixed", attendance__organization_id__in=bodies).values_list(
            "visit_at", flat=True
        )
    )
    found: list[datetime] = []
    for number in range(1, AHEAD + 1):
        day = days.nth_after(after, number)
        for hour in HOURS:
            moment = datetime.combine(day, hour, tzinfo=timezone.get_current_timezone())
            if moment not in taken:
                found.append(moment)
            if len(found) == PROPOSED:
                return found
    return found


def candidates(branches: Sequence[Branch], *, on: date) -> dict[int, list[User]]:
    """Who may go along for each body: those who inspect or undertake there."""
    wanted = {branch.department_id for branch in branches}
    found: dict[int, list[User]] = {body: [] for body in wanted}
    for role in INSPECT:
        for grant in pmi.holders_of(role, on=on).filter(organization_id__in=wanted):
            if grant.user not in found[grant.organization_id]:
                found[grant.organization_id].append(grant.user)
    return found


@transaction.atomic
def propose(
    *,
    joint_id: int,
    branch_ids: Sequence[int],
    address: str,
    purpose: str,
    by: Any,
    at: datetime,
    seen: int | None = None,
) -> SiteVisit:
    """Propose times for one visit of several branches, from the shared calendar. Refuses fewer than two branches."""
    joint = recording.lock_joint(joint_id, seen=seen)
    rules.leads(joint, by, "cases.work", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.VISIT_PROPOSE)
    branches = list(joint.branches.filter(pk__in=branch_ids).exclude(state__in=BRANCH_ENDED))
    if len(branches) < LEAST:
        raise CannotVisit(_("联合勘验至少包括两个还在办理的事项。单独的现场核查请在办件页面进行。"))
    if not address.strip():
        raise Invalid(_("请填写勘验地点。"), fields={"address": _("请填写勘验地点。")})
    slots = free_slots([branch.department_id for branch in branches], after=timezone.localdate(at))
    visit = SiteVisit.objects.create(
        joint=joint,
        address=address.strip(),
        purpose=purpose.strip() or "现场核查",
        slots=[slot.isoformat() for slot in slots],
    )
    visit.branches.set(branches)
    data = {"visit": visit.pk, "branches": [branch.matter_key for branch in branches]}
    recording.record(joint.project, JointKind.VISIT_PROPOSE, None, at=at, by=by, joint=joint, data=data)
    return visit


@transaction.atomic
def fix(
    *,
    visit_id: int,
    slot: str,
    officers: Sequence[int],
    by: Any,
    at: datetime,
    seen: int | None = None,
) -> SiteVisit:
    """Fix the time and who goes: two officers of every body at least; nobody can be at two visits at once. The applicant is told on paper."""
    visit, joint = _lock(visit_id, seen)
    rules.leads(joint, by, "cases.work", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.VISIT_FIX)
    if visit.state != "proposed":
        raise CannotVisit(_("这次联合勘验已经确定或取消，请刷新页面。"))
    moment = parse_datetime(slot)
    if slot not in visit.slots or moment is None or moment <= at:
        raise Invalid(_("请从列出的时间中选择一个。"), fields={"slot": _("请从列出的时间中选择一个。")})
    branches = list(visit.branches.select_related("department").order_by("no"))
    chosen = _chosen(branches, officers, on=timezone.localdate(at))
    try:
        with transaction.atomic():
            Attendance.objects.bulk_create(
                Attendance(visit=visit, organization_id=body, officer=user, visit_at=moment)
                for body, users in chosen.items()
                for user in users
            )
    except IntegrityError:
        raise CannotVisit(_("有人员在这个时间已有别的联合勘验，请另选时间或人员。")) from None
    visit.visit_at, visit.state = moment, "fixed"
    visit.paper = _paper(visit, joint, branches, chosen, by=by, at=at)
    visit.save(update_fields=["visit_at", "state", "paper"])
    fact = events.SiteVisitFixed(project_id=joint.project_id, joint_id=joint.pk, visit_id=visit.pk, actor_id=by.pk)
    data = {"visit": visit.pk, "at": moment.isoformat()}
    recording.record(joint.project, JointKind.VISIT_FIX, fact, at=at, by=by, joint=joint, data=data)
    return visit


def _lock(visit_id: int, seen: int | None) -> tuple[SiteVisit, JointCase]:
    found = SiteVisit.objects.filter(pk=visit_id).values_list("joint_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有这次联合勘验。"))
    joint = recording.lock_joint(found, seen=seen)
    return SiteVisit.objects.get(pk=visit_id), joint


def _chosen(branches: Sequence[Branch], officers: Sequence[int], *, on: date) -> dict[int, list[User]]:
    allowed = candidates(branches, on=on)
    chosen = {body: [user for user in users if user.pk in set(officers)] for body, users in allowed.items()}
    names = {branch.department_id: branch.department.label for branch in branches}
    short = [names[body] for body, users in chosen.items() if len(users) < LEAST]
    if short:
        problem = _("现场核查须指派两名以上工作人员（行政许可法第三十四条），人数不够的有：{names}。").format(
            names="、".join(short)
        )
        raise Invalid(problem, fields={"officers": problem})
    return chosen


def _paper(
    visit: SiteVisit,
    joint: JointCase,
    branches: Sequence[Branch],
    chosen: dict[int, list[User]],
    *,
    by: Any,
    at: datetime,
) -> Any:
    case = next((branch.case_id for branch in branches if branch.case_id), None)
    if case is None:
        return None
    names = {branch.department_id: branch.department.name for branch in branches}
    content = {
        "title": "联合勘验安排告知书",
        "matter_name": joint.project.name,
        "purpose": visit.purpose,
        "visit_at": visit.visit_at,
        "address": visit.address,
        "inspectors": [f"{names[body]} {user.display_name}" for body, users in chosen.items() for user in users],
        "items": [branch.name for branch in branches],
        "preparations": ["请备好本次办理所交材料的原件。"],
        "time_counts": "一次到场，勘验记录由所列各事项共用。",
    }
    return cases.issue_paper(case_id=case, kind="site_visit", content=content, by=by, organization=joint.lead, at=at)


@transaction.atomic
def write_record(*, visit_id: int, record: str, by: Any, at: datetime, seen: int | None = None) -> SiteVisit:
    """Write the one record; by somebody who was there, after the time."""
    visit, joint = _lock(visit_id, seen)
    recording.arrow_exists(joint, JointKind.VISIT_RECORD)
    if visit.state != "fixed" or visit.visit_at is None or at < visit.visit_at:
        raise CannotVisit(_("联合勘验还没有到约定的时间，不能填写记录。"))
    if not visit.attendance.filter(officer_id=by.pk, active=True).exists():
        raise CannotVisit(_("勘验记录由参加勘验的人员填写。"))
    if len(record.strip()) < 5:
        raise Invalid(_("请写明现场情况和各部门意见。"), fields={"record": _("请写明现场情况和各部门意见。")})
    visit.record, visit.recorded_at, visit.recorded_by, visit.state = record.strip(), at, by, "done"
    visit.save(update_fields=["record", "recorded_at", "recorded_by", "state"])
    fact = events.SiteVisitRecorded(project_id=joint.project_id, joint_id=joint.pk, visit_id=visit.pk, actor_id=by.pk)
    recording.record(joint.project, JointKind.VISIT_RECORD, fact, at=at, by=by, joint=joint, data={"visit": visit.pk})
    return visit


@transaction.atomic
def cancel(*, visit_id: int, by: Any, at: datetime, seen: int | None = None) -> SiteVisit:
    """Give the time free again."""
    visit, joint = _lock(visit_id, seen)
    rules.leads(joint, by, "cases.work", timezone.localdate(at))
    recording.arrow_exists(joint, JointKind.VISIT_CANCEL)
    if visit.state not in ("proposed", "fixed"):
        raise CannotVisit(_("这次联合勘验已经结束，不能取消。"))
    visit.attendance.update(active=False)
    visit.state = "cancelled"
    visit.save(update_fields=["state"])
    recording.record(joint.project, JointKind.VISIT_CANCEL, None, at=at, by=by, joint=joint, data={"visit": visit.pk})
    return visit

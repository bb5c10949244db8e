"""Patterns that no single case shows. Each says why it is worth a look and names the cases; none of them is a card by itself."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.states import Kind
from zhengtong.foundation.calendars import public as calendars
from zhengtong.oversight.supervision.performance import bounds_of
from zhengtong.security.pmi import public as pmi

CLUSTER, LEAST = 0.5, 3
BATCH_SECONDS, BATCH_CASES = 60, 3
DECIDED = (Kind.DECIDE_GRANT, Kind.DECIDE_REFUSE, Kind.DECIDE_DEFERRED)


@dataclass(frozen=True)
class Hit:
    """One thing a pattern found: in words, with its cases."""

    text: str
    cases: list[tuple[int, str]]
    body: str = ""


@dataclass(frozen=True)
class Pattern:
    """A pattern with its explanation and what it found."""

    key: str
    title: str | Promise
    why: str | Promise
    hits: list[Hit] = field(default_factory=list)


def _named(ids: Iterable[int]) -> list[tuple[int, str]]:
    wanted = list(dict.fromkeys(ids))
    names = dict(cases.Case.objects.filter(pk__in=wanted).values_list("pk", "spoken_number"))
    return [(pk, names.get(pk) or str(pk)) for pk in wanted]


def _suspensions(first: date, last: date) -> Any:
    rows = cases.Suspension.objects.filter(started_on__gte=first, started_on__lte=last)
    return rows.select_related("case__department", "approved_by").order_by("id")


def entered_afterwards(first: date, last: date) -> list[Hit]:
    """Special procedures written down on a later day than they began."""
    begun = {one.pk: one for one in _suspensions(first, last)}
    events = cases.CaseEvent.objects.filter(kind=Kind.SUSPEND, case_id__in={one.case_id for one in begun.values()})
    found = []
    for event in events.order_by("id"):
        one = begun.get(event.data.get("suspension"))
        if one is not None and timezone.localdate(event.recorded_at) > one.started_on:
            text = _("{name}自{start}起，{written}才记录").format(
                name=one.name, start=one.started_on, written=timezone.localdate(event.recorded_at)
            )
            found.append(Hit(text, _named([one.case_id]), one.case.department.short_label))
    return found


def ends_at_the_limit(first: date, last: date) -> list[Hit]:
    """Bodies whose special procedures end exactly on the last planned day, most of the time."""
    days = calendars.current()
    by_body: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for one in _suspensions(first, last):
        if one.ended_on is not None:
            exact = one.ended_on == days.nth_after(one.started_on, one.planned_workdays)
            by_body[one.case.department.short_label].append((one.case_id, exact))
    found = []
    for body, many in sorted(by_body.items()):
        exact = [pk for pk, is_exact in many if is_exact]
        if len(exact) >= LEAST and len(exact) / len(many) > CLUSTER:
            text = _("{n}次特别程序中有{m}次恰好在最后一天结束").format(n=len(many), m=len(exact))
            found.append(Hit(text, _named(exact), body))
    return found


def clustered_at_one_officer(first: date, last: date) -> list[Hit]:
    """One person who approves most of the special procedures of a body that has several people to do it."""
    by_body: dict[str, list[Any]] = defaultdict(list)
    for one in _suspensions(first, last):
        by_body[one.case.department.short_label].append(one)
    found = []
    for body, many in sorted(by_body.items()):
        counted = Counter(one.approved_by_id for one in many)
        who, n = counted.most_common(1)[0]
        if n >= LEAST and n / len(many) > CLUSTER and _others_may(many[0].case.department):
            name = next(one.approved_by.display_name for one in many if one.approved_by_id == who)
            text = _("{n}次特别程序中有{m}次由{name}批准").format(n=len(many), m=n, name=name)
            found.append(Hit(text, _named(one.case_id for one in many if one.approved_by_id == who), body))
    return found


def _others_may(body: Any) -> bool:
    on = calendars.official_today()
    roles = [name for name, role in pmi.ROLES.items() if "cases.suspend" in role.permissions]
    people: set[int] = set()
    for role in roles:
        people.update(pmi.holders_of(role, on=on).filter(organization=body).values_list("user_id", flat=True))
    return len(people) > 1


def second_notices(first: date, last: date) -> list[Hit]:
    """Cases with more than one notice of defects before acceptance."""
    since, until = bounds_of(first, last)
    rows = cases.DefectNotice.objects.filter(in_review=False, issued_at__gte=since, issued_at__lt=until)
    again = rows.exclude(override_reason="").select_related("case__department", "override_by")
    return [
        Hit(
            _("再次告知，理由：{reason}；同意人：{who}").format(
                reason=one.override_reason, who=one.override_by.display_name if one.override_by else "—"
            ),
            _named([one.case_id]),
            one.case.department.short_label,
        )
        for one in again.order_by("id")
    ]


def decided_in_batches(first: date, last: date) -> list[Hit]:
    """Several cases decided by one person within one minute."""
    since, until = bounds_of(first, last)
    rows = cases.CaseEvent.objects.filter(kind__in=DECIDED, effective_at__gte=since, effective_at__lt=until)
    by_person: dict[int, list[Any]] = defaultdict(list)
    for event in rows.select_related("actor", "case__department").order_by("effective_at", "id"):
        if event.actor_id is not None:
            by_person[event.actor_id].append(event)
    return [hit for many in by_person.values() for hit in _batches(many)]


def _batches(events: list[Any]) -> list[Hit]:
    found, group = [], [events[0]]
    for event in [*events[1:], None]:
        if event is not None and event.effective_at - group[0].effective_at <= timedelta(seconds=BATCH_SECONDS):
            group.append(event)
            continue
        if len(group) >= BATCH_CASES:
            found.append(_batch(group))
        group = [event]
    return found


def _batch(group: list[Any]) -> Hit:
    when: datetime = timezone.localtime(group[0].effective_at)
    text = _("{who}在{when}起一分钟内决定了{n}件").format(
        who=group[0].actor.display_name, when=when.strftime("%Y-%m-%d %H:%M"), n=len(group)
    )
    return Hit(text, _named(event.case_id for event in group), group[0].case.department.short_label)


def one_person_twice(first: date, last: date) -> list[Hit]:
    """One person who signed as 承办 and as 批准 on one case."""
    since, until = bounds_of(first, last)
    acts = cases.StepAct.objects.filter(at__gte=since, at__lt=until).select_related("task__case__department", "officer")
    held: dict[tuple[int, int], dict[str, Any]] = defaultdict(dict)
    for act in acts.order_by("id"):
        role = pmi.ROLES.get(act.task.role)
        if role is not None and role.duty:
            held[act.task.case_id, act.officer_id][role.duty] = act
    found = []
    for (case_id, _officer), duties in held.items():
        if pmi.APPROVE in duties and len(duties) > 1:
            act = duties[pmi.APPROVE]
            names = _("、").join(str(pmi.DUTIES[duty]) for duty in duties)
            text = _("{who}在同一办件上担任{duties}").format(who=act.officer.display_name, duties=names)
            found.append(Hit(text, _named([case_id]), act.task.case.department.short_label))
    return found


PATTERNS: tuple[tuple[str, str | Promise, str | Promise, Callable[[date, date], list[Hit]]], ...] = (
    (
        "afterwards",
        gettext_lazy("事后补录的特别程序"),
        gettext_lazy(
            "特别程序使时限停止计算。先超期、后补一段特别程序，账面上就没有超期。开始日早于记录日的，逐件核对告知书和现场记录。"
        ),
        entered_afterwards,
    ),
    (
        "exact",
        gettext_lazy("恰好在最后一天结束的特别程序"),
        gettext_lazy("听证、检验很少总是恰好用满。一半以上恰好在计划的最后一天结束的，可能是先填天数、到期恢复。"),
        ends_at_the_limit,
    ),
    (
        "clustered",
        gettext_lazy("集中由一人批准的特别程序"),
        gettext_lazy("同一单位有几个人可以批准，而一半以上由一人批准的，抽查其理由和结果材料。"),
        clustered_at_one_officer,
    ),
    (
        "second",
        gettext_lazy("再次告知补正"),
        gettext_lazy("法律要求一次告知全部补正内容。再次告知须有上级同意的理由；集中出现的，说明第一次没有看全。"),
        second_notices,
    ),
    (
        "batches",
        gettext_lazy("一分钟内批量作出的决定"),
        gettext_lazy("一个人一分钟内决定三件以上的，可能没有逐件审阅。"),
        decided_in_batches,
    ),
    (
        "duties",
        gettext_lazy("同一人承办又批准"),
        gettext_lazy("承办、审核、批准应当分离。系统本身不允许；从签名里再查一遍，防止绕过系统写入的记录。"),
        one_person_twice,
    ),
)


def found(*, first: date, last: date) -> list[Pattern]:
    """Every pattern with what it found in the period."""
    return [Pattern(key, title, why, find(first, last)) for key, title, why, find in PATTERNS]

"""Replay a past period against a draft, before it is published: which cards would appear, which would vanish.

Both rule sets are replayed over the same facts, so that what differs comes from the rules and from nothing else; a rule that is the
same in both is left out. Works in chunks of cases that it can be killed between; each chunk is one transaction with its place.
"""

import logging
import time
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid, ZhengtongError
from zhengtong.kernel.legal_clock import WorkingDays
from zhengtong.oversight.supervision import rulebook
from zhengtong.oversight.supervision.detectors.facts import Gathered
from zhengtong.oversight.supervision.drawing import Drawn, broken
from zhengtong.oversight.supervision.events import RuleSetDrafted
from zhengtong.oversight.supervision.models import BackTest, BackTestLine, Rule, RuleSet
from zhengtong.oversight.supervision.operations.examining import drawn_for
from zhengtong.oversight.supervision.rulebook import InForce
from zhengtong.oversight.supervision.rules import RULES
from zhengtong.oversight.supervision.sources import cases as case_source
from zhengtong.oversight.supervision.states import BackTestState, RuleState
from zhengtong.oversight.supervision.values import Watched
from zhengtong.security.pmi import public as pmi

log = logging.getLogger(__name__)
CHUNK = 1000
TURN_SECONDS = 1.5
KEPT_LINES = 20_000


@transaction.atomic
def begin_back_test(*, rule_set_id: int, first: date, last: date, by: Any, at: datetime) -> BackTest:
    """Ask for a replay of the cases accepted from `first` to `last` against the rules in force. The worker does it."""
    if by is not None:
        pmi.require(by, RULES, on=timezone.localdate(at))
    draft = RuleSet.objects.filter(pk=rule_set_id).first()
    if draft is None or first > last:
        raise Invalid(_("请填写起止日期，起不能晚于止。"), fields={"first": _("请核对日期。")})
    against = RuleSet.objects.filter(state=RuleState.PUBLISHED).exclude(pk=draft.pk).first()
    asked = BackTest.objects.create(
        rule_set=draft, against=against, first=first, last=last, until=at, asked_at=at, asked_by=by
    )
    asked.total = _cases_of(asked).count()
    asked.save(update_fields=["total"])
    events.publish(RuleSetDrafted(rule_set_id=draft.pk, change="back-test", actor_id=by.pk if by else None), at=at)
    return asked


def _cases_of(asked: BackTest) -> QuerySet[cases.Case]:
    rows = cases.Case.objects.exclude(state=cases.State.DRAFT)
    return rows.filter(submitted_at__date__gte=asked.first, submitted_at__date__lte=asked.last)


def work(*, now: datetime) -> int:
    """Go on with the oldest back-test that runs, for about a second; how many cases were replayed."""
    asked = BackTest.objects.filter(state=BackTestState.RUNNING).order_by("id").first()
    if asked is None:
        return 0
    done, end = 0, time.monotonic() + TURN_SECONDS
    try:
        while time.monotonic() < end and (taken := _chunk(asked.pk, now=now)):
            done += taken
    except ZhengtongError as refusal:  # a calendar year without data: the replay says so instead of trying for ever
        BackTest.objects.filter(pk=asked.pk).update(
            state=BackTestState.FAILED, problem=refusal.message[:200], ended_at=now
        )
    except (OperationalError, InterfaceError):  # the database is away: the worker waits for it
        raise
    except Exception as error:  # a case that cannot be read must not keep every later back-test waiting
        log.exception("a back-test failed", extra={"back_test": asked.pk, "error": type(error).__name__})
        BackTest.objects.filter(pk=asked.pk).update(
            state=BackTestState.FAILED, problem=_("有办件读不出来，请联系系统管理员查看运行记录。"), ended_at=now
        )
    return done


def run_to_end(*, back_test_id: int, now: datetime) -> BackTest:
    """The whole replay at once."""
    while BackTest.objects.filter(pk=back_test_id, state=BackTestState.RUNNING).exists():
        if not _chunk(back_test_id, now=now):
            break
    return BackTest.objects.get(pk=back_test_id)


@transaction.atomic
def _chunk(pk: int, *, now: datetime) -> int:
    asked = BackTest.objects.select_for_update(of=("self",)).select_related("rule_set", "against").get(pk=pk)
    if asked.state != BackTestState.RUNNING:
        return 0
    ids = list(_cases_of(asked).filter(pk__gt=asked.cursor).order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if ids:
        _replay(asked, ids)
        asked.cursor, asked.done = ids[-1], asked.done + len(ids)
    if len(ids) < CHUNK:
        asked.state, asked.ended_at = BackTestState.DONE, now
    asked.save(update_fields=["cursor", "done", "counts", "state", "ended_at"])
    return len(ids)


def _replay(asked: BackTest, ids: list[int]) -> None:
    draft, force = differing(asked.rule_set, asked.against)
    days = calendars.current()
    kinds = {*draft.by_kind, *force.by_kind}
    lines: list[BackTestLine] = []
    if kinds:
        watched = [one for one in case_source.clocks_of(ids, since=None) if one.kind in kinds]
        if "licence" in kinds:
            watched += case_source.licences_of(ids, since=None)
        for one in watched:
            lines += _compare_clock(asked, one, draft, force, days)
    if draft.by_code or force.by_code:
        gathered = Gathered(ids)
        for case_id in ids:
            lines += _compare_facts(asked, case_id, draft, force, gathered)
    room = KEPT_LINES - sum(asked.counts.get(name, 0) for name in ("appears", "vanishes"))
    for line in lines:
        name = "appears" if line.appears else "vanishes"
        asked.counts[name] = asked.counts.get(name, 0) + 1
    BackTestLine.objects.bulk_create(lines[: max(room, 0)])


def differing(draft: RuleSet, against: RuleSet | None) -> tuple[InForce, InForce]:
    """Both sets without the rules that are the same in both; neither is bound to the day it came into force."""
    new, old = rulebook.read(draft), rulebook.read(against) if against else None
    same = _signatures(new) & (_signatures(old) if old else set())
    nothing = InForce(0, 0, None, {}, {}, {})
    return _without(new, same), _without(old, same) if old else nothing


def _signature(rule: Rule) -> tuple[Any, ...]:
    return (rule.code, rule.kind, rule.mode, rule.value, rule.level)


def _signatures(rules: InForce) -> set[tuple[Any, ...]]:
    clocks = {_signature(rule) for many in rules.by_kind.values() for rule in many}
    return clocks | {_signature(rule) for rule in rules.by_code.values()}


def _without(rules: InForce, same: set[tuple[Any, ...]]) -> InForce:
    by_kind = {kind: tuple(r for r in many if _signature(r) not in same) for kind, many in rules.by_kind.items()}
    by_code = {code: rule for code, rule in rules.by_code.items() if _signature(rule) not in same}
    return InForce(
        rules.pk, rules.version, None, rules.settings, {k: many for k, many in by_kind.items() if many}, by_code
    )


def _compare_clock(
    asked: BackTest, one: Watched, draft: InForce, force: InForce, days: WorkingDays
) -> Iterable[BackTestLine]:
    new = {(rule.code, rule.level): at for rule, at, _key in broken(one, draft, days, until=asked.until)}
    old = {(rule.code, rule.level): at for rule, at, _key in broken(one, force, days, until=asked.until)}
    for code, level in new.keys() ^ old.keys():
        appears = (code, level) in new
        at = new[code, level] if appears else old[code, level]
        yield BackTestLine(
            back_test=asked,
            appears=appears,
            subject=one.subject,
            organization_id=one.organization_id,
            code=code,
            level=level,
            at=at,
            number=one.number,
            title=dict(one.title),
            url=one.url,
        )


def _compare_facts(
    asked: BackTest, case_id: int, draft: InForce, force: InForce, gathered: Gathered
) -> Iterable[BackTestLine]:
    new = _facts(case_id, draft, gathered)
    old = _facts(case_id, force, gathered)
    for key in new.keys() ^ old.keys():
        one = new.get(key) or old[key]
        yield BackTestLine(
            back_test=asked,
            appears=key in new,
            subject=one.subject,
            organization_id=one.organization_id,
            code=one.code,
            level=one.level,
            at=one.at,
            number=one.number,
            title=dict(one.title),
            url=one.url,
        )


def _facts(case_id: int, rules: InForce, gathered: Gathered) -> dict[tuple[str, int], Drawn]:
    if not rules.by_code:
        return {}
    return {(one.fire_key, one.level): one for one in drawn_for(case_id, set(rules.by_code), rules, gathered)}


def summary(asked: BackTest) -> list[dict[str, Any]]:
    """How many cards of each rule would appear and vanish."""
    rows = asked.lines.values("code", "level", "appears").annotate(n=Count("id")).order_by("code", "level")
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for row in rows:
        one = found.setdefault(
            (row["code"], row["level"]), {"code": row["code"], "level": row["level"], "appears": 0, "vanishes": 0}
        )
        one["appears" if row["appears"] else "vanishes"] = row["n"]
    return list(found.values())

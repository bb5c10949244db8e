"""Several people at once, on real connections: one effect, the others refused; numbers never twice; no calendar overtakes an officer."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection, connections, transaction

from tests.approvals.cases.play import Play, another
from tests.factories import at, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import replay
from zhengtong.approvals.cases.models import CaseEvent, Clock, Licence, Paper, StepAct
from zhengtong.approvals.cases.refusals import CannotActNow, CannotSubmit, CannotWorkOnStep
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import StaleVersion, ZhengtongError
from zhengtong.security.accounts import public as accounts

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run every act in a thread and connection of its own, all begun together; their results or refusals, in order."""
    together = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            together.wait(PATIENCE_SECONDS)
            results[number] = act()
        except Exception as error:  # judged by the test, in the thread that can fail it
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    unforeseen = [r for r in results if isinstance(r, Exception) and not isinstance(r, ZhengtongError)]
    assert not unforeseen, unforeseen
    return results


def refusals(results: list[Any]) -> list[type]:
    return [type(result) for result in results if isinstance(result, Exception)]


def kinds(case: Any) -> list[str]:
    return list(CaseEvent.objects.filter(case=case).order_by("seq").values_list("kind", flat=True))


def test_two_clerks_accept_the_same_case(play, small_county):
    play.received().judge()
    seen = play.fresh.row_version
    clerks = (small_county.window_officer, another(small_county, "window_officer", "窗口二", small_county.centre))
    results = at_once(
        *(
            lambda by=by: cases.accept(case_id=play.case.pk, by=by, at=play.now, hand_over=True, seen=seen)
            for by in clerks
        )
    )
    assert refusals(results) == [StaleVersion]
    assert kinds(play.case).count("accept") == 1
    assert Paper.objects.filter(case=play.case, kind="acceptance").count() == 1
    assert Clock.objects.filter(case=play.case, kind="promised").count() == 1
    assert play.case.tasks.count() == 4
    assert replay.differences(play.fresh) == {}


def test_one_clerk_clicks_twice_without_a_version(play):
    play.received().judge()
    results = at_once(*[lambda: cases.accept(case_id=play.case.pk, by=play.county.window_officer, at=play.now)] * 2)
    assert refusals(results) == [CannotActNow]
    assert kinds(play.case).count("accept") == 1


def test_one_notifies_while_another_accepts(play, small_county):
    """What one officer refuses the other may not grant in the same moment: the faster one decides."""
    play.received().judge()
    seen = play.fresh.row_version
    second = another(small_county, "window_officer", "窗口二", small_county.centre)
    results = at_once(
        lambda: cases.accept(case_id=play.case.pk, by=small_county.window_officer, at=play.now, seen=seen),
        lambda: cases.notify_defects(case_id=play.case.pk, by=second, at=play.now, extra="面积写错", seen=seen),
    )
    assert refusals(results) == [StaleVersion]
    assert kinds(play.case)[-1] in ("accept", "notify_defects")
    assert replay.differences(play.fresh) == {}


def test_two_departments_in_parallel_do_not_disturb_each_other(play, small_county):
    """Steps of one group are signed at once and both count; the group joins once."""
    play.accepted()
    results = at_once(
        *(
            lambda key=key, by=by: cases.complete_step(
                case_id=play.case.pk, task_id=play.task(key).pk, conclusion="agree", opinion="符合", by=by, at=play.now
            )
            for key, by in (("review", small_county.case_officer), ("health", small_county.health_officer))
        )
    )
    assert refusals(results) == []
    assert list(play.case.tasks.filter(state="open").values_list("key", flat=True)) == ["check"]
    assert Clock.objects.filter(case=play.case, kind="step", task__key="check").count() == 1
    assert replay.differences(play.fresh) == {}


def test_two_officers_sign_the_same_step(play, small_county):
    play.accepted()
    officers = (small_county.case_officer, another(small_county, "case_officer", "承办二"))
    task = play.task("review").pk
    results = at_once(
        *(
            lambda by=by: cases.complete_step(
                case_id=play.case.pk, task_id=task, conclusion="agree", opinion="符合", by=by, at=play.now
            )
            for by in officers
        )
    )
    assert refusals(results) == [CannotWorkOnStep]
    assert StepAct.objects.filter(task_id=task).count() == 1


def test_a_decision_taken_twice(play):
    play.reviewed()
    results = at_once(
        *[
            lambda: cases.decide(
                case_id=play.case.pk, outcome="grant", opinion="准予许可", by=play.county.approver, at=play.now
            )
        ]
        * 2
    )
    assert len(refusals(results)) == 1
    assert Paper.objects.filter(case=play.case, kind="decision").count() == 1


def test_a_licence_made_twice(play):
    play.decided()
    results = at_once(*[lambda: cases.certify(case_id=play.case.pk, by=play.county.certificate_clerk, at=play.now)] * 2)
    assert refusals(results) == [CannotActNow]
    assert Licence.objects.count() == 1


def test_withdrawn_and_decided_in_the_same_moment(play):
    play.reviewed()
    results = at_once(
        lambda: cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="", at=play.now),
        lambda: cases.decide(
            case_id=play.case.pk, outcome="grant", opinion="准予许可", by=play.county.approver, at=play.now
        ),
    )
    assert len(refusals(results)) == 1
    assert play.fresh.state in ("withdrawn", "decided")
    assert replay.differences(play.case) == {}


def test_one_draft_submitted_twice_has_one_number(play):
    play.draft()
    results = at_once(*[lambda: cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)] * 2)
    assert refusals(results) == [CannotSubmit]
    case = play.fresh
    assert kinds(case) == ["start", "submit"]
    refusal = next(r for r in results if isinstance(r, CannotSubmit))
    assert case.spoken_number in refusal.message


def test_eight_filings_at_once(small_county, applicant):
    """Case and paper numbers are unique, and none is given again to a later one."""
    play = Play(small_county, applicant)
    people = [make_resident(serial, f"甲{serial}") for serial in range(11, 19)]
    drafts = []
    for person in people:
        play.applicant = person
        drafts.append(play.draft().case.pk)

    def file(number: int, person: Any) -> Any:
        cases.submit(case_id=number, by=person, at=play.now)
        return cases.receive(case_id=number, by=small_county.window_officer, at=play.now)

    results = at_once(*(lambda pair=pair: file(*pair) for pair in zip(drafts, people, strict=True)))
    assert refusals(results) == []
    serials = sorted(int(case.number[-5:]) for case in results)
    assert serials == list(range(1, 9))
    assert len({case.spoken_number for case in results}) == 8
    receipts = list(Paper.objects.filter(kind="receipt").values_list("number", flat=True))
    assert len(set(receipts)) == 8
    play.applicant = applicant
    assert int(play.submitted().case.number[-5:]) == 9


def test_a_number_of_a_failed_filing_is_not_given_to_two(play, small_county):
    """A filing that fails after its number was drawn leaves no case with that number, and the next is whole."""
    play.draft()
    with transaction.atomic():
        cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)
        transaction.set_rollback(True)
    assert play.fresh.number is None
    assert kinds(play.case) == ["start"]
    again = cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)
    assert cases.Case.objects.filter(number=again.number).count() == 1


def test_two_workers_fire_the_same_clock(play):
    play.go("2026-09-10 10:00").received()
    results = at_once(*[lambda: cases.fire(now=at("2026-09-18 09:00"))] * 3)
    assert sorted(results) == [0, 0, 1]
    assert kinds(play.case).count("deem_accept") == 1
    assert replay.differences(play.fresh) == {}


def test_the_clerk_and_the_clock_in_the_same_moment(play):
    """The last click of the fifth day and the worker's round just after it: accepted either way, once."""
    play.go("2026-09-10 10:00").received().judge()
    results = at_once(
        lambda: cases.accept(case_id=play.case.pk, by=play.county.window_officer, at=at("2026-09-17 23:59")),
        lambda: cases.fire(now=at("2026-09-18 00:00")),
    )
    accepted = [kind for kind in kinds(play.case) if kind in ("accept", "deem_accept")]
    assert len(accepted) == 1
    assert len(refusals(results)) == (accepted == ["deem_accept"])
    assert Clock.objects.filter(case=play.case, kind="statutory").count() == 1
    assert replay.differences(play.fresh) == {}


def test_a_calendar_edit_does_not_overtake_a_special_procedure(play, small_county):
    """The hearing is being opened while the calendar changes: afterwards the clock stands still by the new calendar."""
    play.accepted()
    closed = {"2026-09-24": {"workday": False, "name": "县城停电", "kind": "county_closure"}}
    calendars.amend(
        base=calendars.current_version(),
        change=calendars.Change(days=closed, sources={}),
        reason="停电",
        by=None,
        at=play.now,
    )
    begun, results = threading.Event(), []

    def reproject() -> None:
        try:
            begun.set()
            results.append(cases.reproject_all(at=play.now))
        except Exception as error:  # judged below
            results.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=reproject)
    with transaction.atomic():
        cases.suspend(
            case_id=play.case.pk,
            kind="hearing",
            planned_workdays=5,
            reason="听证",
            by=small_county.department_head,
            at=play.now,
        )
        thread.start()
        begun.wait(PATIENCE_SECONDS)
        # Give the other transaction the time to read what it must not trust.
        thread.join(0.7)
    thread.join(PATIENCE_SECONDS)
    assert results
    assert not isinstance(results[0], Exception), results
    running = Clock.objects.filter(case=play.case, stopped_at__isnull=True)
    assert set(running.filter(kind__in=("promised", "statutory")).values_list("due_on", flat=True)) == {None}
    assert replay.differences(play.fresh) == {}


def test_many_acts_on_many_cases_while_the_calendar_changes(small_county, applicant):
    """No deadlock between the officers, who lock a case and write its clocks, and the calendar, which writes them all."""
    play = Play(small_county, applicant)
    numbers = [play.accepted().case.pk for _n in range(6)]
    for n, day in enumerate(("2026-09-24", "2026-10-12"), 1):
        closed = {day: {"workday": False, "name": "停电", "kind": "county_closure"}}
        change = calendars.Change(days=closed, sources={})
        calendars.amend(base=n, change=change, reason="停电", by=None, at=play.now)

    def stop_and_go(case_id: int) -> None:
        cases.suspend(
            case_id=case_id,
            kind="hearing",
            planned_workdays=5,
            reason="听证",
            by=small_county.department_head,
            at=play.now,
        )
        cases.resume(case_id=case_id, result="笔录", by=small_county.department_head, at=play.now)

    results = at_once(*(lambda pk=pk: stop_and_go(pk) for pk in numbers), lambda: cases.reproject_all(at=play.now))
    assert refusals(results) == []
    assert set(Clock.objects.filter(kind="promised").values_list("due_on", flat=True)) == {date(2026, 10, 9)}
    for pk in numbers:
        assert replay.differences(cases.get(pk)) == {}


def test_principals_do_not_mix_under_load(small_county):
    """Two residents start drafts of the same matter at once: each has their own."""
    play = Play(small_county, make_resident(21, "甲"))
    people = [play.applicant, make_resident(22, "乙")]

    def start(person: Any) -> Any:
        principal = accounts.principals_of(person, on=play.now.date())[0]
        return cases.start_draft(matter=play.matter, principal=principal, by=person, at=play.now)

    results = at_once(*(lambda person=person: start(person) for person in people))
    assert refusals(results) == []
    assert [case.applicant_user_id for case in results] == [person.pk for person in people]

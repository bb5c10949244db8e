"""Random lives of cases: after every act, allowed or refused, the log read back gives the rows, and the law's promises hold."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import replay
from zhengtong.approvals.cases.models import CaseEvent, Clock, DefectNotice, Licence, Paper, StepAct, StepTask
from zhengtong.approvals.cases.states import ACCEPTED_ONWARDS, ClockKind, State
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.kernel.legal_clock import Budget, Pause, due

pytestmark = pytest.mark.django_db
END = at("2026-11-20 18:00")
PEOPLE = (
    "window_officer",
    "case_officer",
    "health_officer",
    "section_head",
    "approver",
    "department_head",
    "certificate_clerk",
    "applicant",
    "stranger",
)
HEAD = "department_head"
# Who does what is asked next when everything goes its way.
USUAL: dict[str, tuple[tuple[str, str], ...]] = {
    "draft": (("submit", "applicant"),),
    "submitted": (("receive", "window_officer"), ("begin_pre_review", "window_officer")),
    "pre_review": (("receive", "window_officer"),),
    "received": (("judge_ok", "window_officer"), ("accept", "window_officer"), ("notify", "window_officer")),
    "supplement_pending": (("paper", "applicant"), ("supplement", "applicant")),
    "accepted": (("hand_over", "window_officer"),),
    "in_process": (
        ("review", "case_officer"),
        ("health", "health_officer"),
        ("check", "section_head"),
        ("suspend", HEAD),
        ("extend", HEAD),
        ("grant", "approver"),
        ("refuse", "approver"),
        ("return", "section_head"),
    ),
    "suspended": (("resume", HEAD),),
    "decided": (("certify", "certificate_clerk"), ("deliver", "window_officer")),
    "certified": (("deliver", "window_officer"),),
    "delivered": (("rate", "applicant"), ("archive", "window_officer")),
}


class Life(RuleBasedStateMachine):
    """One case. `usual` moves it on; `anything` lets anybody try whatever; time passes; clocks fire."""

    county: Any
    applicant: Any
    stranger: Any

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.play = Play.__new__(Play)
        self.play.county, self.play.applicant = self.county, self.applicant
        self.play.now = at("2026-09-21 09:00")
        self.play.matter = cases.Case._meta.get_field("matter").related_model.objects.get(key="test-licence")
        self.latest_due: dict[int, Any] = {}

    @initialize(
        stage=st.sampled_from(["draft", "submitted", "received", "accepted", "accepted", "reviewed", "decided"])
    )
    def begin(self, stage: str) -> None:
        """Lives begin at different ages, else few would grow old."""
        getattr(self.play, stage)()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    # --- the acts -----------------------------------------------------------

    def person(self, name: str) -> Any:
        return {"applicant": self.applicant, "stranger": self.stranger}.get(name) or getattr(self.county, name)

    def task(self, key: str) -> int:
        return StepTask.objects.filter(case=self.play.case, key=key).values_list("pk", flat=True).first() or 0

    def acts(self, by: Any) -> dict[str, Callable[[], Any]]:
        common = {"case_id": self.play.case.pk, "by": by, "at": self.play.now}
        reason = {"reason": "核查需要"}
        return {
            "submit": lambda: cases.submit(**common),
            "begin_pre_review": lambda: cases.begin_pre_review(**common),
            "receive": lambda: cases.receive(**common),
            "judge_ok": lambda: self.judge(common, ("ok", "", "")),
            "judge_bad": lambda: self.judge(common, ("defective", "illegible", "请重拍")),
            "fix": lambda: cases.fix_on_spot(**common, answers={"area": 61}, what="笔误"),
            "notify": lambda: self.notify(common),
            "paper": self.play.paper,
            "supplement": lambda: cases.supplement(**common),
            "accept": lambda: cases.accept(**common),
            "accept_and_pass": lambda: cases.accept(**common, hand_over=True),
            "refuse_acceptance": lambda: cases.refuse_acceptance(
                **common, reason="not_required", explanation="不需许可"
            ),
            "hand_over": lambda: cases.hand_over(**common),
            "review": lambda: self.sign(common, "review"),
            "health": lambda: self.sign(common, "health"),
            "check": lambda: self.sign(common, "check"),
            "return": lambda: cases.return_step(
                **common, **reason, task_id=self.task("check"), to_task_id=self.task("review")
            ),
            "suspend": lambda: cases.suspend(**common, **reason, kind="hearing", planned_workdays=5),
            "suspend_site": lambda: cases.suspend(**common, **reason, kind="site", planned_workdays=3),
            "resume": lambda: cases.resume(**common, result="笔录"),
            "extend": lambda: cases.extend(**common, **reason, kind="extension", workdays=5),
            "ask": lambda: cases.request_in_review(**common, items=[{"name": "合同"}]),
            "answer": lambda: cases.answer_in_review(**common),
            "grant": lambda: cases.decide(**common, outcome="grant", opinion="准予许可"),
            "refuse": lambda: cases.decide(
                **common, outcome="refuse", opinion="不符合法定条件", reason="conditions_not_met", hearing="waived"
            ),
            "certify": lambda: cases.certify(**common),
            "deliver": lambda: cases.deliver(**common, method="pickup", recipient="王小明"),
            "rate": lambda: cases.note_rating(**common, code=2),
            "archive": lambda: cases.archive(**common),
            "withdraw": lambda: cases.withdraw(**common, **reason),
            "void": lambda: cases.void(**common, **reason),
            "terminate": lambda: cases.terminate(**common, **reason),
            "transfer_up": lambda: cases.transfer_up(**common, **reason, authority="市局"),
        }

    def judge(self, common: dict[str, Any], verdict: tuple[str, str, str]) -> None:
        cases.judge_materials(**common, judgements={1: verdict, 3: ("not_needed", "", "")})

    def notify(self, common: dict[str, Any]) -> None:
        with transaction.atomic():
            self.judge(common, ("defective", "illegible", "请重拍"))
            cases.notify_defects(**common)

    def sign(self, common: dict[str, Any], key: str) -> None:
        cases.complete_step(**common, task_id=self.task(key), conclusion="agree", opinion="符合规定")

    def attempt(self, act: str, who: str) -> None:
        """Do it; if it is refused, nothing at all is different."""
        before, refused = self.everything(), None
        try:
            with transaction.atomic():
                self.acts(self.person(who))[act]()
        except ZhengtongError as refusal:
            refused = refusal
        if refused is not None:
            assert refused.message
            assert self.everything() == before, f"{act} was refused and changed something"

    def everything(self) -> tuple:
        case = self.play.case
        own = [
            list(model.objects.filter(**{key: case}).order_by("pk").values())
            for model, key in (
                (CaseEvent, "case"),
                (Clock, "case"),
                (Paper, "case"),
                (StepTask, "case"),
                (StepAct, "task__case"),
                (DefectNotice, "case"),
                (Licence, "case"),
            )
        ]
        rows = cases.Case.objects.filter(pk=case.pk).values()[0], list(case.checklist.order_by("pk").values())
        return (*rows, own, list(Todo.objects.order_by("pk").values_list("pk", "due_on", "done_at")))

    # --- what may happen ------------------------------------------------------

    @rule(picks=st.lists(st.integers(0, 100), min_size=1, max_size=4))
    def usual(self, picks: list[int]) -> None:
        for pick in picks:
            if usual := USUAL.get(self.play.fresh.state, ()):
                self.attempt(*usual[pick % len(usual)])

    @rule(pick=st.integers(0, 1000), who=st.sampled_from(PEOPLE))
    def anything(self, pick: int, who: str) -> None:
        # Ends are forbidden to most people anyway; tried by the head they would end most lives early.
        acts = [act for act in self.acts(None) if who != HEAD or act not in ("void", "terminate", "transfer_up")]
        self.attempt(acts[pick % len(acts)], who)

    @precondition(lambda self: self.play.now < END)
    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.play.now += timedelta(hours=hours)

    @rule()
    def the_worker_comes_by(self) -> None:
        while cases.fire(now=self.play.now):
            pass

    @rule(act=st.sampled_from(["void", "terminate", "transfer_up"]), sure=st.integers(0, 9))
    def the_end(self, act: str, sure: int) -> None:
        assume(sure == 0)
        self.attempt(act, HEAD)

    # --- what always holds ------------------------------------------------------

    @invariant()
    def the_log_gives_the_rows(self) -> None:
        assert replay.differences(self.play.fresh) == {}

    @invariant()
    def no_decision_without_proof_of_acceptance(self) -> None:
        case = self.play.fresh
        if case.state in ACCEPTED_ONWARDS:
            assert case.accepted_at is not None
            proofs = Paper.objects.filter(case=case, kind="acceptance")
            assert proofs.count() == 1
            events = list(case.log.order_by("seq").values_list("kind", flat=True))
            decided = [n for n, kind in enumerate(events) if kind.startswith("decide_")]
            accepted = [n for n, kind in enumerate(events) if kind in ("accept", "deem_accept")]
            assert len(accepted) == 1
            assert len(decided) <= 1
            assert all(accepted[0] < n for n in decided)

    @invariant()
    def due_days_are_those_of_the_legal_clock(self) -> None:
        case = self.play.fresh
        suspensions = list(case.suspensions.all())
        stops = {"promised": "promised", "statutory": "statutory", "step": "promised"}
        for clock in case.clocks.filter(stopped_at__isnull=True):
            name = stops.get(clock.kind)
            pauses = tuple(
                Pause(s.started_on, s.ended_on)
                for s in suspensions
                if name in s.clocks and s.started_on >= clock.started_on
            )
            budget = Budget(clock.started_on, clock.limit_workdays, pauses, clock.extension_workdays)
            assert clock.due_on == due(budget, calendars.current())
        promised = case.clocks.filter(kind=ClockKind.PROMISED, stopped_at__isnull=True).first()
        if promised is not None:
            assert case.due_on == promised.due_on

    @invariant()
    def due_days_only_move_later(self) -> None:
        """Neither a special procedure nor its end ever shortens what the department has left."""
        for clock in self.play.fresh.clocks.filter(kind__in=("promised", "statutory"), due_on__isnull=False):
            before = self.latest_due.get(clock.pk)
            assert before is None or clock.due_on >= before
            self.latest_due[clock.pk] = clock.due_on

    @invariant()
    def an_ended_case_is_at_rest(self) -> None:
        case = self.play.fresh
        if case.state in ("withdrawn", "voided", "terminated", "transferred_up", "not_accepted", "archived"):
            assert case.closed_at is not None or case.state == State.WITHDRAWN
            assert not case.clocks.filter(stopped_at__isnull=True).exists()
            assert not Todo.objects.filter(done_at__isnull=True).exists()

    @invariant()
    def one_notice_and_separate_duties(self) -> None:
        case = self.play.fresh
        assert case.defect_notices.filter(in_review=False).count() <= 1
        held = list(case.duties.values_list("officer_id", flat=True))
        assert len(held) == len(set(held))


ALWAYS = (
    "the_log_gives_the_rows",
    "no_decision_without_proof_of_acceptance",
    "due_days_are_those_of_the_legal_clock",
    "due_days_only_move_later",
    "an_ended_case_is_at_rest",
    "one_notice_and_separate_duties",
)


def test_random_lives(small_county, applicant):
    Life.county, Life.applicant = small_county, applicant
    Life.stranger = make_resident(44, "路人")
    Play(small_county, applicant)
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("seed", range(8))
def test_long_lives(small_county, applicant, seed):
    """Chance with a leaning towards what usually comes next, so that cases grow old: decided, delivered, rated, filed away."""
    chance = random.Random(seed)
    Life.county, Life.applicant = small_county, applicant
    Life.stranger = make_resident(44, "路人")
    Play(small_county, applicant)
    life = Life()
    life.begin(stage="accepted" if seed % 2 else "submitted")
    for _turn in range(80):
        turn = chance.random()
        if turn < 0.7:
            life.usual(picks=[chance.randrange(100)])
        elif turn < 0.85:
            life.anything(pick=chance.randrange(1000), who=chance.choice(PEOPLE[:-2]))
        elif turn < 0.95:
            life.time_passes(hours=chance.randrange(1, 20))
        else:
            life.the_worker_comes_by()
        for name in ALWAYS:
            getattr(life, name)()
    life.teardown()


# --- the log itself ---------------------------------------------------------------------


def test_a_row_changed_by_hand_is_noticed(play):
    play.decided()
    cases.Case.objects.filter(pk=play.case.pk).update(outcome="refuse")
    assert replay.differences(play.fresh) == {"outcome": ("grant", "refuse")}


def test_a_missing_event_is_noticed(play):
    play.accepted()
    CaseEvent.objects.filter(case=play.case, kind="receive").delete()
    with pytest.raises(ValueError, match="does not follow"):
        replay.differences(play.fresh)


def test_an_event_without_arrow_is_noticed(play):
    play.submitted()
    CaseEvent.objects.filter(case=play.case, seq=1).update(kind="accept", to_state="accepted")
    with pytest.raises(ValueError, match="no arrow"):
        replay.differences(play.fresh)


@pytest.mark.parametrize("how", ["deferred", "deemed", "reproject", "returned", "refused"])
def test_rare_turns_are_in_the_log_too(small_county, applicant, how, deliver):
    play = Play(small_county, applicant, deferral_allowed=True)
    if how == "deemed":
        play.received()
        cases.fire(now=at("2026-10-20"))
    elif how == "reproject":
        play.accepted()
        closed = {"2026-09-24": {"workday": False, "name": "停电", "kind": "county_closure"}}
        change = calendars.Change(days=closed, sources={})
        calendars.amend(base=calendars.current_version(), change=change, reason="停电", by=None, at=play.now)
        deliver()
    elif how == "returned":
        play.reviewed()
        more = {"task_id": play.task("decision").pk, "to_task_id": play.task("check").pk}
        cases.return_step(case_id=play.case.pk, reason="再核", by=small_county.approver, at=play.later(hours=1), **more)
    elif how == "deferred":
        play.received().judge("deferred")
        play.case = cases.accept(case_id=play.case.pk, by=small_county.window_officer, at=play.now, hand_over=True)
        play.done("review", small_county.case_officer).done("health", small_county.health_officer)
        play.done("check", small_county.section_head)
        decision = {"outcome": "grant_deferred", "opinion": "容缺准予", "deferred_until": at("2026-10-15").date()}
        cases.decide(case_id=play.case.pk, by=small_county.approver, at=play.now, **decision)
        cases.hand_in_deferred(case_id=play.case.pk, by=small_county.window_officer, at=play.later(days=1))
    else:
        play.reviewed()
        denial = {"outcome": "refuse", "opinion": "不符合法定条件", "reason": "other_law", "hearing": "held"}
        cases.decide(case_id=play.case.pk, by=small_county.approver, at=play.now, **denial)
    assert replay.differences(play.fresh) == {}

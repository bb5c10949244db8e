"""The table of the state machine against the law's own table: every event, every exit, no way round acceptance."""

from collections.abc import Iterable

import pytest
from django.db import IntegrityError, transaction

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import rules
from zhengtong.approvals.cases.models import Case
from zhengtong.approvals.cases.refusals import CannotActNow
from zhengtong.approvals.cases.states import ARROWS, EXITS, WHEN_ELAPSED, ClockKind, Kind, Outcome, State

# The table of the domain page, row by row: (from, event, to).
LAW = {
    ("draft", "submit", "submitted"),
    ("submitted", "begin_pre_review", "pre_review"),
    ("submitted", "receive", "received"),
    ("pre_review", "receive", "received"),
    ("received", "fix_on_spot", "received"),
    *((state, "judge", state) for state in ("submitted", "pre_review", "received")),
    ("received", "notify_defects", "supplement_pending"),
    ("supplement_pending", "supplement_in", "received"),
    ("supplement_pending", "supplement_lapse", "terminated"),
    ("received", "accept", "accepted"),
    ("received", "deem_accept", "accepted"),
    ("received", "refuse_acceptance", "not_accepted"),
    ("accepted", "hand_over", "in_process"),
    ("in_process", "step_done", "in_process"),
    ("in_process", "step_return", "in_process"),
    ("in_process", "suspend", "suspended"),
    ("suspended", "resume", "in_process"),
    ("in_process", "extend", "in_process"),
    ("in_process", "review_supplement", "in_process"),
    ("in_process", "review_supplement_in", "in_process"),
    ("in_process", "decide_grant", "decided"),
    ("in_process", "decide_refuse", "decided"),
    ("in_process", "decide_deferred", "decided"),
    ("decided", "certify", "certified"),
    ("certified", "deliver", "delivered"),
    *((state, "change_licence", state) for state in ("certified", "delivered", "archived")),
    ("delivered", "rate", "delivered"),
    ("delivered", "archive", "archived"),
}
BEFORE_DECISION = ("submitted", "pre_review", "received", "supplement_pending", "accepted", "in_process", "suspended")
# What the law leaves open and the county needs, each with its reason.
MORE = {
    # "Not ours" is said at once, also before a receipt is written (第三十二条第一、二项).
    ("submitted", "refuse_acceptance", "not_accepted"),
    ("pre_review", "refuse_acceptance", "not_accepted"),
    # A renewal that is not decided before the licence ends is granted by law (第五十条第二款).
    *((state, "deem_renew", "decided") for state in ("accepted", "in_process", "suspended")),
    # A refusal is delivered without a licence being made.
    ("decided", "deliver", "delivered"),
    # The paper that was allowed to follow arrives at any time after the decision.
    ("decided", "deferred_in", "decided"),
    ("certified", "deferred_in", "certified"),
    ("delivered", "deferred_in", "delivered"),
    # Rated after completion, also when the completion was a refusal to accept, also after archiving.
    ("archived", "rate", "archived"),
    ("not_accepted", "rate", "not_accepted"),
    *((state, "withdraw", "withdrawn") for state in ("draft", *BEFORE_DECISION)),
    *((state, "void", "voided") for state in BEFORE_DECISION),
    *((state, "terminate", "terminated") for state in BEFORE_DECISION),
    *((state, "transfer_up", "transferred_up") for state in ("accepted", "in_process")),
}
ACCEPTANCE = {Kind.ACCEPT, Kind.DEEM_ACCEPT}
# Facts about a case that move nothing.
STANDING = {Kind.CHANGE_LICENCE, Kind.ELAPSED, Kind.REPROJECT, Kind.RATE}


def arrows() -> set[tuple[str, str, str]]:
    return {(str(source), str(kind), str(target)) for (source, kind), target in ARROWS.items()}


def reach(start: str, *, without: Iterable[str] = ()) -> set[str]:
    """Every state that can be reached from `start` without the events of `without`."""
    found, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        for (source, kind), target in ARROWS.items():
            if source == here and kind not in without and target not in found:
                found.add(target)
                ahead.append(target)
    return found


def test_every_event_of_the_law_has_its_arrow():
    assert arrows() >= LAW


def test_nothing_beyond_the_law_and_the_named_additions():
    moving = {arrow for arrow in arrows() if arrow[1] not in (Kind.ELAPSED, Kind.REPROJECT)}
    assert moving - LAW - MORE == set()
    assert moving >= MORE


def test_a_clock_that_runs_out_and_a_calendar_that_changes_move_no_case():
    assert all(target == source for source, kind, target in arrows() if kind in (Kind.ELAPSED, Kind.REPROJECT))


def test_no_way_to_a_decision_without_acceptance():
    """Exhaustive: with the two acceptances taken out of the graph nothing behind them can be reached from anywhere before."""
    behind = {
        State.ACCEPTED,
        State.IN_PROCESS,
        State.SUSPENDED,
        State.DECIDED,
        State.CERTIFIED,
        State.DELIVERED,
        State.ARCHIVED,
    }
    for state in set(State) - behind:
        assert reach(state, without=ACCEPTANCE) & behind == set(), state
    assert State.DECIDED in reach(State.DRAFT)


def test_acceptance_is_always_preceded_by_receipt():
    assert {source for (source, kind) in ARROWS if kind in ACCEPTANCE} == {State.RECEIVED}
    without_receipt = reach(State.DRAFT, without={Kind.RECEIVE})
    assert State.RECEIVED not in without_receipt


def test_every_state_can_be_reached_and_left_again():
    assert reach(State.DRAFT) == set(State)
    for state in State:
        assert reach(state) & EXITS, f"no end from {state}"


def test_ends_are_ends():
    for state in EXITS:
        assert {kind for (source, kind) in ARROWS if source == state} <= STANDING, state


def test_nothing_is_decided_twice_and_nothing_withdrawn_after_the_decision():
    decided = {State.DECIDED, State.CERTIFIED, State.DELIVERED, State.ARCHIVED}
    forbidden = {
        Kind.DECIDE_GRANT,
        Kind.DECIDE_REFUSE,
        Kind.DECIDE_DEFERRED,
        Kind.WITHDRAW,
        Kind.VOID,
        Kind.TERMINATE,
        Kind.TRANSFER_UP,
    }
    assert [(s, k) for (s, k) in ARROWS if s in decided and k in forbidden] == []
    for state in decided:
        assert reach(state) <= decided


def test_what_the_law_lets_happen_by_itself():
    assert WHEN_ELAPSED[ClockKind.ACCEPTANCE] == "deem_accept"
    assert WHEN_ELAPSED[ClockKind.PRE_REVIEW] == "receive"
    assert WHEN_ELAPSED[ClockKind.SUPPLEMENT] == "lapse"
    # A special procedure never ends by itself, nor is anything ever granted or refused by silence.
    assert {ClockKind.SUSPENSION, ClockKind.STATUTORY, ClockKind.PROMISED, ClockKind.STEP} & set(WHEN_ELAPSED) == set()


@pytest.mark.parametrize("state", list(State))
def test_every_arrow_that_is_not_in_the_table_is_refused(state):
    case = Case(state=state)
    for kind in set(Kind) - {k for (s, k) in ARROWS if s == state}:
        with pytest.raises(CannotActNow) as refusal:
            rules.arrow_exists(case, kind)
        assert str(State(state).label) in refusal.value.message
        assert str(Kind(kind).label) in refusal.value.message
        assert refusal.value.status == 409
    for source, kind in ARROWS:
        if source == state:
            rules.arrow_exists(case, kind)


@pytest.mark.django_db
class TestTheDatabaseHoldsItToo:
    """Rows changed past the operations meet the same law."""

    @pytest.mark.parametrize(
        "state", ["accepted", "in_process", "suspended", "decided", "certified", "delivered", "archived"]
    )
    def test_no_work_without_acceptance(self, play, state):
        play.received()
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=play.case.pk).update(state=state)
        assert play.fresh.state == State.RECEIVED

    def test_no_decision_without_outcome(self, play):
        play.accepted()
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=play.case.pk).update(decided_at=play.now)
        assert play.fresh.outcome == Outcome.NONE

    def test_no_filed_case_without_number(self, play):
        play.submitted()
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.filter(pk=play.case.pk).update(number=None)
        assert cases.get(play.case.pk).number

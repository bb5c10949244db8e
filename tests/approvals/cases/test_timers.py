"""Clocks that run out: dated at the true threshold, once only, one case's trouble is not another's; calendars that change."""

from datetime import date

import pytest

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import replay
from zhengtong.approvals.cases.events import CaseAccepted, CasesReprojected, ClockElapsed
from zhengtong.approvals.cases.models import Case, CaseEvent, Clock, Paper
from zhengtong.approvals.cases.refusals import CannotActNow
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.worklists.models import Todo

pytestmark = pytest.mark.django_db

THURSDAY = "2026-09-10 10:00"
# Friday 11, Monday 14 to Thursday 17: the fifth working day closes when the eighteenth begins.
CLOSE = at("2026-09-18 00:00")


def fire_all(when: str) -> int:
    """As the worker does in its rounds, until nothing is due any more."""
    total = 0
    while fired := cases.fire(now=at(when)):
        total += fired
    return total


def events_of(case: Case, kind: str) -> list[CaseEvent]:
    return list(CaseEvent.objects.filter(case=case, kind=kind).order_by("seq"))


def published(kind: type) -> list[dict]:
    return list(OutboxEvent.objects.filter(name=kind.name).order_by("id").values_list("payload", flat=True))


def open_todos(case: Case) -> list[tuple[str, date | None]]:
    return sorted(Todo.objects.filter(subject=f"case:{case.pk}", done_at__isnull=True).values_list("kind", "due_on"))


def clock(case: Case, kind: str) -> Clock:
    return Clock.objects.filter(case=case, kind=kind).latest("id")


# --- deemed acceptance (行政许可法 第三十二条第四项) -----------------------------------


class TestDeemedAcceptance:
    @pytest.fixture
    def received(self, play: Play) -> Play:
        return play.go(THURSDAY).received()

    def test_not_a_moment_before_the_fifth_day_closes(self, received):
        assert cases.fire(now=at("2026-09-17 23:59")) == 0
        assert received.fresh.state == "received"

    def test_accepted_as_of_the_day_of_receipt(self, received):
        assert cases.fire(now=CLOSE) == 1
        case = received.fresh
        assert (case.state, case.deemed_accepted) == ("in_process", True)
        assert case.accepted_at == case.received_at == case.submitted_at
        assert (clock(case, "promised").started_on, clock(case, "statutory").started_on) == (date(2026, 9, 10),) * 2
        # The 20th is a Sunday on which the county works.
        assert case.due_on == date(2026, 9, 20)
        assert clock(case, "statutory").due_on == calendars.current().nth_after(date(2026, 9, 10), 20)

    def test_the_worker_was_down_for_days(self, received):
        cases.fire(now=at("2026-09-30 08:00"))
        elapsed, deemed = events_of(received.case, "elapsed")[0], events_of(received.case, "deem_accept")[0]
        assert elapsed.effective_at == deemed.effective_at == CLOSE
        assert deemed.recorded_at >= CLOSE
        assert clock(received.case, "acceptance").elapsed_at == CLOSE
        assert received.fresh.due_on == date(2026, 9, 20)

    def test_late_or_in_time_the_worker_leaves_the_same_rows(self, small_county, applicant):
        found = []
        play = Play(small_county, applicant)
        for moment in ("2026-09-18 00:00", "2026-11-20 00:00"):
            play.go(THURSDAY).received()
            cases.fire(now=at(moment))
            case = play.fresh
            found.append(
                (
                    case.state,
                    case.accepted_at,
                    case.due_on,
                    list(
                        case.clocks.order_by("id").values_list(
                            "kind", "started_on", "due_on", "elapsed_at", "stopped_at"
                        )
                    ),
                    list(case.log.values_list("kind", "effective_at")),
                )
            )
        assert found[0] == found[1]

    def test_the_proof_is_issued_and_both_sides_learn_of_it(self, received, deliver):
        cases.fire(now=CLOSE)
        proof = Paper.objects.get(case=received.case, kind="acceptance")
        assert proof.data["deemed"] is True
        assert proof.data["accepted_on"] == "2026年9月10日"
        assert published(CaseAccepted)[-1]["deemed"] is True
        deliver()
        assert Notice.objects.filter(to_user=received.applicant, template="case.deemed").count() == 1
        assert Todo.objects.filter(subject__startswith="step:", done_at__isnull=True).count() == 2

    def test_once_only(self, received):
        cases.fire(now=CLOSE)
        before = received.fresh.row_version
        assert cases.fire(now=CLOSE) == 0
        assert received.fresh.row_version == before
        assert len(published(ClockElapsed)) == 1

    @pytest.mark.parametrize("act", ["accept", "notify", "refuse", "withdraw"])
    def test_nothing_happens_when_somebody_acted_in_time(self, received, act):
        clerk, case = received.county.window_officer, received.case
        received.go("2026-09-17 23:30")
        if act == "accept":
            received.judge()
            cases.accept(case_id=case.pk, by=clerk, at=received.now)
        elif act == "notify":
            received.judge("defective", "illegible", "请重拍")
            cases.notify_defects(case_id=case.pk, by=clerk, at=received.now)
        elif act == "refuse":
            cases.refuse_acceptance(
                case_id=case.pk, reason="not_required", explanation="不需许可", by=clerk, at=received.now
            )
        else:
            cases.withdraw(case_id=case.pk, by=received.applicant, reason="", at=received.now)
        state = received.fresh.state
        assert cases.fire(now=CLOSE) == 0
        assert received.fresh.state == state
        assert not received.case.deemed_accepted

    @pytest.mark.parametrize("act", ["accept", "notify", "refuse"])
    def test_after_the_fifth_day_nobody_undoes_what_the_law_has_done(self, received, act):
        """The worker is down; the clerk comes on Monday. The case has been accepted by law since Thursday."""
        clerk, case = received.county.window_officer, received.case
        received.judge(*(("defective", "illegible", "请重拍") if act == "notify" else ("ok",)))
        before = received.fresh.row_version
        monday = at("2026-09-21 09:00")
        acts = {
            "accept": lambda: cases.accept(case_id=case.pk, by=clerk, at=monday),
            "notify": lambda: cases.notify_defects(case_id=case.pk, by=clerk, at=monday),
            "refuse": lambda: cases.refuse_acceptance(
                case_id=case.pk, reason="not_required", explanation="不需许可", by=clerk, at=monday
            ),
        }
        with pytest.raises(CannotActNow) as refusal:
            acts[act]()
        assert "视为" in refusal.value.message
        assert (received.fresh.row_version, received.case.state) == (before, "received")
        cases.fire(now=monday)
        assert received.fresh.accepted_at == received.case.received_at

    def test_after_a_supplement_the_clock_starts_when_the_supplement_came(self, received):
        """The applicant's own weeks are not the department's: what is deemed accepted is what came in with the supplement."""
        received.judge("defective", "illegible", "请重拍")
        cases.notify_defects(case_id=received.case.pk, by=received.county.window_officer, at=at("2026-09-11 10:00"))
        received.go("2026-10-15 10:00").paper()
        cases.supplement(case_id=received.case.pk, by=received.applicant, at=received.now)
        fire_all("2026-10-23 00:00")
        case = received.fresh
        assert case.deemed_accepted
        assert case.accepted_at == at("2026-10-15 10:00")
        assert clock(case, "promised").started_on == date(2026, 10, 15)
        assert case.due_on > date(2026, 10, 22)
        assert replay.differences(case) == {}


# --- the other clocks before acceptance --------------------------------------------------


def test_nobody_looked_at_an_online_filing(play):
    play.go(THURSDAY).submitted()
    assert open_todos(play.case) == [("pre_review", date(2026, 9, 14))]
    cases.fire(now=at("2026-09-16 09:00"))
    case = play.fresh
    assert case.state == "received"
    assert case.received_at == case.submitted_at == at(THURSDAY)
    received = events_of(case, "receive")[0]
    assert received.effective_at == at("2026-09-15 00:00")
    assert (received.data["automatic"], received.actor_id) == (True, None)
    assert Paper.objects.filter(case=case, kind="receipt").count() == 1
    assert clock(case, "acceptance").due_on == date(2026, 9, 17)
    assert open_todos(case) == [("acceptance", date(2026, 9, 17))]


def test_from_the_filing_to_the_promise_without_a_human_hand(play, deliver):
    """Two months without worker and clerk: everything the law lets happen has happened, each on its day."""
    play.go(THURSDAY).submitted()
    fire_all("2026-11-10 00:00")
    case = play.fresh
    assert case.state == "in_process"
    elapsed = {c.kind: c.elapsed_at for c in case.clocks.exclude(kind="step") if c.elapsed_at}
    assert elapsed == {
        "pre_review": at("2026-09-15 00:00"),
        "acceptance": CLOSE,
        "promised": at("2026-09-21 00:00"),
        "statutory": at("2026-10-15 00:00"),
    }
    assert replay.differences(case) == {}
    deliver()


@pytest.mark.parametrize(("rule", "words"), [("withdrawn", "视为撤回"), ("refused", "不予受理")])
def test_a_supplement_that_never_came(small_county, applicant, rule, words):
    play = Play(small_county, applicant, supplement_lapse=rule, supplement_workdays=3)
    play.go(THURSDAY).received().judge("defective", "illegible", "请重拍")
    notice = cases.notify_defects(case_id=play.case.pk, by=small_county.window_officer, at=play.now)
    assert words in notice.paper.data["consequence"]
    assert cases.fire(now=at("2026-09-15 23:59")) == 0
    cases.fire(now=at("2026-09-28 09:00"))
    case = play.fresh
    assert case.state == "terminated"
    lapse = events_of(case, "supplement_lapse")[0]
    assert (lapse.effective_at, lapse.data["rule"]) == (at("2026-09-16 00:00"), rule)
    assert case.closed_at == at("2026-09-16 00:00")
    assert words in case.papers.get(kind="termination").data["reason"]
    assert not case.clocks.filter(stopped_at__isnull=True).exists()
    assert open_todos(case) == []
    assert replay.differences(case) == {}


def test_a_supplement_after_the_last_day_is_too_late_even_without_worker(small_county, applicant):
    play = Play(small_county, applicant, supplement_workdays=3)
    play.go(THURSDAY).received().judge("defective", "illegible", "请重拍")
    cases.notify_defects(case_id=play.case.pk, by=small_county.window_officer, at=play.now)
    play.go("2026-09-17 09:00").paper()
    with pytest.raises(CannotActNow):
        cases.supplement(case_id=play.case.pk, by=applicant, at=play.now)
    assert play.fresh.state == "supplement_pending"
    cases.fire(now=play.now)
    assert play.fresh.state == "terminated"


def test_a_supplement_on_the_last_day_is_in_time(small_county, applicant):
    play = Play(small_county, applicant, supplement_workdays=3)
    play.go(THURSDAY).received().judge("defective", "illegible", "请重拍")
    cases.notify_defects(case_id=play.case.pk, by=small_county.window_officer, at=play.now)
    play.go("2026-09-15 23:50").paper()
    cases.supplement(case_id=play.case.pk, by=applicant, at=play.now)
    assert cases.fire(now=at("2026-09-16 00:00")) == 0
    assert play.fresh.state == "received"


# --- clocks of the work itself ---------------------------------------------------------


def test_a_special_procedure_never_ends_by_itself(play):
    play.accepted()
    cases.suspend(
        case_id=play.case.pk,
        kind="hearing",
        planned_workdays=3,
        reason="听证",
        by=play.county.department_head,
        at=at("2026-09-22 10:00"),
    )
    own = clock(play.case, "suspension")
    assert own.due_on == date(2026, 9, 28)
    fire_all("2026-10-15 09:00")
    case = play.fresh
    assert case.state == "suspended"
    assert clock(case, "suspension").elapsed_at == at("2026-09-29 00:00")
    assert case.suspensions.get().ended_on is None
    todo = Todo.objects.get(subject=f"case:{case.pk}", kind="suspension", done_at__isnull=True)
    assert (todo.role, todo.organization_id) == ("department_head", case.department_id)
    # Both clocks stand still: neither can run out.
    assert not case.clocks.filter(kind__in=("promised", "statutory"), elapsed_at__isnull=False).exists()
    cases.resume(case_id=case.pk, result="听证笔录", by=play.county.department_head, at=at("2026-10-15 10:00"))
    assert not Todo.objects.filter(kind="suspension", done_at__isnull=True).exists()


def test_promise_and_statute_are_reported_once_each_and_the_case_goes_on(play):
    play.accepted()
    fire_all("2026-12-01 09:00")
    assert cases.fire(now=at("2026-12-02 09:00")) == 0
    kinds = [payload["clock_kind"] for payload in published(ClockElapsed) if payload["clock_kind"] != "step"]
    assert kinds == ["promised", "statutory"]
    case = play.fresh
    assert case.state == "in_process"
    assert [e.effective_at for e in events_of(case, "elapsed") if e.data["kind"] in ("promised", "statutory")] == [
        at("2026-10-09 00:00"),
        at("2026-10-27 00:00"),
    ]
    # Late is late, not lost: the case is decided all the same.
    play.go("2026-12-02 10:00")
    play.done("review", play.county.case_officer).done("health", play.county.health_officer).done(
        "check", play.county.section_head
    )
    cases.decide(case_id=case.pk, outcome="grant", opinion="准予许可", by=play.county.approver, at=play.later(hours=1))
    assert replay.differences(play.fresh) == {}


def test_a_decided_case_has_no_promise_left_to_break(play):
    play.decided()
    fire_all("2026-09-30 00:00")
    assert not Clock.objects.filter(
        case=play.case, kind__in=("promised", "statutory"), elapsed_at__isnull=False
    ).exists()


def test_nothing_fires_in_a_case_that_left(play):
    play.accepted()
    cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="", at=play.now)
    assert fire_all("2026-12-20 00:00") == 0


# --- one case's trouble is not another's ------------------------------------------------


def acceptance_into_a_year_without_data(play: Play) -> Case:
    """Received on 22 December: the fifth day is the 29th, but twenty working days from the receipt end in 2027."""
    return play.go("2026-12-22 10:00").received().case


def test_a_case_that_cannot_be_moved_does_not_hold_up_the_others(play):
    play.go("2026-12-03 09:00").accepted()
    sound = play.case
    fire_all("2026-12-29 00:00")
    stuck = acceptance_into_a_year_without_data(play)
    # The stuck one is due first (30 December), the sound one's statutory day closes with the year.
    assert cases.fire(now=at("2027-01-04 09:00")) == 1
    assert clock(sound, "statutory").elapsed_at == at("2027-01-01 00:00")
    stuck = cases.get(stuck.pk)
    assert (stuck.state, stuck.deemed_accepted) == ("received", False)
    assert clock(stuck, "acceptance").elapsed_at is None
    assert events_of(stuck, "elapsed") == []
    assert replay.differences(stuck) == {}


def with_2027() -> None:
    known = calendars.builtin_document()
    document = {**known, "2027": {**known["2026"], "days": {}}}
    calendars.publish_version(document=document, reason="录入2027年安排", by=None, at=at("2027-01-04 10:00"))


def test_when_the_year_is_there_the_case_is_accepted_as_of_its_own_days(play):
    stuck = acceptance_into_a_year_without_data(play)
    assert cases.fire(now=at("2027-01-04 09:00")) == 0
    with_2027()
    assert cases.fire(now=at("2027-01-04 11:00")) == 1
    stuck = cases.get(stuck.pk)
    assert stuck.accepted_at == stuck.received_at
    assert events_of(stuck, "deem_accept")[0].effective_at == at("2026-12-30 00:00")


def test_many_cases_that_cannot_be_moved_hold_up_nobody(play):
    """More than one round takes: those that can be moved behind them are moved all the same."""
    play.go("2026-12-03 09:00").accepted()
    sound = play.case
    fire_all("2026-12-29 00:00")
    stuck = acceptance_into_a_year_without_data(play)
    late = Clock.objects.get(case=stuck, kind="acceptance")
    for serial in range(60):
        twin = cases.get(stuck.pk)
        twin.pk, twin.number, twin.spoken_number = None, f"{stuck.number}-{serial}", f"T-{serial}"
        twin.save(force_insert=True)
        late.pk, late.case = None, twin
        late.save(force_insert=True)
    fired = cases.fire(now=at("2027-01-04 09:00"))
    assert fired >= 1
    assert clock(sound, "statutory").elapsed_at == at("2027-01-01 00:00")


def test_a_broken_case_does_not_hold_up_the_others(small_county, applicant):
    """Not a refusal but a row that no program foresaw: its day of receipt is gone."""
    play = Play(small_county, applicant).go(THURSDAY).received()
    broken = play.case
    play.applicant = make_resident(5, "李四")
    sound = play.go("2026-09-10 11:00").received().case
    Case.objects.filter(pk=broken.pk).update(received_at=None)
    assert cases.fire(now=at("2026-09-18 09:00")) == 1
    assert cases.get(sound.pk).state == "in_process"
    assert cases.get(broken.pk).state == "received"


# --- a calendar that changes -----------------------------------------------------------


def amend(days: dict[str, dict | None], when: str = "2026-09-21 12:00") -> None:
    change = calendars.Change(days=days, sources={})
    calendars.amend(base=calendars.current_version(), change=change, reason="县城停电", by=None, at=at(when))


CLOSED = {"workday": False, "name": "县城停电", "kind": "county_closure"}
OPENED = {"workday": True, "name": "补班", "kind": "makeup"}


def test_a_closed_day_moves_running_clocks_later_and_says_so(play, deliver):
    play.accepted()
    assert (play.due("promised"), play.due("statutory")) == (date(2026, 10, 8), date(2026, 10, 26))
    amend({"2026-09-24": CLOSED})
    deliver()
    assert (play.due("promised"), play.due("statutory")) == (date(2026, 10, 9), date(2026, 10, 27))
    case = play.fresh
    assert case.due_on == date(2026, 10, 9)
    event = events_of(case, "reproject")[-1]
    assert event.data["due_on"] == "2026-10-09"
    assert event.data["calendar_version"] == calendars.current_version()
    assert published(CasesReprojected)[-1]["case_ids"] == [case.pk]
    assert replay.differences(case) == {}
    step = play.task("review")
    assert Todo.objects.get(subject=f"step:{step.pk}", done_at__isnull=True).due_on == clock(case, "step").due_on


def test_an_opened_day_moves_them_earlier(play, deliver):
    play.accepted()
    amend({"2026-09-26": OPENED})
    deliver()
    assert (play.due("promised"), play.due("statutory")) == (date(2026, 9, 30), date(2026, 10, 23))
    assert play.fresh.due_on == date(2026, 9, 30)
    # The threshold moved with the day: the promise is broken when its new last day closes.
    fire_all("2026-10-01 00:00")
    assert clock(play.case, "promised").elapsed_at == at("2026-10-01 00:00")


def test_there_and_back_again(play, deliver):
    play.accepted()
    before = list(
        Clock.objects.filter(case=play.case).order_by("id").values_list("kind", "due_on", "next_threshold_at")
    )
    amend({"2026-09-24": CLOSED})
    deliver()
    amend({"2026-09-24": None}, when="2026-09-21 13:00")
    deliver()
    assert (
        list(Clock.objects.filter(case=play.case).order_by("id").values_list("kind", "due_on", "next_threshold_at"))
        == before
    )
    assert len(events_of(play.case, "reproject")) == 2
    assert replay.differences(play.fresh) == {}


def test_a_day_opened_after_the_fact_dates_deemed_acceptance_back(play, deliver):
    """The due day moves into the past: the clock fires at once, dated at the day that is now the true one."""
    play.go(THURSDAY).received()
    amend({"2026-09-12": OPENED}, when="2026-09-17 09:00")
    deliver()
    cases.fire(now=at("2026-09-17 09:05"))
    assert events_of(play.case, "deem_accept")[0].effective_at == at("2026-09-17 00:00")


def test_clocks_before_acceptance_and_their_to_dos_move_too(play, deliver):
    play.go(THURSDAY).received()
    amend({"2026-09-15": CLOSED}, when="2026-09-14 09:00")
    deliver()
    assert play.due("acceptance") == date(2026, 9, 18)
    assert open_todos(play.case) == [("acceptance", date(2026, 9, 18))]
    event = events_of(play.case, "reproject")[-1]
    assert event.data["moved"] == {"acceptance": "2026-09-18"}
    assert play.fresh.row_version == event.seq


def test_stopped_clocks_and_finished_cases_keep_their_days(play, deliver):
    play.delivered()
    before = list(Clock.objects.order_by("id").values())
    version = play.fresh.row_version
    amend({"2026-09-22": CLOSED, "2026-09-24": CLOSED}, when="2026-09-21 18:00")
    deliver()
    assert list(Clock.objects.order_by("id").values()) == before
    assert play.fresh.row_version == version
    assert events_of(play.case, "reproject") == []


def test_a_paused_clock_stays_paused_and_counts_by_the_new_calendar_afterwards(play, deliver):
    play.accepted()
    cases.suspend(
        case_id=play.case.pk,
        kind="hearing",
        planned_workdays=5,
        reason="听证",
        by=play.county.department_head,
        at=at("2026-09-22 10:00"),
    )
    amend({"2026-10-09": CLOSED}, when="2026-09-23 09:00")
    deliver()
    assert (play.due("promised"), play.due("statutory")) == (None, None)
    cases.resume(case_id=play.case.pk, result="笔录", by=play.county.department_head, at=at("2026-09-24 10:00"))
    # One day used (22nd); six to go after the 24th: 28, 29, 30, 8 October, not the 9th, 10 (make-up), 12.
    assert play.due("promised") == date(2026, 10, 12)


def test_reprojecting_twice_changes_nothing(play, deliver):
    play.accepted()
    amend({"2026-09-24": CLOSED})
    deliver()
    version = play.fresh.row_version
    assert cases.reproject_all(at=at("2026-09-21 14:00")) == 0
    assert play.fresh.row_version == version


def test_reprojection_says_how_many_days_moved(play):
    play.accepted()
    amend({"2026-09-24": CLOSED})
    seen: list[tuple[int, int]] = []
    # Promise, statute; the two steps of two days end on the 23rd and do not move.
    assert cases.reproject_all(at=at("2026-09-21 14:00"), progress=lambda done, total: seen.append((done, total))) == 2
    assert seen[-1][0] == seen[-1][1] == 4


def test_a_clock_pushed_beyond_the_calendar_keeps_its_day_and_holds_up_no_other(play, deliver):
    """The statute ends on the last working day of the last year with a calendar; a closed day would push it into the next."""
    play.accepted()
    statute = Clock.objects.get(case=play.case, kind="statutory")
    last = date(2026, 12, 31)
    whole = calendars.current().count(statute.started_on, last)
    Clock.objects.filter(pk=statute.pk).update(limit_workdays=whole, due_on=last)
    amend({"2026-09-24": CLOSED})
    deliver()
    assert play.due("promised") == date(2026, 10, 9)
    assert play.due("statutory") == last
    # The day is opened again: everything is counted anew.
    amend({"2026-09-24": None}, when="2026-09-22 12:00")
    deliver()
    assert (play.due("promised"), play.due("statutory")) == (date(2026, 10, 8), last)
    amend({"2026-09-26": OPENED}, when="2026-09-22 13:00")
    deliver()
    assert play.due("statutory") == date(2026, 12, 30)

"""Every rule about what was done: a case that fires it, and the nearest one that must not.

What the product's own operations refuse is written around them, as an import or somebody at the database would.
"""

from datetime import timedelta

import pytest
from django.db.models import F

from tests.factories import at, grant
from tests.oversight.supervision.conftest import cards
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import CaseEvent, ChecklistItem, Clock, DutyHolder, Paper, StepAct, Suspension
from zhengtong.oversight.supervision import detectors, rulebook, sources
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.operations.examining import examine
from zhengtong.oversight.supervision.values import Charge

pytestmark = pytest.mark.django_db
ACCEPTED = "2026-09-07 09:00"


@pytest.fixture(autouse=True)
def _written_at_once(settings):
    """In a demo the record is written by the county's clock, as it is when people work: late entries are then really late."""
    settings.DEMO = True


@pytest.fixture
def play(play, in_force, supervisor):
    return play.go(ACCEPTED)


def seen(play, code):
    """What the detector of a rule says of the case as it is now."""
    rules = rulebook.in_force()
    return detectors.look_at(play.case.pk, {code}, rules)


def log(play, kind):
    return CaseEvent.objects.filter(case=play.case, kind=kind)


def refused(play, reason="not_corrected", explanation="补正后仍不符合法定形式。", **more):
    play.received().judge(**more)
    cases.refuse_acceptance(
        case_id=play.case.pk, reason=reason, explanation=explanation, by=play.county.window_officer, at=play.now
    )
    return play


def test_an_honest_case_is_never_accused(play):
    """From the door to the archive, with a special procedure on the way: no detector says anything."""
    play.accepted()
    suspend(play)
    play.later(days=1)
    cases.resume(case_id=play.case.pk, result="核查合格。", by=play.county.case_officer, at=play.now)
    play.done("review", play.county.case_officer).done("health", play.county.health_officer)
    play.done("check", play.county.section_head)
    decide(play)
    assert [code for code in detectors.DETECTORS if seen(play, code)] == []


def suspend(play, days=2, kind="site"):
    return cases.suspend(
        case_id=play.case.pk,
        kind=kind,
        planned_workdays=days,
        reason="需要现场核查。",
        by=play.county.case_officer,
        at=play.now,
    )


def decide(play, outcome="grant", **more):
    play.case = cases.decide(
        case_id=play.case.pk,
        outcome=outcome,
        opinion="符合法定条件，准予",
        by=play.county.approver,
        at=play.later(hours=1),
        **more,
    )


class TestAtTheDoor:
    def test_i01_no_reason(self, play):
        refused(play)
        assert seen(play, "I-01") == []
        log(play, "refuse_acceptance").update(data={"reason": "not_corrected", "explanation": " "})
        assert [one.code for one in seen(play, "I-01")] == ["I-01"]

    def test_i05_one_notice_is_allowed_and_a_second_is_not(self, play):
        notified(play)
        assert seen(play, "I-05") == []
        notified_again(play)
        assert [one.facts["notices"] for one in seen(play, "I-05")] == [2]

    def test_i06_supplement_before_the_notice(self, play):
        notified(play)
        supplemented(play)
        assert seen(play, "I-06") == []
        log(play, "supplement_in").update(effective_at=F("effective_at") - timedelta(days=3))
        assert [one.code for one in seen(play, "I-06")] == ["I-06"]

    def test_s01_refused_though_everything_was_in_order(self, play):
        refused(play)
        assert [one.code for one in seen(play, "S-01")] == ["S-01"]

    def test_s01_not_for_another_reason(self, play):
        refused(play, reason="not_required")
        assert seen(play, "S-01") == []

    def test_s02_deemed(self, play):
        play.received()
        cases.fire(now=at("2026-09-15 00:00"))
        assert [one.at for one in seen(play, "S-02")] == [at("2026-09-15 00:00")]

    def test_s02_not_when_it_was_accepted_on_the_last_day(self, play):
        play.received().judge()
        cases.accept(case_id=play.case.pk, by=play.county.window_officer, at=at("2026-09-14 17:00"))
        assert seen(play, "S-02") == []

    def test_s03_told_piece_by_piece(self, play):
        notified(play)
        assert seen(play, "S-03") == []
        notified_again(play)
        assert [one.code for one in seen(play, "S-03")] == ["S-03"]

    def test_s03_a_listed_paper_asked_for_only_in_review(self, play):
        play.accepted()
        ask_in_review(play, "授权委托书")
        assert [one.facts["asked_in_review"] for one in seen(play, "S-03")] == [["授权委托书"]]

    def test_s03_not_for_a_paper_nobody_lists(self, play):
        play.accepted()
        ask_in_review(play, "租赁合同补充协议")
        assert seen(play, "S-03") == []

    def test_s04_no_remedy_on_the_paper(self, play):
        refused(play)
        assert seen(play, "S-04") == []
        for paper in Paper.objects.filter(case=play.case):
            paper.data = {**paper.data, "remedies": ""}
            paper.save()
        assert [one.code for one in seen(play, "S-04")] == ["S-04"]

    def test_s10_a_good_paper_is_asked_for_again(self, play):
        play.accepted()
        ask_in_review(play, "布局图")
        assert [one.facts["papers"] for one in seen(play, "S-10")] == [["布局图"]]

    def test_s10_not_for_another_paper(self, play):
        play.accepted()
        ask_in_review(play, "授权委托书")
        assert seen(play, "S-10") == []

    def test_s12_no_proof(self, play):
        play.accepted()
        assert seen(play, "S-12") == []
        Paper.objects.filter(case=play.case, kind="acceptance").update(kind="event_log")
        assert [one.facts["missing"] for one in seen(play, "S-12")] == ["acceptance"]


def notified(play):
    play.received().judge("defective", "illegible", "请重新拍照")
    cases.notify_defects(case_id=play.case.pk, by=play.county.window_officer, at=play.now)


def supplemented(play):
    play.later(days=1)
    play.paper()
    cases.supplement(case_id=play.case.pk, by=play.applicant, at=play.now)


def notified_again(play):
    supplemented(play)
    play.judge("defective", "mismatch", "与申请不一致")
    grant(play.county.department_head, "window_officer", play.county.centre)
    cases.notify_defects(
        case_id=play.case.pk,
        by=play.county.window_officer,
        at=play.now,
        override_reason="首次核验时漏看一页。",
        override_by=play.county.department_head,
    )


def ask_in_review(play, name):
    cases.request_in_review(
        case_id=play.case.pk,
        items=[{"name": name, "problem": "看不清", "how": "请补交"}],
        by=play.county.case_officer,
        at=play.later(hours=1),
    )


class TestInTheDepartment:
    def test_i02_voided_without_a_reason(self, play):
        play.accepted()
        cases.void(case_id=play.case.pk, reason="申请人重复提交。", by=play.county.department_head, at=play.now)
        assert seen(play, "I-02") == []
        log(play, "void").update(data={"reason": ""})
        assert [one.code for one in seen(play, "I-02")] == ["I-02"]

    def test_i03_granted_without_a_paper(self, play):
        play.decided()
        assert seen(play, "I-03") == []
        ChecklistItem.objects.filter(case=play.case, material_no=1).update(judgement="pending")
        assert [one.facts["papers"] for one in seen(play, "I-03")] == [{"布局图": "pending"}]

    def test_s05_held_without_a_record(self, play):
        play.reviewed()
        decide(play, "refuse", reason="site_failed", hearing="held")
        assert [one.code for one in seen(play, "S-05")] == ["S-05"]

    def test_s05_not_when_it_was_waived(self, play):
        play.reviewed()
        decide(play, "refuse", reason="site_failed", hearing="waived")
        assert seen(play, "S-05") == []

    def test_s05_a_third_party_was_not_heard(self, play):
        play.reviewed()
        decide(play, "refuse", reason="third_party_interest", hearing="not_required")
        assert [one.code for one in seen(play, "S-05")] == ["S-05"]

    def test_s06_past_the_law(self, play):
        play.reviewed().go("2026-10-10 17:00")
        decide(play)
        assert seen(play, "S-06") == []
        Clock.objects.filter(case=play.case, kind="statutory").update(due_on="2026-10-09")
        assert [one.code for one in seen(play, "S-06")] == ["S-06"]

    def test_s11_entered_afterwards(self, play):
        play.accepted()
        suspend(play)
        assert seen(play, "S-11") == []
        log(play, "suspend").update(recorded_at=at("2026-09-16 09:00"))
        assert [one.facts["problems"] for one in seen(play, "S-11")] == [["entered_later"]]

    def test_s11_without_basis(self, play):
        play.accepted()
        suspend(play)
        Suspension.objects.filter(case=play.case).update(kind="expert", basis="")
        assert [one.facts["problems"] for one in seen(play, "S-11")] == [["not_listed", "no_basis"]]

    def test_s15_one_person_twice(self, play):
        play.decided()
        assert seen(play, "S-15") == []
        StepAct.objects.filter(task__case=play.case, task__key="review").update(officer=play.county.approver)
        assert [one.facts["duties"] for one in seen(play, "S-15")] == [["approve", "undertake"]]
        assert DutyHolder.objects.filter(case=play.case, officer=play.county.approver).count() == 1


class TestMoney:
    """The slot that a system of payments fills; without one nothing is said. The bills themselves: `test_sources`."""

    @pytest.fixture
    def charges(self):
        asked: list[Charge] = []
        reader = lambda ids: dict.fromkeys(ids, asked)  # noqa: E731
        sources.register_charges(reader)
        yield asked
        sources.CHARGES.remove(reader)

    @pytest.fixture
    def no_payments(self):
        connected = list(sources.CHARGES)
        sources.CHARGES.clear()
        yield
        sources.CHARGES.extend(connected)

    def test_without_a_system_of_payments_nothing_is_known(self, play, no_payments):
        play.decided()
        assert seen(play, "I-04") == seen(play, "S-09") == []

    def test_i04_and_s09_a_free_matter_was_charged_for(self, play, charges):
        play.decided()
        assert seen(play, "I-04") == seen(play, "S-09") == []
        charges.append(Charge("工本费", "10.00"))
        assert [one.facts["asked"] for one in seen(play, "I-04")] == [[["工本费", "10.00"]]]
        assert [one.facts["name"] for one in seen(play, "S-09")] == ["工本费"]

    def test_a_waived_line_is_no_charge(self, play, charges):
        play.decided()
        charges.append(Charge("工本费", "0.00"))
        assert seen(play, "I-04") == seen(play, "S-09") == []


class TestTheRecord:
    def test_i07_accepted_after_the_decision(self, play):
        play.decided()
        assert seen(play, "I-07") == []
        cases.Case.objects.filter(pk=play.case.pk).update(accepted_at=play.now + timedelta(hours=1))
        assert [one.code for one in seen(play, "I-07")] == ["I-07"]

    def test_i08_ended_before_it_began(self, play):
        play.accepted()
        suspend(play)
        play.later(hours=2)
        cases.resume(case_id=play.case.pk, result="核查合格。", by=play.county.case_officer, at=play.now)
        assert seen(play, "I-08") == []
        log(play, "resume").update(effective_at=F("effective_at") - timedelta(hours=3))
        assert [one.code for one in seen(play, "I-08")] == ["I-08"]

    def test_i09_a_step_is_missing(self, play):
        play.decided()
        assert seen(play, "I-09") == []
        cases.StepTask.objects.filter(case=play.case, key="check").update(key="another")
        assert [one.facts["walked"] for one in seen(play, "I-09")] == [["another", "decision", "health", "review"]]

    def test_i10_out_of_order(self, play):
        play.decided()
        assert seen(play, "I-10") == []
        cases.StepTask.objects.filter(case=play.case, key="check").update(done_at=at("2026-09-07 08:00"))
        assert [one.mark for one in seen(play, "I-10")] == ["check"]

    def test_s07_typed_in_at_once(self, play):
        play.decided()
        assert seen(play, "S-07") == []
        log(play, "accept").update(recorded_at=log(play, "decide_grant").get().recorded_at - timedelta(minutes=9))
        assert [one.mark for one in seen(play, "S-07")] == ["at once"]

    def test_s07_filed_after_it_was_decided(self, play):
        play.decided()
        log(play, "submit").update(recorded_at=play.now + timedelta(days=1))
        assert [one.mark for one in seen(play, "S-07")] == ["filed"]

    def test_s16_written_down_later(self, play):
        play.accepted()
        log(play, "accept").update(recorded_at=at("2026-09-07 23:00"))
        assert seen(play, "S-16") == []
        log(play, "accept").update(recorded_at=at("2026-09-08 09:00"))
        assert [one.facts["written"] for one in seen(play, "S-16")] == ["2026-09-08"]

    def test_s16_not_what_the_system_records_by_itself(self, play):
        play.received()
        cases.fire(now=at("2026-09-20 00:00"))
        assert log(play, "deem_accept").exists()
        assert seen(play, "S-16") == []

    def test_s16_backwards(self, play):
        play.accepted()
        log(play, "accept").update(effective_at=F("effective_at") - timedelta(hours=5))
        assert [one.mark[:4] for one in seen(play, "S-16")] == ["back"]


class TestFromEventToCard:
    def test_the_timer_asks_the_detectors(self, play, deliver):
        play.received()
        cases.fire(now=at("2026-09-15 00:00"))
        deliver()
        assert cards(code="S-02") == []
        supervision.fire(now=at("2026-09-15 00:01"))
        found = cards(code="S-02")
        assert [(card.level, card.state, card.organization) for card in found] == [(2, "issued", play.county.centre)]
        assert found[0].evidence["facts"]["due_on"] == "2026-09-14"

    def test_looking_twice_is_looking_once(self, play, deliver):
        play.received()
        cases.fire(now=at("2026-09-15 00:00"))
        for _again in range(2):
            examine(codes={play.case.pk: ["S-02"]}, now=at("2026-09-15 00:01"))
        assert len(cards(code="S-02")) == 1

    def test_what_was_done_before_the_rules_is_no_offence(self, play):
        play.go("2026-08-17 09:00").received()
        cases.fire(now=at("2026-08-25 00:00"))
        examine(codes={play.case.pk: ["S-02"]}, now=at("2026-09-15 00:01"))
        assert cards(code="S-02") == []


def test_every_rule_of_every_profile_is_watched_by_something():
    """No rule is a label: it has a detector, or a kind of clock; those without a source yet say so on their page."""
    for profile in rulebook.profiles():
        for rule in profile["rules"]:
            if rule["mode"] == "fact":
                assert rule["code"] in detectors.DETECTORS, rule["code"]
                assert any(rule["code"] in codes for codes in detectors.WHEN.values()), rule["code"]
    unconnected = {rule["kind"] for rule in rulebook.profile("hunan-kc-2018")["rules"]} - sources.connected_kinds()
    assert unconnected == {"fact", "consultation", "complaint"}

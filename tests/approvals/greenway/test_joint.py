"""A bundle from one form to one notice: what is given once, who waits for whom, what the joint clock does, what is refused."""

from datetime import date
from decimal import Decimal

import pytest

from tests.approvals.greenway.play import Shop
from tests.factories import at
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.greenway import public as greenway
from zhengtong.approvals.greenway.models import JointClock, JointPause
from zhengtong.approvals.greenway.refusals import (
    CannotAcceptJointly,
    CannotActOnJoint,
    CannotExtendJoint,
    CannotFile,
    WaitsForPrerequisite,
)
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound, StaleVersion

pytestmark = pytest.mark.django_db
B = greenway.BranchState


def told(name: str) -> int:
    return OutboxEvent.objects.filter(name=f"greenway.{name}").count()


def test_the_whole_way_from_one_form_to_one_notice(shop):
    shop.accepted(crowd=True)
    assert shop.joint.state == "in_process"
    assert {b.state for b in shop.joint.branches.all()} == {B.DISPATCHED}
    assert shop.clock().due_on == at("2026-10-12").date()  # ten working days, over two holidays and a make-up Saturday
    greenway.sign_for(branch_id=shop.branch("side").pk, by=shop.county.fire_officer, at=shop.now)
    assert shop.branch("side").state == B.REVIEWING
    for key in ("front", "back", "side"):
        shop.reviewed(key)
    assert shop.branch("back").state == B.WAITING  # everything but the decision is done
    assert shop.clock().paused is False  # waiting for a colleague is the county's time
    shop.decide("front")
    assert shop.branch("back").state == B.REVIEWING
    assert Todo.objects.filter(kind="released", done_at__isnull=True).count() == 1
    shop.decide("side")
    shop.decide("back")
    assert shop.joint.state == "decided"
    assert shop.clock().stopped_on == shop.now.date()
    greenway.complete(joint_id=shop.joint_id, by=shop.county.window_officer, at=shop.later(hours=1))
    notice = shop.joint.notice
    assert shop.joint.state == "completed"
    assert [line["matter"] for line in notice.content["lines"]] == ["front许可", "back许可", "side许可"]
    assert notice.content["case_number"] == shop.project.number
    pdf = cases.printed(paper_id=notice.pk, at=shop.now)
    assert pdf.mime == "application/pdf"
    assert told("JointCaseCompleted") == told("JointClockStarted") == told("JointClockStopped") == 1
    with pytest.raises(CannotActOnJoint):
        greenway.complete(joint_id=shop.joint_id, by=shop.county.window_officer, at=shop.now)


def test_conditions_switch_branches_on_and_off(shop):
    shop.drafting(crowd=True)
    side = shop.branch("side")
    assert (side.state, side.case.state) == (B.DRAFTING, "draft")
    greenway.answer_situation(joint_id=shop.joint_id, answers={"crowd": False}, by=shop.applicant, at=shop.now)
    assert (shop.branch("side").state, shop.branch("side").case) == (B.NOT_NEEDED, None)
    side.case.refresh_from_db()
    assert (side.case.state, side.case.number) == ("withdrawn", None)
    greenway.answer_situation(joint_id=shop.joint_id, answers={"crowd": True}, by=shop.applicant, at=shop.now)
    assert shop.branch("side").state == B.DRAFTING


def test_what_is_asked_and_given_once_is_there_for_every_branch(shop):
    shop.filled(crowd=True)
    assert {shop.branch(k).case.answers["shop"] for k in ("front", "back", "side")} == {"永丰米粉"}
    assert shop.paper("平面图") == 3
    shared = {paper.name: paper for paper in greenway.papers(shop.joint)}
    assert [len(shared[n].used_by) for n in ("平面图", "front说明", "营业执照")] == [3, 1, 3]
    assert shared["平面图"].files
    assert shared["营业执照"].by_sharing
    stored = set()
    for key in ("front", "back", "side"):
        case = shop.branch(key).case
        kept = cases.files_of_materials(case)[case.checklist.get(material_no=1).pk]
        assert len(kept) == 1
        stored.add(kept[0].stored_id)
    assert len(stored) == 1  # the bytes are kept once
    with pytest.raises(Invalid):
        shop.paper("没有的材料")


def test_an_incomplete_form_is_refused_whole(shop):
    shop.filled(crowd=True)
    shop.paper("平面图")
    with pytest.raises(CannotFile, match="front许可"):
        greenway.submit(joint_id=shop.joint_id, by=shop.applicant, at=shop.now)
    assert shop.joint.state == "drafting"
    assert {shop.branch(k).case.number for k in ("front", "back", "side")} == {None}


def test_a_branch_is_not_submitted_by_itself(shop):
    shop.filled()
    for name in ("平面图", "front说明"):
        shop.paper(name)
    with pytest.raises(CannotFile, match="统一提交"):
        cases.submit(case_id=shop.branch("front").case_id, by=shop.applicant, at=shop.now)
    assert shop.branch("front").case.number is None


def test_an_open_question_is_not_guessed(shop):
    greenway.begin_stage(joint_id=shop.joint_id, by=shop.applicant, at=shop.now)
    with pytest.raises(CannotFile, match="side"):
        greenway.submit(joint_id=shop.joint_id, by=shop.applicant, at=shop.now)


def test_strangers_learn_nothing(shop):
    from tests.factories import make_resident

    stranger = make_resident(9, "刘外人")
    with pytest.raises(NotFound):
        greenway.begin_stage(joint_id=shop.joint_id, by=stranger, at=shop.now)
    with pytest.raises(NotFound):
        greenway.get_for(shop.project.pk, stranger, on=shop.now.date())
    with pytest.raises(NotFound):
        greenway.get_for(shop.project.pk, shop.county.auditor, on=shop.now.date())


def test_a_page_that_is_out_of_date_changes_nothing(shop):
    shop.submitted()
    seen = shop.joint.project.row_version - 1
    with pytest.raises(StaleVersion):
        greenway.accept(joint_id=shop.joint_id, by=shop.county.window_officer, at=shop.now, seen=seen)
    assert shop.joint.state == "submitted"


def test_nothing_is_granted_before_what_it_rests_on(shop):
    shop.accepted().reviewed("back")
    before = shop.branch("back").case.row_version
    with pytest.raises(WaitsForPrerequisite, match="front许可"):
        shop.decide("back")
    assert shop.branch("back").case.row_version == before
    shop.reviewed("front").decide("front", "refuse")
    with pytest.raises(WaitsForPrerequisite):  # refused: it will never arrive
        shop.decide("back")
    assert shop.decide("back", "refuse").state == "decided"
    assert shop.joint.state == "decided"


def test_the_one_time_notice_covers_every_branch_and_is_answered_at_once(shop):
    shop.submitted()
    clerk = shop.county.window_officer
    wrong = {"平面图": ("defective", "illegible", "请重拍")}
    greenway.judge(joint_id=shop.joint_id, judgements=wrong, by=clerk, at=shop.now)
    with pytest.raises(CannotAcceptJointly, match="核验"):
        greenway.notify(joint_id=shop.joint_id, by=clerk, at=shop.now)
    greenway.judge(joint_id=shop.joint_id, judgements=wrong, all_in_order=True, by=clerk, at=shop.now)
    greenway.notify(joint_id=shop.joint_id, by=clerk, at=shop.now)
    assert {shop.branch(k).case.state for k in ("front", "back")} == {"supplement_pending"}
    assert shop.joint.state == "supplement"
    shop.later(hours=3)
    assert shop.paper("平面图") == 2
    greenway.supplement(joint_id=shop.joint_id, by=shop.applicant, at=shop.now)
    greenway.judge(joint_id=shop.joint_id, judgements={}, all_in_order=True, by=clerk, at=shop.now)
    greenway.accept(joint_id=shop.joint_id, by=clerk, at=shop.now)
    assert shop.joint.state == "in_process"


def test_accepted_by_force_of_law_branch_by_branch(shop):
    shop.submitted()
    cases.fire(now=at("2026-09-30 00:01"))  # pre-review and then the five days run out
    shop.go("2026-09-30 00:01").deliver()
    cases.fire(now=shop.now)
    shop.deliver()
    assert shop.joint.state == "in_process"
    assert shop.clock().started_on == at("2026-09-21").date()  # the day of receipt
    assert shop.project.log.get(kind="accept").data["deemed"]


class TestJointClock:
    def suspend(self, shop, key, days):
        officer = shop.people(key)[0]
        found = cases.suspend(
            case_id=shop.branch(key).case_id,
            kind="hearing",
            planned_workdays=days,
            reason="须听证",
            by=officer,
            at=shop.now,
        )
        shop.deliver()
        return found

    def resume(self, shop, key, when):
        shop.go(when)
        cases.resume(case_id=shop.branch(key).case_id, result="已举行", by=shop.people(key)[0], at=shop.now)
        shop.deliver()

    def test_a_critical_branch_pauses_the_whole(self, shop):
        shop.accepted(crowd=True)
        due = shop.clock().due_on
        self.suspend(shop, "front", 5)
        pause = JointPause.objects.get()
        assert pause.slack_workdays == 0
        assert "关键路径" in pause.why
        assert "back许可" in pause.why  # who is held up
        assert shop.clock().paused
        self.resume(shop, "front", "2026-09-24 10:00")
        assert not shop.clock().paused
        assert shop.clock().due_on > due
        assert told("JointClockChanged") == 2

    def test_a_branch_with_time_to_spare_does_not(self, shop):
        shop.accepted(crowd=True)
        due = shop.clock().due_on
        self.suspend(shop, "side", 2)
        pause = JointPause.objects.get()
        assert pause.slack_workdays >= 2
        assert pause.starts_on is None
        assert (shop.clock().due_on, shop.clock().paused) == (due, False)
        assert shop.branch("side").state == B.SUSPENDED
        self.resume(shop, "side", "2026-09-23 10:00")
        assert shop.clock().due_on == due

    def test_one_that_overruns_its_slack_takes_off_what_lies_beyond(self, shop):
        shop.accepted(crowd=True)
        due = shop.clock().due_on
        self.suspend(shop, "side", 2)
        slack = JointPause.objects.get().slack_workdays
        self.resume(shop, "side", "2026-10-08 10:00")
        days = greenway.whole(shop.project).days
        lost = days.count(at("2026-09-21").date(), at("2026-10-08").date()) - slack
        assert lost > 0
        assert days.count(due, shop.clock().due_on) == lost

    def test_extended_once_by_the_county_government(self, shop):
        shop.accepted()
        due, head = shop.clock().due_on, shop.county.county_head
        with pytest.raises(NotAllowed):
            greenway.extend(
                joint_id=shop.joint_id, workdays=5, reason="案情复杂", by=shop.county.department_head, at=shop.now
            )
        with pytest.raises(Invalid):
            greenway.extend(joint_id=shop.joint_id, workdays=16, reason="案情复杂", by=head, at=shop.now)
        assert shop.clock().due_on == due
        greenway.extend(joint_id=shop.joint_id, workdays=15, reason="案情复杂", by=head, at=shop.now)
        assert shop.clock().due_on > due
        with pytest.raises(CannotExtendJoint):
            greenway.extend(joint_id=shop.joint_id, workdays=1, reason="再延", by=head, at=shop.now)
        assert shop.branch("front").case.papers.filter(kind="extension").count() == 1

    def test_an_elapsed_clock_grants_nothing_and_cannot_be_repaired(self, shop):
        shop.accepted()
        due = shop.clock().due_on
        shop.now = at(f"{due} 09:00").replace(hour=23, minute=59)
        assert greenway.fire(now=shop.now) == 2  # only the two departments that did not sign
        shop.go("2026-10-20 09:00")
        assert greenway.fire(now=shop.now) == 1
        assert greenway.fire(now=shop.now) == 0
        shop.deliver()
        event = shop.project.log.get(kind="elapsed")
        assert event.effective_at.date().isoformat() >= due.isoformat()  # dated at its threshold, not today
        assert event.effective_at < shop.now
        with pytest.raises(CannotExtendJoint):
            greenway.extend(joint_id=shop.joint_id, workdays=5, reason="迟了", by=shop.county.county_head, at=shop.now)
        assert {b.state for b in shop.joint.branches.exclude(state=B.NOT_NEEDED)} == {B.DISPATCHED}

    def test_follows_the_calendar(self, shop):
        from zhengtong.foundation.calendars import public as calendars

        shop.accepted()
        due = shop.clock().due_on
        day = {"workday": False, "name": "全县停电", "kind": "county_closure"}
        change = calendars.Change(days={"2026-09-22": day}, sources={})
        calendars.amend(base=1, change=change, reason="停电", by=None, at=shop.now)
        shop.deliver()
        assert shop.clock().due_on > due
        assert shop.clock().calendar_version == 2

    def test_beyond_the_calendar_it_keeps_its_day_and_the_signing_days_move(self, shop):
        from zhengtong.foundation.calendars import public as calendars

        shop.accepted()
        clock, last = JointClock.objects.get(joint_id=shop.joint_id), date(2026, 12, 31)
        whole = calendars.current().count(clock.started_on, last)
        JointClock.objects.filter(pk=clock.pk).update(limit_workdays=whole, due_on=last)
        signing = {branch.pk: branch.sign_due_on for branch in shop.joint.branches.exclude(sign_due_on=None)}
        assert signing
        day = {"workday": False, "name": "全县停电", "kind": "county_closure"}
        change = calendars.Change(days={"2026-09-22": day}, sources={})
        calendars.amend(base=1, change=change, reason="停电", by=None, at=shop.now)
        shop.deliver()
        assert (shop.clock().due_on, shop.clock().calendar_version) == (last, 1)
        assert all(branch.sign_due_on > signing[branch.pk] for branch in shop.joint.branches.filter(pk__in=signing))


def test_silence_is_escalated_and_never_consent(shop):
    shop.accepted()
    shop.go("2026-09-23 08:00")
    assert greenway.fire(now=shop.now) == 2
    shop.deliver()
    assert told("BranchUnsigned") == 2
    heads = Todo.objects.filter(kind="unsigned", done_at__isnull=True)
    assert {todo.role for todo in heads} == {"department_head"}
    shop.go("2026-10-12 08:00")
    while cases.fire(now=shop.now):
        shop.deliver()
    shop.deliver()
    assert told("BranchSilent") == 2
    assert shop.branch("front").state == B.DISPATCHED
    assert shop.branch("front").silent_since is not None
    shop.reviewed("front").decide("front")
    assert not Todo.objects.filter(
        subject__startswith=f"branch:{shop.branch('front').pk}:", done_at__isnull=True
    ).exists()


def test_a_branch_that_leaves_holds_up_nobody(shop):
    shop.accepted().reviewed("back")
    cases.withdraw(case_id=shop.branch("front").case_id, by=shop.applicant, reason="不办了", at=shop.later(hours=1))
    shop.deliver()
    assert (shop.branch("front").state, shop.branch("back").state) == (B.LEFT, B.REVIEWING)
    shop.decide("back")
    assert shop.joint.state == "decided"


class TestOneBill:
    @pytest.fixture
    def charged(self, small_county, applicant, deliver):
        return Shop(small_county, applicant, deliver, charged=("front", "side"))

    def test_one_bill_with_a_line_for_each_department(self, charged):
        charged.accepted(crowd=True)
        bill = fees.bill_of(f"joint:{charged.joint_id}")
        assert [(line.department.code, line.amount) for line in bill.lines.select_related("department")] == [
            ("market-regulation", Decimal("20.00")),
            ("fire-rescue", Decimal("20.00")),
        ]
        assert fees.Bill.objects.count() == 1  # the cases got none of their own
        charged.reviewed("front").decide("front")  # nothing waits for money

    def test_a_matter_that_leaves_takes_its_line_along(self, charged):
        charged.accepted(crowd=True)
        for key, total in (("side", Decimal("20.00")), ("front", None)):
            case_id = charged.branch(key).case_id
            cases.withdraw(case_id=case_id, by=charged.applicant, reason="不办了", at=charged.later(hours=1))
            charged.deliver()
            found = fees.bill_of(f"joint:{charged.joint_id}")
            if total is None:
                assert found.state == fees.State.CANCELLED
            else:
                assert found.total == total

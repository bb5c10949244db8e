"""The life of a case: what each act asks for, what it starts and stops, and that a refusal changes nothing."""

from datetime import date

import pytest

from tests.approvals.cases.play import Play, another, elements, group, step
from tests.factories import at, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases import queries, replay
from zhengtong.approvals.cases.models import CaseEvent, DefectNotice, DutyHolder, Licence, Paper
from zhengtong.approvals.cases.refusals import (
    CannotAccept,
    CannotActNow,
    CannotDecide,
    CannotExtend,
    CannotNotify,
    CannotRate,
    CannotSubmit,
    CannotSuspend,
    CannotWorkOnStep,
)
from zhengtong.approvals.matters import public as matters
from zhengtong.approvals.papers.glyphs import CannotPrint
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import CalendarYearMissing, Invalid, NotAllowed, NotFound, Refusal, StaleVersion

pytestmark = pytest.mark.django_db


def row(case) -> tuple:
    """Everything an act could have changed."""
    fresh = cases.get(case.pk)
    return (
        fresh.state,
        fresh.row_version,
        fresh.outcome,
        CaseEvent.objects.filter(case=case).count(),
        Paper.objects.filter(case=case).count(),
        list(fresh.clocks.order_by("id").values_list("kind", "due_on", "stopped_at", "extension_workdays")),
        list(fresh.tasks.order_by("id").values_list("key", "state")),
        Todo.objects.filter(done_at__isnull=True).count(),
    )


def unchanged(play: Play, refusal: type[Exception], act, **more) -> Exception:
    """`act` is refused and nothing about the case is different afterwards."""
    before = row(play.case)
    with pytest.raises(refusal) as caught:
        act(case_id=play.case.pk, at=play.now, **more)
    assert row(play.case) == before
    return caught.value


def test_from_draft_to_archive(play, small_county):
    play.delivered()
    cases.rate(case_id=play.case.pk, code=1, comment="", by=play.applicant, at=play.later(days=1))
    cases.archive(case_id=play.case.pk, by=small_county.window_officer, at=play.later(days=1))
    assert play.fresh.state == "archived"
    assert [e.kind for e in play.case.log.all()] == [
        "start", "submit", "receive", "judge", "accept", "hand_over", "step_done", "step_done", "step_done", "decide_grant", "certify",
        "deliver", "rate", "archive",
    ]  # fmt: skip
    assert replay.differences(play.case) == {}
    assert not Todo.objects.filter(done_at__isnull=True).exists()
    assert not cases.Clock.objects.filter(stopped_at__isnull=True).exists()


def test_numbers_and_receipt(play):
    play.received()
    case = play.fresh
    assert case.number == "11431321DEM00025X94430124005W00" + "20260921" + "00001"
    assert case.spoken_number.startswith("431321-260921-00001-")
    assert len(case.query_code) == 8
    receipt = case.papers.get(kind="receipt")
    assert receipt.organization == play.county.centre
    assert receipt.data["case_number"] == case.spoken_number


def test_submitting_twice_gives_the_first_number_again(play):
    play.submitted()
    refusal = unchanged(play, CannotSubmit, cases.submit, by=play.applicant)
    assert play.case.spoken_number in str(refusal)


def test_a_missing_material_is_named(small_county, applicant):
    play = Play(small_county, applicant)
    principal = play.draft().case
    principal.checklist.get(material_no=1)
    from zhengtong.foundation.files.models import Attachment

    Attachment.objects.all().update(removed_at=play.now)
    refusal = unchanged(play, CannotSubmit, cases.submit, by=applicant)
    assert "布局图" in str(refusal)
    assert "营业执照" not in str(refusal)


def test_answers_are_checked_again_at_submission(play):
    play.draft()
    cases.save_answers(case_id=play.case.pk, answers={"area": 9999}, by=play.applicant, at=play.now)
    refusal = unchanged(play, Invalid, cases.submit, by=play.applicant)
    assert "area" in refusal.fields


def test_acceptance_starts_both_clocks(play):
    play.accepted()
    assert play.due("promised") == date(2026, 10, 8)
    assert play.due("statutory") == date(2026, 10, 26)
    assert play.fresh.due_on == date(2026, 10, 8)
    assert play.case.papers.get(kind="acceptance").data["promised_due"]


def test_acceptance_needs_every_paper_looked_at(play):
    play.received()
    refusal = unchanged(play, CannotAccept, cases.accept, by=play.county.window_officer)
    assert "布局图" in str(refusal)


def test_a_stranger_may_not_accept(play):
    play.received().judge()
    unchanged(play, NotAllowed, cases.accept, by=play.county.health_officer)
    unchanged(play, NotAllowed, cases.accept, by=play.applicant)


def test_a_stale_page_is_refused(play):
    play.received().judge()
    seen = play.fresh.row_version
    cases.accept(case_id=play.case.pk, by=play.county.window_officer, at=play.now, seen=seen)
    unchanged(play, StaleVersion, cases.accept, by=play.county.window_officer, seen=seen)


def test_who_judged_what_stands_in_the_log_and_makes_older_pages_stale(play):
    play.received()
    seen = play.case.row_version
    verdicts = {1: ("defective", "illegible", "请重拍")}
    common = {"case_id": play.case.pk, "by": play.county.window_officer}
    cases.judge_materials(**common, judgements=verdicts, at=play.later(minutes=1), seen=seen)
    event = play.case.log.get(kind="judge")
    assert (event.actor, event.data["materials"]) == (play.county.window_officer, {"1": "defective"})
    unchanged(play, StaleVersion, cases.judge_materials, by=play.county.window_officer, judgements=verdicts, seen=seen)
    assert replay.differences(play.fresh) == {}


@pytest.mark.parametrize(
    ("act", "more"),
    [
        (cases.accept, {}),
        (cases.hand_over, {}),
        (cases.decide, {"outcome": "grant", "opinion": "准予"}),
        (cases.certify, {}),
        (cases.deliver, {"method": "pickup", "recipient": "王"}),
        (cases.resume, {"result": "完"}),
        (cases.archive, {}),
    ],
)
def test_no_act_out_of_turn(play, act, more):
    play.submitted()
    unchanged(play, (CannotActNow, CannotDecide, NotAllowed), act, by=play.county.window_officer, **more)


# --- the one-time notice --------------------------------------------------


def notified(play: Play) -> DefectNotice:
    play.received().judge("defective", "illegible", "请重拍")
    return cases.notify_defects(case_id=play.case.pk, by=play.county.window_officer, at=play.later(hours=1))


def test_the_notice_is_frozen_and_stops_the_acceptance_clock(play):
    notice = notified(play)
    assert play.fresh.state == "supplement_pending"
    assert [item["name"] for item in notice.items] == ["布局图"]
    play.case.checklist.filter(material_no=1).update(remark="换一个说法")
    notice.refresh_from_db()
    assert notice.items[0]["how"] == "请重拍"
    assert not play.case.clocks.filter(kind="acceptance", stopped_at__isnull=True).exists()
    assert play.case.clocks.filter(kind="supplement", stopped_at__isnull=True).exists()


def test_the_supplement_must_answer_every_item(play):
    notified(play)
    play.later(days=1)
    refusal = unchanged(play, CannotSubmit, cases.supplement, by=play.applicant)
    assert "布局图" in str(refusal)
    play.paper()
    cases.supplement(case_id=play.case.pk, by=play.applicant, at=play.now)
    assert play.fresh.state == "received"
    assert play.due("acceptance") == calendars.current().nth_after(play.now.date(), 5)


def supplemented(play: Play) -> None:
    notified(play)
    play.later(days=1)
    play.paper()
    cases.supplement(case_id=play.case.pk, by=play.applicant, at=play.now)
    play.judge("defective", "expired", "又有新问题")


def test_a_second_notice_is_locked(play):
    supplemented(play)
    unchanged(play, CannotNotify, cases.notify_defects, by=play.county.window_officer)


def test_a_second_notice_needs_another_persons_signature(play):
    supplemented(play)
    more = {"override_reason": "材料系伪造"}
    unchanged(
        play,
        CannotNotify,
        cases.notify_defects,
        by=play.county.window_officer,
        override_by=play.county.window_officer,
        **more,
    )
    unchanged(
        play,
        CannotNotify,
        cases.notify_defects,
        by=play.county.window_officer,
        override_by=play.county.approver,
        **more,
    )
    cases.notify_defects(
        case_id=play.case.pk,
        by=play.county.window_officer,
        at=play.now,
        override_by=play.county.department_head,
        **more,
    )
    assert play.fresh.state == "supplement_pending"
    assert CaseEvent.objects.filter(case=play.case, kind="notify_defects").last().data["repeated"] is True


# --- refusing acceptance ----------------------------------------------------


def test_not_accepting_needs_reason_facts_and_where_to_go(play):
    play.received()
    clerk = play.county.window_officer
    unchanged(play, Invalid, cases.refuse_acceptance, reason="because", explanation="x", by=clerk)
    unchanged(play, Invalid, cases.refuse_acceptance, reason="not_required", explanation=" ", by=clerk)
    unchanged(play, Invalid, cases.refuse_acceptance, reason="not_competent", explanation="不归本县", by=clerk)
    cases.refuse_acceptance(
        case_id=play.case.pk,
        reason="not_competent",
        explanation="不归本县",
        where_to_go="娄星区",
        by=clerk,
        at=play.now,
    )
    assert play.fresh.state == "not_accepted"
    assert "娄星区" in str(play.case.papers.get(kind="not_accepted").data)


# --- steps --------------------------------------------------------------


def open_keys(play: Play) -> set[str]:
    return set(play.case.tasks.filter(state="open").values_list("key", flat=True))


def test_parallel_steps_wait_for_each_other(play):
    play.accepted()
    assert open_keys(play) == {"review", "health"}
    play.done("review", play.county.case_officer)
    assert open_keys(play) == {"health"}
    play.done("health", play.county.health_officer)
    assert open_keys(play) == {"check"}


def test_the_first_of_an_any_group_closes_the_others(small_county, applicant):
    groups = [
        group(
            1,
            step("a", "case_officer", "handle", 2),
            step("b", "case_officer", "handle", 2, department="health"),
            mode="any",
        ),
        group(2, step("decision", "approver", "decide", 1)),
    ]
    play = Play(small_county, applicant, steps=groups).accepted()
    play.done("b", small_county.health_officer)
    assert play.case.tasks.get(key="a").state == "skipped"
    assert open_keys(play) == {"decision"}
    assert not Todo.objects.filter(subject=f"step:{play.task('a').pk}", done_at__isnull=True).exists()


def test_the_lead_waits_for_those_who_are_in_time(small_county, applicant):
    groups = [
        group(
            1,
            step("lead", "case_officer", "handle", 3, lead=True),
            step("advice", "case_officer", "consult", 2, department="health"),
            mode="lead",
        ),
        group(2, step("decision", "approver", "decide", 1)),
    ]
    play = Play(small_county, applicant, steps=groups).accepted()
    unchanged(
        play,
        CannotWorkOnStep,
        cases.complete_step,
        task_id=play.task("lead").pk,
        conclusion="agree",
        opinion="好",
        by=small_county.case_officer,
    )
    play.done("advice", small_county.health_officer, "disagree").done("lead", small_county.case_officer)
    assert open_keys(play) == {"decision"}


def test_two_officers_on_site(small_county, applicant):
    groups = [
        group(1, step("site", "case_officer", "handle", 2, min_officers=2)),
        group(2, step("decision", "approver", "decide", 1)),
    ]
    play = Play(small_county, applicant, steps=groups).accepted()
    play.done("site", small_county.case_officer)
    assert open_keys(play) == {"site"}
    unchanged(
        play,
        CannotWorkOnStep,
        cases.complete_step,
        task_id=play.task("site").pk,
        conclusion="agree",
        opinion="好",
        by=small_county.case_officer,
    )
    play.done("site", another(small_county, "case_officer", "second"))
    assert open_keys(play) == {"decision"}


def test_one_person_has_one_duty(play, small_county):
    from tests.factories import grant

    grant(small_county.case_officer, "section_head", small_county.market)
    play.accepted().done("review", small_county.case_officer).done("health", small_county.health_officer)
    refusal = unchanged(
        play,
        CannotWorkOnStep,
        cases.complete_step,
        task_id=play.task("check").pk,
        conclusion="agree",
        opinion="好",
        by=small_county.case_officer,
    )
    assert "承办" in str(refusal)


def test_the_database_holds_the_separation(play):
    from django.db import IntegrityError, transaction

    play.accepted().done("review", play.county.case_officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        DutyHolder.objects.create(case=play.case, officer=play.county.case_officer, duty="approve")


def test_an_opinion_without_words_is_refused(play):
    play.accepted()
    refusal = unchanged(
        play,
        Invalid,
        cases.complete_step,
        task_id=play.task("review").pk,
        conclusion="agree",
        opinion="  ",
        by=play.county.case_officer,
    )
    assert "opinion" in refusal.fields


def test_sending_back_opens_the_earlier_step_and_keeps_the_opinions(play):
    play.accepted().done("review", play.county.case_officer).done("health", play.county.health_officer)
    more = {"task_id": play.task("check").pk, "to_task_id": play.task("review").pk, "by": play.county.section_head}
    unchanged(play, Invalid, cases.return_step, reason="", **more)
    cases.return_step(case_id=play.case.pk, reason="面积不符", at=play.later(hours=1), **more)
    assert open_keys(play) == {"review", "health"}
    play.done("review", play.county.case_officer)
    assert play.task("review").acts.count() == 2
    assert replay.differences(play.fresh) == {}


# --- special procedures, extension ---------------------------------------


def test_a_suspension_moves_only_the_clocks_it_may(play):
    play.accepted()
    promised, statutory = play.due("promised"), play.due("statutory")
    more = {"planned_workdays": 3, "reason": "现场核查", "by": play.county.department_head}
    cases.suspend(case_id=play.case.pk, kind="site", at=at("2026-09-22 10:00"), **more)
    assert play.due("promised") is None
    assert play.due("statutory") == statutory
    cases.resume(case_id=play.case.pk, result="合格", by=play.county.department_head, at=at("2026-09-24 10:00"))
    # 23 and 24 September do not count; 25–27 is the festival, 1–7 October the holiday.
    assert promised == date(2026, 10, 8)
    assert play.due("promised") == date(2026, 10, 10)
    assert play.due("statutory") == statutory
    ledger = queries.explain(play.fresh, play.case.clocks.get(kind="promised").pk, today=date(2026, 10, 10)).ledger
    assert [d.day.day for d in ledger.days if d.kind == "pause"] == [23, 24]


def test_a_hearing_stops_the_statutory_clock(play):
    play.accepted()
    before = play.due("statutory")
    cases.suspend(
        case_id=play.case.pk,
        kind="hearing",
        planned_workdays=10,
        reason="申请听证",
        by=play.county.department_head,
        at=play.now,
    )
    assert play.due("statutory") is None
    cases.resume(case_id=play.case.pk, result="听证笔录", by=play.county.department_head, at=at("2026-09-23 10:00"))
    assert play.due("statutory") > before


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"kind": "dinner"}, CannotSuspend),
        ({"planned_workdays": 11}, CannotSuspend),
        ({"planned_workdays": 0}, CannotSuspend),
        ({"reason": ""}, Invalid),
        ({"kind": "extension"}, CannotSuspend),
    ],
)
def test_an_unfounded_suspension_is_refused(play, changes, refusal):
    play.accepted()
    more = {"kind": "site", "planned_workdays": 3, "reason": "核查", "by": play.county.department_head, **changes}
    unchanged(play, refusal, cases.suspend, **more)


def test_the_period_is_extended_once_by_the_head(play):
    play.accepted()
    before = play.due("statutory")
    more = {"kind": "extension", "workdays": 10, "reason": "案情复杂"}
    unchanged(play, NotAllowed, cases.extend, by=play.county.approver, **more)
    unchanged(play, CannotExtend, cases.extend, by=play.county.department_head, **{**more, "workdays": 11})
    cases.extend(case_id=play.case.pk, by=play.county.department_head, at=play.now, **more)
    assert play.due("statutory") == calendars.current().nth_after(before, 10)
    unchanged(play, CannotExtend, cases.extend, by=play.county.department_head, **more)


def test_papers_asked_for_in_review_do_not_stop_the_clock(play):
    play.accepted()
    before = play.due("statutory"), play.due("promised")
    items = [{"name": "排烟合同", "problem": "需补交", "how": "原件"}]
    cases.request_in_review(case_id=play.case.pk, items=items, by=play.county.case_officer, at=play.now)
    assert (play.due("statutory"), play.due("promised")) == before
    unchanged(play, CannotNotify, cases.request_in_review, items=items, by=play.county.case_officer)
    cases.answer_in_review(case_id=play.case.pk, by=play.applicant, at=play.now)
    assert replay.differences(play.fresh) == {}


# --- decision, result, delivery, rating ---------------------------------


def test_the_decision_waits_for_the_steps(play):
    play.accepted()
    unchanged(play, CannotDecide, cases.decide, outcome="grant", opinion="准予", by=play.county.approver)


@pytest.mark.parametrize("missing", [{"reason": ""}, {"hearing": ""}, {"opinion": "否"}])
def test_a_refusal_needs_reason_facts_and_the_hearing_question(play, missing):
    play.reviewed()
    whole = {
        "outcome": "refuse",
        "opinion": "操作间与用餐区未分开",
        "reason": "conditions_not_met",
        "hearing": "not_required",
    }
    unchanged(play, Invalid, cases.decide, by=play.county.approver, **{**whole, **missing})
    cases.decide(case_id=play.case.pk, by=play.county.approver, at=play.now, **whole)
    paper = play.fresh.papers.get(kind="refusal")
    assert "行政复议" in paper.content["remedies"]


def test_a_refused_case_is_delivered_without_licence(play):
    play.reviewed()
    cases.decide(
        case_id=play.case.pk,
        outcome="refuse",
        opinion="操作间与用餐区未分开",
        reason="conditions_not_met",
        hearing="waived",
        by=play.county.approver,
        at=play.now,
    )
    unchanged(play, CannotDecide, cases.certify, by=play.county.certificate_clerk)
    cases.deliver(
        case_id=play.case.pk, method="post", recipient="王", proof="EMS1", by=play.county.window_officer, at=play.now
    )
    assert play.fresh.state == "delivered"
    assert not Licence.objects.exists()


def test_the_licence_is_verifiable_by_its_code(play):
    play.certified()
    licence = Licence.objects.get(case=play.case)
    assert licence.valid_until == date(2029, 9, 21)
    found = cases.verify(licence.paper.verify_code)
    assert (found.number, found.state) == (licence.number, "valid")
    assert "小明" not in found.holder
    with pytest.raises(NotFound):
        cases.verify("AAAABBBBCCCC")


def test_a_revoked_licence_says_so(play):
    play.certified()
    licence = Licence.objects.get(case=play.case)
    more = {"licence_state": "revoked", "reason": "以欺骗手段取得"}
    unchanged(play, NotAllowed, cases.change_licence, by=play.county.approver, **more)
    unchanged(play, Invalid, cases.change_licence, by=play.county.department_head, **{**more, "reason": " "})
    cases.change_licence(case_id=play.case.pk, by=play.county.department_head, at=play.now, **more)
    assert cases.verify(licence.paper.verify_code).state == "revoked"
    assert replay.differences(play.fresh) == {}
    unchanged(play, Refusal, cases.change_licence, by=play.county.department_head, **more)


def test_a_name_no_font_can_print_is_refused_before_any_paper(small_county):
    play = Play(small_county, make_resident(2, "王\U0002ffff明")).submitted()
    refusal = unchanged(play, CannotPrint, cases.receive, by=small_county.window_officer)
    assert "U+2FFFF" in str(refusal)


def test_rating_once_after_delivery(play):
    play.certified()
    unchanged(play, CannotRate, cases.rate, code=1, comment="", by=play.applicant)
    cases.deliver(case_id=play.case.pk, method="pickup", recipient="王", by=play.county.window_officer, at=play.now)
    unchanged(play, NotFound, cases.rate, code=1, comment="", by=make_resident(9, "旁人"))
    unchanged(play, Invalid, cases.rate, code=6, comment="", by=play.applicant)
    assert cases.rate(case_id=play.case.pk, code=5, comment="慢", by=play.applicant, at=play.now).stars == 1
    unchanged(play, CannotRate, cases.rate, code=1, comment="", by=play.applicant)


# --- exits ------------------------------------------------------------------


def test_withdrawal_stops_everything(play):
    play.accepted()
    unchanged(play, NotFound, cases.withdraw, by=make_resident(7, "旁人"), reason="")
    cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="不开了", at=play.now)
    assert play.fresh.state == "withdrawn"
    assert not play.case.clocks.filter(stopped_at__isnull=True).exists()
    assert not Todo.objects.filter(done_at__isnull=True).exists()
    assert play.case.papers.filter(kind="withdrawal").exists()


def test_no_withdrawal_after_the_decision(play):
    play.decided()
    unchanged(play, CannotActNow, cases.withdraw, by=play.applicant, reason="")


@pytest.mark.parametrize(
    ("act", "more"), [(cases.void, {}), (cases.terminate, {}), (cases.transfer_up, {"authority": "娄底市局"})]
)
def test_exits_are_the_heads_and_need_a_reason(play, act, more):
    play.accepted()
    unchanged(play, NotAllowed, act, reason="重复", by=play.county.approver, **more)
    unchanged(play, Invalid, act, reason=" ", by=play.county.department_head, **more)
    act(case_id=play.case.pk, reason="重复", by=play.county.department_head, at=play.now, **more)
    assert not play.fresh.clocks.filter(stopped_at__isnull=True).exists()
    assert replay.differences(play.case) == {}


# --- time that is not there ---------------------------------------------


def test_a_year_without_calendar_refuses_and_changes_nothing(play):
    play.go("2026-12-28 09:00")
    play.received().judge() if False else None
    play.draft()
    cases.submit(case_id=play.case.pk, by=play.applicant, at=at("2026-12-28 09:30"))
    refusal = None
    before = row(play.case)
    with pytest.raises(CalendarYearMissing) as caught:
        cases.receive(case_id=play.case.pk, by=play.county.window_officer, at=at("2026-12-28 10:00"))
    refusal = caught.value
    assert row(play.case) == before
    assert "2027" in str(refusal)


def test_a_running_case_keeps_its_version(play):
    play.accepted()
    changed = elements(promised_workdays=5)
    matters.publish_as_system(document=changed, at=play.now, reason="提速")
    assert play.fresh.version.number == 1
    assert play.case.elements.promised_workdays == 7


def test_lists_have_a_constant_number_of_queries(play, django_assert_max_num_queries):
    play.accepted()
    with django_assert_max_num_queries(3):
        list(cases.of_person(play.applicant, on=play.now.date())[:20])

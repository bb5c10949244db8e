"""What other systems give to be watched: joint clocks and signatures, work orders, bills. Each with a clock that is late and the nearest that is not."""

from decimal import Decimal

import pytest

from tests.approvals.cases.play import LAW, Play
from tests.approvals.greenway.play import Shop
from tests.factories import at
from tests.oversight.supervision.conftest import cards, fire_until, publish
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.greenway import public as greenway
from zhengtong.approvals.ratings import public as ratings
from zhengtong.foundation.worklists.models import Todo
from zhengtong.oversight.supervision import detectors, rulebook, sources
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.models import Gathering, Watch

pytestmark = pytest.mark.django_db


def of_kind(kind):
    return [(card.code, card.level, card.organization.code, card.threshold_at) for card in cards(kind=kind)]


class TestJointClock:
    """Accepted on Monday 21 September 2026: ten working days end with Monday 12 October."""

    @pytest.fixture
    def shop(self, small_county, applicant, deliver, in_force):
        return Shop(small_county, applicant, deliver).accepted()

    def test_a_late_stage_is_the_leads_card(self, shop):
        fire_until("2026-09-29 23:59")
        assert of_kind("joint") == []
        fire_until("2026-10-12 23:59")
        warning = ("T-09", 1, "market-regulation", at("2026-09-30 00:00"))
        assert of_kind("joint") == [warning]
        fire_until("2026-10-13 00:00")
        assert of_kind("joint") == [warning, ("T-09", 3, "market-regulation", at("2026-10-13 00:00"))]
        red = cards(kind="joint", level=3)[0]
        assert (red.subject, red.number) == (f"project:{shop.project.pk}", shop.project.number)
        assert red.url == f"/projects/{shop.project.pk}/"
        assert red.evidence["ledger"]["due_on"] == str(shop.clock().due_on) == "2026-10-12"

    def test_not_when_every_branch_ended_in_time(self, shop):
        fire_until("2026-10-12 08:00")
        shop.go("2026-10-12 09:00")
        for key in ("front", "back"):
            shop.reviewed(key).decide(key)
        assert shop.clock().stopped_on == at("2026-10-12").date()
        fire_until("2026-10-30 00:00")
        assert [(card.level, card.state) for card in cards(kind="joint")] == [(1, "settled")]
        assert not Watch.objects.filter(source="greenway").exists()

    def test_a_pause_of_a_critical_branch_moves_the_threshold(self, shop):
        shop.reviewed("back").go("2026-09-22 09:00")
        cases.suspend(
            case_id=shop.branch("front").case_id,
            kind="hearing",
            planned_workdays=5,
            reason="当事人要求听证。",
            by=shop.county.case_officer,
            at=shop.now,
        )
        shop.deliver()
        assert shop.clock().paused
        fire_until("2026-10-20 00:00")
        assert of_kind("joint") == []

    def test_an_extension_gives_time_and_takes_nothing_back(self, shop):
        fire_until("2026-10-08 08:00")
        shop.go("2026-10-08 09:00")
        greenway.extend(joint_id=shop.joint_id, workdays=5, reason="情况复杂", by=shop.county.county_head, at=shop.now)
        shop.deliver()
        fire_until("2026-10-13 00:00")
        # Five days were left of ten, and five are left of fifteen: two warnings, both true, and no red card.
        dates = [("T-09", 1, "market-regulation", at(day)) for day in ("2026-09-30 00:00", "2026-10-13 00:00")]
        assert of_kind("joint") == dates
        fire_until("2026-10-20 00:00")
        assert of_kind("joint")[2:] == [("T-09", 3, "market-regulation", at("2026-10-20 00:00"))]

    def test_those_that_run_when_the_first_rules_come_are_found(self, small_county, applicant, deliver):
        shop = Shop(small_county, applicant, deliver).accepted()
        publish("hunan-kc-2018")
        while supervision.gather_on(now=at("2026-09-22 08:00")):
            pass
        watched = Watch.objects.filter(source="greenway").order_by("key")
        assert [one.kind for one in watched] == ["joint", "joint_step", "joint_step"]
        assert sources.SOURCES["greenway"].running(f"project:{shop.project.pk}", 10) == []

    def test_what_ran_before_its_system_was_connected_is_found_once(self, shop):
        while supervision.gather_on(now=at("2026-09-22 08:00")):
            pass
        # As an installation leaves it that watched cases only, before projects were connected.
        Gathering.objects.update(covered=["cases", "own", "ratings"])
        Watch.objects.filter(source="greenway").delete()
        rounds = 0
        while supervision.gather_on(now=at("2026-09-22 09:00")):
            rounds += 1
        assert rounds == 2  # one with subjects, one that finds no more: each is a transaction of its own
        assert Watch.objects.filter(source="greenway").count() == 3
        assert supervision.gather_on(now=at("2026-09-22 10:00")) == 0


class TestTheSilentDepartment:
    """It signs within one working day: by Tuesday 22 September 2026."""

    @pytest.fixture
    def shop(self, small_county, applicant, deliver, in_force):
        return Shop(small_county, applicant, deliver).accepted()

    def test_s14_nobody_signed(self, shop):
        greenway.sign_for(branch_id=shop.branch("back").pk, by=shop.county.health_officer, at=shop.later(hours=1))
        shop.deliver()
        fire_until("2026-09-22 23:59")
        assert of_kind("joint_step") == []
        greenway.fire(now=at("2026-09-23 00:00"))
        shop.go("2026-09-23 00:00").deliver()
        fire_until("2026-09-23 00:00")
        # The one that signed gets none; a second look gives no second card.
        assert of_kind("joint_step") == [("S-14", 2, "market-regulation", at("2026-09-23 00:00"))]
        fire_until("2026-09-24 00:00")
        assert len(of_kind("joint_step")) == 1
        card = cards(kind="joint_step")[0]
        assert (card.subject, card.topic) == (f"branch:{shop.branch('front').pk}", "front许可")
        assert {todo.role for todo in Todo.objects.filter(subject=f"card:{card.pk}")} == {
            "case_officer",
            "department_head",
        }

    def test_not_when_work_on_it_began_on_the_last_day(self, shop):
        shop.go("2026-09-22 16:00").reviewed("front").reviewed("back")
        fire_until("2026-09-23 09:00")
        assert of_kind("joint_step") == []

    def test_not_when_it_entered_a_special_procedure_first(self, shop):
        shop.go("2026-09-22 15:00").reviewed("front")
        cases.suspend(
            case_id=shop.branch("back").case_id,
            kind="hearing",
            planned_workdays=5,
            reason="当事人要求听证。",
            by=shop.county.health_officer,
            at=shop.now,
        )
        shop.deliver()
        fire_until("2026-09-24 00:00")
        assert of_kind("joint_step") == []

    def test_silence_after_the_signature_is_one_card_and_no_consent(self, shop):
        """The promise of the branch's own case: three working days end with Thursday 24, one over with Monday 28 September."""
        for key in ("front", "back"):
            officer = shop.people(key)[0]
            greenway.sign_for(branch_id=shop.branch(key).pk, by=officer, at=shop.later(minutes=5))
        shop.deliver()
        while cases.fire(now=at("2026-09-25 00:00")):
            pass
        shop.go("2026-09-25 00:00").deliver()
        assert shop.branch("back").silent_since is not None
        fire_until("2026-09-28 23:59")
        assert [row for row in of_kind("promised") if row[1] > 1] == []
        fire_until("2026-09-29 00:00")
        yellow = [row for row in of_kind("promised") if row[1] > 1]
        assert yellow == [("T-01", 2, "health", at("2026-09-29 00:00"))]
        assert of_kind("joint_step") == []
        assert shop.branch("back").state == "reviewing"


class TestWorkOrder:
    """One working day to reach the person, fifteen calendar days to correct."""

    @pytest.fixture
    def rated(self, small_county, applicant, in_force, deliver):
        play = Play(small_county, applicant).delivered()

        def run(when="2026-09-24 10:00"):
            rating = ratings.rate_case(case_id=play.case.pk, code=5, comment="", by=applicant, at=at(when))
            deliver(now=at(when))
            return rating

        return run

    def act(self, rating, county, deliver, when):
        head = {"rating_id": rating.pk, "by": county.department_head, "at": at(when)}
        if ratings.WorkOrder.objects.get(rating=rating).contacted_at is None:
            ratings.contact(how="phone", reached=True, note="说明了经过", **head)
        else:
            ratings.reply(cause="新人不熟", measure="重新培训", reply="抱歉，已改正", **head)
        deliver(now=at(when))

    def test_nobody_was_reached_and_nothing_corrected(self, rated, small_county):
        """Thursday 24 September: the next working day is Monday 28; fifteen days end with Friday 9 October."""
        rating = rated()
        fire_until("2026-09-28 23:59")
        assert of_kind("work_order") == []
        fire_until("2026-10-09 23:59")
        contact = ("T-06B", 2, "market-regulation", at("2026-09-29 00:00"))
        assert contact in of_kind("work_order")
        assert [row for row in of_kind("work_order") if row[1] > 1] == [contact]
        fire_until("2026-10-10 00:00")
        late = [row for row in of_kind("work_order") if row[1] > 1]
        assert late == [contact, ("T-06B", 2, "market-regulation", at("2026-10-10 00:00"))]
        card = cards(kind="work_order", key=f"contact:{rating.pk}")[0]
        assert (card.subject, card.url) == (f"rating:{rating.pk}", f"/ratings/orders/{rating.pk}/")
        assert card.title["en"].startswith("Reach the person")

    def test_not_when_both_were_done_on_their_last_day(self, rated, small_county, deliver):
        rating = rated()
        self.act(rating, small_county, deliver, "2026-09-28 17:00")
        fire_until("2026-10-09 08:00")
        assert [(row[0], row[1]) for row in of_kind("work_order")] == [("T-06B", 1)]  # two working days left
        self.act(rating, small_county, deliver, "2026-10-09 17:00")
        fire_until("2026-10-30 00:00")
        assert [(card.level, card.state) for card in cards(kind="work_order")] == [(1, "settled")]
        assert not Watch.objects.filter(source="ratings").exists()
        assert sources.SOURCES["ratings"].running("", 10) == []

    def test_a_try_is_no_contact(self, rated, small_county, deliver):
        rating = rated()
        by, when = small_county.department_head, at("2026-09-28 17:00")
        ratings.contact(rating_id=rating.pk, how="phone", reached=False, note="无人接听", by=by, at=when)
        deliver(now=when)
        fire_until("2026-09-29 00:00")
        assert [row[1] for row in of_kind("work_order")] == [2]

    def test_a_period_that_ends_on_a_sunday_is_not_late_before_it_is_over(self, rated, small_county, deliver):
        """Saturday 26 September and fifteen days: Sunday 11 October; the card waits for the close of Monday."""
        rating = rated("2026-09-26 10:00")
        self.act(rating, small_county, deliver, "2026-09-28 09:00")
        fire_until("2026-10-12 23:59")
        assert [row for row in of_kind("work_order") if row[1] > 1] == []
        fire_until("2026-10-13 00:00")
        assert [row[3] for row in of_kind("work_order") if row[1] > 1] == [at("2026-10-13 00:00")]

    def test_those_that_run_when_the_first_rules_come_are_found(self, small_county, applicant, deliver):
        play = Play(small_county, applicant).delivered()
        rating = ratings.rate_case(case_id=play.case.pk, code=5, comment="", by=applicant, at=at("2026-09-24 10:00"))
        assert sources.SOURCES["ratings"].running("", 10) == [f"rating:{rating.pk}"]
        keys = {f"contact:{rating.pk}", f"correct:{rating.pk}"}
        assert {one.key for one in sources.SOURCES["ratings"].find(keys)} == keys
        assert [one.key for one in sources.SOURCES["ratings"].find([f"correct:{rating.pk}"])] == [
            f"correct:{rating.pk}"
        ]

    def test_a_rating_that_obliges_to_nothing_has_no_clock(self, small_county, applicant, in_force, deliver):
        play = Play(small_county, applicant).delivered()
        ratings.rate_case(case_id=play.case.pk, code=3, comment="", by=applicant, at=at("2026-09-24 10:00"))
        deliver()
        assert not Watch.objects.filter(source="ratings").exists()


FEES = {
    "charged": True,
    "basis": {**LAW, "law": "城市道路管理条例", "article": "第三十七条"},
    "items": [{"name": "占用费", "rule": "fixed", "amount": "80", "unit": "元/件"}],
}


class TestBills:
    """I-04 and S-09 read the bills themselves."""

    @pytest.fixture
    def seen(self, in_force):
        def run(case):
            found = detectors.look_at(case.pk, {"I-04", "S-09"}, rulebook.in_force())
            return [(one.code, one.facts) for one in found]

        return run

    @pytest.fixture
    def case_with(self, small_county, applicant):
        return lambda **more: Play(small_county, applicant, **more)

    def bill(self, play, name, amount, **more):
        line = fees.Line(name=name, department="market-regulation", basis="某规定第一条", rate=Decimal(amount))
        return fees.issue_bill(
            subject=f"case:{play.case.pk}",
            title="某事项",
            payer=fees.Payer("王小明"),
            lines=[line],
            by=play.county.case_officer,
            at=play.now,
            **more,
        )

    def test_a_charged_case_with_its_bill_is_honest(self, case_with, deliver, seen):
        play = case_with(fees=FEES).accepted()
        deliver(now=play.now)
        play.done("review", play.county.case_officer).done("health", play.county.health_officer)
        play.done("check", play.county.section_head)
        decide(play)
        assert fees.bill_of(f"case:{play.case.pk}").total == Decimal("80.00")
        assert seen(play.case) == []

    def test_i04_nobody_asked_for_what_was_due(self, case_with, seen):
        play = case_with(fees=FEES).decided()
        assert seen(play.case) == [("I-04", {"published": True, "asked": []})]

    def test_not_when_the_answers_call_for_nothing(self, case_with, deliver, seen):
        none = {**FEES, "items": [{**FEES["items"][0], "applies_if": "false"}]}
        play = case_with(fees=none).decided()
        deliver(now=play.now)
        assert fees.bill_of(f"case:{play.case.pk}") is None
        assert seen(play.case) == []

    def test_not_while_an_official_has_to_assess_it(self, case_with, deliver, seen):
        unknown = {**FEES, "items": [{"name": "占用费", "rule": "by_area", "amount": "2", "unit": "元/平方米"}]}
        play = case_with(fees=unknown).decided()
        deliver(now=play.now)
        assert fees.bill_of(f"case:{play.case.pk}").state == "draft"
        assert seen(play.case) == []

    def test_a_free_matter_that_was_charged_for(self, case_with, seen):
        play = case_with().decided()
        assert seen(play.case) == []
        bill = self.bill(play, "工本费", "10")
        assert [code for code, _facts in seen(play.case)] == ["I-04", "S-09"]
        assert seen(play.case)[1][1] == {"name": "工本费", "amount": "10.00"}
        fees.cancel(bill_id=bill.pk, reason="不应收取", by=play.county.department_head, at=play.now)
        assert seen(play.case) == []

    def test_a_line_nobody_published(self, case_with, seen):
        play = case_with(fees=FEES).decided()
        self.bill(play, "加急费", "10")
        assert [(code, facts.get("name")) for code, facts in seen(play.case)] == [("S-09", "加急费")]

    def test_a_branch_is_on_the_bill_of_its_stage(self, small_county, applicant, deliver, seen):
        shop = Shop(small_county, applicant, deliver, charged=("front",)).accepted()
        for key in ("front", "back"):
            shop.reviewed(key).decide(key)
        for key in ("front", "back"):
            assert seen(shop.branch(key).case) == []
        front, back = (shop.branch(key).case_id for key in ("front", "back"))
        asked = sources.CHARGES[0]([front, back])
        assert [(one.name, one.amount) for one in asked[front]] == [("工本费", "20.00")]
        assert asked[back] == []

    def test_nothing_is_said_of_a_branch_before_the_whole_is_accepted(self, small_county, applicant, deliver):
        shop = Shop(small_county, applicant, deliver, charged=("front",)).submitted()
        assert sources.CHARGES[0]([shop.branch("front").case_id]) == {}

    def test_one_round_of_questions_for_any_number_of_cases(self, django_assert_num_queries):
        with django_assert_num_queries(3):
            assert sources.CHARGES[0](range(1, 200)) == {case_id: [] for case_id in range(1, 200)}


def decide(play):
    return cases.decide(
        case_id=play.case.pk, outcome="grant", opinion="符合条件", by=play.county.approver, at=play.later(hours=1)
    )

"""The life of a card: every state and every answer to an appeal; who may, who may not, and what is left behind."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from PIL import Image

from tests.factories import at, make_officer
from tests.oversight.supervision.conftest import cards, fire_until, publish
from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.files import public as files
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import Invalid, NotAllowed, StaleVersion
from zhengtong.oversight.supervision import performance, rules
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.models import Card, CardEvent, Rule
from zhengtong.oversight.supervision.operations import watching
from zhengtong.oversight.supervision.readers import APPEAL
from zhengtong.oversight.supervision.refusals import CannotActOnCard, CannotAppeal, CannotOrder
from zhengtong.oversight.supervision.states import CARD_ARROWS, OPEN, Act, CardState
from zhengtong.security.pmi import public as pmi

pytestmark = pytest.mark.django_db
NOW = at("2026-09-18 09:00")


@pytest.fixture
def yellow(play, in_force, supervisor, deliver):
    """A promise that is one working day over: a yellow card of Friday 18 September."""
    play.go("2026-09-07 09:00").accepted()
    deliver()
    fire_until("2026-09-18 09:00")
    return Card.objects.get(kind="promised", level=2)


def picture():
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(kept, "PNG")
    return kept.getvalue()


def fresh(card):
    return Card.objects.get(pk=card.pk)


def acts(card):
    return list(CardEvent.objects.filter(card=card).values_list("act", flat=True))


def todos(card):
    return sorted(Todo.objects.filter(subject=f"card:{card.pk}", done_at__isnull=True).values_list("kind", "role"))


class TestIssue:
    def test_what_it_says_can_be_proved(self, yellow):
        kept = yellow.evidence
        assert (kept["rule"]["code"], kept["rule"]["mode"], kept["rule"]["value"]) == ("T-01", "overdue", 1)
        assert (kept["ledger"]["limit"], kept["ledger"]["due_on"], kept["rules_version"]) == (7, "2026-09-16", 1)
        assert [day for day, number, _why, _kind in kept["ledger"]["days"] if number == 7] == ["2026-09-16"]
        assert kept["limits"] == {"promised": 7, "statutory": 20}

    def test_the_windows_run_from_the_day_it_went_out(self, yellow):
        """Friday 18; Sunday 20 is a make-up day."""
        assert (yellow.feedback_due_on, yellow.appeal_until) == (date(2026, 9, 22), date(2026, 9, 22))

    def test_recipients_cumulate(self, yellow, play):
        assert todos(yellow) == [("card", "case_officer"), ("card", "department_head")]
        assert list(Notice.objects.filter(subject=f"card:{yellow.pk}").values_list("to_user", flat=True)) == [
            play.county.department_head.pk
        ]
        fire_until("2026-10-13 09:00")
        red = Card.objects.get(kind="statutory", level=3)
        told = set(Notice.objects.filter(subject=f"card:{red.pk}").values_list("to_user__username", flat=True))
        assert told == {"head", "supervisor"}

    def test_the_highest_counts(self, yellow):
        """The warning of the same rule about the same case is set aside."""
        warning = Card.objects.get(kind="promised", level=1)
        assert (warning.state, fresh(yellow).state) == ("settled", "issued")

    def test_never_twice(self, yellow):
        before = Card.objects.count()
        supervision.refresh(subjects=[yellow.subject], source="cases", since=None, at=NOW)
        fire_until("2026-09-18 09:00")
        assert Card.objects.count() == before


class TestTheLoop:
    def test_acknowledged_explained_verified_closed(self, yellow, play, supervisor):
        head = play.county.department_head
        supervision.acknowledge(card_id=yellow.pk, by=head, at=NOW)
        supervision.explain(card_id=yellow.pk, text="经办人休假，没有及时移交。", by=head, at=NOW)
        assert todos(yellow) == [("card_verify", "supervisor")]
        supervision.verify(card_id=yellow.pk, text="调阅台账，情况属实。", by=supervisor, at=NOW)
        supervision.close(card_id=yellow.pk, by=supervisor, at=NOW)
        card = fresh(yellow)
        assert (card.state, card.ended_at, card.verified_at) == ("closed", NOW, NOW)
        assert acts(card) == ["issue", "acknowledge", "explain", "verify", "close"]
        assert todos(card) == []

    def test_sent_back_and_corrected(self, yellow, play, supervisor):
        officer = play.county.case_officer
        supervision.explain(card_id=yellow.pk, text="人手不够。", by=officer, at=NOW)
        later = at("2026-09-21 09:00")
        supervision.send_back(card_id=yellow.pk, reason="没有说明怎样整改。", by=supervisor, at=later)
        assert (fresh(yellow).state, fresh(yellow).feedback_due_on) == ("acknowledged", date(2026, 9, 24))
        supervision.correct(card_id=yellow.pk, text="已办结，并加派一人。", by=officer, at=later)
        assert fresh(yellow).state == "acted"

    def test_what_is_not_in_the_table_cannot_happen(self, yellow, play, supervisor):
        head = play.county.department_head
        with pytest.raises(CannotActOnCard, match="已发"):
            supervision.verify(card_id=yellow.pk, text="还没有答复就核实", by=supervisor, at=NOW)
        with pytest.raises(CannotActOnCard):
            supervision.close(card_id=yellow.pk, by=supervisor, at=NOW)
        with pytest.raises(Invalid):
            supervision.explain(card_id=yellow.pk, text="好", by=head, at=NOW)
        supervision.revoke(card_id=yellow.pk, reason="规则配置有误，撤销。", by=supervisor, at=NOW)
        for act in (supervision.acknowledge, supervision.confirm):
            with pytest.raises(CannotActOnCard):
                act(card_id=yellow.pk, by=head if act is supervision.acknowledge else supervisor, at=NOW)
        assert acts(yellow) == ["issue", "revoke"]

    def test_only_the_body_answers_and_only_the_supervisor_judges(self, yellow, play, supervisor):
        with pytest.raises(NotAllowed):
            supervision.acknowledge(card_id=yellow.pk, by=play.county.health_officer, at=NOW)
        with pytest.raises(NotAllowed):
            supervision.explain(card_id=yellow.pk, text="监察员代为说明", by=supervisor, at=NOW)
        supervision.explain(card_id=yellow.pk, text="经办人休假。", by=play.county.case_officer, at=NOW)
        with pytest.raises(NotAllowed):
            supervision.verify(card_id=yellow.pk, text="自己核实自己", by=play.county.department_head, at=NOW)

    def test_of_two_at_once_the_second_is_told(self, yellow, play):
        seen = yellow.row_version
        supervision.acknowledge(card_id=yellow.pk, by=play.county.department_head, at=NOW, seen=seen)
        with pytest.raises(StaleVersion):
            supervision.acknowledge(card_id=yellow.pk, by=play.county.case_officer, at=NOW, seen=seen)

    def test_no_answer_in_time_is_a_card_of_its_own_and_ends_there(self, yellow):
        """I-11: and the card about the silence asks for no answer that could be late again."""
        fire_until("2026-09-22 23:59")
        assert cards(code="I-11", subject=f"card:{yellow.pk}") == []
        fire_until("2026-10-30 09:00")
        silent = cards(code="I-11", subject=f"card:{yellow.pk}")
        assert [(card.level, card.threshold_at) for card in silent] == [(2, at("2026-09-23 00:00"))]
        assert cards(code="I-11", subject=f"card:{silent[0].pk}") == []

    def test_answered_in_time(self, yellow, play):
        supervision.explain(card_id=yellow.pk, text="经办人休假。", by=play.county.case_officer, at=NOW)
        fire_until("2026-10-30 09:00")
        assert cards(code="I-11", subject=f"card:{yellow.pk}") == []


class TestConfirmation:
    @pytest.fixture
    def pending(self, play, small_county, supervisor, deliver):
        publish("hunan-kc-2018", T_01_2={"automatic": False})
        play.go("2026-09-07 09:00").accepted()
        deliver()
        fire_until("2026-09-18 09:00")
        return Card.objects.get(kind="promised", level=2)

    def test_it_waits_and_nobody_is_accused(self, pending):
        assert (pending.state, pending.issued_at, pending.feedback_due_on) == ("pending", None, None)
        assert todos(pending) == [("card_confirm", "supervisor")]

    def test_confirmed(self, pending, supervisor):
        supervision.confirm(card_id=pending.pk, by=supervisor, at=at("2026-09-21 09:00"))
        assert (fresh(pending).state, fresh(pending).feedback_due_on) == ("issued", date(2026, 9, 24))
        assert OutboxEvent.objects.filter(name="supervision.CardIssued", subject=f"card:{pending.pk}").count() == 1

    def test_cancelled_with_a_reason(self, pending, supervisor):
        with pytest.raises(Invalid):
            supervision.cancel(card_id=pending.pk, reason="", by=supervisor, at=NOW)
        supervision.cancel(card_id=pending.pk, reason="系统停机维护所致。", by=supervisor, at=NOW)
        assert (fresh(pending).state, todos(pending)) == ("cancelled", [])

    def test_whom_it_would_accuse_sees_it_only_when_it_went_out(self, pending, play, supervisor):
        head, on = play.county.department_head, date(2026, 9, 21)
        assert not rules.visible(head, on=on).filter(pk=pending.pk).exists()
        assert rules.visible(supervisor, on=on).filter(pk=pending.pk).exists()
        supervision.confirm(card_id=pending.pk, by=supervisor, at=at("2026-09-21 09:00"))
        assert rules.visible(head, on=on).filter(pk=pending.pk).exists()


class TestAppeal:
    def file(self, card, play, **more):
        upload = SimpleUploadedFile("收件回执.png", picture(), "image/png")
        fields = {"text": "当日已收到补交材料。", "by": play.county.department_head, "at": NOW, "uploads": [upload]}
        return supervision.appeal(card_id=card.pk, **{**fields, **more})

    def test_upheld_on_evidence(self, yellow, play, supervisor):
        filed = self.file(yellow, play)
        assert [one.name for one in files.attachments_of(APPEAL, filed.pk)] == ["收件回执.png"]
        assert ("card_appeal", "supervisor") in todos(yellow)
        supervision.decide_appeal(
            card_id=yellow.pk, result="revoke", text="收件记录属实，撤销。", by=supervisor, at=NOW
        )
        filed.refresh_from_db()
        assert (filed.state, fresh(yellow).state, todos(yellow)) == ("upheld", "revoked", [])
        assert Notice.objects.filter(template="supervision.revoked", to_user=play.county.department_head).exists()

    def test_sent_back_the_card_stands(self, yellow, play, supervisor):
        self.file(yellow, play)
        supervision.decide_appeal(
            card_id=yellow.pk, result="send_back", text="记录显示没有收到。", by=supervisor, at=NOW
        )
        assert fresh(yellow).state == "issued"
        with pytest.raises(CannotAppeal, match="已经申诉过"):
            self.file(yellow, play)

    def test_reported_up_is_decided_above(self, yellow, play, supervisor):
        self.file(yellow, play)
        supervision.decide_appeal(
            card_id=yellow.pk, result="report_up", text="涉及两个部门，提请裁决。", by=supervisor, at=NOW
        )
        assert ("card_superior", "county_head") in todos(yellow)
        with pytest.raises(NotAllowed):
            supervision.decide_appeal(
                card_id=yellow.pk, result="revoke", text="自己裁决自己上报的", by=supervisor, at=NOW
            )
        head = play.county.county_head
        with pytest.raises(CannotAppeal):
            supervision.decide_appeal(card_id=yellow.pk, result="report_up", text="再往上报一级。", by=head, at=NOW)
        supervision.decide_appeal(card_id=yellow.pk, result="revoke", text="责任在另一部门，撤销。", by=head, at=NOW)
        assert fresh(yellow).state == "revoked"

    def test_reported_up_and_sent_back(self, yellow, play, supervisor):
        self.file(yellow, play)
        supervision.decide_appeal(card_id=yellow.pk, result="report_up", text="提请县政府裁决。", by=supervisor, at=NOW)
        supervision.decide_appeal(
            card_id=yellow.pk, result="send_back", text="事实清楚，维持。", by=play.county.county_head, at=NOW
        )
        assert (fresh(yellow).state, todos(yellow)[0][0]) == ("issued", "card")

    def test_not_taken_back_past_an_appeal_that_is_open(self, yellow, play, supervisor):
        self.file(yellow, play)
        with pytest.raises(CannotActOnCard, match="申诉"):
            supervision.revoke(card_id=yellow.pk, reason="不经申诉直接撤销。", by=supervisor, at=NOW)
        supervision.decide_appeal(card_id=yellow.pk, result="report_up", text="提请县政府裁决。", by=supervisor, at=NOW)
        with pytest.raises(CannotActOnCard, match="上级"):
            supervision.revoke(card_id=yellow.pk, reason="上报以后自己撤销。", by=supervisor, at=NOW)
        assert fresh(yellow).state == "issued"

    def test_by_the_last_day_of_the_window_and_not_after(self, yellow, play):
        with pytest.raises(CannotAppeal, match="2026-09-22"):
            self.file(yellow, play, at=at("2026-09-23 08:00"))
        self.file(yellow, play, at=at("2026-09-22 23:00"))

    def test_a_strange_body_cannot_appeal(self, yellow, play):
        with pytest.raises(NotAllowed):
            self.file(yellow, play, by=play.county.health_officer)

    def test_not_closed_while_it_is_open(self, yellow, play, supervisor):
        self.file(yellow, play)
        supervision.explain(card_id=yellow.pk, text="见申诉材料。", by=play.county.case_officer, at=NOW)
        supervision.verify(card_id=yellow.pk, text="等申诉处理。", by=supervisor, at=NOW)
        with pytest.raises(CannotActOnCard, match="申诉"):
            supervision.close(card_id=yellow.pk, by=supervisor, at=NOW)


class TestLateFacts:
    """A day on which the county was closed is entered afterwards: what rested on it is looked at again."""

    def test_a_yellow_card_is_taken_back_by_itself(self, yellow, deliver):
        close_day("2026-09-15")
        deliver(now=NOW)
        fire_until("2026-09-18 09:00")
        assert fresh(yellow).state == "auto_revoked"
        last = CardEvent.objects.filter(card=yellow).latest("seq")
        assert "2026-09-16" in last.text
        assert "2026-09-17" in last.text

    @pytest.mark.parametrize("reported", [False, True])
    def test_the_appeal_ends_with_it(self, yellow, play, supervisor, deliver, signed_in, reported):
        """Nobody has said whether it was right: it counts as neither, its to-do is closed, who appealed is told."""
        officer = play.county.case_officer
        supervision.appeal(card_id=yellow.pk, text="当天停电，系统停用。", by=officer, at=NOW)
        if reported:
            supervision.decide_appeal(
                card_id=yellow.pk, result="report_up", text="提请县政府裁决。", by=supervisor, at=NOW
            )
        close_day("2026-09-15")
        deliver(now=NOW)
        fire_until("2026-09-18 09:00")
        filed = yellow.appeals.get()
        assert (fresh(yellow).state, filed.state, filed.decided_at) == ("auto_revoked", "lapsed", None)
        assert todos(yellow) == []
        told = Notice.objects.filter(subject=f"card:{yellow.pk}", to_user=officer, template="supervision.appeal_lapsed")
        assert told.exists()
        assert OutboxEvent.objects.filter(name="supervision.AppealLapsed").count() == 1
        counted = performance.measured(first=date(2026, 9, 1), last=date(2026, 9, 30))
        assert sum(row.appeals for row in counted) == 0
        page = signed_in(officer).get(f"/supervision/cards/{yellow.pk}/").content.decode()
        assert "申诉终结" in page
        with pytest.raises(CannotAppeal):
            supervision.decide_appeal(card_id=yellow.pk, result="revoke", text="责任在停电。", by=supervisor, at=NOW)

    def test_the_appeal_against_a_warning_ends_when_the_work_was_done_in_time(
        self, play, in_force, supervisor, deliver
    ):
        play.go("2026-09-07 09:00").accepted()
        deliver()
        fire_until("2026-09-15 09:00")
        warning = Card.objects.get(kind="promised", level=1)
        supervision.appeal(
            card_id=warning.pk, text="已经快要办完。", by=play.county.case_officer, at=at("2026-09-15 09:30")
        )
        cases.withdraw(case_id=play.case.pk, by=play.applicant, at=at("2026-09-15 10:00"), reason="不再办理")
        deliver()
        fire_until("2026-09-15 11:00")
        assert (fresh(warning).state, warning.appeals.get().state) == ("settled", "lapsed")

    def test_and_comes_again_at_its_true_threshold(self, yellow, deliver):
        close_day("2026-09-15")
        deliver(now=NOW)
        fire_until("2026-09-19 00:00")
        again = Card.objects.get(kind="promised", level=2, state="issued")
        assert again.threshold_at == at("2026-09-19 00:00")

    def test_a_card_that_cannot_be_read_holds_up_no_other(self, yellow):
        broken = Card.objects.get(pk=yellow.pk)
        broken.pk, broken.fire_key, broken.evidence = None, f"{yellow.fire_key}:copy", {}
        broken.save(force_insert=True)
        Card.objects.update(calendar_version=0)
        assert watching.review_cards(now=NOW) == Card.objects.filter(state__in=OPEN).count() - 2
        left = Card.objects.filter(state__in=OPEN, calendar_version=0)
        assert set(left) == {yellow, broken}, "what rests on the same clock waits with it"

    def test_a_red_card_only_by_a_person(self, yellow, supervisor, deliver):
        fire_until("2026-10-13 09:00")
        red = Card.objects.get(kind="statutory", level=3)
        close_day("2026-09-15")
        deliver(now=at("2026-10-13 09:00"))
        fire_until("2026-10-13 09:00")
        red.refresh_from_db()
        assert (red.state, bool(red.doubt)) == ("issued", True)
        assert ("card_doubt", "supervisor") in todos(red)
        fire_until("2026-10-13 10:00")
        assert acts(red).count("put_forward") == 1
        supervision.uphold(card_id=red.pk, reason="停止办公不影响网上审批。", by=supervisor, at=at("2026-10-13 11:00"))
        red.refresh_from_db()
        assert (red.state, red.doubt) == ("issued", "")

    def test_a_day_that_changes_nothing_changes_nothing(self, yellow, deliver):
        close_day("2026-12-15")
        deliver(now=NOW)
        fire_until("2026-09-18 09:00")
        assert fresh(yellow).state == "issued"


def close_day(day):
    change = calendars.Change(
        days={day: {"workday": False, "name": "停电停止办公", "kind": "county_closure"}}, sources={}
    )
    calendars.amend(base=calendars.current_version(), change=change, reason="补录停止办公", by=None, at=NOW)


class TestRepetition:
    def again(self, play, applicant, deliver, when):
        play.go(when).accepted()
        deliver()
        return play.case

    def settle(self, card, play, supervisor, when):
        supervision.correct(card_id=card.pk, text="已整改，派专人盯办。", by=play.county.case_officer, at=when)
        supervision.verify(card_id=card.pk, text="核实整改到位。", by=supervisor, at=when)

    def test_within_thirty_days_after_it_was_put_right(self, yellow, play, applicant, supervisor, deliver):
        self.settle(yellow, play, supervisor, NOW)
        case = self.again(play, applicant, deliver, "2026-09-21 09:00")
        fire_until("2026-10-30 09:00")
        repeated = Card.objects.get(subject=f"case:{case.pk}", kind="promised", code="T-01", raised_by__isnull=False)
        assert (repeated.level, repeated.raised_by_id) == (3, yellow.pk)

    def test_not_after_thirty_days_and_not_when_it_was_revoked(self, yellow, play, applicant, supervisor, deliver):
        self.settle(yellow, play, supervisor, at("2026-09-18 09:00"))
        supervision.revoke(card_id=yellow.pk, reason="核实有误，撤销。", by=supervisor, at=NOW)
        self.again(play, applicant, deliver, "2026-09-21 09:00")
        fire_until("2026-10-30 09:00")
        assert not Card.objects.filter(raised_by__isnull=False).exists()


class TestByHand:
    def test_the_supervisor_saw_something(self, play, supervisor, in_force):
        card = supervision.issue_by_hand(
            organization=play.county.market,
            level=2,
            heading="窗口无人值守",
            reason="9月18日上午9时至10时窗口无人。",
            by=supervisor,
            at=NOW,
        )
        assert (card.code, card.manual, card.state) == ("M-01", True, "issued")
        assert ("card", "department_head") in todos(card)
        with pytest.raises(CannotActOnCard, match="发过一张"):  # the button was pressed twice
            supervision.issue_by_hand(
                organization=play.county.market,
                level=2,
                heading="窗口无人值守",
                reason="9月18日上午9时至10时窗口无人。",
                by=supervisor,
                at=at("2026-09-18 09:01"),
            )
        with pytest.raises(NotAllowed):
            supervision.issue_by_hand(
                organization=play.county.market,
                level=3,
                heading="自己给别人发牌",
                reason="不是监察员也发牌。",
                by=play.county.department_head,
                at=NOW,
            )


class TestOrders:
    @pytest.fixture
    def order(self, yellow, play, supervisor):
        return supervision.issue_order(
            organization=play.county.market,
            title="清理超期办件",
            demand="五日内全部办结并说明责任。",
            workdays=5,
            by=supervisor,
            at=NOW,
            card_id=yellow.pk,
        )

    def test_answered_returned_answered_accepted(self, order, play, supervisor):
        head = play.county.department_head
        supervision.answer_order(order_id=order.pk, text="已办结三件。", by=head, at=NOW)
        supervision.return_order(order_id=order.pk, text="还有两件没有办结。", by=supervisor, at=NOW)
        supervision.answer_order(order_id=order.pk, text="全部办结。", by=head, at=NOW)
        supervision.accept_order(order_id=order.pk, text="核对无误，验收。", by=supervisor, at=NOW)
        order.refresh_from_db()
        assert (order.state, order.ended_at) == ("accepted", NOW)
        with pytest.raises(CannotOrder):
            supervision.answer_order(order_id=order.pk, text="又来报告一次。", by=head, at=NOW)

    def test_its_own_clock_puts_a_red_card(self, order):
        """T-08: five working days from Friday 18 September (the 20th is a make-up day) end with Thursday 24."""
        fire_until("2026-09-24 23:59")
        assert cards(code="T-08") == []
        fire_until("2026-09-25 00:00")
        assert [(card.level, card.subject) for card in cards(code="T-08")] == [(3, f"order:{order.pk}")]

    def test_not_when_it_was_answered_in_time(self, order, play):
        supervision.answer_order(
            order_id=order.pk, text="全部办结。", by=play.county.department_head, at=at("2026-09-24 17:00")
        )
        fire_until("2026-10-30 00:00")
        assert cards(code="T-08") == []

    def test_the_card_is_not_closed_before_it(self, order, yellow, play, supervisor):
        supervision.correct(card_id=yellow.pk, text="正在落实督办。", by=play.county.case_officer, at=NOW)
        supervision.verify(card_id=yellow.pk, text="等督办验收。", by=supervisor, at=NOW)
        with pytest.raises(CannotActOnCard, match="督办"):
            supervision.close(card_id=yellow.pk, by=supervisor, at=NOW)


class TestGuards:
    """The database itself keeps what supervision wrote."""

    def refused(self, change):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    def test_nothing_is_deleted_and_nothing_said_is_changed(self, yellow):
        rows = Card.objects.filter(pk=yellow.pk)
        self.refused(lambda: Card.objects.filter(pk=yellow.pk)._raw_delete("default"))
        self.refused(lambda: rows.update(level=1))
        self.refused(lambda: rows.update(evidence={}))
        self.refused(lambda: CardEvent.objects.filter(card=yellow)._raw_delete("default"))
        self.refused(lambda: CardEvent.objects.filter(card=yellow).update(text="改过"))
        self.refused(lambda: Rule.objects.filter(rule_set__state="published").update(value=9))
        self.refused(lambda: Rule.objects.filter(rule_set__state="published")._raw_delete("default"))
        assert fresh(yellow).level == 2


def test_every_arrow_is_walked_somewhere_and_every_state_is_reached():
    """What this module, the rules and the late facts walk; an arrow nobody walks would be a promise nobody keeps."""
    assert set(CARD_ARROWS.values()) == set(CardState)
    assert {act for _state, act in CARD_ARROWS} == set(Act)


def test_a_withdrawn_case_ends_its_warning(play, in_force, supervisor, deliver):
    play.go("2026-09-07 09:00").accepted()
    deliver()
    fire_until("2026-09-15 09:00")
    cases.withdraw(case_id=play.case.pk, by=play.applicant, at=at("2026-09-15 10:00"), reason="不再办理")
    deliver()
    fire_until("2026-09-15 11:00")
    assert Card.objects.get(kind="promised").state == "settled"


def test_the_watcher_does_not_work_on_what_is_watched(small_county, supervisor):
    with pytest.raises(pmi.CannotGrant):
        pmi.grant_role(
            user=supervisor,
            role="approver",
            organization=small_county.market,
            by=None,
            at=NOW,
            valid_from=date(2026, 1, 1),
        )

    def test_who_issued_it_does_not_turn_down_what_is_said_against_it(self, play, supervisor, in_force):
        card = supervision.issue_by_hand(
            organization=play.county.market,
            level=2,
            heading="窗口无人值守",
            reason="9月18日上午9时至10时窗口无人。",
            by=supervisor,
            at=NOW,
        )
        supervision.appeal(card_id=card.pk, text="当时有人值守，有录像。", by=play.county.department_head, at=NOW)
        judge = {"card_id": card.pk, "text": "事实清楚，维持。", "at": NOW}
        with pytest.raises(NotAllowed, match="人工发出"):
            supervision.decide_appeal(result="send_back", by=supervisor, **judge)
        assert card.appeals.get().state == "filed"
        other = make_officer("second", "孙监察", "supervisor", play.county.government, subtree=True)
        supervision.decide_appeal(result="send_back", by=other, **judge)
        assert card.appeals.get().decided_by == other

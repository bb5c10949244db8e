"""Rules as data: profiles, drafts, publishing, differences, back-tests; and what a new version does to clocks that run."""

from datetime import date

import pytest

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from tests.oversight.supervision.conftest import cards, fire_until
from zhengtong.approvals.cases.models import CaseEvent
from zhengtong.kernel.errors import Invalid, NotAllowed
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision import rule_pages, rulebook
from zhengtong.oversight.supervision.models import BackTestLine, Rule, RuleSet, Watch
from zhengtong.oversight.supervision.operations import backtesting, watching
from zhengtong.oversight.supervision.refusals import CannotPublish

pytestmark = pytest.mark.django_db
NOW = at("2026-09-21 09:00")


def test_the_profiles_hold_every_rule_of_the_catalogue():
    wanted = {f"I-{n:02}" for n in range(1, 12)} | {f"S-{n:02}" for n in range(1, 17)}
    for profile in rulebook.profiles():
        codes = {rule["code"] for rule in profile["rules"]}
        assert wanted <= codes, profile["key"]
        assert {f"T-0{n}" for n in range(1, 8)} <= codes, profile["key"]
        assert len({(rule["code"], rule["level"]) for rule in profile["rules"]}) == len(profile["rules"])


class TestDrafts:
    def test_only_one_at_a_time_and_never_a_change_of_what_was_in_force(self, in_force, supervisor):
        draft = supervision.begin_draft(by=supervisor, at=NOW)
        with pytest.raises(CannotPublish, match="已有一份草案"):
            supervision.begin_draft(by=supervisor, at=NOW)
        old = in_force.rules.first()
        with pytest.raises(CannotPublish, match="不能修改"):
            supervision.change_rule(rule_id=old.pk, changes={"value": 9}, by=supervisor, at=NOW)
        supervision.discard_draft(rule_set_id=draft.pk, by=supervisor, at=NOW)
        assert RuleSet.objects.count() == 1

    def test_a_change_is_checked_and_shown(self, in_force, supervisor):
        draft = supervision.begin_draft(by=supervisor, at=NOW)
        rule = draft.rules.get(code="T-01", level=1)
        with pytest.raises(Invalid):
            supervision.change_rule(rule_id=rule.pk, changes={"mode": "percent", "value": 120}, by=supervisor, at=NOW)
        with pytest.raises(Invalid, match="级别"):
            supervision.change_rule(rule_id=rule.pk, changes={"level": 2}, by=supervisor, at=NOW)
        supervision.change_rule(rule_id=rule.pk, changes={"value": 4}, by=supervisor, at=NOW)
        assert [
            (row["code"], row["before"][:20], row["after"][:20]) for row in rule_pages.differences(in_force, draft)
        ] == [("T-01", "承诺办结时限 · 剩余2个工作日时 · ", "承诺办结时限 · 剩余4个工作日时 · ")]

    def test_not_without_the_document(self, in_force, supervisor):
        draft = supervision.begin_draft(by=supervisor, at=NOW, profile="strict-legal")
        days = {"feedback_workdays": 3, "appeal_workdays": 5, "repeat_days": 30}
        supervision.change_settings(rule_set_id=draft.pk, document=" ", note="", settings=days, by=supervisor, at=NOW)
        with pytest.raises(CannotPublish, match="依据的文件"):
            supervision.publish_rules(rule_set_id=draft.pk, by=supervisor, at=NOW)

    def test_only_who_may(self, in_force, small_county):
        with pytest.raises(NotAllowed):
            supervision.begin_draft(by=small_county.county_office, at=NOW)


class TestNewVersion:
    def test_running_clocks_get_new_places_and_old_cards_stay(self, play, in_force, supervisor, deliver):
        play.go("2026-09-14 09:00").accepted()
        deliver()
        fire_until("2026-09-17 09:00")
        before = {card.pk for card in cards()}
        draft = supervision.begin_draft(by=supervisor, at=at("2026-09-17 10:00"))
        rule = draft.rules.get(code="T-01", level=1)
        supervision.change_rule(rule_id=rule.pk, changes={"value": 5}, by=supervisor, at=at("2026-09-17 10:00"))
        supervision.publish_rules(rule_set_id=draft.pk, by=supervisor, at=at("2026-09-17 11:00"))
        while watching.rederive(now=at("2026-09-17 11:01")):
            pass
        fire_until("2026-09-17 11:01")
        new = [card for card in cards(kind="promised") if card.pk not in before]
        assert [(card.level, card.threshold_at, card.evidence["rules_version"]) for card in new] == [
            (1, at("2026-09-17 11:00"), 2)
        ], "five days left were passed on the 16th: dated when the rule came into force, not before"
        assert set(Watch.objects.values_list("rules_version", flat=True)) == {2}

    def test_nothing_is_watched_before_any_rule_is_in_force(self, play, small_county, deliver):
        play.go("2026-09-07 09:00").accepted()
        deliver()
        assert Watch.objects.count() == fire_until("2026-10-30 09:00") == 0


class TestBackTest:
    @pytest.fixture
    def history(self, play, in_force, deliver):
        """One case decided on the third day, one late by two days and open."""
        play.go("2026-09-07 09:00").decided()
        other = Play.__new__(Play)
        other.__dict__.update(play.__dict__)
        other.applicant = make_resident(2, "李小华")
        other.go("2026-09-07 10:00").accepted()
        deliver()
        fire_until("2026-09-21 09:00")
        return other

    def draft(self, supervisor, **values):
        draft = supervision.begin_draft(by=supervisor, at=NOW)
        for name, value in values.items():
            code, level = name.replace("_", "-", 1).split("_")
            rule = draft.rules.get(code=code, level=int(level))
            supervision.change_rule(rule_id=rule.pk, changes={"value": value}, by=supervisor, at=NOW)
        return draft

    def test_which_cards_would_appear_and_vanish(self, history, supervisor):
        draft = self.draft(supervisor, T_01_2=10, T_07_3=1)
        asked = backtesting.begin_back_test(
            rule_set_id=draft.pk, first=date(2026, 9, 1), last=date(2026, 9, 30), by=supervisor, at=NOW
        )
        done = backtesting.run_to_end(back_test_id=asked.pk, now=NOW)
        assert (done.state, done.done, done.total) == ("done", 2, 2)
        lines = BackTestLine.objects.filter(back_test=done)
        case = f"case:{history.case.pk}"
        assert list(lines.values_list("appears", "code", "level", "subject")) == [(False, "T-01", 2, case)]
        assert len(cards()) == len(cards()), "a replay issues nothing"

    def test_a_fact_rule_is_replayed_too(self, history, supervisor):
        draft = supervision.begin_draft(by=supervisor, at=NOW)
        Rule.objects.filter(rule_set=draft, code="S-07").update(value=60 * 24)
        asked = backtesting.begin_back_test(
            rule_set_id=draft.pk, first=date(2026, 9, 1), last=date(2026, 9, 30), by=supervisor, at=NOW
        )
        done = backtesting.run_to_end(back_test_id=asked.pk, now=NOW)
        assert done.counts in ({}, {"appears": 1})

    def test_the_same_rules_differ_in_nothing(self, history, supervisor):
        draft = self.draft(supervisor)
        asked = backtesting.begin_back_test(
            rule_set_id=draft.pk, first=date(2026, 9, 1), last=date(2026, 9, 30), by=supervisor, at=NOW
        )
        assert backtesting.run_to_end(back_test_id=asked.pk, now=NOW).counts == {}

    def test_one_that_meets_a_broken_case_ends_and_lets_the_next_begin(self, history, supervisor):
        draft = self.draft(supervisor)
        Rule.objects.filter(rule_set=draft, code="S-10").update(value=7)  # its detector reads what was judged
        period = {"rule_set_id": draft.pk, "by": supervisor, "at": NOW, "last": date(2026, 9, 30)}
        asked = backtesting.begin_back_test(first=date(2026, 9, 1), **period)
        following = backtesting.begin_back_test(first=date(2026, 9, 30), **period)
        strange = CaseEvent.objects.filter(case=history.case, kind="judge").last()
        strange.pk, strange.seq, strange.data = None, 9000, {"materials": {"not a number": ["ok"]}}
        strange.save(force_insert=True)
        for _turn in range(2):
            backtesting.work(now=NOW)
        asked.refresh_from_db()
        following.refresh_from_db()
        assert (asked.state, following.state) == ("failed", "done")

    def test_a_turn_of_the_worker_goes_on_where_it_stopped(self, history, supervisor, monkeypatch):
        monkeypatch.setattr("zhengtong.oversight.supervision.operations.backtesting.CHUNK", 1)
        draft = self.draft(supervisor, T_01_2=10)
        asked = backtesting.begin_back_test(
            rule_set_id=draft.pk, first=date(2026, 9, 1), last=date(2026, 9, 30), by=supervisor, at=NOW
        )
        while backtesting.work(now=NOW):
            pass
        asked.refresh_from_db()
        assert (asked.state, asked.counts) == ("done", {"vanishes": 1})

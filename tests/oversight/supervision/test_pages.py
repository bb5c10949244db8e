"""The pages: who sees what, the way of a card by its forms, lists as files, forecast, simulator, patterns, indicators, the brief."""

import io
from datetime import date, timedelta

import pytest
from django.conf import settings as product
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from tests.factories import at
from tests.oversight.supervision.conftest import cards, fire_until
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import CaseEvent, Clock, Suspension
from zhengtong.foundation.calendars.models import DemoClock
from zhengtong.foundation.calendars.public import forget_demo_clock
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.oversight.supervision import board, forecast, patterns, performance, weekly
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.models import Card, CorrectionOrder, RuleSet
from zhengtong.oversight.supervision.operations.moving import put
from zhengtong.oversight.supervision.states import Act

pytestmark = pytest.mark.django_db
NOW = at("2026-09-18 09:00")


@pytest.fixture(autouse=True)
def _county_clock(settings, db):
    """The county's clock stands on Friday 18 September."""
    settings.DEMO = True
    DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": round((NOW - timezone.now()).total_seconds())})
    forget_demo_clock()


@pytest.fixture
def late(play, in_force, supervisor, deliver):
    """A promise one working day over."""
    play.go("2026-09-07 09:00").accepted()
    deliver()
    fire_until("2026-09-18 09:00")
    return Card.objects.get(kind="promised", level=2)


def text(response):
    return response.content.decode()


class TestWhoSeesWhat:
    def test_the_board_says_who_is_late_and_opens_the_ledger(self, late, supervisor, signed_in):
        browser = signed_in(supervisor)
        found = text(browser.get(reverse("supervision:board")))
        assert "超过承诺期限一个工作日" in found
        assert "双峰县市场监督管理局" in found
        page = text(browser.get(reverse("supervision:card", args=[late.pk])))
        assert late.url in page
        assert "2026年9月16日" in page
        assert browser.get(late.url).status_code == 200, "the clock itself, in cases"

    def test_the_live_part_alone(self, late, supervisor, signed_in):
        answer = signed_in(supervisor).get(reverse("supervision:board"), headers={"HX-Request": "true"})
        assert "<h1" not in text(answer)

    def test_a_body_sees_its_own(self, late, small_county, signed_in):
        address = reverse("supervision:card", args=[late.pk])
        assert signed_in(small_county.case_officer).get(address).status_code == 200
        assert signed_in(small_county.department_head).get(address).status_code == 200
        assert signed_in(small_county.health_officer).get(address).status_code == 404
        assert signed_in(small_county.department_head).get(reverse("supervision:board")).status_code == 403

    def test_the_number_of_queries_does_not_grow(self, late, supervisor, django_assert_max_num_queries):
        with django_assert_max_num_queries(15):
            board.board(now=NOW, today=NOW.date())

    def test_every_figure_is_of_the_asked_bodies(self, late, small_county, supervisor):
        Card.objects.filter(pk=late.pk).update(doubt="台账已变", feedback_due_on=NOW.date() - timedelta(days=1))

        def figures(bodies):
            found = board.board(now=NOW, today=NOW.date(), bodies=bodies)
            levels = [level["n"] for level in found["levels"]]
            return levels, found["late_cases"], found["late_answers"], found["doubts"], len(found["late"])

        mine = [late.organization_id]
        elsewhere = list(Organization.objects.exclude(pk=late.organization_id).values_list("pk", flat=True))
        assert figures(mine) == ([1, 0, 0], 1, 1, 1, 2), "one case with a red and a yellow card counts once, as red"
        assert figures(elsewhere)[1:] == (0, 1, 0, 2), "the centre has cards of its own about the same case"
        assert figures(None)[1:] == (1, 2, 1, 4)
        late.refresh_from_db()
        put(late, Act.REVOKE, at=NOW)
        assert figures(mine) == ([1, 0, 0], 1, 0, 0, 1), "what is at an end is on no board"

    def test_without_rules_it_says_so(self, small_county, supervisor, signed_in):
        assert "还没有施行中的监察规则" in text(signed_in(supervisor).get(reverse("supervision:board")))


class TestForms:
    def post(self, browser, card, key, **data):
        card.refresh_from_db()
        address = reverse("supervision:act", args=[card.pk, key])
        assert browser.get(address).status_code == 200
        return browser.post(address, {"seen": card.row_version, **data})

    def test_the_way_of_a_card(self, late, supervisor, small_county, signed_in):
        head, judge = signed_in(small_county.department_head), signed_in(supervisor)
        assert self.post(head, late, "acknowledge").status_code == 302
        assert self.post(head, late, "explain", text="短").status_code == 422
        assert self.post(head, late, "explain", text="经办人休假，没有及时移交。").status_code == 302
        assert self.post(head, late, "appeal", text="当日已收到补交材料。").status_code == 302
        assert self.post(judge, late, "decide_appeal", result="send_back", text="记录显示没有收到。").status_code == 302
        assert self.post(judge, late, "verify", text="调阅台账，情况属实。").status_code == 302
        assert (
            self.post(judge, late, "order", title="清理超期办件", demand="五日内办结。", workdays=5).status_code == 302
        )
        assert self.post(judge, late, "close").status_code == 409
        order = late.orders.get()
        answer = reverse("supervision:order_act", args=[order.pk, "answer"])
        assert head.get(answer).status_code == 200
        assert head.post(answer, {"seen": order.row_version, "text": "已全部办结。"}).status_code == 302
        order.refresh_from_db()
        accept = reverse("supervision:order_act", args=[order.pk, "accept"])
        assert judge.post(accept, {"seen": order.row_version, "text": "核对无误。"}).status_code == 302
        assert self.post(judge, late, "close").status_code == 302
        late.refresh_from_db()
        assert late.state == "closed"
        for browser in (head, judge):
            assert browser.get(reverse("supervision:orders")).status_code == 200
            assert browser.get(reverse("supervision:order", args=[order.pk])).status_code == 200

    def test_who_may_not_is_told_why_before_typing(self, late, small_county, signed_in):
        found = text(signed_in(small_county.department_head).get(reverse("supervision:act", args=[late.pk, "verify"])))
        assert "<textarea" not in found

    def test_an_old_page_changes_nothing(self, late, supervisor, signed_in):
        address = reverse("supervision:act", args=[late.pk, "revoke"])
        answer = signed_in(supervisor).post(address, {"seen": 99, "text": "规则配置有误，撤销。"})
        late.refresh_from_db()
        assert (answer.status_code, late.state) == (409, "issued")

    def test_a_card_and_an_order_by_hand(self, in_force, supervisor, small_county, signed_in):
        browser = signed_in(supervisor)
        body = small_county.market.pk
        fields = {"organization": body, "level": 2, "heading": "窗口无人值守", "reason": "上午九时至十时窗口无人。"}
        assert browser.post(reverse("supervision:by_hand"), {**fields, "reason": ""}).status_code == 422
        assert browser.post(reverse("supervision:by_hand"), fields).status_code == 302
        order = {"organization": body, "title": "开展窗口作风整顿", "demand": "逐窗口排查并报告。", "workdays": 3}
        address = reverse("supervision:new_order")
        assert browser.post(address, order).status_code == 422, "a page names the act"
        order["once"] = browser.get(address).context["form"]["once"].value()
        assert browser.post(address, order).status_code == 302
        again = browser.post(address, order)
        issued = CorrectionOrder.objects.get()
        assert again.status_code == 409
        assert f"已经发出（{issued.name}）" in text(again)
        assert Notice.objects.filter(subject=f"order:{issued.pk}").count() == 1
        order["once"] = browser.get(address).context["form"]["once"].value()
        assert browser.post(address, order).status_code == 302, "the same again on purpose is another order"
        assert [card.code for card in cards()] == ["M-01"]


class TestLists:
    def test_narrowed_and_counted(self, late, supervisor, signed_in):
        browser, address = signed_in(supervisor), reverse("supervision:cards")
        for query in (
            "",
            "?scope=all",
            "?level=2",
            "?q=431321",
            f"?q={late.name}",
            "?department=market-regulation",
            "?from=2026-09-18",
        ):
            assert late.name in text(browser.get(address + query)), query
        for query in ("?level=3", "?scope=ended&level=2", "?to=2026-09-17", "?q=不存在的事项", "?scope=appeal"):
            assert late.name not in text(browser.get(address + query)), query

    def test_as_files(self, late, supervisor, signed_in):
        browser = signed_in(supervisor)
        table = text(browser.get(reverse("supervision:export_csv") + "?scope=all"))
        assert table.startswith("\ufeff卡号")
        assert late.name in table
        book = load_workbook(io.BytesIO(browser.get(reverse("supervision:export_xlsx")).content))
        assert any(late.name in row for row in book.active.iter_rows(values_only=True))


class TestRulePages:
    def test_from_draft_to_publication(self, in_force, supervisor, signed_in):
        browser = signed_in(supervisor)
        assert browser.get(reverse("supervision:rules")).status_code == 200
        assert browser.post(reverse("supervision:begin_rules"), {"profile": "strict-legal"}).status_code == 302
        draft = RuleSet.objects.get(state="draft")
        page = text(browser.get(reverse("supervision:rule_set", args=[draft.pk])))
        assert "尚无这类业务接入" in page
        rule = draft.rules.get(code="T-07")
        fields = {
            "enabled": "on",
            "mode": "overdue",
            "value": 1,
            "level": 1,
            "automatic": "True",
            "recipients": ["supervisor"],
        }
        assert browser.get(reverse("supervision:rule", args=[rule.pk])).status_code == 200
        assert browser.post(reverse("supervision:rule", args=[rule.pk]), {**fields, "value": 99}).status_code == 422
        assert browser.post(reverse("supervision:rule", args=[rule.pk]), fields).status_code == 302
        settings = {
            "document": "双监发〔2026〕3号",
            "note": "",
            "feedback_workdays": 3,
            "appeal_workdays": 5,
            "repeat_days": 30,
        }
        assert browser.post(reverse("supervision:rule_settings", args=[draft.pk]), settings).status_code == 302
        period = {"first": "2026-09-01", "last": "2026-09-30"}
        asked = browser.post(reverse("supervision:new_back_test", args=[draft.pk]), period)
        assert browser.get(asked.url).status_code == 200
        assert browser.post(reverse("supervision:publish_rules", args=[draft.pk])).status_code == 302
        draft.refresh_from_db()
        assert (draft.state, draft.document) == ("published", "双监发〔2026〕3号")
        assert "与前一版相比" in text(browser.get(reverse("supervision:rules")))

    def test_others_look_and_do_not_touch(self, in_force, small_county, signed_in):
        browser = signed_in(small_county.county_office)
        assert browser.get(reverse("supervision:rules")).status_code == 200
        assert browser.post(reverse("supervision:begin_rules"), {"profile": ""}).status_code == 403


class TestForecast:
    def test_what_comes_if_nobody_acts(self, play, in_force, supervisor, deliver):
        play.go("2026-09-16 09:00").accepted()
        deliver()
        found = forecast.coming(now=NOW, least=1)
        assert [(one.code, one.level, one.at) for one in found if one.watched.kind == "step"][0] == (
            "T-07",
            2,
            at("2026-09-19 00:00"),
        )
        # Then it happens exactly so.
        fire_until("2026-09-24 09:00")
        issued = {(card.code, card.level, card.threshold_at) for card in cards() if card.source == "cases"}
        coming = {(one.code, one.level, one.at) for one in found if one.at <= at("2026-09-24 09:00")}
        assert coming == issued
        assert {row["who"] for row in forecast.by_body(found)} >= {"承办人"}

    def test_if_they_answer_by_then(self, play, in_force, supervisor, deliver):
        play.go("2026-09-16 09:00").accepted()
        deliver()
        health = play.task("health")
        soon = forecast.simulate(case_id=play.case.pk, answers={health.pk: date(2026, 9, 18)}, today=NOW.date())
        assert [row["kept"] for row in soon.limits] == [True, True]
        late = forecast.simulate(case_id=play.case.pk, answers={health.pk: date(2026, 9, 29)}, today=NOW.date())
        promised = next(row for row in late.limits if "承诺" in str(row["label"]))
        assert (promised["kept"], late.decided_on) == (False, date(2026, 10, 8))
        assert [(card["rule"].code, card["rule"].level) for card in late.cards] == [("T-01", 1), ("T-01", 2)]

    def test_not_into_the_past_and_not_when_nothing_is_open(self, play, in_force, supervisor, deliver):
        play.go("2026-09-16 09:00").decided()
        with pytest.raises(NotFound):
            forecast.simulate(case_id=play.case.pk, answers={}, today=NOW.date())
        with pytest.raises((Invalid, NotFound)):
            forecast.simulate(case_id=play.case.pk, answers={1: date(2026, 9, 1)}, today=NOW.date())

    def test_its_pages(self, play, in_force, supervisor, deliver, signed_in):
        play.go("2026-09-16 09:00").accepted()
        deliver()
        browser = signed_in(supervisor)
        assert "如果…" in text(browser.get(reverse("supervision:forecast") + "?show=all"))
        address = reverse("supervision:simulator", args=[play.case.pk])
        assert browser.get(address).status_code == 200
        name = f"step-{play.task('health').pk}"
        assert "守得住" not in text(browser.get(f"{address}?{name}=2026-09-29"))
        assert browser.get(f"{address}?{name}=2026-09-01").status_code == 422


class TestPatterns:
    PERIOD = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}

    def found(self, key):
        return next(one for one in patterns.found(**self.PERIOD) if one.key == key).hits

    def test_an_honest_case_shows_nothing(self, play, in_force):
        play.go("2026-09-07 09:00").delivered()
        assert [one.key for one in patterns.found(**self.PERIOD) if one.hits] == []

    def test_special_procedures(self, play, in_force):
        """Three that end on their last day, all approved by one person, one of them entered a week later."""
        play.go("2026-09-07 09:00").accepted()
        for start, end in (
            ("2026-09-07 10:00", "2026-09-09 10:00"),
            ("2026-09-09 11:00", "2026-09-11 10:00"),
            ("2026-09-14 09:00", "2026-09-16 09:00"),
        ):
            play.go(start)
            cases.suspend(
                case_id=play.case.pk,
                kind="site",
                planned_workdays=2,
                reason="现场核查。",
                by=play.county.case_officer,
                at=play.now,
            )
            play.go(end)
            cases.resume(case_id=play.case.pk, result="核查合格。", by=play.county.case_officer, at=play.now)
        assert [len(hit.cases) for hit in self.found("exact")] == [1]
        assert len(self.found("clustered")) == 1
        assert self.found("afterwards") == []
        first = Suspension.objects.filter(case=play.case).first()
        event = next(
            e for e in CaseEvent.objects.filter(case=play.case, kind="suspend") if e.data["suspension"] == first.pk
        )
        CaseEvent.objects.filter(pk=event.pk).update(recorded_at=event.recorded_at + timedelta(days=7))
        assert len(self.found("afterwards")) == 1

    def test_a_batch_and_one_person_twice(self, play, in_force):
        for _n in range(3):
            play.go("2026-09-07 09:00").decided()
        assert len(self.found("batches")) == 1
        assert self.found("duties") == []

    def test_its_page(self, in_force, supervisor, signed_in):
        assert signed_in(supervisor).get(reverse("supervision:patterns")).status_code == 200


class TestIndicators:
    PERIOD = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}

    @pytest.fixture
    def worked(self, play, in_force, deliver):
        """Of three cases one was decided on the same day, one on the tenth day (late), one is open."""
        play.go("2026-09-07 09:00").decided()
        play.go("2026-09-07 09:00").reviewed().go("2026-09-21 15:00")
        cases.decide(
            case_id=play.case.pk, outcome="grant", opinion="符合条件，准予。", by=play.county.approver, at=play.now
        )
        Clock.objects.filter(case=play.case, kind="promised").update(elapsed_at=at("2026-09-17 00:00"))
        play.go("2026-09-08 09:00").accepted()
        deliver()
        return play

    def test_rates_of_period_and_cohort(self, worked):
        one = performance.measured(**self.PERIOD)[0]
        assert (one.accepted, one.decided, one.on_time, one.cohort_decided) == (3, 2, 1, 2)
        assert (one.on_time_percent, one.period_percent, one.cohort_percent) == (33.3, 66.7, 66.7)
        assert (one.p50, one.p90) == (0, 11)

    def test_long_special_procedures_earn_nothing(self, worked):
        before = performance.measured(**self.PERIOD)[0]
        assert before.speed_gross == before.speed_net
        Suspension.objects.create(
            case=cases.Case.objects.order_by("pk")[1],
            kind="hearing",
            name="听证",
            basis="《行政许可法》第四十七条",
            clocks=["statutory", "promised"],
            planned_workdays=9,
            reason="听证",
            started_on=date(2026, 9, 7),
            ended_on=date(2026, 9, 18),
            approved_by=worked.county.case_officer,
        )
        after = performance.measured(**self.PERIOD)[0]
        assert after.speed_gross > after.speed_net
        assert after.special_percent > 0

    def test_points_come_from_the_model(self, worked, supervisor):
        fire_until("2026-09-22 09:00")
        one = performance.measured(**self.PERIOD)[0]
        points = performance.score(one)
        yellow, red = one.cards.get(2, 0), one.cards.get(3, 0)
        lines = {str(line["label"]): line["points"] for line in points["lines"]}
        assert lines.get("黄牌", 0) == -min(5 * yellow, 50)
        assert lines.get("红牌", 0) == -min(10 * red, 100)
        assert points["points"] == max(100 + sum(lines.values()), 0)

    def test_a_number_opens_its_cases(self, worked, supervisor, signed_in):
        browser = signed_in(supervisor)
        page = text(browser.get(reverse("supervision:performance") + "?first=2026-09-01&last=2026-09-30"))
        assert "33.3%" in page
        opened = {
            kind: browser.get(
                reverse("supervision:opened", args=[kind])
                + "?first=2026-09-01&last=2026-09-30&department=market-regulation"
            )
            for kind in ("accepted", "decided", "late", "undecided")
        }
        assert {kind: answer.context["page"].paginator.count for kind, answer in opened.items()} == {
            "accepted": 3,
            "decided": 2,
            "late": 2,
            "undecided": 1,
        }

    def test_everybody_sees_rates_and_nothing_else(self, worked, client):
        page = text(client.get(reverse("supervision:on_time")))
        assert "双峰县市场监督管理局" in page
        assert "431321-" not in page

    def test_the_weekly_brief(self, worked, supervisor, signed_in):
        fire_until("2026-09-18 09:00")
        answer = signed_in(supervisor).get(reverse("supervision:brief"))
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")
        said = weekly.content(until=date(2026, 9, 24), now=NOW)
        assert said["county"] == str(product.COUNTY_NAME)
        assert said["counts"]


def test_the_desk_shows_what_waits(late, small_county, supervisor, signed_in):
    assert "答复黄牌：超过承诺期限一个工作日" in text(signed_in(small_county.department_head).get("/desk/"))
    supervision.explain(card_id=late.pk, text="经办人休假。", by=small_county.case_officer, at=NOW)
    assert "核实整改情况" in text(signed_in(supervisor).get("/desk/"))

"""What officials see: the next thing to do on top, the next file at hand, typed words kept, lists and figures that agree."""

import math
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.approvals.cases.play import Play, another
from tests.factories import grant, make_official, make_resident
from zhengtong.approvals.cases import figures, listing, screens
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.models import Case
from zhengtong.foundation.calendars import public as calendars
from zhengtong.foundation.calendars.models import DemoClock


@pytest.fixture
def open_(play, signed_in, settings):
    """`open_(user)`: a browser of that person at the time of the play, whatever the machine's clock says."""
    settings.DEMO = True

    def run(user) -> Client:
        offset = math.ceil((play.later(minutes=1) - timezone.now()).total_seconds())
        DemoClock.objects.update_or_create(pk=1, defaults={"offset_seconds": offset})
        calendars.forget_demo_clock()
        return signed_in(user)

    yield run
    calendars.forget_demo_clock()


def page_of(client: Client, play: Play) -> str:
    return client.get(f"/cases/{play.case.pk}/").content.decode()


def buttons(play: Play, user) -> screens.Buttons:
    return screens.buttons_of(play.fresh, cases.actions(play.fresh, user, at=play.later(minutes=1)))


def labels(found) -> list[str]:
    return [button.label for button in found]


# --- what to do next ----------------------------------------------------------------------------------------------------


def test_what_moves_the_case_on_is_the_big_button(play, small_county):
    window = small_county.window_officer
    play.submitted()
    assert labels(buttons(play, window).main) == ["收件"]
    assert labels(buttons(play, window).exits) == ["不予受理", "代办撤回申请"]
    play.case = cases.receive(case_id=play.case.pk, by=window, at=play.later(hours=1))
    assert labels(buttons(play, window).main) == []  # nothing moves on before the papers are judged
    play.judge()
    assert labels(buttons(play, window).main) == ["受理并转办"]
    play.judge("defective", "illegible")


def test_a_defect_makes_the_notice_the_big_button(play, small_county):
    play.received().judge("defective", "illegible", "重新扫描")
    found = buttons(play, small_county.window_officer)
    assert labels(found.main) == ["一次性告知补正"]
    assert "受理" in [action.label for action in found.impossible]


def test_every_refused_action_says_why(play, small_county):
    play.accepted()
    found = buttons(play, small_county.approver)
    assert found.impossible
    assert all(action.why_not for action in found.impossible)


def test_who_signs_may_also_send_back_once_there_is_an_earlier_step(play, small_county):
    play.accepted()
    assert not [b for b in buttons(play, small_county.case_officer).more if "退回" in b.label]
    play.done("review", small_county.case_officer).done("health", small_county.health_officer)
    found = buttons(play, small_county.section_head)
    assert labels(found.main) == ["签署意见：check"]
    assert "退回：check" in labels(found.more)


def test_the_first_of_two_signers_waits_for_the_second(small_county, applicant):
    groups = [
        {
            "no": 1,
            "mode": "single",
            "steps": [
                {
                    "key": "site",
                    "name": "勘验",
                    "role": "site_inspector",
                    "kind": "handle",
                    "workdays": 2,
                    "min_officers": 2,
                }
            ],
        },
        {
            "no": 2,
            "mode": "single",
            "steps": [{"key": "decision", "name": "决定", "role": "approver", "kind": "decide", "workdays": 1}],
        },
    ]
    play = Play(small_county, applicant, steps=groups).accepted()
    first, second = (
        another(small_county, "site_inspector", "inspector1"),
        another(small_county, "site_inspector", "inspector2"),
    )
    play.done("site", first)
    assert labels(buttons(play, first).main) == []
    assert "由另一人签署" in next(a.why_not for a in buttons(play, first).impossible if a.key == "step")
    assert labels(buttons(play, second).main) == ["签署意见：勘验"]


# --- the next file --------------------------------------------------------------------------------------------------------


def test_the_next_file_is_the_one_after_this(play, small_county):
    window, found = small_county.window_officer, []
    for _number in range(3):
        play.submitted()
        found.append(play.case)
    after = [screens.next_todo(case, window, at=play.now).url for case in found]
    assert after == [f"/cases/{case.pk}/" for case in (found[1], found[2], found[0])]


def test_after_the_last_file_there_is_no_next(play, small_county, open_):
    play.submitted()
    assert screens.next_todo(play.case, small_county.window_officer, at=play.now) is None
    assert 'data-key="n"' not in page_of(open_(small_county.window_officer), play)


def test_a_step_that_waits_for_somebody_else_is_not_my_next(small_county, applicant):
    groups = [
        {
            "no": 1,
            "mode": "single",
            "steps": [
                {
                    "key": "site",
                    "name": "勘验",
                    "role": "site_inspector",
                    "kind": "handle",
                    "workdays": 2,
                    "min_officers": 2,
                }
            ],
        },
        {
            "no": 2,
            "mode": "single",
            "steps": [{"key": "decision", "name": "决定", "role": "approver", "kind": "decide", "workdays": 1}],
        },
    ]
    play = Play(small_county, applicant, steps=groups)
    first = another(small_county, "site_inspector", "inspector1")
    signed = play.accepted().done("site", first).case
    fresh = play.accepted().case
    assert screens.next_todo(signed, first, at=play.now).url == f"/cases/{fresh.pk}/"
    assert screens.next_todo(fresh, first, at=play.now) is None


# --- judging --------------------------------------------------------------------------------------------------------------


def test_all_in_order_with_one_button(play, small_county, open_):
    play.received()
    client = open_(small_county.window_officer)
    client.post(f"/cases/{play.case.pk}/judge/", {"seen": play.case.row_version, "all": "1"})
    judged = dict(play.case.checklist.values_list("material_no", "judgement"))
    assert judged == {1: "ok", 2: "shared", 3: "not_needed"}
    assert "受理并转办" in page_of(client, play)


def test_all_in_order_leaves_what_was_chosen(play, small_county, open_):
    play.received()
    posted = {"seen": play.case.row_version, "all": "1", "judgement-1": "defective", "problem-1": "illegible"}
    open_(small_county.window_officer).post(f"/cases/{play.case.pk}/judge/", posted)
    assert play.case.checklist.get(material_no=1).judgement == "defective"


def test_a_refused_judgement_comes_back_as_typed(play, small_county, open_):
    play.received()
    posted = {"seen": play.case.row_version, "judgement-1": "defective", "remark-1": "请补盖公章"}
    answer = open_(small_county.window_officer).post(f"/cases/{play.case.pk}/judge/", posted)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请选择存在的问题" in page
    assert "请补盖公章" in page
    assert re.search(r'value="defective" checked', page)
    assert play.case.checklist.get(material_no=1).judgement == "pending"


# --- forms of actions -----------------------------------------------------------------------------------------------------


def test_a_usual_sentence_is_opinion_enough(play, small_county, open_):
    play.accepted()
    task = play.task("review")
    posted = {
        "seen": play.fresh.row_version,
        "conclusion": "agree",
        "phrase": "材料齐全，符合法定形式，同意。",
        "opinion": "",
    }
    answer = open_(small_county.case_officer).post(f"/cases/{play.case.pk}/do/step/{task.pk}/", posted)
    assert answer.status_code == 302
    assert task.acts.get().opinion == "材料齐全，符合法定形式，同意。"


def test_who_disagrees_writes_the_reasons(play, small_county, open_):
    play.accepted()
    task = play.task("review")
    posted = {"seen": play.fresh.row_version, "conclusion": "disagree", "phrase": "材料齐全，符合法定形式，同意。"}
    answer = open_(small_county.case_officer).post(f"/cases/{play.case.pk}/do/step/{task.pk}/", posted)
    assert answer.status_code == 422
    assert "请填写办理意见" in answer.content.decode()
    assert not task.acts.exists()


def test_a_refusal_is_not_founded_on_the_words_of_a_grant(play, small_county, open_):
    play.reviewed()
    posted = {
        "seen": play.fresh.row_version,
        "outcome": "refuse",
        "reason": "conditions_not_met",
        "hearing": "not_required",
        "opinion": "符合法定条件、标准，准予。",
    }
    answer = open_(small_county.approver).post(f"/cases/{play.case.pk}/do/decide/", posted)
    assert answer.status_code == 422
    assert play.fresh.state == "in_process"


def test_a_stale_form_keeps_the_words_and_can_be_confirmed(play, small_county, open_):
    play.accepted()
    old, task = play.case.row_version, play.task("review")
    play.done("health", small_county.health_officer)
    client, url = open_(small_county.case_officer), f"/cases/{play.case.pk}/do/step/{task.pk}/"
    posted = {"seen": old, "conclusion": "agree", "opinion": "场所与图纸一致"}
    answer = client.post(url, posted)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "场所与图纸一致" in page
    seen = re.search(r'name="seen" value="(\d+)"', page).group(1)
    assert client.post(url, {**posted, "seen": seen}).status_code == 302


def test_an_action_that_cannot_be_taken_says_so_before_anything_is_typed(play, small_county, open_):
    play.accepted()
    page = open_(small_county.window_officer).get(f"/cases/{play.case.pk}/do/accept/").content.decode()
    assert "办件现在是“办理中”" in page
    assert 'name="seen"' not in page


def test_the_head_revokes_a_licence_and_the_public_page_says_so(play, small_county, client, open_):
    play.delivered()
    assert "change_licence" not in open_(small_county.case_officer).get(f"/cases/{play.case.pk}/").content.decode()
    head = open_(small_county.department_head)
    url = f"/cases/{play.case.pk}/do/change_licence/"
    assert url in head.get(f"/cases/{play.case.pk}/").content.decode()
    seen = play.fresh.row_version
    assert head.post(url, {"seen": seen, "reason": "以欺骗手段取得"}).status_code == 422
    given = {"seen": seen, "licence_state": "revoked", "reason": "以欺骗手段取得", "sure": "on"}
    assert head.post(url, given).status_code == 302
    shown = client.get(f"/verify/{play.fresh.licence.paper.verify_code}/").content.decode()
    assert "已撤销" in shown


def test_the_counter_hands_in_a_supplement(play, small_county, open_):
    play.received().judge("defective", "illegible", "重新扫描")
    cases.notify_defects(case_id=play.case.pk, by=small_county.window_officer, at=play.later(minutes=5))
    assert labels(buttons(play, small_county.window_officer).main) == ["代交补正材料"]
    client = open_(small_county.window_officer)
    url = f"/cases/{play.case.pk}/do/supplement/"
    answer = client.post(url, {"seen": play.fresh.row_version})
    assert answer.status_code == 409
    assert "还没有上传" in answer.content.decode()
    play.later(minutes=5)
    play.paper()
    assert open_(small_county.window_officer).post(url, {"seen": play.fresh.row_version}).status_code == 302
    assert play.fresh.state == "received"


# --- who looks on ---------------------------------------------------------------------------------------------------------


def test_who_only_looks_on_sees_masked_numbers_and_no_buttons(play, small_county, open_):
    play.accepted()
    page = page_of(open_(small_county.county_office), play)
    assert "您现在没有可办理的操作" in page
    assert play.case.applicant_id_number not in page
    assert play.case.applicant_phone not in page


# --- lists and figures ----------------------------------------------------------------------------------------------------


def test_the_list_begins_with_what_is_in_hand_by_due_day(play, small_county):
    play.delivered()
    late = play.go("2026-09-22 09:00").accepted().case
    soon = play.go("2026-09-23 09:00").accepted().case
    mine = listing.visible(small_county.window_officer, today=play.now.date())
    found = listing.narrowed(mine, {}, today=play.now.date())
    assert list(found) == [late, soon]


@pytest.mark.parametrize("scope", [*listing.SCOPES, *listing.SPECIAL])
def test_tabs_count_what_they_open(play, small_county, scope):
    play.delivered()
    play.accepted()
    play.submitted()
    today = (play.now + timedelta(days=30)).date()
    mine = listing.visible(small_county.window_officer, today=today)
    found = listing.narrowed(mine, {"scope": scope}, today=today)
    counted = {tab["url"]: tab["count"] for tab in listing.tabs(listing.counted(mine, {}, today=today), {})}
    assert counted.get(f"?scope={scope}", found.count()) == found.count()


def test_words_are_looked_for_everywhere(play, small_county, open_):
    play.delivered()
    client = open_(small_county.window_officer)
    assert play.case.spoken_number not in client.get("/cases/").content.decode()
    for words in (play.fresh.spoken_number, "王小明", "小餐饮", "catering"):
        assert play.case.spoken_number in client.get("/cases/", {"q": words}).content.decode(), words


def test_the_file_of_the_list_masks_people_and_runs_no_formula(play, small_county, open_):
    play.accepted()
    Case.objects.filter(pk=play.case.pk).update(applicant_kind="enterprise", applicant_name="=cmd|' /C calc'!A0")
    answer = open_(small_county.window_officer).get("/cases/export.csv")
    text = answer.content.decode("utf-8-sig")
    assert "attachment" in answer["Content-Disposition"]
    assert play.fresh.applicant_id_number not in text
    assert ",=cmd" not in text
    assert "'=cmd" in text


def test_every_figure_opens_as_many_cases_as_it_counts(play, small_county, open_):
    play.delivered()
    play.accepted()
    play.go("2026-11-20 09:00")
    cases.fire(now=play.now)
    today = play.now.date()
    board = figures.board(today=today)
    mine = listing.visible(small_county.county_office, today=today)

    def behind(**query: str) -> int:
        return listing.narrowed(mine, query, today=today).count()

    assert board["in_hand"] == behind(scope="open") > 0
    assert board["late"] == behind(scope="overdue", clock="promised") > 0
    assert board["stuck_cases"] == behind(scope="stuck") > 0
    assert board["deemed"] == behind(scope="deemed")
    for row in board["stuck"]:
        assert row["n"] == behind(scope="stuck", clock=row["kind"])
    for row in board["departments"]:
        assert row["open"] == behind(scope="open", department=row["body"].code)
        assert row["late"] == behind(scope="overdue", clock="promised", department=row["body"].code)


def test_the_board_shows_the_accepted_by_force_of_law(play, small_county, open_):
    play.received()
    play.go("2026-10-20 09:00")
    cases.fire(now=play.now)
    page = open_(small_county.county_office).get("/cases/figures/").content.decode()
    assert play.fresh.deemed_accepted
    assert play.case.spoken_number in page
    assert "%%" not in page


def test_figures_are_for_the_county_office(play, small_county, open_):
    assert open_(small_county.case_officer).get("/cases/figures/").status_code == 403
    assert open_(small_county.county_head).get("/cases/figures/").status_code == 200


# --- the window -----------------------------------------------------------------------------------------------------------


def test_of_two_people_with_one_phone_the_chosen_one_is_served(play, small_county, open_):
    first = make_resident(901, "李大", phone="13800007777")
    second = make_resident(902, "李二", phone="13800007777")
    client = open_(small_county.window_officer)
    client.post("/window/", {"number": "13800007777"})
    client.post("/window/matters/", {"person": "13800007777", "which": "1"})
    shown = client.get("/window/matters/").content.decode()
    assert second.display_name in shown
    assert first.display_name not in shown


def test_looking_for_a_number_does_not_scold_the_empty_form(play, small_county, open_):
    page = open_(small_county.window_officer).post("/window/", {"number": "13899998888"}).content.decode()
    assert "没有找到已登记的办事人" in page
    assert "请填写姓名" not in page


def test_the_whole_filing_at_the_window(play, small_county, open_):
    client = open_(small_county.window_officer)
    card = play.applicant.resident_id
    client.post("/window/matters/", {"person": card, "which": "0"})
    assert "小餐饮经营许可" in client.get("/window/matters/").content.decode()
    url = client.post("/window/begin/", {"matter": "test-licence"})["Location"]
    wrong = client.post(url, {"shop": "永丰米粉", "area": "2", "file": "1"})
    assert wrong.status_code == 422
    assert "永丰米粉" in wrong.content.decode()
    done = client.post(url, {"shop": "永丰米粉", "area": "60", "file": "1"}, follow=True)
    page = done.content.decode()
    case = Case.objects.get(acceptance_point=small_county.centre)
    assert case.state == "received"
    assert case.assisted_by_id == small_county.window_officer.pk
    assert f"/papers/{case.papers.get(kind='receipt').pk}.pdf" in page
    assert "请打印接收凭证" in page
    # The next filing begins with the next person.
    assert client.get("/window/matters/")["Location"] == "/window/"


def test_unfiled_drafts_are_found_again(play, small_county, open_):
    client = open_(small_county.window_officer)
    client.post("/window/matters/", {"person": play.applicant.resident_id, "which": "0"})
    url = client.post("/window/begin/", {"matter": "test-licence"})["Location"]
    assert url in client.get("/window/").content.decode()
    colleague = make_official("colleague", "同事")
    grant(colleague, "window_officer", small_county.centre)
    assert url not in open_(colleague).get("/window/").content.decode()

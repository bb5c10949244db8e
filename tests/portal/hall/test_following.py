"""My cases, supplement, withdraw, rate, progress by code, papers."""

from zhengtong.approvals.cases import public as cases
from zhengtong.security.audit.models import AuditEntry


def text(response):
    return response.content.decode()


def test_my_cases_lists_mine_and_finds_them(browser, play, signed_in, stranger):
    play.submitted()
    assert play.case.spoken_number in text(browser.get("/my/"))
    assert play.case.spoken_number in text(browser.get(f"/my/?tab=all&q={play.case.spoken_number}"))
    assert "没有找到相符的办件" in text(browser.get("/my/?q=没有这个"))
    assert play.case.spoken_number not in text(signed_in(stranger).get("/my/?tab=all"))


def test_the_list_needs_the_same_queries_for_one_and_for_many(browser, play, django_assert_max_num_queries):
    play.submitted()
    browser.get("/my/")
    with django_assert_max_num_queries(30) as one:
        browser.get("/my/")
    for _n in range(6):
        play.submitted()
    with django_assert_max_num_queries(30) as many:
        browser.get("/my/")
    assert len(many) == len(one)


def test_a_case_shows_status_next_actor_clock_history_and_papers(browser, play):
    play.accepted()
    shown = text(browser.get(f"/my/cases/{play.case.pk}/"))
    for words in (
        "部门正在办理",
        "下一步由谁办",
        "双峰县市场监督管理局",
        "clock__day",
        "受理通知书",
        play.case.query_code,
    ):
        assert words in shown
    clock = cases.Clock.objects.filter(case=play.case, kind="promised").get()
    assert "逐日明细" in text(browser.get(f"/my/cases/{play.case.pk}/clock/{clock.pk}/"))
    assert browser.get(f"/my/cases/{play.case.pk}/clock/999999/").status_code == 404


def test_strangers_learn_nothing(client, signed_in, stranger, play):
    play.certified()
    other = signed_in(stranger)
    paper = play.case.papers.first()
    for address in (
        f"/my/cases/{play.case.pk}/",
        f"/my/cases/{play.case.pk}/withdraw/",
        f"/my/cases/{play.case.pk}/supplement/",
        f"/my/cases/{play.case.pk}/rate/",
        f"/papers/{paper.pk}.pdf",
    ):
        assert other.get(address).status_code == 404, address
    assert client.get(f"/papers/{paper.pk}.pdf").status_code == 404
    assert client.get("/papers/999999.pdf").status_code == 404
    assert client.get(f"/progress/{play.case.pk}/").url == "/progress/"
    assert client.get(f"/progress/{play.case.pk}/rate/").status_code == 404


def test_a_paper_is_printed_once_and_an_officials_reading_is_on_record(browser, signed_in, play):
    play.received()
    paper = play.case.papers.get(kind="receipt")
    first = browser.get(f"/papers/{paper.pk}.pdf")
    assert b"".join(first.streaming_content).startswith(b"%PDF")
    kept = cases.Paper.objects.get(pk=paper.pk).attachment_id
    assert browser.get(f"/papers/{paper.pk}.pdf").status_code == 200
    assert cases.Paper.objects.get(pk=paper.pk).attachment_id == kept
    before = AuditEntry.objects.count()
    assert signed_in(play.county.window_officer).get(f"/papers/{paper.pk}.pdf").status_code == 200
    assert AuditEntry.objects.count() == before + 1
    assert signed_in(play.county.fire_officer).get(f"/papers/{paper.pk}.pdf").status_code == 404


def notified(play):
    play.received().judge("defective", "illegible", "请重新拍照")
    cases.notify_defects(case_id=play.case.pk, by=play.county.window_officer, at=play.later(minutes=5))
    return play.fresh


def test_the_notice_is_answered_item_by_item(browser, play, photo):
    case = notified(play)
    address = f"/my/cases/{case.pk}/supplement/"
    assert "请重新拍照" in text(browser.get(address))
    assert browser.post(address).status_code == 422
    browser.post(f"/apply/case/{case.pk}/materials/1/", {"files": photo()})
    assert "已重新上传" in text(browser.get(address))
    assert browser.post(address).url == f"/my/cases/{case.pk}/"
    assert play.fresh.state == "received"
    assert browser.post(address).status_code == 404


def test_what_is_asked_in_review_can_be_uploaded_even_when_the_matter_does_not_list_it(browser, play, photo):
    play.accepted()
    listed = play.case.checklist.first()
    items = [{"name": listed.name, "problem": "照片反光"}, {"name": "排烟合同", "how": "原件拍照"}]
    cases.request_in_review(case_id=play.case.pk, items=items, by=play.county.case_officer, at=play.later(minutes=5))
    address = f"/my/cases/{play.case.pk}/review-supplement/"
    added = play.case.checklist.get(name="排烟合同").material_no
    shown = text(browser.get(address))
    for no in (listed.material_no, added):
        assert f"/apply/case/{play.case.pk}/materials/{no}/" in shown
    assert browser.post(f"/apply/case/{play.case.pk}/materials/{added}/", {"files": photo()}).url == address
    assert "已重新上传" in text(browser.get(address))
    assert browser.get(f"/my/cases/{play.case.pk}/supplement/").status_code == 404
    assert browser.post(address).url == f"/my/cases/{play.case.pk}/"
    assert browser.get(address).status_code == 404


def test_withdrawing_asks_first_and_a_stale_page_is_refused(browser, play):
    play.submitted()
    address = f"/my/cases/{play.case.pk}/withdraw/"
    assert "撤回申请？" in text(browser.get(address))
    stale = browser.post(address, {"seen": play.case.row_version - 1, "reason": ""})
    assert stale.status_code == 409
    assert play.fresh.state == "submitted"
    assert browser.post(address, {"seen": play.case.row_version, "reason": "不办了"}).status_code == 302
    assert play.fresh.state == "withdrawn"
    assert browser.post(address, {"seen": play.case.row_version}).status_code == 409


def test_rating_is_given_once_in_stars(browser, play):
    play.delivered()
    address = f"/my/cases/{play.case.pk}/rate/"
    assert browser.post(address, {}).status_code == 422
    assert browser.post(address, {"stars": "5", "comment": "很快"}).status_code == 302
    assert play.fresh.rating.code == 1
    assert browser.post(address, {"stars": "1"}).status_code == 409
    assert "很快" not in text(browser.get(f"/my/cases/{play.case.pk}/"))


def test_a_licence_is_offered_to_download_and_verify(browser, client, play):
    play.delivered()
    licence = play.fresh.licence
    shown = text(browser.get(f"/my/cases/{play.case.pk}/"))
    assert licence.number in shown
    assert f"/verify/{licence.paper.verify_code}/" in shown
    assert browser.get(f"/papers/{licence.paper_id}.pdf?save=1")["Content-Disposition"].startswith("attachment")
    for code in (licence.paper.verify_code, licence.paper.verify_code.lower(), licence.number):
        found = text(client.get(f"/verify/{code}/"))
        assert licence.number in found
        assert "王小明" not in found


def test_verification_of_nonsense_is_a_plain_no(client, play):
    response = client.get("/verify/NOTACODE/")
    assert response.status_code == 404
    assert "没有查到" in text(response)
    assert client.get("/verify/?code=ABC").url == "/verify/ABC/"
    assert client.get("/verify/?code=").status_code == 422


def test_progress_by_number_and_code_is_masked(client, play):
    play.submitted()
    right = {"number": play.case.spoken_number, "code": play.case.query_code.lower()}
    response = client.post("/progress/", right)
    assert response.url == f"/progress/{play.case.pk}/"
    shown = text(client.get(response.url))
    assert "等窗口预审" in shown
    assert "王小明" not in shown
    assert play.case.applicant_id_number not in shown


def test_wrong_pairs_get_one_answer_and_then_a_closed_door(client, play):
    play.submitted()
    pairs = [
        (play.case.spoken_number, "WRONG"),
        ("431321-260101-00001-1", "WRONG"),
        ("", ""),
        ("汉字", "汉字"),
        ("x", "错"),
    ]
    answers = [client.post("/progress/", {"number": n, "code": c}) for n, c in pairs]
    assert {response.status_code for response in answers} == {422}
    sentence = "编号和查询码不符"
    assert [sentence in text(response) for response in answers] == [True, True, False, True, True]
    for _n in range(10):
        last = client.post("/progress/", {"number": "x", "code": "y"})
    assert last.status_code == 429
    right = {"number": play.case.spoken_number, "code": play.case.query_code}
    assert client.post("/progress/", right).status_code == 429


def test_rating_with_number_and_code(client, play):
    play.delivered()
    client.post("/progress/", {"number": play.case.spoken_number, "code": play.case.query_code})
    assert client.post(f"/progress/{play.case.pk}/rate/", {"stars": "3"}).status_code == 302
    assert play.fresh.rating.code == 3

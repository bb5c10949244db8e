"""From start to receipt, without scripts."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.matters import public as matters

KEY = "test-licence"


def begin(browser, applicant):
    response = browser.post(f"/apply/{KEY}/", {"principal": f"user:{applicant.pk}"})
    assert response.status_code == 302
    return cases.Case.objects.get()


def first_page(case):
    return matters.pages(case.version.elements.form)[0].key


def fill_in(browser, case):
    for page in matters.pages(case.version.elements.form):
        answers = {"shop": "永丰米粉", "area": "60"}
        response = browser.post(f"/apply/case/{case.pk}/page/{page.key}/", answers)
        assert response.status_code == 302, response.content.decode()
    return response.url


def test_a_resident_applies_from_start_to_receipt(browser, play, applicant, photo):
    case = begin(browser, applicant)
    assert fill_in(browser, case) == f"/apply/case/{case.pk}/materials/"
    assert "还没有上传" in browser.get(f"/apply/case/{case.pk}/materials/").content.decode()
    uploaded = browser.post(f"/apply/case/{case.pk}/materials/1/", {"files": [photo("一.png"), photo("二.png")]})
    assert uploaded.status_code == 302
    assert "已上传2个文件" in browser.get(f"/apply/case/{case.pk}/materials/").content.decode()
    check = browser.get(f"/apply/case/{case.pk}/check/").content.decode()
    assert "永丰米粉" in check
    assert applicant.resident_id not in check
    submitted = browser.post(f"/apply/case/{case.pk}/check/", {"declaration": "on"})
    assert submitted.url == f"/apply/case/{case.pk}/done/"
    case.refresh_from_db()
    done = browser.get(submitted.url).content.decode()
    assert case.spoken_number in done
    assert case.query_code in done
    assert "<svg" in done
    assert browser.get(f"/apply/case/{case.pk}/receipt.pdf").content.startswith(b"%PDF")


def test_submitting_twice_shows_the_first_receipt(browser, play, applicant):
    play.draft()
    address = f"/apply/case/{play.case.pk}/check/"
    first, second = browser.post(address, {"declaration": "on"}), browser.post(address, {"declaration": "on"})
    assert first.url == second.url == f"/apply/case/{play.case.pk}/done/"
    assert play.fresh.row_version == 1
    assert cases.Case.objects.count() == 1


def test_without_the_declaration_or_a_material_nothing_is_submitted(browser, play, applicant):
    case = begin(browser, applicant)
    fill_in(browser, case)
    address = f"/apply/case/{case.pk}/check/"
    assert browser.post(address, {}).status_code == 422
    refused = browser.post(address, {"declaration": "on"})
    assert refused.status_code == 422
    assert "布局图" in refused.content.decode()
    case.refresh_from_db()
    assert case.state == "draft"


def test_a_wrong_answer_is_shown_at_its_field_and_nothing_is_kept(browser, play, applicant):
    case = begin(browser, applicant)
    page = matters.pages(case.version.elements.form)[-1].key
    response = browser.post(f"/apply/case/{case.pk}/page/{page}/", {"shop": "米粉", "area": "3"})
    assert response.status_code == 422
    assert "5" in response.content.decode()
    case.refresh_from_db()
    assert "area" not in case.answers


def test_saving_half_a_page_keeps_what_was_typed_and_goes_to_my_cases(browser, play, applicant):
    case = begin(browser, applicant)
    response = browser.post(
        f"/apply/case/{case.pk}/page/{first_page(case)}/", {"shop": "米粉", "area": "", "save": "1"}
    )
    assert response.url == "/my/"
    case.refresh_from_db()
    assert case.answers["shop"] == "米粉"
    assert browser.get(f"/apply/case/{case.pk}/").status_code == 302


def test_an_upload_can_be_taken_back_until_it_is_submitted(browser, play):
    play.draft()
    [kept] = [f for rows in cases.files_of_materials(play.case).values() for f in rows]
    address = f"/apply/case/{play.case.pk}/files/{kept.public_id}/remove/"
    assert browser.get(address).status_code == 405
    assert browser.post(address).status_code == 302
    assert not cases.files_of_materials(play.case)
    assert browser.post(address).status_code == 404


def test_a_submitted_upload_stays(browser, play):
    play.submitted()
    [kept] = [f for rows in cases.files_of_materials(play.case).values() for f in rows]
    assert browser.post(f"/apply/case/{play.case.pk}/files/{kept.public_id}/remove/").status_code == 409
    assert cases.files_of_materials(play.case)


@pytest.mark.parametrize(
    ("upload", "status"),
    [
        (None, 422),
        (SimpleUploadedFile("x.pdf", b"", "application/pdf"), 422),
        (SimpleUploadedFile("x.pdf", b"MZ\x90\x00", "application/pdf"), 415),
    ],
)
def test_a_missing_empty_or_false_file_is_refused_with_a_sentence(browser, play, upload, status):
    play.draft()
    response = browser.post(f"/apply/case/{play.case.pk}/materials/1/", {"files": upload} if upload else {})
    assert response.status_code == status
    assert len(next(iter(cases.files_of_materials(play.case).values()))) == 1


def test_nobody_else_reaches_a_draft(signed_in, stranger, play, client):
    play.draft()
    base = f"/apply/case/{play.case.pk}"
    other = signed_in(stranger)
    for tail in (
        "/",
        "/materials/",
        "/materials/1/",
        "/check/",
        "/done/",
        "/receipt.pdf",
        f"/page/{first_page(play.case)}/",
    ):
        assert other.get(base + tail).status_code == 404, tail
        assert client.get(base + tail).status_code == 302, tail
    assert other.post(f"{base}/check/", {"declaration": "on"}).status_code == 404
    assert other.post(f"{base}/files/{uuid.uuid4()}/remove/").status_code == 404
    assert play.fresh.state == "draft"


def test_nobody_applies_in_anothers_name(browser, play, stranger):
    response = browser.post(f"/apply/{KEY}/", {"principal": f"user:{stranger.pk}"})
    assert response.status_code == 422
    assert not cases.Case.objects.exists()


def test_a_page_after_submission_leads_to_the_case(browser, play):
    play.submitted()
    address = f"/apply/case/{play.case.pk}/page/{first_page(play.case)}/"
    assert browser.get(address).url == f"/my/cases/{play.case.pk}/"
    assert browser.post(address, {"shop": "别的"}).url == f"/my/cases/{play.case.pk}/"
    assert play.fresh.answers["shop"] == "永丰米粉"


def test_an_unknown_page_or_material_is_not_found(browser, play):
    play.draft()
    assert browser.get(f"/apply/case/{play.case.pk}/page/nothing/").status_code == 404
    assert browser.get(f"/apply/case/{play.case.pk}/materials/99/").status_code == 404

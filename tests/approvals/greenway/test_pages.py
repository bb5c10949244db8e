"""The pages without a browser: the one form from the first question to the project page, the window, the acts, the picture."""

import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.approvals.greenway.play import PDF
from zhengtong.approvals.greenway import public as greenway
from zhengtong.foundation.calendars.public import official_now
from zhengtong.kernel.identifiers.resident_id import make_synthetic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(monkeypatch, shop):
    """The pages ask the county's clock: let it show the story's Monday."""
    from zhengtong.foundation.calendars.models import DemoClock

    monkeypatch.setattr("django.conf.settings.DEMO", True)
    from django.utils import timezone

    DemoClock.objects.create(pk=1, offset_seconds=round((shop.now - timezone.now()).total_seconds()))


def go(client, address, data=None):
    answer = client.post(address, data) if data is not None else client.get(address)
    while answer.status_code in (302, 303):
        address = answer["Location"]
        answer = client.get(address)
    return answer, address


ANSWERS = {"crowd": "true", "shop": "永丰米粉", "area": "60", "front_count": "2", "back_count": "3", "side_count": "1"}


def test_one_form_one_set_one_press(shop, signed_in):
    client = signed_in(shop.applicant)
    page, _ = go(client, "/one/")
    assert "开店一件事" in page.content.decode()
    page, _ = go(client, "/one/open-a-shop/")
    assert "back许可" in page.content.decode()
    page, address = go(client, "/one/open-a-shop/start/", {})
    assert page.status_code == 422
    key = re.search(r'name="principal"[^>]*value="([^"]+)"', page.content.decode())[1]
    page, address = go(client, "/one/open-a-shop/start/", {"principal": key})
    asked = []
    while "/page/" in address:
        html = page.content.decode()
        names = sorted(set(re.findall(r'name="(\w+)"', html)) & set(ANSWERS))
        asked += names
        page, address = go(client, address, {name: ANSWERS[name] for name in names})
    assert sorted(asked) == sorted(ANSWERS)  # every question once, those that all three branches ask too
    joint = greenway.JointCase.objects.latest("pk")
    for no in range(1, 5):
        upload = SimpleUploadedFile("图.pdf", PDF, "application/pdf")
        go(client, f"/one/apply/{joint.pk}/materials/{no}/", {"files": upload})
    check = f"/one/apply/{joint.pk}/check/"
    papers = {paper.name: paper for paper in greenway.papers(joint)}
    for number, paper in enumerate(papers.values(), 1):
        if not paper.by_sharing and not paper.files:
            upload = SimpleUploadedFile("图.pdf", PDF, "application/pdf")
            go(client, f"/one/apply/{joint.pk}/materials/{number}/", {"files": upload})
    page, address = go(client, check, {})
    assert page.status_code == 422
    page, address = go(client, check, {"declaration": "on"})
    assert address == f"/projects/{joint.project_id}/"
    assert "等待统一受理" in page.content.decode()
    # The window: one table, one press.
    clerk = signed_in(shop.county.window_officer)
    reception = f"/projects/stages/{joint.pk}/reception/"
    page, _ = go(clerk, reception)
    seen = re.search(r'name="seen" value="(\d+)"', page.content.decode())[1]
    page, _ = go(clerk, reception, {"seen": "²", "accept": "1"})
    assert page.status_code == 409
    page, address = go(clerk, reception, {"seen": seen, "accept": "1"})
    assert address == f"/projects/{joint.project_id}/"
    html = page.content.decode()
    assert "已转办，待签收" in html
    assert html.count("gantt__row") >= 3
    assert "等：front许可" in html
    page, _ = go(clerk, reception, {"seen": seen, "accept": "1"})
    assert page.status_code == 409
    # The department signs; the applicant sees the same.
    officer = signed_in(shop.county.health_officer)
    branch = greenway.Branch.objects.get(joint=joint, matter_key="back-licence")
    page, _ = go(officer, f"/projects/{joint.project_id}/")
    act = f"/projects/{joint.project_id}/do/sign/{branch.pk}/"
    assert act in page.content.decode()
    seen = re.search(r'name="seen" value="(\d+)"', page.content.decode())[1]
    page, _ = go(officer, act, {"seen": seen})
    assert "审查中" in page.content.decode()
    for address in (f"/projects/{joint.project_id}/", f"/projects/{joint.project_id}/print/", "/projects/"):
        assert go(client, address)[0].status_code == 200
    assert go(client, f"/projects/stages/{joint.pk}/clock/")[0].status_code == 200
    panel = officer.get(f"/cases/{branch.case_id}/").content.decode()
    assert "所属项目" in panel
    assert "等：front许可" in panel


def test_the_window_fills_it_in_for_somebody(shop, signed_in):
    clerk = signed_in(shop.county.window_officer)
    number = shop.applicant.resident_id
    page, _ = go(clerk, "/one/window/", {"number": number})
    assert shop.applicant.display_name in page.content.decode()
    page, address = go(clerk, "/one/window/", {"number": number, "which": "0", "template": "open-a-shop"})
    assert "/page/" in address
    project = greenway.Project.objects.latest("pk")
    assert project.assisted_by_id == shop.county.window_officer.pk
    assert go(signed_in(shop.county.fire_officer), address)[0].status_code == 404
    assert project.log.first().on_behalf_of == shop.applicant.display_name


def test_the_window_files_for_somebody_without_an_account(shop, signed_in, client):
    """王大妈 has no account: her card is enough. She takes a receipt home and follows the whole by its number and code."""
    clerk = signed_in(shop.county.window_officer)
    nobody, _ = go(clerk, "/one/window/", {"number": "13900009999"})
    assert "没有账号的办事人" in nobody.content.decode()
    card = {"walk_in": "1", "name": "王大妈", "id_number": make_synthetic(birth_on=date(1950, 3, 2), serial=77)}
    wrong = clerk.post("/one/window/", {**card, "id_number": "123"})
    assert wrong.status_code == 422
    page, _ = go(clerk, "/one/window/", card)
    assert "王大妈" in page.content.decode()
    page, address = go(clerk, "/one/window/", {"walked_in": "1", "which": "0", "template": "open-a-shop"})
    assert "/page/" in address
    project = greenway.Project.objects.latest("pk")
    assert (project.applicant_name, project.applicant_user, project.channel) == ("王大妈", None, "window")
    # The card is not kept for whoever stands at the counter next.
    assert clerk.post("/one/window/", {"walked_in": "1", "which": "0", "template": "open-a-shop"}).status_code == 404
    shop.project, shop.joint_id, shop.applicant = project, project.joints.get().pk, shop.county.window_officer
    assert clerk.get(f"/projects/{project.pk}/receipt/").status_code == 404
    greenway.answer_situation(joint_id=shop.joint_id, answers={"crowd": False}, by=shop.applicant, at=official_now())
    common = {"shop": "大妈米粉", "area": 60}
    greenway.answer_common(joint_id=shop.joint_id, answers=common, by=shop.applicant, at=official_now())
    for key in ("front", "back"):
        answers = {f"{key}_count": 2}
        greenway.answer_branch(branch_id=shop.branch(key).pk, answers=answers, by=shop.applicant, at=official_now())
    for name in ("平面图", "front说明", "back说明"):
        shop.paper(name)
    page, address = go(clerk, f"/one/apply/{shop.joint_id}/check/", {"declaration": "on"})
    assert address == f"/projects/{project.pk}/receipt/"
    receipt = page.content.decode()
    for told in (project.number, project.query_code, "front许可", shop.branch("front").case.spoken_number):
        assert told in receipt
    # Without an account; a wrong code learns nothing, another case neither.
    assert client.get(f"/progress/projects/{project.pk}/").status_code == 302
    given = {"number": project.number, "code": "AAAAAAAA"}
    assert client.post("/progress/", given).status_code == 422
    followed = client.post("/progress/", {**given, "code": project.query_code.lower()}, follow=True).content.decode()
    for told in ("开店一件事", "front许可", "back许可"):
        assert told in followed
    assert "王大妈" not in followed
    assert "front许可" in client.get(f"/progress/{shop.branch('front').case_id}/").content.decode()
    assert client.get("/progress/999999/").status_code == 302


def test_strangers_get_nothing(shop, signed_in):
    from tests.factories import make_resident

    shop.submitted()
    stranger = signed_in(make_resident(9, "刘外人"))
    for address in (
        f"/projects/{shop.project.pk}/",
        f"/one/apply/{shop.joint_id}/",
        f"/projects/stages/{shop.joint_id}/clock/",
    ):
        assert stranger.get(address).status_code == 404
    assert stranger.get(f"/projects/stages/{shop.joint_id}/reception/").status_code == 403
    assert stranger.post(f"/projects/{shop.project.pk}/do/accept/{shop.joint_id}/", {"seen": 1}).status_code == 404
    assert shop.joint.state == "submitted"

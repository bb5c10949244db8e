"""The pages without a browser: the one form from the first question to the project page, the window, the acts, the picture."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.approvals.greenway.play import PDF
from zhengtong.approvals.greenway import public as greenway

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

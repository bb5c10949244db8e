"""Pages of bodies: who may see, who may change, and what a refusal looks like."""

import pytest

from tests.factories import MONDAY, make_resident
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Membership, Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(small_county, signed_in):
    return signed_in(small_county.county_office)


def test_the_tree_shows_every_body_with_a_fixed_number_of_queries(
    small_county, manager, django_assert_max_num_queries
) -> None:
    manager.get("/organizations/")
    with django_assert_max_num_queries(12):
        page = manager.get("/organizations/").content.decode()
    for body in Organization.objects.all():
        assert body.name in page


@pytest.mark.parametrize(
    ("text", "found"), [("市场", "双峰县市场监督管理局"), ("市监局", "双峰县市场监督管理局"), ("荷叶", "荷叶村")]
)
def test_search_by_words_and_by_abbreviation(small_county, manager, text: str, found: str) -> None:
    assert found in manager.get("/organizations/", {"q": text}).content.decode()


def test_nothing_found_says_what_to_do(small_county, manager) -> None:
    assert "换个说法" in manager.get("/organizations/", {"q": "海洋渔业"}).content.decode()


def test_an_officer_reads_but_may_not_change(small_county, signed_in) -> None:
    client = signed_in(small_county.case_officer)
    page = client.get("/organizations/market-regulation/")
    assert page.status_code == 200
    assert "管理本机构" not in page.content.decode()
    for path in ("/organizations/new/", "/organizations/market-regulation/rename/"):
        assert client.get(path).status_code == 403
        assert client.post(path, {"name": "黑客局"}).status_code == 403
    assert not Organization.objects.filter(name="黑客局").exists()


def test_a_resident_and_a_stranger_are_kept_out(small_county, signed_in, client) -> None:
    assert signed_in(make_resident()).get("/organizations/").status_code == 403
    assert client.get("/organizations/").status_code == 302


def test_a_body_that_is_not_there_is_404(small_county, manager) -> None:
    assert manager.get("/organizations/ocean/").status_code == 404
    assert manager.get("/organizations/market-regulation/explode/").status_code == 404


@pytest.mark.parametrize("action", ["describe", "rename", "move", "dissolve", "alias", "post", "appoint"])
def test_every_change_has_a_form(small_county, manager, action: str) -> None:
    page = manager.get(f"/organizations/market-regulation/{action}/")
    assert page.status_code == 200
    assert "<h1>" in page.content.decode()


def test_set_up_renamed_merged_through_the_pages(small_county, manager) -> None:
    fields = {"code": "ocean", "name": "双峰县海洋局", "kind": "department", "parent": small_county.government.pk}
    assert manager.post("/organizations/new/", fields).status_code == 302
    assert manager.post("/organizations/ocean/rename/", {"name": "双峰县河湖局", "on": "2026-09-21"}).status_code == 302
    given = {"successor": small_county.market.pk, "kind": "merged", "on": "2026-09-21"}
    assert manager.post("/organizations/ocean/dissolve/", given).status_code == 302
    assert organizations.find_by_name("双峰县海洋局") == small_county.market
    assert "双峰县市场监督管理局" in manager.get("/organizations/ocean/").content.decode()
    assert "双峰县河湖局" in manager.get("/organizations/", {"state": "dissolved"}).content.decode()


def test_a_refusal_stands_at_its_field_with_422_and_nothing_changes(small_county, manager) -> None:
    fields = {
        "code": "market-regulation",
        "name": "又一个局",
        "kind": "department",
        "parent": small_county.government.pk,
    }
    page = manager.post("/organizations/new/", fields)
    assert page.status_code == 422
    assert "已经有机构使用" in page.content.decode()
    assert not Organization.objects.filter(name="又一个局").exists()


def test_appointed_by_login_name_and_ended(small_county, manager) -> None:
    before = Membership.objects.count()
    wrong = manager.post("/organizations/health/appoint/", {"user": "nobody", "valid_from": "2026-09-21"})
    assert wrong.status_code == 422
    assert "没有这个登录名" in wrong.content.decode()
    given = {"user": small_county.fire_officer.username, "valid_from": "2026-09-21"}
    assert manager.post("/organizations/health/appoint/", given).status_code == 302
    made = Membership.objects.latest("pk")
    assert Membership.objects.count() == before + 1
    end = f"/organizations/health/members/{made.pk}/end/"
    assert manager.post(end, {"until": "2026-12-31"}).status_code == 302
    assert manager.get(f"/organizations/fire-rescue/members/{made.pk}/end/").status_code == 404
    made.refresh_from_db()
    assert made.valid_until.isoformat() == "2026-12-31"


def test_another_app_fills_a_panel(small_county, manager, monkeypatch) -> None:
    from zhengtong.foundation.organizations.values import PANELS

    links = [organizations.PanelLink("食品经营许可", "/matters/1/", "20个工作日")]
    monkeypatch.setitem(PANELS, "test", organizations.Panel("test", "办理事项", lambda body: links))
    page = manager.get("/organizations/market-regulation/").content.decode()
    assert "办理事项" in page
    assert 'href="/matters/1/"' in page


def test_the_page_names_when_a_body_was_dissolved(small_county, manager) -> None:
    organizations.dissolve(
        organization=small_county.fire, successors=[small_county.health], on=MONDAY.date(), by=None, at=MONDAY
    )
    page = manager.get("/organizations/fire-rescue/").content.decode()
    assert "2026年9月21日" in page
    assert "双峰县卫生健康局" in page

"""The pages of authority, and the middleware in front of every page."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views import View

from zhengtong.config import urls as house_urls
from zhengtong.foundation.calendars.public import official_today
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel import access
from zhengtong.security.accounts.models import User
from zhengtong.security.pmi import public as pmi
from zhengtong.security.pmi.middleware import access_of
from zhengtong.security.pmi.models import RoleGrant

from ..people import NOW, PASSWORD, make_official

pytestmark = pytest.mark.django_db


@access.requires("audit.view")
def marked(request):
    return HttpResponse("in")


def unmarked(request):
    return HttpResponse("in")


@access.public
def open_to_all(request):
    return HttpResponse("in")


urlpatterns = [
    path("unmarked/", unmarked),
    path("marked/", marked),
    path("open/", open_to_all),
    *house_urls.urlpatterns,
]
handler403 = house_urls.handler403


def entered(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def chief(county, office) -> User:
    user = make_official("office.chief", "沈政务", organization=office)
    pmi.grant_role(
        user=user,
        role="county_office",
        organization=county,
        include_subtree=True,
        by=None,
        at=NOW,
        valid_from=NOW.date(),
    )
    return user


class TestMiddleware:
    pytestmark = [pytest.mark.urls(__name__)]

    def test_an_unmarked_view_is_refused_to_everybody(self, client, official, resident):
        for visitor in (client, entered(official), entered(resident)):
            assert visitor.get("/unmarked/").status_code == 403

    def test_a_public_view_is_open(self, client):
        assert client.get("/open/").content == b"in"

    def test_a_permission_is_asked_for(self, client, official, resident, office):
        assert client.get("/marked/").headers["location"].startswith("/account/login/?next=/marked/")
        assert entered(resident).get("/marked/").status_code == 403
        assert entered(official).get("/marked/").status_code == 403
        pmi.grant_role(user=official, role="auditor", organization=office, by=None, at=NOW, valid_from=NOW.date())
        assert entered(official).get("/marked/").content == b"in"

    def test_a_revoked_role_counts_from_the_next_request(self, official, office):
        grant = pmi.grant_role(
            user=official, role="auditor", organization=office, by=None, at=NOW, valid_from=NOW.date()
        )
        visitor = entered(official)
        assert visitor.get("/marked/").status_code == 200
        pmi.revoke_role(grant=grant, by=None, at=NOW, on=official_today())
        assert visitor.get("/marked/").status_code == 403

    def test_class_based_views_carry_the_mark_too(self):
        class Marked(View):
            pass

        assert access_of(access.public(Marked).as_view()) == access.Access("public")
        assert access_of(View.as_view()) is None


PAGES = ["/authority/", "/authority/new/", "/authority/policy/", "/audit/", "/audit/verification/"]


class TestLostFactors:
    """ASVS 6.4.4: a lost factor is taken away by another official who saw the identity card, never by its holder or from afar."""

    def test_seen_taken_away_and_on_record(self, chief, official):
        TOTP.activate(official, "JBSWY3DPEHPK3PXP")
        holder, visitor, address = entered(official), entered(chief), f"/authority/{official.pk}/reset-factors/"
        holder.get("/account/")
        assert visitor.post(address).status_code == 422
        assert Authenticator.objects.filter(user=official).exists()
        assert visitor.post(address, {"seen": "1"}).headers["location"] == f"/authority/{official.pk}/"
        assert not Authenticator.objects.filter(user=official).exists()
        assert holder.get("/account/").status_code == 302
        told = OutboxEvent.objects.get(name="accounts.FactorsReset")
        assert (told.actor_id, told.payload["evidence"], told.payload["count"]) == (chief.pk, "window", 1)
        assert visitor.post(address, {"seen": "1"}).status_code == 422

    def test_not_by_oneself_a_stranger_or_without_the_office(self, chief, official, resident):
        TOTP.activate(chief, "JBSWY3DPEHPK3PXP")
        for visitor in (chief, official, resident):
            assert entered(visitor).post(f"/authority/{chief.pk}/reset-factors/", {"seen": "1"}).status_code == 403
        assert Authenticator.objects.filter(user=chief).exists()
        assert entered(chief).post(f"/authority/{resident.pk}/reset-factors/", {"seen": "1"}).status_code == 404


class TestPages:
    def test_who_may_open_what(self, resident, official, chief, office):
        auditor = make_official("auditor", "周审计", organization=office)
        pmi.grant_role(user=auditor, role="auditor", organization=office, by=None, at=NOW, valid_from=NOW.date())
        expected = {
            "chief": {200: PAGES[:3], 403: PAGES[3:]},
            "auditor": {200: PAGES[2:], 403: PAGES[:2]},
            "official": {403: PAGES},
            "resident": {403: PAGES},
        }
        people = {"chief": chief, "auditor": auditor, "official": official, "resident": resident}
        for name, outcomes in expected.items():
            visitor = entered(people[name])
            for status, addresses in outcomes.items():
                assert {visitor.get(address).status_code for address in addresses} == {status}, name
        for address in PAGES:
            assert Client().get(address).status_code == 302

    def test_an_account_from_opening_to_working(self, chief, office):
        visitor = entered(chief)
        words = {"name": "张敏", "username": "zhang.min", "phone": "", "organization": office.pk}
        answer = visitor.post("/authority/new/", words)
        created = User.objects.get(username="zhang.min")
        assert answer.headers["location"] == f"/authority/{created.pk}/"
        page = visitor.get(f"/authority/{created.pk}/")
        once = page.context["once"]
        assert once in page.content.decode()
        assert once not in visitor.get(f"/authority/{created.pk}/").content.decode()

        grant = {"role": "approver", "organization": office.pk, "valid_from": official_today().isoformat()}
        assert visitor.post(f"/authority/{created.pk}/grant/", grant).status_code == 302
        assert pmi.can(created, "cases.decide", organization=office, on=official_today())

        other = Client()
        other.post("/account/login/", {"login": "zhang.min", "password": once})
        assert other.get("/authority/policy/").headers["location"] == "/account/password/change/"

    def test_a_refusal_is_shown_on_the_form(self, chief, official, office):
        pmi.grant_role(user=official, role="auditor", organization=office, by=None, at=NOW, valid_from=NOW.date())
        words = {"role": "system_admin", "organization": office.pk, "valid_from": official_today().isoformat()}
        answer = entered(chief).post(f"/authority/{official.pk}/grant/", words)
        assert answer.status_code == 422
        assert "三员分离" in answer.content.decode()
        assert official.role_grants.count() == 1

    def test_revoke_stand_in_close_and_reopen(self, chief, official, office):
        deputy = make_official("zhang.min", "张敏", organization=office)
        today = official_today()
        grant = pmi.grant_role(
            user=official, role="approver", organization=office, by=None, at=NOW, valid_from=NOW.date()
        )
        visitor = entered(chief)
        terms = {
            "valid_from": today.isoformat(),
            "valid_until": (today + timedelta(days=5)).isoformat(),
            "reason": "休假",
        }
        assert visitor.post(f"/authority/{official.pk}/stand-in/", {**terms, "stand_in": "nobody"}).status_code == 422
        assert (
            visitor.post(f"/authority/{official.pk}/stand-in/", {**terms, "stand_in": "zhang.min"}).status_code == 302
        )
        assert "代李华" in visitor.get(f"/authority/{deputy.pk}/").content.decode()
        visitor.post(f"/authority/grants/{grant.pk}/revoke/")
        assert not RoleGrant.objects.filter(valid_until__isnull=True, user=official).exists()
        assert visitor.post(f"/authority/{official.pk}/close/", {"reason": "left"}).status_code == 302
        assert visitor.post(f"/authority/{official.pk}/reopen/").status_code == 302
        official.refresh_from_db()
        assert official.is_active

    def test_an_administrator_of_one_body_leaves_another_alone(self, official, office, health):
        local = make_official("health.admin", "刘管理", organization=health)
        pmi.grant_role(user=local, role="security_admin", organization=health, by=None, at=NOW, valid_from=NOW.date())
        visitor = entered(local)
        today = official_today().isoformat()
        assert visitor.post(f"/authority/{official.pk}/reset-password/").status_code == 403
        assert visitor.post(f"/authority/{official.pk}/close/", {"reason": "left"}).status_code == 403
        words = {"role": "approver", "organization": office.pk, "valid_from": today}
        assert visitor.post(f"/authority/{official.pk}/grant/", words).status_code == 422
        official.refresh_from_db()
        assert official.is_active
        assert official.check_password(PASSWORD)
        assert not official.role_grants.exists()

    def test_residents_are_not_found_among_officials(self, chief, resident):
        visitor = entered(chief)
        assert visitor.get(f"/authority/{resident.pk}/").status_code == 404
        assert visitor.post(f"/authority/{resident.pk}/reset-password/").status_code == 404
        assert resident.display_name not in visitor.get("/authority/?state=all").content.decode()

    def test_strange_input_is_no_error(self, chief):
        visitor = entered(chief)
        for query in ("body=x", "body=99999", "page=zzz", "page=-1", "q=%25%27"):
            assert visitor.get(f"/authority/?{query}").status_code in (200, 404), query


class TestFourEyesAndWhy:
    def test_a_sensitive_grant_from_one_click_to_the_other(self, chief, county, office, official):
        second = make_official("second.chief", "宋副主任", organization=office)
        pmi.grant_role(
            user=second,
            role="county_office",
            organization=county,
            include_subtree=True,
            by=None,
            at=NOW,
            valid_from=NOW.date(),
        )
        sent = {"role": "auditor", "organization": office.pk, "valid_from": NOW.date().isoformat()}
        assert entered(chief).post(f"/authority/{official.pk}/grant/", sent).status_code == 302
        grant = RoleGrant.objects.get(user=official)
        address = f"/authority/grants/{grant.pk}/confirm/"
        assert "待另一人确认" in entered(chief).get(f"/authority/{official.pk}/").content.decode()
        assert address not in entered(chief).get(f"/authority/{official.pk}/").content.decode()
        assert entered(chief).post(address).status_code == 403
        assert entered(official).get("/audit/").status_code == 403
        assert address in entered(second).get(f"/authority/{official.pk}/").content.decode()
        assert entered(second).post(address).status_code == 302
        assert entered(official).get("/audit/").status_code == 200

    def test_why_says_the_rule_the_reason_and_who_may(self, chief, county, office, official):
        ask = {"person": official.username, "action": "accounts.manage", "organization": office.pk}
        page = entered(chief).get("/authority/why/", ask).content.decode()
        for said in ("不可以", "deny.no_post", "县政务办", chief.display_name, "没有，从来没有过"):
            assert said in page
        page = entered(chief).get("/authority/why/", {"action": "accounts.manage"}).content.decode()
        assert "role.county_office" in page

    def test_everybody_asks_about_themselves_only(self, chief, office, official):
        pmi.grant_role(user=official, role="case_officer", organization=office, by=None, at=NOW, valid_from=NOW.date())
        visitor = entered(official)
        assert "deny.no_post" in visitor.get("/authority/why/", {"action": "cases.decide"}).content.decode()
        others = visitor.get("/authority/why/", {"person": chief.username, "action": "cases.decide"})
        assert others.status_code == 403
        assert visitor.get("/authority/why/", {"person": "nobody", "action": "cases.decide"}).status_code == 422
        assert visitor.get("/authority/why/", {"action": "emperor", "organization": "x"}).status_code == 422

"""The decision service: deny by default, deny when nobody can tell, say why, and keep a record of what was refused."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.access import Access
from zhengtong.kernel.errors import NotAllowed
from zhengtong.security.pmi import public as pmi
from zhengtong.security.pmi.models import RoleGrant
from zhengtong.security.pmi.policy import PERMISSIONS

from ..people import NOW, TODAY, make_official
from .test_views import entered

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def give(user, role, body, **more) -> RoleGrant:
    return pmi.grant_role(user=user, role=role, organization=body, by=None, at=NOW, **{"valid_from": TODAY, **more})


class TestDecide:
    def test_an_allowed_decision_names_the_role_and_the_body(self, official, office):
        give(official, "approver", office)
        decision = pmi.decide(official, "cases.decide", office, at=NOW)
        assert (decision.allowed, decision.rule) == (True, "role.approver")
        assert "审批人" in decision.reason
        assert office.label in decision.reason

    def test_each_refusal_has_a_rule_and_a_sentence(self, official, resident, office, health):
        give(official, "case_officer", office)
        expected = {
            (resident, "cases.decide", office): "deny.account",
            (AnonymousUser(), "cases.decide", office): "deny.account",
            (official, "cases.decide", office): "deny.no_post",
            (official, "cases.accept", health): "deny.elsewhere",
            (official, "cases.abolish", office): "deny.no_policy",
        }
        for (user, action, body), rule in expected.items():
            decision = pmi.decide(user, action, body, at=NOW)
            assert (decision.allowed, decision.rule) == (False, rule)
            assert len(decision.reason) > 10

    def test_a_thing_without_a_rule_is_closed(self, official, office):
        give(official, "county_office", office)
        for thing in (OutboxEvent(), object(), 7, "case:1"):
            assert pmi.decide(official, "cases.view", thing, at=NOW).rule == "deny.no_policy"

    def test_an_engine_that_fails_denies(self, official, office):
        """T-AZ-6: the table of grants is gone; nobody may anything, and the day stands still for nobody else."""
        give(official, "county_office", office)
        fresh = type(official).objects.get(pk=official.pk)
        connection.check_constraints()  # PostgreSQL alters no table with checks outstanding
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE pmi_rolegrant RENAME TO pmi_gone")
        decision = pmi.decide(fresh, "roles.grant", office, at=NOW)
        assert (decision.allowed, decision.rule) == (False, "deny.engine")
        assert "稍后" in decision.reason

    def test_a_broken_question_denies(self, official, office):
        give(official, "county_office", office)
        assert not pmi.decide(official, "roles.grant", office, at="yesterday").allowed  # type: ignore[arg-type]
        assert pmi.decide_route(None, Access("official"), at=TODAY).rule == "deny.engine"

    def test_a_role_that_left_the_policy_gives_nothing(self, official, office):
        RoleGrant.objects.create(user=official, role="emperor", organization=office, valid_from=TODAY)
        assert not any(pmi.decide(official, permission, at=NOW).allowed for permission in PERMISSIONS)
        assert "无" in pmi.decide(official, "cases.view", at=NOW).reason

    def test_marks_nobody_knows_are_closed(self, official, office):
        give(official, "county_office", office)
        assert not pmi.decide_route(official, None, at=TODAY).allowed
        assert not pmi.decide_route(official, Access("everybody"), at=TODAY).allowed

    def test_demand_raises_what_the_rule_says(self, official, office):
        with pytest.raises(NotAllowed) as refusal:
            pmi.demand(official, "cases.decide", office, at=NOW)
        assert (refusal.value.rule, refusal.value.action) == ("deny.no_post", "cases.decide")


class TestRecord:
    def refusals(self) -> list[dict[str, object]]:
        return [row.payload for row in OutboxEvent.objects.filter(name="pmi.AccessRefused").order_by("id")]

    def test_a_refused_official_is_on_record_without_what_was_typed(self, official):
        entered(official).get("/authority/?q=王小明")
        (found,) = self.refusals()
        assert found == {
            "user_id": official.pk,
            "actor_id": official.pk,
            "action": "accounts.manage",
            "rule": "deny.no_post",
            "route": "authority/",
            "method": "GET",
        }

    def test_a_refusal_inside_the_operation_is_recorded_with_its_object(self, official, county, office, health):
        give(official, "security_admin", office)
        stranger = make_official("zhang.min", organization=health)
        assert entered(official).post(f"/authority/{stranger.pk}/reset-password/").status_code == 403
        (found,) = self.refusals()
        assert found["target"] == f"user_id={stranger.pk}"
        assert found["rule"] == "deny.accounts.manage"

    def test_residents_and_visitors_are_not_recorded(self, client, resident):
        client.get("/authority/")
        assert entered(resident).get("/authority/").status_code == 403
        assert self.refusals() == []

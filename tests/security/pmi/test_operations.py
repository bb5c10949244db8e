"""Authority is given by those who may, never to oneself, never against the separation of duties, and always for a time."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid, NotAllowed
from zhengtong.security.accounts import public as accounts
from zhengtong.security.pmi import public as pmi
from zhengtong.security.pmi import queries
from zhengtong.security.pmi.models import RoleGrant
from zhengtong.security.pmi.policy import CONFLICTS, PERMISSIONS, ROLES

from ..people import NOW, TODAY, make_official

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def give(user, role, organization, **more) -> RoleGrant:
    return pmi.grant_role(
        user=user, role=role, organization=organization, **{"by": None, "at": NOW, "valid_from": TODAY, **more}
    )


def can(user, permission, organization=None, on=TODAY) -> bool:
    fresh = type(user).objects.get(pk=user.pk)
    return pmi.can(fresh, permission, organization=organization, on=on)


@pytest.fixture
def grantor(county):
    user = make_official("office.chief", "沈政务")
    give(user, "county_office", county, include_subtree=True)
    return user


class TestDecisions:
    def test_nothing_is_allowed_by_default(self, official, office):
        assert not any(can(official, permission, office) for permission in PERMISSIONS)

    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_gives_its_permissions_there_and_nothing_else(self, role, official, office, health):
        give(official, role, office)
        assert {p for p in PERMISSIONS if can(official, p, office)} == ROLES[role].permissions
        assert not any(can(official, p, health) for p in PERMISSIONS)

    def test_every_permission_has_words_and_a_role(self):
        used = {permission for role in ROLES.values() for permission in role.permissions}
        assert used == set(PERMISSIONS)

    def test_a_subtree_reaches_down_only(self, official, county, office, health):
        give(official, "case_officer", office, include_subtree=True)
        assert can(official, "cases.view", office)
        assert not can(official, "cases.view", county)
        assert not can(official, "cases.view", health)

    def test_validity(self, official, office):
        give(official, "auditor", office, valid_from=TODAY + DAY, valid_until=TODAY + 2 * DAY)
        assert [can(official, "audit.view", on=TODAY + n * DAY) for n in range(4)] == [False, True, True, False]

    def test_a_closed_account_and_a_resident_may_nothing(self, official, resident, office):
        give(official, "auditor", office)
        accounts.deactivate(user=official, reason="left", by=None, at=NOW)
        assert not can(official, "audit.view")
        assert not can(resident, "audit.view")

    def test_the_refusal_says_who_may_and_what_one_is(self, official, office, health):
        give(official, "case_officer", office)
        with pytest.raises(NotAllowed) as refusal:
            pmi.require(official, "cases.decide", organization=office, on=TODAY)
        assert "审批人" in refusal.value.message
        assert "承办人" in refusal.value.message
        with pytest.raises(NotAllowed) as refusal:
            pmi.require(official, "cases.undertake", organization=health, on=TODAY)
        assert "其他单位" in refusal.value.message

    @given(first=st.integers(-5, 5), length=st.integers(0, 5), on=st.integers(-12, 12))
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_grant_holds_on_its_days_and_no_other(self, official, office, first, length, on):
        RoleGrant.objects.all().delete()
        begin = TODAY + first * DAY
        give(official, "approver", office, valid_from=begin, valid_until=begin + length * DAY)
        assert can(official, "cases.decide", office, on=TODAY + on * DAY) == (first <= on <= first + length)


class TestGranting:
    def test_refusals_leave_nothing(self, official, resident, office):
        with pytest.raises(Invalid):
            give(official, "emperor", office)
        with pytest.raises(pmi.CannotGrant):
            give(resident, "auditor", office)
        with pytest.raises(Invalid):
            give(official, "auditor", office, valid_until=TODAY - DAY)
        assert not RoleGrant.objects.exists()
        assert not OutboxEvent.objects.filter(name="pmi.RoleGranted").exists()

    def test_the_same_grant_twice_is_refused(self, official, office):
        give(official, "auditor", office)
        with pytest.raises(pmi.CannotGrant):
            give(official, "auditor", office, valid_from=TODAY + DAY)
        assert RoleGrant.objects.count() == 1

    def test_only_who_may_grant_there_grants(self, official, grantor, office, health):
        other = make_official("zhang.min")
        give(official, "security_admin", office)
        with pytest.raises(NotAllowed):
            give(other, "case_officer", health, by=official.pk)
        with pytest.raises(NotAllowed):
            give(official, "case_officer", office, by=other.pk)
        give(other, "case_officer", office, by=official.pk)
        give(other, "approver", health, by=grantor.pk)

    def test_nobody_grants_to_themselves(self, grantor, office):
        with pytest.raises(NotAllowed):
            give(grantor, "approver", office, by=grantor.pk)
        assert grantor.role_grants.count() == 1

    @pytest.mark.parametrize("pair", sorted(map(sorted, CONFLICTS)))
    def test_separated_roles_are_refused_in_both_orders(self, pair, official, office):
        for first, second in (pair, pair[::-1]):
            user = make_official(f"{first}.{second}")
            give(user, first, office)
            with pytest.raises(pmi.CannotGrant):
                give(user, second, office)
            assert user.role_grants.count() == 1

    def test_one_after_the_other_is_allowed(self, official, office):
        give(official, "auditor", office, valid_until=TODAY)
        give(official, "system_admin", office, valid_from=TODAY + DAY)
        assert official.role_grants.count() == 2

    @pytest.mark.parametrize("pair", sorted(map(sorted, CONFLICTS)))
    def test_the_database_refuses_what_goes_around_the_operation(self, pair, official, office):
        """T-AZ-7: 三员分离 holds for whoever writes to the table, in either order."""
        for first, second in (pair, pair[::-1]):
            user = make_official(f"{first}.{second}")
            give(user, first, office)
            row = RoleGrant(user=user, role=second, organization=office, valid_from=TODAY)
            with pytest.raises(DatabaseError), transaction.atomic():
                row.save()
            assert user.role_grants.count() == 1

    def test_the_database_refuses_stretching_a_grant_over_a_conflict(self, official, office):
        ended = give(official, "auditor", office, valid_until=TODAY)
        give(official, "system_admin", office, valid_from=TODAY + DAY)
        with pytest.raises(DatabaseError), transaction.atomic():
            RoleGrant.objects.filter(pk=ended.pk).update(valid_until=None)
        ended.refresh_from_db()
        assert ended.valid_until == TODAY


class TestRevoking:
    def test_a_revoked_role_is_gone_the_same_day(self, official, office, grantor):
        grant = give(official, "approver", office)
        pmi.revoke_role(grant=grant, by=grantor.pk, at=NOW, on=TODAY)
        assert not can(official, "cases.decide")
        with pytest.raises(pmi.CannotRevoke):
            pmi.revoke_role(grant=grant, by=grantor.pk, at=NOW, on=TODAY)
        assert OutboxEvent.objects.filter(name="pmi.RoleRevoked").count() == 1

    def test_a_stranger_and_the_holder_may_not(self, official, office):
        grant = give(official, "approver", office)
        for by in (make_official("zhang.min"), official):
            with pytest.raises(NotAllowed):
                pmi.revoke_role(grant=grant, by=by.pk, at=NOW, on=TODAY)
        assert can(official, "cases.decide")


class TestStandIns:
    TERMS = {"valid_from": TODAY, "valid_until": TODAY + 10 * DAY, "reason": "外出学习", "at": NOW, "by": None}

    def test_the_stand_in_holds_the_roles_for_the_time(self, official, office):
        deputy = make_official("zhang.min", "张敏")
        give(official, "approver", office)
        made = pmi.appoint_stand_in(absent=official, stand_in=deputy, **self.TERMS)
        assert [grant.stands_for.user for grant in made] == [official]
        assert can(deputy, "cases.decide", office)
        assert not can(deputy, "cases.decide", office, on=TODAY + 11 * DAY)

    def test_it_ends_with_the_grant_it_stands_for(self, official, office):
        deputy = make_official("zhang.min")
        grant = give(official, "approver", office)
        pmi.appoint_stand_in(absent=official, stand_in=deputy, **self.TERMS)
        pmi.revoke_role(grant=grant, by=None, at=NOW, on=TODAY)
        assert not can(deputy, "cases.decide")

    def test_separation_holds_for_stand_ins_and_nothing_is_half_granted(self, official, office, health):
        deputy = make_official("zhang.min")
        give(deputy, "auditor", office)
        give(official, "case_officer", health)
        give(official, "system_admin", office)
        with pytest.raises(pmi.CannotGrant):
            pmi.appoint_stand_in(absent=official, stand_in=deputy, **self.TERMS)
        assert deputy.role_grants.count() == 1

    @pytest.mark.parametrize(
        "terms", [{"reason": " "}, {"valid_until": TODAY - DAY}, {"valid_until": TODAY + 300 * DAY}, {"stand_in": None}]
    )
    def test_refusals(self, terms, official, office):
        deputy = make_official("zhang.min")
        give(official, "approver", office)
        who = {"absent": official, "stand_in": deputy}
        if "stand_in" in terms:
            who, terms = {"absent": official, "stand_in": official}, {}
        with pytest.raises(Invalid):
            pmi.appoint_stand_in(**who, **{**self.TERMS, **terms})
        assert RoleGrant.objects.count() == 1


class TestLists:
    def test_a_page_of_officials_costs_the_same_for_one_and_for_many(self, office, django_assert_num_queries):
        people = [make_official(f"user{n}", organization=office) for n in range(6)]
        for person in people:
            give(person, "case_officer", office)
        for number in (1, 6):
            with django_assert_num_queries(1):
                assert len(queries.roles_by_user([p.pk for p in people[:number]], on=TODAY)) == number

    def test_search(self, office, health, county):
        make_official("zhang.min", "张敏", organization=health)
        make_official("li.hua", "李华", organization=office)
        assert [u.username for u in queries.officials("张")] == ["zhang.min"]
        assert [u.username for u in queries.officials("", organization=office)] == ["li.hua"]
        assert queries.officials("", organization=county).count() == 2


class TestFourEyes:
    """Roles that rule over accounts, authority or the record need a second signature (T-AZ-8)."""

    @pytest.fixture
    def second(self, county) -> object:
        user = make_official("second.chief", "宋副主任")
        give(user, "county_office", county, include_subtree=True)
        return user

    def test_the_sensitive_roles(self):
        assert {"county_office", "auditor", "system_admin", "security_admin"} == pmi.SENSITIVE

    def test_it_counts_only_when_another_has_confirmed(self, official, office, grantor, second):
        grant = give(official, "auditor", office, by=grantor.pk)
        assert not can(official, "audit.view")
        assert not grant.in_force(TODAY)
        assert grant not in pmi.holders_of("auditor", on=TODAY)
        assert list(queries.awaiting_confirmation(on=TODAY)) == [grant]
        pmi.confirm_grant(grant=grant, by=second.pk, at=NOW)
        assert can(official, "audit.view")
        assert OutboxEvent.objects.filter(name="pmi.GrantConfirmed").count() == 1

    def test_not_by_the_same_person_the_receiver_or_a_stranger(self, official, office, grantor):
        grant = give(official, "security_admin", office, by=grantor.pk)
        for by in (grantor, official, make_official("zhang.min")):
            with pytest.raises(NotAllowed):
                pmi.confirm_grant(grant=grant, by=by.pk, at=NOW)
        assert not can(official, "roles.grant")

    def test_confirmed_twice_has_one_effect(self, official, office, grantor, second):
        grant = give(official, "auditor", office, by=grantor.pk)
        pmi.confirm_grant(grant=grant, by=second.pk, at=NOW)
        with pytest.raises(pmi.CannotGrant):
            pmi.confirm_grant(grant=grant, by=second.pk, at=NOW)
        assert OutboxEvent.objects.filter(name="pmi.GrantConfirmed").count() == 1

    def test_ordinary_roles_count_at_once_and_need_no_confirmation(self, official, office, grantor, second):
        grant = give(official, "approver", office, by=grantor.pk)
        assert can(official, "cases.decide")
        with pytest.raises(pmi.CannotGrant):
            pmi.confirm_grant(grant=grant, by=second.pk, at=NOW)

    def test_a_stand_in_for_a_sensitive_role_waits_too(self, official, office, grantor, second):
        deputy = make_official("zhang.min")
        give(official, "auditor", office)
        (made,) = pmi.appoint_stand_in(absent=official, stand_in=deputy, **{**TestStandIns.TERMS, "by": grantor.pk})
        assert not can(deputy, "audit.view")
        pmi.confirm_grant(grant=made, by=second.pk, at=NOW)
        assert can(deputy, "audit.view")

    def test_the_database_knows_four_eyes_too(self, official, office, grantor):
        grant = give(official, "auditor", office, by=grantor.pk)
        for wrong in ({"confirmed_by": grantor}, {"confirmed_by": official}, {"granted_by": official}):
            with pytest.raises(DatabaseError), transaction.atomic():
                RoleGrant.objects.filter(pk=grant.pk).update(**wrong)
        assert not can(official, "audit.view")

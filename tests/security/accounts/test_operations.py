"""Accounts: what is refused leaves the rows as they were; what is done is published with ids alone."""

from datetime import timedelta

import pytest

from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound
from zhengtong.kernel.identifiers import uscc
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts import queries
from zhengtong.security.accounts.models import Enterprise, EnterpriseMember, Mandate, User
from zhengtong.security.audit.models import AuditEntry

from ..people import NOW, PASSWORD, TODAY, make_enterprise, make_official, make_resident

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)


def published(name: str) -> list[dict]:
    return [row.payload for row in OutboxEvent.objects.filter(name=f"accounts.{name}")]


class TestRegistration:
    def test_a_resident_gets_an_account_and_can_prove_it(self):
        user = make_resident()
        assert user.check_password(PASSWORD)
        assert (user.kind, user.assurance_level) == ("resident", 1)
        assert user.resident_id not in user.username
        assert published("ResidentRegistered")[0]["user_id"] == user.pk

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("resident_id", "431321199005170010"),
            ("resident_id", "430000"),
            ("resident_id", "431321299905170019"),
            ("name", "  "),
            ("phone", "138-bad"),
            ("password", "12345678"),
            ("password", "1234567890"),
            ("email", "nobody"),
        ],
    )
    def test_wrong_input_is_refused_at_its_field(self, field, value):
        right = {"name": "王小明", "resident_id": "43132119900517003X", "phone": "13800000000", "password": PASSWORD}
        with pytest.raises(Invalid) as refusal:
            accounts.register_resident(**{**right, field: value}, at=NOW)
        assert field in refusal.value.fields
        assert not User.objects.exists()
        assert not OutboxEvent.objects.exists()

    def test_one_account_a_number(self, resident):
        with pytest.raises(accounts.CannotRegister):
            make_resident()
        assert User.objects.count() == 1

    def test_full_width_digits_are_put_right(self):
        assert make_resident(phone="１３８００００００００").phone == "13800000000"

    def test_a_person_registered_at_a_window_has_no_password_yet(self, official):
        user = make_resident(password=None, by=official, assurance_level=3)
        assert not user.has_usable_password()
        assert published("ResidentRegistered")[0]["actor_id"] == official.pk

    def test_an_official_belongs_to_a_body(self, office):
        user = make_official(organization=office)
        assert user.is_official
        assert user.memberships.get().organization == office

    def test_two_officials_do_not_share_a_login_name(self, official):
        with pytest.raises(Invalid) as refusal:
            make_official()
        assert "username" in refusal.value.fields


class TestContact:
    def test_a_change_is_published_by_field_names_only(self, resident):
        accounts.change_contact(user=resident, phone="13911112222", email="", address="井字镇", by=resident, at=NOW)
        resident.refresh_from_db()
        assert (resident.phone, resident.address) == ("13911112222", "井字镇")
        assert published("ContactChanged")[0]["changed"] == ["phone", "address"]

    def test_nobody_changes_a_neighbours(self, resident, neighbour):
        with pytest.raises(NotAllowed):
            accounts.change_contact(user=resident, phone="13911112222", email="", address="", by=neighbour, at=NOW)
        resident.refresh_from_db()
        assert resident.phone == "13800000001"

    def test_no_change_publishes_nothing(self, resident):
        accounts.change_contact(user=resident, phone=resident.phone, email="", address="", by=resident, at=NOW)
        assert not published("ContactChanged")


class TestAssurance:
    def test_a_clerk_raises_the_level_and_it_never_falls(self, resident, official):
        accounts.prove_identity(user=resident, level=3, evidence="window", by=official, at=NOW)
        accounts.prove_identity(user=resident, level=2, evidence="window", by=official, at=NOW)
        resident.refresh_from_db()
        assert resident.assurance_level == 3
        assert len(published("IdentityProven")) == 1

    def test_nobody_raises_their_own(self, resident):
        with pytest.raises(NotAllowed):
            accounts.prove_identity(user=resident, level=3, evidence="window", by=resident, at=NOW)
        resident.refresh_from_db()
        assert resident.assurance_level == 1


class TestClosing:
    def test_a_closed_account_acts_for_nobody(self, resident, official):
        accounts.deactivate(user=resident, reason="deceased", by=official, at=NOW)
        resident.refresh_from_db()
        assert queries.principals_of(resident, TODAY) == []
        with pytest.raises(accounts.CannotDeactivate):
            accounts.deactivate(user=resident, reason="deceased", by=official, at=NOW)
        accounts.reactivate(user=resident, by=official, at=NOW)
        assert published("AccountReactivated")

    def test_refusals(self, resident, neighbour, official):
        with pytest.raises(accounts.CannotDeactivate):
            accounts.deactivate(user=official, reason="left", by=official, at=NOW)
        with pytest.raises(NotAllowed):
            accounts.deactivate(user=resident, reason="misuse", by=neighbour, at=NOW)
        with pytest.raises(Invalid):
            accounts.deactivate(user=resident, reason="whim", by=official, at=NOW)
        assert User.objects.filter(is_active=False).count() == 0


class TestPasswords:
    def test_a_reset_password_works_once_and_must_be_changed(self, resident, official):
        given = accounts.reset_password(user=resident, by=official, at=NOW)
        resident.refresh_from_db()
        assert resident.check_password(given)
        assert resident.must_change_password
        assert given not in str(OutboxEvent.objects.values_list("payload", flat=True))
        accounts.change_password(user=resident, password="another long phrase", at=NOW)
        resident.refresh_from_db()
        assert not resident.must_change_password

    def test_refusals(self, resident, neighbour, official):
        for by in (neighbour, resident):
            with pytest.raises(NotAllowed):
                accounts.reset_password(user=resident, by=by, at=NOW)
        with pytest.raises(NotAllowed):
            accounts.reset_password(user=official, by=official, at=NOW)
        resident.refresh_from_db()
        assert resident.check_password(PASSWORD)


class TestEnterprises:
    def test_the_head_files_for_the_enterprise(self, resident):
        body = make_enterprise(resident)
        found = {p.key: p for p in queries.principals_of(resident, TODAY)}
        assert set(found) == {f"user:{resident.pk}", f"enterprise:{body.pk}"}
        assert found[f"enterprise:{body.pk}"].capacity == "legal"
        assert found[f"enterprise:{body.pk}"].id_number == body.uscc

    def test_one_registration_a_code_and_only_as_oneself(self, resident, neighbour):
        make_enterprise(resident)
        with pytest.raises(accounts.CannotRegister):
            make_enterprise(neighbour)
        with pytest.raises(Invalid) as refusal:
            accounts.register_enterprise(
                uscc=uscc.make_synthetic(serial=2),
                name="乙",
                legal_representative="别人",
                phone="13800000000",
                address="",
                by=neighbour,
                at=NOW,
            )
        assert "capacity" in refusal.value.fields
        assert Enterprise.objects.count() == 1

    def test_members_come_and_go(self, resident, neighbour):
        body = make_enterprise(resident)
        member = accounts.add_member(enterprise=body, user=neighbour, capacity="handler", by=resident, at=NOW)
        assert f"enterprise:{body.pk}" in {p.key for p in queries.principals_of(neighbour, TODAY)}
        with pytest.raises(accounts.CannotAddMember):
            accounts.add_member(enterprise=body, user=neighbour, capacity="handler", by=resident, at=NOW)
        accounts.end_member(member=member, by=resident, at=NOW)
        assert f"enterprise:{body.pk}" not in {p.key for p in queries.principals_of(neighbour, TODAY)}
        accounts.add_member(enterprise=body, user=neighbour, capacity="manager", by=resident, at=NOW)
        assert EnterpriseMember.objects.get(user=neighbour).capacity == "manager"

    def test_a_handler_manages_nobody(self, resident, neighbour):
        body = make_enterprise(resident)
        accounts.add_member(enterprise=body, user=neighbour, capacity="handler", by=resident, at=NOW)
        third = make_resident(serial=3, name="刘三")
        with pytest.raises(NotAllowed):
            accounts.add_member(enterprise=body, user=third, capacity="handler", by=neighbour, at=NOW)
        assert body.members.count() == 2

    def test_an_official_is_never_a_member(self, resident, official):
        body = make_enterprise(resident)
        with pytest.raises(accounts.CannotAddMember):
            accounts.add_member(enterprise=body, user=official, capacity="handler", by=resident, at=NOW)

    def test_the_last_head_stays(self, resident):
        body = make_enterprise(resident)
        with pytest.raises(accounts.CannotEndMember):
            accounts.end_member(member=body.members.get(), by=resident, at=NOW)
        assert body.members.get().in_force(TODAY)


def empower(agent: User, by: User, **more) -> Mandate:
    terms = {"valid_from": TODAY, "valid_until": TODAY + YEAR, "principal_user": by, **more}
    return accounts.grant_mandate(agent=agent, by=by, at=NOW, **terms)


class TestMandates:
    def test_the_agent_files_for_the_principal_within_time_and_scope(self, resident, neighbour):
        mandate = empower(neighbour, resident, scope=["food-licence"])
        key = f"user:{resident.pk}/mandate:{mandate.pk}"
        assert key in {p.key for p in queries.principals_of(neighbour, TODAY, "food-licence")}
        assert key not in {p.key for p in queries.principals_of(neighbour, TODAY, "marriage")}
        assert key not in {p.key for p in queries.principals_of(neighbour, TODAY + 2 * YEAR, "food-licence")}
        assert queries.require_principal(neighbour, key, on=TODAY, matter_key="food-licence").capacity == "agent"
        with pytest.raises(NotAllowed):
            queries.require_principal(neighbour, key, on=TODAY, matter_key="marriage")

    def test_revoked_is_over_at_once(self, resident, neighbour):
        mandate = empower(neighbour, resident)
        accounts.revoke_mandate(mandate=mandate, by=resident, at=NOW)
        assert len(queries.principals_of(neighbour, TODAY)) == 1
        with pytest.raises(accounts.CannotEmpower):
            accounts.revoke_mandate(mandate=mandate, by=resident, at=NOW)

    def test_the_agent_may_lay_it_down_a_stranger_may_not_touch_it(self, resident, neighbour):
        mandate = empower(neighbour, resident)
        with pytest.raises(NotAllowed):
            accounts.revoke_mandate(mandate=mandate, by=make_resident(serial=3), at=NOW)
        accounts.revoke_mandate(mandate=mandate, by=neighbour, at=NOW)
        assert published("MandateRevoked")[0]["actor_id"] == neighbour.pk

    def test_an_enterprise_empowers_through_its_head_alone(self, resident, neighbour):
        body = make_enterprise(resident)
        third = make_resident(serial=3)
        with pytest.raises(NotAllowed):
            empower(third, neighbour, principal_user=None, principal_enterprise=body)
        empower(third, resident, principal_user=None, principal_enterprise=body)
        assert "enterprise" in {p.kind for p in queries.principals_of(third, TODAY)}

    def test_refusals_leave_no_mandate(self, resident, neighbour, official):
        with pytest.raises(accounts.CannotEmpower):
            empower(resident, resident)
        with pytest.raises(accounts.CannotEmpower):
            empower(official, resident)
        with pytest.raises(NotAllowed):
            empower(neighbour, neighbour, principal_user=resident)
        with pytest.raises(Invalid):
            empower(neighbour, resident, valid_until=TODAY - timedelta(days=1))
        with pytest.raises(Invalid):
            empower(neighbour, resident, valid_until=TODAY + 4 * YEAR)
        with pytest.raises(Invalid):
            empower(neighbour, resident, principal_user=None)
        assert not Mandate.objects.exists()

    def test_the_number_of_queries_does_not_grow(self, resident, django_assert_max_num_queries):
        for serial in range(2, 8):
            other = make_resident(serial=serial)
            empower(resident, other)
            make_enterprise(resident, serial=serial)
        with django_assert_max_num_queries(3):
            assert len(queries.principals_of(resident, TODAY)) == 13


class TestFindingAPerson:
    def test_a_clerk_finds_by_the_whole_number_and_it_is_recorded(self, resident, official):
        found = accounts.find_person(number=resident.resident_id.lower(), by=official, at=NOW)
        assert [p.user_id for p in found] == [resident.pk]
        entry = AuditEntry.objects.get(action="read")
        assert (entry.actor_id, entry.subject) == (official.pk, f"user:{resident.pk}")
        assert resident.resident_id not in str(entry.detail)

    def test_a_shared_phone_finds_everybody_who_shares_it(self, official):
        for serial in (1, 2):
            make_resident(serial=serial, phone="13812345678")
        assert len(accounts.find_person(number="138 1234 5678", by=official, at=NOW)) == 2
        assert AuditEntry.objects.filter(action="read").count() == 2

    def test_nothing_looser(self, resident, official):
        with pytest.raises(Invalid):
            accounts.find_person(number="王小明", by=official, at=NOW)
        for part in (resident.resident_id[:10], resident.phone[:7]):
            assert accounts.find_person(number=part, by=official, at=NOW) == []
        with pytest.raises(NotAllowed):
            accounts.find_person(number=resident.resident_id, by=resident, at=NOW)
        assert not AuditEntry.objects.exists()

    def test_naming_somebody_needs_both_name_and_number(self, resident):
        assert queries.get_named_resident(name="王小明", resident_id=resident.resident_id) == resident
        with pytest.raises(NotFound):
            queries.get_named_resident(name="王大明", resident_id=resident.resident_id)

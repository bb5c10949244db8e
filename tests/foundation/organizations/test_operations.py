"""Bodies are set up, renamed, moved, merged and dissolved; nothing of the past is lost."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories import MONDAY, make_official, make_resident
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.organizations import public as organizations
from zhengtong.foundation.organizations.models import Membership, Organization
from zhengtong.kernel.errors import Invalid, NotFound
from zhengtong.kernel.identifiers import uscc

pytestmark = pytest.mark.django_db
GIVEN = {"by": None, "at": MONDAY}
TODAY = MONDAY.date()


def body(code: str, parent: Organization | None = None, **more) -> Organization:
    kind = more.pop("kind", Organization.DEPARTMENT if parent else Organization.COUNTY)
    return organizations.establish(
        code=code, name=more.pop("name", f"县{code}局"), kind=kind, parent=parent, **GIVEN, **more
    )


@pytest.fixture
def county() -> Organization:
    return body("county", name="双峰县人民政府")


def named(event: str) -> list[dict]:
    return list(OutboxEvent.objects.filter(name=event).order_by("id").values_list("payload", flat=True))


class TestEstablish:
    def test_the_path_is_the_chain_of_ids(self, county: Organization) -> None:
        town = body("yongfeng", county, kind=Organization.TOWNSHIP)
        village = body("heye", town, kind=Organization.VILLAGE)
        assert county.path == f"/{county.pk}/"
        assert village.path == f"/{county.pk}/{town.pk}/{village.pk}/"
        assert {o.code for o in organizations.subtree(town)} == {"yongfeng", "heye"}
        assert organizations.ancestors(village) == [county, town]

    def test_it_is_published_with_its_code(self, county: Organization) -> None:
        (fact,) = named("organizations.OrganizationEstablished")
        assert (fact["organization_id"], fact["code"]) == (county.pk, "county")

    def test_names_and_codes_are_kept(self, county: Organization) -> None:
        code = uscc.make_synthetic(kind="11", serial=10)
        made = body("natural", county, aliases=["县国土局", "县国土局", " "], uscc=code, tags=["register_owner:D1"])
        assert [alias.name for alias in made.aliases.all()] == ["县国土局"]
        assert (made.uscc, made.tags) == (code, ["register_owner:D1"])

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"code": "county"}, "code"),
            ({"code": "有空格"}, "code"),
            ({"code": ""}, "code"),
            ({"name": "  "}, "name"),
            ({"kind": "empire"}, "kind"),
            ({"division_code": "43132"}, "division_code"),
            ({"uscc": "11430902006728916N"}, "uscc"),
        ],
    )
    def test_what_is_wrong_is_named_at_its_field_and_nothing_is_kept(
        self, county: Organization, change: dict, field: str
    ) -> None:
        given = {"code": "health", "name": "县卫生健康局", "kind": Organization.DEPARTMENT, **change}
        with pytest.raises(Invalid) as refusal:
            organizations.establish(parent=county, **given, **GIVEN)
        assert set(refusal.value.fields) == {field}
        assert list(Organization.objects.all()) == [county]

    def test_a_credit_code_belongs_to_one_body(self, county: Organization) -> None:
        code = uscc.make_synthetic(kind="11", serial=10)
        body("a", county, uscc=code)
        with pytest.raises(Invalid):
            body("b", county, uscc=code)


class TestRename:
    def test_the_old_name_still_finds_the_body(self, county: Organization) -> None:
        made = body("market", county, name="双峰县工商局", short_name="工商局")
        organizations.rename(
            organization=made,
            name="双峰县市场监督管理局",
            short_name="市监局",
            on=date(2019, 3, 1),
            document="双发〔2019〕1号",
            **GIVEN,
        )
        made.refresh_from_db()
        assert made.name == "双峰县市场监督管理局"
        assert {(a.name, a.valid_until) for a in made.aliases.all()} == {
            ("双峰县工商局", date(2019, 3, 1)),
            ("工商局", date(2019, 3, 1)),
        }
        assert organizations.find_by_name("工商局") == made
        (fact,) = named("organizations.OrganizationRenamed")
        assert (fact["old_name"], fact["new_name"]) == ("双峰县工商局", "双峰县市场监督管理局")

    @pytest.mark.parametrize("name", ["", " ", "县market局"])
    def test_the_same_or_no_name_is_refused(self, county: Organization, name: str) -> None:
        made = body("market", county)
        with pytest.raises(Invalid):
            organizations.rename(organization=made, name=name, on=TODAY, **GIVEN)
        assert made.aliases.count() == 0

    def test_taking_an_old_name_back_leaves_no_alias_of_the_present_name(self, county: Organization) -> None:
        made = body("market", county, name="甲局")
        organizations.rename(organization=made, name="乙局", on=date(2020, 1, 1), **GIVEN)
        organizations.rename(organization=made, name="甲局", on=date(2021, 1, 1), **GIVEN)
        assert [a.name for a in made.aliases.all()] == ["乙局"]


class TestMove:
    def test_a_subtree_goes_along(self, county: Organization) -> None:
        old, new = body("old", county), body("new", county)
        middle = body("middle", old)
        leaf = body("leaf", middle)
        organizations.move(organization=middle, parent=new, **GIVEN)
        leaf.refresh_from_db()
        assert leaf.path == f"{new.path}{middle.pk}/{leaf.pk}/"
        assert organizations.subtree(old).count() == 1

    @pytest.mark.parametrize("target", ["itself", "below"])
    def test_never_below_itself(self, county: Organization, target: str) -> None:
        upper = body("upper", county)
        lower = body("lower", upper)
        with pytest.raises(organizations.CannotChangeOrganization):
            organizations.move(organization=upper, parent=upper if target == "itself" else lower, **GIVEN)
        upper.refresh_from_db()
        assert upper.parent_id == county.pk

    def test_ids_that_begin_alike_are_not_mixed_up(self, county: Organization) -> None:
        bodies = [body(f"b{n}", county) for n in range(12)]
        moved = body("moved", bodies[0])
        before = {b.pk: b.path for b in Organization.objects.exclude(pk=moved.pk)}
        organizations.move(organization=moved, parent=bodies[11], **GIVEN)
        assert {b.pk: b.path for b in Organization.objects.exclude(pk=moved.pk)} == before


class TestDissolve:
    def test_a_merger_keeps_names_and_the_chain(self, county: Organization) -> None:
        commerce, quality, market = (
            body("aic", county, name="县工商局"),
            body("qts", county, name="县质监局"),
            body("market", county),
        )
        later = body("later", county)
        day = date(2019, 3, 1)
        organizations.merge(
            predecessors=[commerce, quality], successor=market, on=day, document="双发〔2019〕1号", **GIVEN
        )
        assert organizations.successor_of(commerce) == market
        assert organizations.find_by_name("县质监局").code == "market"
        organizations.dissolve(organization=market, successors=[later], on=date(2024, 1, 1), **GIVEN)
        assert organizations.successor_of(commerce) == later
        assert organizations.successor_of(commerce, on=date(2020, 1, 1)) == market
        assert organizations.find_by_name("县工商局") == later
        assert named("organizations.OrganizationDissolved")[0]["successor_ids"] == [market.pk]

    def test_it_is_gone_from_its_day_on_and_no_sooner(self, county: Organization) -> None:
        gone, heir = body("gone", county), body("heir", county)
        organizations.dissolve(organization=gone, successors=[heir], on=date(2026, 10, 1), **GIVEN)
        gone.refresh_from_db()
        assert gone.is_active(date(2026, 9, 30))
        assert not gone.is_active(date(2026, 10, 1))
        assert gone not in Organization.objects.active(date(2026, 10, 1))

    def test_its_members_leave_the_day_before(self, county: Organization) -> None:
        gone, heir = body("gone", county), body("heir", county)
        user = make_official("li.hua")
        organizations.appoint(user=user, organization=gone, valid_from=date(2020, 1, 1), **GIVEN)
        organizations.dissolve(organization=gone, successors=[heir], on=date(2026, 10, 1), **GIVEN)
        assert Membership.objects.get().valid_until == date(2026, 9, 30)
        assert organizations.organizations_of(user, on=date(2026, 10, 1)) == []

    def test_not_without_a_successor_not_twice_not_into_itself_not_over_open_bodies(self, county: Organization) -> None:
        gone, heir = body("gone", county), body("heir", county)
        below = body("below", gone)
        for successors in ([], [gone], [below], [heir]):
            with pytest.raises(organizations.CannotDissolve):
                organizations.dissolve(organization=gone, successors=successors, on=TODAY, **GIVEN)
        gone.refresh_from_db()
        assert gone.dissolved_on is None
        organizations.dissolve(organization=below, successors=[heir], on=TODAY, **GIVEN)
        organizations.dissolve(organization=gone, successors=[heir], on=TODAY, **GIVEN)
        with pytest.raises(organizations.CannotDissolve):
            organizations.dissolve(organization=gone, successors=[heir], on=TODAY, **GIVEN)

    def test_a_dissolved_body_is_not_changed_any_more(self, county: Organization) -> None:
        gone, heir = body("gone", county), body("heir", county)
        organizations.dissolve(organization=gone, successors=[heir], on=TODAY, **GIVEN)
        gone.refresh_from_db()
        for attempt in (
            lambda: organizations.rename(organization=gone, name="新名", on=TODAY, **GIVEN),
            lambda: organizations.move(organization=gone, parent=heir, **GIVEN),
            lambda: organizations.describe(organization=gone, phone="1", **GIVEN),
            lambda: organizations.create_post(organization=gone, name="股长", **GIVEN),
            lambda: body("child", gone),
        ):
            with pytest.raises(organizations.CannotChangeOrganization) as refusal:
                attempt()
            assert "已于" in str(refusal.value)


class TestPostsAndMembers:
    def test_appointed_listed_and_ended(self, county: Organization) -> None:
        office = body("office", county)
        head = organizations.create_post(organization=office, name="主任", is_head=True, **GIVEN)
        user, other = make_official("li.hua"), make_official("wu.min", "吴敏")
        organizations.appoint(user=other, organization=office, valid_from=date(2025, 1, 1), **GIVEN)
        chosen = organizations.appoint(user=user, organization=office, post=head, valid_from=date(2025, 1, 1), **GIVEN)
        assert [m.user for m in organizations.members_of(office, on=TODAY)] == [user, other]
        assert organizations.members_of(county, on=TODAY).count() == 0
        assert organizations.members_of(county, on=TODAY, include_subtree=True).count() == 2
        organizations.end_membership(membership=chosen, until=date(2026, 6, 30), **GIVEN)
        assert organizations.organizations_of(user, on=date(2026, 6, 30)) == [office]
        assert organizations.organizations_of(user, on=date(2026, 7, 1)) == []

    def test_refusals_leave_no_membership(self, county: Organization) -> None:
        office, other = body("office", county), body("other", county)
        foreign = organizations.create_post(organization=other, name="主任", **GIVEN)
        user = make_official("li.hua")
        with pytest.raises(organizations.CannotAppoint):
            organizations.appoint(user=make_resident(), organization=office, valid_from=TODAY, **GIVEN)
        with pytest.raises(organizations.CannotAppoint):
            organizations.appoint(user=user, organization=office, post=foreign, valid_from=TODAY, **GIVEN)
        with pytest.raises(Invalid):
            organizations.appoint(
                user=user, organization=office, valid_from=TODAY, valid_until=date(2020, 1, 1), **GIVEN
            )
        assert Membership.objects.count() == 0

    def test_the_same_appointment_twice_is_refused_a_later_one_is_not(self, county: Organization) -> None:
        office, user = body("office", county), make_official("li.hua")
        given = {"user": user, "organization": office, **GIVEN}
        organizations.appoint(valid_from=date(2020, 1, 1), valid_until=date(2020, 12, 31), **given)
        with pytest.raises(organizations.CannotAppoint):
            organizations.appoint(valid_from=date(2020, 12, 31), **given)
        organizations.appoint(valid_from=date(2021, 1, 1), **given)

    def test_posts_have_different_names(self, county: Organization) -> None:
        organizations.create_post(organization=county, name="县长", **GIVEN)
        for name in ("县长", " "):
            with pytest.raises(Invalid):
                organizations.create_post(organization=county, name=name, **GIVEN)

    def test_a_membership_does_not_end_before_it_begins(self, county: Organization) -> None:
        made = organizations.appoint(user=make_official("li.hua"), organization=county, valid_from=TODAY, **GIVEN)
        with pytest.raises(Invalid):
            organizations.end_membership(membership=made, until=date(2020, 1, 1), **GIVEN)
        made.refresh_from_db()
        assert made.valid_until is None


class TestFinding:
    @pytest.mark.parametrize(
        "name", ["县国土局", "国土局", " 国土局 ", "双峰县自然资源局", "自然资源局", "natural resources bureau"]
    )
    def test_by_any_of_its_names(self, county: Organization, name: str) -> None:
        made = body(
            "natural",
            county,
            name="双峰县自然资源局",
            short_name="自然资源局",
            name_en="Natural Resources Bureau",
            aliases=["县国土局"],
        )
        assert organizations.find_by_name(name) == made

    def test_nobody_is_nobody(self, county: Organization) -> None:
        assert organizations.find_by_name("") is None
        assert organizations.find_by_name("海洋局") is None
        with pytest.raises(NotFound):
            organizations.get_by_code("ocean")

    def test_adding_an_alias_twice_changes_nothing(self, county: Organization) -> None:
        for _n in range(2):
            organizations.add_alias(organization=county, name="县政府", **GIVEN)
        assert county.aliases.count() == 1
        with pytest.raises(Invalid):
            organizations.add_alias(organization=county, name=" ", **GIVEN)

    def test_describing_publishes_what_changed_and_nothing_when_nothing_did(self, county: Organization) -> None:
        organizations.describe(organization=county, phone="0738-6820000", address="", **GIVEN)
        county.refresh_from_db()
        organizations.describe(organization=county, phone="0738-6820000", **GIVEN)
        assert [fact["changed"] for fact in named("organizations.OrganizationDescribed")] == [["phone"]]


class MovesKeepTheTreeWhole(TestCase):
    """Whatever is moved wherever, every path is the path of the parent and one's own id."""

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=6))
    def test_paths_follow_parents(self, moves: list[tuple[int, int]]) -> None:
        made = [body("n0")]
        for n in range(1, 8):
            made.append(body(f"n{n}", made[n // 2], kind=Organization.DEPARTMENT))
        for what, where in moves:
            try:
                organizations.move(organization=made[what], parent=made[where], **GIVEN)
            except organizations.CannotChangeOrganization:
                continue
        for row in Organization.objects.select_related("parent"):
            assert row.path == f"{row.parent.path if row.parent else '/'}{row.pk}/"

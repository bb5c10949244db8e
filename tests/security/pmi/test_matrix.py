"""Every route for every role (T-AZ-1), other people's objects (T-AZ-2), fields nobody offered (T-AZ-3).

The expected outcome follows from two written tables alone: `docs/reference/routes.csv`, what a route asks for, and the
policy, which role may do what. A new route, or one with another mark, fails until the table says so as well.
"""

import csv
import logging
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.test import Client
from django.urls import URLPattern, URLResolver

from tests.approvals.cases.play import Play
from tests.factories import PASSWORD, SINCE, SmallCounty, make_enterprise, make_official, make_resident
from tests.house.code import ROOT
from tests.house.test_routes import all_routes
from zhengtong.approvals.cases.models import Case, CaseEvent
from zhengtong.config import urls as house_urls
from zhengtong.foundation.files.models import Attachment
from zhengtong.kernel.access import Access
from zhengtong.security.accounts.models import Enterprise, EnterpriseMember, Mandate, ProvinceLink, User
from zhengtong.security.pmi import public as pmi
from zhengtong.security.pmi.middleware import access_of
from zhengtong.security.pmi.models import RoleGrant
from zhengtong.security.pmi.policy import ROLES

pytestmark = pytest.mark.django_db


def doors(patterns: list[Any]) -> list[URLPattern | URLResolver]:
    """The product's routes with its marks, and behind each door one word instead of the page: who gets in is what is asked."""
    found: list[URLPattern | URLResolver] = []
    for one in patterns:
        if isinstance(one, URLResolver):
            inside = doors(one.url_patterns)
            found.append(URLResolver(one.pattern, inside, one.default_kwargs, one.app_name, one.namespace))
        else:
            found.append(URLPattern(one.pattern, door(access_of(one.callback)), one.default_args, one.name))
    return found


def door(mark: Access | None) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse("open")

    view.access = mark  # type: ignore[attr-defined]
    return view


urlpatterns = doors(house_urls.urlpatterns)
FROM_OUTSIDE_TO_THE_DOOR = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "zhengtong.security.accounts.middleware.SessionMiddleware",
    "zhengtong.config.middleware.RefusalMiddleware",
    "zhengtong.security.pmi.middleware.AuthorizationMiddleware",
]


def handler403(request: Any, exception: Exception) -> HttpResponseForbidden:
    return HttpResponseForbidden("closed")


@pytest.fixture(autouse=True)
def _quiet():
    """Thousands of refusals with their tracebacks would be written for nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


UUID = "00000000-0000-4000-8000-000000000000"
NOTHING = {
    "int": "987654",
    "slug": "nothing-here",
    "uuid": UUID,
    "str": "nothing",
    "path": "nothing",
    "stamp_algorithm": "p256",
}
"""What stands in the place of a parameter: of the right form, and not there."""
VISITOR, RESIDENT, NO_ROLE = "visitor", "resident", "official"


def written() -> dict[str, tuple[str, str]]:
    """Route → (level, permission), as reviewed."""
    with (ROOT / "docs" / "reference" / "routes.csv").open(encoding="utf-8", newline="") as table:
        return {row["route"]: (row["level"], row["permission"]) for row in csv.DictReader(table)}


def of_the_code() -> dict[str, tuple[str, str]]:
    marks = {route: access_of(view) for route, view in all_routes()}
    return {route: (mark.level, mark.permission) if mark else ("", "") for route, mark in marks.items()}


def test_the_written_table_of_routes_is_that_of_the_code():
    """`make reference` writes the table; whoever reviews the change sees which door was opened."""
    assert of_the_code() == written()


def address_of(route: str, values: dict[str, str] | None = None) -> str:
    """A concrete address of a route: parameters by name from `values`, else of the right form and not there."""
    given = values or {}

    def fill(match: re.Match[str]) -> str:
        kind, _, name = match[1].rpartition(":")
        return given.get(name, NOTHING[kind or "str"])

    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "nothing", route).replace("^", "").replace("$", "").replace(r"\Z", "")
    return re.sub(r"<([^>]+)>", fill, plain).replace("\\", "")


def expected_open(level: str, permission: str, role: str) -> bool:
    """From the two tables alone."""
    if level == "public":
        return True
    if role == VISITOR:
        return False
    if level == "signed_in":
        return True
    if role == RESIDENT or level != "official":
        return False
    return not permission or (role in ROLES and permission in ROLES[role].permissions)


def visitors(county: SmallCounty) -> dict[str, Client]:
    """One browser for every role, at the top of the county, and for those without any."""
    found = {VISITOR: Client(), RESIDENT: Client(), NO_ROLE: Client()}
    found[RESIDENT].force_login(make_resident())
    found[NO_ROLE].force_login(make_official("nobody"))
    for role in ROLES:
        user = make_official(f"role.{role}")
        RoleGrant.objects.create(
            user=user, role=role, organization=county.government, include_subtree=True, valid_from=SINCE
        )
        found[role] = Client()
        found[role].force_login(user)
    return found


def answer(client: Client, method: str, address: str, data: dict[str, Any] | None = None) -> Any:
    """One request whose effects are undone: the next one meets the same county."""
    kept = client.cookies.copy()
    with transaction.atomic():
        response = client.generic(method, address) if data is None else client.post(address, data)
        transaction.set_rollback(True)
    client.cookies = kept
    return response


def closed(response: Any) -> bool:
    """Turned away at the door: to the sign-in page, or with 403."""
    leads = response.headers.get("Location", "")
    return response.status_code == 403 or (response.status_code == 302 and leads.startswith("/account/login/?next="))


@pytest.mark.urls(__name__)
def test_every_route_for_every_role(small_county, settings):
    settings.MIDDLEWARE = FROM_OUTSIDE_TO_THE_DOOR
    table, wrong = written(), []
    for role, client in visitors(small_county).items():
        for route, (level, permission) in table.items():
            expected, address = expected_open(level, permission, role), address_of(route)
            for method in ("GET", "POST"):
                response = client.generic(method, address)
                if (response.content == b"open") != expected or closed(response) == expected:
                    wrong.append(f"{role} {method} {route}: {response.status_code}, expected open: {expected}")
    assert wrong == []


def test_behind_every_open_door_somebody_answers(small_county):
    """The whole product: whoever may come in meets a page, or a sentence about what is not there; nobody a failure."""
    table, wrong, everybody = written(), [], visitors(small_county)
    for route, (level, permission) in table.items():
        role = next(role for role in everybody if expected_open(level, permission, role))
        for method in ("GET", "POST"):
            response = answer(everybody[role], method, address_of(route))
            # Files and papers are public doors with a rule behind: a visitor is asked to sign in there as well.
            if response.status_code >= 500 or (closed(response) and level != "public"):
                wrong.append(f"{role} {method} {route}: {response.status_code}")
    assert wrong == []


def test_the_expectation_is_not_empty():
    """A table that lets everybody in everywhere would pass every comparison with itself."""
    outcomes = dict.fromkeys((VISITOR, RESIDENT, NO_ROLE, *ROLES), 0)
    for level, permission in written().values():
        for role in outcomes:
            outcomes[role] += expected_open(level, permission, role)
    assert outcomes[VISITOR] < outcomes[RESIDENT] < len(written()) / 2 + 20
    assert all(outcomes[role] > outcomes[NO_ROLE] for role in ROLES)
    assert max(outcomes.values()) < len(written())


# --- Other people's objects ------------------------------------------------------------------------------------------


class Belongings:
    """What 王小明 has in the county: a case with a paper, a file and a task, an enterprise, a mandate, and an official's grant."""

    def __init__(self, county: SmallCounty) -> None:
        self.owner = make_resident(serial=1, name="王小明")
        self.play = Play(county, self.owner).draft().submitted().accepted()
        self.case = self.play.fresh
        self.enterprise = make_enterprise(self.owner)
        self.file = Attachment.objects.order_by("id").first()

    def values(self) -> dict[str, str]:
        """For every parameter of a route the number of something that is theirs."""
        case = self.case
        found = {
            "case_id": case.pk,
            "clock_id": case.clocks.first().pk,
            "task_id": case.tasks.first().pk,
            "paper_id": case.papers.first().pk,
            "material_no": 1,
            "no": 1,
            "user_id": self.owner.pk,
            "enterprise_id": self.enterprise.pk,
            "member_id": self.enterprise.members.first().pk,
            "key": "accept",
            "page": "1",
        }
        if self.file:
            found["public_id"] = self.file.public_id
        return {name: str(value) for name, value in found.items()}


OBJECTS = ("case_id", "paper_id", "public_id", "enterprise_id", "member_id", "mandate_id")


def object_routes() -> Iterator[str]:
    yield from (route for route in written() if any(f":{name}>" in route for name in OBJECTS))


@pytest.fixture
def belongings(small_county) -> Belongings:
    return Belongings(small_county)


def test_nobody_reaches_what_belongs_to_another(small_county, belongings):
    """Neighbours, officials of bodies that take no part, and visitors, at every address with a number in it."""
    neighbour = make_resident(serial=2, name="赵敏")
    strangers: dict[str, Any] = {
        "neighbour": neighbour,
        "head of an enterprise": make_enterprise(neighbour, serial=2).members.first().user,
        "fire officer": small_county.fire_officer,
        "fire approver": small_county.fire_approver,
        "township officer": small_county.township_officer,
        "auditor": small_county.auditor,
        "matter editor": small_county.matter_editor,
        "visitor": AnonymousUser(),
    }
    values, before = belongings.values(), (CaseEvent.objects.count(), belongings.play.fresh.row_version)
    wrong = []
    for who, user in strangers.items():
        client = Client()
        if user.is_authenticated:
            client.force_login(user)
        for route in object_routes():
            for method in ("GET", "POST"):
                response = client.generic(method, address_of(route, values))
                if response.status_code not in (302, 403, 404, 405):
                    wrong.append(f"{who} {method} {route}: {response.status_code}")
                if not response.streaming and any(
                    word in response.content.decode(errors="replace") for word in ("王小明", belongings.case.number)
                ):
                    wrong.append(f"{who} {method} {route}: shows whose it is")
    assert wrong == []
    assert (CaseEvent.objects.count(), belongings.play.fresh.row_version) == before


def test_the_owner_reaches_it(belongings):
    """The numbers above are real: their owner opens the pages."""
    client = Client()
    client.force_login(belongings.owner)
    values = belongings.values()
    for route in (
        "/my/cases/<int:case_id>/",
        "/account/enterprises/<int:enterprise_id>/",
        "/papers/<int:paper_id>.pdf",
    ):
        assert client.get(address_of(route, values)).status_code == 200, route


# --- Fields nobody offered -------------------------------------------------------------------------------------------

WISHES = {
    "kind": "official",
    "is_active": "1",
    "is_staff": "1",
    "is_superuser": "1",
    "assurance_level": "3",
    "username": "root",
    "password": "x" * 12,
    "must_change_password": "",
    "display_name": "县长",
    "name": "县长",
    "resident_id": "431321199005170011",
    "role": "county_office",
    "organization": "1",
    "granted_by": "1",
    "user": "1",
    "user_id": "1",
    "by": "1",
    "id": "1",
    "pk": "1",
}


def every_wish() -> dict[str, Any]:
    """A value for every column of everything that a resident has to do with."""
    models = (User, Enterprise, EnterpriseMember, Mandate, ProvinceLink, RoleGrant, Case, Attachment)
    columns = {field.name for model in models for field in model._meta.concrete_fields}
    return {**dict.fromkeys(columns | {f"{name}_id" for name in columns}, "1"), **WISHES}


def row_of(user: User) -> dict[str, Any]:
    return {
        name: value for name, value in User.objects.filter(pk=user.pk).values().get().items() if name != "last_login"
    }


def test_no_field_beyond_the_form_is_taken(small_county):
    """T-AZ-3: every form a resident can post, with every field of the account in it: nothing of the account changes but what the form offers."""
    resident = make_resident()
    client = Client()
    client.force_login(resident)
    before, offered = row_of(resident), {"phone", "phone_index", "email", "address", "language"}
    for route, (level, _permission) in written().items():
        if level in ("signed_in", "public") and "logout" not in route:
            answer_of = client.post(address_of(route), {**every_wish(), "phone": "13800009999"})
            assert answer_of.status_code < 500, route
    changed = {name for name, value in row_of(resident).items() if value != before[name]}
    assert changed <= offered
    assert not RoleGrant.objects.filter(user=resident).exists()
    assert not Mandate.objects.filter(agent=resident).exists()
    assert not User.objects.filter(username="root").exists()


NEVER_THE_APPLICANTS = (
    *("number", "spoken_number", "query_code", "matter_id", "version_id", "department_id", "acceptance_point_id"),
    *("applicant_kind", "applicant_name", "applicant_id_number", "submitted_at", "accepted_at", "decided_at", "due_on"),
)


def test_no_column_of_ones_own_case_is_taken(belongings):
    """T-AZ-3: the owner posts every column of everything to every address of their case and their enterprise."""
    client = Client()
    client.force_login(belongings.owner)
    values, wishes = belongings.values(), every_wish()
    before, tried, changed = rows_of(belongings), 0, []
    for route in object_routes():
        with transaction.atomic():
            client.post(address_of(route, values), {**wishes, "phone": "13800009999"})
            after = rows_of(belongings)
            transaction.set_rollback(True)
        tried += 1
        changed += [f"{route}: {name}" for name, value in after.items() if value != before[name]]
    assert changed == []
    assert tried > 20


def rows_of(belongings: Belongings) -> dict[str, Any]:
    case, body = belongings.play.fresh, Enterprise.objects.get(pk=belongings.enterprise.pk)
    found = {name: getattr(case, name) for name in NEVER_THE_APPLICANTS}
    own = {name: getattr(body, name) for name in ("uscc", "name", "legal_representative", "phone", "address")}
    return {**found, **{f"enterprise.{name}": value for name, value in own.items()}}


def test_an_officials_form_names_nobody_else(small_county):
    """The grantor is who is signed in and the person is who stands in the address, whatever is sent along."""
    client = Client()
    client.force_login(small_county.county_office)
    target = small_county.case_officer
    sent = {
        "role": "section_head",
        "organization": str(small_county.market.pk),
        "valid_from": "2026-09-21",
        "user": str(small_county.county_office.pk),
        "user_id": str(small_county.county_office.pk),
        "granted_by": str(small_county.auditor.pk),
        "by": str(small_county.auditor.pk),
        "stands_for": "1",
    }
    assert client.post(f"/authority/{target.pk}/grant/", sent).status_code == 302
    made = RoleGrant.objects.latest("pk")
    assert (made.user, made.granted_by, made.stands_for) == (target, small_county.county_office, None)


def test_a_parameter_sent_twice_grants_nothing(small_county):
    """The body that was checked is the body that is granted at: of two values the same one counts everywhere."""
    security = make_official("security")
    pmi.grant_role(
        user=security, role="security_admin", organization=small_county.health, by=None, at=_noon(), valid_from=SINCE
    )
    client = Client()
    client.force_login(security)
    for bodies in ([small_county.health.pk, small_county.market.pk], [small_county.market.pk, small_county.health.pk]):
        sent = {"role": "case_officer", "organization": bodies, "valid_from": "2026-09-21"}
        client.post(f"/authority/{small_county.matter_editor.pk}/grant/", sent)
    made = RoleGrant.objects.filter(granted_by=security)
    assert {grant.organization for grant in made} <= {small_county.health}


def _noon() -> Any:
    from tests.factories import MONDAY

    return MONDAY


# --- The next request ------------------------------------------------------------------------------------------------


def test_a_stand_in_that_ends_is_refused_at_the_next_request(small_county):
    """T-AZ-4: role, stand-in and account, each taken away between two clicks."""
    deputy = make_official("deputy")
    today = date.today()  # noqa: DTZ011 - the pages ask the machine's clock
    (made,) = pmi.appoint_stand_in(
        absent=small_county.auditor,
        stand_in=deputy,
        valid_from=today,
        valid_until=today,
        reason="外出学习",
        by=None,
        at=_noon(),
    )
    client = Client()
    client.force_login(deputy)
    assert client.get("/audit/").status_code == 200
    pmi.revoke_role(grant=RoleGrant.objects.get(pk=made.stands_for_id), by=None, at=_noon(), on=today)
    assert client.get("/audit/").status_code == 403
    auditor = Client()
    assert auditor.login(username=small_county.auditor.username, password=PASSWORD)
    assert auditor.get("/audit/").status_code == 403

"""Fixtures of the security group."""

from datetime import datetime

import pytest

from zhengtong.foundation.organizations.models import Organization
from zhengtong.security.accounts.models import User
from zhengtong.security.pki import public as pki

from .people import NOW, make_body, make_official, make_resident


@pytest.fixture
def at() -> datetime:
    return NOW


@pytest.fixture
def resident(db) -> User:
    return make_resident()


@pytest.fixture
def neighbour(db) -> User:
    return make_resident(serial=2, name="赵敏")


@pytest.fixture
def county(db) -> Organization:
    root = Organization.objects.create(code="county", name="双峰县人民政府", kind=Organization.COUNTY)
    root.path = f"/{root.pk}/"
    root.save()
    return root


@pytest.fixture
def office(county) -> Organization:
    return make_body(county, "office", "县政务服务中心")


@pytest.fixture
def health(county) -> Organization:
    return make_body(county, "health", "县卫生健康局")


@pytest.fixture
def official(office) -> User:
    return make_official(organization=office)


@pytest.fixture
def ceremony(db) -> pki.Plan:
    """The county's keys and authorities by the shipped document, both algorithms; the keys lie in the test's data folder."""
    plan = pki.builtin_ceremony()
    pki.hold_ceremony(plan=plan, at=NOW)
    return plan

"""A county with keys, and a licence that it signed."""

import pytest

from tests.approvals.cases.papers.test_render import sample
from tests.factories import MONDAY
from zhengtong.approvals.cases.papers.render import render
from zhengtong.security.signatures import public as signatures


@pytest.fixture(scope="session")
def plain() -> bytes:
    """A licence as it is drawn, without signatures."""
    return render("licence", sample("licence"))


@pytest.fixture
def licence(plain, county, county_keys, health) -> bytes:
    """The licence, signed by the health department."""
    return signatures.sign_pdf(plain, department=health, at=MONDAY)

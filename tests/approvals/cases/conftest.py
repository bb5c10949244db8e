import pytest

from tests.approvals.cases.play import Play
from tests.factories import make_resident


@pytest.fixture
def applicant(db):
    return make_resident()


@pytest.fixture
def play(small_county, applicant):
    return Play(small_county, applicant)

import pytest

from tests.approvals.greenway.play import Shop
from tests.factories import make_resident


@pytest.fixture
def applicant(db):
    return make_resident()


@pytest.fixture
def shop(small_county, applicant, deliver):
    return Shop(small_county, applicant, deliver)

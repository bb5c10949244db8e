"""The fixtures that every other test stands on."""

import os
from pathlib import Path

from django.conf import settings

from tests.factories import MONDAY, at, make_enterprise, make_resident
from zhengtong.security.pmi import public as pmi


def test_a_test_process_has_its_own_data_folder():
    assert Path(os.environ["DATA"]).resolve() == settings.DATA
    assert settings.DATA.name.startswith("zhengtong-test-")


def test_at_is_the_county_s_time():
    assert at("2026-09-21") == MONDAY
    assert MONDAY.utcoffset().total_seconds() == 8 * 3600


def test_the_small_county_has_roles_and_its_facts_can_be_delivered(small_county, deliver):
    assert pmi.holds(small_county.approver, "approver", organization=small_county.market, on=MONDAY.date())
    assert pmi.can(small_county.county_office, "figures.view", organization=small_county.village, on=MONDAY.date())
    assert deliver() > 20


def test_residents_and_enterprises_can_be_made(db, signed_in):
    head = make_resident()
    assert make_enterprise(head).legal_representative == head.display_name
    assert signed_in(head).session

"""The page of the vault's keys: a rotation is started there, and the worker carries it out piece by piece."""

import pytest

from tests.security.people import NOW, TODAY, make_official, make_resident
from zhengtong.security.accounts.models import User
from zhengtong.security.pmi import public as pmi
from zhengtong.security.vault import operations, queries, ring


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    """No attachments of other tests: keys of theirs are gone, and a rotation rightly does not end before every file is sealed anew."""
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture
def administrator(county, office, signed_in):
    user = make_official("anquan", "周正", organization=office)
    pmi.grant_role(
        user=user, role="security_admin", organization=county, by=None, at=NOW, valid_from=TODAY, include_subtree=True
    )
    return signed_in(user)


def test_a_rotation_is_started_on_the_page_and_carried_out_by_the_worker(administrator, monkeypatch):
    people = [make_resident(serial=number) for number in range(1, 6)]
    assert "开始轮换" in administrator.get("/vault/").content.decode()
    before = queries.state()
    assert administrator.post("/vault/rotate/").status_code == 302
    page = administrator.get("/vault/").content.decode()
    assert "正在轮换" in page
    state = queries.state()
    assert state.current.number > before.current.number
    assert state.waiting >= len(people)
    # Batches of two rows, one at a time: it takes several turns, and each goes on where the last one stopped.
    monkeypatch.setattr(operations, "BATCH", 2)
    monkeypatch.setattr(operations, "BATCHES_AT_ONCE", 1)
    turns = 0
    while not operations.continue_rotation(at=NOW):
        turns += 1
        assert turns < 100
        assert User.objects.get(pk=people[0].pk).phone == people[0].phone
    assert turns > 1
    state = queries.state()
    assert (state.rotation, state.waiting) == (None, 0)
    assert "做过的轮换" in administrator.get("/vault/").content.decode()
    assert operations.continue_rotation(at=NOW) == 0


def test_without_the_key_store_nothing_starts_and_nothing_is_lost(administrator, settings, tmp_path):
    operations.start_rotation(by=None, at=NOW)
    here, settings.DATA = settings.DATA, tmp_path
    ring.forget()
    assert operations.continue_rotation(at=NOW) == 0
    settings.DATA = here
    ring.forget()
    for _turn in range(20):
        if operations.continue_rotation(at=NOW):
            break
    assert queries.state().rotation is None


def test_others_do_not_see_it(county, office, signed_in):
    user = make_official("shenji", "林静", organization=office)
    pmi.grant_role(user=user, role="auditor", organization=county, by=None, at=NOW, valid_from=TODAY)
    assert signed_in(user).get("/vault/").status_code == 403
    assert signed_in(user).post("/vault/rotate/").status_code == 403

"""The key is turned over while others read; a killed job goes on; the master key is changed."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.security.people import NOW, make_resident
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files import storage
from zhengtong.kernel.sealed import sealed_models
from zhengtong.security.accounts.models import User
from zhengtong.security.accounts.queries import find_by_number
from zhengtong.security.vault import keystore, operations, ring
from zhengtong.security.vault import public as vault
from zhengtong.security.vault.ciphers import SM4
from zhengtong.security.vault.models import DataKey, Rotation

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 90
PEOPLE = 200


def rotate(**more: Any) -> Rotation:
    rotation = vault.start_rotation(by=None, at=NOW, **more)
    assert vault.carry_on(rotation=rotation, by=None, at=NOW)
    rotation.refresh_from_db()
    return rotation


@pytest.fixture
def store(tmp_path, settings):
    settings.FILES_ROOT = tmp_path / "files"


@pytest.mark.django_db
class TestTurningOver:
    def test_everything_is_sealed_by_the_new_key_and_reads_as_before(self, store, resident, neighbour):
        rotation = rotate()
        assert rotation.rows == 2
        assert set(vault.sealed_by_others(number=rotation.key.number).values()) == {0}
        ring.forget()
        assert User.objects.get(pk=resident.pk).phone == resident.phone
        assert find_by_number(neighbour.resident_id) == [neighbour]
        assert sorted(DataKey.objects.values_list("number", "state")) == [
            (1, "current"),
            (2, "retired"),
            (3, "current"),
        ]

    def test_to_the_other_cipher_and_back(self, store, resident):
        rotate(algorithm="sm4")
        assert ring.ring().current.algorithm is SM4
        assert User.objects.get(pk=resident.pk).resident_id == resident.resident_id
        make_resident(serial=5)
        assert rotate(algorithm="aes").rows == 2
        assert User.objects.get(pk=resident.pk).phone == resident.phone

    def test_what_an_unaware_program_sealed_meanwhile_is_swept_up(self, store, resident):
        rotation = vault.start_rotation(by=None, at=NOW)
        new = ring.reread()
        for model in sealed_models():
            while operations._reseal_batch(rotation_id=rotation.pk, model=model) is not None:
                pass
        ring._ring = replace(new, current=new.keys[2])  # a program that has not looked at the queue again
        late = make_resident(serial=6)
        ring.forget()
        assert not vault.carry_on(rotation=rotation, by=None, at=NOW)  # found one, and will go through that table again
        assert vault.carry_on(rotation=rotation, by=None, at=NOW)
        assert User.objects.get(pk=late.pk).phone == late.phone
        assert set(vault.sealed_by_others(number=rotation.key.number).values()) == {0}

    def test_an_erased_person_is_left_alone(self, store, resident, neighbour):
        vault.erase_person(person_id=resident.pk, basis="本人申请", by=None, at=NOW)
        assert rotate().rows == 1
        assert User.objects.get(pk=resident.pk).phone == "已按规定删除"

    def test_a_rotation_that_is_not_finished_is_handed_back(self, store, resident):
        first = vault.start_rotation(by=None, at=NOW)
        assert vault.start_rotation(by=None, at=NOW) == first
        assert DataKey.objects.count() == 3

    def test_files_are_sealed_anew_and_plain_ones_for_the_first_time(self, store, db, now):
        kept = files.keep_bytes(
            content=b"x" * 200_000, name="a.pdf", mime="application/pdf", owner_kind="a", owner_id=1, by=None, at=now
        )
        place = storage.path_of(kept.stored.digest)
        before = place.read_bytes()
        plain = place.parent / ("0" * 64)
        plain.write_bytes(b"older than the vault")
        reading = files.open_(kept)
        head = reading.read(10)
        assert rotate().files == 2
        assert place.read_bytes() != before
        assert head + reading.read() == files.open_(kept).read() == b"x" * 200_000
        assert b"older" not in plain.read_bytes()
        assert storage.Arrived(plain, "", 0).open().read() == b"older than the vault"

    def test_the_master_key_is_changed_and_no_value_is_touched(
        self, resident, settings, tmp_path, django_capture_on_commit_callbacks
    ):
        shutil.copytree(settings.DATA / "keys", tmp_path / "keys")
        settings.DATA = tmp_path
        before = bytes(User.objects.get(pk=resident.pk).seal)
        with django_capture_on_commit_callbacks(execute=True):
            number = vault.change_master_key(by=None, at=NOW)
        assert keystore.numbers() == [number]
        ring.forget()
        assert User.objects.get(pk=resident.pk).phone == resident.phone
        assert bytes(User.objects.get(pk=resident.pk).seal) == before


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Start a process of the product on the test's database; all are ended after the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def run(act: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.security.vault.rotation_process"]
        command += [str(connection.settings_dict["NAME"]), str(tmp_path), act]
        processes.append(subprocess.Popen(command, cwd=ROOT))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.wait()


def wait_for(sign: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not sign.exists():
        assert process.poll() is None, "the process ended before it came there"
        assert time.monotonic() < deadline, "the process did not get there"
        time.sleep(0.02)


def people() -> None:
    User.objects.bulk_create(User(username=f"u{n}", display_name="甲", phone="1") for n in range(PEOPLE))
    for user in User.objects.all():
        user.phone = f"138{user.pk:08d}"
        user.save(update_fields=["phone"])


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_read_all_the_while_and_carried_on(start, tmp_path, store):
    """T-CRY-3: one process reads without pause; a rotation is killed inside a batch, another goes on behind the last whole one."""
    people()
    reader = start("read")
    wait_for(tmp_path / "reading", reader)
    killed = start("hang")
    wait_for(tmp_path / "inside", killed)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    half = Rotation.objects.get()
    assert (half.rows, half.finished_at) == (100, None)  # two batches of fifty; the third is undone
    assert start("rotate").wait(PATIENCE_SECONDS) == 0
    (tmp_path / "stop").touch()
    assert reader.wait(PATIENCE_SECONDS) == 0
    rounds, failures = map(int, (tmp_path / "read").read_text().split())
    assert rounds > 1
    assert failures == 0
    whole = Rotation.objects.get()
    assert whole.pk == half.pk
    assert whole.rows == PEOPLE
    assert whole.finished_at is not None
    ring.forget()
    assert set(vault.sealed_by_others(number=whole.key.number).values()) == {0}
    assert operations.BATCH != 50

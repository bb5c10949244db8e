"""Backup, restore, drill (T-DR): everything comes back; what was changed, lost or is not ours is refused with a sentence."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from tests.config.installation import BEGIN, Installation, contents
from tests.factories import MONDAY, establish_county, make_resident
from tests.house.code import ROOT
from zhengtong.config.backup import recovery, signing
from zhengtong.config.backup.pieces import cut
from zhengtong.config.backup.refusals import CannotBackUp, Damaged, WrongKey
from zhengtong.config.backup.repository import FEWEST_KEPT, seal
from zhengtong.config.cli import main
from zhengtong.foundation.files import public as files
from zhengtong.security.audit.operations import append
from zhengtong.security.audit.values import Fact

PASSPHRASE = b"tree-seven-river-stone"
PLANTED = "431321199005170011"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("sqlite3" not in str(connection.settings_dict["ENGINE"]), reason="a county on one file"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Path:
    """A data folder with a small county, a log of reads, two attachments and keys; made once, copied for every test."""
    data = tmp_path_factory.mktemp("installation")
    with django_db_blocker.unblock(), override_settings(FILES_ROOT=data / "files"), transaction.atomic():
        county = establish_county()
        make_resident(name="王小明")
        reads = (f"user:{number}" for number in range(50))
        facts = [
            Fact("read", MONDAY, county.auditor.pk, subject=subject, purpose="核验", basis="法") for subject in reads
        ]
        append(facts=facts)  # as `record_read`, which would not be undone with the rest
        for content in (b"%PDF-1.7 paper " * 300, PLANTED.encode() * 5000):
            files.keep_bytes(
                content=content,
                name="a.pdf",
                mime="application/pdf",
                owner_kind="case",
                owner_id=1,
                by=None,
                at=MONDAY,
            )
        (data / "zhengtong.sqlite3").write_bytes(connection.connection.serialize())
        transaction.set_rollback(True)
    (data / "secret.key").write_text("planted-secret-of-the-site")
    (data / "secret.key").chmod(0o600)
    shutil.copytree(settings.DATA / "keys", data / "keys")
    (data / "keys" / "vault.bin").write_bytes(b"planted-key-of-the-vault")
    (data / "notes.txt").write_text("kept as well")
    return data


@pytest.fixture
def county(made: Path, tmp_path: Path) -> Installation:
    """A copy of it, with a place for its backups."""
    data = tmp_path / "data"
    shutil.copytree(made, data)
    return Installation(data, tmp_path / "backups", recovery.Passphrase(PASSPHRASE))


class TestThereAndBack:
    """T-DR-1."""

    def test_everything_comes_back_as_it_was(self, county: Installation, tmp_path: Path) -> None:
        taken = county.back_up()
        done = county.restore(tmp_path / "back")
        before, after = contents(county.data), contents(tmp_path / "back")
        of_now = {"backup.lock", "zhengtong.sqlite3-wal", "zhengtong.sqlite3-shm", "restored-settings/environment.json"}
        assert set(before) ^ set(after) <= of_now
        assert {n for n in set(before) & set(after) if before[n] != after[n]} <= {"zhengtong.sqlite3"}
        assert rows(tmp_path / "back") == rows(county.data)
        assert done.found["audit"] == taken.manifest.body["audit"]
        assert done.found["audit"]["entries"] >= 50
        assert done.found["log_whole"]
        assert (tmp_path / "back" / "secret.key").stat().st_mode & 0o777 == 0o600
        assert not list(tmp_path.glob(".*restoring"))

    def test_only_what_is_new_is_written_again(self, county: Installation, tmp_path: Path) -> None:
        first = county.back_up()
        assert county.back_up().new_pieces == 1  # its list of contents
        new = county.add_file(5000)
        third = county.back_up()
        assert third.new_pieces == 2
        assert third.new_bytes < first.new_bytes / 4
        county.read(tmp_path / "first", county.repository.names()[0])
        county.read(tmp_path / "third")
        assert not (tmp_path / "first" / new.relative_to(county.data)).exists()
        assert (tmp_path / "third" / new.relative_to(county.data)).read_bytes() == new.read_bytes()

    def test_a_snapshot_while_others_write_is_of_one_moment(self, county: Installation, tmp_path: Path) -> None:
        county.run("PRAGMA journal_mode=WAL", "CREATE TABLE a (n INTEGER)", "CREATE TABLE b (n INTEGER, t TEXT)")
        stop, written = threading.Event(), []

        def write() -> None:
            with closing(sqlite3.connect(county.data / "zhengtong.sqlite3", timeout=20)) as database:
                while not stop.is_set():
                    with database:
                        database.execute("INSERT INTO a VALUES (?)", [len(written)])
                        database.execute("INSERT INTO b VALUES (?, ?)", [len(written), "x" * 3000])
                    written.append(1)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            counts = [county.back_up().manifest.body["counts"] for _ in range(4)]
        finally:
            stop.set()
            writer.join()
        assert all(found["a"] == found["b"] for found in counts)
        assert 0 < counts[0]["a"] < counts[-1]["a"] <= len(written)
        assert rows(county.read(tmp_path / "back"))["a"] == counts[-1]["a"]

    def test_the_drill_says_what_is_lost_and_how_long_it_takes(self, county: Installation) -> None:
        county.back_up()
        county.back_up(at=BEGIN + timedelta(hours=5))
        before = contents(county.backups)
        figures = county.drill(now=BEGIN + timedelta(hours=5, minutes=4))
        assert (figures.rpo_seconds, figures.longest_gap_seconds) == (240, 4 * 3600)
        assert figures.rto_seconds > 0
        assert figures.audit_entries >= 50
        assert contents(county.backups) == before

    def test_a_log_that_was_rewritten_does_not_pass_the_drill(self, county: Installation) -> None:
        county.run("DROP TRIGGER audit_entry_update", "UPDATE audit_auditentry SET purpose = '别的' WHERE seq = 20")
        county.back_up()
        with pytest.raises(Damaged, match="第20条的内容与它的校验码不符"):
            county.drill(now=BEGIN)

    def test_a_file_that_rotted_on_the_live_disk_is_reported(self, county: Installation) -> None:
        path = county.add_file()
        path.write_bytes(b"x" + path.read_bytes()[1:])
        assert path.name in county.back_up().problems[0]

    def test_the_public_half_writes_what_only_the_private_half_reads(
        self, county: Installation, tmp_path: Path
    ) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / "public.pem").write_bytes(private.public_key().public_bytes(*form))
        county.recovery = recovery.read(tmp_path / "public.pem")
        county.back_up()
        county.add_file()
        county.back_up()
        with pytest.raises(WrongKey, match="私钥"):
            county.restore(tmp_path / "back")
        county.restore(tmp_path / "back", recovery=recovery.KeyPair(private.public_key(), private))
        assert rows(tmp_path / "back") == rows(county.data)


def rows(data: Path) -> dict[str, int]:
    from zhengtong.config.backup.sqlite import counts

    return counts(data / "zhengtong.sqlite3")


class TestRefusals:
    """T-DR-4 and T-DR-5; every time the target is as before."""

    def test_any_flipped_bit_is_found(self, county: Installation, tmp_path: Path) -> None:
        county.back_up()
        stored = [p for p in sorted(county.backups.rglob("*")) if p.is_file() and p.name != "lock"]
        rng = random.Random(7)
        chosen = [(path, rng.randrange(path.stat().st_size * 8)) for path in stored for _ in range(3)]
        chosen += [(path, rng.randrange(path.stat().st_size * 8)) for path in stored if path.suffix for _ in range(12)]
        for path, bit in chosen:
            whole = path.read_bytes()
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            path.chmod(0o600)
            path.write_bytes(flipped)
            with pytest.raises(CannotBackUp):
                county.restore(tmp_path / "back")
            path.write_bytes(whole)
            assert not (tmp_path / "back").exists()
        county.restore(tmp_path / "back")

    def test_a_wrong_key_opens_nothing(self, county: Installation, tmp_path: Path) -> None:
        county.back_up()
        with pytest.raises(WrongKey, match="恢复密钥不对"):
            county.restore(tmp_path / "back", recovery=recovery.Passphrase(PASSPHRASE + b"x"))
        assert not (tmp_path / "back").exists()

    @pytest.mark.parametrize("kind", ["objects", "keys"])
    def test_a_missing_piece_is_named(self, county: Installation, tmp_path: Path, kind: str) -> None:
        county.back_up()
        lost = next(p for p in (county.backups / kind).rglob("*") if p.is_file())
        lost.unlink()
        with pytest.raises(Damaged, match=lost.name):
            county.restore(tmp_path / "back")
        assert not (tmp_path / "back").exists()

    def test_a_target_with_content_is_left_alone(self, county: Installation) -> None:
        county.back_up()
        before = contents(county.data)
        with pytest.raises(CannotBackUp, match="不是空的"):
            county.restore(county.data)
        assert contents(county.data) == before

    def test_a_manifest_of_another_s_making_is_refused(self, county: Installation, tmp_path: Path) -> None:
        """Who may write to the folder but has no recovery key can sign with keys of their own; the MAC is not to be had."""
        honest = county.back_up().manifest
        others = signing.signers(tmp_path / "other-keys")
        path = county.backups / "backups" / f"{honest.name}.manifest"
        body = {key: value for key, value in honest.body.items() if key != "name"}
        path.chmod(0o600)
        path.write_bytes(seal(honest.name, {**body, "counts": {}}, b"guess" * 6, others))
        with pytest.raises(Damaged, match="伪造"):
            county.restore(tmp_path / "back")

    def test_a_signature_cannot_be_taken_off(self, county: Installation, tmp_path: Path) -> None:
        path = county.backups / "backups" / f"{county.back_up().manifest.name}.manifest"
        line, under, _end = path.read_bytes().split(b"\n")
        sealed = json.loads(under)
        assert [s["algorithm"] for s in sealed["signatures"]] == ["p256", "sm2"]
        sealed["signatures"].pop()
        path.chmod(0o600)
        path.write_bytes(line + b"\n" + json.dumps(sealed, sort_keys=True).encode() + b"\n")
        with pytest.raises(Damaged, match="清单被改动过"):
            county.restore(tmp_path / "back")

    def test_a_named_signer_is_insisted_on(self, county: Installation, tmp_path: Path) -> None:
        signer = county.back_up().manifest.signer
        with pytest.raises(Damaged, match="不是您指定的"):
            county.restore(tmp_path / "back", signer="0" * 32)
        assert county.open(signer=signer.upper()).entries("database")

    def test_without_keys_none_are_in_it(self, county: Installation, tmp_path: Path) -> None:
        county.back_up(with_keys=False)
        found = b"".join(contents(county.read(tmp_path / "back")).values())
        assert b"planted-secret" not in found
        assert b"planted-key" not in found
        assert (tmp_path / "back" / "notes.txt").exists()

    def test_nothing_can_be_read_in_the_folder(self, county: Installation) -> None:
        county.back_up()
        found = b"".join(contents(county.backups).values())
        for word in (PLANTED, "王小明", "planted-", "SQLite format", "核验"):
            assert word.encode() not in found
        digests = {path.name for path in (county.data / "files").rglob("*") if path.is_file()}
        assert not [digest for digest in digests if digest.encode() in found]

    def test_sentences_for_what_is_not_there(self, county: Installation, tmp_path: Path) -> None:
        with pytest.raises(CannotBackUp, match="没有备份"):
            county.open()
        with pytest.raises(CannotBackUp, match="读不到恢复密钥"):
            recovery.read(tmp_path / "none")
        (tmp_path / "short").write_text("1234")
        with pytest.raises(CannotBackUp, match="太短"):
            recovery.read(tmp_path / "short")
        with pytest.raises(CannotBackUp, match="从不覆盖"):
            recovery.make_passphrase(tmp_path / "short")
        (county.data / "zhengtong.sqlite3").write_bytes(b"not a database at all" * 100)
        with pytest.raises(CannotBackUp, match="数据库"):
            county.back_up()


class TestKeeping:
    """T-DR-6: what is kept when something goes wrong or somebody wants it gone."""

    def test_old_backups_go_but_never_the_newest(self, county: Installation, tmp_path: Path) -> None:
        names = []
        for day in range(6):
            county.add_file(3000)
            names.append(county.back_up(at=BEGIN + timedelta(days=day)).manifest.name)
        now = BEGIN + timedelta(days=100)
        assert county.repository.prune(keep=4, days=101, now=now) == []  # not old enough
        assert county.repository.prune(keep=0, days=30, now=now) == names[: 6 - FEWEST_KEPT]
        assert county.repository.names() == names[6 - FEWEST_KEPT :]
        kept = {name for left in county.repository.names() for name in county.open(left).manifest.body["objects"]}
        assert {p.name for p in (county.backups / "objects").rglob("*") if p.is_file()} == kept
        county.read(tmp_path / "back", names[3])

    def test_nothing_is_removed_while_a_manifest_cannot_be_read(self, county: Installation) -> None:
        for day in range(5):
            county.back_up(at=BEGIN + timedelta(days=day))
        path = county.backups / "backups" / f"{county.repository.names()[2]}.manifest"
        path.chmod(0o600)
        path.write_bytes(b"{}")
        before = contents(county.backups)
        with pytest.raises(Damaged, match="没有清理"):
            county.repository.prune(keep=3, days=1, now=BEGIN + timedelta(days=100))
        assert contents(county.backups) == before

    def test_ransom(self, county: Installation, tmp_path: Path) -> None:
        """The live installation and the newest backup with everything it alone holds are gone: the one before is whole."""
        older = county.back_up().manifest
        county.add_file(20000)
        newest = county.back_up().manifest
        (county.backups / "backups" / f"{newest.name}.manifest").unlink()
        for name in set(newest.body["objects"]) - set(older.body["objects"]):
            county.repository.path_of(name).unlink()
        (county.backups / "keys" / f"{newest.body['run']}.json").unlink()
        shutil.rmtree(county.data)
        assert county.restore(tmp_path / "back").manifest.name == older.name

    def test_a_copy_only_grows(self, county: Installation, tmp_path: Path) -> None:
        from zhengtong.config.backup.repository import Repository

        first = county.back_up().manifest.name
        copy = Repository(tmp_path / "copy")
        with copy.held():
            county.repository.copy_to(copy)
        for path in (county.backups / "objects").rglob("*"):
            if path.is_file():
                path.chmod(0o600)
                path.write_bytes(b"encrypted by a thief")
        with copy.held():
            assert county.repository.copy_to(copy) == 0
        away = Installation(county.data, tmp_path / "copy", county.recovery)
        assert away.restore(tmp_path / "back").manifest.name == first


@pytest.mark.process
class TestSuddenEnds:
    """T-DR-2 and T-DR-3: processes really killed, a disk that takes no more."""

    @pytest.fixture
    def run(self, county: Installation, tmp_path: Path) -> Iterator[Any]:
        """Start a backup in a process of its own; killed at the end whatever happens."""
        (tmp_path / "passphrase").write_bytes(PASSPHRASE)
        started: list[subprocess.Popen[str]] = []

        def start(largest: int = 0) -> "subprocess.Popen[str]":
            command = [sys.executable, "-m", "tests.config.backup_process"]
            arguments = [str(county.backups), str(tmp_path / "passphrase"), str(largest)]
            environment = {**os.environ, "DATA": str(county.data)}
            started.append(
                subprocess.Popen([*command, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            )
            return started[-1]

        yield start
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()  # type: ignore[union-attr]

    def test_killed_at_any_moment_the_earlier_one_is_whole_and_the_next_goes_on(
        self, county: Installation, run: Any, tmp_path: Path
    ) -> None:
        first = county.back_up().manifest
        for _ in range(40):
            county.add_file(300_000)
        process = run()
        self._wait_for(county, process, 25)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert county.repository.names() == [first.name]
        assert (county.data / "backup-work").exists() or list((county.backups / "unfinished").iterdir())
        assert county.open().entries("database")
        second = county.back_up()
        assert second.resumed >= 25
        assert second.resumed + second.new_pieces >= 41
        assert not list(county.backups.rglob("*.new"))
        assert not list((county.backups / "unfinished").iterdir())
        assert not (county.data / "backup-work").exists()
        listed = {name for n in county.repository.names() for name in county.repository.manifest(n).body["objects"]}
        assert {p.name for p in (county.backups / "objects").rglob("*") if p.is_file()} == listed
        county.restore(tmp_path / "back")
        county.read(tmp_path / "earlier", first.name)

    def _wait_for(self, county: Installation, process: Any, pieces: int) -> None:
        until = time.monotonic() + 60
        journals = county.backups / "unfinished"
        while max((p.read_bytes().count(b"\n") for p in journals.glob("*.journal")), default=0) <= pieces:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.001)

    def test_a_full_disk_is_said_and_costs_nothing(self, county: Installation, run: Any, tmp_path: Path) -> None:
        county.back_up()
        before = contents(county.backups)
        county.add_file(200_000)
        county.add_file(4_000_000)
        process = run((county.data / "zhengtong.sqlite3").stat().st_size + 100_000)
        words = process.communicate(timeout=60)[0]
        assert process.returncode == 1
        assert "以前的备份完好" in words
        assert contents(county.backups) == before
        assert county.back_up().new_pieces >= 3

    def test_two_at_once_take_turns(self, county: Installation) -> None:
        with county.repository.held(), pytest.raises(CannotBackUp, match="另一个备份"):
            county.back_up()


@pytest.mark.process
def test_by_the_command_line(county: Installation, tmp_path: Path) -> None:
    """The IT officer's afternoon: first backup with a new key, a drill that starts the restored web, a restore."""
    key, back = tmp_path / "recovery.txt", tmp_path / "back"

    def call(*words: object, **environment: str) -> tuple[int, str, dict[str, Any]]:
        command = [sys.executable, "-m", "zhengtong.config.cli", *map(str, words)]
        env = {**os.environ, "DATA": str(county.data), "ZHENGTONG_SECRET": "planted-in-the-environment", **environment}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        last = done.stdout.splitlines()[-1] if done.stdout else ""
        return done.returncode, done.stdout + done.stderr, json.loads(last) if last.startswith("{") else {}

    status, words, figures = call("backup", county.backups, "--new-recovery", key, "--copy", tmp_path / "copy")
    assert (status, figures["problems"], figures["audit_entries"] >= 50) == (0, 0, True), words
    assert key.stat().st_mode & 0o777 == 0o600
    status, words, drilled = call("drill", tmp_path / "copy", "--recovery", key)
    assert (status, drilled["whole"], drilled["answered"]) == (0, True, True), words
    assert drilled["audit_root"] == figures["audit_root"]
    assert {"rpo_seconds", "rto_seconds"} <= set(drilled)
    status, words, _figures = call("restore", county.backups, "--into", back, ZHENGTONG_RECOVERY=str(key))
    assert status == 0, words
    assert "planted-in-the-environment" in (back / "restored-settings" / "secrets.json").read_text()
    assert "planted-in-the-environment" not in (back / "restored-settings" / "environment.json").read_text()


def test_refusals_of_the_command_line(county: Installation, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DATA = county.data
    inside, outside = county.data / "recovery.txt", county.backups.parent / "recovery.txt"
    for words, sentence in [
        (["backup", county.backups], "请指明恢复密钥"),
        (["backup", county.backups, "--new-recovery", inside], "不能放在数据文件夹"),
        (["backup", county.data / "b", "--new-recovery", outside], "不能在数据文件夹里面"),
        (["restore", county.backups], "请用 --recovery 指明"),
        (["drill", county.backups, "--recovery", outside], "读不到恢复密钥"),
    ]:
        assert main([str(word) for word in words]) == 1
        assert sentence in capsys.readouterr().err
    assert not inside.exists()
    assert not outside.exists()
    assert not county.backups.exists()


def test_pieces_are_the_content() -> None:
    assert list(cut([], 3)) == [b""]
    assert list(cut([b"ab", b"", b"cdef"], 3)) == [b"abc", b"def"]
    assert list(cut([b"abcdefg"], 3)) == [b"abc", b"def", b"g"]

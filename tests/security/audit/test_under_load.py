"""What happens at a bad moment: the database is locked, two ask for the first key at once, a key is gone, many append while the log is signed."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from zhengtong.config.commands import audit as command
from zhengtong.kernel.errors import Unavailable
from zhengtong.security.audit import operations, queries, signing
from zhengtong.security.audit.models import Checkpoint, LogTile
from zhengtong.security.audit.values import Fact

from ..people import NOW, make_resident


def append(number: int, subject: str = "user:1") -> None:
    operations.append(facts=[Fact("accounts.ContactChanged", NOW, subject=subject)] * number)


@contextmanager
def database_locked() -> Iterator[None]:
    """Somebody else writes for longer than anybody waits here."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("LOCK TABLE django_session, accounts_opensession IN ACCESS EXCLUSIVE MODE")
                held.set()
                over.wait(60)
        finally:
            connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(60)
    with connection.cursor() as cursor:
        patience = "SET lock_timeout = '50ms'" if connection.vendor == "postgresql" else "PRAGMA busy_timeout = 50"
        cursor.execute(patience)
    try:
        yield
    finally:
        over.set()
        other.join()
        connection.close()


@pytest.fixture
def reader(transactional_db) -> tuple[Client, str]:
    """A resident who was here two minutes ago, and the subject of their account."""
    user = make_resident()
    client = Client(raise_request_exception=False)
    client.force_login(user)
    client.get("/my/reads/")
    session = client.session
    session["seen_at"] = int(time.time()) - 120
    session.save()
    return client, f"user:{user.pk}"


def test_receipts_are_read_while_the_database_is_locked(reader):
    client, subject = reader
    append(1, subject)
    operations.checkpoint(at=NOW)
    with database_locked():
        answer = client.get(f"/receipts/{subject}/")
    assert answer.status_code in ((200,) if connection.vendor == "sqlite" else (200, 503))
    assert client.get(f"/receipts/{subject}/").status_code == 200


def test_an_answer_that_cannot_be_kept_says_so(reader):
    client, subject = reader
    append(1, subject)
    with database_locked():
        answer = client.get("/my/reads/1/proof/")  # not signed yet: the sentence for the next page waits in the session
    assert answer.status_code == 503
    assert "请稍后刷新" in answer.content.decode()


def test_two_threads_that_make_a_key_at_once_agree(tmp_path, monkeypatch):
    path, both, linked, written = tmp_path / "key", threading.Event(), threading.Event(), threading.Event()
    real, found, problems = os.link, [], []

    def link(source, target) -> None:
        try:
            real(source, target)
        finally:
            if not linked.is_set():
                linked.set()
                written.wait(10)

    def slow() -> bytes:
        both.set()
        linked.wait(10)
        return b"b" * 32

    def run(make: Callable[[], bytes]) -> None:
        try:
            found.append(signing._made_once(path, make))
        except OSError as problem:
            problems.append(problem)
        finally:
            written.set()

    monkeypatch.setattr(os, "link", link)
    second = threading.Thread(target=run, args=(slow,))
    second.start()
    both.wait(10)
    run(lambda: b"a" * 32)
    second.join()
    assert (problems, found) == ([], [path.read_bytes()] * 2)


@pytest.mark.django_db
def test_what_is_appended_while_the_log_is_hashed_is_signed_too(monkeypatch):
    append(300)
    hashed = operations._hash_blocks
    more = iter([400])

    def and_then_others_append(**how) -> bool:
        done = hashed(**how)
        append(next(more, 0))
        return done

    monkeypatch.setattr(operations, "_hash_blocks", and_then_others_append)
    made = operations.checkpoint(at=NOW)
    assert made.size == 700
    assert queries.verify().whole


@pytest.mark.django_db
class TestKeysAndName:
    def test_asking_for_a_lost_key_makes_no_new_one(self, client):
        append(1)
        operations.checkpoint(at=NOW)
        gone = signing.folder() / "audit-p256.key"
        kept = gone.read_bytes()
        gone.unlink()
        signing.forget()
        try:
            assert client.get("/audit/log/key").status_code == 503
            assert not gone.exists()
        finally:
            gone.write_bytes(kept)
            signing.forget()

    def test_a_receipt_whose_key_is_forgotten_still_has_its_file(self, signed_in, monkeypatch):
        user = make_resident()
        append(1, f"user:{user.pk}")
        operations.checkpoint(at=NOW)
        note = Checkpoint.objects.get().note
        monkeypatch.setattr(signing, "folder", lambda: signing.settings.DATA / "elsewhere")
        (signing.settings.DATA / "elsewhere").mkdir(exist_ok=True)
        signing.forget()
        page = signed_in(user)
        assert page.get(f"/receipts/user:{user.pk}/").status_code == 200
        assert page.get("/my/reads/1/qr.png").status_code == 404
        assert note in page.get("/my/reads/1/proof/").content.decode()

    def test_the_log_keeps_the_name_of_its_first_checkpoint(self, settings):
        settings.PUBLIC_URL = "https://zwfw.example"
        append(1)
        assert operations.checkpoint(at=NOW).note.startswith("zwfw.example/audit\n")
        settings.PUBLIC_URL = "http://127.0.0.1:8000"  # as a command run without ZHENGTONG_URL
        append(1)
        assert operations.checkpoint(at=NOW).note.startswith("zwfw.example/audit\n")
        assert {key.name for key in signing.log_keys()} == {"zwfw.example/audit"}

    def test_a_command_does_not_guess_the_name(self, monkeypatch, capsys):
        append(1)
        options = type("Options", (), {"action": "checkpoint"})
        assert command.run(options) == 1
        assert "ZHENGTONG_URL" in capsys.readouterr().err
        assert not Checkpoint.objects.exists()
        monkeypatch.setenv("ZHENGTONG_URL", "http://127.0.0.1:8000")
        assert command.run(options) == 0

    def test_a_line_cut_off_by_a_crash_is_passed_over(self):
        append(1)
        operations.checkpoint(at=NOW)
        with (signing.folder() / "audit.vkeys").open("a", encoding="utf-8") as file:
            file.write("127.0.0.1:8000/audit+12\n")
        assert {key.algorithm for key in signing.known_keys()} == {"p256", "sm2"}

    def test_a_hole_in_the_log_is_said_in_a_sentence(self):
        append(300)
        operations.checkpoint(at=NOW)
        LogTile.objects.all().delete()
        with pytest.raises(Unavailable):
            queries.receipt_of(queries.get_entry(300))

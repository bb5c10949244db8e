"""T-CRY-4: fifty planted identity numbers go through the county's pages and are found in nothing it leaves on the disk."""

import json
import logging
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.approvals.cases.play import Play
from tests.config.installation import Installation
from zhengtong.approvals.cases import public as cases
from zhengtong.config.backup.recovery import Passphrase
from zhengtong.config.logs import LineFormatter
from zhengtong.foundation.files.models import Attachment
from zhengtong.foundation.notices import public as notices
from zhengtong.kernel.identifiers import resident_id
from zhengtong.security.accounts.models import User
from zhengtong.security.audit import signing

PLANTED = 50
FORM = {
    "fields": [
        {"key": "shop", "label": "店名", "type": "text"},
        {"key": "partner", "label": "合伙人身份证号", "type": "resident_id"},
        {"key": "call", "label": "联系手机", "type": "phone"},
        {"key": "home", "label": "住址", "type": "address", "personal": True},
        {"key": "bank", "label": "收款银行账号", "type": "text", "personal": True},
    ]
}


def number(serial: int) -> str:
    return resident_id.make_synthetic(birth_on=date(1971, 3, 9), serial=serial)


def canaries() -> list[tuple[str, str, str, str]]:
    """Identity number, phone, address and bank account of each person."""
    return [
        (
            number(n),
            f"1597{n:03d}{n * 7919 % 10000:04d}",
            f"走马街镇松木塘{n:04d}号",
            f"62284{n:04d}{n * 104729 % 10**10:010d}",
        )
        for n in range(100, 100 + PLANTED)
    ]


def in_database(words: list[bytes]) -> list[str]:
    """`table: word` for every cell of every table that holds one of the words, sessions opened as Django opens them."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                text = b"\0".join(bytes(c) if isinstance(c, (bytes, memoryview)) else str(c).encode() for c in row)
                found += [f"{table}: {word.decode()}" for word in words if word in text]
    for session in Session.objects.all():
        text = json.dumps(session.get_decoded(), ensure_ascii=False, default=str).encode()
        found += [f"session: {word.decode()}" for word in words if word in text]
    return found


def on_disk(words: list[bytes], *folders: Path) -> list[str]:
    """`file: word` for every file below the folders: database, WAL, attachments, messages, cache."""
    found = []
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found += [f"{path}: {word.decode()}" for word in words if word in content]
    return found


def walk_in(county: Any, person: tuple[str, str, str, str]) -> None:
    """A person without an account stands at the window: who they are goes through the clerk's session into a draft."""
    clerk = Client()
    clerk.force_login(county.window_officer)
    words = {"walk_in": "1", "name": "胡一", "id_number": person[0], "phone": person[1], "address": person[2]}
    assert clerk.post(reverse("cases:window"), words).status_code == 302
    assert clerk.get(reverse("cases:window_matters")).status_code == 200
    begun = clerk.post(reverse("cases:window_begin"), {"matter": "test-licence"})
    assert begun.status_code == 302
    case = cases.Case.objects.latest("pk")
    assert (case.applicant_id_number, case.applicant_phone) == person[:2]
    clerk.post(reverse("cases:window"), {"number": person[0]})


@pytest.mark.django_db(transaction=True)
def test_fifty_planted_numbers_are_found_nowhere(small_county, calendar, deliver, caplog, tmp_path, settings):
    settings.FILES_ROOT, settings.EMAIL_FILE_PATH = tmp_path / "files", str(tmp_path / "mail")
    signing.forget()  # the keys of the log are those that lie in the folder that is backed up, not those of a test before
    caplog.set_level(logging.DEBUG)
    people = canaries()
    play: Any = None
    for place, (identity, phone, home, bank) in enumerate(people[1:]):
        client = Client()
        words = {"name": "胡静", "resident_id": identity, "phone": phone, "password": "spring rice in Zi river"}
        assert client.post("/account/signup/", words).status_code == 302
        user = User.objects.latest("pk")
        client.post("/account/contact/", {"phone": phone, "email": f"p{place}@example.cn", "address": home})
        if play is None:
            play = Play(small_county, user, form=FORM)
        play.applicant = user
        if place < 12:
            file_and_handle(play, place, (identity, phone, home, bank), deliver)
    walk_in(small_county, people[0])
    stranger = Client()
    stranger.get("/nowhere/", {"q": people[1][0]})
    stranger.post("/progress/", {"number": people[1][0], "code": people[1][1]})
    stranger.post("/account/signup/", {"resident_id": people[1][0], "phone": people[1][1], "password": people[1][0]})
    deliver()
    notices.deliver_waiting(now=play.later(days=1))
    words = [word.encode() for person in people for word in person]
    assert in_database(words) == []
    if connection.vendor == "sqlite":
        files = Path(str(connection.settings_dict["NAME"]))
        assert on_disk(words, files.parent, tmp_path) == []
    assert on_disk(words, tmp_path, Path(product.DATA)) == []
    lines = "\n".join(LineFormatter().format(record) for record in caplog.records).encode()
    assert len(caplog.records) >= 3, "what went wrong is written down"
    assert [word for word in words if word in lines or word in caplog.text.encode()] == []
    if connection.vendor == "sqlite":
        assert in_backups(words, tmp_path) == []
    assert User.objects.get(resident_id=people[9][0]).phone == people[9][1]


def in_backups(words: list[bytes], folder: Path) -> list[str]:
    """The county backed up with its keys, and brought back: `file: word` for what lies in the folder of backups and for
    what is unpacked from it.
    """
    data = folder / "county"
    data.mkdir()
    with closing(sqlite3.connect(data / "zhengtong.sqlite3")) as copy:
        connection.connection.backup(copy)
    shutil.copytree(folder / "files", data / "files")
    shutil.copytree(Path(product.DATA) / "keys", data / "keys")
    county = Installation(data, folder / "backups", Passphrase(b"tree-seven-river-stone"))
    assert county.back_up().problems == []
    shutil.rmtree(data)
    back = folder / "restored"
    county.restore(back)
    with closing(sqlite3.connect(back / "zhengtong.sqlite3")) as restored:
        assert restored.execute("SELECT count(*) FROM cases_case").fetchone()[0] >= 12
    assert sum(path.is_file() for path in county.backups.rglob("*")) > 5
    return on_disk(words, county.backups, back)


def file_and_handle(play: Play, place: int, person: tuple[str, str, str, str], deliver: Any) -> None:
    """A draft with everything personal in it, a paper that holds the number, and every third one through to its licence."""
    identity, phone, home, bank = person
    play.draft()
    answers = {"partner": identity, "call": phone, "home": home, "bank": bank}
    cases.save_answers(case_id=play.case.pk, answers=answers, by=play.applicant, at=play.now)
    paper = f"%PDF-1.4\n% {identity} {phone} {home} {bank}\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n".encode()
    kept = cases.add_material(
        case_id=play.case.pk,
        material_no=1,
        upload=SimpleUploadedFile(f"材料{place}.pdf", paper),
        by=play.applicant,
        at=play.now,
    )
    assert Attachment.objects.get(pk=kept.pk).stored.size == len(paper)
    reader = Client()
    reader.force_login(play.applicant)
    assert b"".join(reader.get(kept.url).streaming_content) == paper
    if place % 3:
        return
    play.case = cases.submit(case_id=play.case.pk, by=play.applicant, at=play.now)
    officer = play.county.window_officer
    play.case = cases.receive(case_id=play.case.pk, by=officer, at=play.later(hours=1))
    cases.fix_on_spot(case_id=play.case.pk, answers={"call": phone}, what="核对手机", by=officer, at=play.now)
    play.judge()
    play.case = cases.accept(case_id=play.case.pk, by=officer, at=play.later(minutes=5), hand_over=True)
    play.done("review", play.county.case_officer).done("health", play.county.health_officer)
    play.done("check", play.county.section_head)
    play.case = cases.decide(
        case_id=play.case.pk, outcome="grant", opinion="准予", by=play.county.approver, at=play.later(hours=1)
    )
    cases.certify(case_id=play.case.pk, by=play.county.certificate_clerk, at=play.later(hours=1))
    deliver()
    assert cases.get(play.case.pk).answers["bank"] == bank

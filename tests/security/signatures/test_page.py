"""The page on which anybody verifies a file, and the command that does the same."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import MONDAY
from zhengtong.config.cli import main
from zhengtong.security.signatures import public as signatures

PAGE = "/verify/file/"


def upload(client, content: bytes, name: str = "许可证.pdf"):
    return client.post(PAGE, {"file": SimpleUploadedFile(name, content, "application/octet-stream")})


def test_the_page_is_linked_and_open_to_everybody(client, db):
    assert PAGE in client.get("/verify/").content.decode()
    assert client.get(PAGE).status_code == 200


def test_a_good_licence_is_called_genuine_with_its_signers(client, licence):
    answer = upload(client, licence)
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "是真的，没有改动" in shown
    assert "县卫生健康局" in shown
    assert "no-store" in answer["Cache-Control"]


def test_a_changed_and_a_cut_licence_are_not(client, licence):
    changed = licence.replace(b"/MediaBox", b"/MediaBax", 1)
    assert "不能采信" in upload(client, changed).content.decode()
    assert "又被添加了内容" in upload(client, licence + b"\n").content.decode()


def test_other_files_get_a_plain_answer(client, db, plain):
    assert "没有任何电子签名" in upload(client, plain).content.decode()
    assert "不要上传照片或扫描件" in upload(client, b"\xff\xd8\xff\xe0 photo", "a.jpg").content.decode()
    assert "读不出来" in upload(client, b'{"content": ', "a.json").content.decode()


def test_nothing_an_empty_and_a_huge_file_are_refused_with_a_sentence(client, db, settings):
    for answer, status, words in (
        (client.post(PAGE, {}), 422, "请选择要验的文件"),
        (upload(client, b""), 422, "空的"),
    ):
        assert answer.status_code == status
        assert words in answer.content.decode()
    settings.FILES_MAX_MB = 1
    answer = upload(client, b"%PDF-1.7" + bytes(1 << 20))
    assert answer.status_code == 413
    assert "没有核验" in answer.content.decode()


def test_a_file_is_not_kept(client, licence, settings):
    from pathlib import Path

    from zhengtong.foundation.files.models import Attachment

    before = sorted(Path(settings.FILES_ROOT).rglob("*"))
    upload(client, licence)
    assert not Attachment.objects.exists()
    assert sorted(Path(settings.FILES_ROOT).rglob("*")) == before


def test_what_a_file_says_is_escaped(client, db):
    shown = upload(client, b"nothing", "<script>alert(1)</script>.pdf").content.decode()
    assert "<script>alert" not in shown


@pytest.fixture
def said(capsys):
    def run(*arguments: str) -> tuple[int, str]:
        status = main(["verify", *arguments])
        return status, capsys.readouterr().out

    return run


def test_the_command_says_good_or_not_by_its_exit_status(said, licence, plain, tmp_path):
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(licence)
    bad.write_bytes(plain)
    status, words = said(str(good))
    assert status == 0
    assert "是真的" in words
    assert "县卫生健康局" in words
    status, words = said("--json", str(good))
    found = json.loads(words)
    assert status == 0
    assert found["good"]
    assert [one["name"] for one in found["signatures"]] == ["department-sm2", "department-p256"]
    assert said(str(bad))[0] == 1
    assert json.loads(said("--json", str(bad))[1])["good"] is False
    assert said("--json", str(tmp_path / "none.pdf"))[0] == 1


def test_the_command_reads_signed_answers(said, county_keys, tmp_path):
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(signatures.sign_json({"a": "b"}, at=MONDAY)))
    assert said(str(file))[0] == 0

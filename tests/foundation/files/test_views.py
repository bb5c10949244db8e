"""Uploads through HTTP, and downloads for those who may read."""

import os
import resource
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client, RequestFactory

from tests.factories import make_resident
from tests.foundation.files import samples
from tests.foundation.files.conftest import Receive, on_disk
from tests.foundation.files.test_receive import disk_that_takes
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.files import public as files
from zhengtong.foundation.files import rules, storage
from zhengtong.kernel.errors import Unavailable

SignIn = Callable[[Any], Client]


@pytest.fixture
def owner(db: None) -> Iterator[Any]:
    """A resident who alone may read what belongs to thing 1."""
    user = make_resident()
    kept = dict(rules.READERS)
    files.register_reader("thing", lambda reader, owner_id: owner_id == 1 and reader == user)
    yield user
    rules.READERS.clear()
    rules.READERS.update(kept)


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_the_owner_reads_it_in_the_browser_under_its_chinese_name(
    owner: Any, receive: Receive, signed_in: SignIn
) -> None:
    attachment = receive("身份证 正面.pdf", samples.PDF)
    response = signed_in(owner).get(attachment.url)
    assert response.status_code == 200
    assert body_of(response) == samples.PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f"inline; filename*=utf-8''{quote('身份证 正面.pdf')}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Length"] == str(len(samples.PDF))
    assert "private" in response["Cache-Control"]


def test_what_a_browser_should_not_show_is_saved(owner: Any, receive: Receive, signed_in: SignIn) -> None:
    client = signed_in(owner)
    docx, pdf = receive("表.docx", samples.DOCX), receive("图.pdf", samples.PDF)
    assert client.get(docx.url)["Content-Disposition"].startswith("attachment;")
    assert client.get(pdf.url + "?save=1")["Content-Disposition"].startswith("attachment;")


def test_an_unchanged_file_is_not_sent_again_but_access_is_asked_again(
    owner: Any, receive: Receive, signed_in: SignIn
) -> None:
    attachment, client = receive("a.pdf", samples.PDF), signed_in(owner)
    etag = client.get(attachment.url)["ETag"]
    assert client.get(attachment.url, headers={"If-None-Match": etag}).status_code == 304
    files.register_reader("thing", lambda reader, owner_id: False)
    assert client.get(attachment.url, headers={"If-None-Match": etag}).status_code == 404


def test_strangers_do_not_learn_that_it_exists(owner: Any, receive: Receive, signed_in: SignIn) -> None:
    attachment, client = receive("a.pdf", samples.PDF), signed_in(make_resident(2, "李四"))
    assert client.get(attachment.url).status_code == 404
    assert client.get(f"/files/{uuid.uuid4()}/").status_code == 404
    other = receive("b.pdf", samples.PDF, owner_id=2)
    assert signed_in(owner).get(other.url).status_code == 404


def test_visitors_are_asked_to_sign_in_whether_it_exists_or_not(owner: Any, receive: Receive, client: Client) -> None:
    for address in (receive("a.pdf", samples.PDF).url, f"/files/{uuid.uuid4()}/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/account/login/")


def test_without_a_reader_nobody_may_read(owner: Any, receive: Receive, signed_in: SignIn) -> None:
    attachment = receive("a.pdf", samples.PDF, owner_kind="unheard-of")
    assert signed_in(owner).get(attachment.url).status_code == 404
    assert not files.can_read(AnonymousUser(), attachment)


def test_a_removed_file_is_gone_for_everybody(owner: Any, receive: Receive, signed_in: SignIn, now: datetime) -> None:
    attachment = receive("a.pdf", samples.PDF)
    files.remove(attachment=attachment, at=now)
    assert signed_in(owner).get(attachment.url).status_code == 404


def test_a_read_by_another_person_is_a_fact_for_the_audit(owner: Any, receive: Receive, signed_in: SignIn) -> None:
    attachment = receive("a.pdf", samples.PDF, by=owner.pk)
    signed_in(owner).get(attachment.url)
    reads = OutboxEvent.objects.filter(name="files.AttachmentRead")
    assert not reads.exists()
    other = make_resident(2, "李四")
    files.register_reader("thing", lambda reader, owner_id: True)
    signed_in(other).get(attachment.url)
    assert reads.get().actor_id == other.pk


def test_nothing_but_reading_is_possible(owner: Any, receive: Receive, signed_in: SignIn) -> None:
    assert signed_in(owner).post(receive("a.pdf", samples.PDF).url).status_code == 405


def upload_through_http(content: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    request = RequestFactory().post("/", {"file": SimpleUploadedFile("a.pdf", content), "note": "后面的字段还在"})
    assert request.POST["note"] == "后面的字段还在"
    return request.FILES["file"]


def test_an_upload_goes_to_disk_and_is_taken(receive: Receive) -> None:
    upload = upload_through_http(samples.PDF)
    assert upload.fileno() > 0
    assert list(storage.incoming_folder().iterdir()) == []  # on the disk, under no name
    assert receive("", b"", upload=upload).size == len(samples.PDF)


def test_an_oversized_upload_is_thrown_away_while_it_comes_and_refused(
    receive: Receive, settings: Any, store: Path
) -> None:
    settings.FILES_MAX_MB = 0.1
    upload = upload_through_http(samples.pdf(b"x" * 900_000))
    assert os.fstat(upload.fileno()).st_size == 0
    with pytest.raises(files.FileTooLarge):
        receive("", b"", upload=upload)
    assert on_disk(store) == []


def test_a_disk_that_fills_up_during_the_upload_is_said(receive: Receive) -> None:
    content = samples.pdf(b"x" * 900_000)
    with disk_that_takes(200_000):
        upload = upload_through_http(content)
    with pytest.raises(Unavailable):
        receive("", b"", upload=upload)


def test_a_disk_without_room_for_one_more_file_is_said(receive: Receive) -> None:
    """The kernel refuses to open another file (no descriptors left is the error that a test can really cause)."""
    storage.FULL.add(24)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        request = RequestFactory().post("/", {"file": upload_through_http(samples.PDF)})
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        upload = request.FILES["file"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        storage.FULL.discard(24)
    with pytest.raises(Unavailable):
        receive("", b"", upload=upload)
    request.close()


def test_leftovers_of_killed_uploads_are_swept_after_a_day(store: Path) -> None:
    import os
    import time

    old, new = storage.incoming_folder() / "old", storage.incoming_folder() / "new"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (time.time() - 90_000,) * 2)
    assert storage.sweep_incoming() == 1
    assert on_disk(store) == [new]


def test_the_handler_is_the_one_django_uses(settings: Any) -> None:
    from django.utils.module_loading import import_string

    (handler,) = settings.FILE_UPLOAD_HANDLERS
    assert issubclass(import_string(handler), TemporaryFileUploadHandler)

"""Take files in, keep papers the county made, remove attachments."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from zhengtong.foundation.events import public as events
from zhengtong.foundation.files import scanning, storage
from zhengtong.foundation.files.events import AttachmentRead
from zhengtong.foundation.files.inspection import inspect
from zhengtong.foundation.files.models import Attachment, StoredFile
from zhengtong.foundation.files.names import extension_of, safe_name


@transaction.atomic
def receive(*, upload: UploadedFile, owner_kind: str, owner_id: int, by: int | None, at: datetime) -> Attachment:
    """Take in what a person uploaded, after checking what it really is.

    Refuses with `FileTooLarge` (413), `FileTypeNotAllowed` (415), `CannotReceiveFile` (422: empty, damaged,
    mislabelled, macros, bombs, known to the virus scanner) or `Unavailable` (503: disk full, scanner silent); then nothing is left behind.
    """
    refusal = getattr(upload, "refusal", None)
    if refusal is not None:
        raise refusal
    name = upload.name or ""
    with storage.arriving(upload.chunks(), limit=storage.max_bytes()) as arrived:
        found = inspect(arrived, name=name)
        scanning.scan(arrived)
        return _attach(
            arrived,
            name=safe_name(name, extension=found.extension),
            mime=found.mime,
            owner_kind=owner_kind,
            owner_id=owner_id,
            by=by,
            at=at,
        )


@transaction.atomic
def keep_bytes(
    *,
    content: bytes | Iterable[bytes],
    name: str,
    mime: str,
    owner_kind: str,
    owner_id: int,
    by: int | None,
    at: datetime,
) -> Attachment:
    """Keep a paper that the county itself made (licence, notice, evidence pack): no limit, type as given.

    Raises `Unavailable` when the disk is full.
    """
    chunks = [content] if isinstance(content, bytes) else content
    with storage.arriving(chunks, limit=None) as arrived:
        return _attach(
            arrived,
            name=safe_name(name, extension=extension_of(name) or "bin"),
            mime=mime,
            owner_kind=owner_kind,
            owner_id=owner_id,
            by=by,
            at=at,
        )


def _attach(arrived: storage.Arrived, *, mime: str, by: int | None, at: datetime, **fields: Any) -> Attachment:
    storage.take_in(arrived)
    stored, _made = StoredFile.objects.get_or_create(
        digest=arrived.digest, defaults={"size": arrived.size, "mime": mime}
    )
    return Attachment.objects.create(stored=stored, uploaded_by_id=by, uploaded_at=at, **fields)


@transaction.atomic
def remove(*, attachment: Attachment, at: datetime) -> None:
    """Take an attachment away from its owner; the row and the bytes stay as evidence that it was once handed in."""
    Attachment.objects.filter(pk=attachment.pk, removed_at__isnull=True).update(removed_at=at)
    attachment.refresh_from_db()


@transaction.atomic
def erase(*, attachments: Iterable[Attachment], at: datetime) -> int:
    """Delete the content of attachments for good (个人信息保护法 第四十七条); the row stays and says so, without its name.

    Content that another attachment shares stays until that one goes too. The number that was erased.
    """
    digests, done = set[str](), 0
    for row in attachments:
        if row.erased_at is None:
            row.erased_at, row.removed_at, row.name = at, row.removed_at or at, _("已按规定删除")
            row.save(update_fields=["erased_at", "removed_at", "name"])
            digests.add(row.stored.digest)
            done += 1
    for digest in digests:
        if not Attachment.objects.filter(stored__digest=digest, erased_at__isnull=True).exists():
            transaction.on_commit(partial(storage.discard, digest))
    return done


@transaction.atomic
def discard_erased() -> int:
    """Take contents off the disk whose attachments are all erased: a process that was killed right after its commit left them; how many.

    A content that was handed in within a day stays: its attachment may not be committed yet.
    """
    live = Attachment.objects.filter(stored=OuterRef("pk"), erased_at__isnull=True)
    gone = Attachment.objects.filter(erased_at__isnull=False).values("stored_id")
    rows = StoredFile.objects.filter(~Exists(live), pk__in=gone)
    return sum(storage.discard_old(digest) for digest in rows.values_list("digest", flat=True).iterator())


@transaction.atomic
def record_read(*, attachment: Attachment, by: int | None, at: datetime) -> None:
    """Publish that somebody else than its giver opened the attachment; audit keeps it."""
    if by is not None and by == attachment.uploaded_by_id:
        return
    fact = AttachmentRead(
        attachment_id=attachment.pk, owner_kind=attachment.owner_kind, owner_id=attachment.owner_id, actor_id=by
    )
    events.publish(fact, at=at)

"""Every write of signatures: the register of what was signed."""

from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Q

from zhengtong.foundation.events import public as events
from zhengtong.security.signatures import archiving, reading
from zhengtong.security.signatures.events import ArchiveRenewed, DocumentSigned
from zhengtong.security.signatures.models import SignedDocument
from zhengtong.security.signatures.values import KEEPERS
from zhengtong.security.timestamps import public as timestamps

SOON = timedelta(days=180)
"""An archive stamp is renewed this long before its certificate ends: half a year without a stamp service costs nothing."""

AT_ONCE = 50


@transaction.atomic
def enter(*, subject: str, content: bytes, at: datetime) -> SignedDocument:
    """Enter a signed PDF into the register, in the transaction that keeps it. `subject`: whose it is, as `kind:id`.

    Raises `ValueError` for a file without signatures of this house, `IntegrityError` when the subject was entered before.
    """
    signers = [
        {"name": said.name, "signer": holder.name, "serial": holder.serial} for said, holder in reading.signers(content)
    ]
    if not signers:
        raise ValueError("the file is not signed")
    digest = sha256(content).hexdigest()
    row = SignedDocument.objects.create(
        subject=subject,
        digest=digest,
        signers=signers,
        signed_at=at,
        archivable=reading.archivable(content) is not None,
        archived_until=archiving.protected_until(content),
    )
    events.publish(DocumentSigned(paper=subject, digest=digest), at=at)
    return row


def renew_archives(*, now: datetime) -> int:
    """Put another archive stamp on papers whose newest one ends soon, and the first on those that were signed while there were
    no stamps; the number of papers. `now` by the clock of the stamps. Without stamps all of them wait for the next call.
    """
    ahead = archiving.new_stamps_until(now)
    if ahead is None:
        return 0
    # A stamp that ends no later than the one that is there would protect nothing.
    due = Q(archived_until__isnull=True) | Q(archived_until__lt=min(ahead, now + SOON))
    rows = SignedDocument.objects.filter(due, archivable=True).order_by("archived_until", "pk")
    done = 0
    for pk in list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            done += _renew(document_id=pk, at=now)
        except timestamps.StampUnavailable:
            break
    return done


@transaction.atomic
def _renew(*, document_id: int, at: datetime) -> bool:
    row = SignedDocument.objects.select_for_update().get(pk=document_id)
    kind, _colon, number = row.subject.partition(":")
    keeper = KEEPERS.get(kind)
    if keeper is None:
        return False
    content = keeper.read(int(number))
    if reading.archivable(content) is None:  # signed before there were places for archive stamps
        row.archivable = False
        row.save(update_fields=["archivable"])
        return False
    content = archiving.closed(content)
    keeper.replace(int(number), content, at)
    row.digest, row.archived_until = sha256(content).hexdigest(), archiving.protected_until(content)
    row.save(update_fields=["digest", "archived_until"])
    events.publish(ArchiveRenewed(paper=row.subject, digest=row.digest), at=at)
    return True

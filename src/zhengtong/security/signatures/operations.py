"""Every write of signatures: the register of what was signed."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from zhengtong.foundation.events import public as events
from zhengtong.security.signatures import reading
from zhengtong.security.signatures.events import DocumentSigned
from zhengtong.security.signatures.models import SignedDocument


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
    row = SignedDocument.objects.create(subject=subject, digest=digest, signers=signers, signed_at=at)
    events.publish(DocumentSigned(paper=subject, digest=digest), at=at)
    return row

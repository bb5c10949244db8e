"""Reads of the register of signed documents."""

from collections.abc import Iterable

from zhengtong.security.signatures.models import SignedDocument
from zhengtong.security.signatures.values import Signed


def signed(subjects: Iterable[str]) -> dict[str, Signed]:
    """Of these subjects (`kind:id`), those that are signed; one query."""
    rows = SignedDocument.objects.filter(subject__in=list(subjects))
    return {
        row.subject: Signed(tuple(dict.fromkeys(one["signer"] for one in row.signers)), row.signed_at) for row in rows
    }

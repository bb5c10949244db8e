"""Append to the chain. There is no other write."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from zhengtong.foundation.events.public import Envelope
from zhengtong.kernel import statements
from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.statements import Statement
from zhengtong.security.audit.models import READ, AuditEntry, ChainHead
from zhengtong.security.audit.values import Fact

_OWN_COLUMNS = ("actor_id", "on_behalf_of")


@transaction.atomic(savepoint=False)
def append(*, facts: Sequence[Fact]) -> list[AuditEntry]:
    """Chain `facts` in order behind the head.

    The head row is locked until the transaction ends, so call it late in yours.
    """
    head = _locked_head()
    entries = []
    for fact in facts:
        entry = AuditEntry(
            seq=head.seq + 1,
            effective_at=fact.effective_at,
            action=fact.action,
            actor_id=fact.actor_id,
            on_behalf_of=fact.on_behalf_of,
            subject=fact.subject,
            purpose=fact.purpose,
            basis=fact.basis,
            detail=fact.detail or {},
            outbox_id=fact.outbox_id,
            prev_hash=bytes(head.hash),
        )
        entry.hash = entry.computed_hash()
        head.seq, head.hash = entry.seq, entry.hash
        entries.append(entry)
    if entries:
        statements.insert_all(entries)
        statements.update(head, "seq", "hash")
    return entries


_HEAD = Statement(lambda: ChainHead.objects.select_for_update().filter(pk=ChainHead.ONLY))


def _locked_head() -> ChainHead:
    head: ChainHead | None = _HEAD.first()
    if head is None:  # the first entry of a database whose guards were not installed yet
        ChainHead.objects.get_or_create(pk=ChainHead.ONLY)
        head = ChainHead.objects.select_for_update().get(pk=ChainHead.ONLY)
    return head


@transaction.atomic(savepoint=False)
def record_events(*, envelopes: Iterable[Envelope]) -> list[AuditEntry]:
    """Chain what was published; an event that is in the chain already is passed over."""
    waiting = {envelope.id: envelope for envelope in envelopes}
    done = set(AuditEntry.objects.filter(outbox_id__in=list(waiting)).values_list("outbox_id", flat=True))
    return append(facts=[_fact(envelope) for number, envelope in waiting.items() if number not in done])


def _fact(envelope: Envelope) -> Fact:
    event = envelope.event
    detail = {
        key: value
        for key, value in event.payload().items()
        if key not in _OWN_COLUMNS and key != event.subject_field and value not in (None, "", [])
    }
    return Fact(
        action=event.name,
        effective_at=envelope.effective_at,
        actor_id=event.actor_id,
        on_behalf_of=event.on_behalf_of,
        subject=event.subject,
        detail=detail,
        outbox_id=envelope.id,
    )


def record_read(
    *,
    by: int | None,
    subject: str,
    purpose: str,
    basis: str,
    fields: Iterable[str],
    at: datetime,
    on_behalf_of: str = "",
) -> AuditEntry:
    """Record that `by` (an account id) read the named fields of `subject` ("user:5", "case:12"), for a purpose, on a
    legal basis.

    Written at once, in the caller's transaction: who is shown personal data is on record, or is shown nothing. Only
    names of fields are kept, never their content. 个人信息保护法 第六条、第五十一条. Refuses (`Invalid`) a read
    without subject, purpose or basis.
    """
    if not (subject.strip() and purpose.strip() and basis.strip()):
        raise Invalid(_("查看个人信息必须写明查看对象、目的和依据。"))
    fact = Fact(
        action=READ,
        effective_at=at,
        actor_id=by,
        on_behalf_of=on_behalf_of,
        subject=subject,
        purpose=purpose.strip()[:200],
        basis=basis.strip()[:200],
        detail={"fields": sorted(set(fields))},
    )
    return append(facts=[fact])[0]

"""Audit hears everything that is published."""

from collections.abc import Sequence

from zhengtong.foundation.events.public import Envelope, Event, receives
from zhengtong.security.audit import operations


def chain_all(envelopes: Sequence[Envelope]) -> None:
    """Chain a batch: the head is locked and moved once for all of them."""
    operations.record_events(envelopes=envelopes)


@receives(Event, name="audit", receive_all=chain_all)
def chain(envelope: Envelope) -> None:
    """Chain one event, when its batch could not be taken together."""
    operations.record_events(envelopes=[envelope])

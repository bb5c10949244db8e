"""Every event gets a stamp, unless an upper system stamps them all by other means."""

from collections.abc import Sequence

from zhengtong.foundation.events.public import Envelope, Event, receives
from zhengtong.security.timestamps import operations


def gather_all(envelopes: Sequence[Envelope]) -> None:
    """Gather a batch in one row."""
    operations.gather(envelopes=envelopes)


@receives(Event, name="timestamps", receive_all=gather_all)
def gather(envelope: Envelope) -> None:
    """Gather one event, when its batch could not be taken together."""
    operations.gather(envelopes=[envelope])

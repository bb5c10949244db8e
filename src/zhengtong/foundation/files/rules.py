"""Who may read an attachment: whoever the owner's system says, and nobody else."""

from collections.abc import Callable
from typing import Any

from zhengtong.foundation.files.models import Attachment

CanRead = Callable[[Any, int], bool]
READERS: dict[str, CanRead] = {}


def register_reader(owner_kind: str, can_read: CanRead) -> None:
    """Let `can_read(user, owner_id)` decide who reads what belongs to `owner_kind`; without it nobody may.

    `user` may be anonymous.
    """
    READERS[owner_kind] = can_read


def can_read(user: Any, attachment: Attachment) -> bool:
    """True when the attachment is not removed and its owner's system lets `user` read."""
    decide = READERS.get(attachment.owner_kind)
    return attachment.removed_at is None and decide is not None and bool(decide(user, attachment.owner_id))

"""The door of the vault: turning keys over, and making a person's values unreadable."""

from zhengtong.security.vault.operations import (
    CannotErase,
    CannotRotate,
    carry_on,
    change_master_key,
    destroy_seals,
    erase_again,
    erase_person,
    erase_unless_open,
    sealed_by_others,
    start_rotation,
)
from zhengtong.security.vault.retention.periods import kept_for, kept_since
from zhengtong.security.vault.values import HOLDINGS, RETAINED, RETENTIONS, Deleted, Holding, Part, Retention

__all__ = [
    "HOLDINGS",
    "RETAINED",
    "RETENTIONS",
    "CannotErase",
    "CannotRotate",
    "Deleted",
    "Holding",
    "Part",
    "Retention",
    "carry_on",
    "change_master_key",
    "destroy_seals",
    "erase_again",
    "erase_person",
    "erase_unless_open",
    "kept_for",
    "kept_since",
    "sealed_by_others",
    "start_rotation",
]

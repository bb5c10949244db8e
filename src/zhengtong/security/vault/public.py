"""The door of the vault: turning keys over, and making a person's values unreadable."""

from zhengtong.security.vault.operations import (
    CannotErase,
    CannotRotate,
    carry_on,
    change_master_key,
    erase_again,
    erase_person,
    sealed_by_others,
    start_rotation,
)
from zhengtong.security.vault.values import HOLDINGS, RETAINED, Holding, Part

__all__ = [
    "HOLDINGS",
    "RETAINED",
    "CannotErase",
    "CannotRotate",
    "Holding",
    "Part",
    "carry_on",
    "change_master_key",
    "erase_again",
    "erase_person",
    "sealed_by_others",
    "start_rotation",
]

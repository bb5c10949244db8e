"""The door of worklists."""

from zhengtong.foundation.worklists.operations import assign, close, open, set_due, set_due_many
from zhengtong.foundation.worklists.queries import counts, for_person
from zhengtong.foundation.worklists.values import BUCKETS, Counts, Item, bucket_of

__all__ = [
    "BUCKETS",
    "Counts",
    "Item",
    "assign",
    "bucket_of",
    "close",
    "counts",
    "for_person",
    "open",
    "set_due",
    "set_due_many",
]

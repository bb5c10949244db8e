"""The door of worklists."""

from zhengtong.foundation.worklists.models import Todo
from zhengtong.foundation.worklists.operations import assign, close, open, open_all, prepared, set_due, set_due_many
from zhengtong.foundation.worklists.queries import counts, for_person
from zhengtong.foundation.worklists.values import BUCKETS, Counts, Item, bucket_of

__all__ = [
    "BUCKETS",
    "Counts",
    "Item",
    "Todo",
    "assign",
    "bucket_of",
    "close",
    "counts",
    "for_person",
    "open",
    "open_all",
    "prepared",
    "set_due",
    "set_due_many",
]

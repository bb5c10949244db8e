"""Periodic work of files."""

from datetime import datetime

from zhengtong.foundation.events.public import every
from zhengtong.foundation.files import operations, storage


@every(seconds=3600, name="files.sweep")
def sweep(now: datetime) -> int:
    """Delete what killed processes left behind; by the age of the files themselves, not by the county's clock."""
    return storage.sweep_incoming() + storage.sweep_scratch() + storage.sweep_cache() + operations.discard_erased()

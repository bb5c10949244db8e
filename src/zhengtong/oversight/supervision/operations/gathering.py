"""Go once through everything that has a running clock: after new rules, and after a system was connected that was not watched before.

What a system (projects, work orders) had under way before is watched from then on, and not only from its next fact. One broken subject
holds up no other: it is stepped over, noted, and looked at again every half hour.
"""

from datetime import datetime, timedelta

from django.db import transaction

from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.models import Gathering
from zhengtong.oversight.supervision.operations import watching
from zhengtong.oversight.supervision.rulebook import in_force

AGAIN = timedelta(minutes=30)


@transaction.atomic
def gather_on(*, now: datetime) -> int:
    """Take the next subjects of the next system for the rules in force; 1 while there is more. Killed, it goes on where it stopped.

    When all were gone through, what could not be read is tried again, every half hour.
    """
    rules = in_force()
    if rules is None:
        return 0
    row = Gathering.objects.filter(rules_version=rules.version).first()
    if row is not None and not _left(row) and not _waits(row, now):
        return 0
    Gathering.objects.get_or_create(rules_version=rules.version)
    row = Gathering.objects.select_for_update().get(rules_version=rules.version)
    left = _left(row)
    if not left:
        return _once_more(row, now=now)
    if row.source not in left:
        row.source, row.after = left[0], ""
    row.after, unread = watching.gather(source=row.source, after=row.after, now=now)
    row.left_out |= {f"{row.source}|{subject}": problem for subject, problem in unread.items()}
    row.retry_at = now + AGAIN if row.left_out else None
    if not row.after:
        row.covered = sorted({*row.covered, row.source})
        row.source, row.finished = "", len(left) == 1
    row.save()
    return 1


def _waits(row: Gathering, now: datetime) -> bool:
    return row.retry_at is not None and row.retry_at <= now


def _once_more(row: Gathering, *, now: datetime) -> int:
    """Try what could not be read; 0, so that one that stays broken does not keep the worker busy."""
    if not _waits(row, now):
        return 0
    still: dict[str, str] = {}
    for name in row.left_out:
        source, _bar, subject = name.partition("|")
        if source in sources.SOURCES:
            unread = watching.take(subjects=[subject], source=source, now=now)
            still |= {f"{source}|{one}": problem for one, problem in unread.items()}
    row.left_out, row.retry_at = still, now + AGAIN if still else None
    row.save()
    return 0


def _left(row: Gathering) -> list[str]:
    """The systems that are not gone through yet, in a stable order."""
    return [name for name in sorted(sources.SOURCES) if name not in row.covered]

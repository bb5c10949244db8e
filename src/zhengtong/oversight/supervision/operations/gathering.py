"""Go once through everything that has a running clock: after new rules, and after a system was connected that was not watched before.

What a system (projects, work orders) had under way before is watched from then on, and not only from its next fact.
"""

from datetime import datetime

from django.db import transaction

from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.models import Gathering
from zhengtong.oversight.supervision.operations import watching
from zhengtong.oversight.supervision.rulebook import in_force


@transaction.atomic
def gather_on(*, now: datetime) -> int:
    """Take the next subjects of the next system for the rules in force; 1 while there is more. Killed, it goes on where it stopped."""
    rules = in_force()
    if rules is None:
        return 0
    row = Gathering.objects.filter(rules_version=rules.version).first()
    if row is not None and not _left(row):
        return 0
    Gathering.objects.get_or_create(rules_version=rules.version)
    row = Gathering.objects.select_for_update().get(rules_version=rules.version)
    left = _left(row)
    if not left:
        return 0
    if row.source not in left:
        row.source, row.after = left[0], ""
    row.after = watching.gather(source=row.source, after=row.after, now=now)
    if not row.after:
        row.covered = sorted({*row.covered, row.source})
        row.source, row.finished = "", len(left) == 1
    row.save()
    return 1


def _left(row: Gathering) -> list[str]:
    """The systems that are not gone through yet, in a stable order."""
    return [name for name in sorted(sources.SOURCES) if name not in row.covered]

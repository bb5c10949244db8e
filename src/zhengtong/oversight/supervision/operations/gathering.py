"""After new rules: go once through everything that has a running clock, so that kinds nobody watched before are watched now."""

from datetime import datetime

from django.db import transaction

from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.models import Gathering
from zhengtong.oversight.supervision.operations import watching
from zhengtong.oversight.supervision.rulebook import in_force


@transaction.atomic
def gather_on(*, now: datetime) -> int:
    """Take the next subjects of the next source for the rules in force; 1 while there is more. Killed, it goes on where it stopped."""
    rules = in_force()
    if rules is None or Gathering.objects.filter(rules_version=rules.version, finished=True).exists():
        return 0
    row, _new = Gathering.objects.select_for_update().get_or_create(rules_version=rules.version)
    names = sorted(sources.SOURCES)
    source = row.source or names[0]
    row.after = watching.gather(source=source, after=row.after, now=now)
    row.source = source
    if not row.after:
        later = [name for name in names if name > source]
        row.source = later[0] if later else ""
        row.finished = not later
    row.save()
    return 1

"""Clocks that cannot be watched whole: why, in words, and where the supervisor and the county office see them.

Most lie beyond the last year that has a calendar: their nearer thresholds fire all the same, the others are looked at when the year is
published. The rest are broken in some other way and are tried again by the timer. None of them holds up another.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.errors import CalendarYearMissing, ZhengtongError
from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.models import Gathering, Watch, chosen
from zhengtong.oversight.supervision.rulebook import in_force
from zhengtong.oversight.supervision.states import Watching
from zhengtong.oversight.supervision.values import Watched

CALENDAR = "calendar"
"""`calendar:2027`: the year that has no calendar. Anything else is the kind of the error."""


def problem_of(error: Exception) -> str:
    """What is kept of an error in the index: no text, which could repeat somebody's data."""
    if isinstance(error, CalendarYearMissing):
        return f"{CALENDAR}:{error.year}"
    return (error.code if isinstance(error, ZhengtongError) else type(error).__name__)[:40]


def words_of(problem: str) -> str:
    """The problem as a sentence that says what happens next."""
    kind, _colon, year = problem.partition(":")
    if kind == CALENDAR:
        return _("{year}年的工作日历还没有发布，落在这一年的监察点算不出来。发布后自动重算。").format(year=year)
    return _("时钟读不出来（{problem}），系统会自动再试。长时间不恢复的，请联系系统管理员。").format(problem=problem)


def watches(bodies: Iterable[int] | None) -> QuerySet[Watch]:
    """The clocks with a problem of these bodies (None: the whole county), by body."""
    rows = Watch.objects.filter(problem__isnull=False).select_related("organization")
    rows = rows if bodies is None else rows.filter(organization_id__in=list(bodies))
    return rows.order_by("organization__code", "id")


def unread(bodies: Iterable[int] | None) -> list[tuple[str, str]]:
    """What could not be read at all, so that nobody knows whose it is: (subject, why). Only for who oversees the whole county."""
    rules = in_force()
    row = Gathering.objects.filter(rules_version=rules.version).first() if rules and bodies is None else None
    found = row.left_out if row is not None else {}
    return [(name.partition("|")[2], words_of(problem)) for name, problem in sorted(found.items())]


def count(bodies: Iterable[int] | None) -> int:
    """How many there are of both."""
    return watches(bodies).order_by().count() + len(unread(bodies))


def years(bodies: Iterable[int] | None) -> list[str]:
    """The years whose calendar some clock waits for."""
    found = watches(bodies).filter(problem__startswith=f"{CALENDAR}:").order_by().values_list("problem", flat=True)
    return sorted({(problem or "").partition(":")[2] for problem in found.distinct()})


@dataclass(frozen=True)
class Stuck:
    """One clock of the list. `url` is empty when its system cannot name it now."""

    organization: Organization
    kind: str
    heading: str
    number: str
    url: str
    why: str


def described(rows: Iterable[Watch]) -> list[Stuck]:
    """A page of them with what each is about, as far as its system can say."""
    listed = list(rows)
    found = _found(listed)
    result = []
    for row in listed:
        one = found.get((row.source, row.key))
        result.append(
            Stuck(
                organization=row.organization,
                kind=str(Watching(row.kind).label),
                heading=chosen(dict(one.title)) if one else row.subject,
                number=one.number if one else "",
                url=one.url if one else "",
                why=words_of(row.problem or ""),
            )
        )
    return result


def _found(rows: list[Watch]) -> dict[tuple[str, str], Watched]:
    try:
        return dict(sources.find((row.source, row.key) for row in rows))
    except ZhengtongError:  # one of them cannot be read: the list is there all the same
        return {}

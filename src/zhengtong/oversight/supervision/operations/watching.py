"""Keep the index of running clocks, let thresholds fire, look again at cards when a fact came late.

When a system reports something about its clocks, they only get their new places in the index (`refresh`); the worker's timer (`fire`)
takes what is due from it, asks the system for the facts as they are now, and issues. Both may be repeated at will: the index is
derived, and a card is unique by its key.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q

from zhengtong.approvals.cases import public as cases
from zhengtong.foundation.calendars import public as calendars
from zhengtong.kernel.errors import ZhengtongError
from zhengtong.oversight.supervision import sources
from zhengtong.oversight.supervision.drawing import Drawn, cards_of
from zhengtong.oversight.supervision.models import Card, Watch
from zhengtong.oversight.supervision.operations import examining, issuing, rechecking
from zhengtong.oversight.supervision.operations.following import follow, index, settle
from zhengtong.oversight.supervision.rulebook import in_force
from zhengtong.oversight.supervision.states import OPEN, Watching
from zhengtong.oversight.supervision.stuck import problem_of
from zhengtong.oversight.supervision.values import Watched

log = logging.getLogger(__name__)
BATCH = 200
FACTS = "facts"
"""The source of rows that ask for a look by detectors: the fact is there already, its time has come at once."""


@transaction.atomic
def look(*, watched: Sequence[Watched], now: datetime) -> int:
    """Issue what these clocks deserve by `now`, keep their places in the index, look again at their cards; how many cards were new.

    A clock that stopped leaves the index; what it had broken before it stopped is issued all the same.
    """
    rules = in_force()
    if rules is None or not watched:
        return 0
    days = calendars.current()
    drawn: list[Drawn] = []
    # First what the facts took back: a card that falls makes room for the one of the true threshold.
    rechecking.recheck(watched=watched, rules=rules, now=now)
    for one in watched:
        drawn += cards_of(one, rules, days, until=now)
    issued = issuing.issue(drawn=drawn, rules=rules, now=now)
    settle(watched, rules, days, now=now)
    follow(issued, rules, days, now=now)
    return len(issued)


@transaction.atomic
def refresh(*, subjects: Iterable[str], source: str, since: datetime | None, at: datetime) -> None:
    """Give the clocks of these subjects that run, or stopped at `since` or later, their places in the index as of `at`."""
    rules, wanted = in_force(), sorted(set(subjects))
    if rules is None or not wanted:
        return
    watched = sources.SOURCES[source].of(wanted, since)
    index([*watched, *_with_cards(wanted, watched)], rules, calendars.current(), at=at)


@transaction.atomic
def ask_detectors(*, codes: Mapping[int, set[str]], at: datetime) -> None:
    """Let the timer examine these cases by these rules: {case: codes}."""
    rules = in_force()
    if rules is None:
        return
    wanted = {f"case:{pk}": {code for code in some if code in rules.by_code} for pk, some in codes.items()}
    rows = Watch.objects.filter(source=FACTS, key__in=[key for key, some in wanted.items() if some])
    waiting = dict(rows.values_list("key", "codes"))
    departments = cases.Case.objects.filter(pk__in=list(codes)).values_list("pk", "department_id")
    Watch.objects.bulk_create(
        [
            Watch(
                source=FACTS,
                key=key,
                subject=key,
                kind=Watching.FACT,
                organization_id=body,
                next_threshold_at=at,
                codes=" ".join(sorted(some | set(waiting.get(key, "").split()))),
                rules_version=rules.version,
                calendar_version=calendars.current_version(),
            )
            for pk, body in departments
            if (some := wanted.get(key := f"case:{pk}"))
        ],
        update_conflicts=True,
        unique_fields=["source", "key"],
        update_fields=["codes", "next_threshold_at", "attempts", "retry_at", "problem"],
    )


def _with_cards(subjects: list[str], known: Sequence[Watched]) -> list[Watched]:
    """Clocks of these subjects that stopped long ago and still have a card: a fact that comes late may change their ledger too."""
    have = {(one.source, one.key) for one in known}
    rows = Card.objects.filter(subject__in=subjects, state__in=OPEN).exclude(kind=Watching.FACT)
    keys = set(rows.values_list("source", "key")) - have
    return list(sources.find(keys).values()) if keys else []


# --- The timer -------------------------------------------------------------------------------------------------------


def due_ids(*, now: datetime, limit: int = BATCH) -> list[int]:
    """The clocks at a threshold, oldest first; those that failed lately wait for their turn."""
    ready = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
    due = Watch.objects.filter(ready, next_threshold_at__lte=now).order_by("next_threshold_at", "id")
    return list(due.values_list("pk", flat=True)[:limit])


def fire(*, now: datetime, limit: int = BATCH) -> int:
    """Let the thresholds that have come put their cards, a batch of clocks in one transaction; how many clocks were dealt with.

    When one of a batch fails, each is tried by itself: a clock that cannot be read (a calendar year without data, a body that somebody
    broke) is set back for a while with a line in the log, and holds up no other. Killed at any point, the batch is as if never begun.
    """
    ids = due_ids(now=now, limit=limit)
    if not ids:
        return 0
    try:
        return _fire(ids, now=now)
    except (OperationalError, InterfaceError):  # the database is away for all of them: the worker waits for it
        raise
    except Exception as error:  # one of them is at fault in any way: going one by one finds it
        log.warning("a batch of thresholds failed", extra={"error": type(error).__name__})
    return sum(_try_one(pk, now=now) for pk in ids)


@transaction.atomic
def _fire(ids: list[int], *, now: datetime) -> int:
    rows = Watch.objects.filter(pk__in=ids, next_threshold_at__lte=now).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    held = list(rows)
    clocks = [row for row in held if row.source != FACTS]
    found = sources.find((row.source, row.key) for row in clocks)
    # A clock that is gone leaves the index; one that stands still, or moved on, gets its new place.
    gone = [row.pk for row in clocks if (row.source, row.key) not in found]
    Watch.objects.filter(pk__in=gone).delete()
    look(watched=list(found.values()), now=now)
    asked = [row for row in held if row.source == FACTS]
    examining.examine(codes={int(row.key.partition(":")[2]): row.codes.split() for row in asked}, now=now)
    Watch.objects.filter(pk__in=[row.pk for row in asked]).delete()
    return len(held)


def _try_one(pk: int, *, now: datetime) -> int:
    try:
        return _fire([pk], now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a clock may be broken in any way; none may stop the others
        code = error.code if isinstance(error, ZhengtongError) else type(error).__name__
        log.error("a threshold could not fire", extra={"watch": pk, "error": code})
        _set_back(pk, error, now=now)
    return 0


def _set_back(pk: int, error: Exception, *, now: datetime) -> None:
    row = Watch.objects.filter(pk=pk).first()
    if row is not None:
        row.attempts = min(row.attempts + 1, 12)
        row.retry_at = now + timedelta(seconds=min(2**row.attempts, 1800))
        row.problem = problem_of(error)
        row.save(update_fields=["attempts", "retry_at", "problem"])


# --- After the rules or the calendar changed --------------------------------------------------------------------------


def rederive(*, now: datetime, limit: int = 1000) -> int:
    """Put the next clocks that were indexed by older rules or an older calendar into their new places; how many. 0: all are.

    One that cannot be read is set back alone, as in `fire`.
    """
    rules = in_force()
    if rules is None:
        return 0
    version = calendars.current_version()
    old = Watch.objects.exclude(source=FACTS).filter(
        Q(rules_version__lt=rules.version) | Q(calendar_version__lt=version)
    )
    ids = list(old.order_by("id").values_list("pk", flat=True)[:limit])
    try:
        _rederive(ids, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # one of them is at fault in any way: going one by one finds it
        log.warning("a batch could not be derived anew", extra={"error": type(error).__name__})
        for pk in ids:
            _rederive_one(pk, rules_version=rules.version, calendar_version=version, now=now)
    return len(ids)


@transaction.atomic
def _rederive(ids: list[int], *, now: datetime) -> None:
    rows = list(Watch.objects.filter(pk__in=ids))
    found = sources.find((row.source, row.key) for row in rows)
    Watch.objects.filter(pk__in=[row.pk for row in rows if (row.source, row.key) not in found]).delete()
    look(watched=list(found.values()), now=now)


def _rederive_one(pk: int, *, rules_version: int, calendar_version: int, now: datetime) -> None:
    try:
        _rederive([pk], now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a clock may be broken in any way; the timer tries it again
        log.error("a clock could not be derived anew", extra={"watch": pk, "error": type(error).__name__})
        Watch.objects.filter(pk=pk).update(
            rules_version=rules_version, calendar_version=calendar_version, next_threshold_at=now
        )
        _set_back(pk, error, now=now)


def review_cards(*, now: datetime, limit: int = 500) -> int:
    """Look again at the next live cards that rest on an older calendar, also of clocks that stopped long ago; how many.

    One whose clock cannot be read is left for the next turn, and holds up no other, however many there are of them.
    """
    rows = Card.objects.filter(state__in=OPEN, calendar_version__lt=calendars.current_version()).order_by("id")
    done, last = 0, 0
    while not done and (ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:limit])):
        done, last = _review_all(ids, now=now), ids[-1]
    return done


def _review_all(ids: list[int], *, now: datetime) -> int:
    try:
        return _review(ids, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # one of them is at fault in any way: going one by one finds it
        log.warning("a batch of cards could not be looked at again", extra={"error": type(error).__name__})
    return sum(_review_one(pk, now=now) for pk in ids)


@transaction.atomic
def _review(ids: list[int], *, now: datetime) -> int:
    version, rules = calendars.current_version(), in_force()
    cards = list(Card.objects.filter(pk__in=ids))
    keys = {(card.source, card.key) for card in cards if card.kind != Watching.FACT}
    if keys and rules is not None:
        rechecking.recheck(watched=list(sources.find(keys).values()), rules=rules, now=now)
    Card.objects.filter(pk__in=ids).update(calendar_version=version)
    return len(cards)


def _review_one(pk: int, *, now: datetime) -> int:
    try:
        return _review([pk], now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a card may be broken in any way; none may stop the others
        log.error("a card could not be looked at again", extra={"card": pk, "error": type(error).__name__})
    return 0


def gather(*, source: str, after: str, now: datetime, limit: int = 500) -> tuple[str, dict[str, str]]:
    """Look at the next subjects of a source that have a running clock (rules that watch more than the ones before); the last of them.

    "" when there are no more. A clock that cannot be counted is noted in the index (see `following.index`); a subject that cannot be read
    at all is handed back in `left_out` with its problem. Neither holds up the others.
    """
    subjects = sources.SOURCES[source].running(after, limit)
    if not subjects:
        return "", {}
    return subjects[-1], take(subjects=subjects, source=source, now=now)


def take(*, subjects: Sequence[str], source: str, now: datetime) -> dict[str, str]:
    """Look at these subjects, at once, or one by one when one is at fault; {subject: problem} of those that could not be read."""
    try:
        with transaction.atomic():
            refresh(subjects=subjects, source=source, since=now, at=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # a subject may be broken in any way; none may stop the others
        if len(subjects) == 1:
            log.error("a subject could not be read", extra={"subject": subjects[0], "error": type(error).__name__})
            return {subjects[0]: problem_of(error)}
        found: dict[str, str] = {}
        for subject in subjects:
            found |= take(subjects=[subject], source=source, now=now)
        return found
    return {}

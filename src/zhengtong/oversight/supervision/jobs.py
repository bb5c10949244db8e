"""Periodic work of supervision: thresholds, what follows new rules or a new calendar, back-tests."""

from datetime import datetime

from django.utils import timezone

from zhengtong.foundation.events.public import every
from zhengtong.oversight.supervision.operations import backtesting, gathering, watching


@every(seconds=5, name="supervision.thresholds")
def fire_thresholds(now: datetime) -> int:
    """Let the thresholds that have come put their cards: batch after batch, so that a morning's many are there within the minute."""
    total = 0
    while total < 4000 and (fired := watching.fire(now=timezone.localtime(now))):
        total += fired
    return total


@every(seconds=5, name="supervision.rederive")
def rederive(now: datetime) -> int:
    """Take the next steps of putting every clock into its place after new rules or a new calendar."""
    at = timezone.localtime(now)
    return watching.rederive(now=at) + watching.review_cards(now=at) + gathering.gather_on(now=at)


@every(seconds=2, name="supervision.backtests")
def back_tests(now: datetime) -> int:
    """Replay the next cases of a back-test that somebody asked for."""
    return backtesting.work(now=timezone.localtime(now))

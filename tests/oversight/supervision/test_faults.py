"""The worker killed with signal 9 at every step of firing: nothing is lost, nothing is doubled. One broken clock stops no other."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from tests.approvals.cases.play import Play
from tests.factories import at, make_resident
from tests.oversight.supervision.conftest import cards, fire_until, publish
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.notices.models import Notice
from zhengtong.foundation.worklists.models import Todo
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.models import Card, CardEvent, Watch

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 90
WHEN = "2026-09-18 09:00"


def everything():
    return {model.__name__: model.objects.count() for model in (Card, CardEvent, Watch, OutboxEvent, Todo, Notice)} | {
        "places": sorted(Watch.objects.values_list("key", "next_threshold_at"))
    }


def kill_inside(tmp_path, table, nth):
    """Start the timer, wait until it is inside its transaction at the place named, kill it."""
    words = [str(connection.settings_dict["NAME"]), str(tmp_path), at(WHEN).isoformat(), table, str(nth)]
    command = [sys.executable, "-m", "tests.oversight.supervision.fault_process", *words]
    process, deadline = subprocess.Popen(command, cwd=ROOT), time.monotonic() + PATIENCE_SECONDS
    while not (tmp_path / "inside").exists():
        assert process.poll() is None, "the process ended before it came to the place"
        assert time.monotonic() < deadline, "the process did not get there"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    (tmp_path / "inside").unlink()


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_killed_at_every_step_of_firing(play, in_force, deliver, tmp_path):
    """The card, its log, the fact, the to-do, the notice, the place in the index: at whichever it dies, all of it is undone."""
    play.go("2026-09-07 09:00").accepted()
    deliver()
    before = everything()
    tables = ("card", "cardevent", "watch")
    places = [(f"supervision_{name}", 1) for name in tables]
    places += [("events_outboxevent", 1), ("worklists_todo", 1), ("notices_notice", 1), ("supervision_watch", 2)]
    for table, nth in places:
        kill_inside(tmp_path, table, nth)
        assert everything() == before, table
    fire_until(WHEN)
    found = [(card.code, card.level, card.threshold_at) for card in cards()]
    assert len(found) == len(set(found))
    assert ("T-01", 2, at("2026-09-18 00:00")) in found
    issued = OutboxEvent.objects.filter(name="supervision.CardIssued")
    assert issued.count() == len(found) == Card.objects.count()
    after = everything()
    fire_until(WHEN)
    assert everything() == after


@pytest.mark.django_db
def test_one_broken_clock_stops_no_other(play, small_county, in_force, deliver):
    """It began before the first year of the calendar: it is set back with a line in the log and its problem, the others get their cards."""
    play.go("2026-09-07 09:00").accepted()
    deliver()
    broken = Play.__new__(Play)
    broken.__dict__.update(play.__dict__)
    broken.applicant = make_resident(2, "李小华")
    broken.go("2026-09-07 10:00").accepted()
    deliver()
    clocks = play.case.clocks.filter(kind="promised"), broken.case.clocks.filter(kind="promised")
    clocks[1].update(started_on="2001-01-02")
    Watch.objects.filter(key=f"clock:{clocks[1].get().pk}").update(next_threshold_at=at("2026-09-15 00:00"))
    fire_until("2026-09-15 09:00")
    assert [card.subject for card in cards(kind="promised")] == [f"case:{play.case.pk}"]
    row = Watch.objects.get(key=f"clock:{clocks[1].get().pk}")
    assert (row.attempts, row.retry_at, row.problem) == (1, at("2026-09-15 09:00:02"), "calendar:2001")
    clocks[1].update(started_on="2026-09-07")
    fire_until("2026-09-15 09:05")
    assert len(cards(kind="promised")) == 2


@pytest.mark.django_db
def test_after_a_downtime_cards_are_dated_at_the_true_threshold(play, in_force, deliver):
    play.go("2026-09-07 09:00").accepted()
    deliver()
    supervision.fire(now=at("2026-10-15 08:00"))
    late = cards(kind="promised")
    assert [(card.level, card.threshold_at, card.drawn_at) for card in late] == [
        (1, at("2026-09-15 00:00"), at("2026-10-15 08:00")),
        (2, at("2026-09-18 00:00"), at("2026-10-15 08:00")),
    ]
    assert late[1].feedback_due_on > at("2026-10-15 08:00").date(), (
        "nobody is late with an answer to a card of this morning"
    )


@pytest.mark.django_db
def test_what_was_late_and_finished_during_a_downtime_is_not_forgotten(play, small_county, deliver):
    """The step was two days late and done before the worker was back: its card comes all the same."""
    publish("hunan-kc-2018")
    play.go("2026-09-07 09:00").accepted()
    play.go("2026-09-11 10:00").done("review", play.county.case_officer)
    deliver()
    fire_until("2026-09-11 12:00")
    assert [(card.level, card.threshold_at) for card in cards(kind="step")] == [(2, at("2026-09-10 00:00"))]
    assert (
        not Watch.objects.filter(kind="step", key__startswith="clock", subject=f"case:{play.case.pk}")
        .filter(next_threshold_at__lte=at("2026-09-11 12:00"))
        .exists()
    )

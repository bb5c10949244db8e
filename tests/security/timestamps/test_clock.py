"""T-TSA-3 and -4: the guard refuses a clock that stepped or that nobody watches any more, and never goes back."""

import multiprocessing
import os
import signal
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhengtong.security.timestamps import clock, sources
from zhengtong.security.timestamps.clock import ClockRefused, Guard
from zhengtong.security.timestamps.sources import GOOD, LOST, NONE, OFF, Reading, chrony_says, source_of, watched

from .clock_process import give_out
from .stamping import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def guard(world, tmp_path) -> Guard:
    return world.guard(tmp_path / "clock")


def refused(guard: Guard) -> str:
    with pytest.raises(ClockRefused) as caught:
        guard.moment()
    return caught.value.condition.state


class TestSteps:
    @pytest.mark.parametrize("seconds", [2, -2, 0.6, -0.6, 3600, -86400 * 365])
    def test_a_step_is_refused_until_it_is_undone(self, world, guard, seconds):
        before = guard.moment().microseconds
        world.passes(10)
        world.steps(seconds)
        assert refused(guard) == clock.STEPPED
        assert guard.condition().seconds == pytest.approx(seconds, abs=0.001)
        world.passes(100)
        assert refused(guard) == clock.STEPPED
        world.steps(-seconds)
        assert guard.moment().microseconds == before + 110_000_000

    @pytest.mark.parametrize("seconds", [0.4, -0.4])
    def test_half_a_second_is_allowed_but_time_never_goes_back(self, world, guard, seconds):
        before = guard.moment().microseconds
        world.steps(seconds)
        assert guard.moment().microseconds > before

    def test_small_steps_add_up(self, world, guard):
        guard.moment()
        for _ in range(2):
            world.passes(60)
            world.steps(0.2)
            guard.moment()
        world.steps(0.2)
        assert refused(guard) == clock.STEPPED

    def test_a_step_between_two_processes_is_seen_by_the_second(self, world, guard, tmp_path):
        guard.moment()
        world.passes(5)
        world.steps(-2)
        assert refused(world.guard(tmp_path / "clock")) == clock.STEPPED

    def test_a_person_may_trust_the_clock_again(self, world, guard):
        before = guard.moment().microseconds
        world.steps(20)
        assert refused(guard) == clock.STEPPED
        assert not guard.trust().refuses
        assert guard.moment().microseconds == before + 20_000_000

    def test_trust_does_not_turn_time_back(self, world, guard):
        before = guard.moment().microseconds
        world.steps(-30)
        assert guard.trust().state == clock.BEHIND
        assert refused(guard) == clock.BEHIND
        world.passes(32)
        assert guard.moment().microseconds > before


class TestRestarts:
    def test_after_a_restart_of_the_machine_time_goes_on(self, world, guard, tmp_path):
        before = guard.moment().microseconds
        world.restarts(after=40)
        assert world.guard(tmp_path / "clock").moment().microseconds == before + 40_000_000

    def test_a_machine_that_wakes_in_the_past_gives_no_stamp(self, world, guard, tmp_path):
        before = guard.moment().microseconds
        world.restarts(after=-3600)
        again = world.guard(tmp_path / "clock")
        assert refused(again) == clock.BEHIND
        world.passes(3605)
        assert again.moment().microseconds > before

    def test_a_power_cut_may_lose_a_second_of_the_record_and_no_more(self, world, guard, tmp_path):
        """What is forced to disk once a second is ahead of what was given out: the older record still forbids the newer times."""
        guard.moment()
        on_disk = (tmp_path / "clock").read_bytes()
        last = 0
        for _ in range(9):
            world.passes(0.1)
            last = guard.moment().microseconds
        (tmp_path / "clock").write_bytes(on_disk)
        world.restarts(after=-0.5)
        again = world.guard(tmp_path / "clock")
        assert refused(again) == clock.BEHIND
        world.passes(1.5)
        assert again.moment().microseconds > last

    def test_a_damaged_record_is_refused_until_a_person_has_looked(self, world, guard, tmp_path):
        guard.moment()
        kept = bytearray((tmp_path / "clock").read_bytes())
        kept[30] ^= 1
        (tmp_path / "clock").write_bytes(kept)
        assert refused(guard) == clock.UNREADABLE
        assert guard.condition().state == clock.UNREADABLE
        assert not guard.trust().refuses
        guard.moment()

    def test_what_is_known_to_have_been_given_out_is_not_given_again(self, world, guard):
        known = guard.moment().microseconds + 300_000
        guard.not_before(known)
        assert guard.moment().microseconds == known + 1


class TestSource:
    def test_a_lost_source_is_borne_for_five_minutes(self, world, tmp_path):
        guard = world.guard(tmp_path / "clock")
        world.reading = Reading(GOOD, 0.01)
        assert guard.moment().watched
        world.reading = Reading(LOST)
        world.passes(299)
        assert guard.moment().watched
        world.passes(2)
        assert refused(guard) == clock.SOURCE_LOST
        world.passes(4 * 3600)
        assert refused(guard) == clock.SOURCE_LOST
        world.reading = Reading(GOOD, 0.01)
        world.passes(1)
        guard.moment()

    def test_a_source_that_was_never_there_is_refused_from_the_start(self, world, tmp_path):
        world.reading = Reading(LOST)
        assert refused(world.guard(tmp_path / "clock")) == clock.SOURCE_LOST

    def test_auto_takes_a_machine_without_source_but_never_forgets_one(self, world, tmp_path):
        world.reading = Reading(LOST)
        guard = world.guard(tmp_path / "clock", remembers=True)
        assert not guard.moment().watched
        world.reading = Reading(GOOD, 0.01)
        world.passes(2)
        assert guard.moment().watched
        world.restarts(after=60)
        world.reading = Reading(LOST)
        assert refused(world.guard(tmp_path / "clock", remembers=True)) == clock.SOURCE_LOST

    def test_a_clock_that_is_known_to_be_off_is_refused_at_once(self, world, guard):
        world.reading = Reading(OFF, 0.8)
        assert refused(guard) == clock.SOURCE_OFF

    def test_a_receiver_touches_its_file(self, tmp_path):
        receiver = tmp_path / "beidou"
        assert watched(receiver)().state == LOST
        receiver.write_text("")
        assert watched(receiver)().state == GOOD
        receiver.write_text("-0.7")
        assert watched(receiver)() == Reading(OFF, 0.7)
        receiver.write_text("no idea")
        assert watched(receiver)().state == LOST
        receiver.write_text("")
        os.utime(receiver, (time.time() - 100, time.time() - 100))
        assert watched(receiver)().state == LOST

    def test_what_chrony_says(self):
        line = "C0A80001,ntp,2,1790000000.1,{},0.0,0.0,1.0,0.0,0.1,{},{},64.0,{}"
        assert chrony_says(line.format(0.0001, 0.02, 0.001, "Normal")).state == GOOD
        assert chrony_says(line.format(-0.9, 0.02, 0.001, "Normal")).state == OFF
        assert chrony_says(line.format(0.0001, 0.02, 0.001, "Not synchronised")).state == LOST
        assert chrony_says(line.format(0.0001, 0.02, 3.0, "Normal")).state == LOST
        assert chrony_says("506 Cannot talk to daemon").state == LOST

    def test_the_kernel_is_asked_without_failing(self):
        assert sources.kernel().state in (GOOD, LOST, NONE)

    def test_an_unknown_source_is_named(self):
        with pytest.raises(ValueError, match="sundial"):
            source_of("sundial")


@given(
    st.lists(
        st.tuples(st.floats(0, 700), st.floats(-1.5, 1.5), st.sampled_from([GOOD, LOST, OFF, NONE]), st.booleans())
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_clocks_do_time_only_moves_forward(tmp_path_factory, turns):
    """And what is given out is never further from the steady clock than the guard allows."""
    path = tmp_path_factory.mktemp("clock") / "clock"
    world = World()
    guard = world.guard(path)
    last, true = guard.moment().microseconds, world.wall
    for passes, steps, state, restart in turns:
        world.reading = Reading(state, 0.1)
        world.passes(passes)
        true += int(passes * 1e9)
        world.steps(steps)
        if restart:
            guard = world.guard(path)
        for _ in range(2):
            try:
                given_out = guard.moment().microseconds
            except ClockRefused:
                continue
            assert given_out > last
            assert abs(given_out - true // 1000) <= 500_020
            last = given_out


@pytest.mark.process
def test_processes_never_share_a_time_and_a_kill_does_not_turn_it_back(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    outs = [tmp_path / f"out{n}" for n in range(3)]
    running = [spawn.Process(target=give_out, args=(tmp_path / "clock", out)) for out in outs]
    for process in running:
        process.start()
    deadline = time.monotonic() + 20
    while not all(out.exists() and out.stat().st_size > 8_000 for out in outs):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for process in running:
        os.kill(process.pid, signal.SIGKILL)
        process.join(10)
    given_out = [[int(line) for line in out.read_text().splitlines()[:-1]] for out in outs]
    everything = [moment for moments in given_out for moment in moments]
    assert len(set(everything)) == len(everything) > 300
    assert all(moments == sorted(moments) for moments in given_out)
    assert Guard(tmp_path / "clock").moment().microseconds > max(everything)

"""The critical path and the joint clock over branches in any order: the whole never ends before its parts, and more never makes it earlier."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhengtong.approvals.greenway.critical import Node, path, with_pause
from zhengtong.foundation.calendars.public import builtin
from zhengtong.kernel.errors import Invalid
from zhengtong.kernel.legal_clock import Pause

DAYS = builtin()
MONDAY = date(2026, 3, 2)


@st.composite
def branches(draw):
    """Up to eight branches; each may wait for earlier ones, have begun, be paused, or have ended."""
    count = draw(st.integers(1, 8))
    nodes = []
    for number in range(count):
        after = draw(st.sets(st.integers(0, number - 1), max_size=3)) if number else set()
        start = draw(st.none() | st.integers(0, 20))
        begun = None if start is None else MONDAY + timedelta(days=start)
        finished = None
        if begun and draw(st.booleans()) and draw(st.booleans()):
            finished = begun + timedelta(days=draw(st.integers(0, 30)))
        nodes.append(
            Node(
                key=str(number),
                workdays=draw(st.integers(1, 20)),
                start=begun,
                finished=finished,
                after=tuple(str(one) for one in after),
                tail=draw(st.integers(1, 4)),
            )
        )
    return draw(st.permutations(nodes))


@given(branches(), st.integers(0, 60))
def test_the_whole_never_ends_before_its_parts_and_order_does_not_matter(nodes, ahead):
    today = MONDAY + timedelta(days=ahead)
    found = path(nodes, DAYS, today=today)
    assert all(placed.ends_on <= found.ends_on for placed in found.placed.values())
    assert found == path(sorted(nodes, key=lambda n: n.key), DAYS, today=today) or set(found.critical) == set(
        path(sorted(nodes, key=lambda n: n.key), DAYS, today=today).critical
    )
    for node in nodes:
        placed = found.placed[node.key]
        assert placed.slack >= 0
        if node.finished is None:
            assert placed.ends_on >= today
            for before in node.after:
                assert placed.ends_on > found.placed[before].ends_on or found.placed[before].ends_on <= today
    running = [n for n in nodes if n.finished is None]
    if running and max(found.placed[n.key].ends_on for n in running) == found.ends_on:
        assert found.critical  # something holds the whole up


@given(branches(), st.data())
def test_a_pause_never_makes_anything_earlier_and_slack_is_what_it_may_take(nodes, data):
    today = MONDAY + timedelta(days=5)
    before = path(nodes, DAYS, today=today)
    running = [n for n in nodes if n.finished is None and n.start is not None and n.start <= today]
    if not running:
        return
    node = data.draw(st.sampled_from(running))
    length = data.draw(st.integers(1, 30))
    pause = Pause(max(node.start, today), DAYS.nth_after(max(node.start, today), length))
    after = path(with_pause(nodes, node.key, pause), DAYS, today=today)
    assert after.ends_on >= before.ends_on
    assert all(after.placed[key].ends_on >= placed.ends_on for key, placed in before.placed.items())
    if length <= before.placed[node.key].slack:
        assert after.ends_on == before.ends_on


def test_a_back_branch_ends_when_what_it_waits_for_has_arrived():
    found = path(
        [Node("front", 5, MONDAY), Node("back", 3, MONDAY, after=("front",)), Node("side", 3, MONDAY)],
        DAYS,
        today=MONDAY,
    )
    assert found.placed["front"].ends_on == date(2026, 3, 9)
    assert found.placed["back"].ends_on == date(2026, 3, 10) == found.ends_on
    assert found.critical == ("front", "back")
    assert found.placed["side"].slack == 3
    assert found.placed["back"].waits_for == ("front",)
    assert found.placed["front"].holds_up == ("back",)


def test_a_circle_is_refused():
    with pytest.raises(Invalid):
        path([Node("a", 1, after=("b",)), Node("b", 1, after=("a",))], DAYS, today=MONDAY)

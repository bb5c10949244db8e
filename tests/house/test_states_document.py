"""The table of the state machine in the documents says what `states.py` does."""

import re

from tests.house.code import ROOT
from zhengtong.approvals.cases.states import ARROWS, Kind

ROW = re.compile(r"^\| [^|`]+ \| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| `(\w+)` \|", re.MULTILINE)


def test_every_arrow_stands_in_the_table_and_no_other():
    text = (ROOT / "docs/systems/approvals.md").read_text(encoding="utf-8")
    told = {
        (start, event): start if to == "itself" else to
        for event, starts, to in ROW.findall(text)
        for start in re.findall(r"`(\w+)`", starts)
    }
    everywhere = (Kind.ELAPSED, Kind.REPROJECT)
    assert told == {
        (str(state), str(event)): str(to) for (state, event), to in ARROWS.items() if event not in everywhere
    }

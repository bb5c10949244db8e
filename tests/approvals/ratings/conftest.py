from typing import Any

import pytest

from tests.approvals.cases.play import Play
from tests.factories import at, make_officer, make_resident
from zhengtong.approvals.ratings import public as ratings
from zhengtong.approvals.ratings.models import WorkOrder


@pytest.fixture
def applicant(db):
    return make_resident()


@pytest.fixture
def play(small_county, applicant):
    """A case that was delivered on Monday 21 September 2026."""
    return Play(small_county, applicant).delivered()


class Told:
    """A bad rating and its work order, moved by short words. Given on Thursday 24 September 2026, the day before a holiday and a weekend."""

    def __init__(self, play: Play, *, code: int = 5, **more: Any) -> None:
        self.play, self.county = play, play.county
        self.now = at("2026-09-24 10:00")
        comment = more.pop("comment", "材料交了两次，打我电话138-1234-5678没人回")
        self.rating = ratings.rate_case(
            case_id=play.case.pk, code=code, comment=comment, by=play.applicant, at=self.now, **more
        )

    def go(self, when: str) -> "Told":
        self.now = at(when)
        return self

    @property
    def order(self) -> WorkOrder:
        return WorkOrder.objects.get(rating=self.rating)

    def do(self, act: Any, by: Any = None, **more: Any) -> Any:
        return act(rating_id=self.rating.pk, by=by or self.county.department_head, at=self.now, **more)

    def assigned(self) -> "Told":
        self.do(ratings.assign, assignee_id=self.county.case_officer.pk)
        return self

    def contacted(self, **more: Any) -> "Told":
        self.assigned()
        given = {"how": "phone", "reached": True, "note": "说明了经过", **more}
        self.do(ratings.contact, by=self.county.case_officer, **given)
        return self

    def replied(self) -> "Told":
        self.contacted()
        words = {"cause": "新人不熟", "measure": "重新培训", "reply": "抱歉，已改正"}
        self.do(ratings.reply, by=self.county.case_officer, **words)
        return self

    def disputed(self, kind: str = "mistaken") -> "Told":
        words = {"kind": kind, "reason": "点错了", "evidence": "通话录音2026-09-25第3号"}
        self.do(ratings.dispute, **words)
        return self


@pytest.fixture
def told(play):
    return Told(play)


@pytest.fixture
def other_office(small_county):
    """A second official of the county office."""
    return make_officer("county.office2", "曹政务", "county_office", small_county.government, subtree=True)

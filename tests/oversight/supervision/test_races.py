"""Two at once, on real connections: one order for one act."""

import pytest

from tests.approvals.cases.test_races import at_once, refusals
from tests.factories import at
from zhengtong.foundation.worklists.models import Todo
from zhengtong.oversight.supervision import public as supervision
from zhengtong.oversight.supervision.refusals import CannotOrder

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_double_click_is_one_order(small_county, supervisor, in_force):
    def click():
        return supervision.issue_order(
            organization=small_county.market,
            title="开展窗口作风整顿",
            demand="逐窗口排查并报告。",
            workdays=3,
            by=supervisor,
            at=at("2026-09-18 09:00"),
            once="a-page",
        )

    assert refusals(at_once(click, click)) == [CannotOrder]
    assert supervision.CorrectionOrder.objects.count() == 1
    assert Todo.objects.filter(kind="order").count() == 1

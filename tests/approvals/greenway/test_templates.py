"""The templates that ship with the product fit the catalogue; a wrong one is refused with every reason."""

from datetime import datetime

import pytest
from demo import load_matters, load_organizations

from tests.approvals.greenway.play import branch, publish_matters, template
from tests.factories import SHANGHAI
from zhengtong.approvals.greenway import linting
from zhengtong.approvals.greenway import public as greenway
from zhengtong.kernel.errors import Invalid

AT = datetime(2026, 9, 1, 9, tzinfo=SHANGHAI)


def test_all_eight_fit_the_catalogue(calendar):
    load_organizations.load(AT, lambda *told: None)
    keys = {b.matter for d in greenway.shipped() for s in d.stages for b in s.branches}
    load_matters.load(AT, lambda *told: None, only=frozenset(keys))
    assert [sentence for document in greenway.shipped() for sentence in linting.errors(document)] == []
    assert greenway.publish_shipped(at=AT) == 8
    assert greenway.publish_shipped(at=AT) == 0
    assert {t.kind for t in greenway.templates()} == {"bundle", "project"}


@pytest.mark.parametrize("document", greenway.shipped(), ids=lambda d: d.key)
def test_every_condition_can_be_answered_and_limits_are_lawful(document):
    for stage in document.stages:
        assert stage.limit_workdays <= 45 or stage.limit_basis.startswith("县级设定")
        for one in stage.branches:
            assert one.required == (not one.condition)
            assert document.needed(one, {}, today=AT.date()) is (True if one.required else None)
        for group in stage.choose_one:
            assert set(group) <= {one.matter for one in stage.branches}


def test_a_wrong_template_is_refused_with_every_reason(small_county):
    publish_matters()
    stage = template().model_dump(mode="json")["stages"][0]
    stage |= {
        "limit_workdays": 60,
        "branches": [
            branch("front", "market-regulation", prerequisites=["back-licence"]),
            branch("back", "health", prerequisites=["front-licence", "nowhere"]),
            branch("unknown", "health"),
        ],
    }
    with pytest.raises(Invalid) as refused:
        greenway.publish_template(document=template(stages=[stage]), reason="错", by=None, at=AT)
    for word in ("45", "unknown-licence", "nowhere", "成环"):
        assert word in refused.value.message
    assert greenway.templates() == []

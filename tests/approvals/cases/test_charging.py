"""A case and its bill: drawn up after acceptance, never in the way of the case unless a law says so; free ones say by which law."""

import zipfile
from decimal import Decimal

import pytest

from tests.approvals.cases.play import LAW, Play, elements
from zhengtong.approvals.cases import charging, evidence
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.cases.refusals import CannotDecide
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.matters import public as matters

BASIS = {**LAW, "law": "城市道路管理条例", "article": "第三十七条"}
ITEMS = [
    {"name": "占用费", "rule": "fixed", "amount": "80", "unit": "元/件", "account": "103042708"},
    {"name": "修复费", "rule": "by_area", "amount": "12.50", "unit": "元/平方米", "applies_if": "false"},
]
CHARGED = {"charged": True, "basis": BASIS, "items": ITEMS}


@pytest.fixture
def charged(small_county, applicant):
    return lambda **more: Play(small_county, applicant, fees={**CHARGED, **more})


def test_a_charged_case_gets_its_bill_and_goes_on_without_a_payment(charged, deliver):
    """Default: decided, certified and delivered while the bill is open."""
    play = charged().delivered()
    deliver(now=play.now)
    bill = fees.bill_of(f"case:{play.case.pk}")
    assert (bill.state, bill.total, bill.payer_user) == ("issued", Decimal("80.00"), play.applicant)
    [line] = bill.lines.all()
    assert (line.basis, line.account, line.source) == (
        "《城市道路管理条例》第三十七条",
        "103042708",
        f"case:{play.case.pk}",
    )
    assert play.case.papers.get(kind="acceptance").data["fee"].startswith("收费事项（依据：《城市道路管理条例》")
    assert play.fresh.state == "delivered"
    # Notice and receipt stand in the evidence pack of the case.
    fees.record_at_window(
        bill_id=bill.pk, channel="cash", receipt="1", by=play.county.window_officer, at=play.later(hours=1)
    )
    with zipfile.ZipFile(evidence.pack(play.fresh, at=play.now)) as packed:
        kept = [name for name in packed.namelist() if name.startswith("fees/")]
        assert [packed.read(name)[:5] for name in kept] == [b"%PDF-", b"%PDF-"]
    assert "缴款通知书" in kept[0]
    assert "缴款凭证" in kept[1]


def test_only_a_matter_with_a_law_waits_for_the_payment(charged, deliver, small_county):
    gate = {"gate": "decision", "gate_basis": {**LAW, "law": "某法", "article": "第九条"}}
    play = charged(**gate).reviewed()

    def decide():
        return cases.decide(
            case_id=play.case.pk, outcome="grant", opinion="符合条件", by=small_county.approver, at=play.later(hours=1)
        )

    with pytest.raises(CannotDecide, match="《某法》第九条"):
        decide()  # the bill is not even drawn up yet
    deliver(now=play.now)
    bill = fees.bill_of(f"case:{play.case.pk}")
    assert "《某法》第九条" in bill.papers.get().data["gate"]
    with pytest.raises(CannotDecide, match="《某法》第九条"):
        decide()
    assert play.fresh.state == "in_process"
    fees.record_at_window(bill_id=bill.pk, channel="cash", receipt="1", by=small_county.window_officer, at=play.now)
    assert decide().outcome == "grant"


def test_a_withdrawn_case_is_not_charged_and_a_collected_one_has_no_bill_of_its_own(charged, deliver, monkeypatch):
    play = charged().accepted()
    deliver(now=play.now)
    cases.withdraw(case_id=play.case.pk, by=play.applicant, reason="", at=play.now)
    deliver(now=play.now)
    assert fees.bill_of(f"case:{play.case.pk}").state == "cancelled"
    monkeypatch.setattr(charging, "_COLLECTORS", [])
    cases.collected_by(lambda case: "project:7")
    assert charging.bill(play.case.pk, at=play.now) is None
    lines = cases.lines_of(play.case, at=play.now)
    bill = fees.issue_bill(
        subject="project:7", title="项目", payer=cases.payer_of(play.case), lines=lines, by=None, at=play.now
    )
    assert charging.panel(play.case).bill == bill


def test_a_free_case_has_no_bill_and_names_the_law(play, deliver):
    play.accepted()
    deliver(now=play.now)
    assert fees.bill_of(f"case:{play.case.pk}") is None
    assert play.case.papers.get(kind="acceptance").data["fee"] == "不收费（依据：《行政许可法》第五十八条）"
    panel = cases.fee_panel(play.case)
    assert (panel.free, panel.basis) == (True, "《行政许可法》第五十八条")


def test_the_check_refuses_a_fee_or_a_gate_without_a_law():
    def found(**fee):
        return {finding.code for finding in matters.lint(elements(fees=fee), bodies={"market-regulation", "health"})}

    assert "fee_without_basis" in found(charged=True, items=ITEMS)
    assert "fee_gate_without_basis" in found(**CHARGED, gate="decision")
    assert "fee_gate_but_free" in found(charged=False, gate="decision", gate_basis=BASIS)
    assert "fee_rate_not_money" in found(charged=True, basis=BASIS, items=[{**ITEMS[0], "amount": "8.005"}])
    assert "fee_twice" in found(charged=True, basis=BASIS, items=[ITEMS[0], ITEMS[0]])
    assert "unsound_expression" in found(charged=True, basis=BASIS, items=[{**ITEMS[0], "quantity": "nothing * 2"}])
    bad = [{"name": "减", "item": "没有", "percent": 120, "basis": {"law": ""}}]
    assert {"reduction_of_nothing", "reduction_out_of_range", "reduction_without_basis"} <= found(
        **CHARGED, reductions=bad
    )
    good = [{"name": "减半", "percent": 50, "when": "false", "basis": BASIS}]
    assert not {c for c in found(**CHARGED, reductions=good) if c.startswith(("fee_", "reduction_"))} - {
        "fee_without_account"
    }

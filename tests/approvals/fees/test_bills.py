"""A bill from drawing up to issue: one for a subject, every line with its law, assessed and reduced by officials, replaced openly."""

from decimal import Decimal

import pytest

from tests.approvals.fees.conftest import LAW, line
from tests.factories import MONDAY, at
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.models import Bill, BillEntry, Order
from zhengtong.approvals.fees.states import ARROWS, WITH_REASON, State
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.files import public as files
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import Invalid, NotAllowed, StaleVersion


@pytest.fixture
def proof(db):
    return files.keep_bytes(
        content=b"%PDF-1.4",
        name="证明.pdf",
        mime="application/pdf",
        owner_kind="fee_proof",
        owner_id=1,
        by=None,
        at=MONDAY,
    )


def facts(name):
    return list(OutboxEvent.objects.filter(name=f"fees.{name}").values_list("payload", flat=True))


def test_one_notice_carries_the_lines_of_every_department(issue, small_county):
    """一单式: numbered, with sum, basis, treasury account and 15 working days to pay."""
    bill = issue("80", "550.50")
    assert (bill.state, bill.total, bill.outstanding) == (State.ISSUED, Decimal("630.50"), Decimal("630.50"))
    assert bill.organization == small_county.centre
    assert str(bill.due_on) == "2026-10-19"  # Mid-Autumn and National Day lie between
    notice = bill.papers.get()
    assert notice.number == "双双峰县政务服务中心缴〔2026〕1号"
    assert [row["department"] for row in notice.data["lines"]] == ["双峰县市场监督管理局", "双峰县消防救援大队"]
    assert all(row["basis"] == LAW for row in notice.data["lines"])
    assert notice.data["total_capital"] == "陆佰叁拾元伍角整"
    assert notice.data["gate"] == ""
    assert facts("BillIssued")[0]["total"] == "630.50"
    assert issue("10", subject="case:13").organization == small_county.market


def test_a_subject_has_one_open_bill_and_no_line_is_without_law(issue):
    issue("80")
    with pytest.raises(fees.CannotBill, match="只开一张单"):
        issue("90")
    with pytest.raises(fees.CannotBill, match="没有收费依据"):
        fees.issue_bill(
            subject="case:14", title="x", payer=fees.Payer("甲"), lines=[line(basis=" ")], by=None, at=MONDAY
        )
    with pytest.raises(fees.CannotBill, match="不用开"):
        fees.issue_bill(subject="case:15", title="x", payer=fees.Payer("甲"), lines=[], by=None, at=MONDAY)
    assert Bill.objects.count() == 1


def test_what_answers_cannot_say_is_assessed_by_the_department_before_the_notice_goes_out(small_county):
    lines = [line(None, quantity=None, note="标准要核定"), line("12.5", quantity=None, name="修复费", unit="元/平方米")]
    bill = fees.issue_bill(
        subject="case:1", title="挖掘城市道路", payer=fees.Payer("甲"), lines=lines, by=None, at=MONDAY
    )
    assert bill.state == State.DRAFT
    assert not bill.papers.exists()
    assert Todo.objects.filter(subject=f"bill:{bill.pk}", done_at=None).get().organization == small_county.market
    first, second = bill.lines.all()
    with pytest.raises(NotAllowed):
        fees.assess_line(
            line_id=first.pk, quantity=Decimal(1), rate=Decimal(5), by=small_county.case_officer, at=MONDAY
        )
    reviewer = small_county.section_head
    with pytest.raises(Invalid, match="写明原因"):
        fees.assess_line(line_id=first.pk, quantity=Decimal(0), rate=Decimal(0), by=reviewer, at=MONDAY)
    fees.assess_line(line_id=first.pk, quantity=Decimal(0), rate=Decimal(0), note="没有占道", by=reviewer, at=MONDAY)
    with pytest.raises(StaleVersion):
        fees.assess_line(
            line_id=second.pk, quantity=Decimal("3.33"), rate=Decimal("12.5"), by=reviewer, at=MONDAY, seen=1
        )
    bill = fees.assess_line(line_id=second.pk, quantity=Decimal("3.33"), rate=Decimal("12.5"), by=reviewer, at=MONDAY)
    assert (bill.state, bill.total) == (State.ISSUED, Decimal("41.63"))  # 41.625 half up
    assert not Todo.objects.filter(subject=f"bill:{bill.pk}", done_at=None).exists()


def test_a_claimed_reduction_is_decided_with_reason_law_and_proof(small_county, proof):
    claim = fees.Claim("低保家庭减半", "《湖南省收费减免办法》第五条", percent=50, proof="低保证")
    given = {"subject": "case:1", "title": "换证", "payer": fees.Payer("甲"), "by": None, "at": MONDAY}
    bill = fees.issue_bill(lines=[line("81", claims=(claim,))], **given)
    assert bill.state == State.DRAFT
    [row] = bill.lines.all()
    decide = {"line_id": row.pk, "by": small_county.section_head, "at": MONDAY}
    with pytest.raises(Invalid, match="理由"):
        fees.decide_reduction(grant=True, reason=" ", proof=proof, **decide)
    with pytest.raises(Invalid, match="证明材料"):
        fees.decide_reduction(grant=True, reason="低保", **decide)
    with pytest.raises(Invalid, match="不超过"):
        fees.decide_reduction(grant=True, reason="低保", amount=Decimal("81.01"), proof=proof, **decide)
    bill = fees.decide_reduction(grant=True, reason="低保证属实", proof=proof, **decide)
    assert (bill.state, bill.total) == (State.ISSUED, Decimal("40.50"))
    assert bill.papers.get().data["lines"][0]["reduction"] == "40.50"

    declined = fees.issue_bill(**{**given, "subject": "case:2"}, lines=[line("81", claims=(claim,))])
    [row] = declined.lines.all()
    declined = fees.decide_reduction(
        line_id=row.pk, grant=False, reason="低保证已过期", by=small_county.section_head, at=MONDAY
    )
    assert (declined.state, declined.total) == (State.ISSUED, Decimal("81.00"))


def test_a_notice_that_is_out_changes_only_by_a_new_version(issue, small_county, proof):
    """Granting an exemption on an issued bill: the old number is void, the new one names it; the last line let off waives all."""
    bill = issue("80")
    fees.begin_order(bill_id=bill.pk, provider="local", by=None, at=MONDAY)
    fresh = fees.decide_reduction(
        line_id=bill.lines.get().pk,
        grant=True,
        amount=Decimal(30),
        basis="《减免规定》第一条",
        reason="小微企业",
        proof=proof,
        by=small_county.section_head,
        at=MONDAY,
    )
    bill.refresh_from_db()
    assert (bill.state, fresh.version, fresh.total) == (State.SUPERSEDED, 2, Decimal("50.00"))
    assert fees.bill_of("case:12") == fresh
    assert fresh.papers.get().data["supersedes"] == bill.papers.get().number
    assert not Order.objects.filter(state="open").exists()
    free = fees.decide_reduction(
        line_id=fresh.lines.get().pk,
        grant=True,
        amount=Decimal(80),
        basis="《减免规定》第二条",
        reason="残疾人全免",
        proof=proof,
        by=small_county.section_head,
        at=MONDAY,
    )
    assert (free.state, free.total) == (State.WAIVED, Decimal(0))
    assert fees.settled("case:12")
    with pytest.raises(fees.CannotBill):
        fees.supersede(bill_id=free.pk, lines=[line()], reason="再收", by=small_county.section_head, at=MONDAY)


def test_superseding_needs_a_reason_and_new_lines(issue, small_county):
    bill = issue("80")
    given = {"bill_id": bill.pk, "by": small_county.section_head, "at": MONDAY}
    with pytest.raises(Invalid):
        fees.supersede(lines=[line("70")], reason="", **given)
    fresh = fees.supersede(lines=[line("70"), line("5", department="health")], reason="面积有误", **given)
    assert (fresh.total, fresh.state) == (Decimal("75.00"), State.ISSUED)
    with pytest.raises(fees.CannotPay, match="已由新通知书代替"):
        fees.begin_order(bill_id=bill.pk, provider="local", by=None, at=MONDAY)


def test_cancelled_with_a_reason_by_who_issued_it_and_expired_when_its_time_is_over(issue, small_county):
    bill = issue("80")
    with pytest.raises(NotAllowed):
        fees.cancel(bill_id=bill.pk, reason="错单", by=small_county.case_officer, at=MONDAY)
    with pytest.raises(Invalid):
        fees.cancel(bill_id=bill.pk, reason="", by=small_county.section_head, at=MONDAY)
    assert fees.cancel(bill_id=bill.pk, reason="错单", by=small_county.section_head, at=MONDAY).state == State.CANCELLED
    second = issue("90")
    assert fees.expire_overdue(now=at("2026-10-12 23:59")) == 0
    paying = fees.begin_order(bill_id=second.pk, provider="local", by=None, at=at("2026-10-19 23:50"))
    assert fees.expire_overdue(now=at("2026-10-20 00:01")) == 0  # a payment is under way
    fees.ask_about_waiting(now=at("2026-10-20 00:30"))
    paying.refresh_from_db()
    assert paying.state == "closed"
    assert fees.expire_overdue(now=at("2026-10-20 00:31")) == 1
    second.refresh_from_db()
    assert second.state == State.EXPIRED
    with pytest.raises(fees.CannotPay):
        fees.begin_order(bill_id=second.pk, provider="local", by=None, at=at("2026-10-20"))
    third = fees.supersede(
        bill_id=second.pk, lines=[line("90")], reason="重新通知", by=small_county.section_head, at=at("2026-10-20")
    )
    assert third.state == State.ISSUED


def test_every_arrow_starts_and_ends_at_a_state_and_every_entry_keeps_its_reason(issue, small_county):
    for (before, kind), after in ARROWS.items():
        assert before in State.values
        assert after in State.values
        assert before not in (State.WAIVED, State.CANCELLED, State.SUPERSEDED, State.REFUNDED), (before, kind)
    assert WITH_REASON
    bill = issue("80")
    fees.cancel(bill_id=bill.pk, reason="错单", by=small_county.section_head, at=MONDAY)
    log = BillEntry.objects.filter(bill=bill).values_list("seq", "kind", "from_state", "to_state", "reason")
    assert list(log) == [
        (1, "draw_up", "", "draft", ""),
        (2, "issue", "draft", "issued", ""),
        (3, "cancel", "issued", "cancelled", "错单"),
    ]

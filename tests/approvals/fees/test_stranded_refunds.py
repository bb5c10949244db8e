"""Approved refunds of a provider that was switched off: they wait in plain sight, go back once, by one path, with two people."""

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from PIL import Image

from tests.approvals.cases.test_races import at_once, refusals
from tests.approvals.fees.test_paying import begin, pay_there, take
from tests.factories import MONDAY
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.models import ChargeBack, Refund, Share
from zhengtong.approvals.fees.operations import reconciling, refunding
from zhengtong.foundation.events.models import OutboxEvent
from zhengtong.foundation.worklists.models import Todo
from zhengtong.kernel.errors import Invalid, NotAllowed

LOCAL = {"local": "zhengtong.approvals.fees.providers.local.LocalProvider"}
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def refund(issue, finance, finance_head, settings):
    """Paid online, asked for and approved; then the provider is switched off."""
    take(pay_there(begin(issue("80"))))
    asked = fees.request_refund(
        share_id=Share.objects.get().pk,
        amount=Decimal(30),
        cause="overcharged",
        reason="面积算多了",
        by=finance,
        at=MONDAY,
    )
    fees.approve_refund(refund_id=asked.pk, by=finance_head, at=MONDAY)
    settings.PAYMENT_PROVIDERS = {}
    return Refund.objects.get()


def slip():
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(kept, "PNG")
    return SimpleUploadedFile("回单.png", kept.getvalue(), "image/png")


def record(refund, by, **more):
    given = {"number": "ICBC-0921", "day": MONDAY.date(), "how": "财政专户转账", "checked": True, "proof": slip()}
    return fees.record_elsewhere(refund_id=refund.pk, by=by, **{"at": MONDAY, **given, **more})


def todos():
    return list(Todo.objects.filter(subject__startswith="refund:", done_at=None).values_list("kind", "role"))


@pytest.mark.django_db
class TestWaiting:
    def test_it_waits_with_a_sentence_and_goes_back_once_its_provider_is_on_for_refunds(
        self, refund, finance, signed_in, settings
    ):
        assert fees.send_approved(now=MONDAY) == 0
        assert [fees.note_stranded(now=MONDAY), fees.note_stranded(now=MONDAY)] == [1, 0]
        assert todos() == [("refund_stuck", "finance_officer")]
        browser = signed_in(finance)
        assert "支付渠道没有启用，等待处理" in browser.get("/bills/refunds/?state=approved").content.decode()
        assert "只为退款启用这个渠道" in browser.get(f"/bills/refunds/{refund.pk}/").content.decode()
        settings.PAYMENT_REFUND_PROVIDERS = LOCAL
        with pytest.raises(fees.CannotRefund, match="可以原路退回"):
            record(refund, finance)
        assert [fees.send_approved(now=MONDAY), fees.send_approved(now=MONDAY)] == [1, 0]
        refund.refresh_from_db()
        assert (refund.state, ChargeBack.objects.get().amount, todos()) == ("done", Decimal("30.00"), [])
        assert "local" not in dict(fees_active()), "no new payment is begun there"

    def test_recorded_by_one_and_agreed_by_another(
        self, refund, finance, finance_head, small_county, signed_in, settings
    ):
        fees.note_stranded(now=MONDAY)
        address = reverse("fees:refund", args=[refund.pk])
        first, second = signed_in(finance), signed_in(finance_head)
        typed = {"number": "ICBC-0921", "day": "2026-09-21", "how": "财政专户转账", "checked": "on", "proof": slip()}
        with pytest.raises(NotAllowed):
            record(refund, small_county.case_officer)
        for missing in (
            {"checked": False},
            {"number": " "},
            {"how": "转"},
            {"proof": None},
            {"day": date(2026, 9, 20)},
        ):
            with pytest.raises(Invalid):
                record(refund, finance, **missing)
        with pytest.raises(Invalid, match="改正"):
            record(refund, finance, day=date(2026, 9, 22))
        assert Refund.objects.get().state == "approved"
        record(refund, finance)
        assert todos() == [("refund_elsewhere", "finance_officer")]
        assert first.post(address, typed).status_code in (409, 422)
        # The provider comes back meanwhile: what is recorded is not sent as well.
        settings.PAYMENT_PROVIDERS = LOCAL
        assert fees.send_approved(now=MONDAY) == 0
        own = first.post(address, {"decision": "agree", "reason": ""})
        assert own.status_code == 409
        assert "不能是同一个人" in own.content.decode()
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.filter(pk=refund.pk).update(elsewhere_agreed_by=finance)
        page = second.get(address).content.decode()
        assert "ICBC-0921" in page
        proof = Refund.objects.get().elsewhere_proof
        assert second.get(proof.url).status_code == 200
        assert signed_in(small_county.township_officer).get(proof.url).status_code == 404
        assert second.post(address, {"decision": "agree", "reason": ""}).status_code == 302
        refund.refresh_from_db()
        assert (refund.state, refund.proof, refund.elsewhere_agreed_by) == ("done", "ICBC-0921", finance_head)
        assert (refund.payment.bill.refunded, todos()) == (Decimal("30.00"), [])
        assert [fees.send_approved(now=MONDAY), ChargeBack.objects.count()] == [0, 0]
        with pytest.raises(fees.CannotRefund):
            fees.agree_elsewhere(refund_id=refund.pk, by=finance_head, at=MONDAY)
        assert OutboxEvent.objects.filter(name="fees.BillRefunded").count() == 1
        # It is in no statement of the provider, and is not missed there.
        assert reconciling.compare("local", MONDAY.date(), []).differences[0].entry == "pay"
        assert len(reconciling.compare("local", MONDAY.date(), []).differences) == 1

    def test_a_record_that_is_wrong_is_sent_back_and_its_number_is_free_again(
        self, refund, finance, finance_head, settings
    ):
        record(refund, finance)
        with pytest.raises(Invalid):
            fees.return_elsewhere(refund_id=refund.pk, reason="", by=finance_head, at=MONDAY)
        fees.return_elsewhere(refund_id=refund.pk, reason="账号写错，款被退回。", by=finance_head, at=MONDAY)
        refund.refresh_from_db()
        assert (refund.state, refund.elsewhere_number, refund.problem) == ("approved", "", "账号写错，款被退回。")
        assert [fees.note_stranded(now=MONDAY), todos()] == [1, [("refund_stuck", "finance_officer")]]
        settings.PAYMENT_PROVIDERS = LOCAL
        assert fees.send_approved(now=MONDAY) == 1

    def test_a_provider_that_answers_late_is_believed(self, refund, finance, finance_head):
        """It was asked, said nothing for long, another path was recorded: its answer stops the second payment."""
        record(refund, finance)
        assert refunding.finish_refund(refund_id=refund.pk, proof="LR1", at=MONDAY) == 0
        with pytest.raises(fees.CannotRefund, match="原支付渠道回报已经退出"):
            fees.agree_elsewhere(refund_id=refund.pk, by=finance_head, at=MONDAY)
        fees.return_elsewhere(refund_id=refund.pk, reason="原渠道已经退出。", by=finance, at=MONDAY)
        refund.refresh_from_db()
        assert (refund.state, refund.proof, refund.elsewhere_number) == ("done", "LR1", "")
        assert refund.payment.bill.refunded == Decimal("30.00")

    def test_one_proof_is_for_one_refund_and_none_while_the_provider_is_asked(
        self, refund, finance, finance_head, settings
    ):
        Refund.objects.update(sending_at=MONDAY)
        with pytest.raises(fees.CannotRefund, match="十分钟"):
            record(refund, finance, at=MONDAY + timedelta(minutes=9))
        record(refund, finance, at=MONDAY + timedelta(minutes=10))
        other = fees.request_refund(
            share_id=Share.objects.get().pk, amount=Decimal(50), cause="other", reason="其余", by=finance, at=MONDAY
        )
        fees.approve_refund(refund_id=other.pk, by=finance_head, at=MONDAY)
        with pytest.raises(Invalid) as caught:
            record(other, finance)
        assert "另一笔退款" in str(caught.value.fields["number"])


def fees_active():
    from zhengtong.approvals.fees import providers

    return providers.active()


@pytest.mark.django_db(transaction=True)
def test_two_who_agree_or_record_at_once_pay_once(refund, finance, finance_head):
    assert len(refusals(at_once(lambda: record(refund, finance), lambda: record(refund, finance_head)))) == 1
    refund.refresh_from_db()
    judge = finance_head if refund.elsewhere_by_id == finance.pk else finance

    def agree():
        return fees.agree_elsewhere(refund_id=refund.pk, by=judge, at=TUESDAY)

    assert refusals(at_once(agree, agree)) == [fees.CannotRefund]
    refund.payment.bill.refresh_from_db()
    assert refund.payment.bill.refunded == Decimal("30.00")

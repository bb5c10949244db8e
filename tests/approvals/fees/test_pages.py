"""The pages: pay through a real HTTP round trip, assess, reduce, correct, collect, refund, reconcile, look and export; and who may not."""

import json
import urllib.request
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.approvals.cases.play import elements
from tests.approvals.fees.conftest import line
from tests.approvals.fees.test_paying import begin, pay_there, take
from tests.factories import at
from tests.foundation.files.samples import pdf
from zhengtong.approvals.fees import public as fees
from zhengtong.approvals.fees.models import Charge, Discrepancy, Payment, Reconciliation, Refund, Share
from zhengtong.approvals.fees.operations import reconciling
from zhengtong.approvals.fees.providers import local, telling
from zhengtong.approvals.matters import public as matters
from zhengtong.foundation.calendars.public import official_now


@pytest.fixture
def bill(issue):
    return issue("80", "20.50", at=official_now())


def paid(bill, at=None):
    now = at or official_now()
    take(pay_there(begin(bill, at=now), at=now), at=now)
    bill.refresh_from_db()
    return bill


def test_strangers_see_amount_and_state_the_payer_the_lines(bill, payer, signed_in):
    address = f"/pay/{bill.pay_code}/"
    page = Client().get(address).content.decode()
    assert "100.50" in page
    assert payer.display_name not in page
    assert "收费1" not in page
    own = signed_in(payer).get(address).content.decode()
    assert "收费1" in own
    assert "《城市道路管理条例》第三十七条" in own
    assert Client().get("/pay/NOSUCHCODE234567/").status_code == 404
    notice = bill.papers.get()
    assert Client().get(f"/pay/papers/{notice.pk}.pdf").status_code == 404
    pdf = signed_in(payer).get(f"/pay/papers/{notice.pk}.pdf")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF-")
    verified = Client().get(f"/verify/{notice.verify_code}/").content.decode()
    assert notice.number in verified
    assert "是真的" in verified


def test_back_from_the_provider_before_its_message_and_only_some_lines(bill, payer, signed_in):
    browser, address = signed_in(payer), f"/pay/{bill.pay_code}/"
    first, second = bill.lines.all()
    gone = browser.post(f"{address}begin/", {"provider": "local", "line": [second.pk]})
    charge = Charge.objects.get()
    assert gone["Location"] == f"/pay/local/{charge.token}/"
    page = browser.get(gone["Location"]).content.decode()
    assert "没有真实的钱款往来" in page
    early = browser.get(charge.return_path, follow=True)
    assert "还没有收到这笔款" in early.content.decode()
    back = browser.post(gone["Location"], {"confirm": "1"})
    done = browser.get(back["Location"], follow=True).content.decode()
    assert "缴款成功" in done
    assert "部分已缴" in done
    body, headers = local.message_of(Charge.objects.get())
    late = Client().post("/pay/notify/local/", body, content_type="application/json", headers=headers)
    assert (late.status_code, late.json()["received"]) == (200, True)
    assert Payment.objects.count() == 1
    rest = Client().post(f"{address}begin/", {"provider": "local"})
    token = rest["Location"].split("/")[-2]
    assert Client().post(f"/pay/local/{token}/", {"give_up": "1"}).status_code == 302
    assert "已放弃" in Client().get(f"/pay/local/{token}/").content.decode()
    assert Client().post(f"{address}begin/", {"provider": "elsewhere"}).status_code == 404
    assert first.payable == Decimal("80.00")


def test_messages_that_are_wrong_are_answered_as_such(bill):
    order = begin(bill, at=official_now())
    said = {"order": order.number, "transaction": "T", "amount": "1.00", "at": official_now().isoformat()}

    def post(content, signature):
        headers = {local.SIGNATURE: signature}
        answer = Client().post("/pay/notify/local/", content, content_type="application/json", headers=headers)
        return answer.status_code, answer.json()

    body = json.dumps(said).encode()
    assert post(body, "0")[0] == 403
    assert post(body, local.signature_of(body)) == (422, {"received": False, "problem": "amount"})
    body = json.dumps({**said, "order": "P0"}).encode()
    assert post(body, local.signature_of(body))[1]["problem"] == "unknown"
    assert post(b"x" * 20000, "0")[0] == 413
    assert Client().post("/pay/notify/local/", said).status_code == 415


@pytest.mark.django_db(transaction=True)
def test_a_real_round_trip_over_http(live_server, settings, issue):
    """The provider's own request reaches the notify address, is confirmed, and is not sent again; a lost one is repeated."""
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    bill = issue("80", at=official_now())
    pay_there(begin(bill, at=official_now()), at=official_now())
    now = official_now()
    assert telling.tell(now=now) == 0
    charge = Charge.objects.get()
    assert (charge.tries, charge.told_at) == (1, None)
    settings.PUBLIC_URL = live_server.url
    assert telling.tell(now=now) == 0  # not due yet
    assert telling.tell(now=now + timedelta(minutes=1)) == 1
    assert telling.tell(now=now + timedelta(minutes=2)) == 0
    bill.refresh_from_db()
    assert bill.state == "paid"
    with urllib.request.urlopen(f"{live_server.url}/pay/{bill.pay_code}/") as answer:
        assert "已缴清" in answer.read().decode()


def test_an_official_assesses_reduces_corrects_and_cancels(small_county, signed_in, payer):
    lines = [line(None, quantity=None, name="占用费"), line("81", claims=(fees.Claim("减半", "《某办法》第五条", 50),))]
    bill = fees.issue_bill(
        subject="case:9", title="挖路", payer=fees.Payer("甲"), lines=lines, by=None, at=official_now()
    )
    first, second = bill.lines.all()
    head = signed_in(small_county.section_head)
    address = f"/bills/{bill.pk}/"
    assert head.get(address).status_code == 200
    seen = {"seen": bill.row_version}
    wrong = head.post(f"{address}lines/{first.pk}/assess/", {**seen, "quantity": "0", "rate": "0"})
    assert wrong.status_code == 422
    given = {**seen, "quantity": "2.5", "rate": "4", "note": "丈量"}
    assert head.post(f"{address}lines/{first.pk}/assess/", given).status_code == 302
    stale = head.post(f"{address}lines/{second.pk}/reduce/", {**seen, "decision": "grant", "reason": "低保"})
    assert stale.status_code == 409
    bill.refresh_from_db()
    seen = {"seen": bill.row_version}
    upload = SimpleUploadedFile("证明.pdf", pdf(), content_type="application/pdf")
    granted = {
        **seen,
        "decision": "grant",
        "reason": "属实",
        "amount": "40.50",
        "basis": "《某办法》第五条",
        "proof": upload,
    }
    assert head.post(f"{address}lines/{second.pk}/reduce/", granted).status_code == 302
    bill.refresh_from_db()
    assert (bill.state, bill.total) == ("issued", Decimal("50.50"))
    assert "40.50" in head.get(address).content.decode()
    fixed = {"seen": bill.row_version, "reason": "丈量有误"}
    fixed |= {"quantity-1": "3", "rate-1": "4", "quantity-2": "1", "rate-2": "81"}
    done = head.post(f"{address}correct/", fixed)
    fresh = fees.bill_of("case:9")
    assert (done["Location"], fresh.total) == (f"/bills/{fresh.pk}/", Decimal("93.00"))
    officer = signed_in(small_county.case_officer)
    assert officer.get(f"/bills/{fresh.pk}/").status_code == 403
    assert signed_in(small_county.health_officer).get(f"/bills/{fresh.pk}/cancel/").status_code == 403
    cancelled = head.post(f"/bills/{fresh.pk}/cancel/", {"seen": fresh.row_version, "reason": "不办了"})
    assert cancelled.status_code == 302
    assert fees.bill_of("case:9").state == "cancelled"
    assert signed_in(payer).get(address).status_code == 403


def test_window_list_lines_exports_and_verify(bill, small_county, signed_in, finance, payer):
    window = signed_in(small_county.window_officer)
    page = window.get(f"/bills/{bill.pk}/").content.decode()
    assert "<svg" in page
    form = {"seen": bill.row_version, "channel": "cash", "receipt": "票0001"}
    assert window.post(f"/bills/{bill.pk}/collect/", {**form, "receipt": ""}).status_code == 422
    assert window.post(f"/bills/{bill.pk}/collect/", form).status_code == 302
    assert window.post(f"/bills/{bill.pk}/collect/", {**form, "receipt": "票0002"}).status_code == 409
    desk = signed_in(finance)
    listed = desk.get("/bills/?scope=settled&q=" + bill.number).content.decode()
    assert bill.number in listed
    assert payer.display_name not in listed
    csv = desk.get("/bills/export.csv?scope=all").content.decode("utf-8-sig")
    assert bill.number in csv
    assert desk.get("/bills/export.xlsx?scope=all").content.startswith(b"PK")
    lines = desk.get("/bills/lines/").content.decode()
    assert "80.00" in lines
    assert "20.50" in desk.get("/bills/lines/export.csv").content.decode("utf-8-sig")
    assert desk.get("/bills/lines/export.xlsx?month=2026-13").content.startswith(b"PK")
    receipt = bill.papers.get(kind="fee_receipt")
    assert "已缴款" in Client().get(f"/verify/{receipt.verify_code}/").content.decode()


def test_refunds_and_reconciliation_pages(bill, signed_in, finance, finance_head, small_county):
    yesterday = official_now() - timedelta(days=1)
    paid(bill, at=yesterday)
    share = Share.objects.get(line__no=1)
    asks, agrees = signed_in(finance), signed_in(finance_head)
    form = {"seen": bill.row_version, "amount": "30", "cause": "overcharged", "reason": "多收"}
    assert asks.post(f"/bills/{bill.pk}/refund/{share.pk}/", {**form, "amount": "81"}).status_code == 409
    assert asks.post(f"/bills/{bill.pk}/refund/{share.pk}/", form).status_code == 302
    refund = Refund.objects.get()
    assert refund.number in agrees.get("/bills/refunds/").content.decode()
    own = asks.post(f"/bills/refunds/{refund.pk}/", {"decision": "approve"})
    assert own.status_code == 409
    assert agrees.post(f"/bills/refunds/{refund.pk}/", {"decision": "approve"}).status_code == 302
    assert agrees.get(f"/bills/refunds/{refund.pk}/").status_code == 200
    assert signed_in(small_county.health_officer).get(f"/bills/refunds/{refund.pk}/").status_code == 403
    Payment.objects.update(transaction="T-other")
    day = timezone.localdate(yesterday).isoformat()
    done = asks.post("/bills/reconciliation/", {"provider": "local", "day": day})
    found = Reconciliation.objects.get()
    assert done["Location"] == f"/bills/reconciliation/{found.pk}/"
    assert found.discrepancies.count() == 2
    page = asks.get(done["Location"]).content.decode()
    assert "渠道有、账上没有" in page
    missing = found.discrepancies.get(kind=Discrepancy.THERE)
    assert asks.get(f"/bills/differences/{missing.pk}/").status_code == 200
    assert asks.post(f"/bills/differences/{missing.pk}/", {"note": ""}).status_code == 422
    assert asks.post(f"/bills/differences/{missing.pk}/", {"note": "流水号记错"}).status_code == 302
    assert asks.get("/bills/reconciliation/").status_code == 200
    today = timezone.localdate(official_now()).isoformat()
    assert asks.post("/bills/reconciliation/", {"provider": "local", "day": today}).status_code == 409
    assert signed_in(small_county.section_head).get("/bills/reconciliation/").status_code == 403
    assert reconciling.reconcile_yesterday(now=official_now()) == 0


CHARGED = {
    "charged": True,
    "basis": {"law": "政府信息公开条例", "article": "第四十二条", "checked": True},
    "items": [
        {
            "name": "信息处理费",
            "name_en": "Processing",
            "rule": "by_volume",
            "amount": "10",
            "unit": "元/件",
            "account": "103",
        },
        {"name": "邮寄费", "rule": "by_price_list", "unit": "元/次"},
    ],
}


def test_a_bill_by_hand_charges_only_what_the_catalogue_does(small_county, signed_in, payer):
    """The rate is the catalogue's, the units the official's; an item without a rate waits to be assessed; pressed twice, it is one bill."""
    matters.publish_as_system(document=elements(fees=CHARGED), at=at("2026-09-01"), reason="测试")
    head, address = signed_in(small_county.section_head), reverse("fees:by_hand")
    assert "开缴款单" in head.get(reverse("fees:list")).content.decode()
    matter = matters.Matter.objects.get()
    assert f"?matter={matter.key}" in head.get(address).content.decode()
    page = head.get(f"{address}?matter={matter.key}")
    told = page.content.decode()
    assert "《政府信息公开条例》第四十二条" in told
    assert "10.00" in told
    once = page.context["form"].initial["once"]
    given = {
        "once": once,
        "quantity-0": "3",
        "quantity-1": "",
        "number": payer.resident_id,
        "reason": "申请件数超过规定",
    }
    for wrong in ({"quantity-0": ""}, {"reason": ""}, {"number": "430101199001010000"}, {"number": "", "name": ""}):
        assert head.post(f"{address}?matter={matter.key}", {**given, **wrong}).status_code in (409, 422), wrong
    assert not fees.Bill.objects.exists()
    done = head.post(f"{address}?matter={matter.key}", given)
    bill = fees.Bill.objects.get()
    assert done["Location"] == f"/bills/{bill.pk}/"
    assert (bill.state, bill.total, bill.payer_user, bill.organization) == ("issued", 30, payer, matter.department)
    [row] = bill.lines.all()
    assert (row.basis, row.rate, row.account) == ("《政府信息公开条例》第四十二条", 10, "103")
    assert "申请件数超过规定" in signed_in(payer).get(f"/pay/{bill.pay_code}/").content.decode()
    assert signed_in(small_county.section_head).post(f"{address}?matter={matter.key}", given).status_code == 409
    # Somebody without an account pays by the code; what has no rate in the catalogue is assessed first.
    other = {**given, "once": "ANOTHER", "quantity-0": "", "quantity-1": "2", "number": "", "name": "王大妈"}
    signed_in(small_county.section_head).post(f"{address}?matter={matter.key}", other)
    second = fees.Bill.objects.latest("pk")
    assert (second.state, second.payer_name, second.payer_user) == ("draft", "王大妈", None)
    assert signed_in(small_county.case_officer).get(address).status_code == 403

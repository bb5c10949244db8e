"""The local provider: takes no money, does everything else a provider does.

For a demo and for tests: it has a page of its own to which the payer is redirected, its own books, signed messages to the
county that are repeated until they are confirmed, an answer to questions about an order, refunds and a daily statement. Its
page says that it is a demonstration.
"""

import csv
import hmac
import io
import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.approvals.fees.models import Charge, ChargeBack, Order
from zhengtong.approvals.fees.refusals import CannotPay, CannotRefund, NotGenuine
from zhengtong.approvals.fees.values import Paid
from zhengtong.kernel import money
from zhengtong.kernel.errors import NotFound

KEY = "local"
SIGNATURE = "X-Zhengtong-Payment-Signature"
OPEN_FOR = timedelta(minutes=30)
FIELDS = ("kind", "order", "transaction", "amount", "at")


class LocalProvider:
    """See `providers.Provider`."""

    label = gettext_lazy("本地演示支付")

    def begin(self, order: Order, *, title: str, return_path: str, at: datetime) -> str:
        """The address of the provider's own page; the same for the same order."""
        charge, _created = Charge.objects.get_or_create(
            order=order.number,
            defaults={
                "token": secrets.token_urlsafe(18)[:24],
                "amount": order.amount,
                "title": title[:200],
                "return_path": return_path,
                "opened_at": at,
                "expires_at": at + OPEN_FOR,
            },
        )
        if charge.state == Charge.GIVEN_UP:  # who turned back has come again
            Charge.objects.filter(pk=charge.pk, state=Charge.GIVEN_UP).update(state=Charge.OPEN)
        return f"/pay/local/{charge.token}/"

    def read(self, body: bytes, headers: Mapping[str, str]) -> Paid:
        """What a message says. Raises `NotGenuine` when it is not signed with the shared key, or says nothing we know."""
        if not hmac.compare_digest(signature_of(body).encode(), headers.get(SIGNATURE, "").encode()):
            raise NotGenuine(_("支付通知的签名不对，没有入账。"))
        try:
            said = json.loads(body)
            at = datetime.fromisoformat(said["at"])
            return Paid(str(said["order"]), str(said["transaction"]), money.yuan(str(said["amount"])), at)
        except (ValueError, KeyError, TypeError, money.NotMoney) as error:
            raise NotGenuine(_("支付通知读不懂，没有入账。")) from error

    def query(self, order: str, *, at: datetime) -> Paid | None:
        """What the provider's books say of an order."""
        charge = Charge.objects.filter(order=order, state=Charge.PAID).first()
        return _paid(charge) if charge else None

    def refund(self, *, refund: str, order: str, transaction: str, amount: Decimal, at: datetime) -> str:
        """Give back part of a charge or all of it; never more than was paid, once for one number."""
        return give_back(refund=refund, order=order, paid_as=transaction, amount=amount, at=at)

    def statement(self, day: date) -> bytes:
        """What was paid and given back on the day, as the county's accountant would get it."""
        paid = Charge.objects.filter(state=Charge.PAID, paid_at__date=day).order_by("paid_at", "pk")
        backs = ChargeBack.objects.filter(at__date=day).select_related("charge").order_by("at", "pk")
        rows = [("pay", c.order, c.transaction, c.amount, c.paid_at) for c in paid]
        rows += [("refund", b.refund, b.transaction, b.amount, b.at) for b in backs]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(FIELDS)
        for kind, number, transaction_number, amount, at in rows:
            assert at is not None
            moment = timezone.localtime(at).isoformat(timespec="seconds")
            writer.writerow([kind, number, transaction_number, f"{amount:f}", moment])
        return text.getvalue().encode()


def _paid(charge: Charge) -> Paid:
    assert charge.paid_at is not None
    return Paid(charge.order, charge.transaction, charge.amount, charge.paid_at)


# --- the provider's own machine ---------------------------------------------------------------------------------------


def shared_key() -> bytes:
    """The key that county and provider share."""
    return settings.LOCAL_PAYMENT_KEY.encode()


def signature_of(body: bytes) -> str:
    """HMAC-SHA256 of a message."""
    return hmac.new(shared_key(), body, sha256).hexdigest()


def charge_of(token: str) -> Charge:
    """The charge of a page. Raises `NotFound`."""
    found = Charge.objects.filter(token=token).first()
    if found is None:
        raise NotFound(_("没有找到这笔支付，请从缴款页面重新进入。"))
    return found


@transaction.atomic
def pay(*, token: str, at: datetime) -> Charge:
    """The payer confirms on the provider's page: the charge is paid, the county will be told. Once: a second click changes nothing."""
    charge = Charge.objects.select_for_update().get(pk=charge_of(token).pk)
    if charge.state == Charge.PAID:
        return charge
    if charge.state == Charge.GIVEN_UP or charge.expires_at <= at:
        raise CannotPay(_("这笔支付已放弃或者超时，请回到缴款页面重新发起。"))
    charge.state, charge.paid_at = Charge.PAID, at
    charge.transaction = f"LP{timezone.localdate(at):%Y%m%d}{charge.pk:08d}"
    charge.tell_at = at
    charge.save()
    return charge


@transaction.atomic
def give_up(*, token: str, at: datetime) -> Charge:
    """The payer turns back; what is paid stays paid."""
    charge = Charge.objects.select_for_update().get(pk=charge_of(token).pk)
    if charge.state == Charge.OPEN:
        charge.state = Charge.GIVEN_UP
        charge.save(update_fields=["state"])
    return charge


def message_of(charge: Charge) -> tuple[bytes, dict[str, str]]:
    """The message about a paid charge and its headers, as they go to the county."""
    assert charge.paid_at is not None
    said = {
        "order": charge.order,
        "transaction": charge.transaction,
        "amount": f"{charge.amount:f}",
        "at": charge.paid_at.isoformat(),
    }
    body = json.dumps(said, sort_keys=True).encode()
    return body, {"Content-Type": "application/json", SIGNATURE: signature_of(body)}


@transaction.atomic
def give_back(*, refund: str, order: str, paid_as: str, amount: Decimal, at: datetime) -> str:
    """Enter a refund in the provider's books; the same number again gives the same answer."""
    charge = Charge.objects.select_for_update().filter(order=order, transaction=paid_as, state=Charge.PAID).first()
    if charge is None:
        raise CannotRefund(_("支付渠道没有这笔收款，不能原路退回。"))
    known = ChargeBack.objects.filter(refund=refund).first()
    if known is not None:
        return known.transaction
    before = money.total(charge.backs.values_list("amount", flat=True))
    if before + amount > charge.amount:
        raise CannotRefund(_("支付渠道拒绝：退款合计超过了收款。"))
    back = ChargeBack.objects.create(charge=charge, refund=refund, amount=amount, at=at, transaction=f"LR{refund}")
    return back.transaction

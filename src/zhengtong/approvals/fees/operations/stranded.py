"""Approved refunds whose provider was switched off: noticed, put before the finance office, and never paid twice.

They wait. Either the provider is switched on again for refunds only (`PAYMENT_REFUND_PROVIDERS`), and they go back the way the money
came; or one person records that it was paid back by another path, with number, day and proof, and another agrees. Both change the
refund under the lock of its bill, and each refuses what the other has begun.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import desks, providers, rules
from zhengtong.approvals.fees.events import RefundElsewhereReturned, RefundPaidElsewhere
from zhengtong.approvals.fees.models import Payment, Refund
from zhengtong.approvals.fees.operations.refunding import locked_refund, went_back
from zhengtong.approvals.fees.readers import REFUND_PROOF
from zhengtong.approvals.fees.refusals import CannotRefund
from zhengtong.approvals.fees.states import RefundState
from zhengtong.foundation.events import public as events
from zhengtong.foundation.files import public as files
from zhengtong.kernel.errors import Invalid

PATIENCE = timedelta(minutes=10)
"""So long an attempt may be under way: a worker that was killed in it leaves its mark."""
BATCH = 200


def is_stranded(refund: Refund) -> bool:
    """Approved, paid online, and its provider takes no refunds any more."""
    channel = refund.payment.channel
    return (
        refund.state == RefundState.APPROVED
        and channel not in dict(Payment.BY_HAND)
        and channel not in providers.refund_paths()
    )


def note_stranded(*, now: datetime) -> int:
    """Put those that are stranded, and were not noticed yet, on the list of the finance officers; how many."""
    ways = [*providers.refund_paths(), *dict(Payment.BY_HAND)]
    rows = Refund.objects.filter(state=RefundState.APPROVED, stranded_at__isnull=True).exclude(
        payment__channel__in=ways
    )
    return sum(_note(pk, now=now) for pk in list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _note(refund_id: int, *, now: datetime) -> int:
    _bill, refund = locked_refund(refund_id)
    if not is_stranded(refund) or refund.stranded_at is not None:
        return 0
    refund.stranded_at = now
    refund.save(update_fields=["stranded_at"])
    desks.ask_where_it_goes(refund, at=now)
    return 1


@transaction.atomic
def record_elsewhere(
    *, refund_id: int, number: str, day: date, how: str, checked: bool, proof: Any, by: Any, at: datetime
) -> Refund:
    """Record that a stranded refund was paid back by another path; it counts once a second person has agreed.

    `checked`: the provider was asked, and says that it has not paid. Raises `CannotRefund` while the refund can go back the way it
    came or may be on that way, `Invalid` without number, day, path, proof, or for a number that proves another refund.
    """
    bill, refund = locked_refund(refund_id)
    today = timezone.localdate(at)
    rules.handles_stranded(refund, by, today)
    _may_go_elsewhere(refund, at)
    _complete(refund, number, day, how, checked, proof, today)
    refund.state = RefundState.ELSEWHERE
    refund.elsewhere_number, refund.elsewhere_on, refund.elsewhere_how = number.strip()[:80], day, how.strip()[:300]
    refund.elsewhere_by, refund.elsewhere_at, refund.sending_at = by, at, None
    refund.elsewhere_proof = files.receive(upload=proof, owner_kind=REFUND_PROOF, owner_id=refund.pk, by=by.pk, at=at)
    _save_once(refund)
    desks.ask_agreement(refund, at=at)
    fact = RefundPaidElsewhere(bill_id=bill.pk, about=bill.subject, refund_id=refund.pk, actor_id=by.pk)
    events.publish(fact, at=at)
    return refund


def _may_go_elsewhere(refund: Refund, at: datetime) -> None:
    if refund.state != RefundState.APPROVED:
        raise CannotRefund(_("这笔退款现在是“{state}”，不能登记。").format(state=refund.get_state_display()))
    if not is_stranded(refund):
        raise CannotRefund(_("这笔退款可以原路退回，不能另行退回，以免重复。"))
    if refund.sending_at is not None and at - refund.sending_at < PATIENCE:
        raise CannotRefund(_("这笔退款刚刚发给支付渠道，结果还不知道。请过十分钟，向支付渠道查实以后再登记。"))


def _complete(refund: Refund, number: str, day: date, how: str, checked: bool, proof: Any, today: date) -> None:
    wrong: dict[str, object] = {}
    if not checked:
        wrong["checked"] = _("请先向原支付渠道查实没有退出，再勾选。")
    if not number.strip():
        wrong["number"] = _("请填写转账或者付款的凭证号。")
    if len(how.strip()) < 5:
        wrong["how"] = _("请写明怎样退的，例如转到哪个账户，至少五个字。")
    if proof is None:
        wrong["proof"] = _("请上传银行回单或者收款人的签收凭证。")
    approved = timezone.localdate(refund.decided_at) if refund.decided_at else day
    if not approved <= day <= today:
        wrong["day"] = _("日期应在批准退款的当天或者以后，不能晚于今天。")
    if wrong:
        raise Invalid(_("另行退回没有登记，请改正标出的内容。"), fields=wrong)


def _save_once(refund: Refund) -> None:
    try:
        with transaction.atomic():
            refund.save()
    except IntegrityError:
        problem = _("这个凭证号已经用来登记另一笔退款，请核对。")
        raise Invalid(problem, fields={"number": problem}) from None


@transaction.atomic
def agree_elsewhere(*, refund_id: int, by: Any, at: datetime) -> Refund:
    """A second person has looked at the proof: the refund is done. Raises `CannotRefund` for who recorded it."""
    bill, refund = _recorded(refund_id)
    rules.agrees(refund, by, timezone.localdate(at))
    if refund.proof:
        raise CannotRefund(_("原支付渠道回报已经退出，不能再核准另行退回，请退回登记。"))
    refund.elsewhere_agreed_by, refund.elsewhere_agreed_at = by, at
    refund.proof = refund.elsewhere_number
    went_back(bill, refund, at=at, by=by)
    return refund


@transaction.atomic
def return_elsewhere(*, refund_id: int, reason: str, by: Any, at: datetime) -> Refund:
    """The record is wrong, with the reason: the refund waits as before, or is done when the provider has paid it meanwhile. Who recorded
    it may take it back too.
    """
    bill, refund = _recorded(refund_id)
    rules.handles_stranded(refund, by, timezone.localdate(at))
    if len(reason.strip()) < 5:
        problem = _("请写明退回登记的理由，至少五个字。")
        raise Invalid(problem, fields={"reason": problem})
    refund.state, refund.problem = RefundState.APPROVED, reason.strip()[:200]
    refund.elsewhere_number, refund.elsewhere_how, refund.elsewhere_on = "", "", None
    refund.elsewhere_by, refund.elsewhere_at, refund.elsewhere_proof = None, None, None
    # Noticed anew, when it is still stranded then.
    refund.stranded_at = None
    refund.save()
    desks.refund_done(refund, at=at)
    fact = RefundElsewhereReturned(bill_id=bill.pk, about=bill.subject, refund_id=refund.pk, actor_id=by.pk)
    events.publish(fact, at=at)
    if refund.proof:
        refund.sent_at = at
        went_back(bill, refund, at=at, by=by)
    return refund


def _recorded(refund_id: int) -> tuple[Any, Refund]:
    bill, refund = locked_refund(refund_id)
    if refund.state != RefundState.ELSEWHERE:
        raise CannotRefund(
            _("这笔退款现在是“{state}”，没有等待核准的登记。请刷新页面查看。").format(state=refund.get_state_display())
        )
    return bill, refund

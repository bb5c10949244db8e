"""Which fact of a bill sends which notice to who has to pay."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from zhengtong.approvals.fees import events
from zhengtong.approvals.fees.models import Bill
from zhengtong.foundation.notices import public as notices
from zhengtong.security.accounts import public as accounts

TEMPLATES: dict[str, tuple[str, str]] = {
    "bill.issued": (
        gettext_noop("请缴款：{matter}"),
        gettext_noop("编号{number}的缴款通知书已发出，请在{due}前缴清，金额和依据请登录查看。"),
    ),
    "bill.waived": (gettext_noop("不用缴款：{matter}"), gettext_noop("编号{number}的费用已依法全部免缴。")),
    "bill.paid": (
        gettext_noop("已缴清：{matter}"),
        gettext_noop("编号{number}的费用已缴清，可登录下载电子缴款凭证。"),
    ),
    "bill.refunded": (
        gettext_noop("已退款：{matter}"),
        gettext_noop("编号{number}有一笔退款已退回，金额和方式请登录查看。"),
    ),
    "bill.expired": (
        gettext_noop("缴款通知书已失效：{matter}"),
        gettext_noop("编号{number}的缴款期限已过，通知书失效。需要缴款的，请联系开单单位重新发出。"),
    ),
    "bill.superseded": (
        gettext_noop("缴款通知书已更换：{matter}"),
        gettext_noop("编号{number}的缴款通知书已由新通知书代替，请勿再按旧通知书缴款。"),
    ),
    "bill.cancelled": (
        gettext_noop("缴款单已取消：{matter}"),
        gettext_noop("编号{number}的缴款单已取消，不用再缴款。"),
    ),
}
KEYS: dict[type[events.BillFact], str] = {
    events.BillIssued: "bill.issued",
    events.BillWaived: "bill.waived",
    events.BillPaid: "bill.paid",
    events.BillRefunded: "bill.refunded",
    events.BillExpired: "bill.expired",
    events.BillSuperseded: "bill.superseded",
    events.BillCancelled: "bill.cancelled",
}
WRITTEN_TO = tuple(KEYS)
"""The facts a payer is written to about."""


def register() -> None:
    """Hand the templates to the notices app."""
    for key, (subject, body) in TEMPLATES.items():
        notices.register_template(key, subject=subject, body=body, sms=body)


def tell(event: events.BillFact, *, at: datetime) -> None:
    """Send the notice of a fact to the payer: the person, or who acts for the enterprise."""
    bill = Bill.objects.get(pk=event.bill_id)
    params: dict[str, Any] = {
        "matter": {"zh": bill.title, "en": bill.title_en or bill.title},
        "number": bill.number,
        "due": {"date": bill.due_on.isoformat()} if bill.due_on else "—",
    }
    for user_id in sorted(_people(bill, on=timezone.localdate(at))):
        notices.send(
            template=KEYS[type(event)],
            at=at,
            params=params,
            subject=f"bill:{bill.pk}",
            to_user_id=user_id,
            url=f"/pay/{bill.pay_code}/",
        )


def _people(bill: Bill, *, on: date) -> set[int]:
    if bill.payer_user_id:
        return {bill.payer_user_id}
    if bill.payer_enterprise is None:
        return set()
    return {member.user_id for member in accounts.members_of(bill.payer_enterprise) if member.in_force(on)}

"""How every operation on a bill begins and ends: lock the row, look the arrow up, write the entry, publish the fact."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees.events import BillFact
from zhengtong.approvals.fees.models import Bill, BillEntry, Serial
from zhengtong.approvals.fees.refusals import CannotBill
from zhengtong.approvals.fees.states import ARROWS, OPEN, WITH_REASON, Kind, State
from zhengtong.foundation.events import public as events
from zhengtong.kernel.errors import Invalid, NotFound, StaleVersion
from zhengtong.kernel.identifiers.case_number import check_digit

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def lock(bill_id: int, *, seen: int | None = None) -> Bill:
    """The bill, locked until the transaction ends. Raises `NotFound`, `StaleVersion` when the page was made from an older row."""
    bill = Bill.objects.select_for_update(of=("self",)).select_related("organization").filter(pk=bill_id).first()
    if bill is None:
        raise NotFound(_("没有找到这张缴款单。"))
    if seen is not None and seen != bill.row_version:
        raise StaleVersion(_("这张缴款单刚才已有变动，您看到的页面已过时，本次操作没有生效。请刷新页面后再办理。"))
    return bill


def record(bill: Bill, kind: Kind, fact: BillFact | None, *, at: datetime, by: Any = None, reason: str = "") -> None:
    """Move `bill` along its arrow, append the entry, save the row and publish the fact. The caller holds the lock.

    Raises `CannotBill` without an arrow, `Invalid` without the reason the act demands.
    """
    target = ARROWS.get((bill.state, kind))
    if target is None:
        raise CannotBill(
            _("缴款单现在是“{state}”，不能进行“{action}”。请刷新页面查看。").format(
                state=State(bill.state).label, action=Kind(kind).label
            )
        )
    if kind in WITH_REASON and not reason.strip():
        raise Invalid(_("请写明理由。"), fields={"reason": _("请写明理由。")})
    before, bill.state = bill.state, target
    if bill.state not in OPEN and before in OPEN:
        bill.closed_at = at
    append(bill, kind, before, at=at, by=by, reason=reason)
    bill.save()
    if fact is not None:
        events.publish(fact, at=at)


def append(bill: Bill, kind: Kind, before: str, *, at: datetime, by: Any = None, reason: str = "") -> None:
    """One more entry of the log; the row's version moves with it."""
    last = BillEntry.objects.filter(bill=bill).aggregate(n=Max("seq"))["n"] or 0
    bill.row_version = last + 1
    BillEntry.objects.create(
        bill=bill,
        seq=last + 1,
        kind=kind,
        from_state=before,
        to_state=bill.state,
        actor_id=by.pk if by else None,
        reason=reason.strip()[:300],
        at=at,
    )


def next_number(series: str) -> int:
    """The next number of a series, under a row lock."""
    row, created = Serial.objects.select_for_update().get_or_create(series=series, defaults={"last": 1})
    if not created:
        row.last += 1
        row.save(update_fields=["last"])
    return row.last


def bill_number(at: datetime) -> str:
    """缴款码: division, day, serial of the day, check digit (ISO 7064 MOD 11,10): 19 digits that can be read out."""
    day = timezone.localdate(at)
    digits = f"{settings.COUNTY_DIVISION}{day:%y%m%d}{next_number(f'bill:{day}'):06d}"
    return digits + check_digit(digits)


def dated_number(word: str, at: datetime) -> str:
    """A number for machines, such as `P20260921000042`."""
    day = timezone.localdate(at)
    return f"{word}{day:%Y%m%d}{next_number(f'{word}:{day}'):06d}"


def new_code(length: int) -> str:
    """A random code without letters that are mistaken for digits."""
    return "".join(secrets.choice(ALPHABET) for _i in range(length))

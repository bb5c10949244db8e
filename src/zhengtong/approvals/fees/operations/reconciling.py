"""Compare a provider's statement of a day with the books: what matches, what is missing here or there, what differs."""

import csv
import io
import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zhengtong.approvals.fees import providers
from zhengtong.approvals.fees.events import DifferenceSettled, StatementReconciled
from zhengtong.approvals.fees.models import Discrepancy, Payment, Reconciliation, Refund
from zhengtong.approvals.fees.operations import paying
from zhengtong.approvals.fees.readers import STATEMENT
from zhengtong.approvals.fees.refusals import CannotReconcile
from zhengtong.approvals.fees.states import RefundState
from zhengtong.approvals.fees.values import Comparison, Difference, StatementRow
from zhengtong.foundation.events import public as events
from zhengtong.foundation.files import public as files
from zhengtong.kernel import money
from zhengtong.kernel.errors import Invalid, NotFound, ZhengtongError
from zhengtong.security.pmi import public as pmi

log = logging.getLogger(__name__)

HEAD = ("kind", "order", "transaction", "amount", "at")
MOST_ROWS = 200_000


def read_statement(content: bytes) -> list[StatementRow]:
    """The rows of a statement: CSV in UTF-8 with the heads kind, order, transaction, amount, at. Raises `CannotReconcile` naming
    the line that does not fit.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CannotReconcile(_("对账文件读不懂：应为UTF-8编码的CSV文件。")) from error
    if len(rows) > MOST_ROWS:
        raise CannotReconcile(_("对账文件超过{n}行，请按天分开。").format(n=MOST_ROWS))
    return [_row(number, row) for number, row in enumerate(rows, 2)]


def _row(number: int, row: dict[str, Any]) -> StatementRow:
    try:
        if row["kind"] not in ("pay", "refund") or not (row["order"] and row["transaction"]):
            raise ValueError(row["kind"])
        at = datetime.fromisoformat(row["at"])
        at = at if at.tzinfo else timezone.make_aware(at)
        return StatementRow(row["kind"], row["order"], row["transaction"], money.yuan(row["amount"]), at)
    except (KeyError, ValueError, TypeError, money.NotMoney) as error:
        raise CannotReconcile(
            _("对账文件第{n}行读不懂，应有{heads}五列。").format(n=number, heads="、".join(HEAD))
        ) from error


def compare(provider: str, day: date, rows: Sequence[StatementRow]) -> Comparison:
    """A statement against our books of the day, payments and refunds alike."""
    ours = {**_payments(provider, day), **_refunds(provider, day)}
    matched, found = 0, []
    for row in rows:
        key = (row.kind, row.order, row.transaction)
        amount = ours.pop(key, None)
        if amount is None:
            found.append(Difference(Discrepancy.HERE, row.kind, row.order, row.transaction, None, row.amount))
        elif amount != row.amount:
            found.append(Difference(Discrepancy.AMOUNT, row.kind, row.order, row.transaction, amount, row.amount))
        else:
            matched += 1
    for (kind, order, number), amount in ours.items():
        found.append(Difference(Discrepancy.THERE, kind, order, number, amount, None))
    return Comparison(matched, tuple(found))


def _payments(provider: str, day: date) -> dict[tuple[str, str, str], Decimal]:
    found = Payment.objects.filter(channel=provider, paid_at__date=day).select_related("order")
    return {("pay", p.order.number if p.order else "", p.transaction): p.amount for p in found}


def _refunds(provider: str, day: date) -> dict[tuple[str, str, str], Decimal]:
    found = Refund.objects.filter(payment__channel=provider, state=RefundState.DONE, sent_at__date=day)
    return {("refund", r.number, r.proof): r.amount for r in found}


@transaction.atomic
def reconcile(*, provider: str, day: date, by: Any, at: datetime, content: bytes | None = None) -> Reconciliation:
    """Fetch the provider's statement of a day (or take the file that was uploaded), compare, keep file and differences.

    May be done again: each time is a round of its own, the earlier ones stay. `by` None: the nightly job.
    """
    if by is not None:
        pmi.require(by, "fees.reconcile", on=timezone.localdate(at))
    if day >= timezone.localdate(at):
        raise CannotReconcile(_("对账文件要等这一天过完才完整，请明天再对。"))
    given = providers.get(provider).statement(day) if content is None else content
    rows = read_statement(given)
    if any(timezone.localdate(row.at) != day for row in rows):
        raise CannotReconcile(_("对账文件里有不是{day}的记录，请核对日期。").format(day=day.isoformat()))
    compared = compare(provider, day, rows)
    last = Reconciliation.objects.filter(provider=provider, day=day).order_by("-round").first()
    done = Reconciliation.objects.create(
        provider=provider,
        day=day,
        round=last.round + 1 if last else 1,
        matched=compared.matched,
        received=money.total(row.amount for row in rows if row.kind == "pay"),
        returned=money.total(row.amount for row in rows if row.kind == "refund"),
        done_at=at,
        done_by=by,
    )
    done.file = files.keep_bytes(
        content=given,
        name=f"{provider}-{day.isoformat()}-{done.round}.csv",
        mime="text/csv",
        owner_kind=STATEMENT,
        owner_id=done.pk,
        by=by.pk if by else None,
        at=at,
    )
    done.save(update_fields=["file"])
    moments = {(row.kind, row.order, row.transaction): row.at for row in rows}
    Discrepancy.objects.bulk_create(
        Discrepancy(
            reconciliation=done,
            kind=one.kind,
            entry=one.entry,
            order=one.order[:40],
            transaction=one.transaction[:80],
            ours=one.ours,
            theirs=one.theirs,
            at=moments.get((one.entry, one.order, one.transaction)),
        )
        for one in compared.differences
    )
    fact = StatementReconciled(
        reconciliation_id=done.pk,
        provider=provider,
        day=day.isoformat(),
        matched=compared.matched,
        differences=len(compared.differences),
        actor_id=by.pk if by else None,
    )
    events.publish(fact, at=at)
    return done


@transaction.atomic
def settle_difference(*, difference_id: int, note: str, by: Any, at: datetime, book_it: bool = False) -> Discrepancy:
    """Settle a difference with a note. `book_it`: enter the payment that the statement has and the books lack, when the provider
    confirms it and it fits our own order.
    """
    pmi.require(by, "fees.reconcile", on=timezone.localdate(at))
    found = (
        Discrepancy.objects.select_for_update(of=("self",))
        .select_related("reconciliation")
        .filter(pk=difference_id)
        .first()
    )
    if found is None:
        raise NotFound(_("没有找到这条对账差异。"))
    if found.settled_at is not None:
        raise CannotReconcile(_("这条差异已经处理过了。"))
    if not note.strip():
        raise Invalid(_("请写明怎样处理。"), fields={"note": _("请写明怎样处理。")})
    if book_it:
        if found.kind != Discrepancy.HERE or found.entry != "pay" or found.theirs is None or found.at is None:
            raise CannotReconcile(_("只有“渠道有、账上没有”的收款可以补记。"))
        provider = found.reconciliation.provider
        said = providers.get(provider).query(found.order, at=at)
        if said is None or (said.transaction, said.amount) != (found.transaction, found.theirs):
            # A file that was uploaded is no proof that money came: the provider itself has to say so.
            raise CannotReconcile(
                _("向支付渠道核实，这笔款没有到账，或者流水号、金额与对账文件不符，没有补记。请与支付渠道核对。")
            )
        paying.book(provider=provider, said=said, at=at)
    found.note, found.settled_by, found.settled_at = note.strip()[:300], by, at
    found.save(update_fields=["note", "settled_by", "settled_at"])
    fact = DifferenceSettled(reconciliation_id=found.reconciliation_id, difference_id=found.pk, actor_id=by.pk)
    events.publish(fact, at=at)
    return found


def reconcile_yesterday(*, now: datetime) -> int:
    """The nightly comparison with every provider that is switched on; once a day. How many were compared."""
    day = timezone.localdate(now) - timedelta(days=1)
    done = set(Reconciliation.objects.filter(day=day).values_list("provider", flat=True))
    missing = [key for key in providers.active() if key not in done]
    compared = 0
    for key in missing:
        try:
            reconcile(provider=key, day=day, by=None, at=now)
        except ZhengtongError as problem:  # the others do not wait for it; it is asked again at the next turn
            log.warning("statement not compared", extra={"provider": key, "code": problem.code})
        else:
            compared += 1
    return compared

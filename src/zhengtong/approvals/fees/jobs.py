"""What fees do again and again: ask about payments whose message was lost, send refunds, compare statements, let bills lapse."""

from datetime import datetime

from django.utils import timezone

from zhengtong.approvals.fees.operations import bills, paying, reconciling, refunding, stranded
from zhengtong.approvals.fees.providers import telling
from zhengtong.foundation.events.public import every


@every(seconds=1, name="fees.local_messages")
def tell_by_local_provider(now: datetime) -> int:
    """The local provider sends its messages: its own work, done here because it has no machine of its own."""
    return telling.tell(now=timezone.localtime(now))


@every(seconds=5, name="fees.ask")
def ask(now: datetime) -> int:
    """Ask the providers about orders whose message has not come."""
    return paying.ask_about_waiting(now=timezone.localtime(now))


@every(seconds=5, name="fees.refunds")
def send_refunds(now: datetime) -> int:
    """Send approved refunds the way the money came; put those before the finance office whose way is closed."""
    at = timezone.localtime(now)
    return refunding.send_approved(now=at) + stranded.note_stranded(now=at)


@every(seconds=60, name="fees.expire")
def expire(now: datetime) -> int:
    """Let the bills lapse whose time to pay has passed."""
    return bills.expire_overdue(now=timezone.localtime(now))


@every(seconds=600, name="fees.reconcile")
def reconcile(now: datetime) -> int:
    """Compare yesterday's statements with the books, once."""
    return reconciling.reconcile_yesterday(now=timezone.localtime(now))

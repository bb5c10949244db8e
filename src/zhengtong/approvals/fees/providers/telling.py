"""How the local provider tells the county: a real HTTP request from server to server, repeated until it is confirmed."""

import logging
import urllib.error
import urllib.request
from datetime import datetime, timedelta

from django.conf import settings

from zhengtong.approvals.fees.models import Charge
from zhengtong.approvals.fees.providers import local

log = logging.getLogger(__name__)
TIMEOUT_S = 5
MOST_TRIES = 12


def tell(*, now: datetime) -> int:
    """Send the messages that are due, each by itself; one that is not confirmed is due again later. How many were confirmed."""
    if local.KEY not in settings.PAYMENT_PROVIDERS:
        return 0
    due = Charge.objects.filter(tell_at__lte=now).order_by("tell_at", "pk")
    return sum(_tell(charge, now=now) for charge in due[:20])


def _tell(charge: Charge, *, now: datetime) -> int:
    charge.tries += 1
    confirmed = _send(charge)
    if confirmed:
        charge.told_at, charge.tell_at = now, None
    elif charge.tries >= MOST_TRIES:
        charge.tell_at = None
    else:
        charge.tell_at = now + timedelta(seconds=min(2**charge.tries, 3600))
    charge.save(update_fields=["told_at", "tell_at", "tries"])
    return int(confirmed)


def _send(charge: Charge) -> bool:
    body, headers = local.message_of(charge)
    # The address is our own, from the settings: the local provider runs inside the county's program.
    request = urllib.request.Request(f"{settings.PUBLIC_URL}/pay/notify/{local.KEY}/", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        log.info("payment message not confirmed", extra={"order": charge.order, "error": type(error).__name__})
        return False

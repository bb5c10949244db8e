"""What the page of the time stamps shows."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhengtong.kernel.errors import NotFound
from zhengtong.security.crypto import sm3
from zhengtong.security.timestamps import clock, verification
from zhengtong.security.timestamps.authority import authority
from zhengtong.security.timestamps.clock import Condition
from zhengtong.security.timestamps.models import Gathered, Outage, Stamp, leaves_of
from zhengtong.security.timestamps.refusals import StampNotGenuine
from zhengtong.security.timestamps.values import StampInfo

REASONS: dict[str, str | Promise] = {
    clock.STEPPED: gettext_lazy("时钟跳变"),
    clock.BEHIND: gettext_lazy("时钟早于已盖的时间戳"),
    clock.SOURCE_LOST: gettext_lazy("时间源失联"),
    clock.SOURCE_OFF: gettext_lazy("时钟偏差过大"),
    clock.UNREADABLE: gettext_lazy("时钟记录无法读写"),
    "key_gone": gettext_lazy("密钥不可用"),
}
MENDED_BY_HAND = (clock.STEPPED, clock.BEHIND, clock.UNREADABLE)


@dataclass(frozen=True)
class Place:
    """Where an event stands in the stamps: its batch (None: it waits) and its digests."""

    event: int
    stamp: Stamp | None
    sha256: str
    sm3: str


def condition() -> Condition:
    """How the clock is, as this process sees it."""
    return authority().condition()


def waiting() -> tuple[int, datetime | None]:
    """How many events wait for their stamp, and since when the oldest (by the machine's clock)."""
    found = Gathered.objects.filter(stamp__isnull=True).aggregate(n=Sum("count"), oldest=Min("recorded_at"))
    return found["n"] or 0, found["oldest"]


def stamps() -> QuerySet[Stamp]:
    """Batches, newest first, without their tokens."""
    return Stamp.objects.defer("p256", "sm2")


def outages(*, limit: int = 10) -> list[Outage]:
    """The last times in which no stamp could be given."""
    return list(Outage.objects.all()[:limit])


def get_stamp(pk: int) -> Stamp:
    """One batch. Raises `NotFound`."""
    found = Stamp.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有第{number}批时间戳。").format(number=pk))
    return found


def checked(stamp: Stamp) -> tuple[StampInfo | None, str]:
    """(what the P-256 stamp says, "") when both stamps of a batch prove what is kept in it; else (None, the reason)."""
    content = stamp.content()
    try:
        info = verification.verify(bytes(stamp.p256), hashlib.sha256(content).digest())
        verification.verify(bytes(stamp.sm2), sm3(content))
    except StampNotGenuine as refused:
        return None, refused.message
    return info, ""


def events_of(stamp: Stamp, *, limit: int = 200) -> list[Place]:
    """The first events of a batch."""
    found = []
    for leaves in stamp.gathered.order_by("id").values_list("leaves", flat=True):
        found += [Place(event, stamp, a.hex(), b.hex()) for event, a, b in leaves_of(bytes(leaves))]
        if len(found) >= limit:
            break
    return found[:limit]


def place_of(event: int) -> Place | None:
    """Where one event stands; None when it was never gathered."""
    rows = Gathered.objects.filter(last_event__gte=event, first_event__lte=event).select_related("stamp").order_by("id")
    for row in rows[:50]:
        for number, a, b in leaves_of(bytes(row.leaves)):
            if number == event:
                return Place(event, row.stamp, a.hex(), b.hex())
    return None
